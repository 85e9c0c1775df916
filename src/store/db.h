/* SPDX-License-Identifier: MIT */
/* db.h: one SQLite connection: how it is opened, and how its failures become sentences.
 *
 *     struct tote_db db = {0};
 *     if (tote_db_open(&db, path, TOTE_DB_READ, &err) < 0) ...
 *     tote_db_exec(&db, "PRAGMA ...", "set up", &err);
 *     tote_db_close(&db);
 *
 * Private to src/store. Knows no table. A connection belongs to one thread at a time.
 */
#ifndef TOTE_DB_H
#define TOTE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "tote/error.h"

#define TOTE_DB_BUSY_MS 10000 /* longest wait for another connection's write */

enum tote_db_mode {
    TOTE_DB_WRITE,     /* an existing file */
    TOTE_DB_READ,      /* while others may write */
    TOTE_DB_IMMUTABLE, /* the main file alone: no locks, no WAL, touches nothing */
};

struct tote_db {
    sqlite3 *sqlite;
    char *path; /* as the user gave it; owned */
};

/* A path is always a file's name here: "file:x" and ":memory:" have no meaning of their
 * own. On failure db is closed. */
int tote_db_open(struct tote_db *db, const char *path, enum tote_db_mode mode,
                 struct tote_error *err);
void tote_db_close(struct tote_db *db); /* a zeroed or closed db is accepted */
/* Is the file that was opened still the one of this path? */
bool tote_db_has_its_name(const struct tote_db *db);

/* Turns a result code of SQLite's into a negative errno and a sentence "store 'PATH':
 * cannot DOING: reason". Call it before the next call on the connection. */
int tote_db_fail(const struct tote_db *db, int rc, const char *doing,
                 struct tote_error *err);

int tote_db_exec(const struct tote_db *db, const char *sql, const char *doing,
                 struct tote_error *err);
/* Ends an open transaction, if there is one, without its changes. */
void tote_db_rollback(const struct tote_db *db);
int tote_db_prepare(const struct tote_db *db, const char *sql, const char *doing,
                    sqlite3_stmt **ret_statement, struct tote_error *err);

/* First column of the first row, an integer. */
int tote_db_get_int(const struct tote_db *db, const char *sql, int64_t *ret_value,
                    struct tote_error *err);

#endif
