/* SPDX-License-Identifier: MIT */
/* metg.c: see metg.h. */
#include "experiment/metg.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RESAMPLES 2000 /* to look whether it is enough; a report takes more */

/* --- grains and tasks --- */

size_t tote_metg_grains(uint64_t least_us, uint64_t most_us,
                        uint64_t ret_grains_us[static TOTE_METG_GRAINS_MAX])
{
    size_t n = 0;
    for (int step = 0; n < TOTE_METG_GRAINS_MAX; step++) {
        double decade = pow(10, step / 5), part = pow(10, step % 5 / 5.0);
        /* 1, 1.6, 2.5, 4, 6.3, and above the first decades 16, 25, 40, 63 */
        double us = step < 5 ? round(part) * decade : round(part * 10) * decade / 10;
        if (us > (double)most_us)
            break;
        if (us >= (double)least_us && (n == 0 || us > (double)ret_grains_us[n - 1]))
            ret_grains_us[n++] = (uint64_t)us;
    }
    return n;
}

uint64_t tote_metg_tasks(double grain_s, double overhead_s, uint32_t slots,
                         const struct tote_metg_amount *amount)
{
    double a_slot = ceil(amount->seconds / (grain_s + fmax(overhead_s, 0)));
    if (!(a_slot >= (double)amount->least))
        a_slot = (double)amount->least;
    if (a_slot > (double)amount->most)
        a_slot = (double)amount->most;
    return (uint64_t)a_slot * slots;
}

/* --- what has been measured --- */

struct loop {
    const struct tote_metg_search *search;
    double *held;         /* [series][grain][block]: series are rows, serial, limit */
    const double **views; /* [series][grain]: the same from block 1 on */
    bool *is_wanted;      /* [row][grain]: in blocks from now on */
    bool *is_lost;        /* [row]: given up */
    bool *is_off;         /* [block], from block 1 */
    struct tote_metg_launch *launches; /* of a block */
    size_t *order;
    struct tote_metg_estimate *estimates; /* [row][target] */
    tote_ns_t begun_ns;
    double launch_ns; /* the mean of the last block; 0: none yet */
    uint32_t block;   /* the last that is whole */
    bool has_lost;    /* err says how */
};

static size_t n_series(const struct tote_metg_search *search)
{
    return search->n_rows + 2;
}

static size_t series_of(const struct loop *loop, enum tote_metg_what what, size_t row)
{
    return what == TOTE_METG_ENGINE   ? row
           : what == TOTE_METG_SERIAL ? loop->search->n_rows
                                      : loop->search->n_rows + 1;
}

static double *held_of(const struct loop *loop, const struct tote_metg_launch *launch)
{
    size_t series = series_of(loop, launch->what, launch->row);
    return &loop->held[(series * loop->search->n_grains + launch->grain) *
                           ((size_t)loop->search->most + 1) +
                       launch->block];
}

static const double *const *views_of(const struct loop *loop, enum tote_metg_what what,
                                     size_t row)
{
    return loop->views + series_of(loop, what, row) * loop->search->n_grains;
}

static bool *wanted(const struct loop *loop, size_t row, size_t grain)
{
    return &loop->is_wanted[row * loop->search->n_grains + grain];
}

static void loop_finish(struct loop *loop)
{
    free(loop->held);
    free(loop->views);
    free(loop->is_wanted);
    free(loop->is_lost);
    free(loop->is_off);
    free(loop->launches);
    free(loop->order);
    free(loop->estimates);
}

static int loop_init(struct loop *loop, const struct tote_metg_search *search)
{
    size_t n_arrays = n_series(search) * search->n_grains;
    size_t n_blocks = (size_t)search->most + 1;
    *loop = (struct loop){
        .search = search,
        .held = calloc(n_arrays * n_blocks + 1, sizeof *loop->held),
        .views = calloc(n_arrays + 1, sizeof *loop->views),
        .is_wanted = calloc(n_arrays + 1, sizeof *loop->is_wanted),
        .is_lost = calloc(search->n_rows + 1, sizeof *loop->is_lost),
        .is_off = calloc(n_blocks, sizeof *loop->is_off),
        .launches = calloc(n_arrays + 1, sizeof *loop->launches),
        .order = calloc(n_arrays + 1, sizeof *loop->order),
        .estimates =
            calloc(search->n_rows * TOTE_METG_TARGETS + 1, sizeof *loop->estimates),
        .begun_ns = search->ops->now(search->context),
    };
    if (!loop->held || !loop->views || !loop->is_wanted || !loop->is_lost ||
        !loop->is_off || !loop->launches || !loop->order || !loop->estimates)
        return -ENOMEM;
    for (size_t i = 0; i < n_arrays * n_blocks; i++)
        loop->held[i] = NAN;
    for (size_t i = 0; i < n_arrays; i++)
        loop->views[i] = loop->held + i * n_blocks + 1;
    return 0;
}

/* --- one launch --- */

enum { NEXT = -1 }; /* no end yet; an end is never negative */

static void give_up(struct loop *loop, size_t row, struct tote_error *err,
                    const struct tote_error *why)
{
    loop->is_lost[row] = true;
    if (!loop->has_lost)
        *err = *why;
    loop->has_lost = true;
}

/* *ret_end stays NEXT while all goes on. */
static int launch(struct loop *loop, const struct tote_metg_launch *launch,
                  int *ret_end, struct tote_error *err)
{
    const struct tote_metg_search *search = loop->search;
    struct tote_error why = {0};
    if (launch->what == TOTE_METG_ENGINE && loop->is_lost[launch->row])
        return 0;
    int rc = search->ops->launch(search->context, launch, held_of(loop, launch), &why);
    if (rc == TOTE_METG_STOPPED)
        *ret_end = TOTE_EXPERIMENT_SIGNAL;
    if (rc == TOTE_METG_BROKEN)
        give_up(loop, launch->row, err, &why);
    return rc < 0 ? tote_error_set(err, rc, "%s", why.text) : 0;
}

/* --- the search --- */

/* Of the search's one launch; NaN: there was none. */
static double efficiency_of(const struct loop *loop, size_t row, size_t grain)
{
    struct tote_metg_launch run = {TOTE_METG_ENGINE, row, grain, 0};
    struct tote_metg_launch serial = {TOTE_METG_SERIAL, 0, grain, 0};
    return tote_metg_efficiency(*held_of(loop, &serial), 1, *held_of(loop, &run));
}

static int measure(struct loop *loop, size_t row, size_t grain, int *ret_end,
                   struct tote_error *err)
{
    struct tote_metg_launch serial = {TOTE_METG_SERIAL, 0, grain, 0};
    struct tote_metg_launch run = {TOTE_METG_ENGINE, row, grain, 0};
    int rc = isnan(*held_of(loop, &serial)) ? launch(loop, &serial, ret_end, err) : 0;
    if (rc == 0 && *ret_end == NEXT)
        rc = launch(loop, &run, ret_end, err);
    bool is_strange = isnan(efficiency_of(loop, row, grain)) && *ret_end == NEXT;
    if (rc == 0 && is_strange && !loop->is_lost[row]) {
        struct tote_error why = {0};
        tote_error_set(&why, -EPROTO, "a run was over before it began");
        give_up(loop, row, err, &why);
    }
    return rc;
}

/* The grains between which the row comes to x for good, as far as is known: from -1,
 * none is below it, to n, none is above it. */
static void narrow(const struct loop *loop, size_t row, double x, long *ret_low,
                   long *ret_high)
{
    long n = (long)loop->search->n_grains;
    *ret_low = -1;
    *ret_high = n;
    for (long g = 0; g < n; g++) {
        double e = efficiency_of(loop, row, (size_t)g);
        if (e < x) {
            *ret_low = g;
            *ret_high = n;
        } else if (e >= x && *ret_high == n) {
            *ret_high = g;
        }
    }
}

static int bracket(struct loop *loop, size_t row, double x, int *ret_end,
                   struct tote_error *err)
{
    long low, high;
    int rc = 0;
    narrow(loop, row, x, &low, &high);
    while (rc == 0 && *ret_end == NEXT && !loop->is_lost[row] && high - low > 1) {
        rc = measure(loop, row, (size_t)(low + (high - low) / 2), ret_end, err);
        narrow(loop, row, x, &low, &high);
    }
    if (low >= 0)
        *wanted(loop, row, (size_t)low) = true;
    if (high < (long)loop->search->n_grains)
        *wanted(loop, row, (size_t)high) = true;
    return rc;
}

static int bracket_all(struct loop *loop, int *ret_end, struct tote_error *err)
{
    int rc = 0;
    for (size_t row = 0; row < loop->search->n_rows; row++) {
        *wanted(loop, row, 0) = true; /* the floor is told of the finest */
        for (int t = 0; rc == 0 && *ret_end == NEXT && t < TOTE_METG_TARGETS; t++)
            rc = bracket(loop, row, tote_metg_targets[t], ret_end, err);
    }
    return rc;
}

/* --- what the blocks have shown --- */

static struct tote_metg_runs runs_of(const struct loop *loop, size_t row)
{
    return (struct tote_metg_runs){
        .serial = views_of(loop, TOTE_METG_SERIAL, 0),
        .held = views_of(loop, TOTE_METG_ENGINE, row),
        .is_off = loop->is_off,
        .n_grains = loop->search->n_grains,
        .n_blocks = loop->block,
    };
}

static int look(struct loop *loop)
{
    size_t control = loop->search->control;
    const double *controls[] = {views_of(loop, TOTE_METG_SERIAL, 0)[control],
                                views_of(loop, TOTE_METG_LIMIT, 0)[control]};
    int rc =
        tote_metg_mark_off(controls, 2, loop->block, TOTE_METG_TOLERANCE, loop->is_off);
    for (size_t row = 0; row < loop->search->n_rows; row++) {
        struct tote_metg_runs runs = runs_of(loop, row);
        for (int t = 0; rc == 0 && t < TOTE_METG_TARGETS; t++)
            rc = tote_metg_curve_estimate(
                &runs, tote_metg_targets[t],
                &(struct tote_resampling){loop->search->order_seed, RESAMPLES},
                &loop->estimates[row * TOTE_METG_TARGETS + (size_t)t]);
    }
    return rc;
}

/* Blocks that count in which the row has that grain. */
static size_t count_blocks(const struct loop *loop, size_t row, size_t grain)
{
    struct tote_metg_runs runs = runs_of(loop, row);
    size_t n = 0;
    for (uint32_t b = 0; b < loop->block; b++)
        n += isfinite(tote_metg_curve_efficiency(&runs, grain, b)) != 0;
    return n;
}

/* --- which grains --- */

static double grain_of(const struct loop *loop, size_t row, size_t grain)
{
    struct tote_metg_runs runs = runs_of(loop, row);
    struct tote_metg_point point;
    return tote_metg_curve_point(&runs, grain, &point) == 0 ? point.grain : NAN;
}

/* METG lies between two grains that are not neighbours: one between them is wanted. */
static void fill_gap(const struct loop *loop, size_t row, double at, size_t low,
                     size_t high)
{
    double a = log(grain_of(loop, row, low)), b = log(grain_of(loop, row, high));
    double place = round((double)(high - low) * (log(at) - a) / (b - a));
    if (!(place >= 1))
        place = 1;
    if (place > (double)(high - low - 1))
        place = (double)(high - low - 1);
    *wanted(loop, row, low + (size_t)place) = true;
}

static void surround(const struct loop *loop, size_t row, const struct tote_metg *metg)
{
    size_t n = loop->search->n_grains, last = n;
    for (size_t g = 0; g < n; g++) {
        if (count_blocks(loop, row, g) == 0)
            continue;
        bool is_between = metg->kind == TOTE_METG_AT && last < n &&
                          grain_of(loop, row, last) < metg->grain &&
                          metg->grain <= grain_of(loop, row, g);
        if (is_between && g - last > 1) {
            fill_gap(loop, row, metg->grain, last, g);
            return;
        }
        last = g;
    }
    if (metg->kind == TOTE_METG_ABOVE && last + 1 < n)
        *wanted(loop, row, last + 1) = true;
}

/* Noise may have led the search astray, and an interval may reach beyond the grains
 * that it found: then further ones come in, as long as they can have their runs. */
static void extend(struct loop *loop)
{
    if (loop->block + loop->search->least > loop->search->most)
        return;
    for (size_t i = 0; i < loop->search->n_rows * TOTE_METG_TARGETS; i++) {
        const struct tote_metg_estimate *estimate = &loop->estimates[i];
        size_t row = i / TOTE_METG_TARGETS;
        surround(loop, row, &estimate->value);
        if (estimate->has_bounds) {
            surround(loop, row, &estimate->low);
            surround(loop, row, &estimate->high);
        }
    }
}

static bool is_narrow(const struct tote_metg_estimate *estimate, double precision)
{
    if (!estimate->has_bounds || estimate->low.kind != estimate->value.kind ||
        estimate->high.kind != estimate->value.kind)
        return false;
    double half = (estimate->high.grain - estimate->low.grain) / 2;
    return estimate->value.kind != TOTE_METG_AT ||
           half <= precision * estimate->value.grain;
}

static bool is_row_known(const struct loop *loop, size_t row)
{
    for (size_t g = 0; g < loop->search->n_grains; g++)
        if (*wanted(loop, row, g) && count_blocks(loop, row, g) < loop->search->least)
            return false;
    return is_narrow(&loop->estimates[row * TOTE_METG_TARGETS],
                     loop->search->precision);
}

static bool is_enough(const struct loop *loop)
{
    if (loop->search->precision <= 0 || loop->block < loop->search->least)
        return false;
    for (size_t row = 0; row < loop->search->n_rows; row++)
        if (!loop->is_lost[row] && !is_row_known(loop, row))
            return false;
    return true;
}

/* --- blocks --- */

static bool is_needed(const struct loop *loop, size_t grain)
{
    for (size_t row = 0; row < loop->search->n_rows; row++)
        if (!loop->is_lost[row] && *wanted(loop, row, grain))
            return true;
    return grain == loop->search->control;
}

/* Fills the launches of a block. Returns how many. */
static size_t list_launches(const struct loop *loop, uint32_t block)
{
    const struct tote_metg_search *search = loop->search;
    struct tote_metg_launch *into = loop->launches;
    size_t n = 0;
    for (size_t g = 0; g < search->n_grains; g++) {
        if (!is_needed(loop, g))
            continue;
        into[n++] = (struct tote_metg_launch){TOTE_METG_SERIAL, 0, g, block};
        if (search->has_limit)
            into[n++] = (struct tote_metg_launch){TOTE_METG_LIMIT, 0, g, block};
        for (size_t row = 0; row < search->n_rows; row++)
            if (!loop->is_lost[row] && *wanted(loop, row, g))
                into[n++] = (struct tote_metg_launch){TOTE_METG_ENGINE, row, g, block};
    }
    return n;
}

static bool fits(const struct loop *loop, size_t n_launches)
{
    const struct tote_metg_search *search = loop->search;
    double spent = (double)(search->ops->now(search->context) - loop->begun_ns);
    return loop->block == 0 ||
           spent + loop->launch_ns * (double)n_launches <= (double)search->budget_ns;
}

static int run_block(struct loop *loop, int *ret_end, struct tote_error *err)
{
    const struct tote_metg_search *search = loop->search;
    uint32_t block = loop->block + 1;
    size_t n = list_launches(loop, block);
    if (!fits(loop, n)) {
        *ret_end = TOTE_EXPERIMENT_BUDGET;
        return 0;
    }
    tote_ns_t begun = search->ops->now(search->context);
    tote_blocks_order(search->order_seed, block, n, loop->order);
    int rc = 0;
    for (size_t i = 0; rc == 0 && *ret_end == NEXT && i < n; i++)
        rc = launch(loop, &loop->launches[loop->order[i]], ret_end, err);
    if (rc < 0 || *ret_end != NEXT)
        return rc;
    loop->launch_ns = (double)(search->ops->now(search->context) - begun) / (double)n;
    loop->block = block;
    rc = look(loop);
    if (rc < 0)
        return tote_error_set(err, rc, "METG cannot be computed");
    extend(loop);
    if (block == search->most)
        *ret_end = TOTE_EXPERIMENT_DONE;
    else if (is_enough(loop))
        *ret_end = TOTE_EXPERIMENT_PRECISION;
    return 0;
}

static bool is_all_lost(const struct loop *loop)
{
    for (size_t row = 0; row < loop->search->n_rows; row++)
        if (!loop->is_lost[row])
            return false;
    return true;
}

int tote_metg_search(const struct tote_metg_search *search,
                     struct tote_metg_estimate *ret_estimates, struct tote_error *err)
{
    struct loop loop;
    int end = NEXT, rc = loop_init(&loop, search);
    if (rc < 0)
        tote_error_set(err, rc, "out of memory for METG");
    else
        rc = bracket_all(&loop, &end, err);
    while (rc == 0 && end == NEXT && !is_all_lost(&loop))
        rc = run_block(&loop, &end, err);
    if (rc == 0 && ret_estimates)
        memcpy(ret_estimates, loop.estimates,
               search->n_rows * TOTE_METG_TARGETS * sizeof *ret_estimates);
    if (rc == 0 && loop.has_lost && end != TOTE_EXPERIMENT_SIGNAL)
        end = TOTE_EXPERIMENT_ENGINE;
    loop_finish(&loop);
    return rc < 0 ? rc : end;
}
