/* SPDX-License-Identifier: MIT */
/* metric.h: the figures of a run that are compared between experiments and fitted:
 * their names, and their values block by block. Not for how they are made (gather.h).
 */
#ifndef TOTE_METRIC_H
#define TOTE_METRIC_H

#include "report/gather.h"

enum tote_metric {
    TOTE_METRIC_TASKS_PER_S,
    TOTE_METRIC_STEADY_TASKS_PER_S,
    TOTE_METRIC_WALL_S,
    TOTE_METRIC_START_S,
    TOTE_METRIC_CPU_S,       /* of everything in the engine's box */
    TOTE_METRIC_PEAK_MEMORY, /* bytes, the same */
};
#define TOTE_METRICS (TOTE_METRIC_PEAK_MEMORY + 1)

extern const char *const tote_metric_names[]; /* null-terminated */

/* NaN if the run does not count, or the figure is not there or not above 0. */
double tote_metric_of(const struct tote_run_summary *run, enum tote_metric metric);

/* The highest number of a block that the summary has. */
size_t tote_metric_blocks(const struct tote_summary *summary);

/* values[block - 1] for n_blocks blocks; NaN where the cell has none. */
void tote_metric_fill(const struct tote_cell_summary *cell, enum tote_metric metric,
                      double *values, size_t n_blocks);

/* The same of a bare loop: seconds of one thread for one task. */
void tote_metric_fill_grain(const struct tote_limit_summary *loop, double *values,
                            size_t n_blocks);

/* For people: "356", "0.120 s", "1.3 GB". Text has TOTE_FIGURE_MAX bytes (figure.h). */
const char *tote_metric_show(enum tote_metric metric, double value, char *text);

/* |ln ratio| of the medians of the engine that was entered twice at a point; NaN: there
 * is no such control, or it has not run. -EINVAL, -ENOMEM. */
int tote_metric_floor(const struct tote_point_summary *point, enum tote_metric metric,
                      size_t n_blocks, double *ret);

#endif
