/* SPDX-License-Identifier: MIT */
/* records.c: walks over the records of a run (store.h). Not for writing them
 * (insert.c).
 *
 * The winner of a task is its ok record with the lowest attempt; the recorder stores
 * one. */
#include <errno.h>
#include <inttypes.h>

#include "base/digest.h"
#include "store/handle.h"
#include "store/row.h"

#define DOING "read the records"

typedef int each_row(void *context, struct tote_columns *row, struct tote_error *err);

/* Runs sql with the run as its parameter and calls each for its rows; a non-zero answer
 * ends the walk and is returned. */
static int each_row_of(struct tote_store *store, const char *sql, int64_t run,
                       each_row *each, void *context, struct tote_error *err)
{
    sqlite3_stmt *statement;
    int code = tote_db_prepare(&store->db, sql, DOING, &statement, err);
    if (code < 0)
        return code;
    sqlite3_bind_int64(statement, 1, run);
    int rc;
    while (code == 0 && (rc = sqlite3_step(statement)) != SQLITE_DONE) {
        struct tote_columns row = {.statement = statement};
        if (rc != SQLITE_ROW)
            code = tote_db_fail(&store->db, rc, DOING, err);
        else
            code = each(context, &row, err);
        if (row.bad)
            code = tote_db_fail(&store->db, SQLITE_CORRUPT, DOING, err);
    }
    sqlite3_finalize(statement);
    return code;
}

/* --- every record --- */

struct visit {
    tote_store_visit *visit;
    void *context;
};

static int visit_row(void *context, struct tote_columns *row, struct tote_error *err)
{
    (void)err;
    const struct visit *visit = context;
    struct tote_record record = {.task = tote_columns_count(row)};
    record.attempt = tote_columns_uint32(row);
    uint64_t worker = tote_columns_count(row);
    record.start_ns = tote_columns_int(row, 0, INT64_MAX);
    record.end_ns = tote_columns_int(row, 0, INT64_MAX);
    record.cpu_ns = tote_columns_int(row, 0, INT64_MAX);
    record.bytes_in = tote_columns_count(row);
    record.bytes_out = tote_columns_count(row);
    record.outcome = (enum tote_outcome)tote_columns_int(row, 0, TOTE_OUTCOME_LOST);
    tote_columns_digest(row, false, &record.digest);
    return row->bad ? 0 : visit->visit(visit->context, &record, worker);
}

int tote_store_each_record(struct tote_store *store, int64_t run,
                           tote_store_visit *visit, void *context,
                           struct tote_error *err)
{
    struct visit both = {visit, context};
    return each_row_of(store,
                       "SELECT task, attempt, worker, start_ns, end_ns, cpu_ns,"
                       " bytes_in, bytes_out, outcome, digest FROM record"
                       " WHERE run=? ORDER BY task, attempt",
                       run, visit_row, &both, err);
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
    uint64_t task = tote_columns_count(row);
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
    int code = each_row_of(store,
                           "SELECT task, digest FROM record WHERE run=? AND outcome=0"
                           " ORDER BY task, attempt",
                           run, digest_row, &walk, err);
    bool whole = code >= 0 && walk.next == tasks;
    if (whole)
        *ret_digest = tote_bag_digest_get(walk.bag);
    tote_bag_digest_destroy(walk.bag);
    return code < 0 ? code : whole;
}

/* --- durations --- */

struct duration_walk {
    struct tote_store *store;
    int64_t run;
    tote_store_visit_duration *visit;
    void *context;
    bool has_task;
    uint64_t task; /* the last one seen */
};

static int duration_row(void *context, struct tote_columns *row, struct tote_error *err)
{
    struct duration_walk *walk = context;
    uint64_t task = tote_columns_count(row);
    tote_ns_t start = tote_columns_int(row, 0, INT64_MAX);
    tote_ns_t end = tote_columns_int(row, 0, INT64_MAX);
    if (row->bad || (walk->has_task && task == walk->task))
        return 0;
    if (end < start)
        return tote_error_set(err, -EBADMSG,
                              "store '%.200s' is damaged: task %" PRIu64
                              " of run %" PRId64 " ends before it starts",
                              walk->store->db.path, task, walk->run);
    walk->has_task = true;
    walk->task = task;
    return walk->visit(walk->context, end - start);
}

int tote_store_each_duration(struct tote_store *store, int64_t run,
                             tote_store_visit_duration *visit, void *context,
                             struct tote_error *err)
{
    struct duration_walk walk = {
        .store = store, .run = run, .visit = visit, .context = context};
    return each_row_of(store,
                       "SELECT task, start_ns, end_ns FROM record"
                       " WHERE run=? AND outcome=0 ORDER BY task, attempt",
                       run, duration_row, &walk, err);
}

/* --- counts --- */

struct count_walk {
    uint64_t ok, other;
};

static int count_row(void *context, struct tote_columns *row, struct tote_error *err)
{
    (void)err;
    struct count_walk *walk = context;
    walk->ok = tote_columns_count(row);
    walk->other = tote_columns_count(row);
    return 0;
}

int tote_store_count(struct tote_store *store, int64_t run, uint64_t *ret_ok,
                     uint64_t *ret_other, struct tote_error *err)
{
    struct count_walk walk = {0};
    int code =
        each_row_of(store,
                    "SELECT coalesce(sum(ok), 0), count(*) - coalesce(sum(ok), 0)"
                    " FROM (SELECT max(outcome = 0) AS ok FROM record"
                    " WHERE run=? GROUP BY task)",
                    run, count_row, &walk, err);
    if (code < 0)
        return code;
    *ret_ok = walk.ok;
    *ret_other = walk.other;
    return 0;
}
