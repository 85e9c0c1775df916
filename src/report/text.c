/* SPDX-License-Identifier: MIT */
/* text.c: a run as a block of lines, each point of an experiment as a
 * table and a sentence
 * (formats.h). */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/failure.h"
#include "report/figure.h"
#include "report/formats.h"
#include "report/notes.h"
#include "report/quoted.h"
#include "report/table.h"
#include "report/text_usage.h"
#include "report/verdict.h"

#define WIDTH       100 /* of a table, in characters */
#define COMMAND_MAX 400 /* bytes of a command that are shown */

static int write_notes(FILE *out, const struct tote_summary *summary)
{
    struct tote_notes notes;
    int rc = tote_notes_make(summary, &notes);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < notes.n; i++)
        fprintf(out, "%sNote: %s\n", i == 0 ? "\n" : "", notes.texts[i]);
    tote_notes_finish(&notes);
    return 0;
}

/* --- a run --- */

#define ROW "  %-14s "

static int write_command(FILE *out, const struct tote_summary *summary)
{
    char *text = tote_quoted_words(summary->words, summary->n_words, COMMAND_MAX);
    if (!text)
        return -ENOMEM;
    fprintf(out, ROW "%s\n", "command", text);
    free(text);
    return 0;
}

static int write_plan(FILE *out, const struct tote_summary *summary,
                      const struct tote_run_summary *run)
{
    int rc = 0;
    const struct tote_run_row *row = &run->row;
    fprintf(out, ROW "%s%s%s%s%s\n", "engine", row->engine,
            row->engine_version[0] ? " " : "", row->engine_version,
            row->binding[0] ? ", " : "", row->binding);
    if (summary->is_commands)
        rc = write_command(out, summary);
    else
        fprintf(out, ROW "%s, size %" PRIu64 ", seed %" PRIu64 "\n", "bag", row->kernel,
                row->size, row->seed);
    fprintf(out, ROW "%" PRIu32 ", batch %s\n", "workers", row->workers, row->batch);
    return rc;
}

static void write_seconds(FILE *out, const char *name, double seconds, const char *what)
{
    char text[TOTE_FIGURE_MAX];
    fprintf(out, ROW "%-9s %s\n", name, tote_figure_duration(seconds, text), what);
}

static void write_rates(FILE *out, const struct tote_run_summary *run)
{
    char whole[TOTE_FIGURE_MAX], steady[TOTE_FIGURE_MAX];
    fprintf(out, ROW "%s whole run, %s after start-up (n=1 run: no interval)\n",
            "tasks/s", tote_figure_rate(run->tasks_per_s, whole),
            tote_figure_rate(run->steady_tasks_per_s, steady));
}

static void write_used(FILE *out, const struct tote_run_summary *run)
{
    char p50[TOTE_FIGURE_MAX], p99[TOTE_FIGURE_MAX], max[TOTE_FIGURE_MAX];
    fprintf(out, ROW "p50 %s, p99 %s, max %s (n=%" PRIu64 ")\n", "task time",
            tote_figure_duration(run->task_s.p50, p50),
            tote_figure_duration(run->task_s.p99, p99),
            tote_figure_duration(run->task_s.max, max), run->task_s.n);
    char total[TOTE_FIGURE_MAX], tasks[TOTE_FIGURE_MAX], engine[TOTE_FIGURE_MAX];
    fprintf(out, ROW "%s: tasks %s, engine %s\n", "CPU time",
            tote_figure_duration(run->cpu_total_s, total),
            tote_figure_duration(run->cpu_tasks_s, tasks),
            tote_figure_duration(run->cpu_engine_s, engine));
    char used[TOTE_TEXT_USAGE_MAX];
    fprintf(out, ROW "%s\n", "used", tote_text_usage(&run->used, used));
}

/* A task may have other records before its last one, in this run or in another. */
static int write_query(FILE *out, const struct tote_summary *summary,
                       const struct tote_run_summary *run)
{
    char *store = tote_quoted_path(summary->store);
    if (!store)
        return -ENOMEM;
    fprintf(out, "  all of them: sqlite3 %s \"SELECT * FROM record_text ", store);
    if (summary->n_runs > 1)
        fputs("GROUP BY task HAVING sum(outcome='ok')=0\"\n", out);
    else
        fprintf(out, "WHERE run=%" PRId64 " AND outcome<>'ok'\"\n", run->row.id);
    free(store);
    return 0;
}

static int write_failures(FILE *out, const struct tote_summary *summary,
                          const struct tote_run_summary *run)
{
    const struct tote_bag_summary *bag = &summary->bag;
    if (bag->n_failures == 0)
        return 0;
    fputs("\nTasks that failed", out);
    if (bag->failed > bag->n_failures)
        fprintf(out, ", %zu of %" PRIu64, bag->n_failures, bag->failed);
    fputs(":\n", out);
    for (size_t i = 0; i < bag->n_failures; i++) {
        char text[TOTE_FAILURE_TEXT_MAX];
        const struct tote_failure *failure = &bag->failures[i];
        tote_failure_text(failure, text);
        tote_mask_text(text, TOTE_MASK_CONTROLS); /* it may have been cut */
        fprintf(out, "  task %" PRIu64 ": %s (attempt %" PRIu32 ")\n", failure->task,
                text, failure->attempt);
    }
    return write_query(out, summary, run);
}

static void write_bag_so_far(FILE *out, const struct tote_summary *summary)
{
    const struct tote_bag_summary *bag = &summary->bag;
    if (summary->n_runs < 2)
        return;
    fprintf(out,
            "bag so far: %" PRIu64 " done, %" PRIu64 " failed of %" PRIu64
            " in %zu runs",
            bag->done, bag->failed, bag->tasks, summary->n_runs);
    if (bag->n_interrupted > 0)
        fprintf(out, " (%zu interrupted%s", bag->n_interrupted,
                bag->n_broken > 0 ? "" : ")");
    if (bag->n_broken > 0)
        fprintf(out, "%s%zu broken)", bag->n_interrupted > 0 ? ", " : " (",
                bag->n_broken);
    fputc('\n', out);
}

static int write_run(FILE *out, const struct tote_summary *summary)
{
    const struct tote_run_summary *run = tote_gather_run(summary);
    fprintf(out, "%s: %s, %" PRIu64 " of %" PRIu64 "%s tasks done, %" PRIu64 " failed",
            run->row.label, tote_notes_state(run), run->done, run->row.tasks,
            summary->bag.is_open ? " or more" : "", run->failed);
    if (run->has_events)
        fprintf(out, ", %" PRIu64 " duplicate", run->row.duplicate);
    fputc('\n', out);
    write_bag_so_far(out, summary);
    fputc('\n', out);
    int rc = write_plan(out, summary, run);
    write_seconds(out, "start-up", run->phases_s.start, "launch to ready");
    write_seconds(out, "first result", run->phases_s.first_result, "after ready");
    write_seconds(out, "wall", run->wall_s, "launch to last durable result");
    write_rates(out, run);
    write_used(out, run);
    if (summary->price)
        tote_cost_write_run(run, summary->price, out);
    fprintf(out, ROW "%s\n", "digest", run->digest[0] ? run->digest : "-");
    fprintf(out, ROW "%s\n", "store", summary->store);
    if (rc == 0)
        rc = write_failures(out, summary, run);
    return rc < 0 ? rc : write_notes(out, summary);
}

/* --- an experiment --- */

enum {
    LABEL,
    START,
    WHOLE,
    WHOLE_BOUNDS,
    STEADY,
    STEADY_BOUNDS,
    N,
    PART,
    OUTPUTS,
    COLUMNS
};

static const struct tote_table_column columns[COLUMNS] = {
    [LABEL] = {"", "engine", false},
    [START] = {"start-up", "s", true},
    [WHOLE] = {"whole run", "tasks/s", true},
    [WHOLE_BOUNDS] = {"", "[95 %]", false},
    [STEADY] = {"after start-up", "tasks/s", true},
    [STEADY_BOUNDS] = {"", "[95 %]", false},
    [N] = {"", "n", true},
    [PART] = {"of the", "limit", true},
    [OUTPUTS] = {"", "outputs", false},
};

/* The texts of one row; its figures are kept here. */
struct line {
    char figures[COLUMNS][TOTE_FIGURE_MAX];
    const char *label, *outputs;
};

static void fill_interval(struct line *line, int column,
                          const struct tote_interval *interval)
{
    tote_figure_rate(interval->median, line->figures[column]);
    tote_figure_bounds(interval, line->figures[column + 1]);
}

static const char *name_outputs(enum tote_sameness sameness)
{
    return sameness == TOTE_SAME_YES  ? "equal"
           : sameness == TOTE_SAME_NO ? "DIFFER"
                                      : "incomplete";
}

static void fill_cell(struct line *line, const struct tote_cell_summary *cell)
{
    line->label = cell->cell->label;
    if (cell->cell->skipped[0]) {
        line->outputs = "skipped";
        return;
    }
    tote_figure_seconds(cell->start_s.median, line->figures[START]);
    fill_interval(line, WHOLE, &cell->tasks_per_s);
    fill_interval(line, STEADY, &cell->steady_tasks_per_s);
    snprintf(line->figures[N], TOTE_FIGURE_MAX, "%zu", cell->n_counted);
    tote_figure_fraction(cell->limit_fraction, line->figures[PART]);
    line->outputs = name_outputs(cell->outputs);
}

/* A loop has no start-up: its whole run is what the others' rate after start-up is
 * measured against. */
static void fill_loop(struct line *line, const char *label,
                      const struct tote_limit_summary *loop, double limit)
{
    line->label = label;
    snprintf(line->figures[START], TOTE_FIGURE_MAX, "-");
    fill_interval(line, WHOLE, &loop->tasks_per_s);
    snprintf(line->figures[STEADY], TOTE_FIGURE_MAX, "-");
    snprintf(line->figures[N], TOTE_FIGURE_MAX, "%zu", loop->n);
    tote_figure_fraction(loop->tasks_per_s.median / limit, line->figures[PART]);
    line->outputs = name_outputs(loop->outputs);
}

/* What the engines are to be seen beside, then they, then the other controls. */
static size_t fill_lines(struct line *lines, const struct tote_point_summary *point)
{
    size_t n = 0, n_cells = point->n_cells + point->n_skipped;
    double limit = point->limit.tasks_per_s.median;
    if (point->limit.n > 0)
        fill_loop(&lines[n++], "limit (bare loop)", &point->limit, limit);
    if (point->serial.n > 0)
        fill_loop(&lines[n++], "serial (one thread)", &point->serial, limit);
    for (size_t i = 0; i < n_cells; i++)
        fill_cell(&lines[n++], &point->cells[i]);
    for (size_t i = 0; i < point->n_controls; i++)
        fill_cell(&lines[n++], &point->controls[i]);
    return n;
}

static int write_table(FILE *out, const struct tote_point_summary *point)
{
    size_t most = point->n_cells + point->n_skipped + point->n_controls + 2;
    struct line *lines = calloc(most, sizeof *lines);
    const char **cells = calloc(most * COLUMNS, sizeof *cells);
    int rc = lines && cells ? 0 : -ENOMEM;
    if (rc < 0)
        goto out;
    size_t n = fill_lines(lines, point);
    for (size_t i = 0; i < n; i++) {
        for (int column = 0; column < COLUMNS; column++)
            cells[i * COLUMNS + (size_t)column] = lines[i].figures[column];
        cells[i * COLUMNS + LABEL] = lines[i].label;
        cells[i * COLUMNS + OUTPUTS] = lines[i].outputs;
    }
    tote_table_write(out, columns, COLUMNS, cells, n, WIDTH);
out:
    free(cells);
    free(lines);
    return rc;
}

static void write_subject(FILE *out, const struct tote_summary *summary,
                          const struct tote_point_summary *point)
{
    const struct tote_plan *plan = &point->plan;
    fprintf(out,
            "%s, size %" PRIu64 ", seed %" PRIu64 ": %" PRIu64 " tasks, %" PRIu32
            " workers, batch %s; %zu of %" PRIu64 " blocks\n\n",
            plan->kernel, plan->size, plan->seed, plan->tasks, plan->workers,
            plan->batch, point->n_blocks, summary->most);
}

/* Why there are no more blocks than there are. */
static void write_end(FILE *out, const struct tote_summary *summary)
{
    const char *end = tote_gather_setting(summary, "end");
    const char *precision = tote_gather_setting(summary, "precision");
    bool is_precise = end && strcmp(end, "precision") == 0;
    if (!end || !end[0] || isnan(summary->width))
        return;
    fprintf(out,
            "\nStopped by %s after %zu of %" PRIu64 " to %" PRIu64
            " blocks: the widest interval is +-%.1f %%",
            is_precise                   ? "the precision"
            : strcmp(end, "done") == 0   ? "the number of runs"
            : strcmp(end, "budget") == 0 ? "the budget"
            : strcmp(end, "signal") == 0 ? "a signal"
                                         : "an engine that failed",
            summary->n_blocks, summary->least, summary->most, 100 * summary->width);
    if (precision && strcmp(precision, "none") != 0)
        fprintf(out, ", asked for was +-%s", precision);
    fputs(".\n", out);
}

static int write_point(FILE *out, const struct tote_summary *summary,
                       const struct tote_point_summary *point)
{
    if (summary->is_sweep)
        fprintf(out, "Point %" PRId64 ": ", point->id);
    write_subject(out, summary, point);
    int rc = write_table(out, point);
    if (rc == 0 && summary->price)
        rc = tote_cost_write_cells(point, summary->price, out);
    return rc;
}

/* Takes the sentence. */
static int write_verdict(FILE *out, char *verdict)
{
    if (!verdict)
        return -ENOMEM;
    fprintf(out, "\nVerdict: %s\n", verdict);
    free(verdict);
    return 0;
}

static int write_sweep(FILE *out, const struct tote_summary *summary)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < summary->n_points; i++) {
        fputs(i > 0 ? "\n" : "", out);
        rc = write_point(out, summary, &summary->points[i]);
        if (rc == 0)
            rc = write_verdict(out, tote_verdict_sentence(&summary->points[i]));
    }
    write_end(out, summary);
    if (rc == 0)
        rc = write_notes(out, summary);
    if (rc == 0)
        rc = write_verdict(out, tote_verdict_of_sweep(summary));
    fprintf(out, "Store: %s\n", summary->store);
    return rc;
}

static int write_compare(FILE *out, const struct tote_summary *summary)
{
    const struct tote_point_summary *point = &summary->points[0];
    int rc = write_point(out, summary, point);
    write_end(out, summary);
    if (rc == 0)
        rc = tote_text_usage_table(point, out, WIDTH);
    if (rc == 0)
        rc = write_notes(out, summary);
    if (rc == 0)
        rc = write_verdict(out, tote_verdict_sentence(point));
    fprintf(out, "Store: %s\n", summary->store);
    return rc;
}

int tote_text_write(const struct tote_summary *summary, FILE *out)
{
    return summary->is_sweep        ? write_sweep(out, summary)
           : summary->is_experiment ? write_compare(out, summary)
                                    : write_run(out, summary);
}
