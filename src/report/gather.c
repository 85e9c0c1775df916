/* SPDX-License-Identifier: MIT */
/* gather.c: rows and settings of a store, and every number that follows from them
 * (gather.h). What the records tell is in gather_records.c, what runs say together in
 * gather_points.c, gather_cells.c, gather_ranks.c and gather_bag.c. */
#include "report/gather.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
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

/* --- reading --- */

static int compare_places(const void *a, const void *b)
{
    const struct tote_run_row *x = a, *y = b;
    if (x->cell != y->cell)
        return x->cell < y->cell ? -1 : 1;
    if (x->block != y->block)
        return x->block < y->block ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static int compare_ids(const void *key, const void *row)
{
    int64_t a = *(const int64_t *)key, b = ((const struct tote_cell_row *)row)->id;
    return a < b ? -1 : a > b;
}

const struct tote_cell_row *tote_gather_cell_row(const struct tote_summary *summary,
                                                 int64_t id)
{
    return summary->n_cell_rows > 0
               ? bsearch(&id, summary->cell_rows, summary->n_cell_rows,
                         sizeof *summary->cell_rows, compare_ids)
               : NULL;
}

static int check_cell(const struct tote_summary *summary,
                      const struct tote_run_row *row, struct tote_error *err)
{
    const struct tote_cell_row *cell = tote_gather_cell_row(summary, row->cell);
    if (!cell || (row->size == cell->size && row->tasks == cell->tasks &&
                  strcmp(row->kernel, cell->kernel) == 0))
        return 0;
    return tote_error_set(
        err, -EBADMSG,
        "store '%.200s' is damaged: run %lld is not of the bag of its "
        "cell",
        summary->store, (long long)row->id);
}

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
    if (summary->is_experiment)
        return check_cell(summary, row, err);
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
        bool is_shown = (summary->is_experiment && !summary->is_metg) ||
                        run == tote_gather_run(summary);
        rc = tote_gather_records(store, run, is_shown, err);
        count_tasks(summary, run);
        if (rc == 0)
            rc = check_run(summary, run, err);
        set_rates(run);
    }
    return rc;
}

static struct tote_limit_pass pass_of(const struct tote_limit_row *row)
{
    struct tote_limit_pass pass = {.row = *row};
    pass.wall_s = (double)row->wall_ns / (double)TOTE_NS_PER_S;
    pass.tasks_per_s = rate(row->tasks, pass.wall_s);
    set_digest(pass.digest, true, &row->digest);
    return pass;
}

static int compare_passes(const void *a, const void *b)
{
    const struct tote_limit_row *x = a, *y = b;
    if (x->cell != y->cell)
        return x->cell < y->cell ? -1 : 1;
    return x->block < y->block ? -1 : x->block > y->block;
}

static int read_limits(struct tote_store *store, struct tote_summary *summary,
                       struct tote_error *err)
{
    struct tote_limit_row *rows = NULL;
    size_t n = 0;
    int rc = tote_store_limits(store, &rows, &n, err);
    if (rc < 0 || n == 0)
        return rc;
    qsort(rows, n, sizeof *rows, compare_passes);
    summary->limits = calloc(n, sizeof *summary->limits);
    for (size_t i = 0; summary->limits && i < n; i++)
        summary->limits[i] = pass_of(&rows[i]);
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
    summary->is_sweep = kind && strcmp(kind, "sweep") == 0;
    summary->is_metg = kind && strcmp(kind, "metg") == 0;
    summary->is_experiment =
        summary->is_sweep || summary->is_metg || (kind && strcmp(kind, "compare") == 0);
    if (!kind)
        return tote_error_set(
            err, -EBADMSG,
            "store '%.200s' is damaged: it does not say whether it is "
            "of a run or of an experiment",
            summary->store);
    if (!summary->is_experiment && strcmp(kind, "run") != 0)
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

/* "6..30" or "8" */
static void read_amount(struct tote_summary *summary)
{
    const char *text = tote_gather_setting(summary, "runs");
    unsigned least, most;
    int n = text ? sscanf(text, "%4u..%4u", &least, &most) : 0;
    if (n >= 1)
        summary->least = summary->most = least;
    if (n == 2)
        summary->most = most;
}

/* --- all of it --- */

static int read_experiment(struct tote_store *store, struct tote_summary *summary,
                           struct tote_error *err)
{
    int rc = tote_store_cells(store, &summary->cell_rows, &summary->n_cell_rows, err);
    if (rc == 0)
        rc = read_limits(store, summary, err);
    read_amount(summary);
    return rc;
}

static bool is_empty(const struct tote_summary *summary)
{
    return summary->n_runs == 0 &&
           (summary->n_cell_rows == 0 || !tote_gather_setting(summary, "end"));
}

static int gather_all(struct tote_store *store, struct tote_summary *summary,
                      struct tote_error *err)
{
    int rc = read_settings(store, summary, err);
    if (rc == 0)
        rc = tote_gather_command(store, summary, err);
    if (rc == 0 && summary->is_experiment)
        rc = read_experiment(store, summary, err);
    if (rc == 0)
        rc = read_runs(store, summary, err);
    if (rc == 0)
        rc = tote_gather_usage(store, summary, err);
    if (rc == 0)
        rc = tote_gather_hosts(store, summary, err);
    if (rc < 0)
        return rc;
    if (is_empty(summary))
        return tote_error_set(
            err, -ENODATA,
            "store '%.200s' holds no run: tote is about to launch the "
            "first, or was killed before it did",
            summary->store);
    if (summary->is_experiment && summary->n_cell_rows == 0)
        return tote_error_set(err, -EBADMSG,
                              "store '%.200s' is damaged: it has runs, but no cells",
                              summary->store);
    if (!summary->is_experiment)
        plan_from_run(summary);
    rc = summary->is_experiment ? tote_gather_points(summary, err)
                                : tote_gather_bag(store, summary, err);
    if (rc == 0 && summary->is_metg)
        return tote_gather_metg(summary, err);
    if (rc == 0 && !summary->is_commands) /* those of another list have other outputs */
        tote_gather_outputs(summary);
    return rc < 0 || !summary->is_experiment ? rc : tote_gather_ranks(summary, err);
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
    for (size_t i = 0; i < summary->n_cell_rows; i++)
        tote_cell_row_finish(&summary->cell_rows[i]);
    tote_gather_metg_finish(summary->metg);
    free(summary->cell_rows);
    free(summary->points);
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
    for (size_t i = 0; i < summary->n_cell_rows; i++) {
        const struct tote_cell_row *row = &summary->cell_rows[i];
        char *texts[] = {row->label, row->engine, row->kernel, row->batch,
                         row->skipped};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            tote_mask_text(texts[k], mask);
    }
    for (size_t i = 0; i < summary->n_runs; i++) {
        const struct tote_run_row *row = &summary->runs[i].row;
        char *texts[] = {row->label,   row->engine, row->engine_version, row->binding,
                         row->options, row->kernel, row->batch,          row->box,
                         row->stats,   row->why};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            tote_mask_text(texts[k], mask);
        tote_mask_text(summary->runs[i].used.usage.memory_how, mask);
        tote_mask_text(summary->runs[i].used.usage.ports, mask);
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
