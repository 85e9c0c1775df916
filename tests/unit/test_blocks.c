/* SPDX-License-Identifier: MIT */
/* test_blocks.c: the loop over blocks with launches that never were: the order, the
 * stopping rule, the budget, what is missing, and how it ends. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "experiment/blocks.h"
#include "experiment/stop.h"

/* --- order --- */

enum { ORDER_MAX = 40 };

static void it_is_a_permutation(void **state)
{
    (void)state;
    for (size_t n = 0; n <= ORDER_MAX; n++) {
        size_t order[ORDER_MAX];
        for (uint32_t block = 0; block < 100; block++) {
            uint64_t seen = 0;
            tote_blocks_order(n * 17, block, n, order);
            for (size_t i = 0; i < n; i++) {
                assert_true(order[i] < n);
                seen |= UINT64_C(1) << order[i];
            }
            assert_true(seen == (UINT64_C(1) << n) - 1);
        }
    }
}

static void seed_and_block_decide_it(void **state)
{
    (void)state;
    size_t a[16], b[16];
    tote_blocks_order(7, 3, 16, a);
    tote_blocks_order(7, 3, 16, b);
    assert_memory_equal(a, b, sizeof a);
    tote_blocks_order(8, 3, 16, b);
    assert_memory_not_equal(a, b, sizeof a);
    tote_blocks_order(7, 4, 16, b);
    assert_memory_not_equal(a, b, sizeof a);
}

/* Each of 4 cells comes at each of 4 places in a quarter of 40,000 blocks: standard
 * deviation 87, so that 500 is out of the question by chance. Also of blocks of one
 * seed. */
static void no_place_is_anybodys(void **state)
{
    (void)state;
    enum { N = 4, BLOCKS = 40000 };
    for (int kind = 0; kind < 2; kind++) {
        long count[N][N] = {{0}};
        for (uint32_t i = 0; i < BLOCKS; i++) {
            size_t order[N];
            tote_blocks_order(kind ? i : 1, kind ? 1 : i, N, order);
            for (size_t place = 0; place < N; place++)
                count[order[place]][place]++;
        }
        for (size_t i = 0; i < N * N; i++)
            assert_true(labs(count[i / N][i % N] - BLOCKS / N) < 500);
    }
}

/* --- launches that never were --- */

enum { CELLS = 3, BLOCKS_MAX = 40 };

struct fake {
    tote_ns_t clock;
    tote_ns_t takes;                          /* each launch */
    double spread;                            /* of what it came to */
    uint32_t launches[CELLS][BLOCKS_MAX + 1]; /* in this call */
    bool was_done[CELLS][BLOCKS_MAX + 1];     /* in an earlier one */
    uint32_t n;
    uint32_t fails_at; /* this launch, from 1; 0: none */
    int fails_with;
};

static struct tote_outcome_of_run outcome(const struct fake *fake, uint32_t block)
{
    double value = 1 + (block % 2 ? fake->spread : -fake->spread);
    return (struct tote_outcome_of_run){value, 1 / value};
}

static bool fake_has_run(void *context, size_t cell, uint32_t block,
                         struct tote_outcome_of_run *ret)
{
    const struct fake *fake = context;
    *ret = outcome(fake, block);
    return fake->was_done[cell][block];
}

static int fake_launch(void *context, size_t cell, uint32_t block,
                       struct tote_outcome_of_run *ret, struct tote_error *err)
{
    struct fake *fake = context;
    (void)err;
    fake->clock += fake->takes;
    if (++fake->n == fake->fails_at)
        return fake->fails_with;
    fake->launches[cell][block]++;
    *ret = outcome(fake, block);
    return 0;
}

static tote_ns_t fake_now(void *context)
{
    return ((const struct fake *)context)->clock;
}

static const struct tote_blocks_ops ops = {fake_has_run, fake_launch, fake_now};

/* Two engines that are judged and a control. */
static const struct tote_blocks_cell cells[CELLS] = {
    {true, true, true}, {true, true, true}, {true, false, false}};

static struct tote_blocks blocks_of(struct fake *fake, uint32_t least, uint32_t most)
{
    return (struct tote_blocks){
        .cells = cells,
        .n_cells = CELLS,
        .least = least,
        .most = most,
        .precision = 0.05,
        .budget_ns = INT64_C(1) << 40,
        .order_seed = 3,
        .ops = &ops,
        .context = fake,
    };
}

static void assert_launched(const struct fake *fake, uint32_t blocks)
{
    for (size_t cell = 0; cell < CELLS; cell++)
        for (uint32_t block = 1; block <= BLOCKS_MAX; block++)
            assert_int_equal(fake->launches[cell][block] + fake->was_done[cell][block],
                             block <= blocks);
}

static void narrow_intervals_end_it(void **state)
{
    (void)state;
    struct fake fake = {.spread = 0.01};
    struct tote_blocks blocks = blocks_of(&fake, 6, 30);
    assert_int_equal(tote_blocks_run(&blocks, NULL), TOTE_EXPERIMENT_PRECISION);
    assert_launched(&fake, 6);
    /* Not before the least number of blocks, nor where an interval cannot be. */
    fake = (struct fake){.spread = 0.01};
    blocks = blocks_of(&fake, 9, 30);
    assert_int_equal(tote_blocks_run(&blocks, NULL), TOTE_EXPERIMENT_PRECISION);
    assert_launched(&fake, 9);
    fake = (struct fake){.spread = 0};
    blocks = blocks_of(&fake, 2, 30);
    assert_int_equal(tote_blocks_run(&blocks, NULL), TOTE_EXPERIMENT_PRECISION);
    assert_launched(&fake, 6);
}

static void wide_ones_do_not(void **state)
{
    (void)state;
    struct fake fake = {.spread = 0.2};
    struct tote_blocks blocks = blocks_of(&fake, 6, 12);
    assert_int_equal(tote_blocks_run(&blocks, NULL), TOTE_EXPERIMENT_DONE);
    assert_launched(&fake, 12);
    fake = (struct fake){.spread = 0};
    blocks = blocks_of(&fake, 6, 12);
    blocks.precision = 0; /* not asked for */
    assert_int_equal(tote_blocks_run(&blocks, NULL), TOTE_EXPERIMENT_DONE);
    assert_launched(&fake, 12);
    fake = (struct fake){.spread = 0};
    blocks = blocks_of(&fake, 6, 6); /* exactly so many: that is what ends it */
    assert_int_equal(tote_blocks_run(&blocks, NULL), TOTE_EXPERIMENT_DONE);
    assert_launched(&fake, 6);
}

static void a_budget_cuts_whole_blocks(void **state)
{
    (void)state;
    struct fake fake = {.spread = 0.2, .takes = 100};
    struct tote_blocks blocks = blocks_of(&fake, 6, 30);
    blocks.budget_ns = 1199; /* of 300 each: the fourth would not end within it */
    assert_int_equal(tote_blocks_run(&blocks, NULL), TOTE_EXPERIMENT_BUDGET);
    assert_launched(&fake, 3);
    fake = (struct fake){.spread = 0.2, .takes = 100};
    blocks.budget_ns = 1; /* one block is always whole */
    assert_int_equal(tote_blocks_run(&blocks, NULL), TOTE_EXPERIMENT_BUDGET);
    assert_launched(&fake, 1);
}

static void what_is_missing_is_run(void **state)
{
    (void)state;
    struct fake fake = {.spread = 0.01};
    struct tote_blocks blocks = blocks_of(&fake, 6, 30);
    for (uint32_t block = 1; block <= 4; block++)
        for (size_t cell = 0; cell < CELLS; cell++)
            fake.was_done[cell][block] = true;
    fake.was_done[1][3] = false;
    fake.was_done[2][5] = true;
    assert_int_equal(tote_blocks_run(&blocks, NULL), TOTE_EXPERIMENT_PRECISION);
    assert_int_equal(fake.launches[1][3], 1);
    assert_int_equal(fake.n, 1 + 2 + 3);
    assert_launched(&fake, 6);
    /* One that has come to its end launches nothing. */
    for (uint32_t block = 1; block <= 6; block++)
        for (size_t cell = 0; cell < CELLS; cell++)
            fake.was_done[cell][block] = true;
    fake.n = 0;
    assert_int_equal(tote_blocks_run(&blocks, NULL), TOTE_EXPERIMENT_PRECISION);
    assert_int_equal(fake.n, 0);
}

static void what_cannot_run_is_passed_over(void **state)
{
    (void)state;
    struct tote_blocks_cell some[CELLS];
    memcpy(some, cells, sizeof some);
    some[1].can_run = false;
    struct fake fake = {.spread = 0.01};
    struct tote_blocks blocks = blocks_of(&fake, 6, 30);
    blocks.cells = some;
    assert_int_equal(tote_blocks_run(&blocks, NULL), TOTE_EXPERIMENT_PRECISION);
    assert_int_equal(fake.n, 12);
}

static void signals_and_failures_end_it(void **state)
{
    (void)state;
    struct fake fake = {.spread = 0.2, .fails_at = 7, .fails_with = 1};
    struct tote_blocks blocks = blocks_of(&fake, 6, 30);
    assert_int_equal(tote_blocks_run(&blocks, NULL), TOTE_EXPERIMENT_SIGNAL);
    assert_int_equal(fake.n, 7);
    fake = (struct fake){.spread = 0.2, .fails_at = 7, .fails_with = -EPROTO};
    assert_int_equal(tote_blocks_run(&blocks, NULL), TOTE_EXPERIMENT_ENGINE);
    fake = (struct fake){.spread = 0.2, .fails_at = 1, .fails_with = -EPROTO};
    assert_int_equal(tote_blocks_run(&blocks, NULL), -EPROTO);
    fake = (struct fake){.spread = 0.2, .fails_at = 7, .fails_with = -EIO};
    assert_int_equal(tote_blocks_run(&blocks, NULL), -EIO); /* the store's */
}

/* --- the rule itself --- */

static void every_cell_has_to_be_known(void **state)
{
    (void)state;
    struct tote_stop *stop = tote_stop_create(2, 0.05);
    assert_non_null(stop);
    assert_false(tote_stop_is_reached(stop));
    for (int i = 0; i < 6; i++)
        assert_int_equal(tote_stop_add(stop, 0, 10 + 0.1 * i, 100, NULL), 0);
    assert_true(tote_stop_is_reached(stop));
    assert_true(fabs(tote_stop_width(stop) - 0.25 / 10.25) < 1e-12);
    assert_int_equal(tote_stop_add(stop, 1, 10, 100, NULL), 0);
    assert_false(tote_stop_is_reached(stop)); /* one run has no interval */
    for (int i = 0; i < 5; i++) /* a rate may be unknown: of an empty bag */
        assert_int_equal(tote_stop_add(stop, 1, 10, NAN, NULL), 0);
    assert_false(tote_stop_is_reached(stop));
    for (int i = 0; i < 5; i++)
        assert_int_equal(tote_stop_add(stop, 1, 10, 100 + i, NULL), 0);
    assert_true(tote_stop_is_reached(stop));
    tote_stop_destroy(stop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_a_permutation),
        cmocka_unit_test(seed_and_block_decide_it),
        cmocka_unit_test(no_place_is_anybodys),
        cmocka_unit_test(narrow_intervals_end_it),
        cmocka_unit_test(wide_ones_do_not),
        cmocka_unit_test(a_budget_cuts_whole_blocks),
        cmocka_unit_test(what_is_missing_is_run),
        cmocka_unit_test(what_cannot_run_is_passed_over),
        cmocka_unit_test(signals_and_failures_end_it),
        cmocka_unit_test(every_cell_has_to_be_known),
    };
    return cmocka_run_group_tests_name("blocks", tests, NULL, NULL);
}
