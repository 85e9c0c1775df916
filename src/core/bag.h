/* SPDX-License-Identifier: MIT */
/* bag.h: a bag of independent tasks, and a batch of it. */
#ifndef TOTE_BAG_H
#define TOTE_BAG_H

#include <stdbool.h>
#include <stdint.h>

#include "tote/limits.h"

struct tote_bag {
    char kernel[TOTE_KERNEL_SPEC_MAX]; /* "zfp:accuracy=1e-3" */
    uint64_t size;                     /* float32 values of each input */
    uint64_t seed;
    uint64_t tasks;   /* of a bag of commands: so far */
    bool is_commands; /* each task is a command of its own (courier.h); kernel is then
                       * the name under which tote-task knows that */
};

/* Tasks [first, first + count), handed to an engine as one. */
struct tote_batch {
    uint64_t id; /* from 1, never used twice in a run */
    uint64_t first;
    uint32_t count;
    uint32_t attempt;    /* from 1; never used twice for a task */
    uint32_t lost_alone; /* how often it was lost as a batch of this one task */
    uint32_t losses;     /* how often its tasks were lost, alone or not */
    uint32_t failures;   /* how often its one task failed by itself */
};

#endif
