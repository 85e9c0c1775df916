/* SPDX-License-Identifier: MIT */
/* merge.c: a k-way merge over the runs of a store (merge.h): a heap of statements, that
 * whose row comes next on top. While one of them is in the middle, SQLite shows all of
 * them the same state of the store. */
#include "store/merge.h"

#include <errno.h>
#include <stdlib.h>

struct cursor {
    sqlite3_stmt *statement;
    int64_t run;
    int64_t task, attempt; /* of its row */
};

struct merge {
    struct tote_store *store;
    const char *sql, *doing;
    struct cursor *cursors; /* a heap, once all have their first row */
    size_t n, room;
};

static bool is_before(const struct cursor *a, const struct cursor *b)
{
    if (a->task != b->task)
        return a->task < b->task;
    return a->attempt != b->attempt ? a->attempt < b->attempt : a->run < b->run;
}

static void sift_down(struct merge *merge, size_t i)
{
    struct cursor *at = merge->cursors;
    for (;;) {
        size_t least = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < merge->n; child++)
            least = is_before(&at[child], &at[least]) ? child : least;
        if (least == i)
            return;
        struct cursor swap = at[i];
        at[i] = at[least];
        at[least] = swap;
        i = least;
    }
}

/* To the next row: 1; 0: there is none. */
static int cursor_step(const struct merge *merge, struct cursor *cursor,
                       struct tote_error *err)
{
    int rc = sqlite3_step(cursor->statement);
    if (rc == SQLITE_ROW)
        return 1;
    return rc == SQLITE_DONE ? 0
                             : tote_db_fail(&merge->store->db, rc, merge->doing, err);
}

static void cursor_read(struct cursor *cursor)
{
    cursor->task = sqlite3_column_int64(cursor->statement, 1);
    cursor->attempt = sqlite3_column_int64(cursor->statement, 2);
}

/* A run without rows adds none. */
static int add_cursor(struct merge *merge, int64_t run, struct tote_error *err)
{
    if (merge->n == merge->room) {
        size_t room = merge->room ? 2 * merge->room : 8;
        struct cursor *cursors =
            reallocarray(merge->cursors, room, sizeof *merge->cursors);
        if (!cursors)
            return tote_error_set(err, -ENOMEM, "out of memory");
        merge->cursors = cursors;
        merge->room = room;
    }
    struct cursor *cursor = &merge->cursors[merge->n];
    *cursor = (struct cursor){.run = run};
    int code = tote_db_prepare(&merge->store->db, merge->sql, merge->doing,
                               &cursor->statement, err);
    if (code < 0)
        return code;
    sqlite3_bind_int64(cursor->statement, 1, run);
    code = cursor_step(merge, cursor, err);
    if (code <= 0) {
        sqlite3_finalize(cursor->statement);
        return code;
    }
    cursor_read(cursor);
    merge->n++;
    return 0;
}

static int add_all_cursors(struct merge *merge, struct tote_error *err)
{
    const struct tote_db *db = &merge->store->db;
    sqlite3_stmt *runs;
    int code =
        tote_db_prepare(db, "SELECT id FROM run ORDER BY id", merge->doing, &runs, err);
    if (code < 0)
        return code;
    int rc;
    while (code == 0 && (rc = sqlite3_step(runs)) != SQLITE_DONE)
        code = rc == SQLITE_ROW ? add_cursor(merge, sqlite3_column_int64(runs, 0), err)
                                : tote_db_fail(db, rc, merge->doing, err);
    sqlite3_finalize(runs);
    return code;
}

/* Calls each for the row on top and steps that cursor on. */
static int take_row(struct merge *merge, tote_merge_row *each, void *context,
                    struct tote_error *err)
{
    struct cursor *top = merge->cursors;
    struct tote_columns row = {.statement = top->statement};
    int code = each(context, &row, err);
    if (row.bad)
        return tote_db_fail(&merge->store->db, SQLITE_CORRUPT, merge->doing, err);
    if (code != 0)
        return code;
    code = cursor_step(merge, top, err);
    if (code < 0)
        return code;
    if (code == 0) {
        sqlite3_finalize(top->statement);
        *top = merge->cursors[--merge->n];
    } else if (merge->n > 1) {
        cursor_read(top); /* the last one left is compared with none */
    }
    sift_down(merge, 0);
    return 0;
}

int tote_merge_each(struct tote_store *store, const char *sql, int64_t run,
                    tote_merge_row *each, void *context, const char *doing,
                    struct tote_error *err)
{
    struct merge merge = {.store = store, .sql = sql, .doing = doing};
    int code = run ? add_cursor(&merge, run, err) : add_all_cursors(&merge, err);
    for (size_t i = merge.n / 2; i-- > 0;)
        sift_down(&merge, i);
    while (code == 0 && merge.n > 0)
        code = take_row(&merge, each, context, err);
    for (size_t i = 0; i < merge.n; i++)
        sqlite3_finalize(merge.cursors[i].statement);
    free(merge.cursors);
    return code;
}
