/* SPDX-License-Identifier: MIT */
/* usage_columns.h: the columns of `usage` and `reading`, and how they become structs
 * and back. NULL is added to the seal as -1, which no number there is. Private to
 * src/store. */
#ifndef TOTE_USAGE_COLUMNS_H
#define TOTE_USAGE_COLUMNS_H

#include "store/row.h"
#include "store/usage.h"

#define TOTE_USAGE_COLUMNS                                                             \
    "run, samples, control_ns, worker_ns, teardown_ns, tote_ns, sampler_ns, "          \
    "memory_bytes, memory_ns, memory_how, loopback_bytes, processes, threads, "        \
    "descriptors, ports, seal"
#define TOTE_READING_COLUMNS                                                           \
    "id, kind, subject, moment, at_ns, cores, load_milli, busy_ns, idle_ns, "          \
    "steal_ns, cpu_wait_ns, memory_wait_ns, io_wait_ns, clock_hz, ours_ns, seal"

/* The bind has a form, and gets the seal. */
void tote_usage_bind(struct tote_bind *bind, const struct tote_usage_row *row);
void tote_reading_bind(struct tote_bind *bind, int64_t id,
                       const struct tote_reading_row *row);

/* The columns have a form; what is left to read is the seal. Read returns the key. */
int64_t tote_usage_read(struct tote_columns *columns, struct tote_usage_row *ret_row);
int64_t tote_reading_read(struct tote_columns *columns,
                          struct tote_reading_row *ret_row);

#endif
