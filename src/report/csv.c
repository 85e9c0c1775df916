/* SPDX-License-Identifier: MIT */
/* csv.c: one line a run (formats.h). An empty field is a number that is not available.
 * Columns are only ever added, at the end. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/formats.h"

static const char head[] =
    "label,engine,engine_version,block,state,kernel,size,seed,workers,batch,tasks_"
    "total,"
    "tasks_done,tasks_failed,tasks_duplicate,digest,start_s,first_result_s,steady_s,"
    "drain_s,stop_s,wall_s,tasks_per_s,steady_tasks_per_s,cpu_total_s,cpu_tasks_s,"
    "store,point,role,rank_steady,ratio_steady,ratio_steady_low,ratio_steady_high,"
    "p_steady,a12_steady,rank_whole,ratio_whole,ratio_whole_low,ratio_whole_high,"
    "p_whole,a12_whole\n";

/* Fields end with a comma, but for the last of a line (end_line). */
static void put_quoted(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void put_text(FILE *out, const char *text)
{
    put_quoted(out, text);
    fputc(',', out);
}

static void put_count(FILE *out, uint64_t value)
{
    fprintf(out, "%" PRIu64 ",", value);
}

static void put_number(FILE *out, double value)
{
    if (isfinite(value))
        fprintf(out, "%.9g", value);
    fputc(',', out);
}

static void put_empty(FILE *out, size_t n)
{
    while (n-- > 0)
        fputc(',', out);
}

/* The leader has no ratio: it is what the others are behind. */
static void put_rank(FILE *out, const struct tote_judged *judged)
{
    const struct tote_pair *pair = &judged->behind;
    const double numbers[] = {pair->ratio.value, pair->ratio.low, pair->ratio.high,
                              pair->p_holm, pair->a12};
    fputc(',', out);
    if (judged->rank)
        fprintf(out, "%zu", judged->rank);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        fputc(',', out);
        if (judged->rank && isfinite(numbers[i]))
            fprintf(out, "%.9g", numbers[i]);
    }
}

/* row: null of a lone run; cell: null of what has no rank. */
static void end_line(FILE *out, const struct tote_summary *summary,
                     const struct tote_cell_row *row,
                     const struct tote_cell_summary *cell)
{
    static const struct tote_judged none;
    put_text(out, summary->store);
    if (row)
        fprintf(out, "%" PRId64 ",%s", row->point, tote_cell_role_name(row->role));
    else
        fputc(',', out);
    put_rank(out, cell ? &cell->steady : &none);
    put_rank(out, cell ? &cell->whole : &none);
    fputc('\n', out);
}

/* Commands have no size and no seed. */
static void put_bag(FILE *out, const struct tote_summary *summary, const char *kernel,
                    uint64_t size, uint64_t seed, uint32_t workers)
{
    put_text(out, kernel);
    if (summary->is_commands) {
        put_empty(out, 2);
    } else {
        put_count(out, size);
        put_count(out, seed);
    }
    put_count(out, workers);
}

static void put_run(FILE *out, const struct tote_summary *summary,
                    const struct tote_run_summary *run)
{
    const struct tote_run_row *row = &run->row;
    put_text(out, row->label);
    put_text(out, row->engine);
    put_text(out, row->engine_version);
    if (row->block)
        fprintf(out, "%" PRId64, row->block);
    fputc(',', out);
    put_text(out, tote_run_state_name(row->state));
    put_bag(out, summary, row->kernel, row->size, row->seed, row->workers);
    put_text(out, row->batch);
    put_count(out, row->tasks);
    put_count(out, run->done);
    put_count(out, run->failed);
    if (run->has_events)
        put_count(out, row->duplicate);
    else
        put_empty(out, 1);
    put_text(out, run->digest);
}

static void put_times(FILE *out, const struct tote_run_summary *run)
{
    const double numbers[] = {
        run->phases_s.start, run->phases_s.first_result, run->phases_s.steady,
        run->phases_s.drain, run->phases_s.stop,         run->wall_s,
        run->tasks_per_s,    run->steady_tasks_per_s,    run->cpu_total_s,
        run->cpu_tasks_s,
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        put_number(out, numbers[i]);
}

/* A pass of the limit has no engine, no batches, no phases and no results but digests.
 */
static void put_limit(FILE *out, const struct tote_summary *summary,
                      const struct tote_limit_pass *pass,
                      const struct tote_cell_row *cell)
{
    uint64_t seed = 0;
    tote_gather_count(summary, "seed", &seed);
    put_text(out, cell ? cell->label : "limit");
    put_empty(out, 2);
    fprintf(out, "%" PRId64 ",", pass->row.block);
    put_text(out, "complete");
    put_bag(out, summary, cell ? cell->kernel : "", cell ? cell->size : 0, seed,
            pass->row.threads);
    put_empty(out, 1);
    put_count(out, pass->row.tasks);
    put_empty(out, 3);
    put_text(out, pass->digest);
    put_empty(out, 5);
    put_number(out, pass->wall_s);
    put_number(out, pass->tasks_per_s);
    put_empty(out, 3);
}

static void write_lines(FILE *out, const struct tote_summary *summary,
                        const struct tote_cell_summary *const *cells)
{
    fputs(head, out);
    for (size_t i = 0; i < summary->n_runs; i++) {
        const struct tote_cell_row *row =
            tote_gather_cell_row(summary, summary->runs[i].row.cell);
        put_run(out, summary, &summary->runs[i]);
        put_times(out, &summary->runs[i]);
        end_line(out, summary, row, row ? cells[row - summary->cell_rows] : NULL);
    }
    for (size_t i = 0; i < summary->n_limits; i++) {
        const struct tote_limit_pass *pass = &summary->limits[i];
        const struct tote_cell_row *row = tote_gather_cell_row(summary, pass->row.cell);
        put_limit(out, summary, pass, row);
        end_line(out, summary, row, NULL);
    }
}

int tote_csv_write(const struct tote_summary *summary, FILE *out)
{
    const struct tote_cell_summary **cells =
        calloc(summary->n_cell_rows + 1, sizeof *cells); /* in the order of rows */
    if (!cells)
        return -ENOMEM;
    for (size_t i = 0; i < summary->n_cells; i++)
        cells[summary->cells[i].cell - summary->cell_rows] = &summary->cells[i];
    write_lines(out, summary, cells);
    free(cells);
    return 0;
}
