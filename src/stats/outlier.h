/* SPDX-License-Identifier: MIT */
/* outlier.h: which values lie far from the others. They are flagged and counted, and
 * stay in every figure. */
#ifndef TOTE_STATS_OUTLIER_H
#define TOTE_STATS_OUTLIER_H

#include <stddef.h>

enum tote_outlier {
    /* More than 1.5 times the distance of the quartiles beyond one (Tukey 1977);
     * quartiles are the percentiles of stats.h. */
    TOTE_OUTLIER_TUKEY = 1,
    /* A modified z, 0.6745 |x - median| / MAD, above 3.5; MAD is the median of all
     * |x - median| (Iglewicz & Hoaglin 1993). None where MAD is 0: there is no scale
     * then. */
    TOTE_OUTLIER_MAD = 2,
};

struct tote_outliers {
    size_t n_tukey, n_mad, n_any;
};

/* Writes the sum of enum tote_outlier for each of n values. ret_flags may be null.
 * -EINVAL if a value is not finite, -ENOMEM. */
int tote_outlier_flag(const double *values, size_t n, unsigned char *ret_flags,
                      struct tote_outliers *ret);

#endif
