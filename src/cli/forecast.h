/* SPDX-License-Identifier: MIT */
/* forecast.h: the plan of an experiment, shown: a few lines for who waits, all of it
 * for who asked. What it says is experiment/plan.h's. */
#ifndef TOTE_FORECAST_H
#define TOTE_FORECAST_H

#include <stdio.h>

#include "experiment/plan.h"

/* A few lines, each begun with prefix. */
void tote_forecast_lines(const struct tote_plan_forecast *forecast, const char *prefix,
                         FILE *out);

/* Each cell and what it may take, then the lines; or one document of
 * docs/schemas/plan.schema.json. -ENOMEM, -EIO. */
int tote_forecast_print(const struct tote_plan_forecast *forecast,
                        const struct tote_plan_costs *costs,
                        const struct tote_cells *cells, uint64_t cores, bool is_json,
                        FILE *out, struct tote_error *err);

#endif
