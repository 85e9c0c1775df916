/* SPDX-License-Identifier: MIT */
/* judge.c: tests all pairs, then gives out ranks from the best on (judge.h). */
#include "stats/judge.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stats/holm.h"
#include "stats/ranktest.h"
#include "stats/stats.h"

struct court {
    const struct tote_judge *question;
    size_t n;       /* cells */
    double *values; /* without the missing, cell after cell */
    size_t *counts;
    double *medians;
    struct tote_two_samples *tests; /* [i * n + k], i < k */
    double *holm;                   /* the same places; NaN where no test counts */
};

static void finish(struct court *court)
{
    free(court->values);
    free(court->counts);
    free(court->medians);
    free(court->tests);
    free(court->holm);
}

static int init(struct court *court, const struct tote_judge *question)
{
    size_t n = question->blocks.n_cells, n_blocks = question->blocks.n_blocks;
    *court = (struct court){.question = question, .n = n};
    if (n_blocks >= SIZE_MAX / n || n >= SIZE_MAX / n)
        return -ENOMEM;
    court->values = calloc(n * (n_blocks + 1), sizeof *court->values);
    court->counts = calloc(n, sizeof *court->counts);
    court->medians = calloc(n, sizeof *court->medians);
    court->tests = calloc(n * n, sizeof *court->tests);
    court->holm = calloc(n * n, sizeof *court->holm);
    if (court->values && court->counts && court->medians && court->tests && court->holm)
        return 0;
    finish(court);
    return -ENOMEM;
}

/* --- what each cell has --- */

/* Copies what is not missing, and counts it. */
static int copy_present(const double *values, size_t n, double *ret_values,
                        size_t *ret_n)
{
    size_t n_present = 0;
    for (size_t i = 0; i < n; i++) {
        if (isnan(values[i]))
            continue;
        if (!isfinite(values[i]) || values[i] <= 0)
            return -EINVAL;
        ret_values[n_present++] = values[i];
    }
    *ret_n = n_present;
    return 0;
}

static int take_values(struct court *court)
{
    const struct tote_samples *blocks = &court->question->blocks;
    double *at = court->values;
    for (size_t i = 0; i < court->n; i++) {
        struct tote_interval interval;
        int rc =
            copy_present(blocks->cells[i], blocks->n_blocks, at, &court->counts[i]);
        if (rc == 0)
            rc = tote_stats_interval(at, court->counts[i], &interval);
        if (rc < 0)
            return rc;
        court->medians[i] = interval.median;
        at += court->counts[i];
    }
    return 0;
}

/* --- tests --- */

static bool is_tested(const struct court *court, size_t i, size_t k)
{
    return court->counts[i] >= TOTE_BOOTSTRAP_MIN &&
           court->counts[k] >= TOTE_BOOTSTRAP_MIN;
}

static int test_pairs(struct court *court)
{
    int rc = 0;
    const double *a = court->values;
    for (size_t i = 0; i < court->n; a += court->counts[i++]) {
        const double *b = a + court->counts[i];
        for (size_t k = i + 1; rc == 0 && k < court->n; b += court->counts[k++])
            rc = tote_ranktest_two(a, court->counts[i], b, court->counts[k],
                                   &court->tests[i * court->n + k]);
    }
    return rc;
}

/* Gathers the p of all pairs that count, and puts them back corrected. */
static int correct_pairs(struct court *court, size_t *ret_n)
{
    size_t n = court->n, n_tests = 0, at = 0;
    double *p = reallocarray(NULL, n * n, sizeof *p);
    if (!p)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        for (size_t k = i + 1; k < n; k++) {
            if (is_tested(court, i, k))
                p[n_tests++] = court->tests[i * n + k].p;
        }
    }
    int rc = tote_holm_adjust(p, n_tests, p);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = i + 1; k < n; k++)
            court->holm[i * n + k] = is_tested(court, i, k) ? p[at++] : NAN;
    }
    free(p);
    *ret_n = n_tests;
    return rc;
}

static int test_all(struct court *court, struct tote_judgement *ret)
{
    struct tote_many_samples many;
    int rc = test_pairs(court);
    if (rc == 0)
        rc = correct_pairs(court, &ret->n_tests);
    if (rc == 0)
        rc = tote_ranktest_many(court->values, court->counts, court->n, &many);
    if (rc < 0)
        return rc;
    ret->h = many.h;
    ret->p_all = many.p;
    return 0;
}

/* --- two cells --- */

unsigned tote_judge_change(const struct tote_estimate *ratio, double p_holm,
                           double noise_floor)
{
    unsigned failed = 0;
    bool is_beyond = ratio->value < 1 ? ratio->high < 1 : ratio->low > 1;
    if (!ratio->has_bounds || !is_beyond)
        failed |= TOTE_JUDGE_INTERVAL;
    if (!(p_holm < TOTE_JUDGE_ALPHA))
        failed |= TOTE_JUDGE_P;
    if (!(fabs(log(ratio->value)) > noise_floor))
        failed |= TOTE_JUDGE_FLOOR;
    return failed;
}

/* The cell against a better one. */
static int judge_pair(const struct court *court, size_t better, size_t cell,
                      struct tote_pair *ret)
{
    const struct tote_judge *question = court->question;
    const double *const *cells = question->blocks.cells;
    bool is_first = better < cell;
    size_t at = is_first ? better * court->n + cell : cell * court->n + better;
    double above = court->tests[at].a12; /* that the first's value is the larger */
    struct tote_pair pair = {
        .a12 = is_first == question->more_is_better ? above : 1 - above,
        .p = court->tests[at].p,
        .p_holm = court->holm[at],
    };
    size_t top = question->more_is_better ? better : cell;
    size_t bottom = question->more_is_better ? cell : better;
    const double *two[] = {cells[top], cells[bottom]};
    struct tote_samples blocks = {two, 2, question->blocks.n_blocks};
    int rc = tote_bootstrap_ratio(&blocks, &question->resampling, &pair.ratio);
    if (rc < 0)
        return rc;
    pair.failed = tote_judge_change(&pair.ratio, pair.p_holm, question->noise_floor);
    *ret = pair;
    return 0;
}

/* --- ranks --- */

static bool is_better(const struct court *court, size_t i, size_t k)
{
    double x = court->medians[i], y = court->medians[k];
    return court->question->more_is_better ? x > y : x < y;
}

/* The best of the cells without a rank, the first of equals; n if there is none. */
static size_t find_head(const struct court *court, const struct tote_judged *cells)
{
    size_t head = court->n;
    for (size_t i = 0; i < court->n; i++) {
        if (cells[i].rank > 0 || court->counts[i] == 0)
            continue;
        if (head == court->n || is_better(court, i, head))
            head = i;
    }
    return head;
}

/* Gives a rank to the head and to all that are not distinguishable from it. */
static int give_rank(const struct court *court, size_t head, size_t rank, size_t leader,
                     struct tote_judged *cells, size_t *n_placed)
{
    cells[head].rank = rank;
    cells[head].head = head;
    (*n_placed)++;
    for (size_t i = 0; i < court->n; i++) {
        struct tote_pair pair;
        if (cells[i].rank > 0 || court->counts[i] == 0)
            continue;
        int rc = judge_pair(court, head, i, &pair);
        if (rc < 0)
            return rc;
        if (head == leader)
            cells[i].behind = pair;
        if (pair.failed) {
            cells[i].rank = rank;
            cells[i].head = head;
            (*n_placed)++;
        }
    }
    return 0;
}

static int give_ranks(const struct court *court, struct tote_judged *cells,
                      struct tote_judgement *ret)
{
    const struct tote_pair none = {
        .ratio = {.value = NAN, .low = NAN, .high = NAN},
        .a12 = NAN,
        .p = NAN,
        .p_holm = NAN,
    };
    for (size_t i = 0; i < court->n; i++)
        cells[i] = (struct tote_judged){.n = court->counts[i],
                                        .median = court->medians[i],
                                        .head = i,
                                        .behind = none};
    size_t n_placed = 0, head = find_head(court, cells);
    ret->has_leader = head < court->n;
    ret->leader = ret->has_leader ? head : 0;
    for (; head < court->n; head = find_head(court, cells)) {
        int rc = give_rank(court, head, n_placed + 1, ret->leader, cells, &n_placed);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int tote_judge_cells(const struct tote_judge *question, struct tote_judged *ret_cells,
                     struct tote_judgement *ret)
{
    struct court court;
    struct tote_judgement judgement;
    if (question->blocks.n_cells == 0 || !isfinite(question->noise_floor) ||
        question->noise_floor < 0)
        return -EINVAL;
    int rc = init(&court, question);
    if (rc < 0)
        return rc;
    rc = take_values(&court);
    if (rc == 0)
        rc = test_all(&court, &judgement);
    if (rc == 0)
        rc = give_ranks(&court, ret_cells, &judgement);
    if (rc == 0)
        *ret = judgement;
    finish(&court);
    return rc;
}

/* --- what else a verdict needs --- */

int tote_judge_noise_floor(const double *first, const double *again, size_t n_blocks,
                           double *ret)
{
    struct tote_interval one, other;
    size_t n;
    double *room = reallocarray(NULL, n_blocks + 1, sizeof *room);
    if (!room)
        return -ENOMEM;
    int rc = copy_present(first, n_blocks, room, &n);
    if (rc == 0)
        rc = tote_stats_interval(room, n, &one);
    if (rc == 0)
        rc = copy_present(again, n_blocks, room, &n);
    if (rc == 0)
        rc = tote_stats_interval(room, n, &other);
    free(room);
    if (rc == 0)
        *ret = fabs(log(one.median) - log(other.median));
    return rc;
}

size_t tote_judge_runs_needed(size_t n_cells)
{
    double n_pairs = (double)n_cells * ((double)n_cells - 1) / 2;
    size_t runs = TOTE_BOOTSTRAP_MIN;
    while (tote_ranktest_least_p(runs, runs) * n_pairs >= TOTE_JUDGE_ALPHA)
        runs++;
    return runs;
}
