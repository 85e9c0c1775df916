/* SPDX-License-Identifier: MIT */
/* results.c: what came of the tasks of a store over all its runs (commands.h), and how
 * it is taken back. Seals are checked: what is read here decides what runs again. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/merge.h"
#include "store/seal.h"
#include "store/standing.h"
#include "store/tables.h"

#define DOING   "read the results"
#define SQL_MAX 256

/* --- the record that counts --- */

/* Of one task after the other: its ok record with the lowest attempt, or its last. */
struct pick {
    const struct tote_store *store;
    tote_store_visit *visit; /* told when the next task begins; or null */
    void *context;
    bool has;
    int64_t run;
    uint64_t worker;
    struct tote_record record;
};

int tote_store_judge_record(const struct tote_store *store, int64_t run,
                            uint64_t worker, const struct tote_record *record,
                            int64_t seal, struct tote_error *err)
{
    char key[80];
    if (seal == tote_seal_record(run, worker, record))
        return 0;
    snprintf(key, sizeof key,
             "(run %" PRId64 ", task %" PRIu64 ", attempt %" PRIu32 ")", run,
             record->task, record->attempt);
    return tote_store_broken_seal(store, "record", key, err);
}

static int pick_tell(const struct pick *pick)
{
    return pick->has && pick->visit
               ? pick->visit(pick->context, &pick->record, pick->worker)
               : 0;
}

static int pick_row(void *context, struct tote_columns *row, struct tote_error *err)
{
    struct pick *pick = context;
    struct tote_record record;
    int64_t run;
    uint64_t worker;
    row->is_sealed = true;
    int64_t seal = tote_tables_read_record(row, &run, &worker, &record);
    if (row->bad)
        return 0;
    int judged = tote_store_judge_record(pick->store, run, worker, &record, seal, err);
    if (judged < 0)
        return judged;
    bool is_same = pick->has && record.task == pick->record.task;
    if (is_same && pick->record.outcome == TOTE_OUTCOME_OK)
        return 0;
    int code = is_same ? 0 : pick_tell(pick);
    pick->has = true;
    pick->run = run;
    pick->worker = worker;
    pick->record = record;
    return code;
}

int tote_store_each_result_of(struct tote_store *store, int64_t run,
                              tote_store_visit *visit, void *context,
                              struct tote_error *err)
{
    struct pick pick = {.store = store, .visit = visit, .context = context};
    int code = tote_merge_each(store,
                               "SELECT " TOTE_RECORD_COLUMNS
                               " FROM record WHERE run=? ORDER BY task, attempt",
                               run, pick_row, &pick, DOING, err);
    return code == 0 ? pick_tell(&pick) : code;
}

int tote_store_each_result(struct tote_store *store, tote_store_visit *visit,
                           void *context, struct tote_error *err)
{
    return tote_store_each_result_of(store, 0, visit, context, err);
}

/* Leaves it in *pick, if there is any; run 0: over all runs. */
static int pick_of_task(struct tote_store *store, int64_t run, uint64_t task,
                        struct pick *pick, struct tote_error *err)
{
    char sql[SQL_MAX];
    snprintf(sql, sizeof sql,
             "SELECT " TOTE_RECORD_COLUMNS " FROM record WHERE run=? AND task=%" PRIu64
             " ORDER BY task, attempt",
             task & INT64_MAX);
    *pick = (struct pick){.store = store};
    return task > INT64_MAX
               ? 0
               : tote_merge_each(store, sql, run, pick_row, pick, DOING, err);
}

/* --- one result --- */

static char *put_bytes(char *at, const void *data, size_t n)
{
    if (n > 0)
        memcpy(at, data, n);
    return at + n;
}

/* Moves what a result borrows from a statement into memory of its own. */
static int own_result(struct tote_result *result, const struct tote_span *outs,
                      void **ret_memory, struct tote_error *err)
{
    size_t files_n = result->n_outs * sizeof *result->outs;
    size_t why_n = strlen(result->why) + 1;
    size_t n = files_n + why_n;
    for (int i = 0; i < TOTE_STREAMS; i++)
        n += result->streams[i].size;
    char *memory = malloc(n);
    if (!memory)
        return tote_error_set(err, -ENOMEM, "out of memory");
    tote_tables_get_outs(outs->data, result->n_outs, (struct tote_result_file *)memory);
    result->outs = (const struct tote_result_file *)memory;
    char *at = memory + files_n;
    const char *why = result->why;
    result->why = at;
    at = put_bytes(at, why, why_n);
    for (int i = 0; i < TOTE_STREAMS; i++) {
        const void *from = result->streams[i].data;
        result->streams[i].data = at;
        at = put_bytes(at, from, result->streams[i].size);
    }
    *ret_memory = memory;
    return 0;
}

static int read_result(const struct tote_store *store, sqlite3_stmt *statement,
                       struct tote_result *result, void **ret_memory,
                       struct tote_error *err)
{
    struct tote_columns columns = {.statement = statement};
    struct tote_span outs;
    int64_t run;
    uint32_t attempt;
    int64_t seal = tote_tables_read_result(&columns, &run, &attempt, result, &outs);
    if (columns.bad)
        return tote_db_fail(&store->db, SQLITE_CORRUPT, DOING, err);
    if (seal != tote_seal_result(run, attempt, result, outs.data, outs.size)) {
        char key[80];
        snprintf(key, sizeof key,
                 "(run %" PRId64 ", task %" PRIu64 ", attempt %" PRIu32 ")", run,
                 result->task, attempt);
        return tote_store_broken_seal(store, "result", key, err);
    }
    return own_result(result, &outs, ret_memory, err);
}

/* Records of a kernel have none, nor have those that tote itself wrote: then it says
 * only what the record does. */
static int read_result_of(struct tote_store *store, const struct pick *pick,
                          struct tote_result *result, void **ret_memory,
                          struct tote_error *err)
{
    sqlite3_stmt *statement;
    int code = tote_db_prepare(&store->db,
                               "SELECT " TOTE_RESULT_COLUMNS
                               " FROM result WHERE run=? AND task=? AND attempt=?",
                               DOING, &statement, err);
    if (code < 0)
        return code;
    struct tote_bind bind = {.statement = statement};
    tote_bind_int(&bind, pick->run);
    tote_bind_uint(&bind, pick->record.task);
    tote_bind_uint(&bind, pick->record.attempt);
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        code = read_result(store, statement, result, ret_memory, err);
    else if (rc != SQLITE_DONE)
        code = tote_db_fail(&store->db, rc, DOING, err);
    else
        *result = (struct tote_result){
            .task = pick->record.task,
            .cause = pick->record.outcome == TOTE_OUTCOME_LOST ? TOTE_CAUSE_LOST
                                                               : TOTE_CAUSE_NONE,
            .why = "",
        };
    sqlite3_finalize(statement);
    return code;
}

int tote_store_result(struct tote_store *store, uint64_t task,
                      struct tote_record *ret_record, struct tote_result *ret_result,
                      int64_t *ret_run, void **ret_memory, struct tote_error *err)
{
    struct pick pick;
    struct tote_result result;
    void *memory = NULL;
    int code = pick_of_task(store, 0, task, &pick, err);
    if (code == 0 && pick.has)
        code = read_result_of(store, &pick, &result, &memory, err);
    if (code < 0 || !pick.has)
        return code;
    *ret_record = pick.record;
    *ret_result = result;
    *ret_run = pick.run;
    *ret_memory = memory;
    return 1;
}

/* --- taking back --- */

#define TAKING "take a result back"

static int spoil_record(struct tote_store *store, struct pick *pick,
                        struct tote_error *err)
{
    sqlite3_stmt *statement;
    int code = tote_db_prepare(&store->db,
                               "REPLACE INTO record (" TOTE_RECORD_COLUMNS ")"
                               " VALUES (?,?,?,?,?,?,?,?,?,?,?,?)",
                               TAKING, &statement, err);
    if (code < 0)
        return code;
    struct tote_bind bind = {.statement = statement};
    pick->record.outcome = TOTE_OUTCOME_WRONG;
    pick->record.digest = (struct tote_digest){0};
    tote_tables_bind_record(&bind, pick->run, pick->worker, &pick->record);
    return tote_bind_finish(&bind, &store->db, TAKING, err);
}

/* The run has one ok record less of the task. */
static int spoil_standing_of(struct tote_store *store, int64_t run, uint64_t task,
                             struct tote_error *err)
{
    struct pick left;
    int code = pick_of_task(store, run, task, &left, err);
    return code < 0 ? code
                    : tote_standing_move(&store->db, run, TOTE_OUTCOME_OK,
                                         left.record.outcome, err);
}

static int note_listed(void *context, const struct tote_task_row *row)
{
    *(uint32_t *)context = row->listed;
    return 0;
}

/* The task was ok, and counts under another outcome now. A list that is being made is
 * counted when it is whole. */
static int spoil_standing(struct tote_store *store, uint64_t task,
                          enum tote_outcome outcome, struct tote_error *err)
{
    struct tote_standing all;
    uint32_t listed = 0;
    if (store->list)
        return 0;
    int code = tote_standing_read(&store->db, 0, &all, err);
    if (code == 0 && all.list > 0)
        code = tote_store_each_task(store, task, 1, note_listed, &listed, err);
    if (code < 0 || !tote_standing_has(&all, listed))
        return code;
    return tote_standing_move(&store->db, 0, TOTE_OUTCOME_OK, outcome, err);
}

int tote_store_spoil(struct tote_store *store, uint64_t task, struct tote_error *err)
{
    for (bool was_ok = false;; was_ok = true) {
        struct pick pick;
        int code = pick_of_task(store, 0, task, &pick, err);
        if (code < 0 || !pick.has)
            return code;
        if (pick.record.outcome != TOTE_OUTCOME_OK)
            return was_ok ? spoil_standing(store, task, pick.record.outcome, err) : 0;
        code = spoil_record(store, &pick, err);
        if (code == 0)
            code = spoil_standing_of(store, pick.run, task, err);
        if (code < 0)
            return code;
    }
}

int tote_store_disown(struct tote_store *store, const uint64_t *tasks, size_t n,
                      struct tote_error *err)
{
    int code = tote_store_harden(store, err);
    if (code == 0)
        code = tote_db_exec(&store->db, "BEGIN IMMEDIATE", TAKING, err);
    for (size_t i = 0; code == 0 && i < n; i++)
        code = tote_store_spoil(store, tasks[i], err);
    if (code == 0)
        code = tote_db_exec(&store->db, "COMMIT", TAKING, err);
    if (code < 0)
        tote_db_rollback(&store->db);
    return code;
}
