/* SPDX-License-Identifier: MIT */
/* gather_records.c: one walk over the records of each run: service times, CPU time, the
 * first tasks that failed (gather.h). Not for what the rows of runs tell (gather.c). */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "report/gather.h"

struct walk {
    struct tote_run_summary *run;
    const struct tote_store *store;
    struct tote_error *err;
    double *seconds; /* of ok tasks */
    size_t n, room;
    uint64_t n_tasks;        /* with a result, before `last` */
    struct tote_record last; /* of the task at hand */
    bool has_last, is_ok;    /* it has an ok record */
    double cpu_ns;
};

static int keep_duration(struct walk *walk, const struct tote_record *record)
{
    if (record->end_ns < record->start_ns)
        return tote_error_set(walk->err, -EBADMSG,
                              "store '%.200s' is damaged: task %" PRIu64
                              " of run %" PRId64 " ends before it starts",
                              tote_store_path(walk->store), record->task,
                              walk->run->row.id);
    if (walk->n == walk->room) {
        size_t room = walk->room ? 2 * walk->room : 1024;
        double *seconds = reallocarray(walk->seconds, room, sizeof *seconds);
        if (!seconds)
            return tote_error_set(walk->err, -ENOMEM, "out of memory for the report");
        walk->seconds = seconds;
        walk->room = room;
    }
    walk->seconds[walk->n++] =
        (double)(record->end_ns - record->start_ns) / (double)TOTE_NS_PER_S;
    return 0;
}

/* All records of the last task have been seen. */
static void end_task(struct walk *walk)
{
    struct tote_run_summary *run = walk->run;
    if (!walk->has_last)
        return;
    walk->n_tasks++;
    if (walk->is_ok || run->n_failures == TOTE_GATHER_FAILURES)
        return;
    run->failures[run->n_failures++] = (struct tote_failure){
        .task = walk->last.task,
        .attempt = walk->last.attempt,
        .outcome = walk->last.outcome,
    };
}

static int visit(void *context, const struct tote_record *record, uint64_t worker)
{
    (void)worker;
    struct walk *walk = context;
    if (!walk->has_last || walk->last.task != record->task) {
        end_task(walk);
        walk->is_ok = false;
    }
    walk->has_last = true;
    walk->last = *record;
    walk->cpu_ns += (double)record->cpu_ns;
    if (record->outcome != TOTE_OUTCOME_OK || walk->is_ok)
        return 0;
    walk->is_ok = true;
    return keep_duration(walk, record);
}

static void summarize(struct walk *walk)
{
    struct tote_run_summary *run = walk->run;
    end_task(walk);
    tote_stats_sort(walk->seconds, walk->n);
    run->task_s.n = walk->n;
    run->task_s.p50 = tote_stats_percentile(walk->seconds, walk->n, 50);
    run->task_s.p90 = tote_stats_percentile(walk->seconds, walk->n, 90);
    run->task_s.p99 = tote_stats_percentile(walk->seconds, walk->n, 99);
    run->task_s.max = tote_stats_percentile(walk->seconds, walk->n, 100);
    if (walk->has_last || run->row.tasks == 0)
        run->cpu_tasks_s = walk->cpu_ns / (double)TOTE_NS_PER_S;
    /* The two clocks differ in grain, so the difference may come out below 0. */
    double engine = run->cpu_total_s - run->cpu_tasks_s;
    run->cpu_engine_s = isnan(engine) ? NAN : fmax(engine, 0);
    if (run->row.state == TOTE_RUN_RUNNING) { /* its row was not brought up to date */
        run->done = walk->n;
        run->failed = walk->n_tasks - walk->n;
    }
}

int tote_gather_records(struct tote_store *store, struct tote_summary *summary,
                        struct tote_error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < summary->n_runs; i++) {
        struct walk walk = {.run = &summary->runs[i], .store = store, .err = err};
        rc = tote_store_each_record(store, walk.run->row.id, visit, &walk, err);
        if (rc == 0)
            summarize(&walk);
        free(walk.seconds);
    }
    return rc;
}
