/* SPDX-License-Identifier: MIT */
/* slice_rules.h: what both sides of a slice hold it to: the writer refuses what the
 * reader would; and what a slice and a pack have in common. Private to slice.c,
 * slice_parse.c and pack.c. */
#ifndef TOTE_SLICE_RULES_H
#define TOTE_SLICE_RULES_H

#include "base/slice.h"
#include "base/wire.h"

#define TOTE_SLICE_MAGIC  "TOTESLCE"
#define TOTE_SLICE_NO_ENV UINT32_MAX /* in the place of n_env */

enum {
    TOTE_SLICE_IS_STAGED = 1,
    TOTE_SLICE_STAYS_IN_START = 2,
    TOTE_SLICE_HAS_LATE_TIMEOUT = 4,
    TOTE_SLICE_FLAGS = 7 /* all of them */
};

#define TOTE_SLICE_WRONG_NUMBER "a number or a text in it is not what it should be"

/* The end of writing a file called name: its bytes, or what failed, of which wrong, if
 * not null, is the first. needs: who needs more than out->most, as "the tasks need". */
int tote_slice_end_bytes(struct tote_wire_out *out, const char *name, const char *wrong,
                         const char *needs, void **ret_bytes, size_t *ret_n,
                         struct tote_error *err);

/* Null, or the sentence that says what is wrong. */
const char *tote_slice_judge_range(uint64_t first, uint64_t count, uint64_t attempt);
const char *tote_slice_judge_rules(const struct tote_rules *rules);
const char *tote_slice_judge_command(const struct tote_rules *rules,
                                     const struct tote_command *command);

#endif
