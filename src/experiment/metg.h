/* SPDX-License-Identifier: MIT */
/* metg.h: which task grains are measured, and how often, to know METG of several rows:
 * an engine with a batch. First single launches bracket each crossing by bisection;
 * then blocks of fresh launches of all rows at the grains around their crossings, with
 * the shared reference beside them, until the intervals are narrow.
 *
 * It launches nothing itself and reads no clock: both are given to it
 * (metg_launches.c gives the real ones), so that it is tested with engines that are
 * formulas. What METG is stands in stats/metg.h. */
#ifndef TOTE_EXPERIMENT_METG_H
#define TOTE_EXPERIMENT_METG_H

#include "experiment/blocks.h"
#include "stats/metg_curve.h"

enum tote_metg_what {
    TOTE_METG_ENGINE,
    TOTE_METG_SERIAL, /* the shared reference: the bare loop, one thread */
    TOTE_METG_LIMIT,  /* the bare loop, a thread a slot */
};

struct tote_metg_launch {
    enum tote_metg_what what;
    size_t row; /* of an engine */
    size_t grain;
    uint32_t block; /* 0: it belongs to the search, and to no block */
};

enum { TOTE_METG_STOPPED = 1, TOTE_METG_BROKEN = 2 };

struct tote_metg_ops {
    /* *ret_held_s: so long a task held a slot. 0; TOTE_METG_STOPPED: a signal came;
     * TOTE_METG_BROKEN: the engine failed, and err says how: its row is given up; or a
     * negative errno. */
    int (*launch)(void *context, const struct tote_metg_launch *launch,
                  double *ret_held_s, struct tote_error *err);
    tote_ns_t (*now)(void *context);
};

struct tote_metg_search {
    size_t n_rows, n_grains; /* grains rise */
    size_t control;          /* grain of the coarse control */
    bool has_limit;          /* else the serial loop is it */
    uint32_t least, most;    /* blocks */
    double precision;    /* half the interval of METG(50 %) over its value; 0: never */
    tote_ns_t budget_ns; /* no block begins that would not end within it, but the first
                          */
    uint64_t order_seed;
    const struct tote_metg_ops *ops;
    void *context;
};

/* Returns a tote_experiment_end, or what a launch failed with. ENGINE: a row was given
 * up, and err says why of the first; the others went on. ret_estimates may be null:
 * [row][target]. */
int tote_metg_search(const struct tote_metg_search *search,
                     struct tote_metg_estimate *ret_estimates, struct tote_error *err);

/* Grains from least_us to most_us in microseconds, five to a decade: 1, 2, 3, 4, 6,
 * 10, 16, 25, 40, 63, 100 ... Returns how many; at most TOTE_METG_GRAINS_MAX. */
#define TOTE_METG_GRAINS_MAX 64
size_t tote_metg_grains(uint64_t least_us, uint64_t most_us,
                        uint64_t ret_grains_us[static TOTE_METG_GRAINS_MAX]);

/* So many tasks of that grain keep so many slots busy for about that time if each holds
 * its slot for overhead_s longer: a multiple of slots, from least to most for each. */
struct tote_metg_amount {
    double seconds;
    uint64_t least, most;
};
uint64_t tote_metg_tasks(double grain_s, double overhead_s, uint32_t slots,
                         const struct tote_metg_amount *amount);

#endif
