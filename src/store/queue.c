/* SPDX-License-Identifier: MIT */
/* queue.c: a list of copied rows (queue.h). */
#include "store/queue.h"

#include <stdlib.h>
#include <string.h>

struct tote_block *tote_block_records(int64_t run, uint64_t worker,
                                      const struct tote_record *records, size_t n)
{
    struct tote_block *block = calloc(1, sizeof *block);
    struct tote_record *array = reallocarray(NULL, n ? n : 1, sizeof *array);
    if (!block || !array) {
        free(block);
        free(array);
        return NULL;
    }
    if (n > 0)
        memcpy(array, records, n * sizeof *array);
    block->kind = TOTE_BLOCK_RECORDS;
    block->n_records = n;
    block->records.run = run;
    block->records.worker = worker;
    block->records.array = array;
    return block;
}

static struct tote_block *block_with_text(enum tote_block_kind kind, const char *text)
{
    struct tote_block *block = calloc(1, sizeof *block);
    char *copy = strdup(text ? text : "");
    if (!block || !copy) {
        free(block);
        free(copy);
        return NULL;
    }
    block->kind = kind;
    block->text = copy;
    return block;
}

struct tote_block *tote_block_batch(const struct tote_batch_row *row)
{
    struct tote_block *block = block_with_text(TOTE_BLOCK_BATCH, row->why);
    if (block) {
        block->batch = *row;
        block->batch.why = block->text;
    }
    return block;
}

struct tote_block *tote_block_worker(const struct tote_worker_row *row)
{
    struct tote_block *block = block_with_text(TOTE_BLOCK_WORKER, row->host);
    if (block) {
        block->worker = *row;
        block->worker.host = block->text;
    }
    return block;
}

void tote_block_destroy(struct tote_block *block)
{
    if (!block)
        return;
    if (block->kind == TOTE_BLOCK_RECORDS)
        free(block->records.array);
    free(block->text);
    free(block);
}

void tote_queue_push(struct tote_queue *queue, struct tote_block *block)
{
    block->next = NULL;
    if (queue->tail)
        queue->tail->next = block;
    else
        queue->head = block;
    queue->tail = block;
    queue->n_records += block->n_records;
}

struct tote_block *tote_queue_pop(struct tote_queue *queue)
{
    struct tote_block *block = queue->head;
    if (!block)
        return NULL;
    queue->head = block->next;
    if (!queue->head)
        queue->tail = NULL;
    queue->n_records -= block->n_records;
    block->next = NULL;
    return block;
}

void tote_queue_move(struct tote_queue *from, struct tote_queue *to, size_t max)
{
    while (from->head && (!to->head || to->n_records + from->head->n_records <= max))
        tote_queue_push(to, tote_queue_pop(from));
}

void tote_queue_finish(struct tote_queue *queue)
{
    struct tote_block *block;
    while ((block = tote_queue_pop(queue)))
        tote_block_destroy(block);
}
