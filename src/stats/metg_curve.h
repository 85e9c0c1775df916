/* SPDX-License-Identifier: MIT */
/* metg_curve.h: from what was measured at several grains, block by block, to a curve of
 * efficiency over grain and to METG (metg.h). Who measures uses it to know when it is
 * enough, and who reports to say what it came to: both with the same figures.
 *
 *     bool is_off[N_BLOCKS];
 *     tote_metg_mark_off(coarse, 2, N_BLOCKS, TOTE_METG_TOLERANCE, is_off);
 *     struct tote_metg_runs runs = {serial, held, is_off, n_grains, N_BLOCKS};
 *     tote_metg_curve_estimate(&runs, 0.5, &resampling, &estimate);
 */
#ifndef TOTE_STATS_METG_CURVE_H
#define TOTE_STATS_METG_CURVE_H

#include "stats/metg.h"
#include "stats/stats.h"

/* The parts of the machine that METG is told for. */
#define TOTE_METG_TARGETS 2
extern const double tote_metg_targets[TOTE_METG_TARGETS]; /* 0.5, 0.95 */

/* So far from its median may a coarse control be in a block that counts. */
#define TOTE_METG_TOLERANCE 0.10

/* Arrays [grain][block], NaN where nothing was measured. Borrowed. */
struct tote_metg_runs {
    const double *const *serial; /* the shared reference: seconds of kernel a task */
    const double *const *held;   /* so long a task held a slot (tote_metg_floor) */
    const bool *is_off;          /* [block]: it does not count */
    size_t n_grains, n_blocks;
};

/* What one grain came to. */
struct tote_metg_point {
    double grain;                    /* median of the reference; NaN: no block */
    struct tote_interval efficiency; /* each run against the reference of its block */
    struct tote_interval held;
};

/* Efficiency of a grain in a block; NaN if it does not count or was not measured. */
double tote_metg_curve_efficiency(const struct tote_metg_runs *runs, size_t grain,
                                  size_t block);

/* -ENOMEM; -EINVAL for infinite values. */
int tote_metg_curve_point(const struct tote_metg_runs *runs, size_t grain,
                          struct tote_metg_point *ret);

/* METG(x) over all grains that have an efficiency; TOTE_METG_NONE and n = 0 if none
 * has. A grain with too few blocks for an interval is left out if another has enough:
 * it was added late. Errors as of tote_metg_estimate. */
int tote_metg_curve_estimate(const struct tote_metg_runs *runs, double x,
                             const struct tote_resampling *resampling,
                             struct tote_metg_estimate *ret);

/* Marks the blocks in which one of the controls is off its median over all blocks by
 * more than the tolerance. A control has one value a block; what is NaN is not off.
 * -ENOMEM. */
int tote_metg_mark_off(const double *const *controls, size_t n_controls,
                       size_t n_blocks, double tolerance, bool *ret_is_off);

#endif
