/* SPDX-License-Identifier: MIT */
/* cost.c: see cost.h. */
#include "report/cost.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "report/gather.h"

#define S_PER_HOUR   3600.0
#define BYTES_PER_GB 1e9
#define MILLION      1e6

/* Of an amount at a price: 0 if there is no price for it, NaN if the amount is not
 * known. */
static double pay(double amount, double price)
{
    return isnan(price) ? 0 : amount * price;
}

static double money(const struct tote_cost_amount *amount,
                    const struct tote_price *price)
{
    if (!price || (isnan(price->cpu_hour) && isnan(price->gb_hour)))
        return NAN;
    return pay(amount->core_hours_paid, price->cpu_hour) +
           pay(amount->gb_hours, price->gb_hour);
}

static struct tote_cost_amount scale(const struct tote_cost_amount *amount, double by)
{
    return (struct tote_cost_amount){.core_hours_paid = amount->core_hours_paid * by,
                                     .core_hours_used = amount->core_hours_used * by,
                                     .gb_hours = amount->gb_hours * by,
                                     .money = amount->money * by};
}

struct tote_cost tote_cost_make(const struct tote_cost_basis *basis,
                                const struct tote_price *price)
{
    double hours = basis->held_s / S_PER_HOUR;
    struct tote_cost cost = {
        .run = {.core_hours_paid = basis->slots * hours,
                .core_hours_used = basis->cpu_s / S_PER_HOUR,
                .gb_hours = basis->peak_bytes / BYTES_PER_GB * hours}};
    cost.run.money = money(&cost.run, price);
    cost.per_million =
        scale(&cost.run, basis->tasks > 0 ? MILLION / basis->tasks : NAN);
    return cost;
}

struct tote_cost tote_cost_of(const struct tote_run_summary *run,
                              const struct tote_price *price)
{
    struct tote_cost_basis basis = {
        .held_s = NAN, .slots = NAN, .cpu_s = NAN, .peak_bytes = NAN, .tasks = NAN};
    if (run->is_counted)
        basis = (struct tote_cost_basis){
            .held_s = run->wall_s + run->phases_s.stop,
            .slots = run->row.workers,
            .cpu_s = run->cpu_total_s,
            .peak_bytes = run->used.memory_bytes,
            .tasks = (double)(run->done + run->failed),
        };
    return tote_cost_make(&basis, price);
}

/* One of the four figures over the runs: an interval, unless a run lacks it. */
static int interval_of(const struct tote_cost *costs, size_t n, size_t figure,
                       double *values, struct tote_interval *ret)
{
    for (size_t i = 0; i < n; i++) {
        const struct tote_cost_amount *amount = &costs[i].per_million;
        const double all[] = {amount->core_hours_paid, amount->core_hours_used,
                              amount->gb_hours, amount->money};
        if (!isfinite(all[figure]))
            return tote_stats_interval(values, 0, ret);
        values[i] = all[figure];
    }
    return tote_stats_interval(values, n, ret);
}

int tote_cost_of_cell(const struct tote_cell_summary *cell,
                      const struct tote_price *price, struct tote_cost_intervals *ret)
{
    struct tote_interval *const figures[] = {
        &ret->core_hours_paid, &ret->core_hours_used, &ret->gb_hours, &ret->money};
    struct tote_cost *costs = calloc(cell->n_runs + 1, sizeof *costs);
    double *values = calloc(cell->n_runs + 1, sizeof *values);
    size_t n = 0;
    int rc = costs && values ? 0 : -ENOMEM;
    for (size_t i = 0; rc == 0 && i < cell->n_runs; i++)
        if (cell->runs[i].is_counted)
            costs[n++] = tote_cost_of(&cell->runs[i], price);
    for (size_t i = 0; rc == 0 && i < sizeof figures / sizeof figures[0]; i++)
        rc = interval_of(costs, n, i, values, figures[i]);
    free(values);
    free(costs);
    return rc;
}
