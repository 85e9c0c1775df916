/* SPDX-License-Identifier: MIT */
/* stop.c: see stop.h. */
#include "experiment/stop.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "stats/stats.h"

enum { WALL, RATE, FIGURES };

struct samples {
    double *values;
    size_t n;
};

struct tote_stop {
    double precision;
    size_t n_cells;
    struct samples (*cells)[FIGURES];
};

struct tote_stop *tote_stop_create(size_t n_cells, double precision)
{
    struct tote_stop *stop = calloc(1, sizeof *stop);
    if (!stop)
        return NULL;
    stop->precision = precision;
    stop->n_cells = n_cells;
    stop->cells = calloc(n_cells + 1, sizeof *stop->cells);
    if (!stop->cells) {
        free(stop);
        return NULL;
    }
    return stop;
}

void tote_stop_destroy(struct tote_stop *stop)
{
    if (!stop)
        return;
    for (size_t i = 0; i < stop->n_cells; i++)
        for (int k = 0; k < FIGURES; k++)
            free(stop->cells[i][k].values);
    free(stop->cells);
    free(stop);
}

static int add(struct samples *samples, double value, struct tote_error *err)
{
    if (!isfinite(value))
        return 0;
    double *values = reallocarray(samples->values, samples->n + 1, sizeof *values);
    if (!values)
        return tote_error_set(err, -ENOMEM, "out of memory for the stopping rule");
    samples->values = values;
    values[samples->n++] = value;
    return 0;
}

int tote_stop_add(struct tote_stop *stop, size_t cell, double wall_s,
                  double tasks_per_s, struct tote_error *err)
{
    int rc = add(&stop->cells[cell][WALL], wall_s, err);
    return rc < 0 ? rc : add(&stop->cells[cell][RATE], tasks_per_s, err);
}

/* Half the interval over the median; INFINITY while there is no interval. */
static double width_of(const struct samples *samples)
{
    struct tote_interval interval;
    if (tote_stats_interval(samples->values, samples->n, &interval) < 0 ||
        !interval.has_bounds)
        return INFINITY;
    double half = (interval.high - interval.low) / 2;
    return half > 0 ? half / fabs(interval.median) : 0;
}

double tote_stop_width(const struct tote_stop *stop)
{
    double widest = NAN;
    for (size_t i = 0; i < stop->n_cells; i++) {
        for (int k = 0; k < FIGURES; k++) {
            const struct samples *samples = &stop->cells[i][k];
            double width = samples->n > 0 ? width_of(samples) : NAN;
            widest = isnan(widest) || width > widest ? width : widest;
        }
    }
    return isfinite(widest) ? widest : NAN;
}

bool tote_stop_is_reached(const struct tote_stop *stop)
{
    double width = tote_stop_width(stop);
    return stop->precision > 0 && !isnan(width) && width <= stop->precision;
}
