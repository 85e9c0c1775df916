/* SPDX-License-Identifier: MIT */
/* runs.c: rows of runs and of the limit (store.h). Not for records. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/handle.h"
#include "store/row.h"
#include "store/standing.h"

#define RUN_COLUMNS                                                                    \
    "id, cell, block, label, engine, engine_version, binding, options, kernel, size, " \
    "seed,"                                                                            \
    " tasks, workers, attempts_to, batch, box, is_boxed, state, launched_utc_ns, "     \
    "launch_ns, "                                                                      \
    "ready_ns,"                                                                        \
    " first_ns, fed_ns, last_ns, end_ns, done, failed, duplicate, lost, cpu_user_ns,"  \
    " cpu_sys_ns, digest, stats, why, seal"
#define RUN_VALUES                                                                     \
    "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?"

#define LIMIT_COLUMNS "id, cell, block, threads, tasks, wall_ns, digest, seal"

static const char *const state_names[] = {
    [TOTE_RUN_RUNNING] = "running",
    [TOTE_RUN_COMPLETE] = "complete",
    [TOTE_RUN_INTERRUPTED] = "interrupted",
    [TOTE_RUN_BROKEN] = "broken",
};
enum { STATES = sizeof state_names / sizeof *state_names };

const char *tote_run_state_name(enum tote_run_state state)
{
    return (unsigned)state < STATES ? state_names[state] : "unknown";
}

void tote_run_row_finish(struct tote_run_row *row)
{
    char *texts[] = {row->label,   row->engine, row->engine_version, row->binding,
                     row->options, row->kernel, row->batch,          row->box,
                     row->stats,   row->why};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    *row = (struct tote_run_row){0};
}

/* --- writing a run --- */

static void bind_run_plan(struct tote_bind *bind, const struct tote_run_row *row)
{
    tote_bind_int(bind, row->id);
    tote_bind_int(bind, row->cell);
    tote_bind_int(bind, row->block);
    tote_bind_text(bind, row->label);
    tote_bind_text(bind, row->engine);
    tote_bind_text(bind, row->engine_version);
    tote_bind_text(bind, row->binding);
    tote_bind_text(bind, row->options);
    tote_bind_text(bind, row->kernel);
    tote_bind_uint(bind, row->size);
    tote_bind_uint(bind, row->seed);
    tote_bind_uint(bind, row->tasks);
    tote_bind_uint(bind, row->workers);
    tote_bind_uint(bind, row->attempts_to);
    tote_bind_text(bind, row->batch);
    tote_bind_text(bind, row->box);
    tote_bind_int(bind, row->is_boxed);
}

static void bind_run_course(struct tote_bind *bind, const struct tote_run_row *row)
{
    tote_bind_text(bind, tote_run_state_name(row->state));
    tote_bind_int(bind, row->launched_utc);
    tote_bind_int(bind, row->launch_ns);
    tote_bind_int(bind, row->ready_ns);
    tote_bind_int(bind, row->first_ns);
    tote_bind_int(bind, row->fed_ns);
    tote_bind_int(bind, row->last_ns);
    tote_bind_int(bind, row->end_ns);
    tote_bind_uint(bind, row->done);
    tote_bind_uint(bind, row->failed);
    tote_bind_uint(bind, row->duplicate);
    tote_bind_uint(bind, row->lost);
    tote_bind_int(bind, row->cpu_user_ns);
    tote_bind_int(bind, row->cpu_sys_ns);
    if (row->has_digest)
        tote_bind_digest(bind, &row->digest);
    else
        tote_bind_null(bind);
    tote_bind_text(bind, row->stats);
    tote_bind_text(bind, row->why);
    tote_bind_seal(bind);
}

/* Runs a statement whose parameters are the columns of a run. */
static int write_run(struct tote_store *store, const char *sql,
                     const struct tote_run_row *row, struct tote_error *err)
{
    const char *doing = "write a run";
    int code = tote_store_harden(store, err);
    if (code < 0)
        return code;
    sqlite3_stmt *statement;
    code = tote_db_prepare(&store->db, sql, doing, &statement, err);
    if (code < 0)
        return code;
    struct tote_form form = {.n = 0};
    struct tote_bind bind = {.statement = statement, .form = &form};
    bind_run_plan(&bind, row);
    bind_run_course(&bind, row);
    return tote_bind_finish(&bind, &store->db, doing, err);
}

/* With its standing; a savepoint, since salvage has a transaction open already. */
int tote_store_put_run(struct tote_store *store, const struct tote_run_row *row,
                       struct tote_error *err)
{
    const char *doing = "write a run";
    int code = tote_store_harden(store, err);
    if (code == 0)
        code = tote_db_exec(&store->db, "SAVEPOINT run", doing, err);
    if (code < 0)
        return code;
    code = write_run(store, "INSERT INTO run (" RUN_COLUMNS ") VALUES (" RUN_VALUES ")",
                     row, err);
    if (code == 0)
        code =
            tote_standing_write(&store->db, row->id, &(struct tote_standing){0}, err);
    if (code == 0)
        code = tote_db_exec(&store->db, "RELEASE run", doing, err);
    if (code < 0)
        sqlite3_exec(store->db.sqlite, "ROLLBACK TO run; RELEASE run", NULL, NULL,
                     NULL);
    return code;
}

/* The id is sealed with the rest, so that it must be known before. */
int tote_store_add_run(struct tote_store *store, struct tote_run_row *row,
                       struct tote_error *err)
{
    struct tote_run_row added = *row;
    added.state = TOTE_RUN_RUNNING;
    int code = tote_db_get_int(&store->db, "SELECT coalesce(max(id), 0) + 1 FROM run",
                               &added.id, err);
    if (code == 0)
        code = tote_store_put_run(store, &added, err);
    if (code == 0)
        *row = added;
    return code;
}

int tote_store_update_run(struct tote_store *store, const struct tote_run_row *row,
                          struct tote_error *err)
{
    int code = write_run(
        store, "UPDATE run SET (" RUN_COLUMNS ") = (" RUN_VALUES ") WHERE id=?1", row,
        err);
    if (code == 0 && sqlite3_changes(store->db.sqlite) != 1)
        code = tote_error_set(err, -ENOENT, "store '%.200s' has no run %lld",
                              store->db.path, (long long)row->id);
    return code;
}

/* --- the limit --- */

int tote_store_add_limit(struct tote_store *store, const struct tote_limit_row *row,
                         struct tote_error *err)
{
    const char *doing = "write the limit";
    sqlite3_stmt *statement;
    int64_t id = 0;
    int code = tote_store_harden(store, err);
    if (code == 0)
        code = tote_db_get_int(
            &store->db, "SELECT coalesce(max(id), 0) + 1 FROM machine_limit", &id, err);
    if (code == 0)
        code = tote_db_prepare(&store->db,
                               "INSERT INTO machine_limit (" LIMIT_COLUMNS
                               ") VALUES (?,?,?,?,?,?,?,?)",
                               doing, &statement, err);
    if (code < 0)
        return code;
    struct tote_form form = {.n = 0};
    struct tote_bind bind = {.statement = statement, .form = &form};
    tote_bind_int(&bind, id);
    tote_bind_int(&bind, row->cell);
    tote_bind_int(&bind, row->block);
    tote_bind_uint(&bind, row->threads);
    tote_bind_uint(&bind, row->tasks);
    tote_bind_int(&bind, row->wall_ns);
    tote_bind_digest(&bind, &row->digest);
    tote_bind_seal(&bind);
    return tote_bind_finish(&bind, &store->db, doing, err);
}

/* --- reading runs --- */

static enum tote_run_state read_state(struct tote_columns *row)
{
    const char *name = tote_columns_text(row);
    for (int state = 0; state < STATES; state++) {
        if (strcmp(name, state_names[state]) == 0)
            return (enum tote_run_state)state;
    }
    row->bad = true;
    return TOTE_RUN_BROKEN;
}

static tote_ns_t read_stamp(struct tote_columns *row)
{
    return tote_columns_int(row, 0, INT64_MAX);
}

static void read_run_plan(struct tote_columns *row, struct tote_run_row *run)
{
    run->cell = tote_columns_int(row, 0, INT64_MAX);
    run->block = tote_columns_int(row, 0, INT64_MAX);
    run->label = tote_columns_text_copy(row);
    run->engine = tote_columns_text_copy(row);
    run->engine_version = tote_columns_text_copy(row);
    run->binding = tote_columns_text_copy(row);
    run->options = tote_columns_text_copy(row);
    run->kernel = tote_columns_text_copy(row);
    run->size = tote_columns_count(row);
    run->seed = tote_columns_count(row);
    run->tasks = tote_columns_count(row);
    run->workers = tote_columns_uint32(row);
    run->attempts_to = tote_columns_uint32(row);
    run->batch = tote_columns_text_copy(row);
    run->box = tote_columns_text_copy(row);
    run->is_boxed = tote_columns_int(row, 0, 1) == 1;
}

static void read_run_course(struct tote_columns *row, struct tote_run_row *run)
{
    run->state = read_state(row);
    run->launched_utc = read_stamp(row);
    run->launch_ns = read_stamp(row);
    run->ready_ns = read_stamp(row);
    run->first_ns = read_stamp(row);
    run->fed_ns = read_stamp(row);
    run->last_ns = read_stamp(row);
    run->end_ns = read_stamp(row);
    run->done = tote_columns_count(row);
    run->failed = tote_columns_count(row);
    run->duplicate = tote_columns_count(row);
    run->lost = tote_columns_count(row);
    run->cpu_user_ns = read_stamp(row);
    run->cpu_sys_ns = read_stamp(row);
    run->has_digest = tote_columns_digest(row, true, &run->digest);
    run->stats = tote_columns_text_copy(row);
    run->why = tote_columns_text_copy(row);
}

static bool run_has_texts(const struct tote_run_row *run)
{
    return run->label && run->engine && run->engine_version && run->binding &&
           run->options && run->kernel && run->batch && run->box && run->stats &&
           run->why;
}

/* Makes room for one more element of size bytes in a growing array; null: no memory. */
static void *grow(void *array, size_t n, size_t size)
{
    if (n & (n - 1)) /* full only when n is 0 or a power of two */
        return array;
    return reallocarray(array, n ? 2 * n : 1, size);
}

struct run_list {
    struct tote_run_row *rows;
    size_t n;
};

static int broken_row(const struct tote_store *store, const char *table, int64_t id,
                      struct tote_error *err)
{
    char key[24];
    snprintf(key, sizeof key, "%" PRId64, id);
    return tote_store_broken_seal(store, table, key, err);
}

static int append_run(const struct tote_store *store, sqlite3_stmt *statement,
                      struct run_list *list, struct tote_error *err)
{
    struct tote_run_row *rows = grow(list->rows, list->n, sizeof *rows);
    if (!rows)
        return tote_error_set(err, -ENOMEM, "out of memory");
    list->rows = rows;
    struct tote_form form = {.n = 0};
    struct tote_columns row = {.statement = statement, .form = &form};
    struct tote_run_row *run = &rows[list->n++];
    *run = (struct tote_run_row){0};
    run->id = tote_columns_int(&row, 1, INT64_MAX);
    read_run_plan(&row, run);
    read_run_course(&row, run);
    if (!run_has_texts(run))
        return tote_error_set(err, -ENOMEM, "out of memory");
    if (row.bad)
        return tote_db_fail(&store->db, SQLITE_CORRUPT, "read a run", err);
    return tote_columns_is_whole(&row) ? 0 : broken_row(store, "run", run->id, err);
}

int tote_store_runs(struct tote_store *store, struct tote_run_row **ret_rows,
                    size_t *ret_n, struct tote_error *err)
{
    struct run_list list = {0};
    sqlite3_stmt *statement;
    int code =
        tote_db_prepare(&store->db, "SELECT " RUN_COLUMNS " FROM run ORDER BY id",
                        "read the runs", &statement, err);
    if (code < 0)
        return code;
    int rc;
    while (code == 0 && (rc = sqlite3_step(statement)) != SQLITE_DONE)
        code = rc == SQLITE_ROW ? append_run(store, statement, &list, err)
                                : tote_db_fail(&store->db, rc, "read the runs", err);
    sqlite3_finalize(statement);
    if (code == 0) {
        *ret_rows = list.rows;
        *ret_n = list.n;
        return 0;
    }
    for (size_t i = 0; i < list.n; i++)
        tote_run_row_finish(&list.rows[i]);
    free(list.rows);
    return code;
}

/* --- after a death --- */

static int mend_run(struct tote_store *store, struct tote_run_row *run,
                    struct tote_error *err)
{
    struct tote_standing standing;
    int code = tote_standing_read(&store->db, run->id, &standing, err);
    char *why = code < 0 ? NULL : strdup("tote died");
    if (code == 0 && !why)
        code = tote_error_set(err, -ENOMEM, "out of memory");
    if (code < 0)
        return code;
    free(run->why);
    run->why = why;
    run->state = TOTE_RUN_INTERRUPTED;
    run->done = standing.of[TOTE_OUTCOME_OK];
    run->failed = standing.of[TOTE_OUTCOME_FAILED] + standing.of[TOTE_OUTCOME_WRONG] +
                  standing.of[TOTE_OUTCOME_LOST];
    if (run->attempts_to < standing.attempts_to)
        run->attempts_to = standing.attempts_to;
    return tote_store_update_run(store, run, err);
}

int tote_store_mend_runs(struct tote_store *store, struct tote_error *err)
{
    struct tote_run_row *runs = NULL;
    size_t n = 0;
    int code = tote_store_runs(store, &runs, &n, err);
    for (size_t i = 0; i < n; i++) {
        if (code == 0 && runs[i].state == TOTE_RUN_RUNNING)
            code = mend_run(store, &runs[i], err);
        tote_run_row_finish(&runs[i]);
    }
    free(runs);
    return code;
}

/* --- reading the limit --- */

struct limit_list {
    struct tote_limit_row *rows;
    size_t n;
};

static int append_limit(const struct tote_store *store, sqlite3_stmt *statement,
                        struct limit_list *list, struct tote_error *err)
{
    struct tote_limit_row *rows = grow(list->rows, list->n, sizeof *rows);
    if (!rows)
        return tote_error_set(err, -ENOMEM, "out of memory");
    list->rows = rows;
    struct tote_form form = {.n = 0};
    struct tote_columns row = {.statement = statement, .form = &form};
    struct tote_limit_row *limit = &rows[list->n++];
    *limit = (struct tote_limit_row){0};
    int64_t id = tote_columns_int(&row, 1, INT64_MAX);
    limit->cell = tote_columns_int(&row, 0, INT64_MAX);
    limit->block = tote_columns_int(&row, 0, INT64_MAX);
    limit->threads = tote_columns_uint32(&row);
    limit->tasks = tote_columns_count(&row);
    limit->wall_ns = read_stamp(&row);
    tote_columns_digest(&row, false, &limit->digest);
    if (row.bad)
        return tote_db_fail(&store->db, SQLITE_CORRUPT, "read the limit", err);
    return tote_columns_is_whole(&row) ? 0
                                       : broken_row(store, "machine_limit", id, err);
}

int tote_store_limits(struct tote_store *store, struct tote_limit_row **ret_rows,
                      size_t *ret_n, struct tote_error *err)
{
    struct limit_list list = {0};
    sqlite3_stmt *statement;
    int code = tote_db_prepare(
        &store->db, "SELECT " LIMIT_COLUMNS " FROM machine_limit ORDER BY id",
        "read the limit", &statement, err);
    if (code < 0)
        return code;
    int rc;
    while (code == 0 && (rc = sqlite3_step(statement)) != SQLITE_DONE)
        code = rc == SQLITE_ROW ? append_limit(store, statement, &list, err)
                                : tote_db_fail(&store->db, rc, "read the limit", err);
    sqlite3_finalize(statement);
    if (code == 0) {
        *ret_rows = list.rows;
        *ret_n = list.n;
    } else {
        free(list.rows);
    }
    return code;
}
