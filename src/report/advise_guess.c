/* SPDX-License-Identifier: MIT */
/* advise_guess.c: the model of advise.h, evaluated for one bag on each engine, with
 * intervals over blocks. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "report/advise.h"
#include "stats/line.h"

/* What the bootstrap calls back with: medians of the first line's columns, then of the
 * second's if there is one. */
struct model {
    const struct tote_advise_line *lines[2];
    const struct tote_advise_bag *bag;
    double workers;
    double *room;
};

/* Seconds of a task that takes its kernel task_s, where one of the line's own takes
 * each. */
static double adapt(const struct model *model, const struct tote_advise_line *line,
                    const double *medians, double each)
{
    size_t at = line->is_line ? line->n_sizes : 2;
    double task_s = model->bag->task_s, grain = medians[at];
    if (task_s < grain && line->has_noop) {
        double nothing = medians[at + 1];
        return nothing + (each - nothing) * task_s / grain;
    }
    return fmax(each + (task_s - grain) / model->workers, task_s / model->workers);
}

static double seconds_of(const struct model *model, size_t which, const double *medians)
{
    const struct tote_advise_line *line = model->lines[which];
    struct tote_line fit = {.fixed = medians[0], .per_task = medians[1]};
    if (line->is_line)
        fit = tote_line_fit_in(line->tasks, medians, line->n_sizes, model->room);
    if (!isnan(model->bag->task_s))
        fit.per_task = adapt(model, line, medians, fit.per_task);
    double seconds = tote_line_at(&fit, (double)model->bag->tasks);
    return seconds > 0 ? seconds : NAN;
}

/* Controls count only where the model needs them. */
static size_t count_columns(const struct model *model, size_t which)
{
    const struct tote_advise_line *line = model->lines[which];
    if (!line)
        return 0;
    bool is_plain = isnan(model->bag->task_s);
    return is_plain ? line->is_line ? line->n_sizes : 2 : line->n_columns;
}

static double one_of(const double *medians, void *context)
{
    return seconds_of(context, 0, medians);
}

static double times_of(const double *medians, void *context)
{
    const struct model *model = context;
    return seconds_of(model, 1, medians + count_columns(model, 0)) /
           seconds_of(model, 0, medians);
}

/* --- the samples --- */

/* Columns of both, one after the other; new array. */
static const double **join(const struct tote_advise_line *a, size_t n_a,
                           const struct tote_advise_line *b, size_t n_b)
{
    const double **columns = calloc(n_a + n_b + 1, sizeof *columns);
    for (size_t i = 0; columns && i < n_a; i++)
        columns[i] = a->columns[i];
    for (size_t i = 0; columns && i < n_b; i++)
        columns[n_a + i] = b->columns[i];
    return columns;
}

static const struct tote_resampling resampling = {TOTE_ADVISE_SEED,
                                                  TOTE_ADVISE_RESAMPLES};

static int estimate(const struct tote_advice *advice, struct model *model,
                    struct tote_estimate *ret)
{
    const struct tote_advise_line *a = model->lines[0], *b = model->lines[1];
    size_t n_a = count_columns(model, 0), n_b = count_columns(model, 1);
    size_t n_room = tote_line_room(n_a > n_b ? n_a : n_b);
    const double **columns = join(a, n_a, b, n_b);
    model->room = calloc(n_room, sizeof *model->room);
    struct tote_samples samples = {columns, n_a + n_b, advice->n_blocks};
    int rc = columns && model->room
                 ? tote_bootstrap_estimate(&samples, b ? times_of : one_of, model,
                                           &resampling, ret)
                 : -ENOMEM;
    free(model->room);
    free(columns);
    return rc;
}

int tote_advise_predict(const struct tote_advice *advice,
                        const struct tote_advise_line *line,
                        const struct tote_advise_bag *bag, struct tote_estimate *ret)
{
    struct model model = {.lines = {line}, .bag = bag, .workers = advice->workers};
    return estimate(advice, &model, ret);
}

/* Lines alone: what shifts all tasks alike does not move where they cross. */
static int find_crossing(const struct tote_advice *advice,
                         const struct tote_advise_answer *answer,
                         const struct tote_advise_line *first,
                         struct tote_advise_guess *guess)
{
    const struct tote_advise_line *second = guess->line;
    size_t n = first->n_sizes + second->n_sizes;
    bool is_shorter = answer->bag.task_s < answer->kind->grain_s;
    if (!first->is_line || !second->is_line || is_shorter)
        return 0;
    const double **columns = join(first, first->n_sizes, second, second->n_sizes);
    double *tasks = calloc(n, sizeof *tasks);
    int rc = columns && tasks ? 0 : -ENOMEM;
    for (size_t i = 0; rc == 0 && i < n; i++)
        tasks[i] =
            i < first->n_sizes ? first->tasks[i] : second->tasks[i - first->n_sizes];
    if (rc == 0)
        rc = tote_breakeven_find(tasks, first->n_sizes,
                                 &(struct tote_samples){columns, n, advice->n_blocks},
                                 &resampling, &guess->crossing);
    guess->has_crossing = rc == 0;
    free(columns);
    free(tasks);
    return rc;
}

/* --- an answer --- */

static int compare_guesses(const void *a, const void *b)
{
    double x = ((const struct tote_advise_guess *)a)->seconds.value;
    double y = ((const struct tote_advise_guess *)b)->seconds.value;
    if (isnan(x) || isnan(y))
        return isnan(x) - isnan(y);
    return (x > y) - (x < y);
}

static unsigned doubts_of(const struct tote_advise_answer *answer)
{
    const struct tote_advise_kind *kind = answer->kind;
    double n = (double)answer->bag.tasks, task_s = answer->bag.task_s;
    unsigned doubts = 0;
    for (size_t i = 0; i < answer->n; i++) {
        const struct tote_advise_line *line = answer->guesses[i].line;
        if (!line->is_line)
            doubts |= TOTE_ADVISE_ONE_SIZE;
        else if (line->n_sizes < TOTE_LINE_SIZES_GOOD)
            doubts |= TOTE_ADVISE_FEW_SIZES;
        if (!answer->guesses[i].seconds.has_bounds)
            doubts |= TOTE_ADVISE_FEW_RUNS;
    }
    if (n < kind->least || n > kind->most)
        doubts |= TOTE_ADVISE_OUTSIDE;
    if (n * TOTE_ADVISE_FAR < kind->least || n > TOTE_ADVISE_FAR * kind->most)
        doubts |= TOTE_ADVISE_FAR_OUT;
    if (task_s > TOTE_ADVISE_OTHER * kind->grain_s ||
        task_s * TOTE_ADVISE_OTHER < kind->grain_s)
        doubts |= TOTE_ADVISE_OTHER_TASK;
    return doubts;
}

static int compare_with_first(const struct tote_advice *advice,
                              struct tote_advise_answer *answer,
                              struct tote_advise_guess *guess)
{
    const struct tote_advise_line *first = answer->guesses[0].line;
    struct model model = {
        .lines = {first, guess->line}, .bag = &answer->bag, .workers = advice->workers};
    int rc = estimate(advice, &model, &guess->times);
    if (rc < 0)
        return rc;
    double floor = isnan(answer->kind->floor) ? 0 : answer->kind->floor;
    guess->is_tied = !tote_bootstrap_excludes(&guess->times, 1) ||
                     !(fabs(log(guess->times.value)) > floor);
    return find_crossing(advice, answer, first, guess);
}

int tote_advise_guess(const struct tote_advice *advice,
                      struct tote_advise_answer *answer)
{
    const struct tote_advise_kind *kind = answer->kind;
    int rc = 0;
    answer->guesses = calloc(kind->n_lines + 1, sizeof *answer->guesses);
    if (!answer->guesses)
        return -ENOMEM;
    answer->n = kind->n_lines;
    for (size_t i = 0; rc == 0 && i < answer->n; i++) {
        struct tote_advise_guess *guess = &answer->guesses[i];
        guess->line = &kind->lines[i];
        rc = tote_advise_predict(advice, guess->line, &answer->bag, &guess->seconds);
    }
    if (rc < 0)
        return rc;
    qsort(answer->guesses, answer->n, sizeof *answer->guesses, compare_guesses);
    answer->doubts = doubts_of(answer);
    answer->guesses[0].times =
        (struct tote_estimate){.value = 1, .low = NAN, .high = NAN};
    for (size_t i = 1; rc == 0 && i < answer->n; i++)
        rc = compare_with_first(advice, answer, &answer->guesses[i]);
    return rc;
}
