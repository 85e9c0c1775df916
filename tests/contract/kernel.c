/* SPDX-License-Identifier: MIT */
/* kernel.c: the contract of kernel.h, one body, run once per kernel: `kernel SPEC`,
 * with SPEC as tote-task takes it. What a kernel makes is known to
 * tests/e2e/test_task.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "task/input.h"
#include "tote/kernel.h"
#include "tote/task.h"

static const char *spec;

static const uint64_t sizes[] = {0, 1, 2, 3, 4, 5, 63, 64, 65, 1000, 4099};

enum { N_SIZES = sizeof sizes / sizeof sizes[0], GUARD = 64, FILL = 0x5A };

/* A kernel opened by hand, so that what it writes past its bound shows. */
struct bench {
    const struct tote_kernel *kernel;
    void *state;
    float *values;
    struct tote_span in;
    struct tote_buffer out;
};

static void bench_open(struct bench *bench, uint64_t size)
{
    char name[64];
    const char *options;
    struct tote_error err = {0};
    assert_int_equal(tote_options_split(spec, name, sizeof name, &options, &err), 0);
    *bench = (struct bench){.kernel = tote_kernel_find(name)};
    const struct tote_kernel *kernel = bench->kernel;
    assert_non_null(kernel);
    bench->state = calloc(1, kernel->state_size + 1);
    if (tote_options_parse(kernel->options, kernel->n_options, options, bench->state,
                           &err))
        fail_msg("%s", err.text);
    if (kernel->open && kernel->open(bench->state, size, &err) < 0)
        fail_msg("%s", err.text);
    size_t n = kernel->reads_input ? (size_t)size : 0;
    bench->values = malloc(n * sizeof(float) + 1);
    bench->in = (struct tote_span){bench->values, n * sizeof(float)};
    bench->out.capacity = kernel->bound(bench->state, size);
    bench->out.data = malloc(bench->out.capacity + GUARD);
    memset(bench->out.data, FILL, bench->out.capacity + GUARD);
}

static void bench_close(struct bench *bench)
{
    if (bench->kernel->close)
        bench->kernel->close(bench->state);
    free(bench->state);
    free(bench->values);
    free(bench->out.data);
}

static void bench_run(struct bench *bench, uint64_t task)
{
    struct tote_error err = {0};
    struct tote_task_id id = {.seed = 5, .task = task, .attempt = 1};
    tote_input_make(5, task, bench->values, bench->in.size / sizeof(float));
    if (bench->kernel->run(bench->state, &id, bench->in, &bench->out, &err) < 0)
        fail_msg("run: %s", err.text);
}

static int bench_verify(struct bench *bench, struct tote_error *err)
{
    struct tote_span out = {bench->out.data, bench->out.size};
    return bench->kernel->verify
               ? bench->kernel->verify(bench->state, bench->in, out, err)
               : 0;
}

static void keeps_within_its_bound(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SIZES; i++) {
        struct bench bench;
        bench_open(&bench, sizes[i]);
        bench_run(&bench, i);
        assert_true(bench.out.size <= bench.out.capacity);
        const unsigned char *end = (unsigned char *)bench.out.data + bench.out.capacity;
        for (size_t j = 0; j < GUARD; j++)
            assert_int_equal(end[j], FILL);
        bench_close(&bench);
    }
}

static void leaves_its_input_alone(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 1000);
    bench_run(&bench, 3);
    float again[1000];
    tote_input_make(5, 3, again, 1000);
    assert_memory_equal(bench.values, again, bench.in.size);
    bench_close(&bench);
}

/* In one handle, after another task, and in a fresh one: the same bytes. */
static void same_task_same_bytes(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SIZES; i++) {
        struct bench one, two;
        bench_open(&one, sizes[i]);
        bench_open(&two, sizes[i]);
        bench_run(&one, 1);
        bench_run(&two, 2);
        bench_run(&two, 1);
        assert_int_equal(one.out.size, two.out.size);
        assert_memory_equal(one.out.data, two.out.data, one.out.size);
        bench_close(&one);
        bench_close(&two);
    }
}

static void verify_accepts_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SIZES; i++) {
        struct bench bench;
        bench_open(&bench, sizes[i]);
        for (uint64_t task = 0; task < 20; task++) {
            struct tote_error err = {0};
            bench_run(&bench, task);
            if (bench_verify(&bench, &err) < 0)
                fail_msg("size %llu task %llu: %s", (unsigned long long)sizes[i],
                         (unsigned long long)task, err.text);
        }
        bench_close(&bench);
    }
}

/* Another task's output, a cut one, a longer one. Outputs that are always empty cannot
 * be told apart and are left out. */
static void verify_refuses_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SIZES; i++) {
        struct bench bench;
        bench_open(&bench, sizes[i]);
        bench_run(&bench, 1);
        bool told_apart = bench.kernel->verify && bench.out.size > 0 && sizes[i] >= 63;
        size_t whole = bench.out.size;
        if (told_apart) {
            tote_input_make(5, 2, bench.values, (size_t)sizes[i]);
            assert_int_not_equal(bench_verify(&bench, NULL), 0);
            tote_input_make(5, 1, bench.values, (size_t)sizes[i]);
            bench.out.size = 0;
            assert_int_not_equal(bench_verify(&bench, NULL), 0);
            bench.out.size = whole - whole / 4;
            assert_int_not_equal(bench_verify(&bench, NULL), 0);
            bench.out.size = whole;
            assert_int_equal(bench_verify(&bench, NULL), 0);
            bench.out.size = bench.out.capacity + GUARD;
            assert_int_not_equal(bench_verify(&bench, NULL), 0);
        }
        bench_close(&bench);
    }
}

/* Every bit of a small output, turned: no crash (sanitizers look on); and of all those
 * changes most are found. Not all can be: a low bit may stay within a tolerance. */
static void verify_meets_damage(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 65);
    bench_run(&bench, 1);
    unsigned char *bytes = bench.out.data;
    size_t n = bench.kernel->verify ? bench.out.size * 8 : 0, n_found = 0;
    for (size_t i = 0; i < n; i++) {
        bytes[i / 8] ^= (unsigned char)(1 << i % 8);
        n_found += bench_verify(&bench, NULL) != 0;
        bytes[i / 8] ^= (unsigned char)(1 << i % 8);
    }
    assert_true(n_found * 2 >= n);
    assert_int_equal(bench_verify(&bench, NULL), 0);
    bench_close(&bench);
}

/* The same kernel through the runner: records say what happened. */
static void runs_as_a_task(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SIZES; i++) {
        struct tote_error err = {0};
        struct tote_task *task = NULL;
        if (tote_task_open(spec, sizes[i], 5, TOTE_TASK_VERIFY, &task, &err) < 0)
            fail_msg("%s", err.text);
        char lines[3 * TOTE_RECORD_MAX];
        ssize_t n = tote_task_run(task, 7, 3, 2, lines, sizeof lines, &err);
        assert_true(n > 0);
        const char *line = lines;
        for (uint64_t index = 7; index < 10; index++) {
            const char *end = memchr(line, '\n', (size_t)(lines + n - line));
            struct tote_record record;
            assert_non_null(end);
            assert_int_equal(tote_record_parse(line, (size_t)(end + 1 - line), &record),
                             0);
            assert_true(record.task == index && record.attempt == 2);
            assert_int_equal(record.outcome, TOTE_OUTCOME_OK);
            line = end + 1;
        }
        assert_ptr_equal(line, lines + n);
        tote_task_close(task);
    }
}

/* A state whose open failed or was never called can be closed. */
static void closes_a_state_that_never_opened(void **state)
{
    (void)state;
    struct bench bench;
    bench_open(&bench, 0);
    void *never = calloc(1, bench.kernel->state_size + 1);
    if (bench.kernel->close)
        bench.kernel->close(never);
    free(never);
    bench_close(&bench);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: kernel SPEC\n");
        return 2;
    }
    spec = argv[1];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_within_its_bound),
        cmocka_unit_test(leaves_its_input_alone),
        cmocka_unit_test(same_task_same_bytes),
        cmocka_unit_test(verify_accepts_its_own),
        cmocka_unit_test(verify_refuses_others),
        cmocka_unit_test(verify_meets_damage),
        cmocka_unit_test(runs_as_a_task),
        cmocka_unit_test(closes_a_state_that_never_opened),
    };
    return cmocka_run_group_tests_name(spec, tests, NULL, NULL);
}
