/* SPDX-License-Identifier: MIT */
/* intake.h: takes the list of a bag of commands into the store, as tasks.
 *
 * A command that touches no file of ours (neither {in:} nor {out:}) can run as soon as
 * its item is known: such a list is streamed in through the run's writer, while tasks
 * of it run already. A command that reads or makes files can not: that inputs are there
 * and that no two tasks make one file is checked before anything runs, so such a list
 * is taken in whole. So is a list that goes on from another one, whose tasks are found
 * again by their key. */
#ifndef TOTE_INTAKE_H
#define TOTE_INTAKE_H

#include "core/commands.h"
#include "core/interrupt.h"

/* Whether the list must be taken in whole. */
bool tote_intake_is_whole(const struct tote_commands *commands, bool goes_on);

/* --- whole, before the run --- */

/* Reads the list to its end, waiting for it, into one transaction of the store, which
 * also notes the list's number, and what commands->note does. -EINTR: interrupted.
 * -EINVAL: an item is bad, an input is not there, two tasks make one file, a file is in
 * the way; the sentence says which; nothing has changed then. */
int tote_intake_whole(struct tote_commands *commands, struct tote_publisher *publisher,
                      struct tote_store *store, const struct tote_interrupt *interrupt,
                      struct tote_error *err);

/* The same with the items of the store's last list, which commands->list follows: a
 * task whose inputs have changed has another key, and so becomes a new one. */
int tote_intake_again(struct tote_commands *commands, struct tote_publisher *publisher,
                      struct tote_store *store, const struct tote_interrupt *interrupt,
                      struct tote_error *err);

/* --- streamed, during the run --- */

/* Notes in the store which list it has from now on, and whether all of that is there.
 */
int tote_intake_note(const struct tote_commands *commands, struct tote_store *store,
                     bool is_whole, struct tote_error *err);

/* Gives what is there to the writer, at most TOTE_INTAKE_MOST items; *places counts all
 * that were taken in. Returns 1 if there is more right now, 0 if not (tote_items_fd
 * says when, unless the list has ended). -EINVAL: an item is bad; those before it are
 * taken in. -EIO: the store. */
#define TOTE_INTAKE_MOST 64
int tote_intake_pull(struct tote_commands *commands, struct tote_writer *writer,
                     uint64_t *places, bool *ret_has_ended, struct tote_error *err);

#endif
