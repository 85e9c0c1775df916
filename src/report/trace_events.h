/* SPDX-License-Identifier: MIT */
/* trace_events.h: single events of the trace event format, one a line, in a JSON object
 * that Perfetto and chrome://tracing open. Knows the format; what the events are of is
 * trace.h's.
 *
 *     struct tote_trace_events events = {.out = stdout, .base_ns = launch};
 *     tote_trace_begin(&events);
 *     tote_trace_name(&events, "process_name", 1, 0, "run 1: local");
 *     tote_trace_slice(&events, "task", "task 7", 1, 2, start_ns, end_ns);
 *     tote_trace_arg_count(&events, "task", 7);
 *     tote_trace_close(&events);
 *     tote_trace_end(&events);               // the document is still open: "}" is next
 *
 * The rules that are kept (tests/e2e/test_trace.py holds what is written against them):
 * stamps are microseconds with three decimals, so no nanosecond is rounded; there is no
 * displayTimeUnit, which old versions of Perfetto took for the unit of the stamps;
 * slices are complete ("X") and those of one thread never overlap; no id is a process's
 * and a thread's, nor two threads'. Failures to write are left to the stream. */
#ifndef TOTE_TRACE_EVENTS_H
#define TOTE_TRACE_EVENTS_H

#include <stdint.h>
#include <stdio.h>

#include "tote/clock.h"

struct tote_trace_events {
    FILE *out;
    tote_ns_t base_ns; /* is shown as 0 */
    uint64_t n;        /* written so far */
    uint64_t n_args;   /* of the event that is open */
};

void tote_trace_begin(struct tote_trace_events *events);
void tote_trace_end(struct tote_trace_events *events);

/* A whole event: kind is process_name or thread_name (tid 0: of the process); or a
 * place among its like, lower ones first: process_sort_index, thread_sort_index. */
void tote_trace_name(struct tote_trace_events *events, const char *kind, uint64_t pid,
                     uint64_t tid, const char *name);
void tote_trace_sort(struct tote_trace_events *events, const char *kind, uint64_t pid,
                     uint64_t tid, uint64_t place);

/* A whole event: a counter of a process. */
void tote_trace_counter(struct tote_trace_events *events, const char *name,
                        uint64_t pid, tote_ns_t at, int64_t value);

/* Open an event, whose arguments follow until close. */
void tote_trace_slice(struct tote_trace_events *events, const char *category,
                      const char *name, uint64_t pid, uint64_t tid, tote_ns_t start,
                      tote_ns_t end);
void tote_trace_instant(struct tote_trace_events *events, const char *category,
                        const char *name, uint64_t pid, uint64_t tid, tote_ns_t at);
void tote_trace_arg_count(struct tote_trace_events *events, const char *name,
                          uint64_t value);
void tote_trace_arg_time(struct tote_trace_events *events, const char *name,
                         tote_ns_t ns); /* in microseconds */
void tote_trace_arg_text(struct tote_trace_events *events, const char *name,
                         const char *text);
void tote_trace_close(struct tote_trace_events *events);

/* Any text as a JSON string; what is not UTF-8 becomes '?'. */
void tote_trace_put_text(FILE *out, const char *text);

#endif
