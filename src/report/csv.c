/* SPDX-License-Identifier: MIT */
/* csv.c: one line a run (formats.h). An empty field is a number that is not available.
 * Columns are only ever added, at the end. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/formats.h"

static const char head[] =
    "label,engine,engine_version,block,state,kernel,size,seed,workers,batch,tasks_"
    "total,"
    "tasks_done,tasks_failed,tasks_duplicate,digest,start_s,first_result_s,steady_s,"
    "drain_s,stop_s,wall_s,tasks_per_s,steady_tasks_per_s,cpu_total_s,cpu_tasks_s,"
    "store\n";

/* Fields end with a comma; the last of a line is the store's path (end_line). */
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

static void end_line(FILE *out, const struct tote_summary *summary)
{
    put_quoted(out, summary->store);
    fputc('\n', out);
}

/* Commands have no size and no seed. */
static void put_bag(FILE *out, const struct tote_summary *summary, uint32_t workers)
{
    const struct tote_plan *plan = &summary->plan;
    put_text(out, plan->kernel);
    if (summary->is_commands) {
        put_empty(out, 2);
    } else {
        put_count(out, plan->size);
        put_count(out, plan->seed);
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
    put_bag(out, summary, row->workers);
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
                      const struct tote_limit_pass *pass)
{
    put_text(out, "limit");
    put_empty(out, 2);
    fprintf(out, "%" PRId64 ",", pass->row.block);
    put_text(out, "complete");
    put_bag(out, summary, pass->row.threads);
    put_empty(out, 1);
    put_count(out, pass->row.tasks);
    put_empty(out, 3);
    put_text(out, pass->digest);
    put_empty(out, 5);
    put_number(out, pass->wall_s);
    put_number(out, pass->tasks_per_s);
    put_empty(out, 3);
}

int tote_csv_write(const struct tote_summary *summary, FILE *out)
{
    fputs(head, out);
    for (size_t i = 0; i < summary->n_runs; i++) {
        put_run(out, summary, &summary->runs[i]);
        put_times(out, &summary->runs[i]);
        end_line(out, summary);
    }
    for (size_t i = 0; i < summary->n_limits; i++) {
        put_limit(out, summary, &summary->limits[i]);
        end_line(out, summary);
    }
    return 0;
}
