/* SPDX-License-Identifier: MIT */
/* trace.c: what becomes which event (trace.h). How events are written is
 * trace_events.h's. */
#include "report/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/trace_events.h"
#include "report/trace_workers.h"
#include "store/timeline.h"

enum { PID_RUN = 1, TID_PHASES, IDS_FIXED };

#define NAME_MAX_BYTES 64

struct trace {
    struct tote_trace_events events;
    const struct tote_run_row *run;
    struct tote_trace_workers workers;
    struct tote_trace_track losses;
    uint64_t next_id; /* of a process or a thread */
    uint64_t attempts, bad, losses_n;
    struct tote_error *err;
};

static int no_memory(struct tote_error *err)
{
    return tote_error_set(err, -ENOMEM, "out of memory for the trace");
}

/* Ends a walk whose output goes nowhere. */
static int check_output(const struct trace *trace)
{
    return ferror(trace->events.out)
               ? tote_error_set(trace->err, -EIO, "cannot write the trace")
               : 0;
}

/* --- tracks --- */

/* A lane that is new becomes a thread. */
static int take_tid(struct trace *trace, struct tote_trace_track *track, uint64_t pid,
                    const char *name, tote_ns_t start, tote_ns_t end, uint64_t *ret_tid)
{
    size_t lane;
    if (tote_lanes_take(&track->lanes, start, end, &lane) < 0)
        return no_memory(trace->err);
    if (lane == track->n) {
        uint64_t *tids = reallocarray(track->tids, lane + 1, sizeof *tids);
        if (!tids)
            return no_memory(trace->err);
        char text[NAME_MAX_BYTES];
        snprintf(text, sizeof text, "%s %zu", name, lane + 1);
        track->tids = tids;
        track->n++;
        tids[lane] = trace->next_id++;
        tote_trace_name(&trace->events, "thread_name", pid, tids[lane], text);
        tote_trace_sort(&trace->events, "thread_sort_index", pid, tids[lane], lane + 1);
    }
    *ret_tid = track->tids[lane];
    return 0;
}

static void name_process(struct trace *trace, uint64_t pid, const char *name)
{
    tote_trace_name(&trace->events, "process_name", pid, 0, name);
    tote_trace_sort(&trace->events, "process_sort_index", pid, 0, pid);
}

/* --- the run --- */

static void write_phase(struct trace *trace, const char *name, tote_ns_t from,
                        tote_ns_t to)
{
    if (!from || to <= from) /* not reached, or of no length */
        return;
    tote_trace_slice(&trace->events, "phase", name, PID_RUN, TID_PHASES, from, to);
    tote_trace_close(&trace->events);
}

static int write_run(struct trace *trace)
{
    const struct tote_run_row *run = trace->run;
    tote_ns_t drain_ns =
        run->first_ns && run->fed_ns > run->first_ns ? run->fed_ns : run->first_ns;
    char *name;
    if (asprintf(&name, "run %" PRId64 ": %s", run->id, run->label) < 0)
        return no_memory(trace->err);
    name_process(trace, PID_RUN, name);
    free(name);
    tote_trace_name(&trace->events, "thread_name", PID_RUN, TID_PHASES, "phases");
    write_phase(trace, "start", run->launch_ns, run->ready_ns);
    write_phase(trace, "first result", run->ready_ns, run->first_ns);
    write_phase(trace, "steady", run->first_ns, drain_ns);
    write_phase(trace, "drain", drain_ns, run->last_ns);
    write_phase(trace, "stop", run->last_ns, run->end_ns);
    if (!run->why[0] || !run->end_ns)
        return 0;
    tote_trace_instant(&trace->events, "run", tote_run_state_name(run->state), PID_RUN,
                       TID_PHASES, run->end_ns);
    tote_trace_arg_text(&trace->events, "why", run->why);
    tote_trace_close(&trace->events);
    return 0;
}

/* --- batches --- */

static int write_flight(void *context, tote_ns_t at, int64_t in_flight)
{
    struct trace *trace = context;
    tote_trace_counter(&trace->events, "batches in flight", PID_RUN, at, in_flight);
    return check_output(trace);
}

static int write_loss(void *context, const struct tote_batch_row *batch)
{
    struct trace *trace = context;
    struct tote_trace_events *events = &trace->events;
    tote_ns_t end = batch->back_ns > batch->sent_ns ? batch->back_ns : batch->sent_ns;
    char name[NAME_MAX_BYTES];
    uint64_t tid;
    int rc = take_tid(trace, &trace->losses, PID_RUN, "lost batches", batch->sent_ns,
                      end, &tid);
    if (rc < 0)
        return rc;
    snprintf(name, sizeof name, "lost batch %" PRIu64, batch->batch);
    tote_trace_slice(events, "batch,lost", name, PID_RUN, tid, batch->sent_ns, end);
    tote_trace_arg_count(events, "batch", batch->batch);
    tote_trace_arg_count(events, "first", batch->first);
    tote_trace_arg_count(events, "count", batch->count);
    tote_trace_arg_count(events, "attempt", batch->attempt);
    tote_trace_arg_count(events, "worker", batch->worker);
    tote_trace_arg_text(events, "why", batch->why);
    tote_trace_close(events);
    trace->losses_n++;
    return 0;
}

/* --- workers and what they did --- */

static void write_moment(struct trace *trace, const struct tote_trace_worker *worker,
                         const char *what, tote_ns_t at)
{
    if (!at)
        return;
    tote_trace_instant(&trace->events, "worker", what, worker->pid, 0, at);
    tote_trace_close(&trace->events);
}

static int write_worker(struct trace *trace, struct tote_trace_worker *worker)
{
    char *name;
    worker->pid = trace->next_id++;
    if (asprintf(&name, "worker %" PRIu64 "%s%s", worker->id,
                 worker->host ? " on " : "", worker->host ? worker->host : "") < 0)
        return no_memory(trace->err);
    name_process(trace, worker->pid, name);
    free(name);
    write_moment(trace, worker, "joined", worker->joined_ns);
    write_moment(trace, worker, "left", worker->left_ns);
    return 0;
}

static void write_attempt_args(struct trace *trace, const struct tote_record *record,
                               uint64_t batch)
{
    struct tote_trace_events *events = &trace->events;
    tote_trace_arg_count(events, "task", record->task);
    tote_trace_arg_count(events, "attempt", record->attempt);
    tote_trace_arg_text(events, "outcome", tote_outcome_name(record->outcome));
    if (batch)
        tote_trace_arg_count(events, "batch", batch);
    tote_trace_arg_time(events, "cpu_us", record->cpu_ns);
    tote_trace_close(events);
}

/* It was never done: tote has stamped it, when it gave the task up. */
static void write_given_up(struct trace *trace, const struct tote_record *record,
                           uint64_t batch)
{
    char name[NAME_MAX_BYTES];
    snprintf(name, sizeof name, "task %" PRIu64 ": given up", record->task);
    tote_trace_instant(&trace->events, "task,lost", name, PID_RUN, TID_PHASES,
                       record->end_ns);
    write_attempt_args(trace, record, batch);
}

static int write_attempt(void *context, const struct tote_record *record, uint64_t id,
                         uint64_t batch)
{
    struct trace *trace = context;
    trace->attempts++;
    trace->bad += record->outcome != TOTE_OUTCOME_OK;
    if (record->outcome == TOTE_OUTCOME_LOST) {
        write_given_up(trace, record, batch);
        return check_output(trace);
    }
    struct tote_trace_worker *worker = tote_trace_workers_find(&trace->workers, id);
    if (!worker) /* each has a clock, so it is there, unless the store is damaged */
        return tote_error_set(trace->err, -EBADMSG,
                              "the store is damaged: worker %" PRIu64 " is not known",
                              id);
    const char *bad = tote_outcome_name(record->outcome);
    bool is_ok = record->outcome == TOTE_OUTCOME_OK;
    tote_ns_t start = record->start_ns + worker->offset_ns;
    tote_ns_t end = record->end_ns + worker->offset_ns;
    char name[NAME_MAX_BYTES];
    uint64_t tid;
    int rc =
        take_tid(trace, &worker->slots_track, worker->pid, "slot", start, end, &tid);
    if (rc < 0)
        return rc;
    snprintf(name, sizeof name, "task %" PRIu64 "%s%s", record->task, is_ok ? "" : ": ",
             is_ok ? "" : bad);
    tote_trace_slice(&trace->events, is_ok ? "task" : "task,bad", name, worker->pid,
                     tid, start, end);
    write_attempt_args(trace, record, batch);
    return check_output(trace);
}

/* --- what the reader must know --- */

static void put_member(FILE *out, const char *name, const char *text)
{
    fprintf(out, ",\n  \"%s\": ", name);
    tote_trace_put_text(out, text);
}

static void write_clock(FILE *out, const struct tote_trace_worker *worker)
{
    static const char *const words[] = {
        [TOTE_TRACE_CLOCK_SAME] = "as tote's: each stamp lies between the sending of "
                                  "its batch and the coming of the answer",
        [TOTE_TRACE_CLOCK_MOVED] =
            "another: all of its stamps are moved by offset_s, the middle of what fits "
            "the sending of batches and the coming of answers, right within error_s; "
            "durations are as they were stamped",
        [TOTE_TRACE_CLOCK_UNKNOWN] = "unknown: none of its batches came back",
    };
    fprintf(out,
            "{\"worker\": %" PRIu64 ", \"pid\": %" PRIu64 ", \"host\": ", worker->id,
            worker->pid);
    if (worker->host)
        tote_trace_put_text(out, worker->host);
    else
        fputs("null", out);
    fputs(", \"clock\": ", out);
    tote_trace_put_text(out, words[worker->clock]);
    if (worker->clock == TOTE_TRACE_CLOCK_MOVED)
        fprintf(out, ", \"offset_s\": %.9f, \"error_s\": %.9f",
                (double)worker->offset_ns / (double)TOTE_NS_PER_S,
                (double)worker->error_ns / (double)TOTE_NS_PER_S);
    fputc('}', out);
}

static void write_metadata(struct trace *trace, struct tote_store *store)
{
    FILE *out = trace->events.out;
    const struct tote_run_row *run = trace->run;
    fprintf(out, ",\n\"otherData\": {\n  \"schema_version\": 1,\n  \"run\": %" PRId64,
            run->id);
    put_member(out, "label", run->label);
    put_member(out, "engine", run->engine);
    put_member(out, "engine_version", run->engine_version);
    put_member(out, "state", tote_run_state_name(run->state));
    put_member(out, "store", tote_store_path(store));
    put_member(out, "slots",
               "dealt out by tote: the store knows the worker of an attempt, not its "
               "slot");
    fprintf(out,
            ",\n  \"attempts\": %" PRIu64 ", \"bad_attempts\": %" PRIu64
            ", \"lost_batches\": %" PRIu64 ",\n  \"workers\": [",
            trace->attempts, trace->bad, trace->losses_n);
    for (size_t i = 0; i < trace->workers.n; i++) {
        fputs(i ? ",\n    " : "\n    ", out);
        write_clock(out, &trace->workers.all[i]);
    }
    fputs("]\n}}\n", out);
}

/* --- all of it --- */

static int write_events(struct trace *trace, struct tote_store *store)
{
    int64_t run = trace->run->id;
    int rc = tote_trace_workers_read(&trace->workers, store, run, trace->err);
    if (rc < 0)
        return rc;
    tote_trace_begin(&trace->events);
    rc = write_run(trace);
    for (size_t i = 0; rc == 0 && i < trace->workers.n; i++)
        rc = write_worker(trace, &trace->workers.all[i]);
    if (rc == 0)
        rc = tote_timeline_each_flight(store, write_flight, trace, trace->err);
    if (rc == 0)
        rc = tote_timeline_each_loss(store, run, write_loss, trace, trace->err);
    if (rc == 0)
        rc = tote_timeline_each_attempt(store, run, write_attempt, trace, trace->err);
    tote_trace_end(&trace->events);
    if (rc == 0)
        write_metadata(trace, store);
    return rc;
}

static int write_one(struct tote_store *store, const struct tote_run_row *run,
                     FILE *out, struct tote_error *err)
{
    struct trace trace = {
        .events = {.out = out, .base_ns = run->launch_ns},
        .run = run,
        .next_id = IDS_FIXED,
        .err = err,
    };
    int rc = tote_timeline_begin(store, run->id, err);
    if (rc == 0)
        rc = write_events(&trace, store);
    tote_timeline_end(store);
    tote_trace_workers_finish(&trace.workers);
    tote_trace_track_finish(&trace.losses);
    if (rc == 0 && (fflush(out) != 0 || ferror(out)))
        rc = tote_error_set(err, -EIO, "cannot write the trace: %s",
                            errno ? strerror(errno) : "output error");
    return rc;
}

static int write_wanted(struct tote_store *store, int64_t id, FILE *out,
                        struct tote_error *err)
{
    struct tote_run_row *runs = NULL;
    size_t n = 0;
    const struct tote_run_row *wanted = NULL;
    int rc = tote_store_runs(store, &runs, &n, err);
    if (rc == 0 && n == 0)
        rc = tote_error_set(err, -ENODATA, "store '%.200s' holds no run",
                            tote_store_path(store));
    for (size_t i = 0; i < n; i++) {
        if (runs[i].id == id || (id == 0 && i + 1 == n))
            wanted = &runs[i];
    }
    if (rc == 0 && !wanted)
        rc = tote_error_set(err, -ENOENT,
                            "store '%.200s' has no run %" PRId64
                            ": it has runs %" PRId64 " to %" PRId64,
                            tote_store_path(store), id, runs[0].id, runs[n - 1].id);
    if (rc == 0)
        rc = write_one(store, wanted, out, err);
    for (size_t i = 0; i < n; i++)
        tote_run_row_finish(&runs[i]);
    free(runs);
    return rc;
}

int tote_trace_write(struct tote_store *store, int64_t run, FILE *out,
                     struct tote_error *err)
{
    int rc = tote_store_freeze(store, err);
    if (rc < 0)
        return rc;
    rc = write_wanted(store, run, out, err);
    tote_store_thaw(store);
    return rc;
}
