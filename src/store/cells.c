/* SPDX-License-Identifier: MIT */
/* cells.c: rows of the cells of an experiment (store.h). Not for the runs of cells
 * (runs.c), nor for which cells there are to be (src/experiment). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/handle.h"
#include "store/row.h"

#define CELL_COLUMNS                                                                   \
    "id, point, role, label, engine, kernel, size, tasks, workers, batch, skipped, "   \
    "seal"
#define CELL_VALUES "?,?,?,?,?,?,?,?,?,?,?,?"
#define COUNT       "cells" /* setting: how many there are */

static const char *const role_names[TOTE_CELL_ROLES] = {
    [TOTE_CELL_ENGINE] = "engine", [TOTE_CELL_AGAIN] = "again",
    [TOTE_CELL_LIMIT] = "limit",   [TOTE_CELL_SERIAL] = "serial",
    [TOTE_CELL_NOOP] = "noop",
};

const char *tote_cell_role_name(enum tote_cell_role role)
{
    return (unsigned)role < TOTE_CELL_ROLES ? role_names[role] : "unknown";
}

void tote_cell_row_finish(struct tote_cell_row *row)
{
    char *texts[] = {row->label, row->engine, row->kernel, row->batch, row->skipped};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    *row = (struct tote_cell_row){0};
}

/* --- writing --- */

int tote_store_put_cell(struct tote_store *store, const struct tote_cell_row *row,
                        struct tote_error *err)
{
    const char *doing = "write a cell";
    sqlite3_stmt *statement;
    int code = tote_db_prepare(
        &store->db, "INSERT INTO cell (" CELL_COLUMNS ") VALUES (" CELL_VALUES ")",
        doing, &statement, err);
    if (code < 0)
        return code;
    struct tote_form form = {.n = 0};
    struct tote_bind bind = {.statement = statement, .form = &form};
    tote_bind_int(&bind, row->id);
    tote_bind_int(&bind, row->point);
    tote_bind_text(&bind, tote_cell_role_name(row->role));
    tote_bind_text(&bind, row->label);
    tote_bind_text(&bind, row->engine);
    tote_bind_text(&bind, row->kernel);
    tote_bind_uint(&bind, row->size);
    tote_bind_uint(&bind, row->tasks);
    tote_bind_uint(&bind, row->workers);
    tote_bind_text(&bind, row->batch);
    tote_bind_text(&bind, row->skipped);
    tote_bind_seal(&bind);
    return tote_bind_finish(&bind, &store->db, doing, err);
}

/* METG finds its cells one after the other. */
static unsigned long long count_before(struct tote_store *store)
{
    char *count = tote_store_get(store, COUNT);
    unsigned long long n = count ? strtoull(count, NULL, 10) : 0;
    free(count);
    return n;
}

int tote_store_add_cells(struct tote_store *store, const struct tote_cell_row *rows,
                         size_t n, struct tote_error *err)
{
    char count[24];
    snprintf(count, sizeof count, "%llu", count_before(store) + n);
    int code = tote_store_harden(store, err);
    if (code == 0)
        code = tote_store_begin_settings(store, err);
    if (code < 0)
        return code;
    for (size_t i = 0; code == 0 && i < n; i++)
        code = tote_store_put_cell(store, &rows[i], err);
    if (code == 0)
        code = tote_store_set(store, COUNT, count, err);
    return tote_store_end_settings(store, code, err);
}

/* --- reading --- */

static enum tote_cell_role read_role(struct tote_columns *row)
{
    const char *name = tote_columns_text(row);
    for (int role = 0; role < TOTE_CELL_ROLES; role++) {
        if (strcmp(name, role_names[role]) == 0)
            return (enum tote_cell_role)role;
    }
    row->bad = true;
    return TOTE_CELL_ENGINE;
}

static int read_cell(const struct tote_store *store, sqlite3_stmt *statement,
                     struct tote_cell_row *cell, struct tote_error *err)
{
    struct tote_form form = {.n = 0};
    struct tote_columns row = {.statement = statement, .form = &form};
    cell->id = tote_columns_int(&row, 1, INT64_MAX);
    cell->point = tote_columns_int(&row, 1, INT64_MAX);
    cell->role = read_role(&row);
    cell->label = tote_columns_text_copy(&row);
    cell->engine = tote_columns_text_copy(&row);
    cell->kernel = tote_columns_text_copy(&row);
    cell->size = tote_columns_count(&row);
    cell->tasks = tote_columns_count(&row);
    cell->workers = tote_columns_uint32(&row);
    cell->batch = tote_columns_text_copy(&row);
    cell->skipped = tote_columns_text_copy(&row);
    if (!cell->label || !cell->engine || !cell->kernel || !cell->batch ||
        !cell->skipped)
        return tote_error_set(err, -ENOMEM, "out of memory");
    if (row.bad)
        return tote_db_fail(&store->db, SQLITE_CORRUPT, "read a cell", err);
    char key[24];
    snprintf(key, sizeof key, "%" PRId64, cell->id);
    return tote_columns_is_whole(&row)
               ? 0
               : tote_store_broken_seal(store, "cell", key, err);
}

struct cell_list {
    struct tote_cell_row *rows;
    size_t n;
};

static int append_cell(const struct tote_store *store, sqlite3_stmt *statement,
                       struct cell_list *list, struct tote_error *err)
{
    struct tote_cell_row *rows = reallocarray(list->rows, list->n + 1, sizeof *rows);
    if (!rows)
        return tote_error_set(err, -ENOMEM, "out of memory");
    list->rows = rows;
    rows[list->n] = (struct tote_cell_row){0};
    return read_cell(store, statement, &rows[list->n++], err);
}

int tote_store_cells(struct tote_store *store, struct tote_cell_row **ret_rows,
                     size_t *ret_n, struct tote_error *err)
{
    struct cell_list list = {0};
    sqlite3_stmt *statement;
    int code =
        tote_db_prepare(&store->db, "SELECT " CELL_COLUMNS " FROM cell ORDER BY id",
                        "read the cells", &statement, err);
    if (code < 0)
        return code;
    int rc;
    while (code == 0 && (rc = sqlite3_step(statement)) != SQLITE_DONE)
        code = rc == SQLITE_ROW ? append_cell(store, statement, &list, err)
                                : tote_db_fail(&store->db, rc, "read the cells", err);
    sqlite3_finalize(statement);
    if (code == 0) {
        *ret_rows = list.rows;
        *ret_n = list.n;
        return 0;
    }
    for (size_t i = 0; i < list.n; i++)
        tote_cell_row_finish(&list.rows[i]);
    free(list.rows);
    return code;
}
