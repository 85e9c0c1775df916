/* SPDX-License-Identifier: MIT */
/* standing.h: rows of the table `standing`: how the tasks of a run stand, and, as those
 * of run 0, the tasks of the last list over all runs.
 *
 *     struct tote_standing standing;
 *     tote_standing_read(&db, 0, &standing, &err);
 *     standing.of[TOTE_OUTCOME_OK] ...
 *
 * Row 0 is made with the store, that of a run with the run: one that is missing is
 * damage. Not for what changes them while a run writes (counting.h), nor for counting
 * anew (recount.h). Private to src/store. */
#ifndef TOTE_STANDING_H
#define TOTE_STANDING_H

#include <sqlite3.h>

#include "store/db.h"
#include "store/store.h"

#define TOTE_STANDING_GET                                                              \
    "SELECT run, list, listed, ok, failed, wrong, lost, attempts_to, last_ns, seal"    \
    " FROM standing WHERE run=?"
#define TOTE_STANDING_PUT                                                              \
    "REPLACE INTO standing (run, list, listed, ok, failed, wrong, lost, attempts_to,"  \
    " last_ns, seal) VALUES (?,?,?,?,?,?,?,?,?,?)"

/* Through a statement of GET, or of PUT, which is reset. -EBADMSG: it is not there, or
 * not as it was written. */
int tote_standing_get(const struct tote_db *db, sqlite3_stmt *get, int64_t run,
                      struct tote_standing *ret, struct tote_error *err);
int tote_standing_put(const struct tote_db *db, sqlite3_stmt *put, int64_t run,
                      const struct tote_standing *standing, struct tote_error *err);

/* The same, once. */
int tote_standing_read(const struct tote_db *db, int64_t run, struct tote_standing *ret,
                       struct tote_error *err);
int tote_standing_write(const struct tote_db *db, int64_t run,
                        const struct tote_standing *standing, struct tote_error *err);

/* Within a transaction: one task of it has another outcome now. -EBADMSG, nothing
 * written: it counts none with the one before. */
int tote_standing_move(const struct tote_db *db, int64_t run, enum tote_outcome from,
                       enum tote_outcome to, struct tote_error *err);

/* Whether those of all runs, and row 0, are there and as they were written; -EBADMSG.
 */
int tote_standing_check(const struct tote_db *db, struct tote_error *err);

/* Whether a task counts in row 0: it is of the last list; a kernel's bag has none, and
 * all count. */
bool tote_standing_has(const struct tote_standing *standing, uint32_t listed);

#endif
