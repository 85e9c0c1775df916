/* SPDX-License-Identifier: MIT */
/* percentile.h: exact percentiles of durations that are walked over several times and
 * never held: the memory (5 MiB) does not depend on their number. Not for arrays, which
 * are sorted (stats.h).
 *
 *     static const double wanted[] = {50, 99};
 *     struct tote_percentiles *percentiles = tote_percentiles_create(wanted, 2);
 *     do {
 *         ... tote_percentiles_add(percentiles, duration), for each ...
 *     } while (tote_percentiles_next(percentiles));
 *     double p99_ns = tote_percentiles_get(percentiles, 1);
 *     tote_percentiles_destroy(percentiles);
 *
 * The first walk counts all values in cells whose width is a 2,048th of the value or
 * less; each later walk divides the cells where wanted values lie into 65,536. Two
 * walks do up to 268 ms, three up to 4.8 hours, five everything. */
#ifndef TOTE_PERCENTILE_H
#define TOTE_PERCENTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tote/clock.h"

#define TOTE_PERCENTILES_MAX 4 /* wanted at once */

struct tote_percentiles;

/* New; null: out of memory. Percentiles are in [0, 100], n at most
 * TOTE_PERCENTILES_MAX. */
struct tote_percentiles *tote_percentiles_create(const double *wanted, size_t n);
void tote_percentiles_destroy(struct tote_percentiles *percentiles); /* null accepted */

/* The value is at least 0. Every walk adds the same values, in any order. */
void tote_percentiles_add(struct tote_percentiles *percentiles, tote_ns_t value);

/* Ends a walk: true if one more is needed. */
bool tote_percentiles_next(struct tote_percentiles *percentiles);

uint64_t tote_percentiles_count(const struct tote_percentiles *percentiles);

/* Percentile wanted[i], ns, by linear interpolation as tote_stats_percentile; NaN if
 * there are no values. */
double tote_percentiles_get(const struct tote_percentiles *percentiles, size_t i);

#endif
