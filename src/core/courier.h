/* SPDX-License-Identifier: MIT */
/* courier.h: what a batch of commands needs to travel, and what comes back with it: the
 * slice and the pack as files in the work folder of a run, and, if files are staged,
 * the names under which the engine moves them. It decides nothing.
 *
 *     tote_courier_open(commands, store, &courier, &err);
 *     tote_courier_send(courier, &batch, &travel, &err);       // before "run"
 *     tote_courier_receive(courier, first, count, attempt, &parcel, &err); // at "done"
 *     ... parcel.pack ...
 *     tote_courier_drop(courier, &parcel);
 *     tote_courier_close(courier);                             // removes the work
 * folder
 */
#ifndef TOTE_COURIER_H
#define TOTE_COURIER_H

#include "core/bag.h"
#include "core/commands.h"
#include "core/protocol.h"

#define TOTE_COURIER_BYTES_MAX                                                         \
    (1u << 20)                      /* wanted size of a slice of several tasks         \
                                     */
#define TOTE_COURIER_FILES_MAX 256u /* staged files of a batch of several tasks */

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

/* How many of these tasks, from the first, make a slice of a reasonable size: 1..count.
 */
uint32_t tote_courier_fit(struct tote_courier *courier, uint64_t first, uint32_t count);

/* Writes the slice; *ret_travel is borrowed until the next send. timeout_ns replaces
 * that of the rules. */
int tote_courier_send(struct tote_courier *courier, const struct tote_batch *batch,
                      tote_ns_t timeout_ns, const struct tote_travel **ret_travel,
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

/* A task's command as the user wrote it: its item, expanded. Also for who prints it. */
int tote_commands_expand(const struct tote_template *template,
                         const struct tote_task_row *row,
                         const struct tote_places *places,
                         struct tote_expanded *ret_expanded, struct tote_error *err);

#endif
