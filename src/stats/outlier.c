/* SPDX-License-Identifier: MIT */
/* outlier.c: Tukey's fences and the modified z (outlier.h). All is computed from
 * halves of the values, whose differences cannot overflow. */
#include "stats/outlier.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "stats/stats.h"

#define FENCE  1.5
#define Z_MAX  3.5
#define NORMAL 0.6745 /* MAD of a normal distribution, in standard deviations */

struct scale { /* of halves */
    double low, high;
    double median, mad;
};

/* room has n halves of the values, in any order, and is used up. */
static struct scale find_scale(double *room, size_t n)
{
    tote_stats_sort(room, n);
    double q1 = tote_stats_percentile(room, n, 25);
    double q3 = tote_stats_percentile(room, n, 75);
    struct scale scale = {
        .low = q1 - FENCE * (q3 - q1),
        .high = q3 + FENCE * (q3 - q1),
        .median = tote_stats_median(room, n),
    };
    for (size_t i = 0; i < n; i++)
        room[i] = fabs(room[i] - scale.median);
    tote_stats_sort(room, n);
    scale.mad = tote_stats_median(room, n);
    return scale;
}

static unsigned flags_of(double half, const struct scale *scale)
{
    unsigned flags = 0;
    if (half < scale->low || half > scale->high)
        flags |= TOTE_OUTLIER_TUKEY;
    if (scale->mad > 0 && NORMAL * (fabs(half - scale->median) / scale->mad) > Z_MAX)
        flags |= TOTE_OUTLIER_MAD;
    return flags;
}

int tote_outlier_flag(const double *values, size_t n, unsigned char *ret_flags,
                      struct tote_outliers *ret)
{
    if (!tote_stats_is_finite(values, n))
        return -EINVAL;
    double *room = reallocarray(NULL, n ? n : 1, sizeof *room);
    if (!room)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        room[i] = values[i] / 2;
    struct scale scale = find_scale(room, n);
    free(room);
    *ret = (struct tote_outliers){0};
    for (size_t i = 0; i < n; i++) {
        unsigned flags = flags_of(values[i] / 2, &scale);
        ret->n_tukey += (flags & TOTE_OUTLIER_TUKEY) != 0;
        ret->n_mad += (flags & TOTE_OUTLIER_MAD) != 0;
        ret->n_any += flags != 0;
        if (ret_flags)
            ret_flags[i] = (unsigned char)flags;
    }
    return 0;
}
