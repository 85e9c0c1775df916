/* SPDX-License-Identifier: MIT */
/* factors.h: which factors of an experiment have more than one level, short names by
 * these alone, and series: the cells of one engine that differ in one factor only. Not
 * for what a series shows (fit.h, html_*.c).
 *
 *     struct tote_series *series;
 *     size_t n;
 *     if (tote_series_list(summary, TOTE_FACTOR_TASKS, &series, &n) == 0)
 *         ... series[0].levels[0 .. series[0].n) rise ...
 *     tote_series_free(series, n); */
#ifndef TOTE_FACTORS_H
#define TOTE_FACTORS_H

#include "report/gather.h"

#define TOTE_FACTORS_NAME_MAX 240 /* bytes, terminator included */

struct tote_factors {
    bool kernel, size, tasks, workers, batch;
};

/* Those in which points of the experiment differ. */
struct tote_factors tote_factors_varied(const struct tote_summary *summary);

/* "zfp, size 1000, 50 tasks, 2 workers, batch auto": of these factors alone; "" if they
 * are none. Returns text. */
const char *tote_factors_name(struct tote_factors factors, const struct tote_plan *plan,
                              char text[static TOTE_FACTORS_NAME_MAX]);

enum tote_factor { TOTE_FACTOR_TASKS, TOTE_FACTOR_WORKERS };

struct tote_series {
    const char *label; /* of the engine; as the rest, borrowed from the summary */
    /* The other factors that vary, "" if none does; the same for all series that may be
     * compared. */
    char group[TOTE_FACTORS_NAME_MAX];
    const struct tote_cell_summary **cells; /* each with a complete run; owned */
    const struct tote_point_summary **points;
    double *levels; /* rising */
    size_t n;       /* 2 or more */
};

/* New array, null if there are none; by group. -ENOMEM. */
int tote_series_list(const struct tote_summary *summary, enum tote_factor factor,
                     struct tote_series **ret_series, size_t *ret_n);
void tote_series_free(struct tote_series *series, size_t n); /* null is accepted */

/* Whether there are any. */
bool tote_series_are_there(const struct tote_summary *summary, enum tote_factor factor);

#endif
