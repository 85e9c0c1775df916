/* SPDX-License-Identifier: MIT */
/* clock.c: the only reader of clocks (clock.h). */
#include "tote/clock.h"

#include <time.h>

static tote_ns_t clock_read(clockid_t id)
{
    struct timespec now;
    if (clock_gettime(id, &now) < 0) /* only of a process that has ended */
        return -1;
    return (tote_ns_t)now.tv_sec * TOTE_NS_PER_S + now.tv_nsec;
}

tote_ns_t tote_clock_monotonic(void)
{
    return clock_read(CLOCK_MONOTONIC);
}

tote_ns_t tote_clock_thread_cpu(void)
{
    return clock_read(CLOCK_THREAD_CPUTIME_ID);
}

tote_ns_t tote_clock_process_cpu(int pid)
{
    clockid_t clock;
    return clock_getcpuclockid((pid_t)pid, &clock) == 0 ? clock_read(clock) : -1;
}

tote_ns_t tote_clock_utc(void)
{
    return clock_read(CLOCK_REALTIME);
}
