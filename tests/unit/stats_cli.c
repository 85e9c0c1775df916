/* SPDX-License-Identifier: MIT */
/* stats_cli.c: lets test_stats_oracle.py call the statistics. A line of standard input
 * is a word and numbers, as the comments at the words below say, and gets one line of
 * answer. Numbers are written so that they read back exactly; "nan" is one. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats/breakeven.h"
#include "stats/holm.h"
#include "stats/judge.h"
#include "stats/line.h"
#include "stats/metg.h"
#include "stats/outlier.h"
#include "stats/random.h"
#include "stats/ranktest.h"
#include "stats/stats.h"

#define VALUES_MAX 4096
#define CELLS_MAX  64

/* What a line holds, in the order in which the words read it. */
struct line {
    double a[VALUES_MAX], b[VALUES_MAX], answer[VALUES_MAX];
    const double *cells[CELLS_MAX];
};

static bool read_values(double *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (n > VALUES_MAX || scanf("%lf", &values[i]) != 1)
            return false;
    }
    return true;
}

/* "SEED RESAMPLES" */
static bool read_resampling(struct tote_resampling *ret)
{
    return scanf("%" SCNu64 " %zu", &ret->seed, &ret->n_resamples) == 2;
}

/* "CELLS BLOCKS x11 ... " into a. */
static bool read_blocks(struct line *line, struct tote_samples *ret)
{
    size_t n, n_blocks;
    if (scanf("%zu %zu", &n, &n_blocks) != 2 || n > CELLS_MAX ||
        !read_values(line->a, n * n_blocks))
        return false;
    for (size_t i = 0; i < n; i++)
        line->cells[i] = line->a + i * n_blocks;
    *ret = (struct tote_samples){line->cells, n, n_blocks};
    return true;
}

static void print_estimate(const struct tote_estimate *estimate)
{
    printf("%.17g %.17g %.17g %zu %zu ", estimate->value, estimate->low, estimate->high,
           estimate->n, estimate->n_undefined);
}

/* --- words --- */

/* rank N */
static bool do_rank(struct line *line)
{
    (void)line;
    size_t n;
    if (scanf("%zu", &n) != 1)
        return false;
    printf("%zu", tote_stats_median_rank(n));
    return true;
}

/* interval N x1 ... xN */
static bool do_interval(struct line *line)
{
    size_t n;
    struct tote_interval interval;
    if (scanf("%zu", &n) != 1 || !read_values(line->a, n) ||
        tote_stats_interval(line->a, n, &interval) < 0)
        return false;
    printf("%.17g %.17g %.17g", interval.median, interval.low, interval.high);
    return true;
}

/* percentile P N x1 ... xN */
static bool do_percentile(struct line *line)
{
    double p;
    size_t n;
    if (scanf("%lf %zu", &p, &n) != 2 || !read_values(line->a, n))
        return false;
    tote_stats_sort(line->a, n);
    printf("%.17g", tote_stats_percentile(line->a, n, p));
    return true;
}

/* random SEED N BELOW */
static bool do_random(struct line *line)
{
    (void)line;
    struct tote_random random;
    size_t n;
    uint32_t below;
    if (scanf("%" SCNu64 " %zu %" SCNu32, &random.state, &n, &below) != 3)
        return false;
    for (size_t i = 0; i < n; i++)
        printf("%" PRIu32 " ", tote_random_below(&random, below));
    return true;
}

/* two N M a1 ... aN b1 ... bM */
static bool do_two(struct line *line)
{
    size_t n, m;
    struct tote_two_samples two;
    if (scanf("%zu %zu", &n, &m) != 2 || !read_values(line->a, n) ||
        !read_values(line->b, m) || tote_ranktest_two(line->a, n, line->b, m, &two) < 0)
        return false;
    printf("%.17g %.17g %.17g %d", two.u, two.a12, two.p, two.is_exact);
    return true;
}

/* many K n1 ... nK x11 ... */
static bool do_many(struct line *line)
{
    size_t n, counts[CELLS_MAX], total = 0;
    struct tote_many_samples many;
    if (scanf("%zu", &n) != 1 || n > CELLS_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (scanf("%zu", &counts[i]) != 1)
            return false;
        total += counts[i];
    }
    if (!read_values(line->a, total) ||
        tote_ranktest_many(line->a, counts, n, &many) < 0)
        return false;
    printf("%.17g %.17g", many.h, many.p);
    return true;
}

/* chi X FREEDOM */
static bool do_chi(struct line *line)
{
    (void)line;
    double x;
    size_t freedom;
    if (scanf("%lf %zu", &x, &freedom) != 2)
        return false;
    printf("%.17g", tote_ranktest_chi_square(x, freedom));
    return true;
}

/* holm N p1 ... pN */
static bool do_holm(struct line *line)
{
    size_t n;
    if (scanf("%zu", &n) != 1 || !read_values(line->a, n) ||
        tote_holm_adjust(line->a, n, line->answer) < 0)
        return false;
    for (size_t i = 0; i < n; i++)
        printf("%.17g ", line->answer[i]);
    return true;
}

/* line N tasks1 ... tasksN seconds1 ... secondsN: and the residuals */
static bool do_line(struct line *line)
{
    size_t n;
    struct tote_line fit;
    if (scanf("%zu", &n) != 1 || !read_values(line->a, n) || !read_values(line->b, n) ||
        tote_line_fit(line->a, line->b, n, &fit) < 0)
        return false;
    tote_line_residuals(&fit, line->a, line->b, n, line->answer);
    printf("%.17g %.17g ", fit.fixed, fit.per_task);
    for (size_t i = 0; i < n; i++)
        printf("%.17g ", line->answer[i]);
    return true;
}

/* ratio SEED RESAMPLES 2 BLOCKS ... */
static bool do_ratio(struct line *line)
{
    struct tote_resampling resampling;
    struct tote_samples blocks;
    struct tote_estimate ratio;
    if (!read_resampling(&resampling) || !read_blocks(line, &blocks) ||
        tote_bootstrap_ratio(&blocks, &resampling, &ratio) < 0)
        return false;
    print_estimate(&ratio);
    return true;
}

/* unpaired SEED RESAMPLES N M a1 ... aN b1 ... bM */
static bool do_unpaired(struct line *line)
{
    struct tote_resampling resampling;
    struct tote_estimate ratio;
    size_t n, m;
    if (!read_resampling(&resampling) || scanf("%zu %zu", &n, &m) != 2 ||
        !read_values(line->a, n) || !read_values(line->b, m) ||
        tote_bootstrap_unpaired(line->a, n, line->b, m, &resampling, &ratio) < 0)
        return false;
    print_estimate(&ratio);
    return true;
}

/* breakeven SEED RESAMPLES FIRST CELLS BLOCKS ... tasks1 ...: and each engine's line */
static bool do_breakeven(struct line *line)
{
    struct tote_resampling resampling;
    struct tote_samples blocks;
    struct tote_breakeven found;
    struct tote_line_estimate fit;
    size_t n;
    if (!read_resampling(&resampling) || scanf("%zu", &n) != 1 ||
        !read_blocks(line, &blocks) || !read_values(line->b, blocks.n_cells) ||
        tote_breakeven_find(line->b, n, &blocks, &resampling, &found) < 0)
        return false;
    struct tote_samples first = {blocks.cells, n, blocks.n_blocks};
    if (tote_line_estimate(line->b, &first, &resampling, &fit) < 0)
        return false;
    printf("%d ", found.kind);
    print_estimate(&found.fixed);
    print_estimate(&found.per_task);
    print_estimate(&found.tasks);
    print_estimate(&fit.fixed);
    print_estimate(&fit.per_task);
    return true;
}

/* metg SEED RESAMPLES X CELLS BLOCKS ... grain1 ...: as plain points too if one block
 */
static bool do_metg(struct line *line)
{
    struct tote_resampling resampling;
    struct tote_samples blocks;
    struct tote_metg_estimate metg;
    struct tote_metg plain = {TOTE_METG_NONE, NAN};
    double x;
    if (!read_resampling(&resampling) || scanf("%lf", &x) != 1 ||
        !read_blocks(line, &blocks) || !read_values(line->b, blocks.n_cells) ||
        tote_metg_estimate(line->b, &blocks, x, &resampling, &metg) < 0)
        return false;
    if (blocks.n_blocks == 1 &&
        tote_metg_find(line->b, line->a, blocks.n_cells, x, &plain) < 0)
        return false;
    printf("%d %.17g %d %.17g %d %.17g %d %.17g", metg.value.kind, metg.value.grain,
           metg.low.kind, metg.low.grain, metg.high.kind, metg.high.grain, plain.kind,
           plain.grain);
    return true;
}

/* outlier N x1 ... xN */
static bool do_outlier(struct line *line)
{
    size_t n;
    unsigned char flags[VALUES_MAX];
    struct tote_outliers found;
    if (scanf("%zu", &n) != 1 || !read_values(line->a, n) ||
        tote_outlier_flag(line->a, n, flags, &found) < 0)
        return false;
    printf("%zu %zu %zu", found.n_tukey, found.n_mad, found.n_any);
    for (size_t i = 0; i < n; i++)
        printf(" %d", flags[i]);
    return true;
}

/* judge SEED RESAMPLES FLOOR MORE-IS-BETTER CELLS BLOCKS ... */
static bool do_judge(struct line *line)
{
    struct tote_judge question = {0};
    struct tote_judged cells[CELLS_MAX];
    struct tote_judgement all;
    int more_is_better;
    if (!read_resampling(&question.resampling) ||
        scanf("%lf %d", &question.noise_floor, &more_is_better) != 2 ||
        !read_blocks(line, &question.blocks))
        return false;
    question.more_is_better = more_is_better;
    if (tote_judge_cells(&question, cells, &all) < 0)
        return false;
    printf("%zu %zu %.17g %.17g", all.leader, all.n_tests, all.h, all.p_all);
    for (size_t i = 0; i < question.blocks.n_cells; i++) {
        const struct tote_pair *pair = &cells[i].behind;
        printf(" %zu %zu %zu %.17g ", cells[i].rank, cells[i].head, cells[i].n,
               cells[i].median);
        print_estimate(&pair->ratio);
        printf("%.17g %.17g %.17g %u", pair->a12, pair->p, pair->p_holm, pair->failed);
    }
    return true;
}

static const struct {
    const char *name;
    bool (*answer)(struct line *line);
} words[] = {
    {"breakeven", do_breakeven}, {"chi", do_chi},
    {"holm", do_holm},           {"interval", do_interval},
    {"judge", do_judge},         {"line", do_line},
    {"many", do_many},           {"metg", do_metg},
    {"outlier", do_outlier},     {"percentile", do_percentile},
    {"random", do_random},       {"rank", do_rank},
    {"ratio", do_ratio},         {"two", do_two},
    {"unpaired", do_unpaired},
};

static bool answer(const char *name)
{
    static struct line line;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(name, words[i].name) == 0)
            return words[i].answer(&line);
    }
    return false;
}

int main(void)
{
    char word[16];
    while (scanf("%15s", word) == 1) {
        if (!answer(word))
            return EXIT_FAILURE;
        putchar('\n');
    }
    return EXIT_SUCCESS;
}
