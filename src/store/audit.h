/* SPDX-License-Identifier: MIT */
/* audit.h: the rows of a store one by one, each judged, past what cannot be read.
 *
 *     struct tote_audit audit = {.store = store, .complain = complain};
 *     for (size_t i = 0; i < TOTE_AUDIT_TABLES; i++)
 *         tote_audit_each(&audit, &tote_audit_tables[i], NULL, NULL, &err);
 *     audit.found.damaged ...
 *
 * Shared by fsck.c, which only counts, and salvage.c, which copies. Private to
 * src/store. */
#ifndef TOTE_AUDIT_H
#define TOTE_AUDIT_H

#include <sqlite3.h>
#include <stdbool.h>

#include "store/fsck.h"

#define TOTE_AUDIT_TEXT 200 /* bytes of a key in words, NUL included */

struct tote_audit {
    struct tote_store *store;     /* borrowed */
    tote_fsck_complain *complain; /* may be null */
    void *context;
    struct tote_fsck found;
};

/* Counts a damage and tells it. */
void tote_audit_damage(struct tote_audit *audit, const char *format, ...)
    TOTE_PRINTF(2, 3);

struct tote_audit_table {
    const char *name;
    const char *columns;            /* to select; those of the key come first */
    const char *key, *marks, *down; /* of the key: its columns; as many "?"; its order
                                     * backwards */
    bool is_derived;                /* counted from others: salvage makes it anew */
    int probe; /* which of the numbers of the key goes up from row to row; -1: the key
                * is a text */
    /* Null if the row that the statement is at is whole; else what it is, in words. */
    const char *(*judge)(sqlite3_stmt *statement);
};

#define TOTE_AUDIT_TABLES 11
extern const struct tote_audit_table tote_audit_tables[TOTE_AUDIT_TABLES];

/* "run 1, task 40, attempt 2": the key of the row that the statement is at. */
void tote_audit_key(const struct tote_audit_table *table, sqlite3_stmt *statement,
                    char text[static TOTE_AUDIT_TEXT]);

/* Judges every row that can be read, mostly in the order of the key, tells what is
 * damaged, and calls visit (may be null) for each: what is null for a whole one. Gaps
 * are told too and gone around. Negative: not damage, or what visit returned. */
typedef int tote_audit_visit(void *context, const struct tote_audit_table *table,
                             sqlite3_stmt *statement, const char *what,
                             struct tote_error *err);
int tote_audit_each(struct tote_audit *audit, const struct tote_audit_table *table,
                    tote_audit_visit *visit, void *context, struct tote_error *err);

/* Asks SQLite for the state of the database. 1: it cannot even be asked. */
int tote_audit_database(struct tote_audit *audit, struct tote_error *err);
/* The same for the WAL beside it, which is to be asked before the store is opened. */
int tote_audit_wal(struct tote_audit *audit, const char *path, struct tote_error *err);

/* Whether `standing` agrees with what it counts. To be asked if nothing else is
 * damaged: else nobody could tell. */
int tote_audit_standing(struct tote_audit *audit, struct tote_error *err);

/* Runs sql, whose rows are sentences, each on one damage. One that cannot be run for
 * damage is a damage. */
int tote_audit_query(struct tote_audit *audit, const char *sql, struct tote_error *err);

/* Whether a failure of SQLite's is damage: the bytes are wrong, or their disk does not
 * give them. */
bool tote_audit_is_damage(int rc);

#endif
