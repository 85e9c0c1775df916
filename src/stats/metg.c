/* SPDX-License-Identifier: MIT */
/* metg.c: where a curve of efficiency over grain rises above x for good (metg.h). */
#include "stats/metg.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "stats/stats.h"

struct point {
    double grain;
    size_t cell;
};

struct curve {
    struct point *points; /* by rising grain */
    size_t n;
    double x;
};

double tote_metg_efficiency(double serial_s, double slots, double makespan_s)
{
    bool is_sound = serial_s > 0 && slots > 0 && makespan_s > 0;
    return is_sound ? serial_s / slots / makespan_s : NAN;
}

double tote_metg_floor(double slots, double makespan_s, double tasks)
{
    bool is_sound = slots > 0 && makespan_s > 0 && tasks > 0;
    return is_sound ? makespan_s / tasks * slots : NAN;
}

static int compare_points(const void *a, const void *b)
{
    double x = ((const struct point *)a)->grain, y = ((const struct point *)b)->grain;
    return (x > y) - (x < y);
}

/* Takes points, which finish frees. */
static int curve_init(struct curve *curve, const double *grains, size_t n, double x)
{
    if (n == 0 || !tote_stats_is_finite(grains, n) || !isfinite(x) || x <= 0)
        return -EINVAL;
    *curve = (struct curve){.n = n, .x = x};
    curve->points = reallocarray(NULL, n, sizeof *curve->points);
    if (!curve->points)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        curve->points[i] = (struct point){.grain = grains[i], .cell = i};
        if (grains[i] <= 0) {
            free(curve->points);
            return -EINVAL;
        }
    }
    qsort(curve->points, n, sizeof *curve->points, compare_points);
    return 0;
}

/* The grain of METG(x); -infinity: below all, infinity: above all. */
static double crossing_of(const double *efficiencies, void *context)
{
    const struct curve *curve = context;
    size_t next = curve->n; /* the first from which all are efficient */
    while (next > 0 && efficiencies[curve->points[next - 1].cell] >= curve->x)
        next--;
    if (next == 0)
        return -INFINITY;
    if (next == curve->n)
        return INFINITY;
    const struct point *a = &curve->points[next - 1], *b = &curve->points[next];
    double e = efficiencies[a->cell], rise = efficiencies[b->cell] - e;
    double part = isfinite(rise) ? (curve->x - e) / rise : 0.5;
    double grain = exp(log(a->grain) + part * (log(b->grain) - log(a->grain)));
    return fmin(fmax(grain, a->grain), b->grain); /* exp and log round */
}

static struct tote_metg metg_of(const struct curve *curve, double crossing)
{
    if (isnan(crossing))
        return (struct tote_metg){.kind = TOTE_METG_NONE, .grain = NAN};
    if (crossing == -INFINITY)
        return (struct tote_metg){TOTE_METG_BELOW, curve->points[0].grain};
    if (crossing == INFINITY)
        return (struct tote_metg){TOTE_METG_ABOVE, curve->points[curve->n - 1].grain};
    return (struct tote_metg){TOTE_METG_AT, crossing};
}

int tote_metg_find(const double *grains, const double *efficiencies, size_t n, double x,
                   struct tote_metg *ret)
{
    struct curve curve;
    if (!tote_stats_is_finite(efficiencies, n))
        return -EINVAL;
    int rc = curve_init(&curve, grains, n, x);
    if (rc < 0)
        return rc;
    *ret = metg_of(&curve, crossing_of(efficiencies, &curve));
    free(curve.points);
    return 0;
}

int tote_metg_estimate(const double *grains, const struct tote_samples *blocks,
                       double x, const struct tote_resampling *resampling,
                       struct tote_metg_estimate *ret)
{
    struct curve curve;
    int rc = curve_init(&curve, grains, blocks->n_cells, x);
    if (rc < 0)
        return rc;
    struct tote_estimate estimate;
    rc = tote_bootstrap_estimate(blocks, crossing_of, &curve, resampling, &estimate);
    if (rc == 0)
        *ret = (struct tote_metg_estimate){
            .value = metg_of(&curve, estimate.value),
            .low = metg_of(&curve, estimate.low),
            .high = metg_of(&curve, estimate.high),
            .n = estimate.n,
            .has_bounds = estimate.has_bounds,
            .is_approximate = estimate.is_approximate,
        };
    free(curve.points);
    return rc;
}
