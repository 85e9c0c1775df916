/* SPDX-License-Identifier: MIT */
/* commands.h: runs a batch of commands: reads its slice, runs its attempts one after
 * the other, writes its pack. What tote-task does for the kernel "command".
 *
 * tote-task --kernel command --slices DIR --serve
 *     each request's files are DIR/FIRST-COUNT-ATTEMPT.slice and .pack
 * tote-task --kernel command --slice FILE --pack FILE --first F --count C --attempt A
 *
 * The pack is written whole under another name and renamed before the records are
 * answered, mode 0600; not synced: until tote has recorded it it is not acknowledged.
 * The slice is removed by tote. */
#ifndef TOTE_COMMANDS_H
#define TOTE_COMMANDS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tote/error.h"

/* Writes count record lines into lines; returns their bytes. -EBADMSG: the slice is
 * damaged or of another batch; -errno of reading and writing the two files; what
 * tote_attempt_open says. */
ssize_t tote_commands_run(const char *slice, const char *pack, uint64_t first,
                          uint64_t count, uint32_t attempt, char *lines,
                          size_t capacity, struct tote_error *err);

/* The keeper: forks; the child returns 0 and goes on as the worker; the parent stays,
 * waits, and when the worker ends (also by a task that kills it) kills and reaps all
 * that it has left, then exits with its status, or dies by its signal. SIGTERM, and
 * the end of its own parent, end everything. Negative: no process. */
int tote_commands_keep(struct tote_error *err);

#endif
