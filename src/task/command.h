/* SPDX-License-Identifier: MIT */
/* command.h: the kernel "command" of tote-task: batches of the users' commands, each
 * from its slice, under a keeper. It is no kernel of kernels/table.c: it turns no bytes
 * into bytes but starts processes, and libtote-task.so has nothing of it. */
#ifndef TOTE_TASK_COMMAND_H
#define TOTE_TASK_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "tote/error.h"

#define TOTE_COMMAND_SUMMARY "a program of your own: tote run -- PROGRAM WORD..."

/* Whether the text of a kernel, "NAME" or "NAME:OPTION=VALUE,...", names it. */
bool tote_command_is(const char *kernel);
/* -EINVAL and a sentence if it is given options: it has none. */
int tote_command_check(const char *kernel, struct tote_error *err);

/* Both fork: the caller is the worker when they return, and its parent the keeper.
 * Negative, with a sentence: nothing of the batch counts; -EPIPE without one. */
int tote_command_serve(const char *slices, struct tote_error *err);
/* How many tasks failed; the records are printed. */
int tote_command_run(const char *slice, const char *pack, uint64_t first,
                     uint64_t count, uint32_t attempt, struct tote_error *err);

#endif
