/* SPDX-License-Identifier: MIT */
/* failure.h: what became of a task that is not done, in words. Not for which tasks
 * those are (gather.h). */
#ifndef TOTE_FAILURE_H
#define TOTE_FAILURE_H

#include "base/cause.h"
#include "report/gather.h"

#define TOTE_FAILURE_TEXT_MAX TOTE_CAUSE_TEXT_MAX

/* "exit status 3", "signal 9 (Killed)", "it could not be started: ..."; of a kernel's
 * task the name of its outcome. Returns text. */
const char *tote_failure_text(const struct tote_failure *failure,
                              char text[static TOTE_FAILURE_TEXT_MAX]);

#endif
