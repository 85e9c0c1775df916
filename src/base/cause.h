/* SPDX-License-Identifier: MIT */
/* cause.h: why an attempt failed, in words and as a job log has it. */
#ifndef TOTE_CAUSE_H
#define TOTE_CAUSE_H

#include <stddef.h>

#include "base/slice.h"

#define TOTE_CAUSE_TEXT_MAX 1200 /* bytes, terminator included */

/* "exit status 3", "signal 9 (Killed)", "its time was over", "it could not be started:
 * ..."; "" for a good one. The sentence of INPUT and of OUTPUT stands alone: it says
 * which file, and whether it is not there or something else is wrong with it. */
void tote_cause_text(const struct tote_result *result,
                     char into[static TOTE_CAUSE_TEXT_MAX]);

/* Exit value and signal as GNU parallel writes them: -1 for a time that was over. */
void tote_cause_numbers(const struct tote_result *result, int *ret_exit,
                        int *ret_signal);

#endif
