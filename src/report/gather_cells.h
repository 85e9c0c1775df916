/* SPDX-License-Identifier: MIT */
/* gather_cells.h: parts of gathering that gather_points.c has from gather_cells.c.
 * values has room for all runs and passes of the summary. */
#ifndef TOTE_GATHER_CELLS_H
#define TOTE_GATHER_CELLS_H

#include "report/gather.h"

/* Figures of a cell whose runs are known, and of a loop whose passes are. -ENOMEM. */
int tote_gather_cell(const struct tote_limit_summary *limit,
                     struct tote_cell_summary *cell, double *values);
int tote_gather_limit(struct tote_limit_summary *limit, double *values);

/* Tasks/s of a pass of that block; NaN: there is none. */
double tote_gather_limit_of(const struct tote_limit_summary *limit, int64_t block);

#endif
