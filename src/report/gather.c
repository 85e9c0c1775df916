/* SPDX-License-Identifier: MIT */
/* gather.c: rows and settings of a store, and every number that follows from them
 * (gather.h). What the records tell is in gather_records.c. */
#include "report/gather.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/commands.h"

static int no_memory(struct tote_error *err)
{
    return tote_error_set(err, -ENOMEM, "out of memory for the report");
}

/* --- numbers of one run --- */

/* NaN unless both were stamped, in this order. */
static double seconds_between(tote_ns_t from, tote_ns_t to)
{
    return from && to && to >= from ? (double)(to - from) / (double)TOTE_NS_PER_S : NAN;
}

static double rate(uint64_t tasks, double seconds)
{
    return tasks > 0 && seconds > 0 ? (double)tasks / seconds : NAN;
}

static void set_digest(char text[static TOTE_DIGEST_TEXT_MAX], bool has_digest,
                       const struct tote_digest *digest)
{
    text[0] = '\0';
    if (has_digest)
        tote_digest_format(digest, text);
}

static void summarize_run(struct tote_run_summary *run)
{
    const struct tote_run_row *row = &run->row;
    bool has_fed_later = row->fed_ns > row->first_ns;
    run->is_counted = row->state == TOTE_RUN_COMPLETE;
    run->has_events = row->state != TOTE_RUN_RUNNING;
    run->done = row->done;
    run->failed = row->failed;
    run->phases_s.start = seconds_between(row->launch_ns, row->ready_ns);
    run->phases_s.first_result = seconds_between(row->ready_ns, row->first_ns);
    run->phases_s.steady = seconds_between(
        row->first_ns, row->fed_ns && !has_fed_later ? row->first_ns : row->fed_ns);
    run->phases_s.drain =
        row->first_ns
            ? seconds_between(has_fed_later ? row->fed_ns : row->first_ns, row->last_ns)
            : NAN;
    run->phases_s.stop = seconds_between(row->last_ns, row->end_ns);
    run->wall_s = seconds_between(row->launch_ns, row->last_ns);
    double cpu_ns = (double)row->cpu_user_ns + (double)row->cpu_sys_ns;
    run->cpu_total_s = cpu_ns > 0 ? cpu_ns / (double)TOTE_NS_PER_S : NAN;
    run->cpu_tasks_s = run->cpu_engine_s = NAN;
    run->task_s.p50 = run->task_s.p90 = run->task_s.p99 = run->task_s.max = NAN;
    set_digest(run->digest, row->has_digest, &row->digest);
}

static void set_rates(struct tote_run_summary *run)
{
    const struct tote_run_row *row = &run->row;
    uint64_t results = run->done + run->failed;
    run->tasks_per_s = rate(results, run->wall_s);
    run->steady_tasks_per_s =
        rate(results, seconds_between(row->ready_ns, row->last_ns));
}

/* --- statistics of a cell --- */

typedef double number_of(const struct tote_run_summary *run);

static double get_tasks_per_s(const struct tote_run_summary *run)
{
    return run->tasks_per_s;
}

static double get_steady_tasks_per_s(const struct tote_run_summary *run)
{
    return run->steady_tasks_per_s;
}

static double get_start_s(const struct tote_run_summary *run)
{
    return run->phases_s.start;
}

static double get_wall_s(const struct tote_run_summary *run)
{
    return run->wall_s;
}

/* Over the complete runs that have the number. values has room for all runs. */
static int set_interval(const struct tote_cell_summary *cell, number_of *get,
                        double *values, struct tote_interval *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < cell->n_runs; i++) {
        double value = get(&cell->runs[i]);
        if (cell->runs[i].is_counted && isfinite(value))
            values[n++] = value;
    }
    return tote_stats_interval(values, n, ret);
}

static double limit_of_block(const struct tote_summary *summary, int64_t block)
{
    for (size_t i = 0; i < summary->n_limits; i++) {
        if (summary->limits[i].row.block == block)
            return summary->limits[i].tasks_per_s;
    }
    return NAN;
}

/* A ratio is taken within a block, so that what drifts between blocks cancels. */
static int set_limit_ratios(const struct tote_summary *summary,
                            struct tote_cell_summary *cell, double *values)
{
    size_t n = 0;
    for (size_t i = 0; i < cell->n_runs; i++) {
        const struct tote_run_summary *run = &cell->runs[i];
        double ratio =
            run->steady_tasks_per_s / limit_of_block(summary, run->row.block);
        if (run->is_counted && isfinite(ratio))
            values[n++] = ratio;
    }
    return tote_stats_interval(values, n, &cell->limit_ratios);
}

static int summarize_cell(const struct tote_summary *summary,
                          struct tote_cell_summary *cell, double *values)
{
    for (size_t i = 0; i < cell->n_runs; i++) {
        const struct tote_run_row *row = &cell->runs[i].row;
        cell->n_counted += cell->runs[i].is_counted;
        cell->failed += cell->runs[i].failed;
        cell->duplicate += row->duplicate;
        cell->lost += row->lost;
    }
    int rc = set_interval(cell, get_tasks_per_s, values, &cell->tasks_per_s);
    if (rc == 0)
        rc = set_interval(cell, get_steady_tasks_per_s, values,
                          &cell->steady_tasks_per_s);
    if (rc == 0)
        rc = set_interval(cell, get_start_s, values, &cell->start_s);
    if (rc == 0)
        rc = set_interval(cell, get_wall_s, values, &cell->wall_s);
    if (rc == 0)
        rc = set_limit_ratios(summary, cell, values);
    cell->limit_fraction =
        cell->steady_tasks_per_s.median / summary->limit_tasks_per_s.median;
    return rc;
}

static int summarize_limit(struct tote_summary *summary, double *values)
{
    size_t n = 0;
    for (size_t i = 0; i < summary->n_limits; i++) {
        struct tote_limit_pass *pass = &summary->limits[i];
        pass->wall_s = (double)pass->row.wall_ns / (double)TOTE_NS_PER_S;
        pass->tasks_per_s = rate(pass->row.tasks, pass->wall_s);
        set_digest(pass->digest, true, &pass->row.digest);
        if (isfinite(pass->tasks_per_s))
            values[n++] = pass->tasks_per_s;
    }
    return tote_stats_interval(values, n, &summary->limit_tasks_per_s);
}

/* --- whether outputs agree --- */

static enum tote_sameness both(enum tote_sameness a, enum tote_sameness b)
{
    if (a == TOTE_SAME_NO || b == TOTE_SAME_NO)
        return TOTE_SAME_NO;
    return a == TOTE_SAME_YES ? b : TOTE_SAME_UNKNOWN;
}

/* What all others must equal: the limit's digest; without one the first run's that has
 * one; null: there is nothing to compare. */
static const char *find_reference(const struct tote_summary *summary)
{
    if (summary->n_limits > 0)
        return summary->limits[0].digest;
    for (size_t i = 0; i < summary->n_runs; i++) {
        if (summary->runs[i].is_counted && summary->runs[i].digest[0])
            return summary->runs[i].digest;
    }
    return NULL;
}

static enum tote_sameness compare_runs(const struct tote_run_summary *runs, size_t n,
                                       const char *reference)
{
    enum tote_sameness sameness = TOTE_SAME_YES;
    size_t n_counted = 0;
    for (size_t i = 0; i < n; i++) {
        if (!runs[i].is_counted)
            continue;
        n_counted++;
        enum tote_sameness one = !runs[i].digest[0] || !reference    ? TOTE_SAME_UNKNOWN
                                 : strcmp(runs[i].digest, reference) ? TOTE_SAME_NO
                                                                     : TOTE_SAME_YES;
        sameness = both(sameness, one);
    }
    return n_counted > 0 ? sameness : TOTE_SAME_UNKNOWN;
}

static const char *find_common_digest(const struct tote_cell_summary *cell)
{
    const char *digest = NULL;
    for (size_t i = 0; i < cell->n_runs; i++) {
        const struct tote_run_summary *run = &cell->runs[i];
        if (!run->is_counted)
            continue;
        if (!run->digest[0] || (digest && strcmp(digest, run->digest) != 0))
            return NULL;
        digest = run->digest;
    }
    return digest;
}

static void compare_outputs(struct tote_summary *summary)
{
    const char *reference = find_reference(summary);
    summary->limit_outputs = summary->n_limits ? TOTE_SAME_YES : TOTE_SAME_UNKNOWN;
    for (size_t i = 0; i < summary->n_limits; i++) {
        if (strcmp(summary->limits[i].digest, reference) != 0)
            summary->limit_outputs = TOTE_SAME_NO;
    }
    for (size_t i = 0; i < summary->n_cells; i++) {
        struct tote_cell_summary *cell = &summary->cells[i];
        cell->outputs = compare_runs(cell->runs, cell->n_runs, reference);
        cell->digest = find_common_digest(cell);
    }
    summary->outputs = compare_runs(summary->runs, summary->n_runs, reference);
    if (summary->n_limits > 0)
        summary->outputs = both(summary->outputs, summary->limit_outputs);
}

/* --- cells and blocks --- */

static int compare_places(const void *a, const void *b)
{
    const struct tote_run_row *x = a, *y = b;
    if (x->cell != y->cell)
        return x->cell < y->cell ? -1 : 1;
    if (x->block != y->block)
        return x->block < y->block ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static bool cell_has_block(const struct tote_cell_summary *cell, int64_t block)
{
    for (size_t i = 0; i < cell->n_runs; i++) {
        if (cell->runs[i].is_counted && cell->runs[i].row.block == block)
            return true;
    }
    return false;
}

static size_t count_blocks(const struct tote_summary *summary)
{
    size_t n = 0;
    const struct tote_cell_summary *first = summary->cells;
    for (size_t i = 0; summary->n_cells > 0 && i < first->n_runs; i++) {
        int64_t block = first->runs[i].row.block;
        bool is_whole = first->runs[i].is_counted;
        if (summary->n_limits > 0 && !isfinite(limit_of_block(summary, block)))
            is_whole = is_whole && first->runs[i].row.tasks == 0;
        for (size_t k = 1; k < summary->n_cells; k++)
            is_whole = is_whole && cell_has_block(&summary->cells[k], block);
        n += is_whole;
    }
    return n;
}

/* Runs stand in the order of cells: a cell is a piece of their array. */
static int make_cells(struct tote_summary *summary, struct tote_error *err)
{
    size_t most =
        summary->n_runs > summary->n_limits ? summary->n_runs : summary->n_limits;
    double *values = calloc(most + 1, sizeof *values); /* there may be none */
    summary->cells = calloc(summary->n_runs + 1, sizeof *summary->cells);
    int rc = values && summary->cells ? summarize_limit(summary, values) : -ENOMEM;
    for (size_t i = 0; rc == 0 && i < summary->n_runs; i++) {
        const struct tote_run_summary *run = &summary->runs[i];
        if (i == 0 || run[0].row.cell != run[-1].row.cell)
            summary->cells[summary->n_cells++].runs = run;
        summary->cells[summary->n_cells - 1].n_runs++;
    }
    for (size_t i = 0; rc == 0 && i < summary->n_cells; i++)
        rc = summarize_cell(summary, &summary->cells[i], values);
    free(values);
    if (rc == 0)
        summary->n_blocks = count_blocks(summary);
    return rc < 0 ? no_memory(err) : 0;
}

/* --- reading --- */

static int check_run(const struct tote_summary *summary,
                     const struct tote_run_summary *run, struct tote_error *err)
{
    const struct tote_run_row *row = &run->row, *first = &summary->runs[0].row;
    if (run->done > row->tasks || run->failed > row->tasks - run->done)
        return tote_error_set(
            err, -EBADMSG,
            "store '%.200s' is damaged: run %lld has more results than "
            "tasks",
            summary->store, (long long)row->id);
    bool has_other_tasks = !summary->is_commands && row->tasks != first->tasks;
    if (row->size != first->size || row->seed != first->seed || has_other_tasks ||
        strcmp(row->kernel, first->kernel) != 0)
        return tote_error_set(err, -EBADMSG,
                              "store '%.200s' is damaged: runs %lld and %lld are of "
                              "different bags",
                              summary->store, (long long)first->id, (long long)row->id);
    return 0;
}

/* Takes the texts of the rows. */
static int read_rows(struct tote_store *store, struct tote_summary *summary,
                     struct tote_error *err)
{
    struct tote_run_row *rows = NULL;
    size_t n = 0;
    int rc = tote_store_runs(store, &rows, &n, err);
    if (rc < 0 || n == 0)
        return rc;
    qsort(rows, n, sizeof *rows, compare_places);
    summary->runs = calloc(n, sizeof *summary->runs);
    for (size_t i = 0; i < n; i++) {
        if (summary->runs)
            summary->runs[i].row = rows[i];
        else
            tote_run_row_finish(&rows[i]);
    }
    free(rows);
    if (!summary->runs)
        return no_memory(err);
    summary->n_runs = n;
    return 0;
}

/* A killed tote leaves a row from before its list was read: the number of tasks that
 * the store has is what is known. */
static void count_tasks(const struct tote_summary *summary,
                        struct tote_run_summary *run)
{
    bool is_last = run == tote_gather_run(summary);
    uint64_t results = run->done + run->failed;
    if (summary->is_commands && !run->is_counted &&
        (is_last || results > run->row.tasks))
        run->row.tasks = summary->n_tasks;
}

static int read_task_count(struct tote_store *store, struct tote_summary *summary,
                           struct tote_error *err)
{
    if (summary->is_commands)
        return tote_store_task_count(store, &summary->n_tasks, err);
    summary->n_tasks = summary->n_runs > 0 ? tote_gather_run(summary)->row.tasks : 0;
    return 0;
}

static int read_runs(struct tote_store *store, struct tote_summary *summary,
                     struct tote_error *err)
{
    int rc = read_rows(store, summary, err);
    if (rc == 0)
        rc = read_task_count(store, summary, err);
    for (size_t i = 0; rc == 0 && i < summary->n_runs; i++) {
        struct tote_run_summary *run = &summary->runs[i];
        summarize_run(run);
        bool is_shown = summary->is_compare || run == tote_gather_run(summary);
        rc = tote_gather_records(store, run, is_shown, err);
        count_tasks(summary, run);
        if (rc == 0)
            rc = check_run(summary, run, err);
        set_rates(run);
    }
    return rc;
}

static int read_limits(struct tote_store *store, struct tote_summary *summary,
                       struct tote_error *err)
{
    struct tote_limit_row *rows = NULL;
    size_t n = 0;
    int rc = tote_store_limits(store, &rows, &n, err);
    if (rc < 0 || n == 0)
        return rc;
    summary->limits = calloc(n, sizeof *summary->limits);
    for (size_t i = 0; summary->limits && i < n; i++)
        summary->limits[i].row = rows[i];
    free(rows);
    if (!summary->limits)
        return no_memory(err);
    summary->n_limits = n;
    return 0;
}

static int keep_setting(void *context, const char *name, const char *value)
{
    struct tote_summary *summary = context;
    size_t n = summary->n_settings;
    struct tote_setting *settings =
        reallocarray(summary->settings, n + 1, sizeof *settings);
    if (!settings)
        return -ENOMEM;
    summary->settings = settings;
    settings[n] = (struct tote_setting){strdup(name), strdup(value)};
    summary->n_settings++;
    return settings[n].name && settings[n].value ? 0 : -ENOMEM;
}

static int read_settings(struct tote_store *store, struct tote_summary *summary,
                         struct tote_error *err)
{
    int rc = tote_store_each_setting(store, keep_setting, summary, err);
    if (rc < 0)
        return rc == -ENOMEM ? no_memory(err) : rc;
    const char *kind = tote_gather_setting(summary, "kind");
    summary->is_compare = kind && strcmp(kind, "compare") == 0;
    if (!kind)
        return tote_error_set(
            err, -EBADMSG,
            "store '%.200s' is damaged: it does not say whether it is "
            "of a run or of a comparison",
            summary->store);
    if (!summary->is_compare && strcmp(kind, "run") != 0)
        return tote_error_set(err, -EPROTO,
                              "store '%.200s' holds a '%.40s', which this tote cannot "
                              "show: read it with the tote that made it",
                              summary->store, kind);
    return 0;
}

/* --- what was asked for --- */

static void plan_from_run(struct tote_summary *summary)
{
    const struct tote_run_row *row = &summary->runs[0].row;
    summary->plan = (struct tote_plan){
        .kernel = row->kernel,
        .batch = row->batch,
        .size = row->size,
        .seed = row->seed,
        .tasks = row->tasks,
        .workers = row->workers,
    };
}

/* A comparison may be over before its first launch: its limit may come first. */
static int plan_from_settings(struct tote_summary *summary, struct tote_error *err)
{
    struct tote_plan *plan = &summary->plan;
    if (!summary->is_compare || !tote_gather_setting(summary, "end"))
        return tote_error_set(
            err, -ENODATA,
            "store '%.200s' holds no run: tote is about to launch the "
            "first, or was killed before it did",
            summary->store);
    uint64_t workers = 0;
    plan->kernel = tote_gather_setting(summary, "kernel");
    plan->batch = tote_gather_setting(summary, "batch");
    if (!plan->kernel || !plan->batch ||
        !tote_gather_count(summary, "size", &plan->size) ||
        !tote_gather_count(summary, "seed", &plan->seed) ||
        !tote_gather_count(summary, "tasks", &plan->tasks) ||
        !tote_gather_count(summary, "workers", &workers) || workers > UINT32_MAX)
        return tote_error_set(err, -EBADMSG,
                              "store '%.200s' is damaged: it does not say what was to "
                              "run",
                              summary->store);
    plan->workers = (uint32_t)workers;
    return 0;
}

/* --- all of it --- */

static int gather_all(struct tote_store *store, struct tote_summary *summary,
                      struct tote_error *err)
{
    int rc = read_settings(store, summary, err);
    if (rc == 0)
        rc = tote_gather_command(summary, err);
    if (rc == 0)
        rc = read_runs(store, summary, err);
    if (rc == 0)
        rc = read_limits(store, summary, err);
    if (rc < 0)
        return rc;
    if (summary->n_runs > 0)
        plan_from_run(summary);
    else
        rc = plan_from_settings(summary, err);
    if (rc == 0)
        rc = summary->is_compare ? make_cells(summary, err)
                                 : tote_gather_bag(store, summary, err);
    if (rc == 0 && !summary->is_commands) /* those of another list have other outputs */
        compare_outputs(summary);
    return rc;
}

int tote_gather(struct tote_store *store, struct tote_summary *ret_summary,
                struct tote_error *err)
{
    struct tote_summary summary = {.store = strdup(tote_store_path(store))};
    if (!summary.store)
        return no_memory(err);
    int rc = tote_store_freeze(store, err);
    if (rc == 0) {
        rc = gather_all(store, &summary, err);
        tote_store_thaw(store);
    }
    if (rc == 0)
        *ret_summary = summary;
    else
        tote_gather_finish(&summary);
    return rc;
}

void tote_gather_finish(struct tote_summary *summary)
{
    for (size_t i = 0; i < summary->n_runs; i++)
        tote_run_row_finish(&summary->runs[i].row);
    for (size_t i = 0; i < summary->n_settings; i++) {
        free(summary->settings[i].name);
        free(summary->settings[i].value);
    }
    for (size_t i = 0; i < summary->n_words; i++)
        free(summary->words[i]);
    free(summary->words);
    free(summary->runs);
    free(summary->cells);
    free(summary->limits);
    free(summary->settings);
    free(summary->store);
    *summary = (struct tote_summary){0};
}

/* --- looking --- */

static void mask_failures(struct tote_failure *failures, size_t n, enum tote_mask mask)
{
    for (size_t i = 0; i < n; i++)
        tote_mask_text(failures[i].why, mask);
}

void tote_gather_mask(struct tote_summary *summary, enum tote_mask mask)
{
    tote_mask_text(summary->store, mask);
    for (size_t i = 0; i < summary->n_words; i++)
        tote_mask_text(summary->words[i], mask);
    mask_failures(summary->bag.failures, summary->bag.n_failures, mask);
    for (size_t i = 0; i < summary->n_settings; i++) {
        tote_mask_text(summary->settings[i].name, mask);
        tote_mask_text(summary->settings[i].value, mask);
    }
    for (size_t i = 0; i < summary->n_runs; i++) {
        const struct tote_run_row *row = &summary->runs[i].row;
        char *texts[] = {row->label,   row->engine, row->engine_version, row->binding,
                         row->options, row->kernel, row->batch,          row->box,
                         row->stats,   row->why};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            tote_mask_text(texts[k], mask);
        mask_failures(summary->runs[i].failures, summary->runs[i].n_failures, mask);
    }
}

const struct tote_run_summary *tote_gather_run(const struct tote_summary *summary)
{
    return &summary->runs[summary->n_runs - 1];
}

const char *tote_gather_setting(const struct tote_summary *summary, const char *name)
{
    for (size_t i = 0; i < summary->n_settings; i++) {
        if (strcmp(summary->settings[i].name, name) == 0)
            return summary->settings[i].value;
    }
    return NULL;
}

bool tote_gather_count(const struct tote_summary *summary, const char *name,
                       uint64_t *ret_value)
{
    const char *text = tote_gather_setting(summary, name);
    if (!text || text[0] < '0' || text[0] > '9')
        return false;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || *end || value > INT64_MAX)
        return false;
    *ret_value = value;
    return true;
}
