/* SPDX-License-Identifier: MIT */
/* insert.c: fills record, batch and worker (insert.h). */
#include "store/insert.h"

#include "store/row.h"

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
        {&insert->record, "INSERT INTO record (run, task, attempt, worker, start_ns,"
                          " end_ns, cpu_ns, bytes_in, bytes_out, outcome, digest)"
                          " VALUES (?,?,?,?,?,?,?,?,?,?,?)"},
        {&insert->batch, "INSERT INTO batch (run, batch, first, count, attempt,"
                         " worker, sent_ns, back_ns, lost, why)"
                         " VALUES (?,?,?,?,?,?,?,?,?,?)"},
        {&insert->worker, "INSERT INTO worker (run, worker, host, pid, slots,"
                          " joined_ns, left_ns) VALUES (?,?,?,?,?,?,?)"
                          " ON CONFLICT DO UPDATE SET left_ns = excluded.left_ns"},
        {&insert->commit, "COMMIT"},
    };
    int code = 0;
    for (size_t i = 0; code == 0 && i < sizeof all / sizeof *all; i++)
        code = tote_db_prepare(db, all[i].sql, DOING, all[i].statement, err);
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
    return step_once(insert, insert->commit, DOING, err);
}

static int insert_record(struct tote_insert *insert, struct tote_bind bind,
                         const struct tote_record *record, struct tote_error *err)
{
    tote_bind_uint(&bind, record->task);
    tote_bind_uint(&bind, record->attempt);
    bind.i++; /* worker: bound once for all */
    tote_bind_int(&bind, record->start_ns);
    tote_bind_int(&bind, record->end_ns);
    tote_bind_int(&bind, record->cpu_ns);
    tote_bind_uint(&bind, record->bytes_in);
    tote_bind_uint(&bind, record->bytes_out);
    tote_bind_int(&bind, record->outcome);
    tote_bind_digest(&bind, &record->digest);
    return step_bound(insert, &bind, DOING, err);
}

int tote_insert_records(struct tote_insert *insert, int64_t run, uint64_t worker,
                        const struct tote_record *records, size_t n,
                        struct tote_error *err)
{
    struct tote_bind run_bind = {.statement = insert->record};
    struct tote_bind worker_bind = {.statement = insert->record, .i = 3};
    tote_bind_int(&run_bind, run);
    tote_bind_uint(&worker_bind, worker);
    int code = 0;
    for (size_t i = 0; code == 0 && i < n; i++)
        code = insert_record(insert, run_bind, &records[i], err);
    return code;
}

void tote_insert_close(struct tote_insert *insert)
{
    sqlite3_finalize(insert->begin);
    sqlite3_finalize(insert->record);
    sqlite3_finalize(insert->batch);
    sqlite3_finalize(insert->worker);
    sqlite3_finalize(insert->commit);
    if (insert->db && !sqlite3_get_autocommit(insert->db->sqlite))
        sqlite3_exec(insert->db->sqlite, "ROLLBACK", NULL, NULL, NULL);
    *insert = (struct tote_insert){0};
}

int tote_insert_batch(struct tote_insert *insert, const struct tote_batch_row *row,
                      struct tote_error *err)
{
    struct tote_bind bind = {.statement = insert->batch};
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
    return step_bound(insert, &bind, "write a batch", err);
}

int tote_insert_worker(struct tote_insert *insert, const struct tote_worker_row *row,
                       struct tote_error *err)
{
    struct tote_bind bind = {.statement = insert->worker};
    tote_bind_int(&bind, row->run);
    tote_bind_uint(&bind, row->worker);
    tote_bind_text(&bind, row->host);
    tote_bind_int(&bind, row->pid);
    tote_bind_uint(&bind, row->slots);
    tote_bind_int(&bind, row->joined_ns);
    tote_bind_int(&bind, row->left_ns);
    return step_bound(insert, &bind, "write a worker", err);
}
