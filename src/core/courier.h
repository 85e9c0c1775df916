/* SPDX-License-Identifier: MIT */
/* courier.h: what a batch of commands needs to travel, and what comes back with it: the
 * slice and the pack as files in the work folder of a run, and, if files are staged,
 * the names under which the engine moves them. It decides nothing.
 *
 *     tote_courier_open(commands, store, &courier, &err);
 *     tote_courier_send(courier, &batch, &travel, &err);       // before "run"
 *     tote_courier_receive(courier, first, count, attempt, &parcel, &err); // at "done"
 *     ... parcel.pack ...
 *     tote_courier_drop(&parcel);
 *     tote_courier_close(courier);                  // removes the work folder
 */
#ifndef TOTE_COURIER_H
#define TOTE_COURIER_H

#include "core/bag.h"
#include "core/commands.h"
#include "core/protocol.h"

/* Of a batch of several tasks. */
#define TOTE_COURIER_BYTES_MAX (1u << 20) /* wanted size of its slice */
#define TOTE_COURIER_FILES_MAX 256u       /* staged files */

struct tote_courier;

/* Makes commands->work with its folders and fills commands->rules. The store's tasks
 * are read through store. -EEXIST: work is there already; -EINVAL: a path that the
 * engine protocol cannot carry (not UTF-8). */
int tote_courier_open(struct tote_commands *commands, struct tote_store *store,
                      struct tote_courier **ret_courier, struct tote_error *err);
void tote_courier_close(struct tote_courier *courier); /* null is accepted */
/* Close will leave the work folder. */
void tote_courier_keep_work(struct tote_courier *courier);

/* Folder of the slices, for hello. Borrowed. */
const char *tote_courier_slices(const struct tote_courier *courier);

/* How many of these tasks, from the first, make a slice of a reasonable size, and have
 * room in one pack for all that is kept of their streams, so that what is kept of a
 * task does not depend on its batch: 1..count. */
uint32_t tote_courier_fit(struct tote_courier *courier, uint64_t first, uint32_t count);

/* Writes the slice; *ret_travel is borrowed until the next send. timeout_ns replaces
 * that of the rules; 0 with a timeout_percent: it is not known yet, and unless files
 * are staged the batch's attempts wait for it. */
int tote_courier_send(struct tote_courier *courier, const struct tote_batch *batch,
                      tote_ns_t timeout_ns, const struct tote_travel **ret_travel,
                      struct tote_error *err);

/* Tells batches that wait for it what their time limit is, once; 0: still not known. */
int tote_courier_tell_timeout(struct tote_courier *courier, tote_ns_t timeout_ns,
                              struct tote_error *err);

/* A batch was lost: is there still room in the work folder for the pack of a task? If
 * not, its worker has nothing to answer for. -ENOSPC, -EDQUOT, -EROFS or -EIO if not.
 */
int tote_courier_check_room(const struct tote_courier *courier, struct tote_error *err);

/* What came back with a batch. */
struct tote_parcel {
    struct tote_pack pack;
    void *bytes; /* owns the streams */
};

/* Reads the pack and removes both files. -EBADMSG, or -errno: the engine said done, but
 * the pack is not there, damaged or of another batch. */
int tote_courier_receive(struct tote_courier *courier, uint64_t first, uint32_t count,
                         uint32_t attempt, struct tote_parcel *ret_parcel,
                         struct tote_error *err);
void tote_courier_drop(struct tote_parcel *parcel); /* accepts a zeroed one */

/* A batch that will not come back: its slice goes. */
void tote_courier_forget(struct tote_courier *courier, const struct tote_batch *batch);

#endif
