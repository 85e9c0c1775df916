/* SPDX-License-Identifier: MIT */
/* levels.h: the levels of a factor, read from a text: a list of numbers and of ranges
 * that rise by steps or by factors.
 *
 *     tote_levels_parse("tasks", "100..10000*10,20000", 1, 1000000, &levels, &err);
 *     // 100, 1000, 10000, 20000
 *
 * Pure. Not for what the levels are combined to (design.h). */
#ifndef TOTE_LEVELS_H
#define TOTE_LEVELS_H

#include <stddef.h>
#include <stdint.h>

#include "tote/error.h"

#define TOTE_LEVELS_MAX 64 /* of one factor */

struct tote_levels {
    uint64_t at[TOTE_LEVELS_MAX]; /* in the order of the text */
    size_t n;                     /* 0: the factor is not varied */
};

/* Entries by commas: N, A..B+STEP or A..B*FACTOR, from A as far as B; and, if word is
 * not null, that word, which is the level 0. name is for sentences. -EINVAL: none,
 * too many, one twice, one outside [least, most], a range without an end. */
int tote_levels_parse(const char *name, const char *text, uint64_t least, uint64_t most,
                      const char *word, struct tote_levels *ret_levels,
                      struct tote_error *err);

#endif
