/* SPDX-License-Identifier: MIT */
/* session.c: store, progress and report around a run or a comparison
 * (session.h). */
#include "cli/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/environment.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "report/report.h"

/* --- the store's place --- */

static int make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int rc = mkdir(path, 0700);
        *slash = '/';
        if (rc < 0 && errno != EEXIST)
            return -errno;
    }
    return 0;
}

static int no_place(const char *path, int rc, struct tote_error *err)
{
    return tote_error_set(err, -EINVAL,
                          "cannot make a place for the store at %s: %s; name one with "
                          "--store",
                          path, strerror(-rc));
}

/* $XDG_STATE_HOME/tote/KIND-TIME-PID.tote */
static int default_path(const char *kind, char *into, size_t size,
                        struct tote_error *err)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME"), *below = "";
    if (!state || state[0] != '/') {
        state = home;
        below = "/.local/state";
    }
    if (!state || state[0] != '/')
        return tote_error_set(err, -EINVAL,
                              "no place for the store: neither XDG_STATE_HOME nor HOME "
                              "names a folder; name the store with --store");
    char stamp[32];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
    int n = snprintf(into, size, "%s%s/tote/%s-%s-%d.tote", state, below, kind, stamp,
                     getpid());
    int rc = n < 0 || (size_t)n >= size ? -ENAMETOOLONG : make_folders(into);
    return rc < 0 ? no_place(into, rc, err) : 0;
}

static const char *kind_of(const struct tote_session *session)
{
    return session->command == TOTE_SETTINGS_RUN ? "run" : "compare";
}

static int create_store(struct tote_session *session, struct tote_error *err)
{
    const char *named = session->settings.store;
    if (named[0])
        snprintf(session->store_path, sizeof session->store_path, "%s", named);
    int rc = named[0] ? 0
                      : default_path(kind_of(session), session->store_path,
                                     sizeof session->store_path, err);
    if (rc == 0 && tote_store_create(session->store_path, &session->store, err) < 0)
        rc = -EINVAL; /* whatever it is, the mend is another --store */
    return rc;
}

/* --- engines --- */

int tote_session_engine(const struct tote_session *session, const char *text,
                        struct tote_engine_spec *spec, struct tote_error *err)
{
    int rc = tote_engine_spec_init(spec, text, err);
    if (rc == 0 && spec->wants_host_network &&
        session->settings.net == TOTE_NET_PRIVATE) {
        rc = tote_error_set(
            err, -EINVAL,
            "engine %s needs the host's network: give --net host, or leave "
            "--net private out",
            spec->label);
        tote_engine_spec_finish(spec);
    }
    if (rc < 0 || !session->settings.is_engine_of_bag_file)
        return rc;
    const char *name = tote_engine_spec_path_option(spec);
    if (!name)
        return 0;
    rc = tote_error_set(
        err, -EINVAL,
        "%s: a bag file names no files: give option '%s' of engine %s on "
        "the command line",
        session->settings.bag_file, name, spec->name);
    tote_engine_spec_finish(spec);
    return rc;
}

/* --- settings --- */

struct noting {
    struct tote_store *store;
    struct tote_error *err;
};

/* In the store, names are words as its columns are: start_timeout. */
static int note_setting(void *context, const char *name, const char *value)
{
    struct noting *noting = context;
    char word[TOTE_NAME_MAX];
    snprintf(word, sizeof word, "%s", name);
    for (char *dash = strchr(word, '-'); dash; dash = strchr(dash, '-'))
        *dash = '_';
    return tote_store_set(noting->store, word, value, noting->err);
}

static int note_settings(struct tote_session *session, struct tote_error *err)
{
    struct noting noting = {session->store, err};
    int rc = tote_store_set(session->store, "kind", kind_of(session), err);
    if (rc == 0)
        rc = tote_settings_each(&session->settings, session->command, note_setting,
                                &noting);
    return rc < 0 ? rc : tote_environment_note(session->store, err);
}

static int open_log(const char *path, struct tote_error *err)
{
    if (!path[0])
        return -1;
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    struct stat info;
    if (fd < 0)
        return tote_error_set(err, -EINVAL, "cannot write the engine log %s: %s", path,
                              strerror(errno));
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
        close(fd);
        return tote_error_set(
            err, -EINVAL,
            "the engine log %s holds something already: remove it or name "
            "another",
            path);
    }
    return fd;
}

/* --- what is said meanwhile --- */

static void show_progress(void *context, const struct tote_progress *progress)
{
    struct tote_session *session = context;
    tote_progress_show(session->cell, progress);
}

static void notice(void *context, const char *sentence)
{
    struct tote_session *session = context;
    if (session->has_noticed) /* by an earlier launch of a comparison */
        return;
    session->has_noticed = true;
    tote_progress_clear();
    fprintf(stderr, "tote: note: %s\n", sentence);
}

/* --- the begin --- */

static void fill_config(struct tote_session *session)
{
    const struct tote_settings *s = &session->settings;
    session->run.bag = &session->settings.bag;
    session->run.workers = (uint32_t)s->workers;
    session->run.batch = s->batch_tasks;
    session->run.has_host_network = s->net == TOTE_NET_HOST;
    session->run.start_s = s->start_timeout_s;
    session->run.stall_s = s->stall_timeout_s;
    session->run.progress = tote_progress_is_wanted() ? show_progress : NULL;
    session->run.notice = notice;
    session->run.context = session;
}

int tote_session_begin(struct tote_session *session, struct tote_error *err)
{
    session->run.log_fd = -1;
    fill_config(session);
    session->run.signal_fd = tote_signals_open(err);
    if (session->run.signal_fd < 0)
        return session->run.signal_fd;
    int log_fd = open_log(session->settings.engine_log, err);
    if (log_fd < -1)
        return log_fd;
    session->run.log_fd = log_fd;
    int rc = create_store(session, err);
    return rc < 0 ? rc : note_settings(session, err);
}

/* --- the end --- */

/* Holds it no result of any run? */
static bool is_empty(struct tote_store *store)
{
    struct tote_run_row *rows;
    size_t n, recorded = 0;
    if (tote_store_runs(store, &rows, &n, NULL) < 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        recorded += rows[i].done + rows[i].failed;
        tote_run_row_finish(&rows[i]);
    }
    free(rows);
    return recorded == 0;
}

/* A store of a failure in which nothing is recorded goes. One that a signal ended
 * stays: the report is of it. Returns whether there is a store now. */
static bool close_store(struct tote_session *session, bool has_failed)
{
    bool is_there = session->store;
    bool is_worthless = has_failed && session->store && is_empty(session->store);
    tote_store_close(session->store);
    session->store = NULL;
    if (is_worthless)
        tote_store_unlink(session->store_path);
    return is_there && !is_worthless;
}

static int print_report(const struct tote_session *session,
                        struct tote_verdict *verdict, struct tote_error *err)
{
    struct tote_store *store;
    int rc = tote_store_open(session->store_path, &store, err);
    if (rc < 0)
        return rc;
    rc = tote_report_write(store,
                           session->settings.json ? TOTE_REPORT_JSON : TOTE_REPORT_TEXT,
                           stdout, verdict, err);
    tote_store_close(store);
    return rc;
}

static int report(const struct tote_session *session)
{
    struct tote_error err = {0};
    struct tote_verdict verdict = {0};
    if (print_report(session, &verdict, &err) < 0)
        return tote_command_fail(session->settings.json, TOTE_EXIT_INTERNAL, &err);
    return verdict.has_differed ? TOTE_EXIT_OUTPUTS_DIFFER
           : verdict.has_failed ? TOTE_EXIT_TASKS_FAILED
                                : TOTE_EXIT_OK;
}

/* rc is that of the work. */
static int end(struct tote_session *session, int rc, struct tote_error *err)
{
    tote_progress_clear();
    if (!session->signal) /* one that came when nobody looked any more */
        session->signal = tote_signals_take(session->run.signal_fd);
    tote_signals_close(session->run.signal_fd);
    if (session->run.log_fd >= 0)
        close(session->run.log_fd);
    bool is_kept = close_store(session, rc < 0);
    if (rc < 0 && is_kept)
        tote_error_append(err, "; what is recorded: tote report %s",
                          session->store_path);
    int code = rc < 0 ? tote_command_fail(session->settings.json, tote_exit_of(rc), err)
                      : report(session);
    if (rc >= 0 && session->has_engine_failed) /* stdout has its document already */
        code = tote_command_fail(false, TOTE_EXIT_ENGINE, err);
    if (session->signal) {
        fflush(stdout);
        tote_signals_die(session->signal);
    }
    return code;
}

/* --- the command --- */

static int print_config(const struct tote_session *session)
{
    struct tote_error err = {0};
    int rc = tote_settings_print(&session->settings, session->command, stdout, &err);
    if (rc < 0)
        return tote_command_fail(session->settings.json, tote_exit_of(rc), &err);
    return TOTE_EXIT_OK;
}

int tote_session_main(const struct tote_args *args, enum tote_settings_of command,
                      tote_session_work *work)
{
    struct tote_error err = {0};
    struct tote_session session = {.command = command,
                                   .run = {.signal_fd = -1, .log_fd = -1}};
    if (tote_settings_load(args, command, &session.settings, &err) < 0)
        return tote_command_fail(args->wants_json, TOTE_EXIT_USAGE, &err);
    if (session.settings.print_config)
        return print_config(&session);
    int rc = tote_program_check_bag(&session.settings.bag, &err);
    if (rc == 0)
        rc = work(&session, &err);
    return end(&session, rc, &err);
}
