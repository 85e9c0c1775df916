/* SPDX-License-Identifier: MIT */
/* standing.c: reads and writes rows of `standing` (standing.h). */
#include "store/standing.h"

#include <errno.h>
#include <inttypes.h>

#include "store/handle.h"
#include "store/row.h"

#define READING "read how the tasks stand"
#define WRITING "write how the tasks stand"

bool tote_standing_has(const struct tote_standing *standing, uint32_t listed)
{
    return standing->list == 0 || listed == standing->list;
}

static int not_there(const struct tote_db *db, int64_t run, const char *what,
                     struct tote_error *err)
{
    return tote_error_set(err, -EBADMSG,
                          "store '%.200s' is damaged: standing %" PRId64 " %s: see "
                          "'tote fsck %.200s'",
                          db->path, run, what, db->path);
}

static int read_row(const struct tote_db *db, sqlite3_stmt *statement, int64_t run,
                    struct tote_standing *ret, struct tote_error *err)
{
    struct tote_form form = {.n = 0};
    struct tote_columns row = {.statement = statement, .form = &form};
    struct tote_standing read = {0};
    tote_columns_int(&row, 0, INT64_MAX);
    read.list = tote_columns_uint32(&row);
    read.listed = tote_columns_count(&row);
    for (int outcome = 0; outcome < TOTE_OUTCOMES; outcome++)
        read.of[outcome] = tote_columns_count(&row);
    read.attempts_to = tote_columns_uint32(&row);
    read.last_ns = tote_columns_int(&row, 0, INT64_MAX);
    if (!tote_columns_is_whole(&row))
        return not_there(db, run, "is not as it was written", err);
    *ret = read;
    return 0;
}

int tote_standing_get(const struct tote_db *db, sqlite3_stmt *get, int64_t run,
                      struct tote_standing *ret, struct tote_error *err)
{
    sqlite3_bind_int64(get, 1, run);
    int rc = sqlite3_step(get), code;
    if (rc == SQLITE_ROW)
        code = read_row(db, get, run, ret, err);
    else if (rc == SQLITE_DONE)
        code = not_there(db, run, "is gone", err);
    else
        code = tote_db_fail(db, rc, READING, err);
    sqlite3_reset(get);
    return code;
}

int tote_standing_put(const struct tote_db *db, sqlite3_stmt *put, int64_t run,
                      const struct tote_standing *standing, struct tote_error *err)
{
    struct tote_form form = {.n = 0};
    struct tote_bind bind = {.statement = put, .form = &form};
    tote_bind_int(&bind, run);
    tote_bind_uint(&bind, standing->list);
    tote_bind_uint(&bind, standing->listed);
    for (int outcome = 0; outcome < TOTE_OUTCOMES; outcome++)
        tote_bind_uint(&bind, standing->of[outcome]);
    tote_bind_uint(&bind, standing->attempts_to);
    tote_bind_int(&bind, standing->last_ns);
    tote_bind_seal(&bind);
    int rc = bind.rc == SQLITE_OK ? sqlite3_step(put) : bind.rc;
    int code = rc == SQLITE_DONE ? 0 : tote_db_fail(db, rc, WRITING, err);
    sqlite3_reset(put);
    return code;
}

int tote_standing_read(const struct tote_db *db, int64_t run, struct tote_standing *ret,
                       struct tote_error *err)
{
    sqlite3_stmt *statement;
    int code = tote_db_prepare(db, TOTE_STANDING_GET, READING, &statement, err);
    if (code < 0)
        return code;
    code = tote_standing_get(db, statement, run, ret, err);
    sqlite3_finalize(statement);
    return code;
}

int tote_standing_write(const struct tote_db *db, int64_t run,
                        const struct tote_standing *standing, struct tote_error *err)
{
    sqlite3_stmt *statement;
    int code = tote_db_prepare(db, TOTE_STANDING_PUT, WRITING, &statement, err);
    if (code < 0)
        return code;
    code = tote_standing_put(db, statement, run, standing, err);
    sqlite3_finalize(statement);
    return code;
}

int tote_standing_move(const struct tote_db *db, int64_t run, enum tote_outcome from,
                       enum tote_outcome to, struct tote_error *err)
{
    struct tote_standing standing;
    int code = tote_standing_read(db, run, &standing, err);
    if (code < 0)
        return code;
    if (standing.of[from] == 0)
        return not_there(db, run, "counts fewer tasks than there are", err);
    standing.of[from]--;
    standing.of[to]++;
    return tote_standing_write(db, run, &standing, err);
}

int tote_standing_check(const struct tote_db *db, struct tote_error *err)
{
    sqlite3_stmt *runs;
    int code = tote_db_prepare(db, "SELECT 0 UNION ALL SELECT id FROM run", READING,
                               &runs, err);
    if (code < 0)
        return code;
    struct tote_standing standing;
    int rc;
    while (code == 0 && (rc = sqlite3_step(runs)) != SQLITE_DONE)
        code = rc == SQLITE_ROW ? tote_standing_read(db, sqlite3_column_int64(runs, 0),
                                                     &standing, err)
                                : tote_db_fail(db, rc, READING, err);
    sqlite3_finalize(runs);
    return code;
}

int tote_store_standing(struct tote_store *store, int64_t run,
                        struct tote_standing *ret_standing, struct tote_error *err)
{
    return tote_standing_read(&store->db, run, ret_standing, err);
}
