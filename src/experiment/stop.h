/* SPDX-License-Identifier: MIT */
/* stop.h: the stopping rule: enough is known of every cell once the 95 % interval of
 * each of its two medians, of wall time and of the rate after start-up, is narrow.
 *
 *     struct tote_stop *stop = tote_stop_create(n_cells, 0.05);
 *     tote_stop_add(stop, cell, wall_s, tasks_per_s, &err);   // of each run
 *     if (tote_stop_is_reached(stop)) ...
 *     tote_stop_destroy(stop);
 *
 * Pure. Looking after each block costs a little coverage (docs/method.md). */
#ifndef TOTE_STOP_H
#define TOTE_STOP_H

#include <stdbool.h>
#include <stddef.h>

#include "tote/error.h"

struct tote_stop;

/* precision: half an interval over its median, at most; 0: never reached. Null: out of
 * memory. */
struct tote_stop *tote_stop_create(size_t n_cells, double precision);
void tote_stop_destroy(struct tote_stop *stop); /* null is accepted */

/* One run of a cell; what is not finite is left out. -ENOMEM. */
int tote_stop_add(struct tote_stop *stop, size_t cell, double wall_s,
                  double tasks_per_s, struct tote_error *err);

/* Of the cells that have had a run, is every one known well enough? False if none had
 * one, and while one of them has too few for an interval. */
bool tote_stop_is_reached(const struct tote_stop *stop);

/* The widest half interval over its median; NaN: there is none yet. */
double tote_stop_width(const struct tote_stop *stop);

#endif
