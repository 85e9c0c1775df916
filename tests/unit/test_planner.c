/* SPDX-License-Identifier: MIT */
/* test_planner.c: how a bag is cut into batches: that every task comes once, that sizes
 * follow the rule of planner.h, and what the rule is worth, by simulation of P slots
 * that share a queue. The figures of the last test are on its standard error. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/dispatcher.h"
#include "core/planner.h"
#include "random.h"

/* --- a machine of slots with one queue --- */

#define SLOTS_MAX  64
#define WINDOW_MAX (SLOTS_MAX * TOTE_WINDOW)

struct flight {
    struct tote_batch batch;
    tote_ns_t sent_ns;
};

struct machine {
    uint32_t slots, fixed;
    double task_ns, spread_ns, cost_ns; /* a slot idles cost_ns before each batch */
    uint64_t random;
    tote_ns_t free_at[SLOTS_MAX];
    struct flight queue[WINDOW_MAX], busy[SLOTS_MAX];
    size_t n_queue;
    bool is_busy[SLOTS_MAX];
    tote_ns_t start_ns[SLOTS_MAX];
    tote_ns_t now, work_ns;
    uint64_t n_batches, next;
    uint32_t largest, last[SLOTS_MAX]; /* counts of the latest batches dealt out */
};

static void fill(struct machine *m, struct tote_planner *planner)
{
    size_t out = m->n_queue;
    for (uint32_t i = 0; i < m->slots; i++)
        out += m->is_busy[i];
    struct tote_batch batch;
    for (; out < tote_planner_window(planner) &&
           tote_planner_next(planner, NULL, m->now, &batch);
         out++) {
        assert_true(batch.count > 0 && batch.count <= TOTE_BATCH_MAX);
        assert_int_equal(batch.first, m->next);
        assert_int_equal(batch.attempt, 1);
        assert_int_equal(batch.id, ++m->n_batches);
        m->next += batch.count;
        m->largest = batch.count > m->largest ? batch.count : m->largest;
        m->last[m->n_batches % m->slots] = batch.count;
        m->queue[m->n_queue++] = (struct flight){.batch = batch, .sent_ns = m->now};
    }
}

static void begin(struct machine *m, uint32_t slot)
{
    m->busy[slot] = m->queue[0];
    memmove(m->queue, m->queue + 1, --m->n_queue * sizeof *m->queue);
    double work = 0;
    uint32_t count = m->busy[slot].batch.count;
    for (uint32_t i = 0; m->spread_ns > 0 && i < count; i++)
        work += random_unit(&m->random) * m->spread_ns;
    work += count * m->task_ns;
    m->is_busy[slot] = true;
    m->start_ns[slot] = m->now + (tote_ns_t)m->cost_ns;
    m->free_at[slot] = m->start_ns[slot] + (tote_ns_t)work;
    m->work_ns += (tote_ns_t)work;
}

static uint32_t first_free(const struct machine *m)
{
    uint32_t first = SLOTS_MAX;
    for (uint32_t i = 0; i < m->slots; i++)
        if (m->is_busy[i] && (first == SLOTS_MAX || m->free_at[i] < m->free_at[first]))
            first = i;
    return first;
}

static void end(struct machine *m, struct tote_planner *planner, uint32_t slot)
{
    m->now = m->free_at[slot];
    m->is_busy[slot] = false;
    tote_planner_observe(planner, &(struct tote_planner_observation){
                                      .worker = slot + 1,
                                      .count = m->busy[slot].batch.count,
                                      .start_ns = m->start_ns[slot],
                                      .end_ns = m->now,
                                      .sent_ns = m->busy[slot].sent_ns,
                                      .back_ns = m->now,
                                  });
}

/* Runs n tasks; returns work / (slots * time), 1 being no slot ever idle. */
static double run_machine(struct machine *m, uint64_t n)
{
    struct tote_planner planner;
    assert_int_equal(tote_planner_init(&planner, n, m->slots, m->fixed, NULL), 0);
    m->now = 1;
    for (;;) {
        fill(m, &planner);
        for (uint32_t i = 0; i < m->slots; i++)
            if (!m->is_busy[i] && m->n_queue > 0)
                begin(m, i);
        uint32_t slot = first_free(m);
        if (slot == SLOTS_MAX)
            break;
        end(m, &planner, slot);
    }
    assert_true(tote_planner_is_fed(&planner));
    assert_int_equal(m->next, n);
    tote_planner_finish(&planner);
    return (double)m->work_ns / (m->slots * (double)(m->now > 1 ? m->now - 1 : 1));
}

/* --- covering --- */

static void every_task_comes_once(void **state)
{
    (void)state;
    static const uint64_t tasks[] = {0, 1, 2, 3, 7, 8, 100, 4096, 4097, 100000};
    static const uint32_t fixed[] = {0, 1, 3, 4096}, slots[] = {1, 2, 8, 64};
    for (size_t i = 0; i < 10 * 4 * 4; i++) {
        struct machine m = {.slots = slots[i % 4],
                            .fixed = fixed[i / 4 % 4],
                            .task_ns = 1000,
                            .spread_ns = 2000,
                            .cost_ns = 10000,
                            .random = i};
        uint64_t n = tasks[i / 16];
        run_machine(&m, n); /* asserts within */
        if (m.fixed)
            assert_int_equal(m.n_batches, (n + m.fixed - 1) / m.fixed);
    }
}

static void a_lost_batch_comes_back_in_pieces(void **state)
{
    (void)state;
    static const struct {
        uint32_t count, pieces;
    } rows[] = {{1, 1}, {2, 2}, {7, 7}, {8, 8}, {9, 5}, {16, 8}, {4096, 8}, {4095, 8}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tote_planner planner;
        struct tote_batch batch, piece;
        assert_int_equal(tote_planner_init(&planner, 4096, 2, rows[i].count, NULL), 0);
        assert_true(tote_planner_next(&planner, NULL, 1, &batch));
        batch.attempt = 5;
        assert_int_equal(tote_planner_give_back(&planner, &batch, false, 1, NULL), 0);
        bool seen[TOTE_BATCH_MAX] = {0};
        for (uint32_t j = 0; j < rows[i].pieces; j++) {
            assert_true(tote_planner_next(&planner, NULL, 1, &piece));
            assert_int_equal(piece.attempt, 6);
            assert_true(piece.id > batch.id);
            assert_int_equal(piece.lost_alone, rows[i].count == 1);
            for (uint32_t at = 0; at < piece.count; at++) {
                assert_false(seen[piece.first + at]);
                seen[piece.first + at] = true;
            }
        }
        for (uint32_t at = 0; at < rows[i].count; at++)
            assert_true(seen[at]);
        assert_int_equal(planner.returned.n, 0);
        tote_planner_finish(&planner);
    }
}

/* --- sizes --- */

static void auto_probes_with_single_tasks(void **state)
{
    (void)state;
    struct tote_planner planner;
    struct tote_batch batch;
    assert_int_equal(tote_planner_init(&planner, 1000, 4, 0, NULL), 0);
    for (int i = 0; i < 16; i++) {
        assert_true(tote_planner_next(&planner, NULL, 1, &batch));
        assert_int_equal(batch.count, 1);
    }
    tote_planner_finish(&planner);
}

static uint32_t size_after(uint64_t tasks, double task_ns, double cost_ns,
                           uint32_t seen)
{
    struct tote_planner planner;
    struct tote_batch batch;
    assert_int_equal(tote_planner_init(&planner, tasks, 2, 0, NULL), 0);
    tote_ns_t now = 1000, work = (tote_ns_t)(task_ns * seen);
    for (int i = 0; i < 20; i++) {
        tote_planner_observe(&planner, &(struct tote_planner_observation){
                                           .worker = 1,
                                           .count = seen,
                                           .start_ns = now,
                                           .end_ns = now + work,
                                           .sent_ns = 1,
                                           .back_ns = now + work,
                                       });
        now += work + (tote_ns_t)cost_ns;
    }
    assert_true(tote_planner_next(&planner, NULL, 1, &batch));
    tote_planner_finish(&planner);
    return batch.count;
}

/* A big bag: the cost must be about TOTE_PLANNER_COST_FRAC of the work of a batch. */
static void the_middle_is_cut_by_the_cost(void **state)
{
    (void)state;
    static const double ratio[] = {0.001, 0.01, 0.02, 0.1, 1, 3, 10};
    for (size_t i = 0; i < sizeof ratio / sizeof ratio[0]; i++) {
        double task_ns = 1e5;
        uint32_t count = size_after(1u << 30, task_ns, ratio[i] * task_ns, 1000);
        double wanted = ratio[i] / TOTE_PLANNER_COST_FRAC;
        assert_true(count >= wanted && count < wanted + 1.001);
    }
}

static void an_auto_batch_has_its_bounds(void **state)
{
    (void)state;
    /* not longer than a second of work */
    assert_int_equal(size_after(1u << 30, 1e7, 1e9, 1000), 100);
    assert_int_equal(size_after(1u << 30, 5e9, 1e9, 10), 1);
    /* not more than four times what was seen */
    assert_int_equal(size_after(1u << 30, 1e3, 1e9, 10), 10 * TOTE_PLANNER_GROWTH);
    /* nor than a batch may hold */
    assert_int_equal(size_after(1u << 30, 1, 1e9, 4096), TOTE_BATCH_MAX);
    /* nor than there is */
    assert_int_equal(size_after(3, 1, 1e9, 4096), 3);
}

static void the_tail_is_small(void **state)
{
    (void)state;
    for (uint32_t slots = 1; slots <= 8; slots *= 2) {
        struct machine m = {.slots = slots, .task_ns = 1e5, .cost_ns = 1e5};
        run_machine(&m, 100000);
        assert_true(m.largest >= 32);
        for (uint32_t i = 0; i < slots; i++)
            assert_true(m.last[i] <= 2);
    }
}

/* Never so small that a batch costs more than it runs, once that is known. */
static void the_tail_is_not_too_small(void **state)
{
    (void)state;
    struct machine m = {.slots = 2, .task_ns = 1e4, .cost_ns = 1e6};
    run_machine(&m, 100000);
    for (uint32_t i = 1; i < m.slots; i++)
        assert_true(m.last[(m.n_batches - i) % m.slots] >= 50);
}

static void odd_observations_do_no_harm(void **state)
{
    (void)state;
    struct tote_planner planner;
    struct tote_batch batch;
    uint64_t random = 7;
    assert_int_equal(tote_planner_init(&planner, UINT64_C(1) << 40, 3, 0, NULL), 0);
    for (int i = 0; i < 100000; i++) {
        struct tote_planner_observation seen = {
            .worker = random_below(&random, 5),
            .count = 1 + (uint32_t)random_below(&random, TOTE_BATCH_MAX),
            .start_ns =
                (tote_ns_t)(random_next(&random) >> (1 + random_below(&random, 62))),
            .sent_ns = (tote_ns_t)(random_next(&random) >> 1),
            .back_ns = (tote_ns_t)(random_next(&random) >> 1),
        };
        seen.end_ns = random_is(&random, 0.3) ? seen.start_ns : INT64_MAX;
        tote_planner_observe(&planner, &seen);
        assert_true(tote_planner_next(&planner, NULL, 1, &batch));
        assert_true(batch.count >= 1 && batch.count <= TOTE_BATCH_MAX);
    }
    tote_planner_finish(&planner);
}

/* --- a bag that grows, and one that is resumed --- */

static void a_growing_bag_has_no_tail(void **state)
{
    (void)state;
    for (int is_whole = 0; is_whole < 2; is_whole++) {
        struct tote_planner planner;
        struct tote_batch batch;
        assert_int_equal(tote_planner_init(&planner, 100, 10, 0, NULL), 0);
        tote_planner_grow(&planner, 1000, is_whole);
        for (int i = 0; i < 20; i++)
            tote_planner_observe(&planner, &(struct tote_planner_observation){
                                               .worker = 1,
                                               .count = 4000,
                                               .start_ns = 1,
                                               .end_ns = 4001,
                                               .sent_ns = 1,
                                               .back_ns = 4001,
                                           });
        assert_true(tote_planner_next(&planner, NULL, 1, &batch));
        assert_int_equal(batch.count, is_whole ? 50 : 1000);
        tote_planner_finish(&planner);
    }
}

/* A million tasks are done but for a few: each batch begins at a gap and ends with it.
 */
static void batches_are_runs_of_what_is_not_done(void **state)
{
    (void)state;
    enum { N = 1000000 };
    static const uint64_t first[] = {0, 65535, 70000, 131071, 999999};
    static const uint32_t count[] = {1, 2, 130, 1, 1};
    struct tote_planner planner;
    struct tote_recorder recorder;
    struct tote_batch batch;
    assert_int_equal(tote_planner_init(&planner, N, 4, 100, NULL), 0);
    assert_int_equal(tote_recorder_init(&recorder, N, NULL), 0);
    for (uint64_t task = 0, i = 0; task < N; task++) {
        i += i < 4 && task >= first[i] + count[i];
        if (task >= first[i] && task < first[i] + count[i])
            continue;
        assert_int_equal(tote_recorder_skip(&recorder, task, true, NULL), 1);
        tote_planner_skip(&planner, task);
    }
    for (size_t i = 0; i < 5; i++)
        for (uint32_t at = 0; at < count[i]; at += 100) {
            assert_true(tote_planner_next(&planner, &recorder, 1, &batch));
            assert_int_equal(batch.first, first[i] + at);
            assert_int_equal(batch.count, count[i] - at < 100 ? count[i] - at : 100);
        }
    assert_true(tote_planner_is_fed(&planner));
    assert_false(tote_planner_next(&planner, &recorder, 1, &batch));
    tote_planner_finish(&planner);
    tote_recorder_finish(&recorder);
}

/* --- what came back --- */

static void what_came_back_waits_for_its_time(void **state)
{
    (void)state;
    struct tote_planner planner;
    struct tote_batch batch;
    uint64_t random = 3;
    assert_int_equal(tote_planner_init(&planner, 1000, 2, 1, NULL), 0);
    for (int i = 0; i < 1000; i++) {
        assert_true(tote_planner_next(&planner, NULL, 0, &batch));
        tote_ns_t at = 1 + (tote_ns_t)random_below(&random, 500);
        assert_int_equal(tote_planner_give_back(&planner, &batch, false, at, NULL), 0);
    }
    tote_ns_t now = 0;
    for (int i = 0; i < 1000; i++) {
        for (; !tote_planner_next(&planner, NULL, now, &batch); now++)
            for (size_t j = 0; j < planner.returned.n; j++)
                assert_true(planner.returned.heap[j].not_before_ns > now);
        assert_int_equal(batch.attempt, 2);
        assert_int_equal(batch.losses, 1);
        assert_int_equal(batch.lost_alone, 1);
    }
    assert_true(tote_planner_is_fed(&planner));
    tote_planner_finish(&planner);
}

static void what_waits_has_a_bound(void **state)
{
    (void)state;
    struct tote_planner planner;
    struct tote_batch batch;
    assert_int_equal(tote_planner_init(&planner, UINT64_C(1) << 40, 2, 4096, NULL), 0);
    size_t n = 0;
    for (; n < 1000 && tote_planner_next(&planner, NULL, 0, &batch); n++)
        assert_int_equal(tote_planner_give_back(&planner, &batch, true, 9, NULL), 0);
    assert_int_equal(n, TOTE_PLANNER_RETURNED_MOST / 4096 + 1);
    assert_true(tote_planner_next(&planner, NULL, 9, &batch));
    assert_int_equal(batch.count, 1);
    tote_planner_finish(&planner);
}

static void a_failed_task_comes_again_alone(void **state)
{
    (void)state;
    struct tote_planner planner;
    struct tote_batch batch, one;
    assert_int_equal(tote_planner_init(&planner, 100, 2, 10, NULL), 0);
    assert_true(tote_planner_next(&planner, NULL, 1, &batch));
    batch.losses = 2;
    assert_int_equal(tote_planner_retry(&planner, &batch, 7, NULL), 0);
    assert_true(tote_planner_next(&planner, NULL, 1, &one));
    assert_int_equal(one.first, 7);
    assert_int_equal(one.count, 1);
    assert_int_equal(one.attempt, 2);
    assert_int_equal(one.failures, 1);
    assert_int_equal(one.losses, 2);
    tote_planner_finish(&planner);
}

static void the_window_of_long_batches_is_short(void **state)
{
    (void)state;
    static const tote_ns_t times[] = {TOTE_NS_PER_MS, TOTE_NS_PER_S, 3 * TOTE_NS_PER_S};
    static const size_t window[] = {TOTE_WINDOW, TOTE_WINDOW, TOTE_WINDOW_LONG};
    for (size_t i = 0; i < 6; i++) {
        struct tote_planner planner;
        tote_ns_t took = times[i % 3];
        assert_int_equal(tote_planner_init(&planner, 1000, 3, i < 3 ? 10 : 0, NULL), 0);
        for (int j = 0; j < 20; j++)
            tote_planner_observe(&planner, &(struct tote_planner_observation){
                                               .worker = 1,
                                               .count = 1000,
                                               .start_ns = 1,
                                               .end_ns = 1 + took,
                                               .sent_ns = 2,
                                               .back_ns = 1 + took,
                                           });
        assert_int_equal(tote_planner_window(&planner), 3 * window[i % 3]);
        tote_planner_finish(&planner);
    }
}

/* --- what it is worth --- */

static double best_fixed(const struct machine *like, uint64_t n, uint32_t *ret_size)
{
    double best = 0;
    for (uint32_t size = 1; size <= TOTE_BATCH_MAX; size *= 2) {
        struct machine m = *like;
        m.fixed = size;
        double worth = run_machine(&m, n);
        if (worth > best) {
            best = worth;
            *ret_size = size;
        }
    }
    return best;
}

/* What may be asked: enough tasks for each slot, and a cost that is not all there is.
 */
static double least_worth(double ratio, uint64_t n, uint32_t slots)
{
    if (n / slots < 500)
        return 0;
    if (ratio <= 1)
        return 0.95;
    return ratio <= 10 && n / slots >= 5000 ? 0.93 : 0;
}

static void it_is_worth_it(void **state)
{
    (void)state;
    static const double ratios[] = {0.01, 1, 10, 100};
    static const uint32_t slots[] = {2, 8};
    fprintf(stderr,
            "# efficiency: work / (slots * time); cost h of a batch, time t of a task\n"
            "# %6s %7s %2s %8s %8s %8s   %s\n",
            "h/t", "N", "P", "auto", "uneven", "batch 1", "best fixed batch");
    for (size_t i = 0; i < 4 * 2 * 3; i++) {
        double ratio = ratios[i / 6];
        uint32_t p = slots[i / 3 % 2];
        uint64_t n = (uint64_t[]){1000, 10000, 100000}[i % 3];
        struct machine even = {.slots = p, .task_ns = 1e5, .cost_ns = ratio * 1e5},
                       uneven = {.slots = p,
                                 .spread_ns = 2e5,
                                 .cost_ns = ratio * 1e5,
                                 .random = 1},
                       one = even, fixed = even;
        one.fixed = 1;
        uint32_t size = 0;
        double worth = run_machine(&even, n), worth_uneven = run_machine(&uneven, n);
        double best = best_fixed(&fixed, n, &size), single = run_machine(&one, n);
        fprintf(stderr, "# %6g %7" PRIu64 " %2u %8.3f %8.3f %8.3f   %.3f of %u\n",
                ratio, n, p, worth, worth_uneven, single, best, size);
        assert_true(worth >= least_worth(ratio, n, p));
        assert_true(worth_uneven >= least_worth(ratio, n, p) - 0.01);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_comes_once),
        cmocka_unit_test(a_lost_batch_comes_back_in_pieces),
        cmocka_unit_test(auto_probes_with_single_tasks),
        cmocka_unit_test(the_middle_is_cut_by_the_cost),
        cmocka_unit_test(an_auto_batch_has_its_bounds),
        cmocka_unit_test(the_tail_is_small),
        cmocka_unit_test(the_tail_is_not_too_small),
        cmocka_unit_test(odd_observations_do_no_harm),
        cmocka_unit_test(a_growing_bag_has_no_tail),
        cmocka_unit_test(batches_are_runs_of_what_is_not_done),
        cmocka_unit_test(what_came_back_waits_for_its_time),
        cmocka_unit_test(what_waits_has_a_bound),
        cmocka_unit_test(a_failed_task_comes_again_alone),
        cmocka_unit_test(the_window_of_long_batches_is_short),
        cmocka_unit_test(it_is_worth_it),
    };
    return cmocka_run_group_tests_name("planner", tests, NULL, NULL);
}
