/* SPDX-License-Identifier: MIT */
/* holm.c: Holm's correction (holm.h). */
#include "stats/holm.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

struct test {
    double p;
    size_t index;
};

static int compare_tests(const void *a, const void *b)
{
    double x = ((const struct test *)a)->p, y = ((const struct test *)b)->p;
    return (x > y) - (x < y);
}

int tote_holm_adjust(const double *p, size_t n, double *ret_adjusted)
{
    struct test *tests = reallocarray(NULL, n ? n : 1, sizeof *tests);
    if (!tests)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        if (!(p[i] >= 0 && p[i] <= 1)) {
            free(tests);
            return -EINVAL;
        }
        tests[i] = (struct test){.p = p[i], .index = i};
    }
    if (n > 1)
        qsort(tests, n, sizeof *tests, compare_tests);
    double least = 0;
    for (size_t i = 0; i < n; i++) {
        least = fmax(least, fmin(1, tests[i].p * (double)(n - i)));
        ret_adjusted[tests[i].index] = least;
    }
    free(tests);
    return 0;
}
