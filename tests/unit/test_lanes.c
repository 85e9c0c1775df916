/* SPDX-License-Identifier: MIT */
/* test_lanes.c: spans in one lane never overlap, and there are as few lanes as can be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "random.h"
#include "report/lanes.h"

#define SPANS 2000

static void test_touching_spans_share_a_lane(void **state)
{
    (void)state;
    struct tote_lanes lanes = {0};
    static const tote_ns_t spans[][3] = {
        {0, 0, 0},   {0, 10, 0},  {5, 20, 1},  {10, 15, 0}, {15, 15, 0},
        {15, 16, 0}, {16, 30, 0}, {17, 18, 2}, {20, 21, 1}, {21, 22, 1},
    };
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        size_t lane = SIZE_MAX;
        assert_int_equal(tote_lanes_take(&lanes, spans[i][0], spans[i][1], &lane), 0);
        assert_int_equal(lane, spans[i][2]);
    }
    tote_lanes_finish(&lanes);
    tote_lanes_finish(&lanes);
}

/* Of the spans so far, those that have not ended at `at`. */
static size_t count_open(const tote_ns_t ends[], size_t n, tote_ns_t at)
{
    size_t open = 0;
    for (size_t i = 0; i < n; i++)
        open += ends[i] > at;
    return open;
}

static void check_seed(uint64_t seed)
{
    static tote_ns_t ends[SPANS], free_at[SPANS];
    struct tote_lanes lanes = {0};
    size_t n_lanes = 0, most = 0;
    tote_ns_t start = 0;
    for (size_t i = 0; i < SPANS; i++) {
        size_t lane;
        start += (tote_ns_t)(random_below(&seed, 5));
        tote_ns_t end = start + (tote_ns_t)(random_below(&seed, 1 + seed % 60));
        size_t open = count_open(ends, i, start) + 1;
        most = open > most ? open : most;
        assert_int_equal(tote_lanes_take(&lanes, start, end, &lane), 0);
        assert_true(lane <= n_lanes); /* a new one is the next */
        if (lane == n_lanes)
            free_at[n_lanes++] = 0;
        for (size_t lower = 0; lower < lane; lower++)
            assert_true(free_at[lower] > start); /* else it was free */
        assert_true(free_at[lane] <= start);
        free_at[lane] = ends[i] = end;
    }
    assert_int_equal(n_lanes, most);
    tote_lanes_finish(&lanes);
}

static void test_random_spans(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++)
        check_seed(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_touching_spans_share_a_lane),
        cmocka_unit_test(test_random_spans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
