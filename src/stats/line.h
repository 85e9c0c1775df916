/* SPDX-License-Identifier: MIT */
/* line.h: the line T(N) = T0 + c N of one engine: what a bag costs before its first
 * task, and what each task adds. Fitted by medians, so that one odd run does not turn
 * it. Not for where two lines cross: breakeven.h. */
#ifndef TOTE_STATS_LINE_H
#define TOTE_STATS_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/bootstrap.h"

/* A line over fewer bag sizes cannot show that it is none. The caller says so. */
#define TOTE_LINE_SIZES_GOOD 4

struct tote_line {
    double fixed;    /* T0, seconds */
    double per_task; /* c, seconds a task */
};

/* Theil-Sen (Sen, JASA 63, 1968): c is the median of (Tj - Ti) / (Nj - Ni) over all
 * pairs with different N, T0 the median of Ti - c Ni. (SciPy's theilslopes has median T
 * less c times median N, unless method is "joint", which is ours.) -EINVAL: a value is
 * not finite, or all N are equal, or n < 2. -ERANGE: the line leaves the range of a
 * double. -ENOMEM. */
int tote_line_fit(const double *tasks, const double *seconds, size_t n,
                  struct tote_line *ret);

/* T(tasks). */
double tote_line_at(const struct tote_line *line, double tasks);

/* What each point is above the line, in seconds. */
void tote_line_residuals(const struct tote_line *line, const double *tasks,
                         const double *seconds, size_t n, double *ret);

struct tote_line_estimate {
    struct tote_estimate fixed, per_task;
};

/* The line through the medians of cells, cell i at tasks[i], with intervals over
 * blocks. Errors as above, and those of tote_bootstrap_estimate. */
int tote_line_estimate(const double *tasks, const struct tote_samples *blocks,
                       const struct tote_resampling *resampling,
                       struct tote_line_estimate *ret);

/* Whether a line can be laid through these: finite, and at least two sizes. */
bool tote_line_is_sound(const double *tasks, size_t n);

/* The fit without its checks, for resamples: values finite, room is at least
 * tote_line_room(n) long; a line of NaN if there is none. */
struct tote_line tote_line_fit_in(const double *tasks, const double *seconds, size_t n,
                                  double *room);

/* 0 if that is more than can be. */
size_t tote_line_room(size_t n);

#endif
