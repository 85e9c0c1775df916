/* SPDX-License-Identifier: MIT */
/* cost_text.c: costs for people: two lines of a run, a table of a comparison
 * (formats.h). Only for a reader who has given prices. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/cost.h"
#include "report/figure.h"
#include "report/formats.h"
#include "report/table.h"

#define WIDTH 100 /* of a table, in characters */
#define ROW   "  %-14s "

/* Money may be less than what a rate shows. */
static const char *amount(double value, char text[static TOTE_FIGURE_MAX])
{
    if (value != 0 && fabs(value) < 0.001)
        snprintf(text, TOTE_FIGURE_MAX, "%.3g", value);
    else
        tote_figure_rate(value, text);
    return text;
}

/* Else a reader would look for it in vain. */
static void write_missing(FILE *out, const struct tote_price *price, double money)
{
    if (isnan(money) && !isnan(price->gb_hour))
        fputs("  (peak memory was not measured: with its price no sum is known)\n",
              out);
}

static void write_amounts(FILE *out, const char *name,
                          const struct tote_cost_amount *cost,
                          const struct tote_price *price)
{
    char paid[TOTE_FIGURE_MAX], used[TOTE_FIGURE_MAX], memory[TOTE_FIGURE_MAX],
        money[TOTE_FIGURE_MAX];
    fprintf(out, ROW "%s core-hours paid (%s used), %s GB-hours, money %s%s%s\n", name,
            amount(cost->core_hours_paid, paid), amount(cost->core_hours_used, used),
            amount(cost->gb_hours, memory), amount(cost->money, money),
            price->currency[0] ? " " : "", price->currency);
}

void tote_cost_write_run(const struct tote_run_summary *run,
                         const struct tote_price *price, FILE *out)
{
    struct tote_cost cost = tote_cost_of(run, price);
    write_amounts(out, "cost", &cost.run, price);
    write_amounts(out, "of a million", &cost.per_million, price);
    write_missing(out, price, cost.run.money);
}

/* --- a comparison --- */

enum { LABEL, PAID, PAID_BOUNDS, USED, MEMORY, MONEY, MONEY_BOUNDS, N, COLUMNS };

struct line {
    char figures[COLUMNS][TOTE_FIGURE_MAX];
};

static void fill(struct line *line, const struct tote_cost_intervals *cost)
{
    amount(cost->core_hours_paid.median, line->figures[PAID]);
    tote_figure_bounds(&cost->core_hours_paid, line->figures[PAID_BOUNDS]);
    amount(cost->core_hours_used.median, line->figures[USED]);
    amount(cost->gb_hours.median, line->figures[MEMORY]);
    amount(cost->money.median, line->figures[MONEY]);
    tote_figure_bounds(&cost->money, line->figures[MONEY_BOUNDS]);
    snprintf(line->figures[N], TOTE_FIGURE_MAX, "%zu", cost->core_hours_paid.n);
}

static void write_lines(FILE *out, const struct tote_point_summary *point,
                        const struct tote_price *price, const struct line *lines,
                        const char **cells, bool has_gap)
{
    const struct tote_table_column columns[COLUMNS] = {
        [LABEL] = {"", "engine", false},
        [PAID] = {"core-hours", "paid", true},
        [PAID_BOUNDS] = {"", "[95 %]", false},
        [USED] = {"", "used", true},
        [MEMORY] = {"", "GB-hours", true},
        [MONEY] = {"", price->currency[0] ? price->currency : "money", true},
        [MONEY_BOUNDS] = {"", "[95 %]", false},
        [N] = {"", "n", true},
    };
    for (size_t i = 0; i < point->n_cells; i++) {
        for (size_t column = 0; column < COLUMNS; column++)
            cells[i * COLUMNS + column] = lines[i].figures[column];
        cells[i * COLUMNS + LABEL] = point->cells[i].cell->label;
    }
    fputs("\nCost of a million tasks, start-up, idle slots and stop included:\n\n",
          out);
    tote_table_write(out, columns, COLUMNS, cells, point->n_cells, WIDTH);
    if (has_gap)
        write_missing(out, price, NAN);
}

int tote_cost_write_cells(const struct tote_point_summary *point,
                          const struct tote_price *price, FILE *out)
{
    struct line *lines = calloc(point->n_cells + 1, sizeof *lines);
    const char **cells = calloc((point->n_cells + 1) * COLUMNS, sizeof *cells);
    bool has_gap = false;
    int rc = lines && cells ? 0 : -ENOMEM;
    for (size_t i = 0; rc == 0 && i < point->n_cells; i++) {
        struct tote_cost_intervals cost;
        rc = tote_cost_of_cell(&point->cells[i], price, &cost);
        if (rc < 0)
            break;
        fill(&lines[i], &cost);
        has_gap = has_gap || (cost.core_hours_paid.n > 0 && cost.gb_hours.n == 0);
    }
    if (rc == 0)
        write_lines(out, point, price, lines, cells, has_gap);
    free(cells);
    free(lines);
    return rc;
}
