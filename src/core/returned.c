/* SPDX-License-Identifier: MIT */
/* returned.c: a binary heap by time (returned.h). */
#include "core/returned.h"

#include <errno.h>
#include <stdlib.h>

void tote_returned_finish(struct tote_returned *returned)
{
    free(returned->heap);
    *returned = (struct tote_returned){0};
}

int tote_returned_reserve(struct tote_returned *returned, size_t more,
                          struct tote_error *err)
{
    size_t need = returned->n + more;
    if (need <= returned->capacity)
        return 0;
    size_t capacity = need * 2;
    struct tote_returned_entry *bigger =
        realloc(returned->heap, capacity * sizeof *bigger);
    if (!bigger)
        return tote_error_set(err, -ENOMEM, "out of memory for %zu lost batches", need);
    returned->heap = bigger;
    returned->capacity = capacity;
    return 0;
}

static bool is_before(const struct tote_returned_entry *a,
                      const struct tote_returned_entry *b)
{
    if (a->not_before_ns != b->not_before_ns)
        return a->not_before_ns < b->not_before_ns;
    return a->batch.first < b->batch.first;
}

static void swap(struct tote_returned_entry *a, struct tote_returned_entry *b)
{
    struct tote_returned_entry kept = *a;
    *a = *b;
    *b = kept;
}

void tote_returned_add(struct tote_returned *returned, const struct tote_batch *batch,
                       tote_ns_t not_before_ns)
{
    struct tote_returned_entry *heap = returned->heap;
    size_t at = returned->n++;
    heap[at] = (struct tote_returned_entry){*batch, not_before_ns};
    for (; at > 0 && is_before(&heap[at], &heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&heap[at], &heap[(at - 1) / 2]);
}

bool tote_returned_take(struct tote_returned *returned, tote_ns_t now,
                        struct tote_batch *ret_batch)
{
    struct tote_returned_entry *heap = returned->heap;
    if (returned->n == 0 || heap[0].not_before_ns > now)
        return false;
    *ret_batch = heap[0].batch;
    heap[0] = heap[--returned->n];
    for (size_t at = 0, child; (child = 2 * at + 1) < returned->n; at = child) {
        if (child + 1 < returned->n && is_before(&heap[child + 1], &heap[child]))
            child++;
        if (!is_before(&heap[child], &heap[at]))
            break;
        swap(&heap[child], &heap[at]);
    }
    return true;
}
