/* SPDX-License-Identifier: MIT */
/* holm.h: p values of several tests, so corrected that a false alarm in any of them
 * stays as rare as in one. */
#ifndef TOTE_STATS_HOLM_H
#define TOTE_STATS_HOLM_H

#include <stddef.h>

/* Holm, Scandinavian Journal of Statistics 6, 1979: the i-th smallest of n, times
 * n + 1 - i, never below the one before, at most 1. ret_adjusted has the order of p and
 * may be p itself. -EINVAL if a p is not in [0, 1], -ENOMEM. */
int tote_holm_adjust(const double *p, size_t n, double *ret_adjusted);

#endif
