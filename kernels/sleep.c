/* SPDX-License-Identifier: MIT */
/* sleep.c: a task that lasts a set time and needs no core, to see an engine's
 * scheduling apart from the machine's. */
#include "tote/clock.h"
#include "tote/kernel.h"

#include <errno.h>
#include <time.h>

struct sleep {
    uint64_t us;
};

static const struct tote_option sleep_options[] = {
    {.name = "us",
     .type = TOTE_OPTION_UINT,
     .offset = offsetof(struct sleep, us),
     .fallback = "1000",
     .max = 3600e6,
     .help = "wall time of a task, in microseconds"},
};

static size_t sleep_bound(const void *state, uint64_t size)
{
    (void)state;
    (void)size;
    return 0;
}

static int sleep_run(void *state, const struct tote_task_id *id, struct tote_span in,
                     struct tote_buffer *out, struct tote_error *err)
{
    (void)id;
    (void)in;
    const struct sleep *sleep = state;
    /* a moment, not a span: a signal in between must not lengthen the task */
    tote_ns_t end = tote_clock_monotonic() + (tote_ns_t)sleep->us * TOTE_NS_PER_US;
    struct timespec until = {.tv_sec = (time_t)(end / TOTE_NS_PER_S),
                             .tv_nsec = (long)(end % TOTE_NS_PER_S)};
    int failed;
    do
        failed = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    while (failed == EINTR);
    if (failed)
        return tote_error_set(err, -failed, "cannot sleep until a set moment");
    out->size = 0;
    return 0;
}

const struct tote_kernel tote_kernel_sleep = {
    .name = "sleep",
    .summary = "lasts a set time without using a core",
    .options = sleep_options,
    .n_options = sizeof sleep_options / sizeof sleep_options[0],
    .state_size = sizeof(struct sleep),
    .bound = sleep_bound,
    .run = sleep_run,
};
