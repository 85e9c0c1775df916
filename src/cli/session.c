/* SPDX-License-Identifier: MIT */
/* session.c: store, progress and report around a run or a comparison
 * (session.h). */
#include "cli/session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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

/* $XDG_STATE_HOME/tote/KIND-TIME-PID.tote */
static int default_path(const char *kind, char *into, size_t size, struct tote_error *err)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char stamp[32];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &utc);
    int n = state && state[0] == '/'
                ? snprintf(into, size, "%s/tote/%s-%s-%d.tote", state, kind, stamp, getpid())
                : snprintf(into, size, "%s/.local/state/tote/%s-%s-%d.tote",
                           home ? home : "", kind, stamp, getpid());
    int rc = n < 0 || (size_t)n >= size ? -ENAMETOOLONG : make_folders(into);
    if (rc < 0)
        return tote_error_set(err, -EINVAL,
                              "cannot make a place for the store at %s: %s; name one with "
                              "--store",
                              into, strerror(-rc));
    return 0;
}

static int create_store(struct tote_session *session, const char *kind,
                        struct tote_error *err)
{
    const char *named = session->settings.store;
    if (named[0])
        snprintf(session->store_path, sizeof session->store_path, "%s", named);
    int rc = named[0] ? 0
                      : default_path(kind, session->store_path,
                                     sizeof session->store_path, err);
    if (rc == 0 && tote_store_create(session->store_path, &session->store, err) < 0)
        rc = -EINVAL; /* whatever it is, the mend is another --store */
    return rc;
}

/* --- settings --- */

static int note_settings(struct tote_session *session, const char *kind,
                         struct tote_error *err)
{
    const struct tote_settings *s = &session->settings;
    char tasks[24], size[24], seed[24], workers[24], runs[24], order_seed[24];
    snprintf(tasks, sizeof tasks, "%" PRIu64, s->tasks);
    snprintf(size, sizeof size, "%" PRIu64, s->size);
    snprintf(seed, sizeof seed, "%" PRIu64, s->seed);
    snprintf(workers, sizeof workers, "%" PRIu64, s->workers);
    snprintf(runs, sizeof runs, "%" PRIu64, s->runs);
    snprintf(order_seed, sizeof order_seed, "%" PRIu64, s->order_seed);
    const char *const pairs[][2] = {
        {"kind", kind},       {"kernel", s->kernel}, {"tasks", tasks},
        {"size", size},       {"seed", seed},        {"workers", workers},
        {"batch", s->batch},  {"runs", runs},        {"order_seed", order_seed},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        int rc = tote_store_set(session->store, pairs[i][0], pairs[i][1], err);
        if (rc < 0)
            return rc;
    }
    return tote_environment_note(session->store, err);
}

static int open_log(const char *path, struct tote_error *err)
{
    if (!path[0])
        return -1;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return fd >= 0 ? fd
                   : tote_error_set(err, -EINVAL, "cannot write the engine log %s: %s",
                                    path, strerror(errno));
}

static void fill_config(struct tote_session *session)
{
    const struct tote_settings *s = &session->settings;
    session->run.bag = &session->settings.bag;
    session->run.workers = (uint32_t)s->workers;
    session->run.batch = s->batch_tasks;
    session->run.has_host_network = s->net == TOTE_NET_HOST;
    session->run.start_s = s->start_timeout_s;
    session->run.progress = tote_progress_is_wanted() ? tote_progress_show : NULL;
    session->run.context = session->cell;
}

int tote_session_begin(struct tote_session *session, const char *kind,
                       struct tote_error *err)
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
    int rc = create_store(session, kind, err);
    return rc < 0 ? rc : note_settings(session, kind, err);
}

/* --- the end --- */

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

static void close_store(struct tote_session *session, bool is_broken)
{
    bool is_worthless = is_broken && session->store && is_empty(session->store);
    tote_store_close(session->store);
    session->store = NULL;
    if (is_worthless)
        unlink(session->store_path);
}

static int print_report(const struct tote_session *session, struct tote_verdict *verdict,
                        struct tote_error *err)
{
    struct tote_store *store;
    int rc = tote_store_open(session->store_path, &store, err);
    if (rc < 0)
        return rc;
    rc = tote_report_write(store, session->settings.json ? TOTE_REPORT_JSON
                                                         : TOTE_REPORT_TEXT,
                           stdout, err);
    if (rc == 0)
        rc = tote_report_judge(store, verdict, err);
    tote_store_close(store);
    return rc;
}

int tote_session_end(struct tote_session *session, int rc, struct tote_error *err)
{
    tote_progress_clear();
    close_store(session, rc < 0);
    if (session->run.log_fd >= 0)
        close(session->run.log_fd);
    tote_signals_close(session->run.signal_fd);
    struct tote_verdict verdict = {0};
    bool was_run = rc >= 0;
    if (was_run)
        rc = print_report(session, &verdict, err);
    if (was_run && rc < 0)
        return tote_command_fail(false, TOTE_EXIT_INTERNAL, err);
    if (rc < 0)
        return tote_command_fail(session->settings.json, tote_exit_of(rc), err);
    if (session->signal) {
        fflush(stdout);
        tote_signals_die(session->signal);
    }
    return verdict.has_differed  ? TOTE_EXIT_OUTPUTS_DIFFER
           : verdict.has_failed ? TOTE_EXIT_TASKS_FAILED
                                : TOTE_EXIT_OK;
}
