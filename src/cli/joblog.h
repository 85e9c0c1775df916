/* SPDX-License-Identifier: MIT */
/* joblog.h: a log with a line for each task, in the format of GNU parallel's --joblog.
 * What it says is not read again by tote: a store is what a bag goes on from. */
#ifndef TOTE_JOBLOG_H
#define TOTE_JOBLOG_H

#include "base/slice.h"
#include "tote/error.h"
#include "tote/record.h"

struct tote_joblog;

/* Opens for appending; writes the head if the file is new or empty. -EINVAL. */
int tote_joblog_open(const char *path, struct tote_joblog **ret_log,
                     struct tote_error *err);
int tote_joblog_close(struct tote_joblog *log, struct tote_error *err); /* null: 0 */

/* command: of the task, quoted for a shell; line breaks and tabs in it are written as
 * bash reads them back, $'\n', so that a line stays one. A failure stays until close
 * says it. */
void tote_joblog_put(struct tote_joblog *log, const struct tote_record *record,
                     const struct tote_result *result, const char *command);

#endif
