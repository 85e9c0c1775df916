/* SPDX-License-Identifier: MIT */
/* insert.c: fills the tables while a run writes (insert.h). */
#include "store/insert.h"

#include <errno.h>
#include <stdlib.h>

#include "store/tables.h"

#define DOING "write records"

int tote_insert_open(struct tote_insert *insert, const struct tote_db *db,
                     struct tote_error *err)
{
    *insert = (struct tote_insert){.db = db};
    const struct {
        sqlite3_stmt **statement;
        const char *sql;
    } all[] = {
        {&insert->begin, "BEGIN IMMEDIATE"},
        {&insert->record, "INSERT INTO record (" TOTE_RECORD_COLUMNS ")"
                          " VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"},
        {&insert->batch, "INSERT INTO batch (run, batch, first, count, attempt,"
                         " worker, sent_ns, back_ns, lost, why, seal)"
                         " VALUES (?,?,?,?,?,?,?,?,?,?,?)"},
        {&insert->worker, "REPLACE INTO worker (run, worker, host, pid, slots,"
                          " joined_ns, left_ns, seal) VALUES (?,?,?,?,?,?,?,?)"},
        {&insert->joined, "SELECT host, pid, slots, joined_ns FROM worker"
                          " WHERE run=? AND worker=?"},
        {&insert->task, "INSERT INTO task (" TOTE_TASK_COLUMNS ")"
                        " VALUES (?,?,?,?,?,?,?)"},
        {&insert->path, "INSERT INTO output (" TOTE_OUTPUT_COLUMNS ")"
                        " VALUES (?,?,?,?,?,?)"},
        {&insert->result, "INSERT INTO result (" TOTE_RESULT_COLUMNS ")"
                          " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"},
        {&insert->output, "INSERT INTO output (" TOTE_OUTPUT_COLUMNS ")"
                          " VALUES (?,?,?,?,?,?) ON CONFLICT DO UPDATE SET"
                          " attempt=excluded.attempt, size=excluded.size,"
                          " digest=excluded.digest, seal=excluded.seal"
                          " WHERE task=excluded.task"},
        {&insert->commit, "COMMIT"},
    };
    int code = 0;
    for (size_t i = 0; code == 0 && i < sizeof all / sizeof *all; i++)
        code = tote_db_prepare(db, all[i].sql, DOING, all[i].statement, err);
    if (code == 0)
        code = tote_counting_open(&insert->counting, db, err);
    if (code < 0)
        tote_insert_close(insert);
    return code;
}

/* Runs a statement that gives no rows, so that it can be bound anew. */
static int step_once(const struct tote_insert *insert, sqlite3_stmt *statement,
                     const char *doing, struct tote_error *err)
{
    int rc = sqlite3_step(statement);
    int code = rc == SQLITE_DONE ? 0 : tote_db_fail(insert->db, rc, doing, err);
    sqlite3_reset(statement);
    return code;
}

/* The same, once everything is bound. */
static int step_bound(const struct tote_insert *insert, const struct tote_bind *bind,
                      const char *doing, struct tote_error *err)
{
    if (bind->rc != SQLITE_OK)
        return tote_db_fail(insert->db, bind->rc, doing, err);
    return step_once(insert, bind->statement, doing, err);
}

int tote_insert_begin(struct tote_insert *insert, struct tote_error *err)
{
    return step_once(insert, insert->begin, DOING, err);
}

int tote_insert_commit(struct tote_insert *insert, struct tote_error *err)
{
    int code = tote_counting_flush(&insert->counting, err);
    return code < 0 ? code : step_once(insert, insert->commit, DOING, err);
}

int tote_insert_records(struct tote_insert *insert, int64_t run, uint64_t worker,
                        const struct tote_record *records, size_t n,
                        struct tote_error *err)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < n; i++) {
        struct tote_bind bind = {.statement = insert->record};
        tote_tables_bind_record(&bind, run, worker, &records[i]);
        code = tote_counting_add_record(&insert->counting, run, &records[i], err);
        if (code == 0)
            code = step_bound(insert, &bind, DOING, err);
    }
    return code;
}

void tote_insert_close(struct tote_insert *insert)
{
    sqlite3_finalize(insert->begin);
    sqlite3_finalize(insert->record);
    sqlite3_finalize(insert->batch);
    sqlite3_finalize(insert->worker);
    sqlite3_finalize(insert->joined);
    sqlite3_finalize(insert->task);
    sqlite3_finalize(insert->path);
    sqlite3_finalize(insert->result);
    sqlite3_finalize(insert->output);
    sqlite3_finalize(insert->commit);
    tote_counting_close(&insert->counting);
    if (insert->db)
        tote_db_rollback(insert->db);
    *insert = (struct tote_insert){0};
}

int tote_insert_task(struct tote_insert *insert, const struct tote_task_row *row,
                     struct tote_error *err)
{
    const char *doing = "write a task";
    struct tote_bind bind = {.statement = insert->task};
    tote_tables_bind_task(&bind, row);
    int code = step_bound(insert, &bind, doing, err);
    if (code == 0)
        tote_counting_add_task(&insert->counting, row->listed);
    for (size_t i = 0; code == 0 && i < row->n_outs; i++) {
        struct tote_output_row output = {.path = row->outs[i], .task = row->task};
        bind = (struct tote_bind){.statement = insert->path};
        tote_tables_bind_output(&bind, &output);
        code = step_bound(insert, &bind, doing, err);
    }
    return code;
}

int tote_insert_result(struct tote_insert *insert, int64_t run, uint32_t attempt,
                       const struct tote_result *result, struct tote_error *err)
{
    struct tote_bind bind = {.statement = insert->result};
    unsigned char *outs = malloc(result->n_outs * TOTE_OUT_BYTES + 1);
    if (!outs)
        return tote_error_set(err, -ENOMEM, "out of memory");
    tote_tables_put_outs(result->outs, result->n_outs, outs);
    tote_tables_bind_result(&bind, run, attempt, result, outs);
    int code = step_bound(insert, &bind, "write a result", err);
    sqlite3_clear_bindings(insert->result); /* they were borrowed */
    free(outs);
    return code;
}

int tote_insert_output(struct tote_insert *insert, const struct tote_output_row *row,
                       struct tote_error *err)
{
    struct tote_bind bind = {.statement = insert->output};
    tote_tables_bind_output(&bind, row);
    int code = step_bound(insert, &bind, "write an output", err);
    if (code == 0 && sqlite3_changes(insert->db->sqlite) != 1)
        code =
            tote_error_set(err, -EEXIST,
                           "store '%.200s': '%.200s' is a file of another task than "
                           "%llu",
                           insert->db->path, row->path, (unsigned long long)row->task);
    return code;
}

int tote_insert_batch(struct tote_insert *insert, const struct tote_batch_row *row,
                      struct tote_error *err)
{
    struct tote_form form = {.n = 0};
    struct tote_bind bind = {.statement = insert->batch, .form = &form};
    tote_bind_int(&bind, row->run);
    tote_bind_uint(&bind, row->batch);
    tote_bind_uint(&bind, row->first);
    tote_bind_uint(&bind, row->count);
    tote_bind_uint(&bind, row->attempt);
    tote_bind_uint(&bind, row->worker);
    tote_bind_int(&bind, row->sent_ns);
    tote_bind_int(&bind, row->back_ns);
    tote_bind_int(&bind, row->lost);
    tote_bind_text(&bind, row->why); /* borrowed until the next one: stepped here */
    tote_bind_seal(&bind);
    return step_bound(insert, &bind, "write a batch", err);
}

static int write_worker(struct tote_insert *insert, const struct tote_worker_row *row,
                        struct tote_error *err)
{
    struct tote_form form = {.n = 0};
    struct tote_bind bind = {.statement = insert->worker, .form = &form};
    tote_bind_int(&bind, row->run);
    tote_bind_uint(&bind, row->worker);
    tote_bind_text(&bind, row->host);
    tote_bind_int(&bind, row->pid);
    tote_bind_uint(&bind, row->slots);
    tote_bind_int(&bind, row->joined_ns);
    tote_bind_int(&bind, row->left_ns);
    tote_bind_seal(&bind);
    return step_bound(insert, &bind, "write a worker", err);
}

/* One that leaves has the row from when it joined, if there is one: all of it is read,
 * to be sealed again. */
int tote_insert_worker(struct tote_insert *insert, const struct tote_worker_row *row,
                       struct tote_error *err)
{
    struct tote_worker_row whole = *row;
    struct tote_bind bind = {.statement = insert->joined};
    tote_bind_int(&bind, row->run);
    tote_bind_uint(&bind, row->worker);
    int rc = bind.rc == SQLITE_OK ? sqlite3_step(insert->joined) : bind.rc;
    struct tote_columns columns = {.statement = insert->joined};
    if (rc == SQLITE_ROW) {
        whole.host = tote_columns_text(&columns);
        whole.pid = tote_columns_int(&columns, 0, INT64_MAX);
        whole.slots = tote_columns_uint32(&columns);
        whole.joined_ns = tote_columns_int(&columns, 0, INT64_MAX);
    }
    if (columns.bad)
        rc = SQLITE_CORRUPT;
    int code = rc == SQLITE_ROW || rc == SQLITE_DONE
                   ? write_worker(insert, &whole, err)
                   : tote_db_fail(insert->db, rc, "write a worker", err);
    sqlite3_reset(insert->joined); /* its text was borrowed */
    return code;
}
