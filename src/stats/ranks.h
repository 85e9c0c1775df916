/* SPDX-License-Identifier: MIT */
/* ranks.h: ranks of pooled values, which the rank tests share. Not for who is first in
 * a comparison: that is judge's. */
#ifndef TOTE_STATS_RANKS_H
#define TOTE_STATS_RANKS_H

#include <stddef.h>

/* Writes the rank of each of n values, from 1; tied values share the mean of theirs.
 * Puts into ret_ties the sum of t^3 - t over all groups of t equal values, 0 without
 * ties. -EINVAL if a value is not finite, -ENOMEM. */
int tote_ranks_fill(const double *values, size_t n, double *ret_ranks,
                    double *ret_ties);

#endif
