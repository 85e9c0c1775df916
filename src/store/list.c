/* SPDX-License-Identifier: MIT */
/* list.c: makes a new list of a store that has one already, by keys, in one transaction
 * (commands.h).
 *
 * The index over keys is made when a list begins that finds tasks: a bag that is new
 * has no use for it, and its tasks go in faster without. Of several tasks of one key
 * the lowest is claimed first, so that the same ones are listed by every list that has
 * too few for all.
 *
 * A path belongs to the task that was listed with it last. A task that gets one back
 * has records of a file that is not there any more: they are taken back with it. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "store/handle.h"
#include "store/insert.h"
#include "store/recount.h"
#include "store/seal.h"
#include "store/standing.h"
#include "store/tables.h"

#define DOING "make its list of tasks"

enum { OWNER_LISTED = 6, OWNER_PLACE }; /* behind TOTE_OUTPUT_COLUMNS */

struct tote_list {
    uint32_t list;
    bool had_tasks; /* before it began */
    bool has_marks;
    struct tote_insert insert;
    sqlite3_stmt *find;                /* tasks of a key, from a number on */
    sqlite3_stmt *get_mark, *set_mark; /* of a key: tasks below are of this list */
    sqlite3_stmt *owner; /* of a path: the row, and listed and place of its task */
    sqlite3_stmt *relist, *move;
};

/* Keys that have several tasks are noted in a table of the connection: or each claim of
 * them would walk over all that are claimed. */
#define BEGIN_SQL                                                                      \
    "PRAGMA cache_size=-65536; PRAGMA secure_delete=OFF;"                              \
    "CREATE TEMP TABLE IF NOT EXISTS mark"                                             \
    " (key BLOB PRIMARY KEY, task INTEGER NOT NULL) WITHOUT ROWID;"                    \
    "DELETE FROM temp.mark; BEGIN IMMEDIATE"
#define INDEX_SQL "CREATE INDEX IF NOT EXISTS task_key ON task (key)"

static int prepare_all(struct tote_list *list, const struct tote_db *db,
                       struct tote_error *err)
{
    const struct {
        sqlite3_stmt **statement;
        const char *sql;
    } all[] = {
        {&list->find, "SELECT " TOTE_TASK_COLUMNS " FROM task WHERE key=? AND task>=?"
                      " ORDER BY task"},
        {&list->get_mark, "SELECT task FROM temp.mark WHERE key=?"},
        {&list->set_mark, "REPLACE INTO temp.mark (key, task) VALUES (?,?)"},
        {&list->owner, "SELECT " TOTE_OUTPUT_COLUMNS ","
                       " (SELECT listed FROM task t WHERE t.task=output.task),"
                       " (SELECT place FROM task t WHERE t.task=output.task)"
                       " FROM output WHERE path=?"},
        {&list->relist, "UPDATE task SET listed=?, place=?, inputs=?, seal=?"
                        " WHERE task=?"},
        {&list->move, "REPLACE INTO output (" TOTE_OUTPUT_COLUMNS ")"
                      " VALUES (?,?,?,?,?,?)"},
    };
    int code = tote_insert_open(&list->insert, db, err);
    for (size_t i = 0; code == 0 && i < sizeof all / sizeof *all; i++)
        code = tote_db_prepare(db, all[i].sql, DOING, all[i].statement, err);
    return code;
}

/* After BEGIN. */
static int look_for_tasks(struct tote_list *list, const struct tote_db *db,
                          struct tote_error *err)
{
    int64_t has = 0;
    int code = tote_db_get_int(db, "SELECT EXISTS (SELECT 1 FROM task)", &has, err);
    list->had_tasks = has == 1;
    return code < 0 || !has ? code : tote_db_exec(db, INDEX_SQL, DOING, err);
}

/* Frees the list and ends its transaction, without its changes unless it is committed.
 */
static void list_end(struct tote_store *store)
{
    struct tote_list *list = store->list;
    if (!list)
        return;
    sqlite3_stmt *all[] = {list->find,  list->get_mark, list->set_mark,
                           list->owner, list->relist,   list->move};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        sqlite3_finalize(all[i]);
    tote_insert_close(&list->insert);
    tote_db_rollback(&store->db);
    sqlite3_exec(store->db.sqlite, "PRAGMA cache_size=-2000", NULL, NULL, NULL);
    free(list);
    store->list = NULL;
}

int tote_store_list_begin(struct tote_store *store, uint32_t number,
                          struct tote_error *err)
{
    int code = tote_store_harden(store, err);
    if (code < 0)
        return code;
    list_end(store);
    store->list = calloc(1, sizeof *store->list);
    if (!store->list)
        return tote_error_set(err, -ENOMEM, "out of memory");
    store->list->list = number;
    code = tote_db_exec(&store->db, BEGIN_SQL, DOING, err);
    if (code == 0)
        code = look_for_tasks(store->list, &store->db, err);
    if (code == 0)
        code = prepare_all(store->list, &store->db, err);
    if (code < 0)
        list_end(store);
    return code;
}

void tote_store_list_cancel(struct tote_store *store)
{
    list_end(store);
}

/* Tasks that were there before may be of this list now, or of none: only all of them
 * together tell how it stands. */
static int count_anew(struct tote_store *store, struct tote_error *err)
{
    struct tote_standing all;
    int code = tote_counting_flush(&store->list->insert.counting, err);
    if (code == 0)
        code = tote_recount_all(store, store->list->list, &all, err);
    return code < 0 ? code : tote_standing_write(&store->db, 0, &all, err);
}

int tote_store_list_commit(struct tote_store *store, struct tote_error *err)
{
    int code = store->list->had_tasks ? count_anew(store, err) : 0;
    if (code == 0)
        code = tote_insert_commit(&store->list->insert, err);
    list_end(store);
    return code;
}

/* --- steps --- */

/* Steps a statement that gives at most one row: 1, it is at it; 0, none. */
static int step_to_row(const struct tote_store *store, const struct tote_bind *bind,
                       struct tote_error *err)
{
    int rc = bind->rc == SQLITE_OK ? sqlite3_step(bind->statement) : bind->rc;
    if (rc == SQLITE_ROW)
        return 1;
    return rc == SQLITE_DONE ? 0 : tote_db_fail(&store->db, rc, DOING, err);
}

static int step_update(const struct tote_store *store, const struct tote_bind *bind,
                       struct tote_error *err)
{
    int code = step_to_row(store, bind, err);
    sqlite3_reset(bind->statement);
    return code;
}

static int damaged(const struct tote_store *store, struct tote_error *err)
{
    return tote_db_fail(&store->db, SQLITE_CORRUPT, DOING, err);
}

/* --- paths --- */

/* The row that owner is at goes over to another task, unless its own is of this list.
 */
static int take_over(struct tote_store *store, const struct tote_task_row *to,
                     struct tote_output_row *row, uint64_t *ret_other,
                     struct tote_error *err)
{
    sqlite3_stmt *owner = store->list->owner;
    if (sqlite3_column_int64(owner, OWNER_LISTED) == store->list->list) {
        *ret_other = (uint64_t)sqlite3_column_int64(owner, OWNER_PLACE);
        return tote_error_set(err, -EEXIST,
                              "items %" PRIu64 " and %" PRIu64
                              " of the list both make '%.200s'",
                              *ret_other, to->place, row->path);
    }
    row->task = to->task;
    struct tote_bind bind = {.statement = store->list->move};
    tote_tables_bind_output(&bind, row); /* its path is borrowed from owner */
    int code = step_update(store, &bind, err);
    return code < 0 ? code : 1;
}

/* Makes a path that of a task: 1; 0: it is already, and the task had it before. */
static int own_path(struct tote_store *store, const struct tote_task_row *to,
                    bool is_new, const char *path, uint64_t *ret_other,
                    struct tote_error *err)
{
    struct tote_output_row row = {.path = path, .task = to->task};
    struct tote_bind bind = {.statement = store->list->owner};
    tote_bind_text(&bind, path);
    int code = step_to_row(store, &bind, err);
    bool has_owner = code > 0;
    if (has_owner)
        code = tote_store_read_output(store, bind.statement, &row, err);
    if (has_owner && code == 0 && (is_new || row.task != to->task))
        code = take_over(store, to, &row, ret_other, err);
    sqlite3_reset(bind.statement);
    if (code < 0 || has_owner)
        return code;
    code = tote_insert_output(&store->list->insert, &row, err);
    return code < 0 ? code : 1;
}

/* 1: at least one was not its own until now. */
static int own_paths(struct tote_store *store, const struct tote_task_row *to,
                     bool is_new, uint64_t *ret_other, struct tote_error *err)
{
    int code = 0, taken = 0;
    for (size_t i = 0; code >= 0 && i < to->n_outs; i++) {
        code = own_path(store, to, is_new, to->outs[i], ret_other, err);
        taken |= code > 0;
    }
    return code < 0 ? code : taken;
}

/* --- claim --- */

static int get_mark(struct tote_store *store, const struct tote_digest *key,
                    uint64_t *ret_task, struct tote_error *err)
{
    *ret_task = 0;
    if (!store->list->has_marks)
        return 0;
    struct tote_bind bind = {.statement = store->list->get_mark};
    tote_bind_digest(&bind, key);
    int code = step_to_row(store, &bind, err);
    if (code > 0)
        *ret_task = (uint64_t)sqlite3_column_int64(bind.statement, 0);
    sqlite3_reset(bind.statement);
    return code < 0 ? code : 0;
}

static int set_mark(struct tote_store *store, const struct tote_digest *key,
                    uint64_t task, struct tote_error *err)
{
    struct tote_bind bind = {.statement = store->list->set_mark};
    tote_bind_digest(&bind, key);
    tote_bind_uint(&bind, task);
    store->list->has_marks = true;
    return step_update(store, &bind, err);
}

/* The row that find is at, listed anew. Its key is not written again: SQLite would take
 * it out of the index and put it back. */
static int relist(struct tote_store *store, const struct tote_task_row *as,
                  uint64_t *ret_task, struct tote_error *err)
{
    struct tote_columns columns = {.statement = store->list->find};
    struct tote_task_row row;
    int64_t seal = tote_tables_read_task(&columns, &row);
    if (columns.bad)
        return damaged(store, err);
    int code = tote_store_check_task(store, &row, seal, err);
    if (code < 0)
        return code;
    row.listed = store->list->list;
    row.place = as->place;
    row.inputs = as->inputs;
    struct tote_bind bind = {.statement = store->list->relist};
    tote_bind_uint(&bind, row.listed);
    tote_bind_uint(&bind, row.place);
    tote_bind_digest(&bind, &row.inputs);
    tote_bind_int(&bind, tote_seal_task(&row));
    tote_bind_uint(&bind, row.task);
    code = step_update(store, &bind, err);
    if (code == 0)
        *ret_task = row.task;
    return code;
}

/* To the first task of the key that is not of this list yet: 1; 0: there is none. */
static int find_task(struct tote_store *store, const struct tote_digest *key,
                     struct tote_error *err)
{
    uint64_t from, next;
    int code = get_mark(store, key, &from, err);
    if (code < 0)
        return code;
    struct tote_bind bind = {.statement = store->list->find};
    tote_bind_digest(&bind, key);
    tote_bind_uint(&bind, from);
    next = from;
    while ((code = step_to_row(store, &bind, err)) > 0 &&
           sqlite3_column_int64(bind.statement, 1) == store->list->list)
        next = (uint64_t)sqlite3_column_int64(bind.statement, 0) + 1;
    if (code < 0 || next == from)
        return code;
    int marked = set_mark(store, key, next, err);
    return marked < 0 ? marked : code;
}

/* What the records of the task say of a path that it lost is not what is there. */
static int own_again(struct tote_store *store, const struct tote_task_row *row,
                     uint64_t *ret_other, struct tote_error *err)
{
    int taken = own_paths(store, row, false, ret_other, err);
    int code = taken > 0 ? tote_store_spoil(store, row->task, err) : taken;
    return code < 0 ? code : taken;
}

int tote_store_list_claim(struct tote_store *store, struct tote_task_row *row,
                          uint64_t *ret_other, struct tote_error *err)
{
    if (!store->list->had_tasks)
        return 0;
    struct tote_task_row claimed = *row;
    int found = find_task(store, &row->key, err);
    int code = found > 0 ? relist(store, row, &claimed.task, err) : found;
    sqlite3_reset(store->list->find);
    if (code < 0 || found == 0)
        return code;
    code = own_again(store, &claimed, ret_other, err);
    if (code < 0)
        return code;
    row->task = claimed.task;
    return code > 0 ? TOTE_CLAIM_SPOILT : TOTE_CLAIM_KEPT;
}

/* --- add --- */

int tote_store_list_add(struct tote_store *store, const struct tote_task_row *row,
                        uint64_t *ret_other, struct tote_error *err)
{
    struct tote_task_row bare = *row;
    bare.listed = store->list->list;
    bare.n_outs = 0;
    int code = tote_insert_task(&store->list->insert, &bare, err);
    if (code == 0)
        code = own_paths(store, row, true, ret_other, err);
    return code < 0 ? code : 0;
}
