/* SPDX-License-Identifier: MIT */
/* tasks.c: the tasks of a bag of commands and the files that they make, as a store has
 * them (commands.h). Not for adding them while a run writes (insert.c), nor for making
 * a new list of them (list.c). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "store/handle.h"
#include "store/seal.h"
#include "store/tables.h"

#define DOING "read the tasks"

int tote_store_task_count(struct tote_store *store, uint64_t *ret_n,
                          struct tote_error *err)
{
    int64_t n = 0;
    int code = tote_db_get_int(&store->db,
                               "SELECT coalesce(max(task) + 1, 0) FROM task", &n, err);
    if (code == 0)
        *ret_n = (uint64_t)n;
    return code;
}

/* --- statements that are asked for each batch and each item --- */

/* The one that is kept, or a new one: a visit may ask again. */
static int take_statement(struct tote_store *store, sqlite3_stmt **kept,
                          const char *sql, sqlite3_stmt **ret_statement,
                          struct tote_error *err)
{
    if (!*kept)
        return tote_db_prepare(&store->db, sql, DOING, ret_statement, err);
    *ret_statement = *kept;
    *kept = NULL;
    return 0;
}

static void keep_statement(sqlite3_stmt **kept, sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    if (*kept)
        sqlite3_finalize(statement);
    else
        *kept = statement;
}

/* --- tasks --- */

int tote_store_check_task(const struct tote_store *store,
                          const struct tote_task_row *row, int64_t seal,
                          struct tote_error *err)
{
    if (seal == tote_seal_task(row))
        return 0;
    char key[24];
    snprintf(key, sizeof key, "%" PRIu64, row->task);
    return tote_store_broken_seal(store, "task", key, err);
}

static int no_task(const struct tote_store *store, uint64_t task,
                   struct tote_error *err)
{
    return tote_error_set(err, -ENODATA, "store '%.200s' has no task %" PRIu64,
                          store->db.path, task);
}

/* One step of each_task: the row must be that of a task. */
static int visit_task(struct tote_store *store, sqlite3_stmt *statement, uint64_t task,
                      tote_store_visit_task *visit, void *context,
                      struct tote_error *err)
{
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_DONE)
        return no_task(store, task, err);
    if (rc != SQLITE_ROW)
        return tote_db_fail(&store->db, rc, DOING, err);
    struct tote_columns columns = {.statement = statement};
    struct tote_task_row row;
    int64_t seal = tote_tables_read_task(&columns, &row);
    if (columns.bad)
        return tote_db_fail(&store->db, SQLITE_CORRUPT, DOING, err);
    int code = tote_store_check_task(store, &row, seal, err);
    if (code < 0)
        return code;
    return row.task == task ? visit(context, &row) : no_task(store, task, err);
}

int tote_store_each_task(struct tote_store *store, uint64_t first, uint64_t count,
                         tote_store_visit_task *visit, void *context,
                         struct tote_error *err)
{
    if (count == 0)
        return 0;
    if (first > INT64_MAX)
        return no_task(store, first, err);
    sqlite3_stmt *statement;
    int code = take_statement(store, &store->each_task,
                              "SELECT " TOTE_TASK_COLUMNS
                              " FROM task WHERE task>=? ORDER BY task",
                              &statement, err);
    if (code < 0)
        return code;
    sqlite3_bind_int64(statement, 1, (int64_t)first);
    for (uint64_t i = 0; code == 0 && i < count; i++)
        code = visit_task(store, statement, first + i, visit, context, err);
    keep_statement(&store->each_task, statement);
    return code;
}

/* --- outputs --- */

int tote_store_read_output(const struct tote_store *store, sqlite3_stmt *statement,
                           struct tote_output_row *ret_row, struct tote_error *err)
{
    struct tote_columns columns = {.statement = statement};
    int64_t seal = tote_tables_read_output(&columns, ret_row);
    if (columns.bad)
        return tote_db_fail(&store->db, SQLITE_CORRUPT, "read the outputs", err);
    if (seal != tote_seal_output(ret_row))
        return tote_store_broken_seal(store, "output", ret_row->path, err);
    return 0;
}

int tote_store_each_output(struct tote_store *store, tote_store_visit_output *visit,
                           void *context, struct tote_error *err)
{
    const char *doing = "read the outputs";
    sqlite3_stmt *statement;
    int code = tote_db_prepare(
        &store->db, "SELECT " TOTE_OUTPUT_COLUMNS " FROM output ORDER BY task, path",
        doing, &statement, err);
    if (code < 0)
        return code;
    int rc;
    while (code == 0 && (rc = sqlite3_step(statement)) != SQLITE_DONE) {
        struct tote_output_row row;
        code = rc == SQLITE_ROW ? tote_store_read_output(store, statement, &row, err)
                                : tote_db_fail(&store->db, rc, doing, err);
        if (code == 0)
            code = visit(context, &row);
    }
    sqlite3_finalize(statement);
    return code;
}

int tote_store_output(struct tote_store *store, const char *path,
                      struct tote_output_row *ret_row, struct tote_error *err)
{
    sqlite3_stmt *statement;
    int code = take_statement(store, &store->output,
                              "SELECT " TOTE_OUTPUT_COLUMNS " FROM output WHERE path=?",
                              &statement, err);
    if (code < 0)
        return code;
    struct tote_bind bind = {.statement = statement};
    struct tote_output_row row;
    tote_bind_text(&bind, path);
    int rc = bind.rc == SQLITE_OK ? sqlite3_step(statement) : bind.rc;
    if (rc == SQLITE_ROW)
        code = tote_store_read_output(store, statement, &row, err);
    else if (rc != SQLITE_DONE)
        code = tote_db_fail(&store->db, rc, DOING, err);
    keep_statement(&store->output, statement);
    if (code < 0 || rc != SQLITE_ROW)
        return code;
    row.path = path;
    *ret_row = row;
    return 1;
}
