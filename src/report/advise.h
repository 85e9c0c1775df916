/* SPDX-License-Identifier: MIT */
/* advise.h: how long a bag would take on each engine, from an experiment alone, and
 * which engine when. Pure: from a summary. Not for whether measured cells differ
 * (verdict.h), nor for how it is shown (advise_text.c, advise_json.c).
 *
 *     struct tote_advice advice;
 *     struct tote_advise_bag mine = {.tasks = 5000, .task_s = NAN};
 *     if (tote_advise_make(&summary, &mine, 0, &advice, &err) == 0) {
 *         ...
 *         tote_advise_finish(&advice);
 *     }
 *
 * The model: T(N) = T0 + c N, laid through the medians of the bag sizes that were swept
 * (line.h), for each engine, batch, kernel and size by itself. A task of another length
 * t than the kernel's own g, one thread's time for one: with P workers
 *
 *     c(t) = c + (t - g) / P, at least t / P           if t >= g or there are no no-ops
 *     c(t) = c0 + (c - c0) t / g, c0 that of no-ops    if t < g
 *
 * so what an engine adds to a task is taken to be the same for longer ones. Intervals
 * are over blocks (bootstrap.h). */
#ifndef TOTE_ADVISE_H
#define TOTE_ADVISE_H

#include <stdio.h>

#include "report/gather.h"
#include "stats/breakeven.h"

#define TOTE_ADVISE_SEED      UINT64_C(1)
#define TOTE_ADVISE_RESAMPLES 2000
#define TOTE_ADVISE_FAR       10 /* times the largest bag that was swept */
#define TOTE_ADVISE_OTHER     2 /* times as long as the kernel's own tasks, or as short */
#define TOTE_ADVISE_LONG_S    1.0 /* seconds of a "long task" */
#define TOTE_ADVISE_LONG_N    100

struct tote_advise_bag {
    uint64_t tasks; /* 0: not asked */
    double task_s;  /* NaN: as the kernel's own */
};

/* An engine in one batch mode on one kind of task. */
struct tote_advise_line {
    const struct tote_cell_row *cell; /* one of its cells; borrowed */
    bool
        is_line; /* else of one bag size: T0 is start_s, c one over the rate after it */
    size_t n_sizes, n_runs; /* runs of the size that has fewest */
    double *tasks;          /* the sizes */
    double **columns;       /* values by block: wall_s by size, or start_s and c; then,
                             * if they are there, of the grain and of no-ops */
    size_t n_columns;
    bool has_noop;
    struct tote_estimate fixed, per_task;
};

/* Tasks that are alike: one kernel and size. */
struct tote_advise_kind {
    const char *kernel; /* borrowed */
    uint64_t size;
    double *grain;      /* seconds by block; null: there is no loop */
    double grain_s;     /* its median; NaN */
    double floor;       /* noise floor of makespans, the largest; NaN: none known */
    double least, most; /* bag sizes */
    struct tote_advise_line *lines;
    size_t n_lines;
};

enum tote_advise_scenario {
    TOTE_ADVISE_MINE,
    TOTE_ADVISE_SHORT,       /* the smallest bag swept: somebody waits */
    TOTE_ADVISE_SHORT_TASKS, /* the largest bag swept of short tasks; left out where no
                              * bags of several sizes of such were run */
    TOTE_ADVISE_LONG_TASKS,
};

struct tote_advise_guess {
    const struct tote_advise_line *line;
    struct tote_estimate seconds;
    struct tote_estimate times; /* over the first's; of the first itself 1 */
    bool is_tied;               /* not told apart from the first */
    bool has_crossing;
    struct tote_breakeven crossing; /* of the first with this one */
};

enum tote_advise_doubt {
    TOTE_ADVISE_ONE_SIZE = 1,  /* some line is of one bag size */
    TOTE_ADVISE_FEW_SIZES = 2, /* fewer than can show that it is a line */
    TOTE_ADVISE_OUTSIDE = 4, /* the bag is smaller or larger than all that were swept */
    TOTE_ADVISE_FAR_OUT = 8, /* by more than TOTE_ADVISE_FAR */
    TOTE_ADVISE_OTHER_TASK = 16, /* tasks of that length were not measured */
    TOTE_ADVISE_FEW_RUNS = 32,   /* no interval */
};

struct tote_advise_answer {
    enum tote_advise_scenario scenario;
    const struct tote_advise_kind *kind; /* null: see why */
    struct tote_advise_bag bag;
    struct tote_advise_guess *guesses; /* the shortest first */
    size_t n;
    unsigned doubts; /* sum of enum tote_advise_doubt */
    const char *why; /* there is no answer; null: there is */
    char *command;   /* what would fill the gap; null: there is none */
};

/* A bag size that was left out of its line, predicted, and measured in the same blocks.
 */
struct tote_advise_check {
    const struct tote_advise_kind *kind;
    const struct tote_advise_line *line;
    double tasks;
    bool is_outside; /* the sizes left lie all on one side of it */
    struct tote_estimate predicted;
    double measured; /* median */
    double error;    /* predicted over measured, less 1 */
};

struct tote_advice {
    const struct tote_summary *summary; /* borrowed */
    uint32_t workers;
    bool has_workers; /* false: nothing was run with so many */
    size_t n_blocks;
    struct tote_advise_kind *kinds; /* that ran; the shortest tasks first */
    size_t n_kinds;
    struct tote_advise_answer *answers;
    size_t n_answers;
    struct tote_advise_check *checks; /* by tote_advise_check; else none */
    size_t n_checks;
};

/* workers of 0: the most that were run. -EINVAL: no experiment; -ENOMEM. */
int tote_advise_make(const struct tote_summary *summary,
                     const struct tote_advise_bag *mine, uint32_t workers,
                     struct tote_advice *ret, struct tote_error *err);
void tote_advise_finish(struct tote_advice *advice); /* a zeroed one is accepted */

/* Parts of it (advise_lines.c): the kinds with their lines, of advice->workers; and
 * their end. */
int tote_advise_gather(struct tote_advice *advice);
double tote_advise_median(const double *values, size_t n); /* NaNs left out */
void tote_advise_free_kinds(struct tote_advice *advice);

/* Parts of it (advise_guess.c): fills one answer whose kind and bag are set. */
int tote_advise_guess(const struct tote_advice *advice,
                      struct tote_advise_answer *answer);

int tote_advise_predict(const struct tote_advice *advice,
                        const struct tote_advise_line *line,
                        const struct tote_advise_bag *bag, struct tote_estimate *ret);

/* Holds the model against the data: each size of each line of three or more is
 * predicted from the others. -ENOMEM. */
int tote_advise_check(struct tote_advice *advice, struct tote_error *err);

/* JSON, docs/schemas/advise.schema.json, or text. 0 or -ENOMEM. */
int tote_advise_write_json(const struct tote_advice *advice, FILE *out);
int tote_advise_write_text(const struct tote_advice *advice, FILE *out);

/* For people: "a bag of 100 tasks, each as measured (5.1 ms of kernel)". */
#define TOTE_ADVISE_TEXT_MAX 320
const char *tote_advise_describe(const struct tote_advise_answer *answer,
                                 char text[static TOTE_ADVISE_TEXT_MAX]);

/* The engine, with its batch where another line has the same label. */
const char *tote_advise_name(const struct tote_advise_kind *kind,
                             const struct tote_advise_line *line,
                             char text[static TOTE_ADVISE_TEXT_MAX]);

extern const char tote_advise_model[]; /* the model in one line */

/* A doubt in words, with what was swept. Text has TOTE_ADVISE_TEXT_MAX bytes. */
const char *tote_advise_doubt_text(const struct tote_advise_answer *answer,
                                   enum tote_advise_doubt doubt,
                                   char text[static TOTE_ADVISE_TEXT_MAX]);

#endif
