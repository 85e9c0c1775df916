/* SPDX-License-Identifier: MIT */
/* advise.c: which questions are asked of an experiment, and what would fill its gaps
 * (advise.h). */
#include "report/advise.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/figure.h"
#include "report/metric.h"
#include "report/quoted.h"
#include "stats/line.h"

#define COMMAND_MAX 4096
#define WORDS_MAX   16
#define SIZE_MOST   1e7 /* of a task's input, in what is proposed */

/* --- what to run --- */

/* "a,b" of all engines that are there, as the user wrote them. */
static void list_engines(const struct tote_advice *advice, char *text, size_t size)
{
    const struct tote_summary *summary = advice->summary;
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < summary->n_cells && at < size; i++) {
        const struct tote_cell_row *row = summary->cells[i].cell;
        bool is_new = row->role == TOTE_CELL_ENGINE && !row->skipped[0];
        for (size_t k = 0; k < i; k++) {
            const struct tote_cell_row *other = summary->cells[k].cell;
            is_new = is_new && (other->role != TOTE_CELL_ENGINE ||
                                strcmp(other->engine, row->engine) != 0);
        }
        if (is_new)
            at += (size_t)snprintf(text + at, size - at, "%s%s", at ? "," : "",
                                   row->engine);
    }
}

/* One of the engines has a batch of its own, which --vary batch would be for all. */
static bool has_own_batch(const struct tote_advice *advice)
{
    for (size_t i = 0; i < advice->summary->n_cell_rows; i++)
        if (strstr(advice->summary->cell_rows[i].engine, "batch="))
            return true;
    return false;
}

static int make_command(const struct tote_advice *advice, const char *kernel,
                        const char *size, const char *batch, const char *tasks,
                        char **ret)
{
    char engines[COMMAND_MAX], workers[24];
    list_engines(advice, engines, sizeof engines);
    snprintf(workers, sizeof workers, "%" PRIu32, advice->workers);
    const char *const words[WORDS_MAX] = {
        "tote",  "sweep",  "--engines", engines,  "--kernel", kernel,   "--workers",
        workers, "--vary", size,        "--vary", tasks,      "--vary", batch};
    bool wants_batch = batch[0] && !has_own_batch(advice);
    *ret = tote_quoted_words((char *const *)words, wants_batch ? 14 : 12, COMMAND_MAX);
    return *ret ? 0 : -ENOMEM;
}

/* Four sizes up to that. */
static void list_sizes(double most, char *text, size_t size)
{
    double top = fmax(most, 8);
    snprintf(text, size, "tasks=%.0f,%.0f,%.0f,%.0f", floor(top / 8), floor(top / 4),
             floor(top / 2), top);
}

static void list_batches(const struct tote_advise_kind *kind, char *text, size_t size)
{
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < kind->n_lines && at < size; i++) {
        bool is_new = true;
        for (size_t k = 0; k < i; k++)
            is_new = is_new && strcmp(kind->lines[k].cell->batch,
                                      kind->lines[i].cell->batch) != 0;
        if (is_new)
            at += (size_t)snprintf(text + at, size - at, "%s%s",
                                   at ? "," : "batch=", kind->lines[i].cell->batch);
    }
}

/* A sweep that would put an end to the doubts of an answer. */
static int fill_gap(const struct tote_advice *advice, struct tote_advise_answer *answer)
{
    const struct tote_advise_kind *kind = answer->kind;
    char size[64], tasks[160], batch[256];
    if (!answer->doubts)
        return 0;
    double values = (double)kind->size;
    double scaled = round(values * answer->bag.task_s / kind->grain_s);
    if (answer->doubts & TOTE_ADVISE_OTHER_TASK && scaled >= 1 && scaled <= SIZE_MOST)
        values = scaled; /* if it rules how long a task takes */
    snprintf(size, sizeof size, "size=%.0f", values);
    list_sizes(fmax((double)answer->bag.tasks, kind->most), tasks, sizeof tasks);
    if ((double)answer->bag.tasks < kind->least)
        list_sizes(kind->least, tasks, sizeof tasks);
    list_batches(kind, batch, sizeof batch);
    return make_command(advice, kind->kernel, size, batch, tasks, &answer->command);
}

/* --- answers --- */

/* The kind whose tasks are nearest in length; without a length the first. */
static const struct tote_advise_kind *nearest(const struct tote_advice *advice,
                                              double task_s)
{
    const struct tote_advise_kind *best = NULL;
    double least = INFINITY;
    for (size_t i = 0; i < advice->n_kinds; i++) {
        const struct tote_advise_kind *kind = &advice->kinds[i];
        double off = fabs(log(kind->grain_s / task_s));
        if (isfinite(off) && off < least) {
            best = kind;
            least = off;
        }
    }
    return best;
}

static int add_answer(struct tote_advice *advice, enum tote_advise_scenario scenario,
                      const struct tote_advise_kind *kind, struct tote_advise_bag bag)
{
    struct tote_advise_answer *answers =
        reallocarray(advice->answers, advice->n_answers + 1, sizeof *answers);
    if (!answers)
        return -ENOMEM;
    advice->answers = answers;
    struct tote_advise_answer *answer = &answers[advice->n_answers++];
    *answer =
        (struct tote_advise_answer){.scenario = scenario, .kind = kind, .bag = bag};
    if (advice->n_kinds == 0)
        answer->why = advice->has_workers ? "no cell has a complete run"
                                          : "nothing was run with so many workers";
    else if (!kind)
        answer->why = "how long a task takes was not measured: no bare loop was run";
    if (answer->why)
        return 0;
    int rc = tote_advise_guess(advice, answer);
    return rc < 0 ? rc : fill_gap(advice, answer);
}

static int answer_mine(struct tote_advice *advice, const struct tote_advise_bag *mine)
{
    if (mine->tasks == 0)
        return 0;
    if (!isnan(mine->task_s) || advice->n_kinds == 0)
        return add_answer(advice, TOTE_ADVISE_MINE, nearest(advice, mine->task_s),
                          *mine);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < advice->n_kinds; i++)
        rc = add_answer(advice, TOTE_ADVISE_MINE, &advice->kinds[i], *mine);
    return rc;
}

/* The kind whose bags reach furthest, of several the one of the shortest tasks. */
static const struct tote_advise_kind *widest(const struct tote_advice *advice)
{
    const struct tote_advise_kind *best = &advice->kinds[0];
    for (size_t i = 1; i < advice->n_kinds; i++) {
        const struct tote_advise_kind *kind = &advice->kinds[i];
        if (kind->most / kind->least > best->most / best->least)
            best = kind;
    }
    return best;
}

static int answer_scenarios(struct tote_advice *advice)
{
    if (advice->n_kinds == 0)
        return 0;
    const struct tote_advise_kind *kind = widest(advice);
    const struct tote_advise_bag few = {(uint64_t)kind->least, NAN};
    const struct tote_advise_bag many = {(uint64_t)kind->most, NAN};
    const struct tote_advise_bag heavy = {TOTE_ADVISE_LONG_N, TOTE_ADVISE_LONG_S};
    bool is_short = !(kind->grain_s >= TOTE_ADVISE_LONG_S);
    int rc = add_answer(advice, TOTE_ADVISE_SHORT, kind, few);
    if (rc == 0 && is_short && kind->most > kind->least)
        rc = add_answer(advice, TOTE_ADVISE_SHORT_TASKS, kind, many);
    return rc < 0 ? rc
                  : add_answer(advice, TOTE_ADVISE_LONG_TASKS,
                               nearest(advice, heavy.task_s), heavy);
}

/* --- all of it --- */

static void find_workers(struct tote_advice *advice, uint32_t workers)
{
    for (size_t i = 0; i < advice->summary->n_cells; i++) {
        const struct tote_cell_summary *cell = &advice->summary->cells[i];
        if (cell->cell->role != TOTE_CELL_ENGINE || cell->n_counted == 0)
            continue;
        if (workers == 0 && cell->cell->workers > advice->workers)
            advice->workers = cell->cell->workers;
        advice->has_workers |= cell->cell->workers == workers;
    }
}

/* What was swept, with the workers that were asked for. */
static int fill_workers(struct tote_advice *advice)
{
    const struct tote_summary *summary = advice->summary;
    char size[64], tasks[160];
    const struct tote_cell_row *row = NULL;
    for (size_t i = 0; i < summary->n_cells && !row; i++)
        row = summary->cells[i].cell;
    if (advice->has_workers || advice->workers == 0 || advice->n_answers == 0 || !row)
        return 0;
    struct tote_advise_answer *answer = &advice->answers[0];
    snprintf(size, sizeof size, "size=%" PRIu64, row->size);
    list_sizes((double)answer->bag.tasks, tasks, sizeof tasks);
    return make_command(advice, row->kernel, size, "", tasks, &answer->command);
}

int tote_advise_make(const struct tote_summary *summary,
                     const struct tote_advise_bag *mine, uint32_t workers,
                     struct tote_advice *ret, struct tote_error *err)
{
    struct tote_advice advice = {
        .summary = summary, .workers = workers, .has_workers = workers == 0};
    if (!summary->is_experiment || summary->is_metg)
        return tote_error_set(err, -EINVAL,
                              "store '%.200s' holds %s: advice needs an experiment, "
                              "which tote sweep makes",
                              summary->store,
                              summary->is_metg ? "METG, whose bags are not of one size"
                                               : "a run, which is one sample");
    advice.n_blocks = tote_metric_blocks(summary);
    find_workers(&advice, workers);
    int rc = tote_advise_gather(&advice);
    if (rc == 0)
        rc = answer_mine(&advice, mine);
    if (rc == 0)
        rc = answer_scenarios(&advice);
    if (rc == 0)
        rc = fill_workers(&advice);
    if (rc < 0) {
        tote_advise_finish(&advice);
        return tote_error_set(err, rc, "%s",
                              rc == -ENOMEM ? "out of memory for the advice"
                                            : "the advice cannot be computed");
    }
    *ret = advice;
    return 0;
}

void tote_advise_finish(struct tote_advice *advice)
{
    for (size_t i = 0; i < advice->n_answers; i++) {
        free(advice->answers[i].guesses);
        free(advice->answers[i].command);
    }
    free(advice->answers);
    free(advice->checks);
    tote_advise_free_kinds(advice);
    *advice = (struct tote_advice){0};
}

/* --- words --- */

const char tote_advise_model[] =
    "T(N) = T0 + c N through the medians of the bag sizes; for tasks of another length "
    "t than the kernel's g, c moves by (t - g) / workers, and below g towards that of "
    "tasks of nothing";

const char *tote_advise_name(const struct tote_advise_kind *kind,
                             const struct tote_advise_line *line,
                             char text[static TOTE_ADVISE_TEXT_MAX])
{
    const char *label = line->cell->label;
    size_t n_same = 0;
    for (size_t i = 0; i < kind->n_lines; i++)
        n_same += strcmp(kind->lines[i].cell->label, label) == 0;
    snprintf(text, TOTE_ADVISE_TEXT_MAX, "%.240s%s%.40s", label,
             n_same > 1 ? " batch=" : "", n_same > 1 ? line->cell->batch : "");
    return text;
}

const char *tote_advise_describe(const struct tote_advise_answer *answer,
                                 char text[static TOTE_ADVISE_TEXT_MAX])
{
    static const char *const names[] = {
        [TOTE_ADVISE_MINE] = "Your bag",
        [TOTE_ADVISE_SHORT] = "A short bag that somebody waits for",
        [TOTE_ADVISE_SHORT_TASKS] = "A long bag of short tasks",
        [TOTE_ADVISE_LONG_TASKS] = "Long tasks",
    };
    char each[TOTE_FIGURE_MAX], own[2 * TOTE_FIGURE_MAX] = "";
    double task_s = answer->bag.task_s;
    if (isnan(task_s) && !answer->kind)
        snprintf(own, sizeof own, "as those of the experiment");
    else if (isnan(task_s))
        snprintf(own, sizeof own, "as measured (%s of kernel)",
                 tote_figure_duration(answer->kind->grain_s, each));
    else
        snprintf(own, sizeof own, "%s of kernel", tote_figure_duration(task_s, each));
    snprintf(text, TOTE_ADVISE_TEXT_MAX, "%s: %" PRIu64 " tasks, each %s",
             names[answer->scenario], answer->bag.tasks, own);
    return text;
}

const char *tote_advise_doubt_text(const struct tote_advise_answer *answer,
                                   enum tote_advise_doubt doubt,
                                   char text[static TOTE_ADVISE_TEXT_MAX])
{
    const struct tote_advise_kind *kind = answer->kind;
    char one[TOTE_FIGURE_MAX];
    switch (doubt) {
    case TOTE_ADVISE_ONE_SIZE:
        snprintf(text, TOTE_ADVISE_TEXT_MAX,
                 "approximate: one bag size only, so T0 is the start-up and c one over "
                 "the rate after it");
        break;
    case TOTE_ADVISE_FEW_SIZES:
        snprintf(text, TOTE_ADVISE_TEXT_MAX,
                 "fewer than %d bag sizes cannot show that the line is one",
                 TOTE_LINE_SIZES_GOOD);
        break;
    case TOTE_ADVISE_OUTSIDE:
        snprintf(text, TOTE_ADVISE_TEXT_MAX,
                 "beyond the bags that were swept (%.0f to %.0f tasks)", kind->least,
                 kind->most);
        break;
    case TOTE_ADVISE_FAR_OUT:
        snprintf(text, TOTE_ADVISE_TEXT_MAX,
                 "more than %d times beyond: nothing measured speaks for it",
                 TOTE_ADVISE_FAR);
        break;
    case TOTE_ADVISE_OTHER_TASK:
        snprintf(text, TOTE_ADVISE_TEXT_MAX,
                 "no tasks of that length were measured (nearest: %s of kernel)",
                 tote_figure_duration(kind->grain_s, one));
        break;
    case TOTE_ADVISE_FEW_RUNS:
        snprintf(text, TOTE_ADVISE_TEXT_MAX,
                 "too few runs for an interval: raise "
                 "--runs to %d or more",
                 TOTE_BOOTSTRAP_MIN);
        break;
    }
    return text;
}
