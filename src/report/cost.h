/* SPDX-License-Identifier: MIT */
/* cost.h: what a run costs who pays for a machine by the hour: pure functions of what a
 * report has gathered. Prices are given; none is assumed. Not for CPU time as such
 * (gather.h) or for how costs are shown.
 *
 *     struct tote_price price = {.cpu_hour = 0.04, .gb_hour = NAN};
 *     struct tote_cost cost = tote_cost_of(run, &price);
 *     cost.per_million.money ...
 *
 * Paid are all slots for the whole time from the launch until the engine is gone:
 * start-up, idle slots and stop too. Used is the CPU time of everything in the engine's
 * box; it may be more than paid, since tote's slots are not all that computes. A GB is
 * 10^9 bytes. What is not known is NaN. */
#ifndef TOTE_COST_H
#define TOTE_COST_H

#include <stddef.h>
#include <stdint.h>

#include "stats/stats.h"

#define TOTE_CURRENCY_MAX 16 /* bytes, terminator included */

struct tote_run_summary;
struct tote_cell_summary;

struct tote_price {
    double cpu_hour, gb_hour;         /* of one core, of 10^9 bytes; NaN: not given */
    char currency[TOTE_CURRENCY_MAX]; /* "": not said */
};

/* What the arithmetic needs of a run. */
struct tote_cost_basis {
    double held_s; /* launch to the end of engine and box */
    double slots, cpu_s, peak_bytes, tasks;
};

struct tote_cost_amount {
    double core_hours_paid, core_hours_used, gb_hours, money;
};

struct tote_cost {
    struct tote_cost_amount run; /* as it was */
    struct tote_cost_amount
        per_million; /* tasks with a result; NaN if there are none */
};

/* price may be null: no money. With a price of memory there is no money as long as the
 * peak is not known, and likewise of cores: a part of a sum is not the sum. */
struct tote_cost tote_cost_make(const struct tote_cost_basis *basis,
                                const struct tote_price *price);

/* All NaN unless the run is complete. */
struct tote_cost tote_cost_of(const struct tote_run_summary *run,
                              const struct tote_price *price);

/* Per million tasks: medians over the complete runs of a cell. A figure that some of
 * them lack has n = 0. -ENOMEM. */
struct tote_cost_intervals {
    struct tote_interval core_hours_paid, core_hours_used, gb_hours, money;
};
int tote_cost_of_cell(const struct tote_cell_summary *cell,
                      const struct tote_price *price, struct tote_cost_intervals *ret);

#endif
