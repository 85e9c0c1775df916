/* SPDX-License-Identifier: MIT */
/* order.h: a bag of commands as the core wants it, put together from settings or from a
 * store, and noted in a store so that it can be put together again.
 *
 *     tote_order_open(&settings, &order, &err);           // items and template
 *     tote_order_note(order, store, 1, false, &err);      // into a new store
 *     config.commands = tote_order_commands(order, store, &err);
 *     tote_order_close(order);
 *
 * Not for running (core/run.h) nor for what the words mean (items/). */
#ifndef TOTE_ORDER_H
#define TOTE_ORDER_H

#include <stdio.h>

#include "cli/settings.h"
#include "core/commands.h"
#include "store/store.h"

struct tote_order;

/* Opens the list and reads the template. settings must outlive it. -EINVAL. */
int tote_order_open(struct tote_settings *settings, struct tote_order **ret_order,
                    struct tote_error *err);

/* Of a store that goes on with the list it has: that list is only read again if it was
 * not read to its end. -EINVAL: it came from a pipe, which is gone. The settings come
 * from that store (tote_settings_load_store). */
int tote_order_reopen(struct tote_settings *settings, struct tote_store *store,
                      struct tote_order **ret_order, struct tote_error *err);

void tote_order_close(struct tote_order *order); /* null is accepted */

/* Writes what each task would run, one a line, quoted for a shell. */
int tote_order_print(struct tote_order *order, FILE *out, struct tote_error *err);

/* As a further list of a store, 1 if it is new: to be followed by tote_order_commands.
 * A store that goes on hears of it once the list is taken in: one that is refused
 * leaves no trace, neither its command nor the folder it was given in. */
int tote_order_note(struct tote_order *order, struct tote_store *store, uint32_t list,
                    bool goes_on, struct tote_error *err);

/* What the run needs, borrowed from the order; null and a sentence. */
struct tote_commands *tote_order_commands(struct tote_order *order,
                                          struct tote_store *store,
                                          struct tote_error *err);

#endif
