/* SPDX-License-Identifier: MIT */
/* usage.c: rows of what runs cost (usage.h). */
#include "store/usage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/handle.h"
#include "store/usage_columns.h"

static const char *const kinds[] = {
    [TOTE_READING_RUN] = "run", [TOTE_READING_LIMIT] = "limit", NULL};
static const char *const moments[] = {
    [TOTE_READING_BEFORE] = "before", [TOTE_READING_AFTER] = "after", NULL};

/* --- what may be unknown --- */

static void bind_known(struct tote_bind *bind, int64_t value)
{
    if (value >= 0) {
        tote_bind_int(bind, value);
        return;
    }
    tote_bind_null(bind);
    tote_form_int(bind->form, TOTE_UNKNOWN);
}

static bool is_null(struct tote_columns *columns)
{
    if (sqlite3_column_type(columns->statement, columns->i) != SQLITE_NULL)
        return false;
    columns->i++;
    tote_form_int(columns->form, TOTE_UNKNOWN);
    return true;
}

static int64_t read_known(struct tote_columns *columns)
{
    return is_null(columns) ? TOTE_UNKNOWN : tote_columns_int(columns, 0, INT64_MAX);
}

static void read_text(struct tote_columns *columns, char *text, size_t size)
{
    const char *read = tote_columns_text(columns);
    if (strlen(read) >= size)
        columns->bad = true;
    snprintf(text, size, "%s", read);
}

static int read_word(struct tote_columns *columns, const char *const *words)
{
    const char *read = tote_columns_text(columns);
    for (int i = 0; words[i]; i++) {
        if (strcmp(read, words[i]) == 0)
            return i;
    }
    columns->bad = true;
    return 0;
}

/* --- usage --- */

void tote_usage_bind(struct tote_bind *bind, const struct tote_usage_row *row)
{
    tote_bind_int(bind, row->run);
    bind_known(bind, row->samples);
    bind_known(bind, row->control_ns);
    bind_known(bind, row->worker_ns);
    bind_known(bind, row->teardown_ns);
    bind_known(bind, row->tote_ns);
    bind_known(bind, row->sampler_ns);
    bind_known(bind, row->memory_bytes);
    bind_known(bind, row->memory_ns);
    tote_bind_text(bind, row->memory_how);
    bind_known(bind, row->loopback_bytes);
    bind_known(bind, row->processes);
    bind_known(bind, row->threads);
    bind_known(bind, row->descriptors);
    if (row->has_ports)
        tote_bind_text(bind, row->ports);
    else
        bind_known(bind, TOTE_UNKNOWN);
    tote_bind_seal(bind);
}

int64_t tote_usage_read(struct tote_columns *columns, struct tote_usage_row *ret_row)
{
    *ret_row = (struct tote_usage_row){.run = tote_columns_int(columns, 0, INT64_MAX)};
    ret_row->samples = read_known(columns);
    ret_row->control_ns = read_known(columns);
    ret_row->worker_ns = read_known(columns);
    ret_row->teardown_ns = read_known(columns);
    ret_row->tote_ns = read_known(columns);
    ret_row->sampler_ns = read_known(columns);
    ret_row->memory_bytes = read_known(columns);
    ret_row->memory_ns = read_known(columns);
    read_text(columns, ret_row->memory_how, sizeof ret_row->memory_how);
    ret_row->loopback_bytes = read_known(columns);
    ret_row->processes = read_known(columns);
    ret_row->threads = read_known(columns);
    ret_row->descriptors = read_known(columns);
    ret_row->has_ports = !is_null(columns);
    if (ret_row->has_ports)
        read_text(columns, ret_row->ports, sizeof ret_row->ports);
    return ret_row->run;
}

/* --- reading --- */

void tote_reading_bind(struct tote_bind *bind, int64_t id,
                       const struct tote_reading_row *row)
{
    tote_bind_int(bind, id);
    tote_bind_text(bind, kinds[row->kind]);
    tote_bind_int(bind, row->subject);
    tote_bind_text(bind, moments[row->moment]);
    tote_bind_int(bind, row->at_ns);
    bind_known(bind, row->cores);
    bind_known(bind, row->load_milli);
    bind_known(bind, row->busy_ns);
    bind_known(bind, row->idle_ns);
    bind_known(bind, row->steal_ns);
    bind_known(bind, row->cpu_wait_ns);
    bind_known(bind, row->memory_wait_ns);
    bind_known(bind, row->io_wait_ns);
    bind_known(bind, row->clock_hz);
    bind_known(bind, row->ours_ns);
    tote_bind_seal(bind);
}

int64_t tote_reading_read(struct tote_columns *columns,
                          struct tote_reading_row *ret_row)
{
    int64_t id = tote_columns_int(columns, 0, INT64_MAX);
    *ret_row = (struct tote_reading_row){
        .kind = (enum tote_reading_kind)read_word(columns, kinds)};
    ret_row->subject = tote_columns_int(columns, 0, INT64_MAX);
    ret_row->moment = (enum tote_reading_moment)read_word(columns, moments);
    ret_row->at_ns = tote_columns_int(columns, 0, INT64_MAX);
    ret_row->cores = read_known(columns);
    ret_row->load_milli = read_known(columns);
    ret_row->busy_ns = read_known(columns);
    ret_row->idle_ns = read_known(columns);
    ret_row->steal_ns = read_known(columns);
    ret_row->cpu_wait_ns = read_known(columns);
    ret_row->memory_wait_ns = read_known(columns);
    ret_row->io_wait_ns = read_known(columns);
    ret_row->clock_hz = read_known(columns);
    ret_row->ours_ns = read_known(columns);
    return id;
}

/* --- writing --- */

static int put_usage(struct tote_store *store, const struct tote_usage_row *row,
                     struct tote_error *err)
{
    const char *doing = "write what a run cost";
    sqlite3_stmt *statement;
    int code = tote_db_prepare(&store->db,
                               "INSERT INTO usage (" TOTE_USAGE_COLUMNS
                               ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                               doing, &statement, err);
    if (code < 0)
        return code;
    struct tote_form form = {.n = 0};
    struct tote_bind bind = {.statement = statement, .form = &form};
    tote_usage_bind(&bind, row);
    return tote_bind_finish(&bind, &store->db, doing, err);
}

static int put_reading(struct tote_store *store, const struct tote_reading_row *row,
                       struct tote_error *err)
{
    const char *doing = "write how the machine was";
    sqlite3_stmt *statement;
    int64_t id = 0;
    int code = tote_db_get_int(
        &store->db, "SELECT coalesce(max(id), 0) + 1 FROM reading", &id, err);
    if (code == 0)
        code = tote_db_prepare(&store->db,
                               "INSERT INTO reading (" TOTE_READING_COLUMNS
                               ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                               doing, &statement, err);
    if (code < 0)
        return code;
    struct tote_form form = {.n = 0};
    struct tote_bind bind = {.statement = statement, .form = &form};
    tote_reading_bind(&bind, id, row);
    return tote_bind_finish(&bind, &store->db, doing, err);
}

int tote_store_add_cost(struct tote_store *store, const struct tote_usage_row *usage,
                        const struct tote_reading_row *readings, size_t n,
                        struct tote_error *err)
{
    const char *doing = "write what a run cost";
    int code = tote_store_harden(store, err);
    if (code == 0)
        code = tote_db_exec(&store->db, "SAVEPOINT cost", doing, err);
    if (code < 0)
        return code;
    if (usage)
        code = put_usage(store, usage, err);
    for (size_t i = 0; code == 0 && i < n; i++)
        code = put_reading(store, &readings[i], err);
    if (code == 0)
        code = tote_db_exec(&store->db, "RELEASE cost", doing, err);
    if (code < 0)
        sqlite3_exec(store->db.sqlite, "ROLLBACK TO cost; RELEASE cost", NULL, NULL,
                     NULL);
    return code;
}

/* --- reading them --- */

static void read_usage(struct tote_columns *columns, void *into, int64_t *ret_key)
{
    *ret_key = tote_usage_read(columns, into);
}

static void read_reading(struct tote_columns *columns, void *into, int64_t *ret_key)
{
    *ret_key = tote_reading_read(columns, into);
}

/* One of the two tables. */
struct kind {
    const char *table, *sql;
    size_t size; /* of its struct */
    void (*read)(struct tote_columns *columns, void *into, int64_t *ret_key);
};

static int read_row(const struct tote_store *store, const struct kind *kind,
                    sqlite3_stmt *statement, void *into, struct tote_error *err)
{
    struct tote_form form = {.n = 0};
    struct tote_columns columns = {.statement = statement, .form = &form};
    int64_t key = 0;
    char name[24];
    kind->read(&columns, into, &key);
    if (columns.bad)
        return tote_db_fail(&store->db, SQLITE_CORRUPT, "read what runs cost", err);
    if (tote_columns_is_whole(&columns))
        return 0;
    snprintf(name, sizeof name, "%" PRId64, key);
    return tote_store_broken_seal(store, kind->table, name, err);
}

static int read_rows(struct tote_store *store, const struct kind *kind, void **ret_rows,
                     size_t *ret_n, struct tote_error *err)
{
    const char *doing = "read what runs cost";
    char *rows = NULL;
    size_t n = 0;
    int rc = 0;
    sqlite3_stmt *statement;
    int code = tote_db_prepare(&store->db, kind->sql, doing, &statement, err);
    if (code < 0)
        return code;
    while (code == 0 && (rc = sqlite3_step(statement)) == SQLITE_ROW) {
        char *more = reallocarray(rows, n + 1, kind->size);
        if (!more) {
            code = tote_error_set(err, -ENOMEM, "out of memory");
            break;
        }
        rows = more;
        code = read_row(store, kind, statement, rows + n++ * kind->size, err);
    }
    if (code == 0 && rc != SQLITE_DONE)
        code = tote_db_fail(&store->db, rc, doing, err);
    sqlite3_finalize(statement);
    if (code < 0) {
        free(rows);
        return code;
    }
    *ret_rows = rows;
    *ret_n = n;
    return 0;
}

int tote_store_usages(struct tote_store *store, struct tote_usage_row **ret_rows,
                      size_t *ret_n, struct tote_error *err)
{
    static const struct kind kind = {
        "usage", "SELECT " TOTE_USAGE_COLUMNS " FROM usage ORDER BY run",
        sizeof(struct tote_usage_row), read_usage};
    void *rows;
    int code = read_rows(store, &kind, &rows, ret_n, err);
    if (code == 0)
        *ret_rows = rows;
    return code;
}

int tote_store_readings(struct tote_store *store, struct tote_reading_row **ret_rows,
                        size_t *ret_n, struct tote_error *err)
{
    static const struct kind kind = {
        "reading", "SELECT " TOTE_READING_COLUMNS " FROM reading ORDER BY id",
        sizeof(struct tote_reading_row), read_reading};
    void *rows;
    int code = read_rows(store, &kind, &rows, ret_n, err);
    if (code == 0)
        *ret_rows = rows;
    return code;
}
