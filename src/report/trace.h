/* SPDX-License-Identifier: MIT */
/* trace.h: one run of a store, of any engine, as a trace: who did what when. Streams
 * it: no record is kept (timeline.h).
 *
 *     tote_trace_write(store, 0, stdout, &err);      // the last run
 *
 * The run is one process, with its phases, its lost batches, the tasks that were given
 * up and a counter of batches on their way; each worker is one more, with a track a
 * slot. The store knows the worker of an attempt and not the slot: slots are dealt out,
 * the lowest free one to each attempt in the order of starts (lanes.h).
 *
 * Attempts are stamped by the clock of their worker's host. If every stamp of a host
 * lies between the sending of its batch and the coming of the answer, its clock is
 * taken for tote's. Else it is moved by one offset for the host, the middle of those
 * that fit all of its batches; the trace says so, with the offset's uncertainty. Within
 * a host durations and order are as they were stamped. */
#ifndef TOTE_TRACE_H
#define TOTE_TRACE_H

#include <stdio.h>

#include "store/store.h"

/* run 0: the last one. -ENODATA: the store holds no run; -ENOENT: not that one; -EIO:
 * the output cannot be written; -EBADMSG: it is damaged; -ENOMEM; else the store's
 * error. */
int tote_trace_write(struct tote_store *store, int64_t run, FILE *out,
                     struct tote_error *err);

#endif
