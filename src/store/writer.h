/* SPDX-License-Identifier: MIT */
/* writer.h: the thread that makes records durable, in groups.
 *
 *     tote_writer_start(path, &writer, &err);
 *     tote_writer_put_records(writer, run, worker, records, n);
 *     ... poll tote_writer_fd() ...
 *     uint64_t durable;
 *     if (tote_writer_durable(writer, &durable, &err) < 0) ... the store is broken ...
 *     tote_writer_stop(writer, &err);
 *
 * Rows are copied into a queue; a thread writes a group of them in one transaction
 * (WAL, synchronous=FULL) and counts it durable only after the commit. After a quiet
 * time the first rows are committed at once; then groups form, since a commit begins no
 * sooner than TOTE_WRITER_WAIT_MS after the one before (a commit costs a fraction of a
 * millisecond of CPU, which the tasks want), unless TOTE_WRITER_GROUP records wait or
 * tote_writer_hurry says that nothing more is coming. A failed commit or fsync is
 * final: nothing is retried, later rows are refused, the error stays. */
#ifndef TOTE_WRITER_H
#define TOTE_WRITER_H

#include "store/store.h"

#define TOTE_WRITER_WAIT_MS 10   /* longest wait of a row before its group is written */
#define TOTE_WRITER_GROUP   4096 /* records or tasks waiting: written without a wait */
/* Of a transaction, unless one put has more: records, tasks; bytes of rows. */
#define TOTE_WRITER_GROUP_MAX   16384
#define TOTE_WRITER_GROUP_BYTES (16u << 20)
/* Waiting; above it the writer is "full". */
#define TOTE_WRITER_QUEUE_MAX   131072
#define TOTE_WRITER_QUEUE_BYTES (64u << 20)
#define TOTE_WRITER_WAL_MAX     (64 << 20) /* bytes; then it is folded and reused */

/* When a row is written. All sync before they count; a death of tote, or of the power,
 * costs what waits: those tasks run again. */
enum tote_durability {
    TOTE_DURABILITY_GROUP,   /* after TOTE_WRITER_WAIT_MS at the latest */
    TOTE_DURABILITY_STRICT,  /* at once: nothing waits but for the commit before it */
    TOTE_DURABILITY_RELAXED, /* after TOTE_WRITER_RELAXED_MS at the latest */
};
#define TOTE_WRITER_RELAXED_MS 1000

struct tote_writer;

/* Opens a second connection to an existing store and starts the thread, which takes no
 * signals. */
int tote_writer_start(const char *path, enum tote_durability durability,
                      struct tote_writer **ret_writer, struct tote_error *err);

/* Copies n records in, which become durable together. -ENOMEM; -ERANGE if a number of a
 * record is above INT64_MAX (none is taken then); or the writer's own error if it has
 * failed. A record whose (run, task, attempt) is there already breaks the writer: the
 * recorder lets none through. Accepts above TOTE_WRITER_QUEUE_MAX too: the caller asks
 * tote_writer_full before it hands out work. */
int tote_writer_put_records(struct tote_writer *writer, int64_t run, uint64_t worker,
                            const struct tote_record *records, size_t n,
                            struct tote_error *err);
int tote_writer_put_batch(struct tote_writer *writer, const struct tote_batch_row *row,
                          struct tote_error *err);
/* Adds a worker, or replaces what is known of it. */
int tote_writer_put_worker(struct tote_writer *writer,
                           const struct tote_worker_row *row, struct tote_error *err);

/* Whether more waits than should: TOTE_WRITER_QUEUE_MAX records or tasks, or
 * TOTE_WRITER_QUEUE_BYTES. */
bool tote_writer_full(struct tote_writer *writer);

/* What waits now is written without a wait for more. */
void tote_writer_hurry(struct tote_writer *writer);

/* Readable whenever tote_writer_durable has news; an eventfd, cleared by that call. */
int tote_writer_fd(const struct tote_writer *writer);

/* Count of records (not batches) that are durable since the start. Negative if the
 * writer has failed; the count is set then too. */
int tote_writer_durable(struct tote_writer *writer, uint64_t *ret_records,
                        struct tote_error *err);

/* Writes what waits, ends the thread, frees the writer (null is accepted). Negative if
 * anything that was put is not durable. */
int tote_writer_stop(struct tote_writer *writer, struct tote_error *err);

#endif
