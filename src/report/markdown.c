/* SPDX-License-Identifier: MIT */
/* markdown.c: a comparison, METG or a run as GitHub-flavoured markdown (formats.h):
 * verdict, tables, limits of the claim, warnings, environment. How text is escaped is
 * markdown_text.h's. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/failure.h"
#include "report/figure.h"
#include "report/formats.h"
#include "report/lines.h"
#include "report/markdown_text.h"
#include "report/metg_words.h"
#include "report/notes.h"
#include "report/quoted.h"
#include "report/scope.h"
#include "report/verdict.h"

#define COMMAND_MAX 400 /* bytes of a command that are shown */

/* --- lists --- */

static void write_list(FILE *out, const char *head, struct tote_notes *list)
{
    if (list->n > 0)
        fprintf(out, "\n### %s\n\n", head);
    for (size_t i = 0; i < list->n; i++) {
        fputs("- ", out);
        tote_markdown_put(list->texts[i], out);
        fputc('\n', out);
    }
    tote_notes_finish(list);
}

static int write_lists(FILE *out, const struct tote_summary *summary)
{
    struct tote_notes list;
    int rc = tote_scope_make(summary, &list);
    if (rc < 0)
        return rc;
    write_list(out, "Limits of the claim", &list);
    rc = tote_notes_make(summary, &list);
    if (rc < 0)
        return rc;
    write_list(out, "Warnings", &list);
    return 0;
}

/* --- tables --- */

static void start_pairs(FILE *out, const char *name, const char *value)
{
    fprintf(out, "\n| %s | %s |\n|:---|:---|\n", name, value);
}

static void write_pair(FILE *out, const char *name, const char *value, bool is_code)
{
    fputs("| ", out);
    tote_markdown_put(name, out);
    fputs(" | ", out);
    if (is_code)
        tote_markdown_put_code(value, out);
    else
        tote_markdown_put(value, out);
    fputs(" |\n", out);
}

/* Settings "environment.NAME". */
static void write_environment(FILE *out, const struct tote_summary *summary)
{
    static const char prefix[] = "environment.";
    size_t n = 0;
    for (size_t i = 0; i < summary->n_settings; i++) {
        const struct tote_setting *setting = &summary->settings[i];
        if (strncmp(setting->name, prefix, sizeof prefix - 1) != 0)
            continue;
        if (n++ == 0) {
            fputs("\n### Environment\n", out);
            start_pairs(out, "what", "value");
        }
        write_pair(out, setting->name + sizeof prefix - 1, setting->value, true);
    }
}

/* Both lines of a head; an interval stands beside what it is of. */
static void write_heads(FILE *out, const struct tote_lines *lines)
{
    const struct tote_table_column *columns = lines->columns;
    for (size_t i = 0; i < lines->n_columns; i++)
        fprintf(out, "| %s%s%s ", columns[i].over,
                columns[i].over[0] && columns[i].head[0] ? " " : "", columns[i].head);
    fputs("|\n", out);
    for (size_t i = 0; i < lines->n_columns; i++)
        fputs(columns[i].is_right ? "|---:" : "|:---", out);
    fputs("|\n", out);
}

/* Finishes it. */
static void write_table(FILE *out, struct tote_lines *lines)
{
    if (lines->n > 0)
        write_heads(out, lines);
    for (size_t row = 0; row < lines->n; row++) {
        for (size_t i = 0; i < lines->n_columns; i++) {
            const char *text = lines->cells[row * lines->n_columns + i];
            fputs("| ", out);
            if (i == 0)
                tote_markdown_put_code(text, out);
            else
                tote_markdown_put(text, out);
            fputc(' ', out);
        }
        fputs("|\n", out);
    }
    tote_lines_finish(lines);
}

/* --- an experiment --- */

static int write_subject(FILE *out, const struct tote_summary *summary,
                         const struct tote_point_summary *point)
{
    char *text = NULL;
    size_t size = 0;
    FILE *line = open_memstream(&text, &size);
    if (!line)
        return -ENOMEM;
    tote_lines_subject(summary, point, line);
    int rc = fclose(line) == 0 ? 0 : -ENOMEM;
    if (rc == 0)
        tote_markdown_put(text, out);
    free(text);
    fputs("\n\n", out);
    return rc;
}

static int write_behind(FILE *out, const struct tote_point_summary *point,
                        bool is_steady)
{
    struct tote_lines lines;
    const struct tote_ranking *ranking = is_steady ? &point->steady : &point->whole;
    int rc = point->unranked ? 0 : tote_lines_behind(point, is_steady, &lines);
    if (rc < 0 || point->unranked)
        return rc;
    fprintf(out, "\n%s, how many times as fast ",
            is_steady ? "After start-up" : "With start-up included");
    tote_markdown_put(point->cells[ranking->judgement.leader].cell->label, out);
    fputs(" is:\n\n", out);
    write_table(out, &lines);
    return 0;
}

static int write_tables(FILE *out, const struct tote_point_summary *point)
{
    struct tote_lines lines;
    int rc = tote_lines_engines(point, &lines);
    if (rc < 0)
        return rc;
    write_table(out, &lines);
    rc = tote_lines_controls(point, &lines);
    if (rc < 0)
        return rc;
    fputc('\n', out);
    write_table(out, &lines);
    rc = write_behind(out, point, true);
    return rc < 0 ? rc : write_behind(out, point, false);
}

/* Takes the sentence. */
static int write_verdict(FILE *out, char *verdict)
{
    if (!verdict)
        return -ENOMEM;
    fputs("**Verdict.** ", out);
    tote_markdown_put(verdict, out);
    free(verdict);
    fputs("\n\n", out);
    return 0;
}

static int write_point(FILE *out, const struct tote_summary *summary,
                       const struct tote_point_summary *point)
{
    if (summary->is_sweep)
        fprintf(out, "### Point %" PRId64 "\n\n", point->id);
    int rc = write_verdict(out, tote_verdict_sentence(point));
    if (rc == 0)
        rc = write_subject(out, summary, point);
    return rc < 0 ? rc : write_tables(out, point);
}

static int write_experiment(FILE *out, const struct tote_summary *summary)
{
    int rc = summary->is_sweep ? write_verdict(out, tote_verdict_of_sweep(summary)) : 0;
    for (size_t i = 0; rc == 0 && i < summary->n_points; i++) {
        fputs(i > 0 ? "\n" : "", out);
        rc = write_point(out, summary, &summary->points[i]);
    }
    return rc;
}

/* --- METG --- */

static int write_words(FILE *out, const struct tote_summary *summary)
{
    char *text = NULL, *rest, *line;
    size_t size = 0;
    FILE *words = open_memstream(&text, &size);
    if (!words)
        return -ENOMEM;
    tote_metg_words_gains(summary->metg, words);
    tote_metg_words_end(summary, words);
    int rc = fclose(words) == 0 ? 0 : -ENOMEM;
    for (rest = text; rc == 0 && (line = strsep(&rest, "\n"));) {
        if (!line[0])
            continue;
        tote_markdown_put(line, out);
        fputs("\n\n", out);
    }
    free(text);
    return rc;
}

static int write_metg(FILE *out, const struct tote_summary *summary)
{
    struct tote_lines lines;
    tote_metg_words_subject(summary, out);
    fputs(":\n\n", out);
    int rc = tote_lines_metg(summary->metg, &lines);
    if (rc < 0)
        return rc;
    write_table(out, &lines);
    fputc('\n', out);
    rc = write_words(out, summary);
    if (rc == 0)
        rc = tote_lines_metg_points(summary->metg, &lines);
    if (rc == 0)
        write_table(out, &lines);
    return rc;
}

/* --- a run --- */

static void write_duration(FILE *out, const char *name, double seconds)
{
    char text[TOTE_FIGURE_MAX];
    write_pair(out, name, tote_figure_duration(seconds, text), false);
}

static void write_rate(FILE *out, const char *name, double rate)
{
    char text[TOTE_FIGURE_MAX];
    write_pair(out, name, tote_figure_rate(rate, text), false);
}

static int write_bag(FILE *out, const struct tote_summary *summary,
                     const struct tote_run_row *row)
{
    if (!summary->is_commands) {
        write_pair(out, "kernel", row->kernel, true);
        return 0;
    }
    char *command = tote_quoted_words(summary->words, summary->n_words, COMMAND_MAX);
    if (!command)
        return -ENOMEM;
    write_pair(out, "command", command, true);
    free(command);
    return 0;
}

static void write_figures(FILE *out, const struct tote_run_summary *run)
{
    char workers[24];
    snprintf(workers, sizeof workers, "%" PRIu32, run->row.workers);
    write_pair(out, "workers", workers, false);
    write_pair(out, "batch", run->row.batch, true);
    write_duration(out, "start-up", run->phases_s.start);
    write_duration(out, "first result", run->phases_s.first_result);
    write_duration(out, "wall", run->wall_s);
    write_rate(out, "tasks/s, whole run", run->tasks_per_s);
    write_rate(out, "tasks/s, after start-up", run->steady_tasks_per_s);
    write_duration(out, "task time, p50", run->task_s.p50);
    write_duration(out, "task time, p99", run->task_s.p99);
    write_duration(out, "task time, max", run->task_s.max);
    write_duration(out, "CPU time", run->cpu_total_s);
    write_duration(out, "CPU time of tasks", run->cpu_tasks_s);
    write_pair(out, "digest", run->digest[0] ? run->digest : "-", true);
}

static void write_failures(FILE *out, const struct tote_summary *summary)
{
    const struct tote_bag_summary *bag = &summary->bag;
    if (bag->n_failures == 0)
        return;
    fprintf(out, "\n### Tasks that failed\n\n%zu of %" PRIu64 ":\n\n", bag->n_failures,
            bag->failed);
    for (size_t i = 0; i < bag->n_failures; i++) {
        char text[TOTE_FAILURE_TEXT_MAX];
        tote_failure_text(&bag->failures[i], text);
        tote_mask_text(text, TOTE_MASK_CONTROLS); /* it may have been cut */
        fprintf(out, "- task %" PRIu64 ", attempt %" PRIu32 ": ", bag->failures[i].task,
                bag->failures[i].attempt);
        tote_markdown_put(text, out);
        fputc('\n', out);
    }
}

static int write_run(FILE *out, const struct tote_summary *summary)
{
    const struct tote_run_summary *run = tote_gather_run(summary);
    fprintf(out,
            "**One run**, %s: %" PRIu64 " of %" PRIu64 " tasks done, %" PRIu64
            " failed.\n",
            tote_notes_state(run), run->done, run->row.tasks, run->failed);
    if (summary->n_runs > 1)
        fprintf(out,
                "The bag so far, in %zu runs: %" PRIu64 " done, %" PRIu64
                " failed of %" PRIu64 ".\n",
                summary->n_runs, summary->bag.done, summary->bag.failed,
                summary->bag.tasks);
    start_pairs(out, "figure", "value");
    write_pair(out, "engine", run->row.label, true);
    write_pair(out, "version", run->row.engine_version, true);
    int rc = write_bag(out, summary, &run->row);
    write_figures(out, run);
    write_failures(out, summary);
    return rc;
}

int tote_markdown_write(const struct tote_summary *summary, FILE *out)
{
    int rc = summary->is_metg         ? write_metg(out, summary)
             : summary->is_experiment ? write_experiment(out, summary)
                                      : write_run(out, summary);
    if (rc == 0)
        rc = write_lists(out, summary);
    if (rc == 0)
        write_environment(out, summary);
    return rc;
}
