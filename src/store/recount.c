/* SPDX-License-Identifier: MIT */
/* recount.c: counts the records of a store (recount.h). */
#include "store/recount.h"

#include <errno.h>
#include <stdlib.h>

#include "store/commands.h"
#include "store/handle.h"
#include "store/standing.h"

#define DOING "count the results"
#define EXTREMES                                                                       \
    "SELECT coalesce(max(attempt), 0), coalesce(max(end_ns), 0) FROM record"

struct count {
    struct tote_standing standing;
    uint8_t *listed; /* a bit a task; null: there is no list, and all count */
    uint64_t n;      /* tasks of the store */
};

static int count_task(void *context, const struct tote_task_row *row)
{
    struct count *count = context;
    if (!tote_standing_has(&count->standing, row->listed) || row->task >= count->n)
        return 0;
    count->listed[row->task / 8] |= (uint8_t)(1U << (row->task % 8));
    count->standing.listed++;
    return 0;
}

static int count_result(void *context, const struct tote_record *record,
                        uint64_t worker)
{
    struct count *count = context;
    (void)worker;
    uint64_t task = record->task;
    bool is_listed = !count->listed ||
                     (task < count->n && (count->listed[task / 8] >> (task % 8) & 1));
    count->standing.of[record->outcome] += is_listed;
    return 0;
}

static int count_tasks(struct tote_store *store, struct count *count,
                       struct tote_error *err)
{
    int code = tote_store_task_count(store, &count->n, err);
    if (code < 0 || count->standing.list == 0) {
        count->standing.listed = count->n;
        return code;
    }
    count->listed = calloc(count->n / 8 + 1, 1);
    if (!count->listed)
        return tote_error_set(err, -ENOMEM, "out of memory for the tasks");
    return tote_store_each_task(store, 0, count->n, count_task, count, err);
}

/* Of a run, by its part of the key; 0: of all. */
static int find_extremes(struct tote_store *store, int64_t run,
                         struct tote_standing *standing, struct tote_error *err)
{
    sqlite3_stmt *statement;
    int code = tote_db_prepare(&store->db, run ? EXTREMES " WHERE run=?" : EXTREMES,
                               DOING, &statement, err);
    if (code < 0)
        return code;
    if (run)
        sqlite3_bind_int64(statement, 1, run);
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) { /* records are sealed: it fits */
        standing->attempts_to = (uint32_t)sqlite3_column_int64(statement, 0);
        standing->last_ns = sqlite3_column_int64(statement, 1);
    } else {
        code = tote_db_fail(&store->db, rc, DOING, err);
    }
    sqlite3_finalize(statement);
    return code;
}

int tote_recount_all(struct tote_store *store, uint32_t list, struct tote_standing *ret,
                     struct tote_error *err)
{
    struct count count = {.standing = {.list = list}};
    int code = count_tasks(store, &count, err);
    if (code == 0)
        code = tote_store_each_result(store, count_result, &count, err);
    free(count.listed);
    if (code == 0)
        code = find_extremes(store, 0, &count.standing, err);
    if (code == 0)
        *ret = count.standing;
    return code;
}

int tote_recount_run(struct tote_store *store, int64_t run, struct tote_standing *ret,
                     struct tote_error *err)
{
    struct count count = {.n = 0};
    int code = tote_store_each_result_of(store, run, count_result, &count, err);
    if (code == 0)
        code = find_extremes(store, run, &count.standing, err);
    if (code == 0)
        *ret = count.standing;
    return code;
}

/* --- writing --- */

/* Where there are tasks there was a list, even if none is known to be of it. */
#define LAST_LIST "SELECT coalesce(max(max(listed), 1), 0) FROM task"

static int write_runs(struct tote_store *store, struct tote_error *err)
{
    struct tote_run_row *runs = NULL;
    size_t n = 0;
    int code = tote_store_runs(store, &runs, &n, err);
    for (size_t i = 0; i < n; i++) {
        struct tote_standing standing;
        if (code == 0)
            code = tote_recount_run(store, runs[i].id, &standing, err);
        if (code == 0)
            code = tote_standing_write(&store->db, runs[i].id, &standing, err);
        tote_run_row_finish(&runs[i]);
    }
    free(runs);
    return code;
}

int tote_recount_write(struct tote_store *store, uint32_t list, struct tote_error *err)
{
    struct tote_standing all;
    int64_t last = 0;
    int code = tote_db_exec(&store->db, "BEGIN IMMEDIATE", DOING, err);
    if (code == 0)
        code = tote_db_get_int(&store->db, LAST_LIST, &last, err);
    if (code == 0)
        code = write_runs(store, err);
    if (last > list)
        list = (uint32_t)last; /* tasks are sealed: it fits */
    if (code == 0)
        code = tote_recount_all(store, list, &all, err);
    if (code == 0)
        code = tote_standing_write(&store->db, 0, &all, err);
    if (code == 0)
        code = tote_db_exec(&store->db, "COMMIT", DOING, err);
    if (code < 0)
        tote_db_rollback(&store->db);
    return code;
}
