/* SPDX-License-Identifier: MIT */
/* calibrate.h: what the parts of an experiment cost here, measured in a few seconds:
 * one launch of each engine on tasks of nothing, and some tasks of each kernel and size
 * in a bare loop. For a forecast (plan.h), never for a result: nothing of it is kept.
 */
#ifndef TOTE_CALIBRATE_H
#define TOTE_CALIBRATE_H

#include "experiment/experiment.h"
#include "experiment/plan.h"

/* Of the cells that can run. An engine that does not come up is left out of the costs;
 * its own launch will tell. Returns 0; 1 if a signal came, *ret_signal; or a negative
 * errno. Free costs->kernels, also on failure. */
int tote_calibrate(const struct tote_experiment_config *config, const char *noop,
                   struct tote_plan_costs *ret_costs, int *ret_signal,
                   struct tote_error *err);

#endif
