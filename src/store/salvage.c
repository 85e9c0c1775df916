/* SPDX-License-Identifier: MIT */
/* salvage.c: copies what is whole of a store into a new one (fsck.h).
 *
 * Rows are copied as they are, seals and all. What other rows need and what is lost is
 * made anew, empty: a run that has records, a task below the highest number. Such a
 * task is of no list, and that list counts as not read to its end: nothing is taken
 * for done, and whoever gives the list again gets its items run. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/audit.h"
#include "store/handle.h"
#include "store/insert.h"
#include "store/recount.h"

#define GROUP    10000 /* rows of a transaction */
#define KEPT_MAX 65536 /* bytes of a column that are kept in the quarantine */
#define DOING    "copy what is whole"

#define QUARANTINE                                                                     \
    "CREATE TABLE quarantine (id INTEGER PRIMARY KEY, \"table\" TEXT NOT NULL,"        \
    " key TEXT NOT NULL, what TEXT NOT NULL, row TEXT NOT NULL);"

struct salvage {
    struct tote_audit audit; /* of the old one */
    struct tote_store *into;
    sqlite3_stmt *quarantine;
    sqlite3_stmt *has_record;
    sqlite3_stmt *insert; /* into the table that is being copied */
    uint64_t in_group;
    uint64_t damaged_outputs, damaged_tasks;
    struct tote_standing old; /* row 0, if it is whole */
    bool knows_old;
};

static int fail(const struct salvage *salvage, int rc, struct tote_error *err)
{
    return tote_db_fail(&salvage->into->db, rc, DOING, err);
}

static int exec(const struct salvage *salvage, const char *sql, struct tote_error *err)
{
    return tote_db_exec(&salvage->into->db, sql, DOING, err);
}

/* --- quarantine --- */

static void append_blob(sqlite3_str *text, const unsigned char *bytes, int n)
{
    sqlite3_str_appendall(text, "x'");
    for (int i = 0; i < n && i < KEPT_MAX; i++)
        sqlite3_str_appendf(text, "%02x", bytes[i]);
    sqlite3_str_appendall(text, n > KEPT_MAX ? "'..." : "'");
}

static void append_column(sqlite3_str *text, sqlite3_stmt *statement, int i)
{
    sqlite3_str_appendf(text, "%s%s=", i ? ", " : "",
                        sqlite3_column_name(statement, i));
    int type = sqlite3_column_type(statement, i);
    if (type == SQLITE_BLOB) {
        const unsigned char *bytes = sqlite3_column_blob(statement, i);
        append_blob(text, bytes, bytes ? sqlite3_column_bytes(statement, i) : 0);
    } else if (type == SQLITE_NULL) {
        sqlite3_str_appendall(text, "NULL");
    } else {
        const unsigned char *value = sqlite3_column_text(statement, i);
        sqlite3_str_appendf(text, type == SQLITE_TEXT ? "'%.65536q'" : "%s",
                            value ? (const char *)value : "");
    }
}

/* New text of all columns, or null. */
static char *row_text(sqlite3_stmt *statement)
{
    sqlite3_str *text = sqlite3_str_new(NULL);
    for (int i = 0; i < sqlite3_column_count(statement); i++)
        append_column(text, statement, i);
    return sqlite3_str_finish(text);
}

static int quarantine(struct salvage *salvage, const struct tote_audit_table *table,
                      sqlite3_stmt *row, const char *what, struct tote_error *err)
{
    char key[TOTE_AUDIT_TEXT];
    tote_audit_key(table, row, key);
    sqlite3_stmt *statement = salvage->quarantine;
    const char *texts[] = {table->name, key, what};
    int rc = SQLITE_OK;
    for (int i = 0; rc == SQLITE_OK && i < 3; i++)
        rc = sqlite3_bind_text(statement, i + 1, texts[i], -1, SQLITE_TRANSIENT);
    char *text = row_text(row);
    if (rc == SQLITE_OK)
        rc = text ? sqlite3_bind_text(statement, 4, text, -1, sqlite3_free)
                  : SQLITE_NOMEM;
    else
        sqlite3_free(text);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    sqlite3_reset(statement);
    return rc == SQLITE_DONE ? 0 : fail(salvage, rc, err);
}

/* --- copying --- */

static int next_group(struct salvage *salvage, struct tote_error *err)
{
    if (++salvage->in_group < GROUP)
        return 0;
    salvage->in_group = 0;
    return exec(salvage, "COMMIT; BEGIN IMMEDIATE", err);
}

/* A result that no record speaks of says nothing: 1 if that is so. */
static int is_orphan(struct salvage *salvage, const struct tote_audit_table *table,
                     sqlite3_stmt *row, struct tote_error *err)
{
    if (strcmp(table->name, "result") != 0)
        return 0;
    sqlite3_stmt *statement = salvage->has_record;
    int rc = SQLITE_OK;
    for (int i = 0; rc == SQLITE_OK && i < 3; i++)
        rc = sqlite3_bind_value(statement, i + 1, sqlite3_column_value(row, i));
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    sqlite3_reset(statement);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return fail(salvage, rc, err);
    return rc == SQLITE_DONE;
}

static int insert_row(struct salvage *salvage, sqlite3_stmt *row)
{
    sqlite3_stmt *statement = salvage->insert;
    int rc = SQLITE_OK;
    for (int i = 0; rc == SQLITE_OK && i < sqlite3_column_count(row); i++)
        rc = sqlite3_bind_value(statement, i + 1, sqlite3_column_value(row, i));
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int copy_row(void *context, const struct tote_audit_table *table,
                    sqlite3_stmt *row, const char *what, struct tote_error *err)
{
    struct salvage *salvage = context;
    int code = what ? 0 : is_orphan(salvage, table, row, err);
    if (code < 0)
        return code;
    int rc = SQLITE_OK;
    if (code > 0)
        what = "has no record";
    else if (!what && !table->is_derived &&
             (rc = insert_row(salvage, row)) != SQLITE_OK) {
        if ((rc & 0xff) != SQLITE_CONSTRAINT)
            return fail(salvage, rc, err);
        what = "is there already, or is not what such a row may be";
    }
    if (code > 0 || rc != SQLITE_OK) {
        char key[TOTE_AUDIT_TEXT];
        tote_audit_key(table, row, key);
        tote_audit_damage(&salvage->audit, "%s %s %s", table->name, key, what);
    }
    code = what ? quarantine(salvage, table, row, what, err) : 0;
    return code < 0 ? code : next_group(salvage, err);
}

static int prepare_insert(struct salvage *salvage, const struct tote_audit_table *table,
                          struct tote_error *err)
{
    char sql[1024], count[128];
    int64_t n = 0;
    snprintf(count, sizeof count, "SELECT count(*) FROM pragma_table_info('%s')",
             table->name);
    int code = tote_db_get_int(&salvage->into->db, count, &n, err);
    if (code < 0)
        return code;
    bool all = strcmp(table->columns, "*") == 0;
    int at = snprintf(sql, sizeof sql, "INSERT INTO %s %s%s%s VALUES (?", table->name,
                      all ? "" : "(", all ? "" : table->columns, all ? "" : ")");
    for (int64_t i = 1; i < n && at < (int)sizeof sql; i++)
        at += snprintf(sql + at, sizeof sql - (size_t)at, ",?");
    if (at < (int)sizeof sql)
        snprintf(sql + at, sizeof sql - (size_t)at, ")");
    return tote_db_prepare(&salvage->into->db, sql, DOING, &salvage->insert, err);
}

static int copy_tables(struct salvage *salvage, struct tote_error *err)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < TOTE_AUDIT_TABLES; i++) {
        const struct tote_audit_table *table = &tote_audit_tables[i];
        code = prepare_insert(salvage, table, err);
        uint64_t before = salvage->audit.found.damaged;
        if (code == 0)
            code = tote_audit_each(&salvage->audit, table, copy_row, salvage, err);
        uint64_t damaged = salvage->audit.found.damaged - before;
        if (strcmp(table->name, "output") == 0)
            salvage->damaged_outputs = damaged;
        if (strcmp(table->name, "task") == 0)
            salvage->damaged_tasks = damaged;
        sqlite3_finalize(salvage->insert);
        salvage->insert = NULL;
    }
    return code;
}

/* --- what others need --- */

#define LOST_RUN                                                                       \
    "SELECT coalesce(min(run), 0) FROM (SELECT run FROM record UNION SELECT run FROM"  \
    " worker UNION SELECT run FROM batch UNION SELECT run FROM usage UNION SELECT"     \
    " subject FROM reading WHERE kind = 'run') WHERE run > 0 AND run NOT IN"           \
    " (SELECT id FROM run)"

static int add_lost_run(struct salvage *salvage, int64_t id, struct tote_error *err)
{
    static char empty[] = "", why[] = "its row was damaged; made anew by salvage";
    struct tote_run_row row = {.id = id,
                               .state = TOTE_RUN_INTERRUPTED,
                               .label = empty,
                               .engine = empty,
                               .engine_version = empty,
                               .binding = empty,
                               .options = empty,
                               .kernel = empty,
                               .batch = empty,
                               .box = empty,
                               .stats = empty,
                               .why = why};
    char sql[128];
    int64_t attempts_to = 0;
    snprintf(sql, sizeof sql,
             "SELECT coalesce(max(attempt), 0) FROM record WHERE run=%" PRId64, id);
    int code = tote_db_get_int(&salvage->into->db, sql, &attempts_to, err);
    row.attempts_to = (uint32_t)attempts_to; /* records are sealed: it fits */
    return code < 0 ? code : tote_store_put_run(salvage->into, &row, err);
}

static int add_lost_runs(struct salvage *salvage, struct tote_error *err)
{
    for (;;) {
        int64_t id = 0;
        int code = tote_db_get_int(&salvage->into->db, LOST_RUN, &id, err);
        if (code < 0 || id == 0)
            return code;
        tote_audit_damage(&salvage->audit,
                          "run %" PRId64 " is lost but for what it recorded", id);
        code = add_lost_run(salvage, id, err);
        if (code < 0)
            return code;
    }
}

/* The lowest that others speak of, or that was counted; no count is that large. */
#define LOST_CELL                                                                      \
    "WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted"      \
    " WHERE n < 65536 AND n < (SELECT CAST(value AS INTEGER) FROM setting"             \
    "  WHERE name='cells'))"                                                           \
    "SELECT coalesce(min(cell), 0) FROM (SELECT cell FROM run UNION"                   \
    " SELECT cell FROM machine_limit UNION SELECT n FROM counted"                      \
    "  WHERE EXISTS (SELECT 1 FROM setting WHERE name='cells'))"                       \
    " WHERE cell > 0 AND cell NOT IN (SELECT id FROM cell)"

/* As one of its runs has it, if it has any. Which it was nobody knows: it gets a point
 * of its own, where nothing is compared with it. */
static int add_lost_cell(struct salvage *salvage, int64_t id, struct tote_error *err)
{
    static char empty[] = "", why[] = "its row was damaged; made anew by salvage";
    struct tote_cell_row row = {.id = id,
                                .label = empty,
                                .engine = empty,
                                .kernel = empty,
                                .batch = empty,
                                .skipped = why};
    struct tote_run_row *runs = NULL;
    size_t n = 0;
    int code = tote_db_get_int(&salvage->into->db,
                               "SELECT coalesce(max(point), 0) + 1 FROM cell",
                               &row.point, err);
    if (code == 0)
        code = tote_store_runs(salvage->into, &runs, &n, err);
    for (size_t i = 0; i < n; i++) {
        if (runs[i].cell != id || row.label != empty)
            continue;
        row.label = runs[i].label;
        row.kernel = runs[i].kernel;
        row.batch = runs[i].batch;
        row.size = runs[i].size;
        row.tasks = runs[i].tasks;
        row.workers = runs[i].workers;
    }
    if (code == 0)
        code = tote_store_put_cell(salvage->into, &row, err);
    for (size_t i = 0; i < n; i++)
        tote_run_row_finish(&runs[i]);
    free(runs);
    return code;
}

static int add_lost_cells(struct salvage *salvage, struct tote_error *err)
{
    for (;;) {
        int64_t id = 0;
        int code = tote_db_get_int(&salvage->into->db, LOST_CELL, &id, err);
        if (code < 0 || id == 0)
            return code;
        tote_audit_damage(&salvage->audit, "cell %" PRId64 " is lost", id);
        code = add_lost_cell(salvage, id, err);
        if (code < 0)
            return code;
    }
}

static int add_lost_task(struct salvage *salvage, struct tote_insert *insert,
                         uint64_t task, struct tote_error *err)
{
    tote_audit_damage(
        &salvage->audit,
        "task %" PRIu64 " is lost: give the list of items again, to have it run", task);
    struct tote_task_row row = {.task = task, .item = "", .item_n = 1};
    salvage->audit.found.lost++;
    int code = tote_insert_task(insert, &row, err);
    return code < 0 ? code : next_group(salvage, err);
}

/* From `from` on, the first number up to `to` that no task has; `to`: they all have. */
static int find_lost_task(struct salvage *salvage, uint64_t from, uint64_t to,
                          uint64_t *ret_task, struct tote_error *err)
{
    sqlite3_stmt *statement;
    int code = tote_db_prepare(&salvage->into->db,
                               "SELECT task FROM task WHERE task>=? ORDER BY task",
                               DOING, &statement, err);
    if (code < 0)
        return code;
    sqlite3_bind_int64(statement, 1, (int64_t)from);
    int rc;
    while ((rc = sqlite3_step(statement)) == SQLITE_ROW && from < to &&
           (uint64_t)sqlite3_column_int64(statement, 0) == from)
        from++;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        code = fail(salvage, rc, err);
    sqlite3_finalize(statement);
    *ret_task = from;
    return code;
}

#define TASKS_END                                                                      \
    "SELECT CASE WHEN EXISTS (SELECT 1 FROM task) OR EXISTS (SELECT 1 FROM result)"    \
    " OR EXISTS (SELECT 1 FROM output)"                                                \
    " THEN 1 + max((SELECT coalesce(max(task), -1) FROM task),"                        \
    "  (SELECT coalesce(max(task), -1) FROM record),"                                  \
    "  (SELECT coalesce(max(task), -1) FROM output)) ELSE 0 END"

static int add_lost_tasks(struct salvage *salvage, struct tote_error *err)
{
    struct tote_insert insert;
    int64_t end = 0;
    uint64_t task = 0;
    int code = tote_db_get_int(&salvage->into->db, TASKS_END, &end, err);
    if (code == 0)
        code = tote_insert_open(&insert, &salvage->into->db, err);
    if (code < 0)
        return code;
    if (salvage->old.listed > (uint64_t)end)
        end = (int64_t)salvage->old.listed; /* there were so many at least */
    for (; code == 0 && task < (uint64_t)end; task++) {
        code = find_lost_task(salvage, task, (uint64_t)end, &task, err);
        if (code == 0 && task < (uint64_t)end)
            code = add_lost_task(salvage, &insert, task, err);
    }
    if (code == 0)
        code = exec(salvage, "COMMIT", err); /* close would roll it back */
    tote_insert_close(&insert);
    return code;
}

/* --- tasks whose files are not all known any more --- */

/* Found at once, since what is walked over changes. */
#define FIND_SHORT                                                                     \
    "CREATE TEMP TABLE made (task INTEGER PRIMARY KEY, n INTEGER);"                    \
    "INSERT INTO made SELECT task, count(*) FROM output GROUP BY task;"                \
    "CREATE TEMP TABLE short (task INTEGER PRIMARY KEY);"                              \
    "INSERT INTO short SELECT DISTINCT r.task FROM record AS r JOIN result AS s"       \
    " ON s.run=r.run AND s.task=r.task AND s.attempt=r.attempt WHERE r.outcome=0"      \
    " AND length(s.outs) / 24 >"                                                       \
    " coalesce((SELECT n FROM made WHERE made.task=r.task), 0)"

/* Their results count no more: else nobody would see that a file is missing. */
static int disown_short(struct salvage *salvage, struct tote_error *err)
{
    if (salvage->damaged_outputs == 0)
        return 0;
    int code = exec(salvage, FIND_SHORT "; BEGIN IMMEDIATE", err);
    for (int64_t task = -1; code == 0;) {
        char sql[128];
        snprintf(sql, sizeof sql,
                 "SELECT coalesce(min(task), -1) FROM short WHERE task > %" PRId64,
                 task);
        code = tote_db_get_int(&salvage->into->db, sql, &task, err);
        if (code < 0 || task < 0)
            break;
        tote_audit_damage(&salvage->audit,
                          "task %" PRId64 " will run again: a file of it is lost",
                          task);
        code = tote_store_spoil(salvage->into, (uint64_t)task, err);
    }
    return code < 0 ? code : exec(salvage, "COMMIT", err);
}

/* --- how the tasks stand --- */

/* What the settings say that were saved; no number: they say nothing of lists. */
#define KEPT_LIST                                                                      \
    "SELECT coalesce((SELECT CAST(value AS INTEGER) FROM setting WHERE name='list'),"  \
    " (SELECT 0 FROM setting WHERE name='command'), -1)"

static int read_old(struct salvage *salvage, struct tote_error *err)
{
    struct tote_error why = {0};
    int code = tote_store_standing(salvage->audit.store, 0, &salvage->old, &why);
    salvage->knows_old = code == 0;
    return code == -ENOMEM ? tote_error_set(err, code, "%s", why.text) : 0;
}

/* The counts of the old one are not believed, but for how many tasks its last list had,
 * and which that was. */
static int count_anew(struct salvage *salvage, struct tote_error *err)
{
    int64_t kept = 0;
    int code = 0;
    if (salvage->audit.found.damaged == 0)
        code = tote_audit_standing(&salvage->audit, err);
    if (code == 0)
        code = tote_db_get_int(&salvage->into->db, KEPT_LIST, &kept, err);
    if (code < 0)
        return code;
    uint32_t list = kept > 0 && kept <= UINT32_MAX ? (uint32_t)kept : 0;
    if (salvage->knows_old)
        list = salvage->old.list;
    return tote_recount_write(salvage->into, list, err);
}

/* What could not be counted before the list is given again must not look complete. */
static int set_list(struct salvage *salvage, int64_t kept, uint32_t list, bool is_short,
                    struct tote_error *err)
{
    char number[16];
    snprintf(number, sizeof number, "%" PRIu32, list);
    int code = 0;
    if (kept >= 0 && list > 0 && kept != (int64_t)list) {
        is_short = true;
        code = tote_store_set(salvage->into, "list", number, err);
    }
    if (code == 0 && is_short)
        code = tote_store_set(salvage->into, "list_whole", "no", err);
    return code;
}

/* Of tasks that are gone with their numbers only the count is left, if that is. */
static void count_lost(struct salvage *salvage, uint64_t listed)
{
    struct tote_fsck *found = &salvage->audit.found;
    uint64_t before = salvage->old.listed;
    if (before > listed && before - listed > found->lost)
        found->lost = before - listed;
    if (!salvage->knows_old)
        tote_audit_damage(&salvage->audit,
                          "how many tasks there were is not known: give the list of "
                          "items again, to have all of them");
}

static int note_list(struct salvage *salvage, struct tote_error *err)
{
    struct tote_standing all;
    int64_t kept = 0;
    int code = tote_store_standing(salvage->into, 0, &all, err);
    if (code == 0)
        code = tote_db_get_int(&salvage->into->db, KEPT_LIST, &kept, err);
    if (code < 0 || (all.list == 0 && kept < 0))
        return code; /* a kernel's bag */
    count_lost(salvage, all.listed);
    bool is_short = !salvage->knows_old || salvage->damaged_tasks > 0 ||
                    salvage->audit.found.lost > 0;
    return set_list(salvage, kept, all.list, is_short, err);
}

/* --- all --- */

static int fill(struct salvage *salvage, struct tote_error *err)
{
    const struct tote_db *db = &salvage->into->db;
    int code = tote_store_harden(salvage->into, err);
    if (code == 0)
        code =
            exec(salvage,
                 "PRAGMA wal_autocheckpoint=1000;" QUARANTINE "BEGIN IMMEDIATE", err);
    if (code == 0)
        code = tote_db_prepare(db,
                               "INSERT INTO quarantine (\"table\", key, what, row)"
                               " VALUES (?,?,?,?)",
                               DOING, &salvage->quarantine, err);
    if (code == 0)
        code = tote_db_prepare(db,
                               "SELECT 1 FROM record WHERE run=? AND task=?"
                               " AND attempt=?",
                               DOING, &salvage->has_record, err);
    if (code == 0)
        code = read_old(salvage, err);
    if (code == 0)
        code = copy_tables(salvage, err);
    if (code == 0)
        code = add_lost_runs(salvage, err);
    if (code == 0)
        code = add_lost_cells(salvage, err);
    if (code == 0)
        code = add_lost_tasks(salvage, err);
    if (code == 0)
        code = count_anew(salvage, err);
    if (code == 0)
        code = note_list(salvage, err);
    if (code == 0)
        code = disown_short(salvage, err);
    sqlite3_finalize(salvage->quarantine);
    sqlite3_finalize(salvage->has_record);
    return code;
}

int tote_store_salvage(const char *path, const char *into, struct tote_fsck *ret,
                       tote_fsck_complain *complain, void *context,
                       struct tote_error *err)
{
    struct salvage salvage = {.audit = {.complain = complain, .context = context}};
    int code = tote_audit_wal(&salvage.audit, path, err);
    if (code == 0)
        code = tote_store_open_damaged(path, &salvage.audit.store, err);
    if (code == 0)
        code = tote_audit_database(&salvage.audit, err);
    if (code >= 0)
        code = tote_store_create(into, &salvage.into, err);
    if (code == 0) {
        code = fill(&salvage, err);
        tote_store_close(salvage.into);
        if (code < 0)
            tote_store_unlink(into);
    }
    tote_store_close(salvage.audit.store);
    if (code == 0)
        *ret = salvage.audit.found;
    return code;
}
