/* SPDX-License-Identifier: MIT */
/* metg.h: the minimum effective task granularity, METG(x): the smallest grain from
 * which an engine keeps the fraction x of the machine busy (Slaughter et al., SC'20).
 * Tasks here depend on nothing: it is a "0-dependency METG".
 *
 * A grain is the time of the kernel alone for one task, from the serial control, the
 * same for all engines. Task Bench's granularity is slots * makespan / tasks instead,
 * overhead and all; at the crossing it is ours divided by x. */
#ifndef TOTE_STATS_METG_H
#define TOTE_STATS_METG_H

#include <stdbool.h>
#include <stddef.h>

#include "stats/bootstrap.h"

enum tote_metg_kind {
    TOTE_METG_NONE,  /* not defined */
    TOTE_METG_AT,    /* at grain */
    TOTE_METG_BELOW, /* <= grain, the smallest tried: never less efficient than x */
    TOTE_METG_ABOVE, /* > grain, the largest tried: still less efficient than x */
};

struct tote_metg {
    enum tote_metg_kind kind;
    double grain; /* seconds of kernel a task; NaN if none */
};

/* E = what the tasks of a bag take one after the other without an engine, over the
 * machine's time that the bag took: slots * makespan. NaN unless all are above 0. */
double tote_metg_efficiency(double serial_s, double slots, double makespan_s);

/* The un-normalised floor beside METG: slots * makespan / tasks of a bag of the finest
 * grain, in seconds. So long a task holds a slot however short it is; no reference
 * enters. NaN unless all are above 0. Its interval is that of the median over runs
 * (stats.h). */
double tote_metg_floor(double slots, double makespan_s, double tasks);

/* METG(x) of points in any order: interpolated on the logarithm of the grain between
 * the largest grain with E < x and the next. -EINVAL: no points, a grain not above 0, a
 * value not finite, x not above 0; -ENOMEM. */
int tote_metg_find(const double *grains, const double *efficiencies, size_t n, double x,
                   struct tote_metg *ret);

struct tote_metg_estimate {
    struct tote_metg value, low, high; /* low and high TOTE_METG_NONE without bounds */
    size_t n;
    bool has_bounds, is_approximate;
};

/* The same of the medians of cells, whose values are efficiencies, cell i at grains[i],
 * with an interval over blocks. An end of it may be BELOW or ABOVE. Errors as above,
 * and those of tote_bootstrap_estimate. */
int tote_metg_estimate(const double *grains, const struct tote_samples *blocks,
                       double x, const struct tote_resampling *resampling,
                       struct tote_metg_estimate *ret);

#endif
