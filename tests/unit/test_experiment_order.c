/* SPDX-License-Identifier: MIT */
/* test_experiment_order.c: the random order of cells is a permutation, the same for a
 * seed, and favours nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/experiment.h"

static void it_is_a_permutation(void **state)
{
    (void)state;
    for (size_t n = 0; n <= TOTE_CELLS_MAX + 1; n++) {
        size_t order[TOTE_CELLS_MAX + 1];
        for (uint32_t block = 0; block < 100; block++) {
            uint64_t seen = 0;
            tote_experiment_order(n * 17, block, n, order);
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
    tote_experiment_order(7, 3, 16, a);
    tote_experiment_order(7, 3, 16, b);
    assert_memory_equal(a, b, sizeof a);
    tote_experiment_order(8, 3, 16, b);
    assert_memory_not_equal(a, b, sizeof a);
    tote_experiment_order(7, 4, 16, b);
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
            tote_experiment_order(kind ? i : 1, kind ? 1 : i, N, order);
            for (size_t place = 0; place < N; place++)
                count[order[place]][place]++;
        }
        for (size_t i = 0; i < N * N; i++)
            assert_true(labs(count[i / N][i % N] - BLOCKS / N) < 500);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_a_permutation),
        cmocka_unit_test(seed_and_block_decide_it),
        cmocka_unit_test(no_place_is_anybodys),
    };
    return cmocka_run_group_tests_name("experiment_order", tests, NULL, NULL);
}
