/* SPDX-License-Identifier: MIT */
/* notes.c: one function a warning (notes.h). */
#include "report/notes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/quoted.h"

#define FATE_MAX 4200 /* a quoted path with words around it */

struct maker {
    struct tote_notes notes;
    char *store;     /* its path, quoted for a shell */
    bool has_failed; /* out of memory */
};

static void add(struct maker *maker, const char *format, ...) TOTE_PRINTF(2, 3);

static void add(struct maker *maker, const char *format, ...)
{
    struct tote_notes *notes = &maker->notes;
    char **texts = reallocarray(notes->texts, notes->n + 1, sizeof *texts);
    if (!texts) {
        maker->has_failed = true;
        return;
    }
    notes->texts = texts;
    va_list list;
    va_start(list, format);
    int n = vasprintf(&texts[notes->n], format, list);
    va_end(list);
    if (n < 0)
        maker->has_failed = true;
    else
        notes->n++;
}

/* --- the whole experiment --- */

static void note_end(struct maker *maker, const struct tote_summary *summary)
{
    const char *end = tote_gather_setting(summary, "end");
    if (!end || !end[0])
        add(maker,
            "tote is at work on it or was killed: %zu of %" PRIu64
            " blocks are whole; if it was killed, go on with: tote resume %s",
            summary->n_blocks, summary->most, maker->store);
    else if (strcmp(end, "budget") == 0)
        add(maker,
            "the budget was over after %zu of %" PRIu64
            " whole blocks: give more with --budget, or go on with: tote resume %s",
            summary->n_blocks, summary->most, maker->store);
    else if (strcmp(end, "signal") == 0)
        add(maker,
            "a signal ended it after %zu of %" PRIu64
            " whole blocks; go on with: tote resume %s",
            summary->n_blocks, summary->most, maker->store);
}

static void note_n(struct maker *maker, const struct tote_summary *summary)
{
    size_t least = SIZE_MAX, most = 0;
    for (size_t i = 0; i < summary->n_points; i++) {
        const struct tote_point_summary *point = &summary->points[i];
        for (size_t k = 0; k < point->n_cells; k++) {
            size_t n = point->cells[k].n_counted;
            least = n < least ? n : least;
            most = n > most ? n : most;
        }
    }
    if (summary->n_runs == 0 || least == SIZE_MAX) /* over before its first run */
        return;
    const char *why =
        "no interval (a 95 % interval of the median needs 6 runs: --runs 6)";
    if (least == most && most < TOTE_GATHER_RUNS_MIN)
        add(maker, "n=%zu: %s", least, why);
    else if (least < TOTE_GATHER_RUNS_MIN)
        add(maker, "n=%zu to %zu: below n=6 %s", least, most, why);
}

/* Enough for intervals, but not for so many engines. */
static void note_few(struct maker *maker, const struct tote_summary *summary)
{
    const struct tote_point_summary *worst = NULL;
    for (size_t i = 0; i < summary->n_points; i++) {
        const struct tote_point_summary *point = &summary->points[i];
        if (point->unranked == TOTE_UNRANKED_FEW &&
            point->runs_needed > TOTE_GATHER_RUNS_MIN &&
            (!worst || point->runs_needed > worst->runs_needed))
            worst = point;
    }
    if (worst)
        add(maker,
            "among %zu engines no difference can be found with fewer than %zu runs of "
            "each: --runs %zu",
            worst->n_cells, worst->runs_needed, worst->runs_needed);
}

static void note_strays(struct maker *maker, const struct tote_summary *summary)
{
    if (summary->n_strays > 0)
        add(maker, "%zu run%s of cells that are gone: the store is damaged",
            summary->n_strays, summary->n_strays > 1 ? "s are" : " is");
}

/* Each reason once for each engine, with how often it holds. */
static void note_skipped(struct maker *maker, const struct tote_summary *summary)
{
    const struct tote_cell_row *rows = summary->cell_rows;
    for (size_t i = 0; i < summary->n_cell_rows; i++) {
        bool was_said = false;
        size_t n = 0;
        for (size_t k = 0; k < summary->n_cell_rows; k++) {
            bool is_alike = rows[k].role == TOTE_CELL_ENGINE &&
                            strcmp(rows[k].label, rows[i].label) == 0 &&
                            strcmp(rows[k].skipped, rows[i].skipped) == 0;
            was_said = was_said || (is_alike && k < i);
            n += is_alike;
        }
        if (rows[i].role == TOTE_CELL_ENGINE && rows[i].skipped[0] && !was_said)
            add(maker, "%s: skipped at %zu of %zu points: %s", rows[i].label, n,
                summary->n_points, rows[i].skipped);
    }
}

/* --- the machine --- */

/* Of the points that ran; those that were skipped for it say so themselves. */
static uint32_t most_workers(const struct tote_summary *summary)
{
    uint32_t most = summary->plan.workers;
    for (size_t i = 0; i < summary->n_points; i++) {
        const struct tote_point_summary *point = &summary->points[i];
        if (point->n_cells > 0 && point->plan.workers > most)
            most = point->plan.workers;
    }
    return most;
}

static void note_cores(struct maker *maker, const struct tote_summary *summary)
{
    uint64_t cores;
    uint32_t workers = most_workers(summary);
    bool is_known = tote_gather_count(summary, "environment.cores_usable", &cores) ||
                    tote_gather_count(summary, "environment.cores", &cores);
    if (is_known && workers > cores)
        add(maker,
            "more workers than usable cores (%" PRIu32 " on %" PRIu64
            "): this says nothing about scaling; --workers %" PRIu64
            " is what they carry",
            workers, cores, cores);
}

/* What else ran or was stolen, in percent. */
static double lost_percent(const struct tote_machine *machine)
{
    double others = machine->others > 0 ? machine->others : 0; /* or NaN */
    return 100 * (others + (machine->steal > 0 ? machine->steal : 0));
}

static void note_busy_run(struct maker *maker, const struct tote_run_summary *run)
{
    if (run->machine.is_busy)
        add(maker,
            "the machine was busy: %.0f %% of its CPU time went elsewhere meanwhile; "
            "for figures to rely on, end what else runs and run it again",
            lost_percent(&run->machine));
}

static void note_busy(struct maker *maker, const struct tote_summary *summary)
{
    size_t n = 0, n_judged = 0;
    double most = 0;
    for (size_t i = 0; i < summary->n_runs + summary->n_limits; i++) {
        const struct tote_machine *machine =
            i < summary->n_runs ? &summary->runs[i].machine
                                : &summary->limits[i - summary->n_runs].machine;
        n_judged += machine->is_judged;
        n += machine->is_busy;
        if (machine->is_busy && lost_percent(machine) > most)
            most = lost_percent(machine);
    }
    if (n > 0)
        add(maker,
            "the machine was busy in %zu of %zu runs: up to %.0f %% of its CPU time "
            "went elsewhere; end what else runs, or give more --runs",
            n, n_judged, most);
}

static bool is_box_full(const struct tote_run_summary *run)
{
    return run->row.is_boxed || !run->row.box[0]; /* no words: it was never launched */
}

/* Once for all runs that are in boxes alike. */
static void note_box(struct maker *maker, const struct tote_summary *summary,
                     const struct tote_run_summary *run)
{
    if (is_box_full(run))
        return;
    for (const struct tote_run_summary *other = summary->runs; other < run; other++) {
        if (!is_box_full(other) && strcmp(other->row.box, run->row.box) == 0)
            return;
    }
    add(maker,
        "the box of %s is not full: %s; whether the system allows more: sysctl "
        "user.max_user_namespaces",
        run->row.label, run->row.box);
}

/* --- runs and tasks --- */

const char *tote_notes_state(const struct tote_run_summary *run)
{
    return run->row.state == TOTE_RUN_RUNNING ? "running or killed"
                                              : tote_run_state_name(run->row.state);
}

static void note_run(struct maker *maker, const struct tote_run_summary *run)
{
    const char *why =
        run->has_events ? run->row.why : "what was durable by then is counted";
    add(maker, "%s: %s%s%s", run->row.label, tote_notes_state(run), why[0] ? ": " : "",
        why);
}

/* A complete run of the same cell and block. */
static bool has_other(const struct tote_summary *summary,
                      const struct tote_run_summary *run)
{
    for (size_t i = 0; i < summary->n_runs; i++) {
        const struct tote_run_summary *other = &summary->runs[i];
        if (other->is_counted && other->row.cell == run->row.cell &&
            other->row.block == run->row.block)
            return true;
    }
    return false;
}

/* What becomes of a run that does not count. METG is not gone on with. */
static void write_fate(const struct maker *maker, const struct tote_summary *summary,
                       const struct tote_run_summary *run, char text[static FATE_MAX])
{
    if (has_other(summary, run))
        snprintf(text, FATE_MAX, ": another one stands in for it");
    else if (summary->is_metg)
        text[0] = '\0';
    else
        snprintf(text, FATE_MAX, ": tote resume %s runs it again", maker->store);
}

static void note_run_of_cell(struct maker *maker, const struct tote_summary *summary,
                             const struct tote_run_summary *run)
{
    const char *why = run->has_events ? run->row.why : "";
    char fate[FATE_MAX];
    write_fate(maker, summary, run, fate);
    add(maker,
        "%s, block %" PRId64 ": %s, %" PRIu64 " of %" PRIu64
        " tasks have a durable result%s%s; it does not count%s",
        run->row.label, run->row.block, tote_notes_state(run), run->done + run->failed,
        run->row.tasks, why[0] ? ": " : "", why, fate);
}

static void note_runs(struct maker *maker, const struct tote_summary *summary)
{
    size_t n = 0;
    for (size_t i = 0; i < summary->n_runs; i++) {
        const struct tote_run_summary *run = &summary->runs[i];
        if (!run->is_counted && ++n <= TOTE_NOTES_RUNS_MAX)
            note_run_of_cell(maker, summary, run);
    }
    if (n > TOTE_NOTES_RUNS_MAX)
        add(maker, "%zu more runs are not complete and do not count%s%s%s",
            n - TOTE_NOTES_RUNS_MAX, summary->is_metg ? "" : ": tote resume ",
            summary->is_metg ? "" : maker->store,
            summary->is_metg ? "" : " runs those again for which no other stands in");
}

/* An experiment tries nothing again. */
static void note_failed_of_cell(struct maker *maker, const char *label,
                                const struct tote_cell_summary *cell)
{
    if (cell->failed > 0)
        add(maker,
            "%s: %" PRIu64 " task%s failed: tote run --engine %s shows which and why",
            label, cell->failed, cell->failed > 1 ? "s" : "", cell->cell->engine);
}

static void note_events(struct maker *maker, const char *label, const char *engine,
                        uint64_t lost, uint64_t duplicate)
{
    if (lost > 0)
        add(maker,
            "%s: %" PRIu64 " batch%s lost with a worker and tried again; which, and "
            "when: tote report %s --format trace",
            label, lost, lost > 1 ? "es were" : " was", maker->store);
    if (duplicate > 0)
        add(maker,
            "%s: %" PRIu64 " result%s came again and did not count; whether the engine "
            "does so by itself: tote engines check %s",
            label, duplicate, duplicate > 1 ? "s" : "", engine);
}

/* --- what to do about a bag --- */

static void note_resume(struct maker *maker, const struct tote_run_summary *run)
{
    add(maker, "%s tote resume %s",
        run->has_events ? "go on with:"
                        : "if no tote is at work on it any more, go on with:",
        maker->store);
}

static void note_failed(struct maker *maker, const struct tote_summary *summary,
                        const struct tote_run_summary *run)
{
    uint64_t failed = summary->bag.failed;
    if (failed > 0)
        add(maker,
            "%s: %" PRIu64 " task%s failed; to run %s again: tote resume %s "
            "--retry-failed",
            summary->n_runs > 1 ? "bag so far" : run->row.label, failed,
            failed > 1 ? "s" : "", failed > 1 ? "them" : "it", maker->store);
}

static void note_log(struct maker *maker, const struct tote_summary *summary)
{
    if (summary->is_commands && summary->bag.n_failures > 0)
        add(maker, "to see what a task said: tote log %s %" PRIu64, maker->store,
            summary->bag.failures[0].task);
}

/* --- the list --- */

/* Where there is more than one point the label alone does not tell a cell. */
static void note_cell(struct maker *maker, const struct tote_summary *summary,
                      const struct tote_cell_summary *cell)
{
    char label[TOTE_GATHER_WHY_MAX];
    if (summary->n_points > 1)
        snprintf(label, sizeof label, "point %" PRId64 ", %.300s", cell->cell->point,
                 cell->cell->label);
    else
        snprintf(label, sizeof label, "%.300s", cell->cell->label);
    note_failed_of_cell(maker, label, cell);
    note_events(maker, label, cell->n_runs > 0 ? cell->runs[0].row.engine : "",
                cell->lost, cell->duplicate);
}

static void make_of_experiment(struct maker *maker, const struct tote_summary *summary)
{
    note_end(maker, summary);
    note_n(maker, summary);
    note_few(maker, summary);
    note_strays(maker, summary);
    note_skipped(maker, summary);
    note_cores(maker, summary);
    note_busy(maker, summary);
    note_runs(maker, summary);
    for (size_t i = 0; i < summary->n_runs; i++)
        note_box(maker, summary, &summary->runs[i]);
    for (size_t i = 0; i < summary->n_cells; i++)
        note_cell(maker, summary, &summary->cells[i]);
}

/* What no engine can be better than. */
static void note_machine(struct maker *maker, const struct tote_metg_summary *metg)
{
    if (metg->control == metg->n_grains)
        return;
    double kept = metg->limit_points[metg->control].efficiency.median;
    if (kept < tote_metg_targets[TOTE_METG_TARGETS - 1])
        add(maker,
            "the machine was not free: a bare loop on all workers kept %.0f %% of it "
            "(%s), so that METG(95 %%) is the machine's, not the engines'",
            100 * kept, metg->kernels[metg->control]);
}

static void make_of_metg(struct maker *maker, const struct tote_summary *summary)
{
    const struct tote_metg_summary *metg = summary->metg;
    if (metg->n_off > 0)
        add(maker,
            "%zu of %zu blocks left out: the coarse control, %s in a bare loop, was "
            "off its median by more than %.0f %%",
            metg->n_off, metg->n_blocks, metg->kernels[metg->control],
            100 * TOTE_METG_TOLERANCE);
    note_machine(maker, metg);
    if (summary->outputs == TOTE_SAME_NO)
        add(maker, "outputs differ: these runs were not of the same tasks");
    for (size_t i = 0; i < metg->n_rows; i++) {
        const struct tote_cell_row *cell = metg->rows[i].cell;
        if (cell->skipped[0])
            add(maker, "%s: skipped: %s", cell->label, cell->skipped);
    }
    note_strays(maker, summary);
    note_cores(maker, summary);
    note_runs(maker, summary);
    for (size_t i = 0; i < summary->n_runs; i++)
        note_box(maker, summary, &summary->runs[i]);
    for (size_t i = 0; i < summary->n_cells; i++)
        note_cell(maker, summary, &summary->cells[i]);
}

static void make_of_run(struct maker *maker, const struct tote_summary *summary)
{
    const struct tote_run_summary *run = tote_gather_run(summary);
    note_cores(maker, summary);
    note_busy_run(maker, run);
    if (!run->is_counted) {
        note_run(maker, run);
        note_resume(maker, run);
    }
    note_box(maker, summary, run);
    note_failed(maker, summary, run);
    note_log(maker, summary);
    note_events(maker, run->row.label, run->row.engine, run->row.lost,
                run->row.duplicate);
}

int tote_notes_make(const struct tote_summary *summary, struct tote_notes *ret_notes)
{
    struct maker maker = {.store = tote_quoted_path(summary->store)};
    if (!maker.store)
        return -ENOMEM;
    if (summary->is_metg)
        make_of_metg(&maker, summary);
    else if (summary->is_experiment)
        make_of_experiment(&maker, summary);
    else
        make_of_run(&maker, summary);
    free(maker.store);
    if (maker.has_failed) {
        tote_notes_finish(&maker.notes);
        return -ENOMEM;
    }
    *ret_notes = maker.notes;
    return 0;
}

void tote_notes_finish(struct tote_notes *notes)
{
    for (size_t i = 0; i < notes->n; i++)
        free(notes->texts[i]);
    free(notes->texts);
    *notes = (struct tote_notes){0};
}
