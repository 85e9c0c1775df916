/* SPDX-License-Identifier: MIT */
/* progress.h: how far a run is, on stderr: one line where that is a terminal, or one
 * JSON object a second. */
#ifndef TOTE_PROGRESS_LINE_H
#define TOTE_PROGRESS_LINE_H

#include <stdbool.h>

#include "cli/settings.h"
#include "core/run.h"

/* Before the first show. */
void tote_progress_choose(enum tote_telling how);

/* Draws the line at most 10 times a second, or prints an object at most once and at the
 * end; forced: prints the line and leaves it there, off a terminal only when it was
 * asked for. cell is the text before the numbers.
 */
void tote_progress_show(const char *cell, const struct tote_progress *progress);

/* Wipes the line, if there is one. */
void tote_progress_clear(void);

#endif
