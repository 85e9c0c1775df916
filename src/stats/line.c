/* SPDX-License-Identifier: MIT */
/* line.c: Theil-Sen lines (line.h). */
#include "stats/line.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "stats/stats.h"

size_t tote_line_room(size_t n)
{
    if (n < 4)
        return 4;
    return n / 2 > SIZE_MAX / sizeof(double) / n ? 0 : n * (n - 1) / 2;
}

struct tote_line tote_line_fit_in(const double *tasks, const double *seconds, size_t n,
                                  double *room)
{
    struct tote_line line;
    size_t n_pairs = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = i + 1; k < n; k++) {
            if (tasks[k] != tasks[i])
                room[n_pairs++] = (seconds[k] - seconds[i]) / (tasks[k] - tasks[i]);
        }
    }
    tote_stats_sort(room, n_pairs);
    line.per_task = tote_stats_median(room, n_pairs);
    for (size_t i = 0; i < n; i++)
        room[i] = seconds[i] - line.per_task * tasks[i];
    tote_stats_sort(room, n);
    line.fixed = tote_stats_median(room, n);
    return line;
}

bool tote_line_is_sound(const double *tasks, size_t n)
{
    bool has_two = false;
    for (size_t i = 1; i < n; i++)
        has_two = has_two || tasks[i] != tasks[0];
    return has_two && tote_stats_is_finite(tasks, n);
}

int tote_line_fit(const double *tasks, const double *seconds, size_t n,
                  struct tote_line *ret)
{
    if (!tote_line_is_sound(tasks, n) || !tote_stats_is_finite(seconds, n))
        return -EINVAL;
    size_t n_room = tote_line_room(n);
    double *room = n_room ? reallocarray(NULL, n_room, sizeof *room) : NULL;
    if (!room)
        return -ENOMEM;
    struct tote_line line = tote_line_fit_in(tasks, seconds, n, room);
    free(room);
    if (!isfinite(line.per_task) || !isfinite(line.fixed))
        return -ERANGE;
    *ret = line;
    return 0;
}

double tote_line_at(const struct tote_line *line, double tasks)
{
    return line->fixed + line->per_task * tasks;
}

void tote_line_residuals(const struct tote_line *line, const double *tasks,
                         const double *seconds, size_t n, double *ret)
{
    for (size_t i = 0; i < n; i++)
        ret[i] = seconds[i] - tote_line_at(line, tasks[i]);
}

/* --- the bootstrap --- */

struct fit {
    const double *tasks;
    size_t n;
    double *room;
};

static double fixed_of(const double *medians, void *context)
{
    const struct fit *fit = context;
    return tote_line_fit_in(fit->tasks, medians, fit->n, fit->room).fixed;
}

static double per_task_of(const double *medians, void *context)
{
    const struct fit *fit = context;
    return tote_line_fit_in(fit->tasks, medians, fit->n, fit->room).per_task;
}

int tote_line_estimate(const double *tasks, const struct tote_samples *blocks,
                       const struct tote_resampling *resampling,
                       struct tote_line_estimate *ret)
{
    struct tote_line_estimate estimate;
    if (!tote_line_is_sound(tasks, blocks->n_cells))
        return -EINVAL;
    size_t n_room = tote_line_room(blocks->n_cells);
    struct fit fit = {.tasks = tasks, .n = blocks->n_cells};
    fit.room = n_room ? reallocarray(NULL, n_room, sizeof *fit.room) : NULL;
    if (!fit.room)
        return -ENOMEM;
    int rc =
        tote_bootstrap_estimate(blocks, fixed_of, &fit, resampling, &estimate.fixed);
    if (rc == 0)
        rc = tote_bootstrap_estimate(blocks, per_task_of, &fit, resampling,
                                     &estimate.per_task);
    free(fit.room);
    if (rc == 0)
        *ret = estimate;
    return rc;
}
