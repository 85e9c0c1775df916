/* SPDX-License-Identifier: MIT */
/* limit.h: the machine's limit. Threads that take task after task from a shared counter
 * and keep nothing but digests: no queue, no records, no pipe. What an engine reaches
 * is shown as a fraction of it. */
#ifndef TOTE_LIMIT_H
#define TOTE_LIMIT_H

#include <stdint.h>

#include "tote/clock.h"
#include "tote/error.h"
#include "tote/record.h"

struct tote_limit_order {
    const char *kernel;
    uint64_t size, seed, first,
        count; /* as tote_task_open and tote_task_run take them */
    unsigned flags, threads;
};

struct tote_limit_result {
    tote_ns_t
        wall_ns; /* from the common start, with all kernels open, to the last end */
    struct tote_digest digest; /* of the bag */
    uint64_t failed, wrong;    /* tasks; their digests are zero */
};

/* 0, or -EINVAL, -ENOMEM or -EAGAIN and a sentence. */
int tote_limit_run(const struct tote_limit_order *order,
                   struct tote_limit_result *ret_result, struct tote_error *err);

#endif
