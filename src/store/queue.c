/* SPDX-License-Identifier: MIT */
/* queue.c: a list of copied rows (queue.h). */
#include "store/queue.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

/* --- the memory of a block: sized first, then filled from its start --- */

#define PIECE alignof(max_align_t)

static size_t piece(size_t n)
{
    return (n + PIECE - 1) / PIECE * PIECE;
}

static size_t piece_of_text(const char *text)
{
    return piece(text ? strlen(text) + 1 : 1);
}

static void *take(char **at, size_t n)
{
    void *taken = *at;
    *at += piece(n);
    return taken;
}

static void *take_copy(char **at, const void *data, size_t n)
{
    void *copy = take(at, n);
    if (n > 0)
        memcpy(copy, data, n);
    return copy;
}

static char *take_text(char **at, const char *text)
{
    return take_copy(at, text ? text : "", (text ? strlen(text) : 0) + 1);
}

static struct tote_block *block_create(enum tote_block_kind kind, size_t n)
{
    struct tote_block *block = calloc(1, sizeof *block);
    void *memory = malloc(n + 1);
    if (!block || !memory) {
        free(block);
        free(memory);
        return NULL;
    }
    block->kind = kind;
    block->load.bytes = n;
    block->memory = memory;
    return block;
}

void tote_block_destroy(struct tote_block *block)
{
    if (!block)
        return;
    free(block->memory);
    free(block);
}

/* --- records, with what came of them --- */

static size_t size_of_result(const struct tote_result *result)
{
    size_t n =
        piece(result->n_outs * sizeof *result->outs) + piece_of_text(result->why);
    for (int i = 0; i < TOTE_STREAMS; i++)
        n += piece(result->streams[i].size);
    return n;
}

static void copy_result(char **at, const struct tote_result *from,
                        struct tote_result *to)
{
    *to = *from;
    to->why = take_text(at, from->why);
    to->outs = take_copy(at, from->outs, from->n_outs * sizeof *from->outs);
    for (int i = 0; i < TOTE_STREAMS; i++)
        to->streams[i].data =
            take_copy(at, from->streams[i].data, from->streams[i].size);
}

static const struct tote_result *
copy_results(char **at, const struct tote_result *results, size_t n)
{
    if (!results)
        return NULL;
    struct tote_result *copies = take(at, n * sizeof *copies);
    for (size_t i = 0; i < n; i++)
        copy_result(at, &results[i], &copies[i]);
    return copies;
}

static const struct tote_output_row *
copy_outputs(char **at, const struct tote_output_row *outputs, size_t n)
{
    struct tote_output_row *copies = take_copy(at, outputs, n * sizeof *copies);
    for (size_t i = 0; i < n; i++)
        copies[i].path = take_text(at, outputs[i].path);
    return copies;
}

struct tote_block *tote_block_records(int64_t run, uint64_t worker,
                                      const struct tote_record *records,
                                      const struct tote_result *results, size_t n,
                                      const struct tote_output_row *outputs,
                                      size_t n_outputs)
{
    size_t size = piece(n * sizeof *records) + piece(n * sizeof *results) +
                  piece(n_outputs * sizeof *outputs);
    for (size_t i = 0; results && i < n; i++)
        size += size_of_result(&results[i]);
    for (size_t i = 0; i < n_outputs; i++)
        size += piece_of_text(outputs[i].path);
    struct tote_block *block = block_create(TOTE_BLOCK_RECORDS, size);
    if (!block)
        return NULL;
    char *at = block->memory;
    block->load.records = n;
    block->records.run = run;
    block->records.worker = worker;
    block->records.array = take_copy(&at, records, n * sizeof *records);
    block->records.results = copy_results(&at, results, n);
    block->records.outputs = copy_outputs(&at, outputs, n_outputs);
    block->records.n_outputs = n_outputs;
    return block;
}

/* --- tasks --- */

static size_t size_of_task(const struct tote_task_row *row)
{
    size_t n = piece(row->item_n) + piece(row->n_outs * sizeof *row->outs);
    for (size_t i = 0; i < row->n_outs; i++)
        n += piece_of_text(row->outs[i]);
    return n;
}

static void copy_task(char **at, const struct tote_task_row *from,
                      struct tote_task_row *to)
{
    const char **outs = take(at, from->n_outs * sizeof *outs);
    *to = *from;
    to->item = take_copy(at, from->item, from->item_n);
    to->outs = outs;
    for (size_t i = 0; i < from->n_outs; i++)
        outs[i] = take_text(at, from->outs[i]);
}

struct tote_block *tote_block_tasks(const struct tote_task_row *rows, size_t n)
{
    size_t size = piece(n * sizeof *rows);
    for (size_t i = 0; i < n; i++)
        size += size_of_task(&rows[i]);
    struct tote_block *block = block_create(TOTE_BLOCK_TASKS, size);
    if (!block)
        return NULL;
    char *at = block->memory;
    struct tote_task_row *copies = take(&at, n * sizeof *copies);
    for (size_t i = 0; i < n; i++)
        copy_task(&at, &rows[i], &copies[i]);
    block->load.tasks = n;
    block->tasks = copies;
    return block;
}

/* --- batches and workers --- */

struct tote_block *tote_block_batch(const struct tote_batch_row *row)
{
    struct tote_block *block = block_create(TOTE_BLOCK_BATCH, piece_of_text(row->why));
    if (block) {
        char *at = block->memory;
        block->batch = *row;
        block->batch.why = take_text(&at, row->why);
    }
    return block;
}

struct tote_block *tote_block_worker(const struct tote_worker_row *row)
{
    struct tote_block *block =
        block_create(TOTE_BLOCK_WORKER, piece_of_text(row->host));
    if (block) {
        char *at = block->memory;
        block->worker = *row;
        block->worker.host = take_text(&at, row->host);
    }
    return block;
}

/* --- the queue --- */

void tote_queue_push(struct tote_queue *queue, struct tote_block *block)
{
    block->next = NULL;
    if (queue->tail)
        queue->tail->next = block;
    else
        queue->head = block;
    queue->tail = block;
    queue->load.records += block->load.records;
    queue->load.tasks += block->load.tasks;
    queue->load.bytes += block->load.bytes;
}

struct tote_block *tote_queue_pop(struct tote_queue *queue)
{
    struct tote_block *block = queue->head;
    if (!block)
        return NULL;
    queue->head = block->next;
    if (!queue->head)
        queue->tail = NULL;
    queue->load.records -= block->load.records;
    queue->load.tasks -= block->load.tasks;
    queue->load.bytes -= block->load.bytes;
    block->next = NULL;
    return block;
}

void tote_queue_move(struct tote_queue *from, struct tote_queue *to, size_t max,
                     size_t max_bytes)
{
    while (from->head) {
        const struct tote_load *next = &from->head->load, *load = &to->load;
        if (to->head &&
            (load->records + next->records > max || load->tasks + next->tasks > max ||
             load->bytes + next->bytes > max_bytes))
            break;
        tote_queue_push(to, tote_queue_pop(from));
    }
}

void tote_queue_finish(struct tote_queue *queue)
{
    struct tote_block *block;
    while ((block = tote_queue_pop(queue)))
        tote_block_destroy(block);
}
