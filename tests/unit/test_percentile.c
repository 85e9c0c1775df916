/* SPDX-License-Identifier: MIT */
/* test_percentile.c: percentiles without the values in memory are those of the sorted
 * values, whatever their number, spread and ties. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "report/percentile.h"
#include "stats/stats.h"

static const double wanted[] = {0, 50, 99, 100};
enum { N_WANTED = sizeof wanted / sizeof *wanted };

static uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Returns the number of walks. */
static int check(const tote_ns_t *values, size_t n)
{
    struct tote_percentiles *percentiles = tote_percentiles_create(wanted, N_WANTED);
    double *sorted = calloc(n + 1, sizeof *sorted);
    int walks = 0;
    assert_true(percentiles && sorted);
    do {
        for (size_t i = 0; i < n; i++)
            tote_percentiles_add(percentiles, values[i]);
        walks++;
    } while (tote_percentiles_next(percentiles));
    assert_int_equal(tote_percentiles_count(percentiles), n);
    for (size_t i = 0; i < n; i++)
        sorted[i] = (double)values[i];
    tote_stats_sort(sorted, n);
    for (size_t i = 0; i < N_WANTED; i++) {
        double want = tote_stats_percentile(sorted, n, wanted[i]);
        double got = tote_percentiles_get(percentiles, i);
        if (!(got == want) && !(isnan(got) && isnan(want)))
            fail_msg("percentile %g of %zu: %.17g, not %.17g", wanted[i], n, got, want);
    }
    free(sorted);
    tote_percentiles_destroy(percentiles);
    return walks;
}

static void test_few(void **state)
{
    (void)state;
    const tote_ns_t values[] = {7, 0, 4095, 4096, 4097, INT64_MAX, 5000000, 5000001};
    for (size_t n = 0; n <= sizeof values / sizeof *values; n++)
        check(values, n);
    tote_percentiles_destroy(NULL);
}

static void test_edges(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 63; bits++) {
        tote_ns_t at = (tote_ns_t)1 << bits;
        const tote_ns_t values[] = {at, at - 1, at + 1, at, at + at / 2};
        check(values, sizeof values / sizeof *values);
    }
}

static void test_ties(void **state)
{
    (void)state;
    static tote_ns_t values[1000];
    for (size_t i = 0; i < 1000; i++)
        values[i] = INT64_C(123456789012345) + (i % 3 == 0);
    check(values, 1000);
    for (size_t i = 0; i < 1000; i++)
        values[i] = INT64_MAX;
    check(values, 1000);
}

/* Of every size, from nanoseconds to centuries. */
static void test_many(void **state)
{
    (void)state;
    enum { N = 20001 };
    static tote_ns_t values[N];
    uint64_t random = 88172645463325252;
    for (unsigned bits = 1; bits <= 63; bits += 2) {
        for (size_t i = 0; i < N; i++)
            values[i] = (tote_ns_t)(random_next(&random) >> (64 - bits));
        int walks = check(values, N);
        assert_in_range(walks, 1, bits <= 12 ? 1 : bits <= 28 ? 2 : bits <= 44 ? 3 : 5);
        check(values, N - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_ties),
        cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
