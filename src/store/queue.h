/* SPDX-License-Identifier: MIT */
/* queue.h: what was put and is not written yet, in order; owned copies of the rows.
 *
 *     struct tote_queue queue = {0}, group = {0};
 *     tote_queue_push(&queue, block);
 *     tote_queue_move(&queue, &group, 16384, 16 << 20);
 *     while ((block = tote_queue_pop(&group)))
 *         ... write it, tote_block_destroy(block) ...
 *
 * Private to src/store. Knows no thread and no lock: the writer guards it. */
#ifndef TOTE_QUEUE_H
#define TOTE_QUEUE_H

#include <stddef.h>

#include "store/commands.h"

enum tote_block_kind {
    TOTE_BLOCK_RECORDS,
    TOTE_BLOCK_BATCH,
    TOTE_BLOCK_WORKER,
    TOTE_BLOCK_TASKS,
};

/* What a queue holds, or a block. */
struct tote_load {
    size_t records, tasks, bytes;
};

/* One put. */
struct tote_block {
    struct tote_block *next;
    enum tote_block_kind kind;
    struct tote_load load; /* records, tasks: 0 unless it is of that kind */
    union {
        struct {
            int64_t run;
            uint64_t worker;
            const struct tote_record *array;
            const struct tote_result *results; /* as many; or null */
            const struct tote_output_row *outputs;
            size_t n_outputs;
        } records;
        const struct tote_task_row *tasks;
        struct tote_batch_row batch;
        struct tote_worker_row worker;
    };
    void *memory; /* all that the above points to; owned */
};

/* All return new blocks, or null: out of memory. results and outputs may be null. */
struct tote_block *tote_block_records(int64_t run, uint64_t worker,
                                      const struct tote_record *records,
                                      const struct tote_result *results, size_t n,
                                      const struct tote_output_row *outputs,
                                      size_t n_outputs);
struct tote_block *tote_block_tasks(const struct tote_task_row *rows, size_t n);
struct tote_block *tote_block_batch(const struct tote_batch_row *row);
struct tote_block *tote_block_worker(const struct tote_worker_row *row);
void tote_block_destroy(struct tote_block *block); /* null is accepted */

struct tote_queue {
    struct tote_block *head, *tail;
    struct tote_load load;
};

void tote_queue_push(struct tote_queue *queue, struct tote_block *block); /* takes it */
struct tote_block *tote_queue_pop(struct tote_queue *queue); /* yours; null: empty */

/* Moves blocks from the head of one queue to the end of another until that has max
 * records or tasks, or max_bytes, or the next block would go above one of them; at
 * least one if there is any. */
void tote_queue_move(struct tote_queue *from, struct tote_queue *to, size_t max,
                     size_t max_bytes);

void tote_queue_finish(struct tote_queue *queue); /* destroys what is left */

#endif
