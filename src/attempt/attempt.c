/* SPDX-License-Identifier: MIT */
/* attempt.c: one attempt at one command, from its folder to its outputs (attempt.h).
 * The parts are in place.c, start.c, streams.c, sweep.c and outputs.c. */
#include "attempt/attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attempt/late.h"
#include "attempt/outputs.h"
#include "attempt/place.h"
#include "attempt/start.h"
#include "attempt/streams.h"
#include "attempt/sweep.h"

#define LOOK_EVERY TOTE_NS_PER_S /* for a limit that is not known yet */

struct tote_attempt {
    const struct tote_rules *rules;
    tote_ns_t timeout_ns; /* of an attempt; 0: none, or not known yet */
    struct tote_place place;
    struct tote_starter starter;
    struct tote_streams streams;
    sigset_t watched; /* blocked during an attempt, and read from signals */
    int signals;
    struct tote_result_file files[TOTE_FILES_MAX];
    struct tote_error why;
};

/* How far the end of a process has been brought about. */
enum stage { STAGE_RUNS, STAGE_TERMINATED, STAGE_KILLED };

struct watch {
    struct tote_child child;
    enum stage stage;
    tote_ns_t start;
    tote_ns_t deadline; /* of the stage; 0: none */
    tote_ns_t look;     /* when to look for a limit the next time; 0: never */
    int stop;           /* the signal that tells this worker to end; 0: none */
};

/* --- once --- */

/* The three standard descriptors are always there, so that no other takes their place.
 */
static int fill_descriptors(struct tote_error *err)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd < 0)
        return tote_error_set(err, -errno, "cannot open /dev/null: %s",
                              strerror(errno));
    close(fd);
    return 0;
}

int tote_attempt_adopt(struct tote_error *err)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
        return tote_error_set(err, -errno, "cannot become a child subreaper: %s",
                              strerror(errno));
    sigaction(SIGCHLD, &action, NULL); /* ignored, the ends of children would be lost */
    sigaction(SIGTERM, &action, NULL);
    return fill_descriptors(err);
}

/* --- opening --- */

/* The ends of children, and what asks this worker to end, unless it is ignored. */
static int watch_signals(struct tote_attempt *attempt, struct tote_error *err)
{
    static const int asking[] = {SIGTERM, SIGINT, SIGHUP};
    sigemptyset(&attempt->watched);
    sigaddset(&attempt->watched, SIGCHLD);
    for (size_t i = 0; i < sizeof asking / sizeof asking[0]; i++)
        if (!sigismember(&attempt->starter.ignored, asking[i]))
            sigaddset(&attempt->watched, asking[i]);
    attempt->signals = signalfd(-1, &attempt->watched, SFD_NONBLOCK | SFD_CLOEXEC);
    return attempt->signals < 0
               ? tote_error_set(err, -errno, "cannot watch for signals: %s",
                                strerror(errno))
               : 0;
}

int tote_attempt_open(const struct tote_rules *rules, struct tote_attempt **ret_attempt,
                      struct tote_error *err)
{
    struct tote_attempt *attempt = calloc(1, sizeof *attempt);
    if (!attempt)
        return tote_error_set(err, -ENOMEM, "no memory for an attempt");
    attempt->rules = rules;
    attempt->timeout_ns = rules->timeout_ns;
    attempt->signals = -1;
    int failed = tote_starter_open(&attempt->starter, rules, err);
    int no_place = tote_place_open(&attempt->place, rules, err);
    failed = failed ? failed : no_place;
    if (tote_streams_open(&attempt->streams, rules->stream_max) < 0)
        failed = tote_error_set(err, -ENOMEM, "no memory for an attempt");
    if (!failed)
        failed = watch_signals(attempt, err);
    if (failed)
        tote_attempt_close(attempt);
    else
        *ret_attempt = attempt;
    return failed;
}

void tote_attempt_close(struct tote_attempt *attempt)
{
    if (!attempt)
        return;
    tote_place_close(&attempt->place);
    tote_starter_close(&attempt->starter);
    tote_streams_close(&attempt->streams);
    if (attempt->signals >= 0)
        close(attempt->signals);
    free(attempt);
}

/* --- watching a process --- */

static void end_group(const struct watch *watch, int signal)
{
    kill(-watch->child.pid, signal); /* its group may not be there any more */
    kill(watch->child.pid, signal);  /* and it may have left it */
}

static void set_deadline(struct watch *watch, tote_ns_t from, tote_ns_t after)
{
    watch->deadline = after > INT64_MAX - from ? INT64_MAX : from + after;
}

/* The next step towards its end. A stopped process hears TERM when it goes on. */
static void press(struct watch *watch, const struct tote_rules *rules, tote_ns_t now)
{
    if (watch->stage == STAGE_RUNS && rules->kill_after_ns > 0) {
        watch->stage = STAGE_TERMINATED;
        end_group(watch, SIGTERM);
        end_group(watch, SIGCONT);
        set_deadline(watch, now, rules->kill_after_ns);
    } else {
        watch->stage = STAGE_KILLED;
    }
}

/* The limit counts from the start, however late it is known. */
static void set_times(const struct tote_attempt *attempt, struct watch *watch,
                      tote_ns_t now)
{
    if (attempt->timeout_ns)
        set_deadline(watch, watch->start, attempt->timeout_ns);
    watch->look =
        attempt->rules->has_late_timeout && !attempt->timeout_ns ? now + LOOK_EVERY : 0;
}

static void keep_time(struct tote_attempt *attempt, struct watch *watch)
{
    if (!watch->deadline && !watch->look)
        return;
    tote_ns_t now = tote_clock_monotonic();
    if (watch->look && now >= watch->look) {
        attempt->timeout_ns = tote_late_read(attempt->place.attempts);
        set_times(attempt, watch, now);
    }
    if (watch->deadline && now >= watch->deadline)
        press(watch, attempt->rules, now);
}

/* Waits for a signal, something to read, or the next time that counts. */
static int wait_for_news(const struct tote_attempt *attempt, const struct watch *watch,
                         struct pollfd polled[1 + TOTE_STREAMS])
{
    polled[0] = (struct pollfd){.fd = attempt->signals, .events = POLLIN};
    for (int i = 0; i < TOTE_STREAMS; i++)
        polled[1 + i] =
            (struct pollfd){.fd = attempt->streams.stream[i].read, .events = POLLIN};
    tote_ns_t next = watch->look ? watch->look : watch->deadline; /* never both */
    if (!next)
        return ppoll(polled, 1 + TOTE_STREAMS, NULL, NULL);
    tote_ns_t left = next - tote_clock_monotonic();
    left = left > 0 ? left : 0;
    struct timespec time = {.tv_sec = left / TOTE_NS_PER_S,
                            .tv_nsec = left % TOTE_NS_PER_S};
    return ppoll(polled, 1 + TOTE_STREAMS, &time, NULL);
}

static void read_signals(struct tote_attempt *attempt, struct watch *watch)
{
    struct signalfd_siginfo info;
    if (read(attempt->signals, &info, sizeof info) != sizeof info)
        return;
    if (info.ssi_signo != SIGCHLD)
        watch->stop = (int)info.ssi_signo;
}

/* Until the process has ended, or is killed; what it has started may still run. */
static void watch_process(struct tote_attempt *attempt, struct watch *watch)
{
    struct pollfd polled[1 + TOTE_STREAMS];
    while (!watch->child.has_ended && !watch->stop && watch->stage != STAGE_KILLED) {
        int n = wait_for_news(attempt, watch, polled);
        for (int i = 0; n > 0 && i < TOTE_STREAMS; i++)
            if (polled[1 + i].revents & POLLIN)
                tote_streams_read(&attempt->streams, i);
        if (n > 0 && polled[0].revents) {
            read_signals(attempt, watch);
            tote_sweep_reap(&watch->child);
        }
        if (!watch->child.has_ended)
            keep_time(attempt, watch);
    }
}

static void judge_end(const struct watch *watch, struct tote_result *result)
{
    int status = watch->child.has_ended ? watch->child.status : SIGKILL;
    if (WIFEXITED(status))
        result->status = (uint8_t)WEXITSTATUS(status);
    else
        result->signal = (uint8_t)WTERMSIG(status);
    if (watch->stage != STAGE_RUNS)
        result->cause = TOTE_CAUSE_TIMEOUT;
    else if (result->signal)
        result->cause = TOTE_CAUSE_SIGNAL;
    else if (result->status)
        result->cause = TOTE_CAUSE_EXIT;
}

static tote_ns_t cpu_of(const struct rusage *usage)
{
    return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * TOTE_NS_PER_S +
           (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * TOTE_NS_PER_US;
}

/* Starts it and stays until nothing of it is left. Returns the signal that tells this
 * worker to end, or 0. */
static int run_process(struct tote_attempt *attempt, const struct tote_command *command,
                       struct tote_record *record, struct tote_result *result)
{
    struct tote_streams *streams = &attempt->streams;
    struct watch watch = {.stage = STAGE_RUNS};
    if (tote_streams_begin(streams) < 0) {
        tote_error_set(&attempt->why, -errno, "cannot make a pipe: %s",
                       strerror(errno));
        result->cause = TOTE_CAUSE_FOLDER;
        return 0;
    }
    pid_t pid = tote_starter_start(&attempt->starter, command, record->attempt,
                                   attempt->place.path, streams->stream[0].write,
                                   streams->stream[1].write, &attempt->why);
    if (pid < 0) {
        result->cause = TOTE_CAUSE_START;
        return 0;
    }
    watch.child.pid = pid;
    watch.start = tote_clock_monotonic();
    set_times(attempt, &watch, watch.start);
    watch_process(attempt, &watch);
    if (!watch.child.has_ended)
        end_group(&watch, SIGKILL);
    tote_sweep(&watch.child);
    judge_end(&watch, result);
    record->cpu_ns = cpu_of(&watch.child.usage);
    result->max_rss = (uint64_t)watch.child.usage.ru_maxrss * 1024;
    return watch.stop;
}

/* --- before and after --- */

static void collect_streams(struct tote_attempt *attempt, struct tote_result *result)
{
    tote_streams_end(&attempt->streams);
    for (int i = 0; i < TOTE_STREAMS; i++) {
        const struct tote_stream *stream = &attempt->streams.stream[i];
        result->streams[i] =
            (struct tote_span){stream->n ? stream->bytes : "", stream->n};
        result->stream_bytes[i] = stream->total;
    }
}

/* The cause, if what it should have made is not as it should be. */
static enum tote_cause collect_outputs(struct tote_attempt *attempt,
                                       const struct tote_command *command,
                                       struct tote_result *result)
{
    struct tote_place *place = &attempt->place;
    if (command->n_outs == 0)
        return TOTE_CAUSE_NONE;
    if (tote_outputs_check(place->folder, command, attempt->files, &attempt->why) < 0)
        return TOTE_CAUSE_OUTPUT;
    int failed =
        attempt->rules->is_staged
            ? tote_outputs_move(place->folder, place->here, command, &attempt->why)
            : tote_place_keep(place, &attempt->why);
    if (failed)
        return TOTE_CAUSE_OUTPUT;
    result->outs = attempt->files;
    result->n_outs = command->n_outs;
    return TOTE_CAUSE_NONE;
}

static void finish_record(struct tote_record *record, struct tote_result *result)
{
    bool is_ok = result->cause == TOTE_CAUSE_NONE;
    record->outcome = is_ok ? TOTE_OUTCOME_OK : TOTE_OUTCOME_FAILED;
    record->bytes_out = result->stream_bytes[TOTE_STDOUT];
    for (size_t i = 0; i < result->n_outs; i++)
        record->bytes_out += result->outs[i].size;
    if (is_ok)
        record->digest = tote_result_digest(result);
    record->end_ns = tote_clock_monotonic();
}

/* Returns the signal that tells this worker to end, or 0. */
static int run_all(struct tote_attempt *attempt, const struct tote_command *command,
                   struct tote_record *record, struct tote_result *result)
{
    struct tote_place *place = &attempt->place;
    int stop = 0;
    result->cause = tote_place_make(place, command, record->attempt, &record->bytes_in,
                                    &attempt->why);
    if (result->cause == TOTE_CAUSE_NONE)
        stop = run_process(attempt, command, record, result);
    collect_streams(attempt, result);
    if (result->cause == TOTE_CAUSE_NONE)
        result->cause = collect_outputs(attempt, command, result);
    if (attempt->rules->is_staged || !result->n_outs)
        tote_place_clear(place);
    result->left = place->left;
    result->left_name = place->left_name;
    return stop;
}

void tote_attempt_run(struct tote_attempt *attempt, const struct tote_command *command,
                      uint32_t number, struct tote_record *ret_record,
                      struct tote_result *ret_result)
{
    sigset_t old;
    attempt->why.text[0] = '\0';
    *ret_record = (struct tote_record){.task = command->task, .attempt = number};
    *ret_result = (struct tote_result){.task = command->task};
    ret_record->start_ns = tote_clock_monotonic();
    sigprocmask(SIG_BLOCK, &attempt->watched, &old);
    int stop = run_all(attempt, command, ret_record, ret_result);
    ret_result->why = attempt->why.text;
    finish_record(ret_record, ret_result);
    sigprocmask(SIG_SETMASK, &old, NULL);
    if (stop)
        raise(stop); /* as if it had come now: it ends the worker */
}
