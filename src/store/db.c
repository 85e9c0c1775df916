/* SPDX-License-Identifier: MIT */
/* db.c: opens SQLite connections and explains their failures (db.h). */
#include "store/db.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"

/* Bytes of a value or a row: bounds what a bad file costs. The largest is a result with
 * both its streams. */
#define LENGTH_MAX (2 * (int)TOTE_STREAM_MAX + (8 << 20))

/* Room for "file:", the path with every byte escaped, and the parameter. */
#define URI_EXTRA 32

/* Without a slash SQLite would see special names (":memory:", "") in the path. */
static char *path_to_uri(const char *path, const char *parameter)
{
    size_t room = 3 * strlen(path) + URI_EXTRA;
    char *uri = malloc(room);
    if (!uri)
        return NULL;
    int head = snprintf(uri, room, "file:%s", path[0] == '/' ? "" : "./");
    char *at = uri + head;
    for (const char *from = path; *from; from++) {
        if (strchr("%?#", *from))
            at += snprintf(at, 4, "%%%02X", (unsigned)*from);
        else
            *at++ = *from;
    }
    snprintf(at, room - (size_t)(at - uri), "%s", parameter);
    return uri;
}

static int db_connect(struct tote_db *db, enum tote_db_mode mode)
{
    int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                (mode == TOTE_DB_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
    char *uri = path_to_uri(db->path, mode == TOTE_DB_IMMUTABLE ? "?immutable=1" : "");
    if (!uri)
        return SQLITE_NOMEM;
    int rc = sqlite3_open_v2(uri, &db->sqlite, flags, NULL);
    free(uri);
    return rc;
}

/* A store may come from a stranger: nothing in its schema may run functions of weight,
 * and pages are checked before they are believed. */
static int db_harden(struct tote_db *db)
{
    sqlite3_busy_timeout(db->sqlite, TOTE_DB_BUSY_MS);
    sqlite3_limit(db->sqlite, SQLITE_LIMIT_LENGTH, LENGTH_MAX);
    sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return sqlite3_exec(db->sqlite, "PRAGMA cell_size_check=ON", NULL, NULL, NULL);
}

int tote_db_open(struct tote_db *db, const char *path, enum tote_db_mode mode,
                 struct tote_error *err)
{
    *db = (struct tote_db){.path = strdup(path)};
    if (!db->path)
        return tote_error_set(err, -ENOMEM, "out of memory");
    int rc = db_connect(db, mode);
    if (rc == SQLITE_OK)
        rc = db_harden(db);
    if (rc == SQLITE_OK)
        return 0;
    int code = tote_db_fail(db, rc, "open it", err);
    tote_db_close(db);
    return code;
}

void tote_db_close(struct tote_db *db)
{
    sqlite3_close_v2(db->sqlite);
    free(db->path);
    *db = (struct tote_db){0};
}

bool tote_db_has_its_name(const struct tote_db *db)
{
    int has_moved = 0;
    int rc = sqlite3_file_control(db->sqlite, "main", SQLITE_FCNTL_HAS_MOVED,
                                  &has_moved); /* a stat, and none where none tells */
    return rc != SQLITE_OK || !has_moved;
}

static int code_of(int rc, int system)
{
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return -EBUSY;
    case SQLITE_READONLY:
        return -EROFS;
    case SQLITE_CONSTRAINT:
        return -EEXIST;
    case SQLITE_RANGE:
        return -ERANGE;
    case SQLITE_ERROR: /* our SQL is right: the table is missing */
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_TOOBIG:
        return -EBADMSG;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        return system ? -system : -EIO;
    default:
        return -EIO;
    }
}

static const char *reason_of(const struct tote_db *db, int rc, int system)
{
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return "no space left on its disk: free some, or name a file elsewhere with "
               "--store";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "another program keeps it locked: end that and try again";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_TOOBIG:
        return "the file is damaged: 'tote fsck STORE --salvage NEW' saves what can "
               "still be read, else go back to a copy of it";
    case SQLITE_RANGE:
        return "a number is above 9223372036854775807, the largest it holds";
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
        return system ? strerror(system) : sqlite3_errstr(rc);
    default:
        return db->sqlite ? sqlite3_errmsg(db->sqlite) : sqlite3_errstr(rc);
    }
}

/* The errno of the call that failed, or 0. SQLite keeps it in the file: of the WAL, or
 * of the main file; in the connection only if opening failed. */
static int system_error_of(sqlite3 *sqlite)
{
    static const int pointers[] = {SQLITE_FCNTL_JOURNAL_POINTER,
                                   SQLITE_FCNTL_FILE_POINTER};
    int system = sqlite ? sqlite3_system_errno(sqlite) : 0;
    for (size_t i = 0; sqlite && system == 0 && i < 2; i++) {
        sqlite3_file *file = NULL;
        if (sqlite3_file_control(sqlite, "main", pointers[i], &file) == SQLITE_OK &&
            file && file->pMethods)
            file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &system);
    }
    return system;
}

int tote_db_fail(const struct tote_db *db, int rc, const char *doing,
                 struct tote_error *err)
{
    bool outside = (rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN;
    int system = outside ? system_error_of(db->sqlite) : 0;
    return tote_error_set(err, code_of(rc, system), "store '%.200s': cannot %s: %s",
                          db->path, doing, reason_of(db, rc, system));
}

int tote_db_exec(const struct tote_db *db, const char *sql, const char *doing,
                 struct tote_error *err)
{
    int rc = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : tote_db_fail(db, rc, doing, err);
}

void tote_db_rollback(const struct tote_db *db)
{
    if (db->sqlite && !sqlite3_get_autocommit(db->sqlite))
        sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
}

int tote_db_prepare(const struct tote_db *db, const char *sql, const char *doing,
                    sqlite3_stmt **ret_statement, struct tote_error *err)
{
    int rc = sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                ret_statement, NULL);
    return rc == SQLITE_OK ? 0 : tote_db_fail(db, rc, doing, err);
}

int tote_db_get_int(const struct tote_db *db, const char *sql, int64_t *ret_value,
                    struct tote_error *err)
{
    sqlite3_stmt *statement;
    int code = tote_db_prepare(db, sql, "read it", &statement, err);
    if (code < 0)
        return code;
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW)
        *ret_value = sqlite3_column_int64(statement, 0);
    else
        code =
            tote_db_fail(db, rc == SQLITE_DONE ? SQLITE_CORRUPT : rc, "read it", err);
    sqlite3_finalize(statement);
    return code;
}
