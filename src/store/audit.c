/* SPDX-License-Identifier: MIT */
/* audit.c: walks over tables that may be damaged (audit.h).
 *
 * A damaged page of a table hides the rows that are on it, and stops a walk. Those
 * behind it are found by asking for keys further and further on; those between are then
 * read backwards, up to the damage. */
#include "store/audit.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "store/handle.h"
#include "store/seal.h"
#include "store/tables.h"

#define GAPS_MAX 1000 /* of a table; what comes behind so many is not looked for */
#define GAP      1    /* a walk's answer: there is damage ahead */

/* --- telling --- */

void tote_audit_damage(struct tote_audit *audit, const char *format, ...)
{
    char sentence[TOTE_ERROR_MAX];
    audit->found.damaged++;
    if (!audit->complain || audit->found.damaged > TOTE_FSCK_TOLD_MAX + 1)
        return;
    if (audit->found.damaged > TOTE_FSCK_TOLD_MAX) {
        audit->complain(audit->context, "there is more damage, which is only counted");
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    audit->complain(audit->context, sentence);
}

bool tote_audit_is_damage(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_ERROR: /* our SQL is right: the table is not */
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_TOOBIG:
        return true;
    case SQLITE_IOERR:
        return rc != SQLITE_IOERR_NOMEM;
    default:
        return false;
    }
}

/* --- judging --- */

#define BAD_SHAPE "holds what was never written there"
#define BAD_SEAL  "is not as it was written: its seal is another"

static const char *judge_seal(const struct tote_columns *columns, int64_t stored,
                              int64_t computed)
{
    if (columns->bad)
        return BAD_SHAPE;
    return stored == computed ? NULL : BAD_SEAL;
}

static const char *judge_task(sqlite3_stmt *statement)
{
    struct tote_columns columns = {.statement = statement};
    struct tote_task_row row;
    int64_t seal = tote_tables_read_task(&columns, &row);
    return judge_seal(&columns, seal, tote_seal_task(&row));
}

static const char *judge_output(sqlite3_stmt *statement)
{
    struct tote_columns columns = {.statement = statement};
    struct tote_output_row row;
    int64_t seal = tote_tables_read_output(&columns, &row);
    return judge_seal(&columns, seal, tote_seal_output(&row));
}

static const char *judge_record(sqlite3_stmt *statement)
{
    struct tote_columns columns = {.statement = statement};
    struct tote_record record;
    int64_t run;
    uint64_t worker;
    int64_t seal = tote_tables_read_record(&columns, &run, &worker, &record);
    return judge_seal(&columns, seal, tote_seal_record(run, worker, &record));
}

static const char *judge_result(sqlite3_stmt *statement)
{
    struct tote_columns columns = {.statement = statement};
    struct tote_result result;
    struct tote_span outs;
    int64_t run;
    uint32_t attempt;
    int64_t seal = tote_tables_read_result(&columns, &run, &attempt, &result, &outs);
    return judge_seal(&columns, seal,
                      tote_seal_result(run, attempt, &result, outs.data, outs.size));
}

/* Of a column of integers. */
static int64_t largest(const char *name)
{
    static const char *const small[] = {"workers", "attempts_to", "threads", "slots",
                                        "count",   "attempt",     "list"};
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        if (strcmp(name, small[i]) == 0)
            return UINT32_MAX;
    }
    return INT64_MAX;
}

static bool is_state(const char *name)
{
    for (int state = TOTE_RUN_RUNNING; state <= TOTE_RUN_BROKEN; state++) {
        if (strcmp(name, tote_run_state_name((enum tote_run_state)state)) == 0)
            return true;
    }
    return false;
}

static bool is_role(const char *name)
{
    for (int role = 0; role < TOTE_CELL_ROLES; role++) {
        if (strcmp(name, tote_cell_role_name((enum tote_cell_role)role)) == 0)
            return true;
    }
    return false;
}

/* Reads the next column as what its table says that it is. */
static void read_as_declared(struct tote_columns *columns)
{
    const char *declared = sqlite3_column_decltype(columns->statement, columns->i);
    const char *name = sqlite3_column_name(columns->statement, columns->i);
    if (!declared || !name) {
        columns->bad = true;
    } else if (strcmp(declared, "INTEGER") == 0) {
        tote_columns_int(columns, 0, largest(name));
    } else if (strcmp(declared, "TEXT") == 0) {
        const char *text = tote_columns_text(columns);
        if ((strcmp(name, "state") == 0 && !is_state(text)) ||
            (strcmp(name, "role") == 0 && !is_role(text)))
            columns->bad = true;
    } else {
        struct tote_digest digest;
        tote_columns_digest(columns, true, &digest);
    }
}

/* Of tables that have no struct for all of a row; the seal is their last column. */
static const char *judge_plain(sqlite3_stmt *statement)
{
    struct tote_form form = {.n = 0};
    struct tote_columns columns = {.statement = statement, .form = &form};
    int n = sqlite3_column_count(statement) - 1;
    if (n < 1 || n > TOTE_FORM_MAX / 2) /* a stranger's table */
        return BAD_SHAPE;
    while (!columns.bad && columns.i < n)
        read_as_declared(&columns);
    if (columns.bad)
        return BAD_SHAPE;
    return tote_columns_is_whole(&columns) ? NULL : BAD_SEAL;
}

#define KEY_RUN(second) "run, " second, "?, ?", "run DESC, " second " DESC"
#define KEY_ATTEMPT     "run, task, attempt", "?, ?, ?", "run DESC, task DESC, attempt DESC"
#define KEY_ONE(name)   name, "?", name " DESC"

/* In the order in which they are copied: what others refer to comes first. */
const struct tote_audit_table tote_audit_tables[TOTE_AUDIT_TABLES] = {
    {"setting", "*", KEY_ONE("name"), false, -1, judge_plain},
    {"cell", "*", KEY_ONE("id"), false, 0, judge_plain},
    {"run", "*", KEY_ONE("id"), false, 0, judge_plain},
    {"standing", "*", KEY_ONE("run"), true, 0, judge_plain},
    {"machine_limit", "*", KEY_ONE("id"), false, 0, judge_plain},
    {"worker", "*", KEY_RUN("worker"), false, 1, judge_plain},
    {"batch", "*", KEY_RUN("batch"), false, 1, judge_plain},
    {"task", TOTE_TASK_COLUMNS, KEY_ONE("task"), false, 0, judge_task},
    {"output", TOTE_OUTPUT_COLUMNS, KEY_ONE("path"), false, -1, judge_output},
    {"record", TOTE_RECORD_COLUMNS, KEY_ATTEMPT, false, 1, judge_record},
    {"result", TOTE_RESULT_COLUMNS, KEY_ATTEMPT, false, 1, judge_result},
};

/* --- keys --- */

#define KEY_MAX 3 /* columns of a key */

struct key {
    int64_t numbers[KEY_MAX];
    sqlite3_value *text; /* if the key is one; owned */
};

static int key_n(const struct tote_audit_table *table)
{
    int n = 0;
    for (const char *mark = table->marks; *mark; mark++)
        n += *mark == '?';
    return n;
}

/* Below every key. */
static struct key key_first(void)
{
    return (struct key){.numbers = {-1, -1, -1}};
}

static void key_finish(struct key *key)
{
    sqlite3_value_free(key->text);
    *key = key_first();
}

/* Takes the key of the row that the statement is at; one that is no key changes
 * nothing. */
static int key_read(struct key *key, const struct tote_audit_table *table,
                    sqlite3_stmt *statement)
{
    int wanted = table->probe < 0 ? SQLITE_TEXT : SQLITE_INTEGER;
    for (int i = 0; i < key_n(table); i++) {
        if (sqlite3_column_type(statement, i) != wanted)
            return 0;
    }
    if (wanted == SQLITE_TEXT) {
        sqlite3_value *text = sqlite3_value_dup(sqlite3_column_value(statement, 0));
        if (!text)
            return SQLITE_NOMEM;
        sqlite3_value_free(key->text);
        key->text = text;
    }
    for (int i = 0; wanted == SQLITE_INTEGER && i < key_n(table); i++)
        key->numbers[i] = sqlite3_column_int64(statement, i);
    return SQLITE_OK;
}

static int key_bind(const struct key *key, const struct tote_audit_table *table,
                    sqlite3_stmt *statement, int at)
{
    int rc = SQLITE_OK;
    if (table->probe < 0)
        return key->text ? sqlite3_bind_value(statement, at, key->text)
                         : sqlite3_bind_text(statement, at, "", 0, SQLITE_STATIC);
    for (int i = 0; rc == SQLITE_OK && i < key_n(table); i++)
        rc = sqlite3_bind_int64(statement, at + i, key->numbers[i]);
    return rc;
}

static void key_say(const struct key *key, const struct tote_audit_table *table,
                    char text[static TOTE_AUDIT_TEXT])
{
    if (table->probe < 0) {
        const unsigned char *name = key->text ? sqlite3_value_text(key->text) : NULL;
        snprintf(text, TOTE_AUDIT_TEXT, "'%.150s'", name ? (const char *)name : "");
        return;
    }
    int n = 0;
    if (key_n(table) == 1) {
        snprintf(text, TOTE_AUDIT_TEXT, "%" PRId64, key->numbers[0]);
        return;
    }
    const char *names = table->key;
    for (int i = 0; i < key_n(table) && n < TOTE_AUDIT_TEXT; i++) {
        int length = (int)strcspn(names, ",");
        n += snprintf(text + n, TOTE_AUDIT_TEXT - (size_t)n, "%s%.*s %" PRId64,
                      i ? ", " : "", length, names, key->numbers[i]);
        names += length + (names[length] ? 2 : 0);
    }
}

void tote_audit_key(const struct tote_audit_table *table, sqlite3_stmt *statement,
                    char text[static TOTE_AUDIT_TEXT])
{
    struct key key = key_first();
    if (key_read(&key, table, statement) == SQLITE_OK)
        key_say(&key, table, text);
    else
        snprintf(text, TOTE_AUDIT_TEXT, "?");
    key_finish(&key);
}

/* --- walking --- */

struct walk {
    struct tote_audit *audit;
    const struct tote_audit_table *table;
    tote_audit_visit *visit;
    void *context;
    struct tote_error *err;
    struct key last; /* of the walk upwards, up to a gap */
    struct key next; /* where it goes on behind the gap */
};

static int walk_fail(const struct walk *walk, int rc)
{
    char doing[64];
    snprintf(doing, sizeof doing, "read table %s", walk->table->name);
    return tote_db_fail(&walk->audit->store->db,
                        rc == SQLITE_IOERR_NOMEM ? SQLITE_NOMEM : rc, doing, walk->err);
}

enum shape { ALL, UP, DOWN, DOWN_ALL };

/* UP: from `next` on. DOWN: between `last` and `next`; DOWN_ALL: from the end. */
static int walk_prepare(const struct walk *walk, enum shape shape,
                        sqlite3_stmt **ret_statement)
{
    const struct tote_audit_table *table = walk->table;
    const char *columns = table->columns, *name = table->name, *key = table->key,
               *marks = table->marks, *down = table->down;
    char sql[1024];
    if (shape == ALL)
        snprintf(sql, sizeof sql, "SELECT %s FROM %s ORDER BY %s", columns, name, key);
    else if (shape == UP)
        snprintf(sql, sizeof sql, "SELECT %s FROM %s WHERE (%s) >= (%s) ORDER BY %s",
                 columns, name, key, marks, key);
    else if (shape == DOWN)
        snprintf(sql, sizeof sql,
                 "SELECT %s FROM %s WHERE (%s) > (%s) AND (%s) < (%s) ORDER BY %s",
                 columns, name, key, marks, key, marks, down);
    else
        snprintf(sql, sizeof sql, "SELECT %s FROM %s WHERE (%s) > (%s) ORDER BY %s",
                 columns, name, key, marks, down);
    sqlite3_stmt *statement = NULL;
    int rc =
        sqlite3_prepare_v2(walk->audit->store->db.sqlite, sql, -1, &statement, NULL);
    if (rc == SQLITE_OK && shape != ALL)
        rc = key_bind(shape == UP ? &walk->next : &walk->last, table, statement, 1);
    if (rc == SQLITE_OK && shape == DOWN)
        rc = key_bind(&walk->next, table, statement, 1 + key_n(table));
    *ret_statement = statement;
    return rc;
}

static int visit_row(struct walk *walk, sqlite3_stmt *statement)
{
    struct tote_audit *audit = walk->audit;
    const char *what = walk->table->judge(statement);
    if (what && sqlite3_errcode(audit->store->db.sqlite) == SQLITE_NOMEM)
        return walk_fail(walk, SQLITE_NOMEM);
    audit->found.checked++;
    if (what) {
        char key[TOTE_AUDIT_TEXT];
        tote_audit_key(walk->table, statement, key);
        tote_audit_damage(audit, "%s %s %s", walk->table->name, key, what);
    }
    return walk->visit
               ? walk->visit(walk->context, walk->table, statement, what, walk->err)
               : 0;
}

/* All rows of one statement. 0; GAP; negative. */
static int walk_rows(struct walk *walk, enum shape shape)
{
    sqlite3_stmt *statement = NULL;
    int rc = walk_prepare(walk, shape, &statement), code = 0;
    while (code == 0 && rc == SQLITE_OK) {
        rc = sqlite3_step(statement);
        if (rc != SQLITE_ROW)
            break;
        code = visit_row(walk, statement);
        rc = shape == ALL || shape == UP ? key_read(&walk->last, walk->table, statement)
                                         : SQLITE_OK;
    }
    if (code == 0 && rc != SQLITE_DONE)
        code = tote_audit_is_damage(rc) ? GAP : walk_fail(walk, rc);
    sqlite3_finalize(statement);
    return code;
}

/* Looks for a row behind the gap: 1 with its key in `next`, 0, or negative. */
static int find_next(struct walk *walk)
{
    int at = walk->table->probe, code = 0;
    for (int64_t step = 1; at >= 0 && code == 0 && step > 0 && step < INT64_MAX / 4;
         step *= 2) {
        walk->next = walk->last;
        for (int i = at + 1; i < KEY_MAX; i++)
            walk->next.numbers[i] = -1;
        if (walk->last.numbers[at] > INT64_MAX - step)
            break;
        walk->next.numbers[at] += step;
        sqlite3_stmt *statement = NULL;
        int rc = walk_prepare(walk, UP, &statement);
        if (rc == SQLITE_OK)
            rc = sqlite3_step(statement);
        if (rc == SQLITE_ROW)
            code = key_read(&walk->next, walk->table, statement) == SQLITE_OK;
        else if (rc != SQLITE_DONE && !tote_audit_is_damage(rc))
            code = walk_fail(walk, rc);
        sqlite3_finalize(statement);
        if (rc == SQLITE_DONE)
            break;
    }
    return code;
}

static bool is_behind(const struct key *a, const struct key *b)
{
    for (int i = 0; i < KEY_MAX; i++) {
        if (a->numbers[i] != b->numbers[i])
            return a->numbers[i] > b->numbers[i];
    }
    return false;
}

/* Around one gap and on to the next: 0, GAP, or negative. */
static int walk_on(struct walk *walk)
{
    char key[TOTE_AUDIT_TEXT];
    bool is_first = !walk->last.text && walk->last.numbers[0] < 0;
    key_say(&walk->last, walk->table, key);
    tote_audit_damage(walk->audit, "rows of table %s%s%s cannot be read",
                      walk->table->name, is_first ? "" : " after ",
                      is_first ? "" : key);
    int code = find_next(walk);
    if (code < 0)
        return code;
    bool found = code > 0 && is_behind(&walk->next, &walk->last);
    code = walk_rows(walk, found ? DOWN : DOWN_ALL);
    if (code < 0 || !found)
        return code < 0 ? code : 0;
    return walk_rows(walk, UP);
}

int tote_audit_each(struct tote_audit *audit, const struct tote_audit_table *table,
                    tote_audit_visit *visit, void *context, struct tote_error *err)
{
    struct walk walk = {.audit = audit,
                        .table = table,
                        .visit = visit,
                        .context = context,
                        .err = err,
                        .last = key_first(),
                        .next = key_first()};
    int code = walk_rows(&walk, ALL);
    for (int gaps = 0; code == GAP && gaps < GAPS_MAX; gaps++)
        code = walk_on(&walk);
    key_finish(&walk.last);
    return code < 0 ? code : 0;
}
