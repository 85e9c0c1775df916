/* SPDX-License-Identifier: MIT */
/* gather_metg.h: what a store of `tote metg` came to, with all that a chart of
 * efficiency over grain needs; a part of gather.h's summary. What METG is stands in
 * stats/metg.h, which runs count in stats/metg_curve.h.
 *
 * Grains rise; blocks are counted from 0 here, block 0 being block 1 of the store. The
 * launches of the search (block 0 of the store) are in none: they have shown where to
 * measure, no more. */
#ifndef TOTE_GATHER_METG_H
#define TOTE_GATHER_METG_H

#include "stats/metg_curve.h"
#include "store/store.h"

/* One engine with one batch. */
struct tote_metg_row_summary {
    const struct tote_cell_row *cell; /* one of it, which has engine, batch and why it
                                       * was skipped; borrowed */
    const double **held; /* [grain][block]: seconds that a task held a slot; NaN */
    uint64_t *tasks;     /* [grain]: of a run; 0: not measured */
    struct tote_metg_point *points; /* [grain]; efficiency.n is 0 if not measured */
    struct tote_metg_estimate estimates[TOTE_METG_TARGETS];
    struct tote_interval floor_s; /* of the finest grain */
    size_t n; /* the fewest blocks of a grain around the crossing of METG(50 %) */
};

struct tote_metg_summary {
    size_t n_grains, n_blocks;
    const char **kernels;                 /* [grain]; borrowed */
    const double **serial, **limit;       /* [grain][block]; of a task and a slot */
    struct tote_metg_point *limit_points; /* [grain]: what the machine itself keeps */
    size_t control; /* grain of the coarse control; n_grains: not known */
    bool *is_off;   /* [block]: it was off there */
    size_t n_off;
    struct tote_metg_row_summary *rows; /* those that cannot run come last */
    size_t n_rows;
    double *values; /* what the arrays [grain][block] point into */
};

struct tote_summary;

/* Fills summary->metg from its points. -ENOMEM, -EBADMSG. */
int tote_gather_metg(struct tote_summary *summary, struct tote_error *err);
void tote_gather_metg_finish(struct tote_metg_summary *metg); /* null is accepted */

#endif
