/* SPDX-License-Identifier: MIT */
/* slice_rules.h: what both sides of a slice hold it to: the writer refuses what the
 * reader would. Private to slice.c and slice_parse.c. */
#ifndef TOTE_SLICE_RULES_H
#define TOTE_SLICE_RULES_H

#include "base/slice.h"

#define TOTE_SLICE_MAGIC  "TOTESLCE"
#define TOTE_SLICE_NO_ENV UINT32_MAX /* in the place of n_env */

enum { TOTE_SLICE_IS_STAGED = 1, TOTE_SLICE_STAYS_IN_START = 2 };

/* Null, or the sentence that says what is wrong. */
const char *tote_slice_judge_range(uint64_t first, uint64_t count, uint64_t attempt);
const char *tote_slice_judge_rules(const struct tote_rules *rules);
const char *tote_slice_judge_command(const struct tote_rules *rules,
                                     const struct tote_command *command);

#endif
