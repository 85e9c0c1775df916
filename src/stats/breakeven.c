/* SPDX-License-Identifier: MIT */
/* breakeven.c: two lines, resampled together (breakeven.h). */
#include "stats/breakeven.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "stats/line.h"

struct lines {
    const double *tasks;
    size_t n_first, n;
    double *room;
    double sign; /* of both differences, where they are resolved */
};

/* The second engine's T0 less the first's, the first's c less the second's. */
static struct tote_line difference(const double *medians, const struct lines *lines)
{
    size_t n = lines->n_first;
    struct tote_line first = tote_line_fit_in(lines->tasks, medians, n, lines->room);
    struct tote_line second =
        tote_line_fit_in(lines->tasks + n, medians + n, lines->n - n, lines->room);
    return (struct tote_line){.fixed = second.fixed - first.fixed,
                              .per_task = first.per_task - second.per_task};
}

static double fixed_of(const double *medians, void *context)
{
    return difference(medians, context).fixed;
}

static double per_task_of(const double *medians, void *context)
{
    return difference(medians, context).per_task;
}

static double crossing_of(const double *medians, void *context)
{
    const struct lines *lines = context;
    struct tote_line lead = difference(medians, lines);
    double fixed = lead.fixed * lines->sign, per_task = lead.per_task * lines->sign;
    if (fixed <= 0 && per_task <= 0)
        return NAN; /* they cross, but the other way round */
    if (per_task <= 0)
        return INFINITY;
    return fixed <= 0 ? 0 : fixed / per_task;
}

static int find(const struct tote_samples *blocks, struct lines *lines,
                const struct tote_resampling *resampling, struct tote_breakeven *ret)
{
    ret->kind = TOTE_BREAKEVEN_UNRESOLVED;
    ret->tasks = (struct tote_estimate){.value = NAN, .low = NAN, .high = NAN};
    int rc = tote_bootstrap_estimate(blocks, fixed_of, lines, resampling, &ret->fixed);
    if (rc == 0)
        rc = tote_bootstrap_estimate(blocks, per_task_of, lines, resampling,
                                     &ret->per_task);
    if (rc < 0 || !tote_bootstrap_excludes(&ret->fixed, 0) ||
        !tote_bootstrap_excludes(&ret->per_task, 0))
        return rc;
    ret->kind = TOTE_BREAKEVEN_NEVER;
    if ((ret->fixed.value > 0) != (ret->per_task.value > 0))
        return 0;
    ret->kind = TOTE_BREAKEVEN_AT;
    lines->sign = ret->fixed.value > 0 ? 1 : -1;
    return tote_bootstrap_estimate(blocks, crossing_of, lines, resampling, &ret->tasks);
}

int tote_breakeven_find(const double *tasks, size_t n_first,
                        const struct tote_samples *blocks,
                        const struct tote_resampling *resampling,
                        struct tote_breakeven *ret)
{
    struct lines lines = {.tasks = tasks, .n_first = n_first, .n = blocks->n_cells};
    if (n_first >= lines.n || !tote_line_is_sound(tasks, n_first) ||
        !tote_line_is_sound(tasks + n_first, lines.n - n_first))
        return -EINVAL;
    size_t n_room = tote_line_room(lines.n);
    lines.room = n_room ? reallocarray(NULL, n_room, sizeof *lines.room) : NULL;
    if (!lines.room)
        return -ENOMEM;
    struct tote_breakeven found;
    int rc = find(blocks, &lines, resampling, &found);
    free(lines.room);
    if (rc == 0)
        *ret = found;
    return rc;
}
