/* SPDX-License-Identifier: MIT */
/* text.c: a run as a block of lines, a comparison as a table and a sentence
 * (formats.h). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/figure.h"
#include "report/formats.h"
#include "report/notes.h"
#include "report/table.h"
#include "report/verdict.h"

#define WIDTH 100 /* of a table, in characters */

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

static void write_plan(FILE *out, const struct tote_run_summary *run)
{
    const struct tote_run_row *row = &run->row;
    fprintf(out, ROW "%s%s%s%s%s\n", "engine", row->engine,
            row->engine_version[0] ? " " : "", row->engine_version,
            row->binding[0] ? ", " : "", row->binding);
    fprintf(out, ROW "%s, size %" PRIu64 ", seed %" PRIu64 "\n", "bag", row->kernel,
            row->size, row->seed);
    fprintf(out, ROW "%" PRIu32 ", batch %s\n", "workers", row->workers, row->batch);
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

static void write_costs(FILE *out, const struct tote_run_summary *run)
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
}

/* As one word of a shell. */
static void write_word(FILE *out, const char *text)
{
    fputc('\'', out);
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\'", out);
        fputc(*text, out);
    }
    fputc('\'', out);
}

static void write_failures(FILE *out, const struct tote_summary *summary,
                           const struct tote_run_summary *run)
{
    if (run->n_failures == 0)
        return;
    fputs("\nTasks that failed", out);
    if (run->failed > run->n_failures)
        fprintf(out, ", %zu of %" PRIu64, run->n_failures, run->failed);
    fputs(":\n", out);
    for (size_t i = 0; i < run->n_failures; i++) {
        const struct tote_failure *failure = &run->failures[i];
        fprintf(out, "  task %" PRIu64 ": %s (attempt %" PRIu32 ")\n", failure->task,
                tote_outcome_name(failure->outcome), failure->attempt);
    }
    fputs("  all of them: sqlite3 ", out);
    write_word(out, summary->store);
    fprintf(out,
            " \"SELECT * FROM record_text WHERE run=%" PRId64 " AND outcome<>'ok'\"\n",
            run->row.id);
}

static int write_run(FILE *out, const struct tote_summary *summary)
{
    const struct tote_run_summary *run = tote_gather_run(summary);
    fprintf(out, "%s: %s, %" PRIu64 " of %" PRIu64 " tasks done, %" PRIu64 " failed",
            run->row.label, tote_notes_state(run), run->done, run->row.tasks,
            run->failed);
    if (run->has_events)
        fprintf(out, ", %" PRIu64 " duplicate", run->row.duplicate);
    fputs("\n\n", out);
    write_plan(out, run);
    write_seconds(out, "start-up", run->phases_s.start, "launch to ready");
    write_seconds(out, "first result", run->phases_s.first_result, "after ready");
    write_seconds(out, "wall", run->wall_s, "launch to last durable result");
    write_rates(out, run);
    write_costs(out, run);
    fprintf(out, ROW "%s\n", "digest", run->digest[0] ? run->digest : "-");
    fprintf(out, ROW "%s\n", "store", summary->store);
    write_failures(out, summary, run);
    return write_notes(out, summary);
}

/* --- a comparison --- */

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
    line->label = cell->runs[0].row.label;
    tote_figure_seconds(cell->start_s.median, line->figures[START]);
    fill_interval(line, WHOLE, &cell->tasks_per_s);
    fill_interval(line, STEADY, &cell->steady_tasks_per_s);
    snprintf(line->figures[N], TOTE_FIGURE_MAX, "%zu", cell->n_counted);
    tote_figure_fraction(cell->limit_fraction, line->figures[PART]);
    line->outputs = name_outputs(cell->outputs);
}

/* The limit has no start-up: its whole run is what the others' rate after start-up is
 * measured against. */
static void fill_limit(struct line *line, const struct tote_summary *summary)
{
    line->label = "limit (bare loop)";
    snprintf(line->figures[START], TOTE_FIGURE_MAX, "-");
    fill_interval(line, WHOLE, &summary->limit_tasks_per_s);
    snprintf(line->figures[STEADY], TOTE_FIGURE_MAX, "-");
    snprintf(line->figures[N], TOTE_FIGURE_MAX, "%zu", summary->n_limits);
    snprintf(line->figures[PART], TOTE_FIGURE_MAX, "%s",
             summary->limit_tasks_per_s.n > 0 ? "1.00" : "-");
    line->outputs = name_outputs(summary->limit_outputs);
}

static int write_table(FILE *out, const struct tote_summary *summary)
{
    bool has_limit = summary->n_limits > 0;
    size_t n = summary->n_cells + has_limit;
    struct line *lines = calloc(n + 1, sizeof *lines); /* n may be 0 */
    const char **cells = calloc((n + 1) * COLUMNS, sizeof *cells);
    int rc = lines && cells ? 0 : -ENOMEM;
    if (rc < 0)
        goto out;
    if (has_limit)
        fill_limit(&lines[0], summary);
    for (size_t i = 0; i < summary->n_cells; i++)
        fill_cell(&lines[i + has_limit], &summary->cells[i]);
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

/* The batch size of all cells; cells may have their own. */
static const char *common_batch(const struct tote_summary *summary)
{
    const char *batch = NULL;
    for (size_t i = 0; i < summary->n_cells; i++) {
        const char *own = summary->cells[i].runs[0].row.batch;
        if (batch && strcmp(batch, own) != 0)
            return "by cell";
        batch = own;
    }
    return batch ? batch : summary->plan.batch;
}

static void write_subject(FILE *out, const struct tote_summary *summary)
{
    const struct tote_plan *plan = &summary->plan;
    uint64_t planned = summary->n_blocks;
    tote_gather_count(summary, "runs", &planned);
    fprintf(out,
            "%s, size %" PRIu64 ", seed %" PRIu64 ": %" PRIu64 " tasks, %" PRIu32
            " workers, batch %s; %zu of %" PRIu64 " blocks\n\n",
            plan->kernel, plan->size, plan->seed, plan->tasks, plan->workers,
            common_batch(summary), summary->n_blocks, planned);
}

static int write_compare(FILE *out, const struct tote_summary *summary)
{
    char *verdict = tote_verdict_sentence(summary);
    if (!verdict)
        return -ENOMEM;
    write_subject(out, summary);
    int rc = write_table(out, summary);
    if (rc == 0)
        rc = write_notes(out, summary);
    fprintf(out, "\nVerdict: %s\nStore: %s\n", verdict, summary->store);
    free(verdict);
    return rc;
}

int tote_text_write(const struct tote_summary *summary, FILE *out)
{
    return summary->is_compare ? write_compare(out, summary) : write_run(out, summary);
}
