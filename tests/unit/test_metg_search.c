/* SPDX-License-Identifier: MIT */
/* test_metg_search.c: which grains are measured for METG, with engines that are
 * formulas: what a task of some grain costs them is known, and so is their METG. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "experiment/metg.h"

#define ROWS_MAX     3
#define LAUNCHES_MAX 20000

/* --- the model --- */

struct model {
    double overheads[ROWS_MAX]; /* seconds a task, of each row */
    double noise;               /* the logarithm's standard deviation */
    const double *efficiencies; /* of row 0 by grain; null: from its overhead */
    double searches;            /* what the search sees is so many times as long */
    size_t dies_row;            /* from its launch dies_at on */
    size_t dies_at;
    size_t stops_at;  /* launch; 0: none */
    uint32_t slow_at; /* block in which both loops take longer; 0: none */
    uint64_t state;   /* of the noise */
    tote_ns_t now, launch_ns;
    uint64_t grains_us[TOTE_METG_GRAINS_MAX];
    size_t n_grains, n;
    struct tote_metg_launch launches[LAUNCHES_MAX];
};

static double uniform(struct model *model)
{
    uint64_t z = model->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return ((double)((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53;
}

static double noise(struct model *model)
{
    double a = uniform(model), b = uniform(model);
    return exp(model->noise * sqrt(-2 * log(a)) * cos(6.283185307179586 * b));
}

static double held_by(const struct model *model, const struct tote_metg_launch *launch)
{
    double grain = (double)model->grains_us[launch->grain] / 1e6;
    bool is_slow = launch->block > 0 && launch->block == model->slow_at;
    if (launch->what != TOTE_METG_ENGINE)
        return is_slow ? 1.5 * grain : grain;
    if (launch->row == 0 && model->efficiencies)
        return grain / model->efficiencies[launch->grain];
    double overhead = model->overheads[launch->row];
    if (is_slow)
        overhead *= 20;
    if (launch->block == 0 && model->searches > 0)
        overhead *= model->searches;
    return grain + overhead;
}

static int launch(void *context, const struct tote_metg_launch *launch,
                  double *ret_held_s, struct tote_error *err)
{
    struct model *model = context;
    assert_true(model->n < LAUNCHES_MAX);
    assert_true(launch->grain < model->n_grains);
    model->launches[model->n++] = *launch;
    model->now += model->launch_ns;
    if (model->n == model->stops_at)
        return TOTE_METG_STOPPED;
    if (model->dies_at > 0 && model->n >= model->dies_at &&
        launch->what == TOTE_METG_ENGINE && launch->row == model->dies_row) {
        tote_error_set(err, -EPIPE, "it died");
        return TOTE_METG_BROKEN;
    }
    *ret_held_s = held_by(model, launch) * (model->noise > 0 ? noise(model) : 1);
    return 0;
}

static tote_ns_t now(void *context)
{
    return ((struct model *)context)->now;
}

static const struct tote_metg_ops ops = {.launch = launch, .now = now};

static struct model *make(double overhead)
{
    struct model *model = calloc(1, sizeof *model);
    assert_non_null(model);
    for (size_t i = 0; i < ROWS_MAX; i++)
        model->overheads[i] = overhead;
    model->launch_ns = TOTE_NS_PER_S;
    model->n_grains = tote_metg_grains(1, 1000000, model->grains_us);
    return model;
}

static struct tote_metg_search search_of(struct model *model, size_t n_rows,
                                         uint32_t least, uint32_t most)
{
    return (struct tote_metg_search){
        .n_rows = n_rows,
        .n_grains = model->n_grains,
        .control = 20,
        .has_limit = true,
        .least = least,
        .most = most,
        .precision = 0.1,
        .budget_ns = 1000000 * TOTE_NS_PER_S,
        .order_seed = 5,
        .ops = &ops,
        .context = model,
    };
}

static int run(struct model *model, size_t n_rows, uint32_t least, uint32_t most,
               struct tote_metg_estimate *estimates, struct tote_error *err)
{
    struct tote_metg_search search = search_of(model, n_rows, least, most);
    return tote_metg_search(&search, estimates, err);
}

/* What the model's METG(x) is. */
static double true_metg(double overhead, double x)
{
    return overhead * x / (1 - x);
}

/* --- grains and tasks --- */

static void grains_are_five_to_a_decade(void **state)
{
    (void)state;
    static const uint64_t first[] = {1, 2, 3, 4, 6, 10, 16, 25, 40, 63, 100, 160, 250};
    uint64_t grains[TOTE_METG_GRAINS_MAX];
    assert_int_equal(tote_metg_grains(1, 1000000, grains), 31);
    assert_memory_equal(grains, first, sizeof first);
    assert_true(grains[30] == 1000000);
    assert_int_equal(tote_metg_grains(20, 100, grains), 4);
    assert_true(grains[0] == 25 && grains[3] == 100);
    assert_int_equal(tote_metg_grains(11, 15, grains), 0);
    assert_int_equal(tote_metg_grains(5, 4, grains), 0);
    size_t n = tote_metg_grains(1, UINT64_C(3600000000), grains);
    assert_true(n == 48 && grains[n - 1] == UINT64_C(2500000000));
}

static void tasks_fill_the_time_within_bounds(void **state)
{
    (void)state;
    static const struct tote_metg_amount some = {1, 8, 50000};
    assert_true(tote_metg_tasks(0.001, 0.001, 2, &some) == 1000);
    assert_true(tote_metg_tasks(0.003, 0, 4, &some) == 4 * 334);
    assert_true(tote_metg_tasks(1, 0, 2, &some) == 16);
    assert_true(tote_metg_tasks(1e-6, 0, 2, &some) == 100000);
    assert_true(tote_metg_tasks(0.001, -1, 1, &some) == 1000);
    assert_true(tote_metg_tasks(0.001, NAN, 1, &some) == 1000);
}

/* --- known answers --- */

static void random_overheads_are_found(void **state)
{
    (void)state;
    struct model *model = make(0);
    model->state = 1;
    for (int i = 0; i < 5000; i++) {
        struct tote_metg_estimate found[TOTE_METG_TARGETS];
        model->overheads[0] = 2e-6 * pow(10, 4 * uniform(model)); /* 2 us to 20 ms */
        model->n = 0;
        assert_int_equal(run(model, 1, 1, 1, found, NULL), TOTE_EXPERIMENT_DONE);
        for (int t = 0; t < TOTE_METG_TARGETS; t++) {
            double truth = true_metg(model->overheads[0], tote_metg_targets[t]);
            assert_int_equal(found[t].value.kind, TOTE_METG_AT);
            /* Between grains it is a straight line over ln grain: below 10 us they
             * stand apart by up to a factor of 2. */
            double far = truth > 1e-5 ? 0.035 : 0.06;
            assert_true(fabs(found[t].value.grain / truth - 1) < far);
        }
        /* Two bisections of at most 5 with a reference each; then one block. */
        assert_true(model->n <= 2 * (2 * 5) + 5 * 3 + 2);
    }
    free(model);
}

static void with_noise_it_is_right_within_its_interval(void **state)
{
    (void)state;
    enum { TRIALS = 200 };
    struct model *model = make(0);
    int missed = 0;
    model->noise = 0.04;
    model->state = 3;
    for (int i = 0; i < TRIALS; i++) {
        struct tote_metg_estimate found[TOTE_METG_TARGETS];
        model->overheads[0] = 2e-5 * pow(10, 3 * uniform(model));
        model->n = 0;
        int end = run(model, 1, 6, 12, found, NULL);
        assert_true(end == TOTE_EXPERIMENT_PRECISION || end == TOTE_EXPERIMENT_DONE);
        assert_true(found[0].n >= 6 && found[0].has_bounds);
        assert_true(fabs(found[0].value.grain / model->overheads[0] - 1) < 0.10);
        missed += !(found[0].low.grain <= model->overheads[0] * 1.01 &&
                    model->overheads[0] * 0.99 <= found[0].high.grain);
    }
    assert_true(missed < TRIALS / 7); /* of six blocks, as for any ratio: 6 to 12 % */
    free(model);
}

static void what_lies_beyond_the_grid_is_said_so(void **state)
{
    (void)state;
    struct tote_metg_estimate found[TOTE_METG_TARGETS];
    struct model *model = make(1e-8);
    assert_int_equal(run(model, 1, 6, 8, found, NULL), TOTE_EXPERIMENT_PRECISION);
    for (int t = 0; t < TOTE_METG_TARGETS; t++) {
        assert_int_equal(found[t].value.kind, TOTE_METG_BELOW);
        assert_true(found[t].value.grain == 1e-6);
        assert_int_equal(found[t].high.kind, TOTE_METG_BELOW);
    }
    model->overheads[0] = 30;
    model->n = 0;
    assert_int_equal(run(model, 1, 6, 8, found, NULL), TOTE_EXPERIMENT_PRECISION);
    assert_int_equal(found[0].value.kind, TOTE_METG_ABOVE);
    assert_true(found[0].value.grain == 1);
    free(model);
}

/* Of any curve the answer is a place where it rises through x, and none that was
 * measured lies below x above it. */
static void strange_curves_give_a_true_crossing(void **state)
{
    (void)state;
    double curve[TOTE_METG_GRAINS_MAX];
    struct model *model = make(0);
    model->efficiencies = curve;
    model->state = 7;
    for (int i = 0; i < 3000; i++) {
        struct tote_metg_estimate found[TOTE_METG_TARGETS];
        for (size_t g = 0; g < model->n_grains; g++)
            curve[g] = 0.001 + uniform(model);
        model->n = 0;
        assert_int_equal(run(model, 1, 1, 1, found, NULL), TOTE_EXPERIMENT_DONE);
        for (int t = 0; t < TOTE_METG_TARGETS; t++) {
            double x = tote_metg_targets[t];
            const struct tote_metg *metg = &found[t].value;
            for (size_t k = 0; k < model->n; k++) {
                const struct tote_metg_launch *one = &model->launches[k];
                bool is_run = one->what == TOTE_METG_ENGINE && one->block == 1;
                double grain = (double)model->grains_us[one->grain] / 1e6;
                if (is_run && metg->kind == TOTE_METG_AT && grain > metg->grain)
                    assert_true(curve[one->grain] >= x);
                if (is_run && metg->kind == TOTE_METG_BELOW)
                    assert_true(curve[one->grain] >= x);
            }
        }
    }
    free(model);
}

/* --- the blocks --- */

/* The search saw an engine 50 times as slow: the blocks find their way back. */
static void blocks_mend_what_the_search_saw(void **state)
{
    (void)state;
    static const double factors[] = {50, 0.02};
    for (int i = 0; i < 2; i++) {
        struct tote_metg_estimate found[TOTE_METG_TARGETS];
        struct model *model = make(1e-3);
        model->searches = factors[i];
        assert_int_equal(run(model, 1, 6, 40, found, NULL), TOTE_EXPERIMENT_PRECISION);
        assert_true(found[0].n >= 6);
        assert_true(fabs(found[0].value.grain / 1e-3 - 1) < 0.02);
        assert_true(fabs(found[1].value.grain / 19e-3 - 1) < 0.04);
        free(model);
    }
}

static size_t count(const struct model *model, uint32_t block,
                    const struct tote_metg_launch *what)
{
    size_t n = 0;
    for (size_t i = 0; i < model->n; i++) {
        const struct tote_metg_launch *one = &model->launches[i];
        n += one->block == block && one->what == what->what && one->row == what->row &&
             one->grain == what->grain;
    }
    return n;
}

static void a_block_has_each_once_with_its_reference(void **state)
{
    (void)state;
    struct model *model = make(1e-4);
    model->overheads[1] = 1e-3;
    assert_int_equal(run(model, 2, 6, 8, NULL, NULL), TOTE_EXPERIMENT_PRECISION);
    bool has_row[2] = {false, false}, is_mixed = false;
    for (size_t i = 0; i < model->n; i++) {
        struct tote_metg_launch one = model->launches[i];
        assert_int_equal(count(model, one.block, &one), 1);
        if (one.block == 0)
            continue;
        assert_true(i == 0 || model->launches[i - 1].block <= one.block);
        is_mixed |= model->launches[i - 1].block == one.block &&
                    model->launches[i - 1].grain > one.grain;
        struct tote_metg_launch serial = {TOTE_METG_SERIAL, 0, one.grain, one.block};
        struct tote_metg_launch limit = {TOTE_METG_LIMIT, 0, one.grain, one.block};
        assert_int_equal(count(model, one.block, &serial), 1);
        assert_int_equal(count(model, one.block, &limit), 1);
        if (one.what == TOTE_METG_ENGINE)
            has_row[one.row] = true;
    }
    assert_true(has_row[0] && has_row[1] && is_mixed);
    for (uint32_t block = 1; block <= 6; block++) {
        struct tote_metg_launch control = {TOTE_METG_SERIAL, 0, 20, block};
        struct tote_metg_launch finest = {TOTE_METG_ENGINE, 1, 0, block};
        assert_int_equal(count(model, block, &control), 1);
        assert_int_equal(count(model, block, &finest), 1);
    }
    free(model);
}

/* Both loops are slow in one block, the engine much slower: it must not count, and one
 * more is run for it. */
static void a_block_with_a_control_that_is_off_does_not_count(void **state)
{
    (void)state;
    struct tote_metg_estimate found[TOTE_METG_TARGETS];
    struct model *model = make(1e-3);
    model->slow_at = 3;
    assert_int_equal(run(model, 1, 6, 12, found, NULL), TOTE_EXPERIMENT_PRECISION);
    assert_true(found[0].n == 6);
    assert_int_equal(model->launches[model->n - 1].block, 7);
    assert_true(found[0].high.grain < 1.1e-3);
    free(model);
}

/* --- ends --- */

static void a_number_of_runs_is_kept(void **state)
{
    (void)state;
    struct tote_metg_estimate found[TOTE_METG_TARGETS];
    struct model *model = make(1e-3);
    struct tote_metg_search search = search_of(model, 1, 7, 7);
    search.precision = 0;
    assert_int_equal(tote_metg_search(&search, found, NULL), TOTE_EXPERIMENT_DONE);
    assert_int_equal(model->launches[model->n - 1].block, 7);
    assert_true(found[0].n == 7);
    free(model);
}

static void without_a_precision_it_goes_on(void **state)
{
    (void)state;
    struct model *model = make(1e-3);
    struct tote_metg_search search = search_of(model, 1, 6, 15);
    search.precision = 0;
    assert_int_equal(tote_metg_search(&search, NULL, NULL), TOTE_EXPERIMENT_DONE);
    assert_int_equal(model->launches[model->n - 1].block, 15);
    free(model);
}

static void the_budget_cuts_whole_blocks(void **state)
{
    (void)state;
    struct model *model = make(1e-3);
    model->noise = 0.5;
    struct tote_metg_search search = search_of(model, 1, 6, 100);
    search.budget_ns = 100 * TOTE_NS_PER_S;
    assert_int_equal(tote_metg_search(&search, NULL, NULL), TOTE_EXPERIMENT_BUDGET);
    assert_true(model->n <= 100 && model->n > 70);
    model->n = 0;
    search.budget_ns = 1; /* the first block is run all the same */
    assert_int_equal(tote_metg_search(&search, NULL, NULL), TOTE_EXPERIMENT_BUDGET);
    assert_int_equal(model->launches[model->n - 1].block, 1);
    free(model);
}

static void a_signal_ends_it_wherever_it_comes(void **state)
{
    (void)state;
    struct model *model = make(1e-3);
    assert_int_equal(run(model, 1, 6, 6, NULL, NULL), TOTE_EXPERIMENT_DONE);
    for (size_t at = 1, n = model->n; at <= n; at++) {
        model->n = 0;
        model->stops_at = at;
        assert_int_equal(run(model, 1, 6, 6, NULL, NULL), TOTE_EXPERIMENT_SIGNAL);
        assert_true(model->n == at);
    }
    free(model);
}

/* Wherever it dies, the other row is measured to its end. */
static void an_engine_that_dies_ends_its_row_alone(void **state)
{
    (void)state;
    for (size_t row = 0; row < 2; row++) {
        for (size_t at = 1; at < 100; at += 7) {
            struct tote_metg_estimate found[2 * TOTE_METG_TARGETS];
            struct tote_error err = {0};
            struct model *model = make(1e-3);
            model->dies_row = row;
            model->dies_at = at;
            assert_int_equal(run(model, 2, 6, 6, found, &err), TOTE_EXPERIMENT_ENGINE);
            assert_string_equal(err.text, "it died");
            assert_true(found[(1 - row) * TOTE_METG_TARGETS].n == 6);
            size_t after = 0;
            for (size_t i = at - 1; i < model->n; i++)
                after += model->launches[i].what == TOTE_METG_ENGINE &&
                         model->launches[i].row == row;
            assert_true(after == 1);
            free(model);
        }
    }
}

static void if_all_die_it_is_over(void **state)
{
    (void)state;
    struct tote_error err = {0};
    struct model *model = make(1e-3);
    model->dies_at = 1;
    assert_int_equal(run(model, 1, 6, 6, NULL, &err), TOTE_EXPERIMENT_ENGINE);
    assert_int_equal(model->n, 2); /* a reference, and the engine */
    free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grains_are_five_to_a_decade),
        cmocka_unit_test(tasks_fill_the_time_within_bounds),
        cmocka_unit_test(random_overheads_are_found),
        cmocka_unit_test(with_noise_it_is_right_within_its_interval),
        cmocka_unit_test(what_lies_beyond_the_grid_is_said_so),
        cmocka_unit_test(strange_curves_give_a_true_crossing),
        cmocka_unit_test(blocks_mend_what_the_search_saw),
        cmocka_unit_test(a_block_has_each_once_with_its_reference),
        cmocka_unit_test(a_block_with_a_control_that_is_off_does_not_count),
        cmocka_unit_test(a_number_of_runs_is_kept),
        cmocka_unit_test(without_a_precision_it_goes_on),
        cmocka_unit_test(the_budget_cuts_whole_blocks),
        cmocka_unit_test(a_signal_ends_it_wherever_it_comes),
        cmocka_unit_test(an_engine_that_dies_ends_its_row_alone),
        cmocka_unit_test(if_all_die_it_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
