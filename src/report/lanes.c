/* SPDX-License-Identifier: MIT */
/* lanes.c: two heaps (lanes.h). */
#include "report/lanes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

typedef bool is_before(const struct tote_lane *a, const struct tote_lane *b);

static bool ends_before(const struct tote_lane *a, const struct tote_lane *b)
{
    return a->end_ns < b->end_ns;
}

static bool lies_before(const struct tote_lane *a, const struct tote_lane *b)
{
    return a->lane < b->lane;
}

static void push(struct tote_lane *heap, size_t *n, struct tote_lane lane,
                 is_before *before)
{
    size_t i = (*n)++;
    for (; i > 0 && before(&lane, &heap[(i - 1) / 2]); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = lane;
}

static struct tote_lane pop(struct tote_lane *heap, size_t *n, is_before *before)
{
    struct tote_lane top = heap[0], last = heap[--*n];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < *n && before(&heap[child + 1], &heap[child]))
            child++;
        if (child >= *n || !before(&heap[child], &last))
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = last;
    return top;
}

static int make_room(struct tote_lanes *lanes)
{
    size_t room = lanes->room ? 2 * lanes->room : 8;
    struct tote_lane *busy = reallocarray(lanes->busy, room, sizeof *busy);
    if (busy)
        lanes->busy = busy;
    struct tote_lane *free = reallocarray(lanes->free, room, sizeof *free);
    if (free)
        lanes->free = free;
    if (!busy || !free)
        return -ENOMEM;
    lanes->room = room;
    return 0;
}

int tote_lanes_take(struct tote_lanes *lanes, tote_ns_t start_ns, tote_ns_t end_ns,
                    size_t *ret_lane)
{
    while (lanes->n_busy > 0 && lanes->busy[0].end_ns <= start_ns)
        push(lanes->free, &lanes->n_free, pop(lanes->busy, &lanes->n_busy, ends_before),
             lies_before);
    struct tote_lane lane = {.lane = lanes->n_busy + lanes->n_free};
    if (lanes->n_free > 0)
        lane = pop(lanes->free, &lanes->n_free, lies_before);
    else if (lane.lane == lanes->room && make_room(lanes) < 0)
        return -ENOMEM;
    lane.end_ns = end_ns;
    push(lanes->busy, &lanes->n_busy, lane, ends_before);
    *ret_lane = lane.lane;
    return 0;
}

void tote_lanes_finish(struct tote_lanes *lanes)
{
    free(lanes->busy);
    free(lanes->free);
    *lanes = (struct tote_lanes){0};
}
