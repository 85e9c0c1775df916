/* SPDX-License-Identifier: MIT */
/* gather_records.c: walks over the records of each run: service times, CPU time, the
 * first tasks that failed (gather.h). Not for what the rows of runs tell (gather.c).
 *
 * Nothing is kept of a record, so that a bag of millions needs no more memory than a
 * small one. */
#include <errno.h>
#include <math.h>

#include "report/gather.h"
#include "report/percentile.h"

struct walk {
    struct tote_run_summary *run;
    uint64_t n_tasks, n_ok;  /* with a result, a good one; before `last` */
    struct tote_record last; /* of the task at hand */
    bool has_last, is_ok;    /* it has an ok record */
    double cpu_ns;
};

/* All records of the last task have been seen. */
static void end_task(struct walk *walk)
{
    struct tote_run_summary *run = walk->run;
    if (!walk->has_last)
        return;
    walk->n_tasks++;
    walk->n_ok += walk->is_ok;
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
    walk->is_ok = walk->is_ok || record->outcome == TOTE_OUTCOME_OK;
    return 0;
}

static void summarize(struct walk *walk)
{
    struct tote_run_summary *run = walk->run;
    end_task(walk);
    if (walk->has_last || run->row.tasks == 0)
        run->cpu_tasks_s = walk->cpu_ns / (double)TOTE_NS_PER_S;
    /* The two clocks differ in grain, so the difference may come out below 0. */
    double engine = run->cpu_total_s - run->cpu_tasks_s;
    run->cpu_engine_s = isnan(engine) ? NAN : fmax(engine, 0);
    if (run->is_counted)
        return;
    /* The row of a run that was cut short is older than its last records. */
    run->done = walk->n_ok;
    run->failed = walk->n_tasks - walk->n_ok;
}

/* --- service times --- */

static int add_duration(void *context, tote_ns_t duration)
{
    tote_percentiles_add(context, duration);
    return 0;
}

static int gather_times(struct tote_store *store, struct tote_run_summary *run,
                        struct tote_error *err)
{
    static const double wanted[] = {50, 90, 99, 100};
    enum { N = sizeof wanted / sizeof *wanted };
    struct tote_percentiles *percentiles = tote_percentiles_create(wanted, N);
    if (!percentiles)
        return tote_error_set(err, -ENOMEM, "out of memory for the report");
    double *const into[N] = {&run->task_s.p50, &run->task_s.p90, &run->task_s.p99,
                             &run->task_s.max};
    int rc;
    do {
        rc = tote_store_each_duration(store, run->row.id, add_duration, percentiles,
                                      err);
    } while (rc == 0 && tote_percentiles_next(percentiles));
    run->task_s.n = tote_percentiles_count(percentiles);
    for (size_t i = 0; rc == 0 && i < N; i++)
        *into[i] = tote_percentiles_get(percentiles, i) / (double)TOTE_NS_PER_S;
    tote_percentiles_destroy(percentiles);
    return rc;
}

int tote_gather_records(struct tote_store *store, struct tote_run_summary *run,
                        bool wants_times, struct tote_error *err)
{
    struct walk walk = {.run = run};
    int rc = tote_store_each_record(store, run->row.id, visit, &walk, err);
    if (rc < 0)
        return rc;
    summarize(&walk);
    return wants_times ? gather_times(store, run, err) : 0;
}
