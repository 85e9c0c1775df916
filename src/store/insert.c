/* SPDX-License-Identifier: MIT */
/* insert.c: fills record, batch and worker (insert.h). */
#include "store/insert.h"

#include "store/row.h"

#define DOING "write records"

int tote_insert_open(struct tote_insert *insert, const struct tote_db *db,
                     struct tote_error *err)
{
    *insert = (struct tote_insert){.db = db};
    int code = tote_db_prepare(db, "BEGIN IMMEDIATE", DOING, &insert->begin, err);
    if (code == 0)
        code =
            tote_db_prepare(db,
                            "INSERT INTO record (run, task, attempt, worker, start_ns,"
                            " end_ns, cpu_ns, bytes_in, bytes_out, outcome, digest)"
                            " VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                            DOING, &insert->record, err);
    if (code == 0)
        code = tote_db_prepare(db, "COMMIT", DOING, &insert->commit, err);
    if (code < 0)
        tote_insert_close(insert);
    return code;
}

static int step_once(const struct tote_insert *insert, sqlite3_stmt *statement,
                     struct tote_error *err)
{
    int rc = sqlite3_step(statement);
    int code = rc == SQLITE_DONE ? 0 : tote_db_fail(insert->db, rc, DOING, err);
    sqlite3_reset(statement);
    return code;
}

int tote_insert_begin(struct tote_insert *insert, struct tote_error *err)
{
    return step_once(insert, insert->begin, err);
}

int tote_insert_commit(struct tote_insert *insert, struct tote_error *err)
{
    return step_once(insert, insert->commit, err);
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
    if (bind.rc != SQLITE_OK)
        return tote_db_fail(insert->db, bind.rc, DOING, err);
    return step_once(insert, insert->record, err);
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
    sqlite3_finalize(insert->commit);
    if (insert->db && !sqlite3_get_autocommit(insert->db->sqlite))
        sqlite3_exec(insert->db->sqlite, "ROLLBACK", NULL, NULL, NULL);
    *insert = (struct tote_insert){0};
}

int tote_insert_batch(const struct tote_db *db, const struct tote_batch_row *row,
                      struct tote_error *err)
{
    const char *doing = "write a batch";
    sqlite3_stmt *statement;
    int code = tote_db_prepare(db,
                               "INSERT INTO batch (run, batch, first, count, attempt,"
                               " worker, sent_ns, back_ns, lost, why)"
                               " VALUES (?,?,?,?,?,?,?,?,?,?)",
                               doing, &statement, err);
    if (code < 0)
        return code;
    struct tote_bind bind = {.statement = statement};
    tote_bind_int(&bind, row->run);
    tote_bind_uint(&bind, row->batch);
    tote_bind_uint(&bind, row->first);
    tote_bind_uint(&bind, row->count);
    tote_bind_uint(&bind, row->attempt);
    tote_bind_uint(&bind, row->worker);
    tote_bind_int(&bind, row->sent_ns);
    tote_bind_int(&bind, row->back_ns);
    tote_bind_int(&bind, row->lost);
    tote_bind_text(&bind, row->why);
    return tote_bind_finish(&bind, db, doing, err);
}

int tote_insert_worker(const struct tote_db *db, const struct tote_worker_row *row,
                       struct tote_error *err)
{
    const char *doing = "write a worker";
    sqlite3_stmt *statement;
    int code = tote_db_prepare(db,
                               "INSERT INTO worker (run, worker, host, pid, slots,"
                               " joined_ns, left_ns) VALUES (?,?,?,?,?,?,?)"
                               " ON CONFLICT DO UPDATE SET left_ns = excluded.left_ns",
                               doing, &statement, err);
    if (code < 0)
        return code;
    struct tote_bind bind = {.statement = statement};
    tote_bind_int(&bind, row->run);
    tote_bind_uint(&bind, row->worker);
    tote_bind_text(&bind, row->host);
    tote_bind_int(&bind, row->pid);
    tote_bind_uint(&bind, row->slots);
    tote_bind_int(&bind, row->joined_ns);
    tote_bind_int(&bind, row->left_ns);
    return tote_bind_finish(&bind, db, doing, err);
}
