/* SPDX-License-Identifier: MIT */
/* clock.h: nanoseconds, and the only calls of tote that read a clock. Subtract
 * two stamps of one clock of one host only. */
#ifndef TOTE_CLOCK_H
#define TOTE_CLOCK_H

#include <stdint.h>

typedef int64_t tote_ns_t; /* a count of nanoseconds, or a stamp of a monotonic clock */

#define TOTE_NS_PER_S  INT64_C(1000000000)
#define TOTE_NS_PER_MS INT64_C(1000000)
#define TOTE_NS_PER_US INT64_C(1000)

tote_ns_t tote_clock_monotonic(void);      /* CLOCK_MONOTONIC */
tote_ns_t tote_clock_thread_cpu(void);     /* CLOCK_THREAD_CPUTIME_ID */
tote_ns_t tote_clock_process_cpu(int pid); /* of all its threads, whoever started it;
                                            * -1: it is gone */
tote_ns_t tote_clock_utc(void); /* CLOCK_REALTIME, since 1970; for labels only */

#endif
