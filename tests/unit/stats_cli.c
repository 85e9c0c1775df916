/* SPDX-License-Identifier: MIT */
/* stats_cli.c: lets test_stats_oracle.py call the statistics. A line of standard input
 * is
 *
 *     rank N                 -> the rank
 *     interval N x1 ... xN   -> median, low, high ("nan" where there is none)
 *     percentile P N x1 ...  -> the percentile of the values, which it sorts
 *
 * and each gets one line of answer. Numbers are written so that they read back exactly.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats/stats.h"

/* Reads "N x1 ... xN": a new array. */
static double *read_values(size_t *ret_n)
{
    if (scanf("%zu", ret_n) != 1)
        return NULL;
    double *values = calloc(*ret_n + 1, sizeof *values);
    for (size_t i = 0; values && i < *ret_n; i++) {
        if (scanf("%lf", &values[i]) != 1) {
            free(values);
            return NULL;
        }
    }
    return values;
}

static int answer(const char *word)
{
    double p = 0;
    size_t n = 0;
    if (strcmp(word, "rank") == 0)
        return scanf("%zu", &n) == 1 ? printf("%zu\n", tote_stats_median_rank(n)) : -1;
    if (strcmp(word, "percentile") == 0 && scanf("%lf", &p) != 1)
        return -1;
    double *values = read_values(&n);
    struct tote_interval interval;
    if (!values || tote_stats_interval(values, n, &interval) < 0)
        return -1;
    int printed;
    if (strcmp(word, "percentile") == 0) {
        tote_stats_sort(values, n);
        printed = printf("%.17g\n", tote_stats_percentile(values, n, p));
    } else {
        printed =
            printf("%.17g %.17g %.17g\n", interval.median, interval.low, interval.high);
    }
    free(values);
    return printed;
}

int main(void)
{
    char word[16];
    while (scanf("%15s", word) == 1) {
        if (answer(word) < 0)
            return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
