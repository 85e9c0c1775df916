/* SPDX-License-Identifier: MIT */
/* run_cost.h: what a run costs, from before its launch into its rows of the store: a
 * sampler over its box and readings of the machine around it. Between run.c and
 * run_events.c only.
 *
 *     tote_run_cost_begin(&cost, is_wanted);
 *     ... the box starts ...
 *     tote_run_cost_watch(&cost, &box);
 *     ... the box ends ...
 *     tote_run_cost_end(&cost, row);
 *     tote_run_cost_write(&cost, store, &err);
 */
#ifndef TOTE_RUN_COST_H
#define TOTE_RUN_COST_H

#include "account/reading.h"
#include "account/sampler.h"
#include "core/box.h"

struct tote_run_cost {
    bool is_wanted;
    struct tote_sampler *sampler;
    struct tote_reading_pair readings;
    struct tote_usage_row usage;
};

void tote_run_cost_begin(struct tote_run_cost *cost, bool is_wanted);

/* Starts a thread. */
void tote_run_cost_watch(struct tote_run_cost *cost, const struct tote_box *box);

/* Joins it, once the row has the CPU time of the box. */
void tote_run_cost_end(struct tote_run_cost *cost, const struct tote_run_row *row);

int tote_run_cost_write(const struct tote_run_cost *cost, struct tote_store *store,
                        struct tote_error *err);

#endif
