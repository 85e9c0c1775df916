/* SPDX-License-Identifier: MIT */
/* fit.h: what stats/line.h and stats/breakeven.h say of the cells of a series
 * (factors.h): T(N) = T0 + c N of the makespan, and where two engines cross. Not for
 * predictions. */
#ifndef TOTE_FIT_H
#define TOTE_FIT_H

#include "report/factors.h"
#include "stats/breakeven.h"
#include "stats/line.h"

/* Of a series over tasks. -ERANGE: there is no such line; -ENOMEM, -EINVAL. */
int tote_fit_line(const struct tote_series *series, uint64_t seed,
                  struct tote_line_estimate *ret);

/* Of two series of one group. The same. */
int tote_fit_breakeven(const struct tote_series *first,
                       const struct tote_series *second, uint64_t seed,
                       struct tote_breakeven *ret);

#endif
