/* SPDX-License-Identifier: MIT */
/* ranks.c: midranks and the sum that ties are corrected by (ranks.h). */
#include "stats/ranks.h"

#include <errno.h>
#include <stdlib.h>

#include "stats/stats.h"

struct place {
    double value;
    size_t index;
};

static int compare_places(const void *a, const void *b)
{
    double x = ((const struct place *)a)->value, y = ((const struct place *)b)->value;
    return (x > y) - (x < y);
}

/* Ranks the group of equal values from first on; returns the first after it. */
static size_t fill_group(const struct place *places, size_t first, size_t n,
                         double *ranks)
{
    size_t end = first + 1;
    while (end < n && places[end].value == places[first].value)
        end++;
    for (size_t i = first; i < end; i++)
        ranks[places[i].index] = ((double)first + 1 + (double)end) / 2;
    return end;
}

int tote_ranks_fill(const double *values, size_t n, double *ret_ranks, double *ret_ties)
{
    if (!tote_stats_is_finite(values, n))
        return -EINVAL;
    struct place *places = reallocarray(NULL, n ? n : 1, sizeof *places);
    if (!places)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        places[i] = (struct place){.value = values[i], .index = i};
    if (n > 1)
        qsort(places, n, sizeof *places, compare_places);
    double ties = 0;
    for (size_t first = 0; first < n;) {
        size_t end = fill_group(places, first, n, ret_ranks);
        double t = (double)(end - first);
        ties += t * t * t - t;
        first = end;
    }
    *ret_ties = ties;
    free(places);
    return 0;
}
