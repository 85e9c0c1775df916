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
#include "report/lines.h"
#include "report/notes.h"
#include "report/quoted.h"
#include "report/scope.h"
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

static int write_scope(FILE *out, const struct tote_summary *summary)
{
    struct tote_notes scope;
    int rc = tote_scope_make(summary, &scope);
    if (rc < 0)
        return rc;
    fputs("\nLimits of the claim:\n", out);
    for (size_t i = 0; i < scope.n; i++)
        fprintf(out, "  %s\n", scope.texts[i]);
    tote_notes_finish(&scope);
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

/* Finishes it. */
static void write_table(FILE *out, const char *head, struct tote_lines *lines)
{
    if (lines->n > 0) {
        fputs(head, out);
        tote_table_write(out, lines->columns, lines->n_columns, lines->cells, lines->n,
                         WIDTH);
    }
    tote_lines_finish(lines);
}

static int write_behind(FILE *out, const struct tote_point_summary *point,
                        bool is_steady)
{
    struct tote_lines lines;
    const struct tote_ranking *ranking = is_steady ? &point->steady : &point->whole;
    int rc = point->unranked ? 0 : tote_lines_behind(point, is_steady, &lines);
    if (rc < 0 || point->unranked)
        return rc;
    fprintf(out, "\n%s, how many times as fast %s is:\n\n",
            is_steady ? "After start-up" : "With start-up included",
            point->cells[ranking->judgement.leader].cell->label);
    write_table(out, "", &lines);
    return 0;
}

static int write_tables(FILE *out, const struct tote_point_summary *point)
{
    struct tote_lines lines;
    int rc = tote_lines_engines(point, &lines);
    if (rc < 0)
        return rc;
    write_table(out, "", &lines);
    rc = tote_lines_controls(point, &lines);
    if (rc < 0)
        return rc;
    write_table(out, "\n", &lines);
    rc = write_behind(out, point, true);
    return rc < 0 ? rc : write_behind(out, point, false);
}

/* Why there are no more blocks than there are. */
static void write_end(FILE *out, const struct tote_summary *summary)
{
    const char *end = tote_gather_setting(summary, "end");
    const char *precision = tote_gather_setting(summary, "precision");
    char blocks[TOTE_FIGURE_MAX];
    bool is_precise = end && strcmp(end, "precision") == 0;
    if (!end || !end[0] || isnan(summary->width))
        return;
    fprintf(
        out, "\nStopped by %s after %s: the widest interval is +-%.1f %%",
        is_precise                   ? "the precision"
        : strcmp(end, "done") == 0   ? "the number of runs"
        : strcmp(end, "budget") == 0 ? "the budget"
        : strcmp(end, "signal") == 0 ? "a signal"
                                     : "an engine that failed",
        tote_figure_blocks(summary->n_blocks, summary->least, summary->most, blocks),
        100 * summary->width);
    if (precision && strcmp(precision, "none") != 0)
        fprintf(out, ", asked for was +-%s", precision);
    fputs(".\n", out);
}

static int write_point(FILE *out, const struct tote_summary *summary,
                       const struct tote_point_summary *point)
{
    if (summary->is_sweep)
        fprintf(out, "Point %" PRId64 ": ", point->id);
    tote_lines_subject(summary, point, out);
    fputs("\n\n", out);
    int rc = write_tables(out, point);
    if (rc == 0 && summary->price)
        rc = tote_cost_write_cells(point, summary->price, out);
    return rc;
}

/* Takes the sentence. */
static int write_verdict(FILE *out, const char *of, char *verdict)
{
    if (!verdict)
        return -ENOMEM;
    fprintf(out, "\nVerdict%s: %s\n", of, verdict);
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
            rc = write_verdict(out, "", tote_verdict_sentence(&summary->points[i]));
    }
    write_end(out, summary);
    if (rc == 0)
        rc = write_scope(out, summary);
    if (rc == 0)
        rc = write_notes(out, summary);
    if (rc == 0)
        rc = write_verdict(out, " over all points", tote_verdict_of_sweep(summary));
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
        rc = write_scope(out, summary);
    if (rc == 0)
        rc = write_notes(out, summary);
    if (rc == 0)
        rc = write_verdict(out, "", tote_verdict_sentence(point));
    fprintf(out, "Store: %s\n", summary->store);
    return rc;
}

int tote_text_write(const struct tote_summary *summary, FILE *out)
{
    return summary->is_metg         ? tote_metg_text_write(summary, out)
           : summary->is_sweep      ? write_sweep(out, summary)
           : summary->is_experiment ? write_compare(out, summary)
                                    : write_run(out, summary);
}
