/* SPDX-License-Identifier: MIT */
/* noop.c: the empty task. What a run of it costs is the engine's own cost. */
#include "tote/kernel.h"

static size_t noop_bound(const void *state, uint64_t size)
{
    (void)state;
    (void)size;
    return 0;
}

static int noop_run(void *state, const struct tote_task_id *id, struct tote_span in,
                    struct tote_buffer *out, struct tote_error *err)
{
    (void)state;
    (void)id;
    (void)in;
    (void)err;
    out->size = 0;
    return 0;
}

const struct tote_kernel tote_kernel_noop = {
    .name = "noop",
    .summary = "does nothing: what is left is the engine's own cost",
    .bound = noop_bound,
    .run = noop_run,
};
