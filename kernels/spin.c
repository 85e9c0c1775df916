/* SPDX-License-Identifier: MIT */
/* spin.c: keeps a core busy for a set CPU time, so that the length of a task is known
 * and does not depend on who else runs. Not a benchmark of the processor. */
#include "tote/clock.h"
#include "tote/kernel.h"

struct spin {
    uint64_t us;
};

static const struct tote_option spin_options[] = {
    {.name = "us",
     .type = TOTE_OPTION_UINT,
     .offset = offsetof(struct spin, us),
     .fallback = "1000",
     .max = 3600e6,
     .help = "CPU time of a task, in microseconds"},
};

static size_t spin_bound(const void *state, uint64_t size)
{
    (void)state;
    (void)size;
    return 0;
}

static int spin_run(void *state, const struct tote_task_id *id, struct tote_span in,
                    struct tote_buffer *out, struct tote_error *err)
{
    (void)id;
    (void)in;
    (void)err;
    const struct spin *spin = state;
    tote_ns_t end = tote_clock_thread_cpu() + (tote_ns_t)spin->us * TOTE_NS_PER_US;
    while (tote_clock_thread_cpu() < end)
        continue;
    out->size = 0;
    return 0;
}

const struct tote_kernel tote_kernel_spin = {
    .name = "spin",
    .summary = "keeps a core busy for a set CPU time",
    .options = spin_options,
    .n_options = sizeof spin_options / sizeof spin_options[0],
    .state_size = sizeof(struct spin),
    .bound = spin_bound,
    .run = spin_run,
};
