/* SPDX-License-Identifier: MIT */
/* fsck.c: looks for damage in a store (fsck.h), from the outside in: the WAL, the
 * database as SQLite sees it, each row by itself, what rows say of each other. Changes
 * nothing (salvage.c). */
#include "store/fsck.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/audit.h"
#include "store/handle.h"
#include "store/recount.h"
#include "store/schema.h"
#include "store/wal.h"

#define COMPLAINTS "100" /* of the database; it stops there */

int tote_audit_wal(struct tote_audit *audit, const char *path, struct tote_error *err)
{
    struct tote_wal wal;
    int code = tote_wal_check(path, &wal, err);
    if (code == 0 && wal.damage[0])
        tote_audit_damage(audit, "%s", wal.damage);
    return code;
}

/* --- sentences out of the database --- */

enum query { QUERY_DONE, QUERY_DAMAGED };

static int fail_or_damaged(const struct tote_audit *audit, int rc,
                           struct tote_error *err)
{
    if (tote_audit_is_damage(rc))
        return QUERY_DAMAGED;
    return tote_db_fail(&audit->store->db, rc == SQLITE_IOERR_NOMEM ? SQLITE_NOMEM : rc,
                        "check it", err);
}

/* Tells each row of sql but `fine`, with `head` before it. */
static int tell_rows(struct tote_audit *audit, const char *sql, const char *head,
                     const char *fine, struct tote_error *err)
{
    const struct tote_db *db = &audit->store->db;
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db->sqlite, sql, -1, &statement, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        rc = text ? SQLITE_OK : SQLITE_NOMEM;
        if (text && strcmp(text, fine) != 0)
            tote_audit_damage(audit, "%s%s", head, text);
    }
    int code = rc == SQLITE_DONE ? QUERY_DONE : fail_or_damaged(audit, rc, err);
    sqlite3_finalize(statement);
    return code;
}

/* --- the database --- */

/* Tells a table or view whose definition, the first column of sql, is not `wanted`. */
static int check_definition(struct tote_audit *audit, const char *name,
                            const char *wanted, struct tote_error *err)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(audit->store->db.sqlite,
                                "SELECT sql FROM sqlite_schema WHERE name=?", -1,
                                &statement, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    const char *sql =
        rc == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    int code = QUERY_DONE;
    if (rc == SQLITE_DONE || (sql && strcmp(sql, wanted) != 0))
        tote_audit_damage(audit, "the database: %s is not defined as tote does it",
                          name);
    else if (rc != SQLITE_ROW)
        code = fail_or_damaged(audit, rc, err);
    sqlite3_finalize(statement);
    return code;
}

/* A store has the definitions that an empty one would get. */
static int check_definitions(struct tote_audit *audit, struct tote_error *err)
{
    sqlite3 *empty = NULL;
    sqlite3_stmt *statement = NULL;
    int code = QUERY_DONE;
    int rc = sqlite3_open_v2(":memory:", &empty,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(empty, tote_schema_sql, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_exec(empty, tote_schema_views_sql, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_prepare_v2(empty,
                                "SELECT name, sql FROM sqlite_schema"
                                " WHERE sql IS NOT NULL",
                                -1, &statement, NULL);
    while (rc == SQLITE_OK && code == QUERY_DONE &&
           (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(statement, 0);
        const char *sql = (const char *)sqlite3_column_text(statement, 1);
        rc = name && sql ? SQLITE_OK : SQLITE_NOMEM;
        if (rc == SQLITE_OK)
            code = check_definition(audit, name, sql, err);
    }
    if (code == QUERY_DONE && rc != SQLITE_DONE)
        code = tote_error_set(err, -ENOMEM, "out of memory");
    sqlite3_finalize(statement);
    sqlite3_close(empty);
    return code;
}

int tote_audit_database(struct tote_audit *audit, struct tote_error *err)
{
    int code = tell_rows(audit, "PRAGMA integrity_check(" COMPLAINTS ")",
                         "the database: ", "ok", err);
    return code == QUERY_DONE ? check_definitions(audit, err) : code;
}

int tote_audit_query(struct tote_audit *audit, const char *sql, struct tote_error *err)
{
    int code = tell_rows(audit, sql, "", "", err);
    if (code == QUERY_DAMAGED)
        tote_audit_damage(audit, "what rows say of each other cannot be checked: %s",
                          sqlite3_errmsg(audit->store->db.sqlite));
    return code < 0 ? code : 0;
}

/* --- what belongs together --- */

#define NO_RUN(table)                                                                  \
    "SELECT 'table " table                                                             \
    " has ' || count(*) || ' rows of run ' || run || ', which is "                     \
    "not there' FROM " table " GROUP BY run HAVING run NOT IN (SELECT id FROM run)"
#define KEY(row)                                                                       \
    "'" row " run ' || run || ', task ' || task || ', attempt ' || attempt || '"
/* Other bags have no tasks in their store. */
#define IS_COMMANDS                                                                    \
    "(EXISTS (SELECT 1 FROM task) OR EXISTS (SELECT 1 FROM result)"                    \
    " OR EXISTS (SELECT 1 FROM output))"

static const char *const references[] = {
    NO_RUN("record"),
    NO_RUN("result"),
    NO_RUN("worker"),
    NO_RUN("batch"),
    "SELECT " KEY(
        "result") " has no record' FROM result AS r WHERE NOT EXISTS (SELECT 1"
                  " FROM record WHERE run=r.run AND task=r.task AND attempt=r.attempt)",
    "SELECT " KEY("record") " has no task' FROM record AS r WHERE " IS_COMMANDS
                            " AND NOT EXISTS (SELECT 1 FROM task WHERE task=r.task)",
    "SELECT 'output ' || path || ' has no task' FROM output AS o"
    " WHERE NOT EXISTS (SELECT 1 FROM task WHERE task=o.task)",
    "SELECT 'run ' || id || ' is of cell ' || cell || ', which is not there' FROM run"
    " WHERE cell > 0 AND cell NOT IN (SELECT id FROM cell)",
    "SELECT 'machine_limit ' || id || ' is of cell ' || cell || ', which is not there'"
    " FROM machine_limit WHERE cell NOT IN (SELECT id FROM cell)",
    "SELECT 'there are ' || (value - n) || ' cells too few' FROM setting,"
    " (SELECT count(*) AS n FROM cell) WHERE name = 'cells' AND value <> n",
    "SELECT 'there are ' || (max(task) + 1 - count(*)) || ' tasks too few' FROM task"
    " HAVING max(task) + 1 <> count(*)",
};

/* --- what is counted --- */

static void say_standing(const struct tote_standing *standing, char *text, size_t n)
{
    snprintf(text, n,
             "%" PRIu64 " ok, %" PRIu64 " failed, %" PRIu64 " wrong, %" PRIu64
             " lost, %" PRIu64 " listed, attempt %" PRIu32 ", end %" PRId64,
             standing->of[TOTE_OUTCOME_OK], standing->of[TOTE_OUTCOME_FAILED],
             standing->of[TOTE_OUTCOME_WRONG], standing->of[TOTE_OUTCOME_LOST],
             standing->listed, standing->attempts_to, standing->last_ns);
}

static int check_standing(struct tote_audit *audit, int64_t run, struct tote_error *err)
{
    struct tote_standing stored, counted;
    char is[200], should[200];
    struct tote_error why = {0};
    int code = tote_store_standing(audit->store, run, &stored, &why);
    if (code == -EBADMSG) {
        tote_audit_damage(audit, "%s", why.text);
        return 0;
    }
    if (code == 0)
        code = run ? tote_recount_run(audit->store, run, &counted, &why)
                   : tote_recount_all(audit->store, stored.list, &counted, &why);
    if (code < 0)
        return tote_error_set(err, code, "%s", why.text);
    say_standing(&stored, is, sizeof is);
    say_standing(&counted, should, sizeof should);
    if (strcmp(is, should) != 0)
        tote_audit_damage(
            audit, "standing %" PRId64 " does not agree with the records: %s; but %s",
            run, is, should);
    return 0;
}

/* Whether row 0 is of the list that is the last one by the tasks and by the settings: a
 * list may be there of which no task is known yet. */
static int check_list(struct tote_audit *audit, struct tote_error *err)
{
    int code = tote_audit_query(
        audit,
        "SELECT 'standing 0 is of list ' || list || ', but a task of list ' || last"
        " FROM standing, (SELECT max(listed) AS last FROM task)"
        " WHERE run = 0 AND last > list",
        err);
    if (code < 0)
        return code;
    return tote_audit_query(
        audit,
        "SELECT 'standing 0 is of list ' || list || ', but by the settings the last is "
        "' || kept FROM (SELECT list, coalesce("
        "  (SELECT CAST(value AS INTEGER) FROM setting WHERE name = 'list'),"
        "  (SELECT 0 FROM setting WHERE name = 'command'), list) AS kept"
        " FROM standing WHERE run = 0)"
        " WHERE kept <> list AND (list > 0 OR EXISTS (SELECT 1 FROM task))",
        err);
}

/* Runs of an experiment are of many bags: nobody reads what row 0 says of all. */
static int is_experiment(const struct tote_audit *audit, bool *ret,
                         struct tote_error *err)
{
    int64_t n = 0;
    int code = tote_db_get_int(&audit->store->db, "SELECT EXISTS (SELECT 1 FROM cell)",
                               &n, err);
    *ret = n > 0;
    return code;
}

static int check_standings(struct tote_audit *audit, struct tote_error *err)
{
    bool has_cells = false;
    struct tote_run_row *runs = NULL;
    size_t n = 0;
    int code = tote_store_runs(audit->store, &runs, &n, err);
    if (code == 0)
        code = is_experiment(audit, &has_cells, err);
    if (code == 0 && !has_cells)
        code = check_standing(audit, 0, err);
    if (code == 0)
        code = check_list(audit, err);
    for (size_t i = 0; i < n; i++) {
        if (code == 0)
            code = check_standing(audit, runs[i].id, err);
        tote_run_row_finish(&runs[i]);
    }
    free(runs);
    return code < 0
               ? code
               : tote_audit_query(audit,
                                  "SELECT 'standing ' || run || ' is of a run that "
                                  "is not there' FROM standing WHERE run <> 0"
                                  " AND run NOT IN (SELECT id FROM run)",
                                  err);
}

int tote_audit_standing(struct tote_audit *audit, struct tote_error *err)
{
    int code = tote_store_freeze(audit->store, err); /* a run may go on meanwhile */
    if (code < 0)
        return code;
    code = check_standings(audit, err);
    tote_store_thaw(audit->store);
    return code;
}

static int check_rows(struct tote_audit *audit, struct tote_error *err)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < TOTE_AUDIT_TABLES; i++)
        code = tote_audit_each(audit, &tote_audit_tables[i], NULL, NULL, err);
    for (size_t i = 0; code == 0 && i < sizeof references / sizeof *references; i++)
        code = tote_audit_query(audit, references[i], err);
    if (code == 0 && audit->found.damaged == 0)
        code = tote_audit_standing(audit, err);
    return code;
}

static int check_open(struct tote_audit *audit, struct tote_error *err)
{
    int code = tote_audit_database(audit, err);
    if (code == QUERY_DAMAGED)
        return tote_db_fail(&audit->store->db, SQLITE_CORRUPT, "read it", err);
    return code < 0 ? code : check_rows(audit, err);
}

int tote_store_fsck(const char *path, struct tote_fsck *ret,
                    tote_fsck_complain *complain, void *context, struct tote_error *err)
{
    struct tote_audit audit = {.complain = complain, .context = context};
    int code = tote_audit_wal(&audit, path, err);
    if (code == 0)
        code = tote_store_open_damaged(path, &audit.store, err);
    if (code == 0)
        code = check_open(&audit, err);
    tote_store_close(audit.store);
    if (code == 0)
        *ret = audit.found;
    return code;
}
