/* SPDX-License-Identifier: MIT */
/* records.c: walks over the records of a run, or of all runs of a store (store.h). Not
 * for writing them (insert.c), nor for what came of a task (results.c).
 *
 * The winner of a task is its ok record with the lowest attempt; the recorder stores
 * one a run. */
#include <errno.h>
#include <inttypes.h>

#include "base/digest.h"
#include "store/handle.h"
#include "store/merge.h"
#include "store/tables.h"

#define DOING "read the records"

/* Of those columns that a walk needs, after the three that merge.h wants. */
#define SELECT_RECORDS(columns)                                                        \
    "SELECT run, task, attempt" columns " FROM record WHERE run=? ORDER BY task, "     \
    "attempt"
#define SELECT_OK(columns)                                                             \
    "SELECT run, task, attempt" columns " FROM record WHERE run=? AND outcome=0"       \
    " ORDER BY task, attempt"
#define SELECT_WHOLE                                                                   \
    "SELECT " TOTE_RECORD_COLUMNS " FROM record WHERE run=? ORDER BY task, attempt"

/* --- every record --- */

struct visit {
    const struct tote_store *store;
    tote_store_visit *visit;
    void *context;
};

static int visit_row(void *context, struct tote_columns *row, struct tote_error *err)
{
    const struct visit *visit = context;
    struct tote_record record;
    int64_t run;
    uint64_t worker;
    int64_t seal = tote_tables_read_record(row, &run, &worker, &record);
    if (row->bad)
        return 0;
    int code = tote_store_judge_record(visit->store, run, worker, &record, seal, err);
    return code < 0 ? code : visit->visit(visit->context, &record, worker);
}

int tote_store_each_record(struct tote_store *store, int64_t run,
                           tote_store_visit *visit, void *context,
                           struct tote_error *err)
{
    struct visit both = {store, visit, context};
    return tote_merge_each(store, SELECT_WHOLE, run, visit_row, &both, DOING, err);
}

/* --- the bag digest --- */

enum { WALK_ENOUGH = 1 }; /* ends a walk early: the answer is known */

struct digest_walk {
    struct tote_bag_digest *bag;
    uint64_t next, tasks; /* tasks below next have their digest in bag */
};

static int digest_row(void *context, struct tote_columns *row, struct tote_error *err)
{
    (void)err;
    struct digest_walk *walk = context;
    struct tote_digest digest = {0};
    row->i = 1;
    uint64_t task = tote_columns_count(row);
    row->i = 3;
    tote_columns_digest(row, false, &digest);
    if (row->bad || task < walk->next)
        return 0;
    if (task > walk->next || task >= walk->tasks)
        return WALK_ENOUGH;
    tote_bag_digest_add(walk->bag, &digest);
    walk->next++;
    return 0;
}

int tote_store_digest(struct tote_store *store, int64_t run, uint64_t tasks,
                      struct tote_digest *ret_digest, struct tote_error *err)
{
    struct digest_walk walk = {.bag = tote_bag_digest_create(), .tasks = tasks};
    if (!walk.bag)
        return tote_error_set(err, -ENOMEM, "out of memory");
    int code = tote_merge_each(store, SELECT_OK(", digest"), run, digest_row, &walk,
                               DOING, err);
    bool whole = code >= 0 && walk.next == tasks;
    if (whole)
        *ret_digest = tote_bag_digest_get(walk.bag);
    tote_bag_digest_destroy(walk.bag);
    return code < 0 ? code : whole;
}

/* --- durations --- */

struct duration_walk {
    struct tote_store *store;
    tote_store_visit_duration *visit;
    void *context;
    bool has_task;
    uint64_t task; /* the last one seen */
};

static int duration_row(void *context, struct tote_columns *row, struct tote_error *err)
{
    struct duration_walk *walk = context;
    int64_t run = tote_columns_int(row, 0, INT64_MAX);
    uint64_t task = tote_columns_count(row);
    row->i = 3;
    tote_ns_t start = tote_columns_int(row, 0, INT64_MAX);
    tote_ns_t end = tote_columns_int(row, 0, INT64_MAX);
    if (row->bad || (walk->has_task && task == walk->task))
        return 0;
    if (end < start)
        return tote_error_set(err, -EBADMSG,
                              "store '%.200s' is damaged: task %" PRIu64
                              " of run %" PRId64 " ends before it starts",
                              walk->store->db.path, task, run);
    walk->has_task = true;
    walk->task = task;
    return walk->visit(walk->context, end - start);
}

int tote_store_each_duration(struct tote_store *store, int64_t run,
                             tote_store_visit_duration *visit, void *context,
                             struct tote_error *err)
{
    struct duration_walk walk = {.store = store, .visit = visit, .context = context};
    return tote_merge_each(store, SELECT_OK(", start_ns, end_ns"), run, duration_row,
                           &walk, DOING, err);
}

/* --- counts --- */

struct count_walk {
    uint64_t ok, tasks; /* ok ones; seen */
    bool is_ok;         /* so is the last one seen */
    uint64_t task;
};

static int count_row(void *context, struct tote_columns *row, struct tote_error *err)
{
    (void)err;
    struct count_walk *walk = context;
    row->i = 1;
    uint64_t task = tote_columns_count(row);
    row->i = 3;
    bool is_ok = tote_columns_int(row, 0, TOTE_OUTCOME_LOST) == TOTE_OUTCOME_OK;
    if (row->bad)
        return 0;
    if (walk->tasks == 0 || task != walk->task) {
        walk->tasks++;
        walk->is_ok = false;
    }
    walk->ok += is_ok && !walk->is_ok;
    walk->is_ok = walk->is_ok || is_ok;
    walk->task = task;
    return 0;
}

int tote_store_count(struct tote_store *store, int64_t run, uint64_t *ret_ok,
                     uint64_t *ret_other, struct tote_error *err)
{
    struct count_walk walk = {0};
    int code = tote_merge_each(store, SELECT_RECORDS(", outcome"), run, count_row,
                               &walk, DOING, err);
    if (code < 0)
        return code;
    *ret_ok = walk.ok;
    *ret_other = walk.tasks - walk.ok;
    return 0;
}
