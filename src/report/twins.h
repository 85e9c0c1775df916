/* SPDX-License-Identifier: MIT */
/* twins.h: the engine that was entered twice at a point, by which the noise floor is
 * known. Not for the floor itself: tote_judge_noise_floor() computes it. */
#ifndef TOTE_REPORT_TWINS_H
#define TOTE_REPORT_TWINS_H

#include "report/gather.h"

/* Both are borrowed from the point. */
struct tote_twins {
    const struct tote_cell_summary *first; /* among its cells */
    const struct tote_cell_summary *again; /* among its controls */
};

/* False: the control is not there, or not the engine that it is once more. */
bool tote_twins_find(const struct tote_point_summary *point, struct tote_twins *ret);

#endif
