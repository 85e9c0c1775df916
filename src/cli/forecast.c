/* SPDX-License-Identifier: MIT */
/* forecast.c: see forecast.h. */
#include "cli/forecast.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "cli/rate.h"

#define SCHEMA 1

static double lasts_s(const struct tote_plan_forecast *forecast, uint32_t blocks)
{
    return forecast->block_s * blocks;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* --- lines --- */

static void write_budget(const struct tote_plan_forecast *forecast, const char *prefix,
                         FILE *out)
{
    char budget[24], block[24];
    if (forecast->within >= forecast->most)
        return;
    tote_rate_text(forecast->budget_s, budget);
    tote_rate_text(forecast->block_s, block);
    fprintf(out,
            "%sthe budget of %s holds about %" PRIu32 " of %" PRIu32
            " blocks: up to %" PRIu32 " runs of each cell are cut\n",
            prefix, budget, forecast->within, forecast->most,
            forecast->most - forecast->within);
    if (forecast->block_s > forecast->budget_s)
        fprintf(out, "%sone block alone is longer than that, and is run whole: %s\n",
                prefix, block);
    else if (forecast->within < 6 && forecast->most >= 6)
        fprintf(out, "%sbelow 6 there is no interval: give more with --budget\n",
                prefix);
}

void tote_forecast_lines(const struct tote_plan_forecast *forecast, const char *prefix,
                         FILE *out)
{
    char least[24], most[24];
    tote_rate_text(lasts_s(forecast, smaller(forecast->least, forecast->within)),
                   least);
    tote_rate_text(lasts_s(forecast, forecast->within), most);
    fprintf(out, "%s%zu cells at %zu points, ", prefix, forecast->n_cells,
            forecast->n_points);
    if (forecast->n_skipped > 0)
        fprintf(out, "%zu more cannot run here, ", forecast->n_skipped);
    if (forecast->least < forecast->most)
        fprintf(out, "%" PRIu32 " to ", forecast->least);
    fprintf(out, "%" PRIu32 " runs of each\n", forecast->most);
    fprintf(out, "%sabout %s%s%s", prefix, least,
            forecast->within > forecast->least ? " to " : "",
            forecast->within > forecast->least ? most : "");
    if (forecast->n_unknown > 0)
        fprintf(out, ", and %zu cells of which nobody knows how long",
                forecast->n_unknown);
    fputc('\n', out);
    write_budget(forecast, prefix, out);
}

static void print_cell(const struct tote_cell_row *cell, double seconds, FILE *out)
{
    fprintf(out, "%5" PRId64 "  %-8s  ", cell->point, tote_cell_role_name(cell->role));
    if (cell->skipped[0])
        fprintf(out, "%8s", "-");
    else if (isnan(seconds))
        fprintf(out, "%8s", "?");
    else
        fprintf(out, "%8.3f", seconds);
    fprintf(out,
            "  %s: %s, size %" PRIu64 ", %" PRIu64 " tasks, %" PRIu32 " workers%s%s",
            cell->label, cell->kernel, cell->size, cell->tasks, cell->workers,
            cell->batch[0] ? ", batch " : "", cell->batch);
    if (cell->skipped[0])
        fprintf(out, "; skipped: %s", cell->skipped);
    fputc('\n', out);
}

/* --- a document --- */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *cell_object(const struct tote_cell_row *cell, double seconds)
{
    json_t *skipped = cell->skipped[0] ? json_string(cell->skipped) : json_null();
    return json_pack("{s:I, s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:o, s:o}", "point",
                     (json_int_t)cell->point, "role", tote_cell_role_name(cell->role),
                     "label", cell->label, "kernel", cell->kernel, "size",
                     (json_int_t)cell->size, "tasks", (json_int_t)cell->tasks,
                     "workers", (json_int_t)cell->workers, "batch", cell->batch,
                     "skipped", skipped, "seconds",
                     cell->skipped[0] ? json_null() : number(seconds));
}

static int print_json(const struct tote_plan_forecast *forecast, json_t *cells,
                      FILE *out)
{
    json_t *document = json_pack(
        "{s:i, s:s, s:o, s:{s:I, s:I, s:I}, s:f, s:f, s:f, s:f}", "schema_version",
        SCHEMA, "kind", "plan", "cells", cells, "blocks", "least",
        (json_int_t)forecast->least, "planned", (json_int_t)forecast->most,
        "within_budget", (json_int_t)forecast->within, "block_s", forecast->block_s,
        "least_s", lasts_s(forecast, smaller(forecast->least, forecast->within)),
        "most_s", lasts_s(forecast, forecast->within), "budget_s", forecast->budget_s);
    char *text =
        document ? json_dumps(document, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(document);
    if (text)
        fprintf(out, "%s\n", text);
    free(text);
    return text ? 0 : -ENOMEM;
}

int tote_forecast_print(const struct tote_plan_forecast *forecast,
                        const struct tote_plan_costs *costs,
                        const struct tote_cells *cells, uint64_t cores, bool is_json,
                        FILE *out, struct tote_error *err)
{
    json_t *array = is_json ? json_array() : NULL;
    int rc = is_json && !array ? -ENOMEM : 0;
    if (!is_json)
        fputs("point  role       seconds  cell\n", out);
    for (size_t i = 0; rc == 0 && i < cells->n; i++) {
        double seconds = tote_plan_cell_s(costs, &cells->rows[i], cores);
        if (is_json)
            rc = json_array_append_new(array, cell_object(&cells->rows[i], seconds));
        else
            print_cell(&cells->rows[i], seconds, out);
    }
    if (rc == 0 && is_json)
        rc = print_json(forecast, array, out);
    else if (is_json)
        json_decref(array);
    else
        tote_forecast_lines(forecast, "", out);
    if (rc != 0)
        return tote_error_set(err, -ENOMEM, "out of memory for the plan");
    return fflush(out) == 0 ? 0 : tote_error_set(err, -EIO, "cannot write the plan");
}
