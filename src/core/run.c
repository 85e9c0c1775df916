/* SPDX-License-Identifier: MIT */
/* run.c: drives the dispatcher with a real engine, a real store and the real clock. */
#include "core/run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/run_events.h"
#include "core/run_row.h"

#define GLANCE_MS 100 /* between two looks at the progress */

/* --- what else happens --- */

static int on_durable(struct run *run, struct tote_error *err)
{
    uint64_t durable;
    int rc = tote_run_store_fault(tote_writer_durable(run->writer, &durable, err));
    if (rc == 0 && run->commands)
        tote_run_commands_durable(run->commands, durable);
    return rc < 0 ? rc : tote_dispatcher_durable(&run->dispatcher, durable, err);
}

/* The first signal: what is out may end, within the grace. The second: now. */
static int on_end_signal(struct run *run, int signo, struct tote_error *err)
{
    if (run->signal)
        tote_box_kill(&run->launch.box);
    bool is_first = run->signal == 0;
    run->signal = signo;
    run->is_shown = true;
    if (!is_first || run->dispatcher.phase == TOTE_PHASE_STARTING ||
        !(run->config->grace_s > 0))
        return tote_dispatcher_stop(&run->dispatcher, err);
    run->drained_ns = tote_clock_monotonic() +
                      (tote_ns_t)(run->config->grace_s * (double)TOTE_NS_PER_S);
    if (run->config->draining)
        run->config->draining(run->config->context, signo,
                              tote_dispatcher_running(&run->dispatcher));
    return tote_dispatcher_drain(&run->dispatcher, err);
}

static int on_signal(struct run *run, struct tote_error *err)
{
    struct signalfd_siginfo info;
    if (read(run->config->signal_fd, &info, sizeof info) != sizeof info)
        return 0;
    if ((int)info.ssi_signo != run->config->progress_signal)
        return on_end_signal(run, (int)info.ssi_signo, err);
    run->is_shown = true;
    return 0;
}

/* What is due by the clock. */
static int on_time(struct run *run, struct tote_error *err)
{
    struct tote_dispatcher *d = &run->dispatcher;
    tote_ns_t now = tote_clock_monotonic(), wake_ns = tote_dispatcher_wake_ns(d);
    int rc = wake_ns && wake_ns <= now ? tote_dispatcher_tick(d, err) : 0;
    if (rc == 0 && run->drained_ns && run->drained_ns <= now) {
        run->drained_ns = 0;
        rc = tote_dispatcher_stop(d, err);
    }
    return rc < 0 ? rc : tote_launch_check(&run->launch, err);
}

static void show_progress(struct run *run)
{
    const struct tote_dispatcher *d = &run->dispatcher;
    if (!run->config->progress)
        return;
    uint64_t unlisted = run->before.unlisted;
    struct tote_progress progress = {
        .done = d->recorder.ok - unlisted,
        .failed = d->recorder.recorded - d->recorder.ok,
        .tasks = d->recorder.tasks - unlisted,
        .is_whole = d->is_whole,
        .before = run->before.ok + run->before.failed,
        .retried = d->retried,
        .lost = d->lost,
        .running = tote_dispatcher_running(d),
        .elapsed_ns = d->ready_ns ? tote_clock_monotonic() - d->ready_ns : 0,
        .is_draining = d->phase == TOTE_PHASE_DRAINING,
        .is_forced = run->is_shown,
        .is_last = d->phase == TOTE_PHASE_OVER,
        .signal = run->signal,
    };
    run->is_shown = false;
    run->config->progress(run->config->context, &progress);
}

/* --- the loop --- */

enum { FD_FROM, FD_TO, FD_ERRORS, FD_WRITER, FD_SIGNAL, FD_LIST, N_FDS };

/* Returns whether there is something to do without waiting. */
static bool choose_fds(const struct run *run, struct pollfd fds[static N_FDS])
{
    const struct tote_link *link = &run->launch.link;
    bool is_ready = false;
    int list = run->commands ? tote_run_commands_fd(run->commands, &is_ready) : -1;
    fds[FD_FROM] = (struct pollfd){.fd = link->from_engine, .events = POLLIN};
    fds[FD_TO] = (struct pollfd){
        .fd = tote_link_has_output(link) ? link->to_engine : -1, .events = POLLOUT};
    fds[FD_ERRORS] = (struct pollfd){.fd = link->has_errors_ended ? -1 : link->errors,
                                     .events = POLLIN};
    fds[FD_WRITER] =
        (struct pollfd){.fd = tote_writer_fd(run->writer), .events = POLLIN};
    fds[FD_SIGNAL] = (struct pollfd){.fd = run->config->signal_fd, .events = POLLIN};
    fds[FD_LIST] = (struct pollfd){.fd = list, .events = POLLIN};
    return is_ready;
}

static int handle_fds(struct run *run, const struct pollfd fds[static N_FDS],
                      struct tote_error *err)
{
    int rc = 0;
    if (fds[FD_TO].revents)
        tote_link_flush(&run->launch.link);
    if (fds[FD_ERRORS].revents)
        tote_link_fill_errors(&run->launch.link);
    if (fds[FD_WRITER].revents)
        rc = on_durable(run, err);
    if (rc == 0 && fds[FD_FROM].revents)
        rc = tote_run_read_engine(run, err);
    if (rc == 0 && fds[FD_SIGNAL].revents)
        rc = on_signal(run, err);
    if (rc == 0 && run->commands)
        rc = tote_run_commands_pull(run->commands, err);
    return rc < 0 ? rc : on_time(run, err);
}

/* The sooner of two waits; -1 is for ever. */
static int sooner(int ms, tote_ns_t when_ns)
{
    if (when_ns == 0)
        return ms;
    tote_ns_t left =
        (when_ns - tote_clock_monotonic() + TOTE_NS_PER_MS - 1) / TOTE_NS_PER_MS;
    left = left < 0 ? 0 : left > 1000 ? 1000 : left;
    return ms < 0 || left < ms ? (int)left : ms;
}

static int wait_ms(const struct run *run)
{
    int ms = tote_launch_poll_ms(&run->launch, run->config->progress ? GLANCE_MS : -1);
    ms = sooner(ms, tote_dispatcher_wake_ns(&run->dispatcher));
    return sooner(ms, run->drained_ns);
}

static int loop(struct run *run, struct tote_error *err)
{
    int rc = 0;
    while (rc == 0 && run->dispatcher.phase != TOTE_PHASE_OVER) {
        struct pollfd fds[N_FDS];
        bool is_ready = choose_fds(run, fds);
        if (poll(fds, N_FDS, is_ready ? 0 : wait_ms(run)) < 0 && errno != EINTR)
            return tote_error_set(err, -errno, "poll: %s", strerror(errno));
        rc = handle_fds(run, fds, err);
        if (tote_dispatcher_is_recorded(&run->dispatcher) ||
            run->dispatcher.phase == TOTE_PHASE_DRAINING)
            tote_writer_hurry(run->writer); /* nothing more will fill its group */
        show_progress(run);
    }
    return rc;
}

/* --- start and end --- */

static int start_engine(struct run *run, struct tote_error *err)
{
    const struct tote_run_config *config = run->config;
    struct tote_launch_config launch = {
        .engine = config->engine,
        .bag = config->bag,
        .slots = config->workers,
        .has_host_network =
            config->has_host_network || config->engine->wants_host_network,
        .log_fd = config->log_fd,
        .start_s = config->start_s,
        .stall_s = config->stall_s,
        .is_staged = config->commands && config->commands->rules.is_staged,
        .slices = run->commands ? tote_run_commands_slices(run->commands) : NULL,
    };
    int rc = tote_launch_start(&run->launch, &launch, err);
    run->row->launch_ns = run->launch.launch_ns;
    if (rc < 0)
        return rc;
    run->row->is_boxed = run->launch.box.is_full && !run->launch.box.has_host_network;
    if (!run->launch.box.is_full && config->notice)
        config->notice(config->context, run->launch.box.missing);
    return tote_run_row_set(&run->row->box, tote_launch_containment(&run->launch), err);
}

static int end_engine(struct run *run, int rc, struct tote_error *err)
{
    struct tote_launch_end end =
        tote_launch_end(&run->launch, rc < 0, run->config->signal_fd);
    run->row->cpu_user_ns = end.user_ns;
    run->row->cpu_sys_ns = end.sys_ns;
    run->row->end_ns = end.end_ns;
    if (rc < 0 && run->launch.link.in)
        return tote_launch_explain(&run->launch, rc, end.status,
                                   run->dispatcher.ready_ns != 0, err);
    return rc;
}

/* How the run went, and a sentence if not well. A signal that came after the last
 * record did not cut anything short. */
static void fill_row(struct run *run, int rc, const struct tote_error *err)
{
    const struct tote_dispatcher *d = &run->dispatcher;
    bool is_cut =
        !tote_dispatcher_is_recorded(d); /* what came while it stopped counts */
    bool was_cut_short = is_cut && (run->signal || d->has_halted);
    enum tote_run_state state = rc < 0          ? TOTE_RUN_BROKEN
                                : was_cut_short ? TOTE_RUN_INTERRUPTED
                                                : TOTE_RUN_COMPLETE;
    const char *why = rc < 0           ? err->text
                      : !was_cut_short ? ""
                      : run->signal    ? strsignal(run->signal)
                                       : "halted, as --halt asked for";
    if (rc == 0 && !was_cut_short && !run->has_said_bye)
        why = "the engine ended without bye after stop";
    tote_run_row_end(run->row, d, state, why);
    run->row->tasks = d->recorder.tasks - run->before.unlisted;
}

/* Of a bag that went on the digest is over all its runs. */
static int fill_digest(struct run *run, struct tote_error *err)
{
    if (run->row->state != TOTE_RUN_COMPLETE || run->before.unlisted > 0)
        return 0;
    int64_t id = run->config->goes_on ? 0 : run->row->id;
    return tote_store_digest(run->store, id, run->row->tasks, &run->row->digest, err);
}

/* The row's last word, after the engine and the writer have ended. */
static int close_row(struct run *run, int rc, struct tote_error *err)
{
    fill_row(run, rc, err);
    struct tote_error why = {0};
    int stored = 0;
    if (rc < 0) /* the store may hold less than was received */
        stored = tote_store_count(run->store, run->row->id, &run->row->done,
                                  &run->row->failed, &why);
    if (rc == 0)
        stored = fill_digest(run, &why);
    run->row->has_digest = rc == 0 && stored > 0;
    if (stored >= 0)
        stored = tote_run_cost_write(&run->cost, run->store, &why);
    if (stored >= 0)
        stored = tote_store_update_run(run->store, run->row, &why);
    if (stored < 0 && rc == 0)
        return tote_error_set(err, -EIO, "%s", why.text);
    return rc;
}

static int stop_writer(struct run *run, int rc, struct tote_error *err)
{
    struct tote_error why = {0};
    int stopped = tote_writer_stop(run->writer, &why);
    return stopped < 0 && rc == 0 ? tote_error_set(err, -EIO, "%s", why.text) : rc;
}

static int start_writer(struct run *run, struct tote_error *err)
{
    int rc = tote_writer_start(tote_store_path(run->store), run->config->durability,
                               &run->writer, err);
    if (rc == 0 && run->commands)
        tote_run_commands_start(run->commands, run->writer, run->row->id);
    return rc;
}

static int run_whole(struct run *run, struct tote_error *err)
{
    tote_run_cost_begin(&run->cost, !run->config->is_unaccounted);
    int rc = start_engine(run, err);
    if (rc == 0) /* threads: only after the box has been forked */
        tote_run_cost_watch(&run->cost, &run->launch.box);
    if (rc == 0)
        rc = start_writer(run, err);
    if (rc == 0)
        rc = loop(run, err);
    rc = end_engine(run, rc, err);
    rc = stop_writer(run, rc, err);
    tote_run_cost_end(&run->cost, run->row);
    if (rc == 0 && run->commands)
        rc = tote_run_commands_list_error(run->commands, err);
    return close_row(run, rc, err);
}

static int check_engine(const struct tote_run_config *config, struct tote_error *err)
{
    const struct tote_describe *about = &config->engine->about;
    if (!config->commands)
        return 0;
    if (!about->takes_shared && !about->takes_staged)
        return tote_error_set(err, -EINVAL, "engine %.100s runs no commands",
                              config->engine->name);
    bool is_staged = config->commands->rules.is_staged;
    if (is_staged ? about->takes_staged : about->takes_shared)
        return 0;
    return tote_error_set(err, -EINVAL,
                          is_staged
                              ? "engine %.100s does not move files: give --data shared"
                              : "engine %.100s only moves files: give --data staged",
                          config->engine->name);
}

/* What is known of the bag before the engine is launched. */
static int prepare(struct run *run, struct tote_error *err)
{
    const struct tote_run_config *config = run->config;
    struct tote_budget budget = {.retries = config->retries, .losses = config->losses};
    int rc = 0;
    if (config->goes_on)
        rc = tote_resume_attempts(run->store, &budget.attempts_before, err);
    tote_dispatcher_set_budget(&run->dispatcher, &budget);
    tote_dispatcher_set_halt(&run->dispatcher, &config->halt);
    run->row->attempts_to = tote_budget_last(&budget);
    if (rc == 0 && config->commands)
        rc = tote_run_commands_open(config, run->store, &run->dispatcher, &run->before,
                                    &run->commands, err);
    else if (rc == 0 && config->goes_on)
        rc = tote_resume(config, run->store, NULL, &run->dispatcher, &run->before, err);
    return rc == -EBADMSG ? -EUCLEAN
                          : rc; /* damage in the store is no engine's fault */
}

/* A bag of which everything is done already needs no engine. */
static int run_or_not(struct run *run, struct tote_error *err)
{
    if (run->config->goes_on && tote_dispatcher_is_complete(&run->dispatcher)) {
        run->row->state = TOTE_RUN_COMPLETE;
        return 0;
    }
    run->row->tasks = run->dispatcher.recorder.tasks - run->before.unlisted;
    int rc = tote_store_add_run(run->store, run->row, err);
    return rc < 0 ? rc : run_whole(run, err);
}

int tote_run(const struct tote_run_config *config, struct tote_store *store,
             struct tote_run_row *row, int *ret_signal, struct tote_error *err)
{
    struct run run = {.config = config, .store = store, .row = row};
    int rc = tote_dispatcher_init(&run.dispatcher, config->bag, config->workers,
                                  tote_run_batch(config), &tote_run_ops, &run, err);
    if (rc == 0)
        rc = tote_run_row_begin(row, config, err);
    if (rc == 0)
        rc = check_engine(config, err);
    if (rc == 0)
        rc = prepare(&run, err);
    if (rc == 0)
        rc = run_or_not(&run, err);
    bool has_halted =
        run.dispatcher.has_halted && !tote_dispatcher_is_recorded(&run.dispatcher);
    tote_run_commands_close(run.commands);
    tote_launch_finish(&run.launch);
    tote_dispatcher_finish(&run.dispatcher);
    *ret_signal = run.signal;
    if (rc < 0)
        return rc;
    return run.signal   ? TOTE_RUN_STOPPED
           : has_halted ? TOTE_RUN_HALTED
                        : TOTE_RUN_ENDED;
}
