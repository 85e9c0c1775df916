/* SPDX-License-Identifier: MIT */
/* task.h: runs tasks of a bag. libtote-task.so exports these calls for engines that
 * call functions; the tote-task program is a main() around them, so both run one code.
 *
 *     struct tote_error err = {0};
 *     struct tote_task *task;
 *     if (tote_task_open("zfp:accuracy=1e-3", 200000, 7, 0, &task, &err) < 0) ...
 *     char *lines = malloc(20 * TOTE_RECORD_MAX);
 *     ssize_t n = tote_task_run(task, 40, 20, 1, lines, 20 * TOTE_RECORD_MAX, &err);
 *     tote_task_close(task);
 *
 * A handle is used by one thread at a time; any number of handles may be open. */
#ifndef TOTE_TASK_H
#define TOTE_TASK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tote/error.h"
#include "tote/kernel.h"
#include "tote/record.h"

#if defined(__GNUC__) /* libtote-task.so hides all other names */
#define TOTE_TASK_API __attribute__((visibility("default")))
#else
#define TOTE_TASK_API
#endif

#define TOTE_TASK_VERIFY 1u /* flag: check every output, after its end stamp */

struct tote_task; /* an opened kernel with its buffers */

/* kernel is "NAME" or "NAME:opt=val,...": copied. size is the count of float32 values
 * of each input, at most TOTE_KERNEL_SIZE_MAX. Returns a new handle; -EINVAL for an
 * unknown kernel, option or value, -ENOMEM. */
TOTE_TASK_API int tote_task_open(const char *kernel, uint64_t size, uint64_t seed,
                                 unsigned flags, struct tote_task **ret_task,
                                 struct tote_error *err);

/* Runs tasks [first, first + count) and writes one record line each into lines. Returns
 * the bytes written; or, with nothing run, -ENOSPC if capacity is below count *
 * TOTE_RECORD_MAX and -EINVAL if the range passes TOTE_BAG_MAX or attempt is 0. A task
 * that fails is a record, not an error. */
TOTE_TASK_API ssize_t tote_task_run(struct tote_task *task, uint64_t first,
                                    uint64_t count, uint32_t attempt, char *lines,
                                    size_t capacity, struct tote_error *err);

/* Runs one task and fills a record. input and output, if not null, are set to what the
 * task read and made: borrowed until the next call on this handle. Returns 0 also for a
 * task that failed; why, if not null, then holds the kernel's sentence. */
TOTE_TASK_API int tote_task_run_one(struct tote_task *task, uint64_t index,
                                    uint32_t attempt, struct tote_record *ret_record,
                                    struct tote_span *input, struct tote_span *output,
                                    struct tote_error *why);

/* Null is accepted. */
TOTE_TASK_API void tote_task_close(struct tote_task *task);

#endif
