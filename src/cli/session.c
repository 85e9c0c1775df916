/* SPDX-License-Identifier: MIT */
/* session.c: the begin of a run, a resumed run or an experiment, and its way
 * (session.h); the store is session_store.c's, the end session_end.c's. */
#include "cli/session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/progress.h"
#include "cli/rate.h"
#include "cli/session_end.h"
#include "cli/session_store.h"
#include "cli/signals.h"
#include "store/writer.h"

/* --- engines --- */

/* Of an engine that the command line does not name. */
static int refuse_files(const struct tote_settings *s, struct tote_engine_spec *spec,
                        struct tote_error *err)
{
    const char *name = s->is_engine_of_bag_file || s->is_engine_of_store
                           ? tote_engine_spec_path_option(spec)
                           : NULL;
    if (!name)
        return 0;
    int rc = s->is_engine_of_store
                 ? tote_error_set(err, -EINVAL,
                                  "the store names a file, option '%s' of engine %s: "
                                  "give --engine on the command line",
                                  name, spec->name)
                 : tote_error_set(err, -EINVAL,
                                  "%s: a bag file names no files: give option '%s' of "
                                  "engine %s on the command line",
                                  s->bag_file, name, spec->name);
    tote_engine_spec_finish(spec);
    return rc;
}

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
    if (rc == 0)
        rc = refuse_files(&session->settings, spec, err);
    return rc;
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
    if (session->listener)
        tote_listener_progress(session->listener, progress);
    tote_progress_show(session->cell, progress);
}

/* What a run that goes on was told holds for those after it, once its engine has come
 * up: one that does not would be named to every resume, and fail each time. */
static int keep_settings(void *context, struct tote_error *err)
{
    struct tote_session *session = context;
    return session->is_old ? tote_settings_note(&session->settings, session->command,
                                                session->store, err)
                           : 0;
}

static void take_result(void *context, const struct tote_record *record,
                        const struct tote_result *result, bool is_last)
{
    struct tote_session *session = context;
    if (session->listener)
        tote_listener_result(session->listener, record, result, is_last);
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

/* So short a time as can be given has its fraction. */
static void grace_text(double seconds, char into[static 24])
{
    if (seconds < 10)
        snprintf(into, 24, "%.2g s", seconds);
    else
        tote_rate_text(seconds, into);
}

static void say_draining(void *context, int signo, uint64_t running)
{
    struct tote_session *session = context;
    char grace[24];
    if (!tote_session_is_talkative(session))
        return;
    grace_text(session->settings.grace_s, grace);
    tote_progress_clear();
    fprintf(stderr,
            "tote: %s: letting %" PRIu64
            " tasks that were handed out end (%s at most); %s\n",
            tote_session_word(signo), running, grace,
            signo == SIGINT ? "press again to stop now"
                            : "another signal stops them now");
}

/* --- the begin --- */

/* Commands download things; kernels do not. */
static bool wants_host_network(const struct tote_settings *s)
{
    return s->net == TOTE_NET_HOST || (s->net == TOTE_NET_AUTO && s->bag.is_commands);
}

static void fill_config(struct tote_session *session)
{
    const struct tote_settings *s = &session->settings;
    session->run = (struct tote_run_config){
        .bag = &session->settings.bag,
        .workers = (uint32_t)s->workers,
        .batch = s->batch_tasks,
        .durability = (enum tote_durability)s->durability,
        .retries = (uint32_t)s->retries,
        .losses = (uint32_t)s->losses,
        .halt = s->halt,
        .goes_on = session->is_old,
        .retries_failed = s->retry_failed,
        .grace_s = s->grace_s,
        .has_host_network = wants_host_network(s),
        .is_unaccounted = s->accounting == TOTE_ACCOUNTING_OFF,
        .signal_fd = -1,
        .log_fd = -1,
        .start_s = s->start_timeout_s,
        .stall_s = s->stall_timeout_s,
        .progress = show_progress,
        .notice = notice,
        .draining = say_draining,
        .result = take_result,
        .ready = keep_settings,
        .context = session,
    };
}

static void say_loss_window(const struct tote_session *session)
{
    if (session->settings.durability == TOTE_DURABILITY_RELAXED)
        fprintf(
            stderr,
            "tote: note: --durability relaxed: a crash costs the results of the last "
            "%d ms; those tasks run again\n",
            TOTE_WRITER_RELAXED_MS);
}

int tote_session_listen(struct tote_session *session, struct tote_error *err)
{
    fill_config(session);
    tote_progress_choose((enum tote_telling)session->settings.progress);
    session->run.signal_fd = tote_signals_open(!session->is_experiment, err);
    if (session->run.signal_fd < 0)
        return session->run.signal_fd;
    session->run.progress_signal = session->is_experiment ? 0 : SIGUSR1;
    int log_fd = open_log(session->settings.engine_log, err);
    if (log_fd < -1)
        return log_fd;
    session->run.log_fd = log_fd;
    return 0;
}

int tote_session_begin(struct tote_session *session, struct tote_error *err)
{
    int rc = tote_session_listen(session, err);
    if (rc < 0)
        return rc;
    rc = session->settings.bag.is_commands
             ? tote_listener_open(&session->settings, &session->listener, err)
             : 0;
    if (rc == 0 && !session->store)
        rc = tote_session_open_store(session, err);
    session->run.goes_on = session->is_old;
    if (rc == 0)
        say_loss_window(session);
    return rc;
}

int tote_session_launch(struct tote_session *session,
                        const struct tote_engine_spec *engine, struct tote_error *err)
{
    struct tote_run_row row = {0};
    session->run.engine = engine;
    snprintf(session->cell, sizeof session->cell, "%.60s", engine->label);
    if (session->order) {
        session->run.commands =
            tote_order_commands(session->order, session->store, err);
        if (!session->run.commands)
            return -EBADMSG;
        int rc = tote_listener_begin(session->listener, session->store_path,
                                     session->is_old, err);
        if (rc < 0)
            return rc;
    }
    int rc = tote_run(&session->run, session->store, &row, &session->signal, err);
    session->has_halted = rc == TOTE_RUN_HALTED;
    tote_run_row_finish(&row);
    return rc;
}

/* --- the command --- */

static int print_config(struct tote_session *session)
{
    struct tote_error err = {0};
    bool is_json = session->settings.json;
    int rc = tote_settings_print(&session->settings, session->command, stdout, &err);
    tote_session_finish(session);
    return rc < 0 ? tote_command_fail(is_json, tote_exit_of(rc), &err) : TOTE_EXIT_OK;
}

static int work_and_end(struct tote_session *session, tote_session_work *work,
                        struct tote_error *err)
{
    bool is_checked_later = session->command == TOTE_SETTINGS_SWEEP ||
                            session->command == TOTE_SETTINGS_METG;
    int rc = session->settings.bag.is_commands || is_checked_later
                 ? 0
                 : tote_program_check_bag(&session->settings.bag, err);
    if (rc == 0)
        rc = work(session, err);
    return tote_session_end(session, rc, err);
}

int tote_session_main(const struct tote_args *args, enum tote_settings_of command,
                      tote_session_work *work)
{
    struct tote_error err = {0};
    struct tote_session session = {.command = command,
                                   .is_experiment =
                                       tote_settings_is_experiment(command),
                                   .run = {.signal_fd = -1, .log_fd = -1}};
    if (tote_settings_load(args, command, &session.settings, &err) < 0)
        return tote_command_fail(args->wants_json, TOTE_EXIT_USAGE, &err);
    if (session.settings.print_config)
        return print_config(&session);
    return work_and_end(&session, work, &err);
}

int tote_session_resume(const struct tote_args *args, tote_session_work *work)
{
    struct tote_error err = {0};
    struct tote_session session = {.command = TOTE_SETTINGS_RESUME,
                                   .run = {.signal_fd = -1, .log_fd = -1}};
    int rc = args->n_arguments == 1
                 ? tote_session_reopen_store(&session, args->arguments[0], &err)
                 : tote_error_set(&err, -EINVAL, "which store? tote resume STORE");
    if (rc == 0) {
        rc = tote_settings_load_store(args, session.store, &session.settings,
                                      &session.command, &err);
        if (rc < 0)
            tote_session_close_store(&session, false);
    }
    session.is_experiment = tote_settings_is_experiment(session.command);
    bool is_broken = rc == -EIO || rc == -EUCLEAN;
    if (rc < 0) /* nothing has begun */
        return tote_command_fail(
            args->wants_json, is_broken ? TOTE_EXIT_INTERNAL : TOTE_EXIT_USAGE, &err);
    return work_and_end(&session, work, &err);
}
