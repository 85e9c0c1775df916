/* SPDX-License-Identifier: MIT */
/* wal.h: is the WAL beside a store as it was written? SQLite reads a WAL up to the
 * first frame whose checksum is wrong and takes that for its end, without a word: right
 * after a loss of power, wrong if the bytes were damaged later. This tells the two
 * apart as far as that can be told (wal.c says how far).
 *
 *     struct tote_wal wal;
 *     if (tote_wal_check("bag.tote", &wal, &err) == 0 && wal.damage[0])
 *         puts(wal.damage);
 *
 * Private to src/store. Reads the file and changes nothing; nobody may write the store
 * meanwhile. */
#ifndef TOTE_WAL_H
#define TOTE_WAL_H

#include <stdbool.h>
#include <stdint.h>

#include "tote/error.h"

struct tote_wal {
    uint64_t frames;             /* that are read: as they were written */
    bool was_synced;             /* what is damaged: no loss of power explains it */
    char damage[TOTE_ERROR_MAX]; /* a sentence; empty: none was found */
};

/* 0 also without a WAL. A WAL that is cut short looks like one that was never longer.
 */
int tote_wal_check(const char *store, struct tote_wal *ret_wal, struct tote_error *err);

#endif
