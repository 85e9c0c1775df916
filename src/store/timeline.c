/* SPDX-License-Identifier: MIT */
/* timeline.c: walks in the order of time (timeline.h). What belongs to which batch is
 * looked up in a temporary table that has the batches of the run by attempt and first
 * task: no two batches share an attempt at a task. */
#include "store/timeline.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "store/handle.h"
#include "store/merge.h"
#include "store/tables.h"

#define DOING "read what happened when"

#define BATCH_COLUMNS                                                                  \
    "run, batch, first, count, attempt, worker, sent_ns, back_ns, lost, why, seal"
#define WORKER_COLUMNS "run, worker, host, pid, slots, joined_ns, left_ns, seal"

/* The batch of a record of table record, or what else is wanted of it. */
#define OF_BATCH(what)                                                                 \
    "(SELECT CASE WHEN first + count > record.task THEN " what " END"                  \
    " FROM temp.flight WHERE flight.attempt = record.attempt"                          \
    " AND flight.first <= record.task"                                                 \
    " ORDER BY flight.first DESC, flight.batch DESC LIMIT 1)"

typedef int each_row(void *context, struct tote_columns *row, struct tote_error *err);

/* Calls each for the rows of a statement, which has the run as its only parameter, if
 * run is not 0. */
static int walk(struct tote_store *store, const char *sql, int64_t run, each_row *each,
                void *context, struct tote_error *err)
{
    sqlite3_stmt *statement;
    int code = tote_db_prepare(&store->db, sql, DOING, &statement, err);
    if (code < 0)
        return code;
    if (run)
        sqlite3_bind_int64(statement, 1, run);
    int rc;
    while (code == 0 && (rc = sqlite3_step(statement)) != SQLITE_DONE) {
        struct tote_columns row = {.statement = statement};
        code = rc == SQLITE_ROW ? each(context, &row, err)
                                : tote_db_fail(&store->db, rc, DOING, err);
        if (row.bad)
            code = tote_db_fail(&store->db, SQLITE_CORRUPT, DOING, err);
    }
    sqlite3_finalize(statement);
    return code;
}

/* After the last column: is the row as it was written? */
static int judge(const struct tote_store *store, struct tote_columns *row,
                 const char *table, int64_t run, uint64_t id, struct tote_error *err)
{
    char key[48];
    if (row->bad || tote_columns_is_whole(row))
        return 0; /* a bad one is told by walk */
    snprintf(key, sizeof key, "%" PRId64 "/%" PRIu64, run, id);
    return tote_store_broken_seal(store, table, key, err);
}

/* --- workers --- */

struct worker_walk {
    const struct tote_store *store;
    tote_timeline_visit_worker *visit;
    void *context;
};

static int worker_row(void *context, struct tote_columns *row, struct tote_error *err)
{
    const struct worker_walk *walk = context;
    struct tote_form form = {.n = 0};
    row->form = &form;
    struct tote_worker_row worker = {.run = tote_columns_int(row, 1, INT64_MAX)};
    worker.worker = tote_columns_count(row);
    worker.host = tote_columns_text(row);
    worker.pid = tote_columns_int(row, 0, INT64_MAX);
    worker.slots = tote_columns_uint32(row);
    worker.joined_ns = tote_columns_int(row, 0, INT64_MAX);
    worker.left_ns = tote_columns_int(row, 0, INT64_MAX);
    int code = judge(walk->store, row, "worker", worker.run, worker.worker, err);
    return code < 0 || row->bad ? code : walk->visit(walk->context, &worker);
}

int tote_timeline_each_worker(struct tote_store *store, int64_t run,
                              tote_timeline_visit_worker *visit, void *context,
                              struct tote_error *err)
{
    struct worker_walk all = {store, visit, context};
    return walk(store,
                "SELECT " WORKER_COLUMNS " FROM worker WHERE run=? ORDER BY worker",
                run, worker_row, &all, err);
}

/* --- batches --- */

struct batch_walk {
    const struct tote_store *store;
    tote_timeline_visit_batch *visit;
    void *context;
    sqlite3_stmt *insert; /* of tote_timeline_begin, in place of visit */
};

static int put_flight(const struct batch_walk *walk, const struct tote_batch_row *batch,
                      struct tote_error *err)
{
    struct tote_bind bind = {.statement = walk->insert};
    tote_bind_uint(&bind, batch->attempt);
    tote_bind_uint(&bind, batch->first);
    tote_bind_uint(&bind, batch->batch);
    tote_bind_uint(&bind, batch->count);
    tote_bind_int(&bind, batch->sent_ns);
    tote_bind_int(&bind, batch->back_ns);
    int rc = bind.rc == SQLITE_OK ? sqlite3_step(walk->insert) : bind.rc;
    int code = rc == SQLITE_DONE ? 0 : tote_db_fail(&walk->store->db, rc, DOING, err);
    sqlite3_reset(walk->insert);
    return code;
}

static int batch_row(void *context, struct tote_columns *row, struct tote_error *err)
{
    const struct batch_walk *walk = context;
    struct tote_form form = {.n = 0};
    row->form = &form;
    struct tote_batch_row batch = {.run = tote_columns_int(row, 1, INT64_MAX)};
    batch.batch = tote_columns_count(row);
    batch.first = tote_columns_count(row);
    batch.count = tote_columns_uint32(row);
    batch.attempt = tote_columns_uint32(row);
    batch.worker = tote_columns_count(row);
    batch.sent_ns = tote_columns_int(row, 0, INT64_MAX);
    batch.back_ns = tote_columns_int(row, 0, INT64_MAX);
    batch.lost = tote_columns_int(row, 0, 1) == 1;
    batch.why = tote_columns_text(row);
    int code = judge(walk->store, row, "batch", batch.run, batch.batch, err);
    if (code < 0 || row->bad)
        return code;
    return walk->insert ? put_flight(walk, &batch, err)
                        : walk->visit(walk->context, &batch);
}

int tote_timeline_each_loss(struct tote_store *store, int64_t run,
                            tote_timeline_visit_batch *visit, void *context,
                            struct tote_error *err)
{
    struct batch_walk all = {.store = store, .visit = visit, .context = context};
    return walk(store,
                "SELECT " BATCH_COLUMNS " FROM batch WHERE run=? AND lost=1"
                " ORDER BY sent_ns, batch",
                run, batch_row, &all, err);
}

int tote_timeline_begin(struct tote_store *store, int64_t run, struct tote_error *err)
{
    struct batch_walk all = {.store = store};
    tote_timeline_end(store);
    int code =
        tote_db_exec(&store->db,
                     "CREATE TEMP TABLE flight (attempt INTEGER, first INTEGER,"
                     " batch INTEGER, count INTEGER, sent_ns INTEGER, back_ns INTEGER,"
                     " PRIMARY KEY (attempt, first, batch)) WITHOUT ROWID",
                     DOING, err);
    if (code == 0)
        code =
            tote_db_prepare(&store->db, "INSERT INTO temp.flight VALUES (?,?,?,?,?,?)",
                            DOING, &all.insert, err);
    if (code == 0)
        code = walk(store, "SELECT " BATCH_COLUMNS " FROM batch WHERE run=?", run,
                    batch_row, &all, err);
    sqlite3_finalize(all.insert);
    if (code != 0)
        tote_timeline_end(store);
    return code;
}

void tote_timeline_end(struct tote_store *store)
{
    sqlite3_exec(store->db.sqlite, "DROP TABLE IF EXISTS temp.flight", NULL, NULL,
                 NULL);
}

/* --- batches on their way --- */

struct flight_walk {
    tote_timeline_visit_flight *visit;
    void *context;
    int64_t in_flight;
};

static int flight_row(void *context, struct tote_columns *row, struct tote_error *err)
{
    (void)err;
    struct flight_walk *walk = context;
    tote_ns_t at = tote_columns_int(row, 0, INT64_MAX);
    int64_t change = tote_columns_int(row, INT64_MIN, INT64_MAX);
    if (row->bad || change == 0)
        return 0;
    walk->in_flight += change;
    return walk->visit(walk->context, at, walk->in_flight);
}

int tote_timeline_each_flight(struct tote_store *store,
                              tote_timeline_visit_flight *visit, void *context,
                              struct tote_error *err)
{
    struct flight_walk all = {visit, context, 0};
    return walk(store,
                "SELECT at, sum(change) FROM ("
                " SELECT sent_ns AS at, 1 AS change FROM temp.flight"
                " UNION ALL"
                " SELECT back_ns, -1 FROM temp.flight WHERE back_ns > 0)"
                " GROUP BY at ORDER BY at",
                0, flight_row, &all, err);
}

/* --- attempts --- */

struct attempt_walk {
    const struct tote_store *store;
    tote_timeline_visit_attempt *visit;
    void *context;
};

static int attempt_row(void *context, struct tote_columns *row, struct tote_error *err)
{
    const struct attempt_walk *walk = context;
    struct tote_record record;
    int64_t run;
    uint64_t worker;
    int64_t seal = tote_tables_read_record(row, &run, &worker, &record);
    uint64_t batch = tote_columns_count(row);
    if (row->bad)
        return 0;
    int code = tote_store_judge_record(walk->store, run, worker, &record, seal, err);
    if (code == 0 && record.end_ns < record.start_ns)
        code = tote_error_set(err, -EBADMSG,
                              "store '%.200s' is damaged: task %" PRIu64
                              " of run %" PRId64 " ends before it starts",
                              walk->store->db.path, record.task, run);
    return code < 0 ? code : walk->visit(walk->context, &record, worker, batch);
}

int tote_timeline_each_attempt(struct tote_store *store, int64_t run,
                               tote_timeline_visit_attempt *visit, void *context,
                               struct tote_error *err)
{
    struct attempt_walk all = {store, visit, context};
    return walk(store,
                "SELECT " TOTE_RECORD_COLUMNS ", coalesce(" OF_BATCH(
                    "batch") ", 0)"
                             " FROM record WHERE run=?"
                             " ORDER BY start_ns, end_ns, task, attempt",
                run, attempt_row, &all, err);
}

/* --- clocks --- */

struct clock_walk {
    tote_timeline_visit_clock *visit;
    void *context;
};

static int clock_row(void *context, struct tote_columns *row, struct tote_error *err)
{
    (void)err;
    const struct clock_walk *walk = context;
    struct tote_timeline_clock clock = {.worker = tote_columns_count(row)};
    clock.has_bounds = tote_columns_int(row, 0, INT64_MAX) > 0;
    clock.least = tote_columns_int(row, INT64_MIN, INT64_MAX);
    clock.most = tote_columns_int(row, INT64_MIN, INT64_MAX);
    return row->bad ? 0 : walk->visit(walk->context, &clock);
}

/* What was lost is stamped by tote itself (outcome 3). */
int tote_timeline_each_clock(struct tote_store *store, int64_t run,
                             tote_timeline_visit_clock *visit, void *context,
                             struct tote_error *err)
{
    struct clock_walk all = {visit, context};
    return walk(
        store,
        "SELECT worker, count(back - sent), coalesce(max(sent - start_ns), 0),"
        " coalesce(min(back - end_ns), 0) FROM"
        " (SELECT worker, start_ns, end_ns, " OF_BATCH("sent_ns") " AS sent, " OF_BATCH(
            "nullif(back_ns, 0)") " AS back"
                                  " FROM record WHERE run=? AND outcome<>3)"
                                  " GROUP BY worker ORDER BY worker",
        run, clock_row, &all, err);
}
