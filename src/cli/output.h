/* SPDX-License-Identifier: MIT */
/* output.h: prints what tasks have written: their stdout to stdout, their stderr to
 * stderr.
 *
 * As done: when a task's last result comes. Ordered: by the number of the task; one
 * that is not at its turn is read back from the store when it is, so that nothing is
 * held in memory but a byte a task; what was not durable at its turn comes when
 * it is asked for again. A reader that goes ends the printing, not the run. */
#ifndef TOTE_OUTPUT_H
#define TOTE_OUTPUT_H

#include "base/slice.h"
#include "cli/settings.h"
#include "store/store.h"
#include "tote/record.h"

struct tote_output;

/* stream_max: for the words about a cut. Null: out of memory. */
struct tote_output *tote_output_create(enum tote_print how, uint64_t stream_max);

/* Tasks that have a result already and do not run again: their turn is not waited for.
 * reader: of the store, borrowed; ordered needs it before the first result. */
int tote_output_pass(struct tote_output *output, struct tote_store *reader,
                     bool retries_failed, struct tote_error *err);
void tote_output_read_from(struct tote_output *output, struct tote_store *reader);

/* The last result of a task. */
void tote_output_put(struct tote_output *output, const struct tote_record *record,
                     const struct tote_result *result);

/* Prints those whose turn has come and that are durable by now. */
void tote_output_advance(struct tote_output *output);

/* What waits for its turn, once all is durable; frees it (null is accepted). -EIO and a
 * sentence if something could not be written, but for a reader that went. */
int tote_output_end(struct tote_output *output, struct tote_error *err);

/* Writes all to stdout or stderr, as far as that takes it; 0 or an errno. */
int tote_output_write(int fd, const void *data, size_t n);

/* "3.2 MiB" */
void tote_output_size(uint64_t bytes, char into[static 32]);

#endif
