/* SPDX-License-Identifier: MIT */
/* progress.h: one line on stderr, only where that is a terminal. */
#ifndef TOTE_PROGRESS_LINE_H
#define TOTE_PROGRESS_LINE_H

#include <stdbool.h>

#include "core/run.h"

bool tote_progress_is_wanted(void);

/* Draws the line at most 10 times a second; context is the text before the numbers. */
void tote_progress_show(void *context, const struct tote_progress *progress);

/* Wipes the line, if there is one. */
void tote_progress_clear(void);

#endif
