/* SPDX-License-Identifier: MIT */
/* order_state.h: what an order is made of. Between order.c and order_note.c only. */
#ifndef TOTE_ORDER_STATE_H
#define TOTE_ORDER_STATE_H

#include <limits.h>

#include "cli/order.h"

#define TOTE_ORDER_ID_MAX 17 /* 16 hex digits and a terminator */

struct tote_order {
    struct tote_settings *settings;
    struct tote_items *items;       /* null: the store has the list */
    struct tote_words column_names; /* none: numbers only */
    size_t n_columns;
    struct tote_template *template;
    struct tote_commands commands;
    uint32_t list;       /* 0: not known yet */
    bool is_to_be_noted; /* with the list, when that is taken in */
    char id[TOTE_ORDER_ID_MAX];
    char start[PATH_MAX], results[2 * PATH_MAX], work[3 * PATH_MAX];
};

int tote_order_no_memory(struct tote_error *err);

/* A path as seen from start, without slashes at its end. -EINVAL. */
int tote_order_absolute(const char *start, const char *path, char *into, size_t size,
                        struct tote_error *err);

/* tote_commands.note: all that is noted of a list; context is the order. */
int tote_order_write(void *context, struct tote_store *store, struct tote_error *err);

#endif
