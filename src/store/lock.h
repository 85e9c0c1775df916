/* SPDX-License-Identifier: MIT */
/* lock.h: one tote at a time writes a store.
 *
 * STORE-lock, mode 0600, holds one line "PID START BOOT HOST" (process start time in
 * clock ticks, field 22 of /proc/PID/stat; boot id) and is locked by fcntl, which a
 * child does not inherit and the kernel lifts when the process dies. A lock that is not
 * held is taken over; where the filesystem has no locks, the line says whether its
 * process lives. Removed by release. A process takes a store's lock once, and does not
 * ask for it while it has it: closing the file a second time would lift the lock. */
#ifndef TOTE_STORE_LOCK_H
#define TOTE_STORE_LOCK_H

#include <stdbool.h>

#include "tote/error.h"

struct tote_lock; /* held */

/* -EBUSY: a living process has it; the sentence names it and says what to do. A file of
 * that name that tote cannot have made is neither followed nor written: -ELOOP (a
 * symlink), -EPERM (owner, mode, kind), -EBADMSG (its line). was_left, if not null: a
 * dead process had it. The store itself need not be there yet. */
int tote_lock_take(const char *store, struct tote_lock **ret_lock, bool *was_left,
                   struct tote_error *err);
void tote_lock_release(struct tote_lock *lock); /* null is accepted */

/* Whether a living process writes this store, and its id, if ret_pid is not null (0: it
 * cannot be told); for `tote status`. */
bool tote_lock_is_held(const char *store, long *ret_pid);

#endif
