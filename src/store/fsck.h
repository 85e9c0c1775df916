/* SPDX-License-Identifier: MIT */
/* fsck.h: is everything in a store as it was written? Every row holds a seal, the
 * XXH3-64 of its other columns (seal.h); fsck asks SQLite for the state of the
 * database, then checks every seal and that what belongs together is there: a record
 * for a result, a task for a record of a bag of commands, a run for both. */
#ifndef TOTE_STORE_FSCK_H
#define TOTE_STORE_FSCK_H

#include <stdint.h>

#include "store/store.h"

#define TOTE_FSCK_TOLD_MAX 1000 /* damages that are told; more are only counted */

struct tote_fsck {
    uint64_t checked; /* rows */
    uint64_t damaged; /* rows, and complaints of the database and its WAL */
    uint64_t lost;    /* of salvage: tasks that are known by their number alone, or only
                       * by that they were counted */
};

/* Tells complain each damage in a sentence that names table and key. 0 also if there is
 * damage; -EBADMSG: so much that it cannot be read at all; -EINVAL: no store. Reads
 * only. */
typedef void tote_fsck_complain(void *context, const char *sentence);
int tote_store_fsck(const char *path, struct tote_fsck *ret,
                    tote_fsck_complain *complain, void *context,
                    struct tote_error *err);

/* Copies what is whole into a new store at `into`, what is damaged into its table
 * `quarantine` (table, key, what, row as text as far as it can be read). The old one is
 * not touched. If tasks are lost, or may be, the list counts as not read to its end: no
 * bag is taken for complete before its list was given again. */
int tote_store_salvage(const char *path, const char *into, struct tote_fsck *ret,
                       tote_fsck_complain *complain, void *context,
                       struct tote_error *err);

#endif
