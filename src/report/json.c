/* SPDX-License-Identifier: MIT */
/* json.c: the documents of docs/schemas/ (formats.h). Within a schema_version fields
 * are added, never renamed or taken away. null: not available. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/cost.h"
#include "report/failure.h"
#include "report/formats.h"
#include "report/json_ranks.h"
#include "report/json_usage.h"
#include "report/notes.h"
#include "report/report.h"
#include "report/scope.h"
#include "report/verdict.h"

#define DIGITS 9 /* of a real number: a nanosecond in a second */

/* All return new references; json_pack takes those that it is given, and gives null if
 * one of them is, so that memory that runs out shows once, at the end. */

static json_t *number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *count(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *text_or_null(const char *text)
{
    return text && text[0] ? json_string(text) : json_null();
}

static json_t *interval(const struct tote_interval *interval)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "median", number(interval->median), "low",
                     number(interval->low), "high", number(interval->high), "n",
                     count(interval->n));
}

static json_t *sameness(enum tote_sameness sameness)
{
    return sameness == TOTE_SAME_UNKNOWN ? json_null()
                                         : json_boolean(sameness == TOTE_SAME_YES);
}

/* As an object; as it stands if it is none. */
static json_t *options(const char *text)
{
    json_t *object = json_loads(text, 0, NULL);
    if (json_is_object(object))
        return object;
    json_decref(object);
    return text[0] ? json_string(text) : json_object();
}

static json_t *time_of_day(tote_ns_t utc)
{
    char day[32], text[48];
    time_t s = (time_t)(utc / TOTE_NS_PER_S);
    struct tm parts;
    if (utc == 0 || !gmtime_r(&s, &parts) ||
        strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &parts) == 0)
        return json_null();
    snprintf(text, sizeof text, "%s.%03dZ", day,
             (int)(utc % TOTE_NS_PER_S / TOTE_NS_PER_MS));
    return json_string(text);
}

/* --- one run --- */

static json_t *tasks(const struct tote_run_summary *run)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "total", count(run->row.tasks), "done",
                     count(run->done), "failed", count(run->failed), "duplicate",
                     run->has_events ? count(run->row.duplicate) : json_null());
}

static json_t *phases(const struct tote_run_summary *run)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "start", number(run->phases_s.start),
                     "first_result", number(run->phases_s.first_result), "steady",
                     number(run->phases_s.steady), "drain", number(run->phases_s.drain),
                     "stop", number(run->phases_s.stop));
}

static json_t *task_times(const struct tote_run_summary *run)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "p50", number(run->task_s.p50), "p90",
                     number(run->task_s.p90), "p99", number(run->task_s.p99), "max",
                     number(run->task_s.max), "n", count(run->task_s.n));
}

static json_t *cpu(const struct tote_run_summary *run)
{
    return json_pack("{s:o, s:o, s:o}", "total", number(run->cpu_total_s), "tasks",
                     number(run->cpu_tasks_s), "engine", number(run->cpu_engine_s));
}

/* Cause and words are a command's. */
static json_t *one_failure(const struct tote_failure *failure)
{
    char why[TOTE_FAILURE_TEXT_MAX];
    bool has_cause = failure->cause != TOTE_CAUSE_NONE;
    tote_failure_text(failure, why);
    tote_mask_text(why, TOTE_MASK_BYTES); /* it may have been cut */
    return json_pack("{s:o, s:o, s:s, s:o, s:o}", "task", count(failure->task),
                     "attempt", count(failure->attempt), "outcome",
                     tote_outcome_name(failure->outcome), "cause",
                     text_or_null(has_cause ? tote_cause_name(failure->cause) : NULL),
                     "why", text_or_null(failure->is_command ? why : NULL));
}

static json_t *failures(const struct tote_failure *failures, size_t n)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < n; i++) {
        json_t *object = one_failure(&failures[i]);
        if (json_array_append_new(array, object) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

/* Null: it was never launched. */
static json_t *boxed(const struct tote_run_row *row)
{
    return row->box[0] ? json_boolean(row->is_boxed) : json_null();
}

static json_t *command(const struct tote_summary *summary)
{
    if (!summary->is_commands)
        return json_null();
    json_t *array = json_array();
    for (size_t i = 0; array && i < summary->n_words; i++) {
        if (json_array_append_new(array, json_string(summary->words[i])) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

/* Of a kernel's input; commands have none. */
static json_t *input_count(const struct tote_summary *summary, uint64_t value)
{
    return summary->is_commands ? json_null() : count(value);
}

static json_t *what_ran(const struct tote_summary *summary,
                        const struct tote_run_summary *run)
{
    const struct tote_run_row *row = &run->row;
    return json_pack(
        "{s:s, s:s, s:s, s:o, s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:s, s:s, s:s}",
        "engine", row->engine, "engine_version", row->engine_version, "binding",
        row->binding, "options", options(row->options), "label", row->label, "box",
        row->box, "boxed", boxed(row), "kernel", row->kernel, "command",
        command(summary), "size", input_count(summary, row->size), "seed",
        input_count(summary, row->seed), "workers", count(row->workers), "batch",
        row->batch, "state", tote_run_state_name(row->state), "store", summary->store);
}

static json_t *how_it_went(const struct tote_run_summary *run)
{
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
        "launched", time_of_day(run->row.launched_utc), "tasks", tasks(run),
        "lost_batches", run->has_events ? count(run->row.lost) : json_null(), "digest",
        text_or_null(run->digest), "phases_s", phases(run), "wall_s",
        number(run->wall_s), "tasks_per_s", number(run->tasks_per_s),
        "steady_tasks_per_s", number(run->steady_tasks_per_s), "task_s",
        task_times(run), "cpu_s", cpu(run), "usage", tote_json_usage(&run->used),
        "machine", tote_json_machine(&run->machine), "failures",
        failures(run->failures, run->n_failures), "stats", options(run->row.stats),
        "why", text_or_null(run->row.why));
}

/* --- cost --- */

static json_t *amount(const struct tote_cost_amount *amount)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "core_hours_paid",
                     number(amount->core_hours_paid), "core_hours_used",
                     number(amount->core_hours_used), "gb_hours",
                     number(amount->gb_hours), "money", number(amount->money));
}

static json_t *cost_of_run(const struct tote_summary *summary,
                           const struct tote_run_summary *run)
{
    struct tote_cost cost = tote_cost_of(run, summary->price);
    return json_pack("{s:{s:o, s:o}}", "cost", "run", amount(&cost.run), "per_million",
                     amount(&cost.per_million));
}

static json_t *cost_of_cell(const struct tote_summary *summary,
                            const struct tote_cell_summary *cell)
{
    struct tote_cost_intervals cost;
    if (tote_cost_of_cell(cell, summary->price, &cost) < 0)
        return NULL;
    return json_pack("{s:{s:{s:o, s:o, s:o, s:o}}}", "cost", "per_million",
                     "core_hours_paid", interval(&cost.core_hours_paid),
                     "core_hours_used", interval(&cost.core_hours_used), "gb_hours",
                     interval(&cost.gb_hours), "money", interval(&cost.money));
}

static json_t *price(const struct tote_summary *summary)
{
    const struct tote_price *price = summary->price;
    if (!price)
        return json_pack("{s:n}", "price");
    return json_pack("{s:{s:o, s:o, s:o}}", "price", "cpu_hour",
                     number(price->cpu_hour), "gb_hour", number(price->gb_hour),
                     "currency", text_or_null(price->currency));
}

/* --- the whole of it --- */

/* Adds what is in `more`, which it takes; takes object too if that fails. */
static json_t *join(json_t *object, json_t *more)
{
    if (!object || !more || json_object_update(object, more) < 0) {
        json_decref(object);
        object = NULL;
    }
    json_decref(more);
    return object;
}

static json_t *one_run(const struct tote_summary *summary,
                       const struct tote_run_summary *run)
{
    json_t *object = join(what_ran(summary, run), how_it_went(run));
    object = join(object, cost_of_run(summary, run));
    if (summary->is_experiment)
        object = join(object, json_pack("{s:I}", "block", (json_int_t)run->row.block));
    return object;
}

/* --- an experiment --- */

static json_t *runs_of(const struct tote_summary *summary,
                       const struct tote_cell_summary *cell)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < cell->n_runs; i++) {
        if (json_array_append_new(array, one_run(summary, &cell->runs[i])) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *cell_numbers(const struct tote_cell_summary *cell)
{
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "tasks_per_s",
        interval(&cell->tasks_per_s), "steady_tasks_per_s",
        interval(&cell->steady_tasks_per_s), "wall_s", interval(&cell->wall_s),
        "start_s", number(cell->start_s.median), "start_interval_s",
        interval(&cell->start_s), "limit_fraction", number(cell->limit_fraction),
        "limit_interval", interval(&cell->limit_ratios), "digest",
        text_or_null(cell->digest), "digest_equal", sameness(cell->outputs), "usage",
        json_pack("{s:o, s:o, s:o, s:o}", "control_s", interval(&cell->control_s),
                  "workers_s", interval(&cell->workers_s), "kernel_s",
                  interval(&cell->kernel_s), "memory_bytes",
                  interval(&cell->memory_bytes)));
}

/* As its first run that counts found the engine; of one that has none only what was
 * asked for. */
static json_t *cell_engine(const struct tote_cell_summary *cell)
{
    if (cell->n_runs == 0)
        return json_pack("{s:s, s:n, s:n, s:n, s:n, s:n}", "engine", cell->cell->engine,
                         "engine_version", "binding", "options", "box", "boxed");
    const struct tote_run_row *row = &tote_gather_shown(cell)->row;
    return json_pack("{s:s, s:s, s:s, s:o, s:s, s:o}", "engine", row->engine,
                     "engine_version", row->engine_version, "binding", row->binding,
                     "options", options(row->options), "box", row->box, "boxed",
                     boxed(row));
}

static json_t *one_cell(const struct tote_summary *summary,
                        const struct tote_cell_summary *cell)
{
    const struct tote_cell_row *row = cell->cell;
    json_t *object = json_pack(
        "{s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:o}", "label", row->label, "role",
        tote_cell_role_name(row->role), "kernel", row->kernel, "size", count(row->size),
        "tasks", count(row->tasks), "batch", row->batch, "skipped",
        text_or_null(row->skipped), "runs", runs_of(summary, cell));
    object = join(object, cell_engine(cell));
    return join(join(object, cell_numbers(cell)), cost_of_cell(summary, cell));
}

static json_t *cells_of(const struct tote_summary *summary,
                        const struct tote_cell_summary *cells, size_t n)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < n; i++) {
        if (json_array_append_new(array, one_cell(summary, &cells[i])) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *passes_of(const struct tote_limit_summary *loop)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < loop->n; i++) {
        const struct tote_limit_pass *pass = &loop->passes[i];
        json_t *object = json_pack(
            "{s:I, s:o, s:o, s:o, s:o, s:s, s:o}", "block", (json_int_t)pass->row.block,
            "threads", count(pass->row.threads), "tasks", count(pass->row.tasks),
            "wall_s", number(pass->wall_s), "tasks_per_s", number(pass->tasks_per_s),
            "digest", pass->digest, "machine", tote_json_machine(&pass->machine));
        if (json_array_append_new(array, object) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *one_loop(const struct tote_limit_summary *loop)
{
    bool is_one = loop->outputs == TOTE_SAME_YES;
    return json_pack("{s:o, s:o, s:o, s:o, s:o}", "threads",
                     loop->n ? count(loop->passes[0].row.threads) : json_null(),
                     "tasks_per_s", number(loop->tasks_per_s.median), "interval",
                     interval(&loop->tasks_per_s), "digest",
                     text_or_null(is_one ? loop->passes[0].digest : NULL), "runs",
                     passes_of(loop));
}

static json_t *serial(const struct tote_point_summary *point)
{
    return point->serial.cell ? one_loop(&point->serial) : json_null();
}

static json_t *bag(const struct tote_plan *plan)
{
    return json_pack("{s:s, s:o, s:o, s:o}", "kernel", plan->kernel, "size",
                     count(plan->size), "seed", count(plan->seed), "tasks",
                     count(plan->tasks));
}

/* --- documents --- */

/* Finishes the list. */
static json_t *sentences(struct tote_notes *notes)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < notes->n; i++) {
        if (json_array_append_new(array, json_string(notes->texts[i])) < 0) {
            json_decref(array);
            array = NULL;
        }
    }
    tote_notes_finish(notes);
    return array;
}

static json_t *warnings(const struct tote_summary *summary)
{
    struct tote_notes notes;
    return tote_notes_make(summary, &notes) < 0 ? NULL : sentences(&notes);
}

static json_t *claim_limits(const struct tote_summary *summary)
{
    struct tote_notes scope;
    return tote_scope_make(summary, &scope) < 0 ? NULL : sentences(&scope);
}

/* Settings "environment.NAME". */
static json_t *environment(const struct tote_summary *summary)
{
    static const char prefix[] = "environment.";
    json_t *object = json_object();
    for (size_t i = 0; object && i < summary->n_settings; i++) {
        const struct tote_setting *setting = &summary->settings[i];
        if (strncmp(setting->name, prefix, sizeof prefix - 1) != 0)
            continue;
        if (json_object_set_new(object, setting->name + sizeof prefix - 1,
                                json_string(setting->value)) < 0) {
            json_decref(object);
            object = NULL;
        }
    }
    return object;
}

static json_t *setting_count(const struct tote_summary *summary, const char *name)
{
    uint64_t value;
    return tote_gather_count(summary, name, &value) ? count(value) : json_null();
}

static json_t *blocks(const struct tote_summary *summary, size_t n_whole)
{
    bool is_known = summary->most > 0;
    return json_pack("{s:o, s:o, s:o}", "least",
                     is_known ? count(summary->least) : json_null(), "planned",
                     is_known ? count(summary->most) : json_null(), "whole",
                     count(n_whole));
}

/* What a point shows, and a comparison of its one. */
static json_t *what_was_found(const struct tote_summary *summary,
                              const struct tote_point_summary *point)
{
    const struct tote_plan *plan = &point->plan;
    char *verdict = tote_verdict_sentence(point);
    if (!verdict)
        return NULL;
    json_t *object =
        json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:s}", "bag",
                  bag(plan), "workers", count(plan->workers), "batch", plan->batch,
                  "blocks", blocks(summary, point->n_blocks), "cells",
                  cells_of(summary, point->cells, point->n_cells + point->n_skipped),
                  "controls", cells_of(summary, point->controls, point->n_controls),
                  "limit", one_loop(&point->limit), "serial", serial(point),
                  "digests_equal", sameness(point->outputs), "verdict", verdict);
    free(verdict);
    return join(object, tote_json_ranking(summary, point));
}

static json_t *how_it_ended(const struct tote_summary *summary)
{
    return json_pack("{s:o, s:o, s:o, s:o}", "order_seed",
                     setting_count(summary, "order_seed"), "end",
                     text_or_null(tote_gather_setting(summary, "end")), "precision",
                     text_or_null(tote_gather_setting(summary, "precision")), "width",
                     number(summary->width));
}

static json_t *about(const struct tote_summary *summary)
{
    json_t *object =
        json_pack("{s:o, s:o, s:o, s:s}", "claim_limits", claim_limits(summary),
                  "warnings", warnings(summary), "environment", environment(summary),
                  "store", summary->store);
    return join(object, price(summary));
}

static json_t *document_of_compare(const struct tote_summary *summary)
{
    json_t *document = json_pack("{s:i, s:s}", "schema_version", TOTE_REPORT_SCHEMA,
                                 "kind", "compare");
    document = join(document, what_was_found(summary, &summary->points[0]));
    document = join(document, how_it_ended(summary));
    return join(document, about(summary));
}

static json_t *points_of(const struct tote_summary *summary)
{
    json_t *array = json_array();
    for (size_t i = 0; array && i < summary->n_points; i++) {
        const struct tote_point_summary *point = &summary->points[i];
        json_t *object = join(json_pack("{s:I}", "point", (json_int_t)point->id),
                              what_was_found(summary, point));
        if (json_array_append_new(array, object) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

static json_t *document_of_sweep(const struct tote_summary *summary)
{
    char *verdict = tote_verdict_of_sweep(summary);
    if (!verdict)
        return NULL;
    json_t *document =
        json_pack("{s:i, s:s, s:o, s:o, s:o, s:s}", "schema_version",
                  TOTE_REPORT_SCHEMA, "kind", "sweep", "blocks",
                  blocks(summary, summary->n_blocks), "points", points_of(summary),
                  "digests_equal", sameness(summary->outputs), "verdict", verdict);
    free(verdict);
    document = join(document, how_it_ended(summary));
    return join(document, about(summary));
}

static json_t *bag_so_far(const struct tote_summary *summary)
{
    const struct tote_bag_summary *bag = &summary->bag;
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "runs", count(summary->n_runs),
                     "interrupted", count(bag->n_interrupted), "done", count(bag->done),
                     "failed", count(bag->failed), "tasks", count(bag->tasks),
                     "failures", failures(bag->failures, bag->n_failures));
}

static json_t *document_of_run(const struct tote_summary *summary)
{
    json_t *document = json_pack(
        "{s:i, s:s, s:o, s:o, s:o, s:o, s:o}", "schema_version", TOTE_REPORT_SCHEMA,
        "kind", "run", "run", one_run(summary, tote_gather_run(summary)), "bag_so_far",
        bag_so_far(summary), "claim_limits", claim_limits(summary), "warnings",
        warnings(summary), "environment", environment(summary));
    return join(document, price(summary));
}

int tote_json_write(const struct tote_summary *summary, FILE *out)
{
    if (summary->is_metg)
        return tote_metg_json_write(summary, out);
    json_t *document = summary->is_sweep        ? document_of_sweep(summary)
                       : summary->is_experiment ? document_of_compare(summary)
                                                : document_of_run(summary);
    char *text =
        document ? json_dumps(document, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS))
                 : NULL;
    json_decref(document);
    if (!text)
        return -ENOMEM;
    fprintf(out, "%s\n", text);
    free(text);
    return 0;
}
