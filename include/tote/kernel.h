/* SPDX-License-Identifier: MIT */
/* kernel.h: the contract between a kernel (what one task does) and everything else.
 *
 *     static int copy_run(void *state, const struct tote_task_id *id,
 *                         struct tote_span in, struct tote_buffer *out,
 *                         struct tote_error *err)
 *     {
 *         memcpy(out->data, in.data, in.size);
 *         out->size = in.size;
 *         return 0;
 *     }
 *     const struct tote_kernel tote_kernel_copy = {
 *         .name = "copy", .summary = "copies its input", .reads_input = true,
 *         .bound = copy_bound, .run = copy_run, .verify = copy_verify,
 *     };
 *
 * A kernel turns bytes into bytes. It touches no file, starts no process and knows no
 * engine; only spin and sleep look at a clock, and only fault acts on its own process.
 * The caller makes the input (input.h), stamps the time, hashes the output and writes
 * the record, so that every engine runs the same code around the same kernel. A kernel
 * is one file in kernels/ and one row of kernels/table.c. */
#ifndef TOTE_KERNEL_H
#define TOTE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tote/error.h"
#include "tote/option.h"

#define TOTE_KERNEL_SIZE_MAX (UINT64_C(1) << 28) /* float32 values of an input */

struct tote_task_id {
    uint64_t seed;    /* of the bag */
    uint64_t task;    /* index in the bag, from 0 */
    uint32_t attempt; /* from 1; a task tried again has a higher one */
};

struct tote_span {
    const void *data;
    size_t size; /* bytes */
};

struct tote_buffer {
    void *data;      /* aligned for any type; owned by the caller */
    size_t capacity; /* bytes, at least what bound() said */
    size_t size;     /* bytes used; set by run() */
};

/* All hooks of one state are called from one thread; different states may be used by
 * different threads at once, so a kernel keeps no mutable file-level state. */
struct tote_kernel {
    const char *name;    /* lower case, unique in the table */
    const char *summary; /* one line for `tote kernels` */
    const struct tote_option *options;
    size_t n_options;
    size_t state_size; /* bytes that the caller allocates, zeroed, 0 for none; the
                        * option table's offsets are into the same struct */
    bool reads_input;  /* false: the input is always empty and `size` is ignored */

    /* Optional. Options are filled in; size is the count of float32 values of each
     * input. Refuses settings that cannot work: -EINVAL and a sentence. */
    int (*open)(void *state, uint64_t size, struct tote_error *err);
    /* Required. Most bytes that run() may put out, for the size given to open, which
     * has been called. */
    size_t (*bound)(const void *state, uint64_t size);
    /* Required. One task. in is borrowed, out->data is the caller's. A negative errno
     * makes the task's outcome "failed"; it does not end the batch. */
    int (*run)(void *state, const struct tote_task_id *id, struct tote_span in,
               struct tote_buffer *out, struct tote_error *err);
    /* Optional. 0 if out is a right output for in (by decoding it, not by running
     * again), -EBADMSG if not. Null: any output of a successful run is right. */
    int (*verify)(void *state, struct tote_span in, struct tote_span out,
                  struct tote_error *err);
    /* Optional; accepts a state whose open failed. */
    void (*close)(void *state);
};

/* The kernels that are built in, null-terminated; in the order in which help lists
 * them. */
extern const struct tote_kernel *const tote_kernels[];

/* The kernel of that name, or null. */
const struct tote_kernel *tote_kernel_find(const char *name);

#endif
