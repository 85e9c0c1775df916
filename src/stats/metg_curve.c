/* SPDX-License-Identifier: MIT */
/* metg_curve.c: see metg_curve.h. */
#include "stats/metg_curve.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

const double tote_metg_targets[TOTE_METG_TARGETS] = {0.5, 0.95};

/* --- efficiencies --- */

double tote_metg_curve_efficiency(const struct tote_metg_runs *runs, size_t grain,
                                  size_t block)
{
    return runs->is_off[block] ? NAN
                               : tote_metg_efficiency(runs->serial[grain][block], 1,
                                                      runs->held[grain][block]);
}

/* Fills one value a block. Returns how many there are. */
static size_t fill_efficiencies(const struct tote_metg_runs *runs, size_t grain,
                                double *ret_values)
{
    size_t n = 0;
    for (size_t b = 0; b < runs->n_blocks; b++) {
        ret_values[b] = tote_metg_curve_efficiency(runs, grain, b);
        n += isfinite(ret_values[b]) != 0;
    }
    return n;
}

/* Those of the blocks that count, without gaps; scratch has n_blocks of room. */
static size_t keep(const struct tote_metg_runs *runs, const double *values,
                   double *scratch)
{
    size_t n = 0;
    for (size_t b = 0; b < runs->n_blocks; b++)
        if (!runs->is_off[b] && !isnan(values[b]))
            scratch[n++] = values[b];
    return n;
}

static double median_of(double *values, size_t n)
{
    tote_stats_sort(values, n);
    return tote_stats_median(values, n);
}

/* --- one grain --- */

int tote_metg_curve_point(const struct tote_metg_runs *runs, size_t grain,
                          struct tote_metg_point *ret)
{
    double *scratch = calloc(runs->n_blocks + 1, sizeof *scratch);
    if (!scratch)
        return -ENOMEM;
    struct tote_metg_point point;
    size_t n = keep(runs, runs->serial[grain], scratch);
    point.grain = median_of(scratch, n);
    n = keep(runs, runs->held[grain], scratch);
    int rc = tote_stats_interval(scratch, n, &point.held);
    n = 0;
    for (size_t b = 0; b < runs->n_blocks; b++) {
        double e = tote_metg_curve_efficiency(runs, grain, b);
        if (!isnan(e))
            scratch[n++] = e;
    }
    if (rc == 0)
        rc = tote_stats_interval(scratch, n, &point.efficiency);
    if (rc == 0)
        *ret = point;
    free(scratch);
    return rc;
}

/* --- METG --- */

struct curve {
    double *grains;       /* n */
    const double **cells; /* n: efficiencies, a value a block */
    double *values;       /* of all cells */
    double *scratch;      /* one value a block */
    size_t n;
};

static void curve_finish(struct curve *curve)
{
    free(curve->grains);
    free(curve->cells);
    free(curve->values);
    free(curve->scratch);
}

/* So many blocks must a grain have. */
static size_t least_blocks(const struct tote_metg_runs *runs, double *scratch)
{
    size_t most = 0;
    for (size_t g = 0; g < runs->n_grains; g++) {
        size_t n = fill_efficiencies(runs, g, scratch);
        most = n > most ? n : most;
    }
    return most >= TOTE_BOOTSTRAP_MIN ? TOTE_BOOTSTRAP_MIN : 1;
}

static int curve_init(struct curve *curve, const struct tote_metg_runs *runs)
{
    size_t n_blocks = runs->n_blocks + 1; /* never none */
    *curve = (struct curve){
        .grains = calloc(runs->n_grains + 1, sizeof *curve->grains),
        .cells = calloc(runs->n_grains + 1, sizeof *curve->cells),
        .values = calloc((runs->n_grains + 1) * n_blocks, sizeof *curve->values),
        .scratch = calloc(n_blocks, sizeof *curve->scratch),
    };
    if (!curve->grains || !curve->cells || !curve->values || !curve->scratch)
        return -ENOMEM;
    size_t least = least_blocks(runs, curve->scratch);
    for (size_t g = 0; g < runs->n_grains; g++) {
        double *values = curve->values + curve->n * n_blocks;
        if (fill_efficiencies(runs, g, values) < least)
            continue;
        size_t n = keep(runs, runs->serial[g], curve->scratch);
        curve->grains[curve->n] = median_of(curve->scratch, n);
        curve->cells[curve->n++] = values;
    }
    return 0;
}

int tote_metg_curve_estimate(const struct tote_metg_runs *runs, double x,
                             const struct tote_resampling *resampling,
                             struct tote_metg_estimate *ret)
{
    struct curve curve;
    static const struct tote_metg none = {TOTE_METG_NONE, NAN};
    int rc = curve_init(&curve, runs);
    struct tote_samples samples = {curve.cells, curve.n, runs->n_blocks};
    if (rc == 0 && curve.n == 0)
        *ret = (struct tote_metg_estimate){.value = none, .low = none, .high = none};
    if (rc == 0 && curve.n > 0)
        rc = tote_metg_estimate(curve.grains, &samples, x, resampling, ret);
    curve_finish(&curve);
    return rc;
}

/* --- the coarse control --- */

int tote_metg_mark_off(const double *const *controls, size_t n_controls,
                       size_t n_blocks, double tolerance, bool *ret_is_off)
{
    double *scratch = calloc(n_blocks + 1, sizeof *scratch);
    if (!scratch)
        return -ENOMEM;
    for (size_t b = 0; b < n_blocks; b++)
        ret_is_off[b] = false;
    for (size_t c = 0; c < n_controls; c++) {
        size_t n = 0;
        for (size_t b = 0; b < n_blocks; b++)
            if (!isnan(controls[c][b]))
                scratch[n++] = controls[c][b];
        double median = median_of(scratch, n);
        for (size_t b = 0; b < n_blocks; b++)
            if (fabs(controls[c][b] - median) > tolerance * median)
                ret_is_off[b] = true;
    }
    free(scratch);
    return 0;
}
