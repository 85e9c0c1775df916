/* SPDX-License-Identifier: MIT */
/* stats_trials.c: how often the statistics are wrong. Experiments are made up in which
 * all cells are alike; counted is how often an interval misses the true value and how
 * often judge says that cells differ. Not a test of formulas: test_stats_oracle.py.
 *
 *     stats-trials [EXPERIMENTS [NOISE-FILE]]
 *
 * Prints a table; ends with 1 if a rate is worse than is allowed, by more than chance
 * explains. NOISE-FILE has one makespan of a real run on each line: noise is drawn from
 * these, over their median, instead of from a log-normal distribution. The seed is
 * fixed, so a pass stays a pass; TOTE_SOAK=N makes 10 N times the experiments. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../random.h"
#include "stats/judge.h"
#include "stats/stats.h"

#define CELLS_MAX  7 /* one of them the first again */
#define BLOCKS_MAX 30
#define NOISE_MAX  100000
#define RESAMPLES  1000 /* of each interval: fewer than by default, for speed */
#define PRECISION  0.05
#define MEMORY     0.7                     /* of drift, from one block to the next */
#define SEED       UINT64_C(5000000000000) /* of the first line */

/* What is allowed. The interval of a ratio is approximate at few blocks. */
#define MISSED_MAX       0.05
#define RATIO_MISSED_MAX 0.08
#define FALSE_MAX        0.05

struct noise {
    double sigma; /* of ln(makespan) */
    double drift; /* of a block, for all cells alike, on the same scale */
    double *real; /* ln of real runs over their median; null: log-normal */
    size_t n_real;
};

struct setting {
    uint64_t seed;
    size_t cells, min, max; /* blocks: min to max by the stopping rule */
    struct noise noise;
};

struct rates {
    size_t n, blocks;
    size_t median, ratio; /* intervals that missed */
    size_t kruskal;       /* p below 5 % */
    size_t bare, floored; /* verdicts, all false: floor 0, floor of an A/A pair */
};

/* --- made-up experiments --- */

/* Box & Muller 1958. */
static double normal(uint64_t *state)
{
    double radius = sqrt(-2 * log(1 - random_unit(state)));
    return radius * cos(2 * acos(-1) * random_unit(state));
}

static double draw_noise(const struct noise *noise, uint64_t *state)
{
    return noise->real ? noise->real[random_below(state, noise->n_real)]
                       : noise->sigma * normal(state);
}

static void make_up(const struct setting *setting, uint64_t *state,
                    double values[CELLS_MAX][BLOCKS_MAX])
{
    double drift = normal(state);
    for (size_t block = 0; block < setting->max; block++) {
        for (size_t i = 0; i <= setting->cells; i++)
            values[i][block] =
                exp(setting->noise.drift * drift + draw_noise(&setting->noise, state));
        drift = MEMORY * drift + sqrt(1 - MEMORY * MEMORY) * normal(state);
    }
}

/* Blocks until every cell is as precise as wanted. */
static size_t stop_at(const struct setting *setting,
                      double values[CELLS_MAX][BLOCKS_MAX])
{
    for (size_t n = setting->min; n < setting->max; n++) {
        size_t n_precise = 0;
        for (size_t i = 0; i <= setting->cells; i++) {
            struct tote_interval one;
            if (tote_stats_interval(values[i], n, &one) == 0 && one.has_bounds)
                n_precise += (one.high - one.low) / 2 <= PRECISION * one.median;
        }
        if (n_precise > setting->cells)
            return n;
    }
    return setting->max;
}

static int count(const struct setting *setting, uint64_t *state, struct rates *rates)
{
    double values[CELLS_MAX][BLOCKS_MAX], floor;
    make_up(setting, state, values);
    size_t n = stop_at(setting, values);
    const double *cells[CELLS_MAX];
    for (size_t i = 0; i <= setting->cells; i++)
        cells[i] = values[i];
    struct tote_judge question = {
        .blocks = {cells, setting->cells, n},
        .resampling = {.seed = random_next(state), .n_resamples = RESAMPLES},
    };
    struct tote_judged judged[CELLS_MAX];
    struct tote_judgement all;
    struct tote_interval median;
    struct tote_estimate ratio;
    struct tote_samples two = {cells, 2, n};
    int rc = tote_judge_noise_floor(values[0], values[setting->cells], n, &floor);
    rc = rc ? rc : tote_judge_cells(&question, judged, &all);
    rc = rc ? rc : tote_stats_interval(values[0], n, &median);
    rc = rc ? rc : tote_bootstrap_ratio(&two, &question.resampling, &ratio);
    bool is_bare = false, is_floored = false;
    for (size_t i = 0; rc == 0 && i < setting->cells; i++) {
        bool differs = i != all.leader && !judged[i].behind.failed;
        is_bare = is_bare || differs;
        is_floored =
            is_floored || (differs && log(judged[i].behind.ratio.value) > floor);
    }
    rates->n++;
    rates->blocks += n;
    rates->median += median.low > 1 || median.high < 1;
    rates->ratio += tote_bootstrap_excludes(&ratio, 1);
    rates->kruskal += all.p_all < TOTE_JUDGE_ALPHA;
    rates->bare += is_bare;
    rates->floored += is_floored;
    return rc;
}

/* --- what is printed and allowed --- */

/* The end of Wilson's 95 % interval of a rate (JASA 22, 1927). */
static double wilson(size_t hits, size_t n, double z)
{
    double p = (double)hits / (double)n, m = (double)n;
    double middle = p + z * z / (2 * m);
    double width = z * sqrt(p * (1 - p) / m + z * z / (4 * m * m));
    return fmax(0, (middle + width) / (1 + z * z / m));
}

static void print_rate(size_t hits, size_t n)
{
    printf(" %5.2f [%5.2f %5.2f]", 100 * (double)hits / (double)n,
           100 * wilson(hits, n, -1.96), 100 * wilson(hits, n, 1.96));
}

/* Whether the rate is above what is allowed beyond doubt (4 sigma). */
static bool is_worse(size_t hits, size_t n, double allowed)
{
    return wilson(hits, n, -4) > allowed;
}

static int try(const struct setting *setting, size_t n)
{
    struct rates rates = {0};
    uint64_t state = setting->seed;
    for (size_t i = 0; i < n; i++) {
        if (count(setting, &state, &rates) < 0)
            return -ENOMEM;
    }
    printf("%zu %2zu-%-2zu %5.1f %5.2f %5.2f", setting->cells, setting->min,
           setting->max, (double)rates.blocks / (double)n, setting->noise.sigma,
           setting->noise.drift);
    print_rate(rates.median, n);
    print_rate(rates.ratio, n);
    print_rate(rates.kruskal, n);
    print_rate(rates.bare, n);
    print_rate(rates.floored, n);
    /* What drifts through an experiment is no sample of one median. */
    bool is_bad = (setting->noise.drift == 0 && setting->min == setting->max &&
                   is_worse(rates.median, n, MISSED_MAX)) ||
                  is_worse(rates.ratio, n, RATIO_MISSED_MAX) ||
                  is_worse(rates.bare, n, FALSE_MAX) ||
                  is_worse(rates.floored, n, FALSE_MAX);
    puts(is_bad ? "  WORSE THAN ALLOWED" : "");
    fflush(stdout);
    return is_bad;
}

/* Each line has a seed of its own, from the first on. */
static int try_all(const struct noise *noise, uint64_t seed, size_t n)
{
    static const size_t cells[] = {2, 3, 6};
    static const size_t blocks[][2] = {{6, 6}, {10, 10}, {20, 20}, {6, BLOCKS_MAX}};
    int n_bad = 0;
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        for (size_t k = 0; k < sizeof blocks / sizeof *blocks; k++) {
            struct setting setting = {seed++, cells[i], blocks[k][0], blocks[k][1],
                                      *noise};
            int rc = try(&setting, n);
            if (rc < 0)
                return rc;
            n_bad += rc;
        }
    }
    return n_bad;
}

/* --- where noise comes from --- */

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Into noise->real, which the caller frees; sigma is their standard deviation. */
static int read_noise(const char *path, struct noise *noise)
{
    FILE *file = fopen(path, "r");
    double *values = calloc(NOISE_MAX, sizeof *values), sum = 0;
    if (!file || !values)
        goto out;
    while (noise->n_real < NOISE_MAX &&
           fscanf(file, "%lf", &values[noise->n_real]) == 1)
        noise->n_real++;
    if (noise->n_real == 0 || !tote_stats_is_finite(values, noise->n_real))
        goto out;
    qsort(values, noise->n_real, sizeof *values, compare_doubles);
    double median = tote_stats_median(values, noise->n_real);
    for (size_t i = 0; i < noise->n_real; i++) {
        values[i] = log(values[i] / median);
        sum += values[i] * values[i];
    }
    noise->sigma = sqrt(sum / (double)noise->n_real);
    noise->real = values;
    values = NULL;
out:
    free(values);
    if (file)
        fclose(file);
    return noise->real ? 0 : -EINVAL;
}

static int try_real(const char *path, size_t n)
{
    struct noise noise = {0};
    int rc = read_noise(path, &noise);
    if (rc == 0)
        rc = try_all(&noise, SEED, n);
    free(noise.real);
    return rc;
}

int main(int argc, char **argv)
{
    const char *soak = getenv("TOTE_SOAK");
    long n = (argc > 1 ? strtol(argv[1], NULL, 10) : 100) *
             (soak ? 10 * strtol(soak, NULL, 10) : 1);
    if (n <= 0)
        return EXIT_FAILURE;
    printf("%ld experiments a line, all cells alike; rates in %% with Wilson's 95 %% "
           "interval\ncells blocks mean sigma drift  median interval missed  "
           "ratio interval missed  Kruskal-Wallis p<.05  verdicts, floor 0  "
           "verdicts, A/A floor\n",
           n);
    if (argc > 2)
        return try_real(argv[2], (size_t)n) ? EXIT_FAILURE : EXIT_SUCCESS;
    static const struct noise noises[] = {{.sigma = 0.03},
                                          {.sigma = 0.12},
                                          {.sigma = 0.03, .drift = 0.06},
                                          {.sigma = 0.12, .drift = 0.12}};
    int n_bad = 0;
    for (size_t i = 0; i < sizeof noises / sizeof *noises; i++) {
        int rc = try_all(&noises[i], SEED + 100 * i, (size_t)n);
        if (rc < 0)
            return EXIT_FAILURE;
        n_bad += rc;
    }
    return n_bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
