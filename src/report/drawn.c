/* SPDX-License-Identifier: MIT */
/* drawn.c: keeps a sample and the slowest of a walk over records (drawn.h). */
#include "report/drawn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SUB_BITS 6 /* 64 cells an octave */
#define N_COUNTS ((64 - SUB_BITS + 1) << SUB_BITS)
#define TAIL     0.99 /* every step beyond is told */

struct walk {
    const struct tote_run_row *row;
    struct tote_drawn *drawn;
    size_t most_sampled, n_sampled;
    struct tote_drawn_bar *slowest; /* a heap, the quickest on top */
    size_t most_slowest, n_slowest;
    uint64_t *counts; /* of service times */
    uint64_t n_good;
};

/* --- the distribution of service times --- */

static size_t count_of(uint64_t ns)
{
    if (ns >> SUB_BITS == 0)
        return (size_t)ns;
    unsigned shift = 63 - (unsigned)__builtin_clzll(ns) - SUB_BITS;
    return ((size_t)(shift + 1) << SUB_BITS) +
           (size_t)((ns >> shift) & ((1u << SUB_BITS) - 1));
}

/* The largest value of a cell. */
static double top_of(size_t i)
{
    if (i >> SUB_BITS == 0)
        return (double)i;
    size_t shift = (i >> SUB_BITS) - 1;
    uint64_t least = (uint64_t)((1u << SUB_BITS) + (i & ((1u << SUB_BITS) - 1)));
    return (double)(((least + 1) << shift) - 1);
}

static int make_steps(const struct walk *walk, const struct tote_run_summary *run,
                      size_t most)
{
    struct tote_drawn *drawn = walk->drawn;
    uint64_t seen = 0;
    double last = 0;
    drawn->steps = calloc(N_COUNTS, sizeof *drawn->steps);
    if (!drawn->steps)
        return -ENOMEM;
    for (size_t i = 0; i < N_COUNTS; i++) {
        if (walk->counts[i] == 0)
            continue;
        seen += walk->counts[i];
        double part = (double)seen / (double)walk->n_good;
        bool is_end = seen == walk->n_good;
        if (drawn->n_steps > 0 && part - last < 1.0 / (double)most && part < TAIL &&
            !is_end)
            continue;
        /* The slowest is known exactly. */
        double at_s = is_end ? run->task_s.max : top_of(i) / (double)TOTE_NS_PER_S;
        drawn->steps[drawn->n_steps++] = (struct tote_drawn_step){at_s, part};
        last = part;
    }
    return 0;
}

/* --- bars --- */

static double length_of(const struct tote_drawn_bar *bar)
{
    return bar->end_s - bar->start_s;
}

static void swap(struct tote_drawn_bar *a, struct tote_drawn_bar *b)
{
    struct tote_drawn_bar bar = *a;
    *a = *b;
    *b = bar;
}

static void sink(struct tote_drawn_bar *heap, size_t n)
{
    for (size_t i = 0;;) {
        size_t least = i, left = 2 * i + 1;
        for (size_t child = left; child < n && child <= left + 1; child++) {
            if (length_of(&heap[child]) < length_of(&heap[least]))
                least = child;
        }
        if (least == i)
            return;
        swap(&heap[i], &heap[least]);
        i = least;
    }
}

static void rise(struct tote_drawn_bar *heap, size_t i)
{
    for (; i > 0; i = (i - 1) / 2) {
        if (length_of(&heap[i]) >= length_of(&heap[(i - 1) / 2]))
            return;
        swap(&heap[i], &heap[(i - 1) / 2]);
    }
}

static void keep_slow(struct walk *walk, const struct tote_drawn_bar *bar)
{
    struct tote_drawn_bar *heap = walk->slowest;
    if (walk->n_slowest < walk->most_slowest) {
        heap[walk->n_slowest] = *bar;
        rise(heap, walk->n_slowest++);
    } else if (walk->n_slowest > 0 && length_of(bar) > length_of(&heap[0])) {
        heap[0] = *bar;
        sink(heap, walk->n_slowest);
    }
}

static double seconds_from(tote_ns_t from, tote_ns_t to)
{
    return ((double)to - (double)from) / (double)TOTE_NS_PER_S;
}

static int visit(void *context, const struct tote_record *record, uint64_t worker)
{
    struct walk *walk = context;
    struct tote_drawn *drawn = walk->drawn;
    uint64_t i = drawn->n_attempts++;
    if (record->outcome == TOTE_OUTCOME_OK && record->end_ns >= record->start_ns) {
        walk->counts[count_of((uint64_t)(record->end_ns - record->start_ns))]++;
        walk->n_good++;
    }
    if (record->start_ns == 0) /* never ran: lost each time */
        return 0;
    struct tote_drawn_bar bar = {
        .task = record->task,
        .attempt = record->attempt,
        .outcome = record->outcome,
        .worker = worker,
        .start_s = seconds_from(walk->row->launch_ns, record->start_ns),
        .end_s = seconds_from(walk->row->launch_ns, record->end_ns),
    };
    bool is_within = record->start_ns >= walk->row->launch_ns &&
                     (walk->row->end_ns == 0 || record->end_ns <= walk->row->end_ns);
    drawn->is_other_clock = drawn->is_other_clock || !is_within;
    if (i % drawn->every == 0 && walk->n_sampled < walk->most_sampled)
        drawn->bars[walk->n_sampled++] = bar;
    else
        keep_slow(walk, &bar);
    return 0;
}

/* --- lanes --- */

static int compare_bars(const void *a, const void *b)
{
    const struct tote_drawn_bar *x = a, *y = b;
    if (x->worker != y->worker)
        return x->worker < y->worker ? -1 : 1;
    if (x->start_s < y->start_s || x->start_s > y->start_s)
        return x->start_s < y->start_s ? -1 : 1;
    return x->task < y->task ? -1 : x->task > y->task;
}

/* The first lane that is free; the last one takes what is too much. */
static void set_lanes(struct tote_drawn *drawn)
{
    enum { LANES_MAX = 64 };
    double until[LANES_MAX] = {0};
    for (size_t i = 0; i < drawn->n_bars; i++) {
        struct tote_drawn_bar *bar = &drawn->bars[i];
        if (i == 0 || bar->worker != bar[-1].worker)
            memset(until, 0, sizeof until);
        while (bar->lane < LANES_MAX - 1 && until[bar->lane] > bar->start_s)
            bar->lane++;
        until[bar->lane] = bar->end_s;
    }
}

/* --- the whole --- */

static int begin(struct walk *walk, const struct tote_run_summary *run, size_t most)
{
    struct tote_drawn *drawn = walk->drawn;
    uint64_t tasks = run->done + run->failed;
    bool is_thinned = tasks > most;
    walk->most_sampled = is_thinned ? most / 2 : most;
    walk->most_slowest = most - walk->most_sampled;
    drawn->every =
        is_thinned ? (tasks + walk->most_sampled - 1) / walk->most_sampled : 1;
    drawn->bars = calloc(most, sizeof *drawn->bars);
    walk->slowest = calloc(walk->most_slowest + 1, sizeof *walk->slowest);
    walk->counts = calloc(N_COUNTS, sizeof *walk->counts);
    return drawn->bars && walk->slowest && walk->counts ? 0 : -ENOMEM;
}

static void end(struct walk *walk)
{
    struct tote_drawn *drawn = walk->drawn;
    memcpy(drawn->bars + walk->n_sampled, walk->slowest,
           walk->n_slowest * sizeof *drawn->bars);
    drawn->n_slowest = walk->n_slowest;
    drawn->n_bars = drawn->is_other_clock ? 0 : walk->n_sampled + walk->n_slowest;
    qsort(drawn->bars, drawn->n_bars, sizeof *drawn->bars, compare_bars);
    set_lanes(drawn);
}

int tote_drawn_make(struct tote_store *store, const struct tote_run_summary *run,
                    size_t most_bars, size_t most_steps, struct tote_drawn *ret_drawn,
                    struct tote_error *err)
{
    struct tote_drawn drawn = {0};
    struct walk walk = {.row = &run->row, .drawn = &drawn};
    int rc = begin(&walk, run, most_bars);
    if (rc == 0)
        rc = tote_store_each_record(store, run->row.id, visit, &walk, err);
    if (rc == 0) {
        end(&walk);
        rc = make_steps(&walk, run, most_steps);
    }
    free(walk.slowest);
    free(walk.counts);
    if (rc == 0)
        *ret_drawn = drawn;
    else
        tote_drawn_finish(&drawn);
    return rc;
}

void tote_drawn_finish(struct tote_drawn *drawn)
{
    free(drawn->bars);
    free(drawn->steps);
    *drawn = (struct tote_drawn){0};
}
