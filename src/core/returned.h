/* SPDX-License-Identifier: MIT */
/* returned.h: batches that came back without a result and wait for their next attempt,
 * each until its time. A heap; pure: the clock is the caller's. Not for what is still
 * out: that is the dispatcher's. */
#ifndef TOTE_RETURNED_H
#define TOTE_RETURNED_H

#include <stdbool.h>
#include <stddef.h>

#include "core/bag.h"
#include "tote/clock.h"
#include "tote/error.h"

struct tote_returned_entry {
    struct tote_batch batch;
    tote_ns_t not_before_ns; /* 0: at once */
};

struct tote_returned {
    struct tote_returned_entry *heap;
    size_t n, capacity;
};

void tote_returned_finish(struct tote_returned *returned); /* accepts a zeroed one */

/* Room for so many more, so that add cannot fail. -ENOMEM. */
int tote_returned_reserve(struct tote_returned *returned, size_t more,
                          struct tote_error *err);

/* Where there is room: after reserve, or after a take. */
void tote_returned_add(struct tote_returned *returned, const struct tote_batch *batch,
                       tote_ns_t not_before_ns);

/* The one that has waited longest, of one time the one with the lowest tasks; false if
 * the time of none has come. */
bool tote_returned_take(struct tote_returned *returned, tote_ns_t now,
                        struct tote_batch *ret_batch);

#endif
