/* SPDX-License-Identifier: MIT */
/* test_task.c: the task runner, the serve conversation and the limit's loop. What
 * kernels make is in tests/contract/kernel.c and tests/e2e/test_task.py. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/digest.h"
#include "task/limit.h"
#include "task/serve.h"
#include "tote/limits.h"
#include "tote/task.h"

static struct tote_task *open_task(const char *kernel, uint64_t size, unsigned flags)
{
    struct tote_error err = {0};
    struct tote_task *task = NULL;
    if (tote_task_open(kernel, size, 1, flags, &task, &err) < 0)
        fail_msg("%s", err.text);
    return task;
}

static void open_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *kernel;
        uint64_t size;
        const char *words;
    } cases[] = {
        {"zpf", 1, "unknown kernel 'zpf'; did you mean 'zfp'?"},
        {"quantum", 1, "unknown kernel 'quantum'; the kernels are: zfp, zlib, noop,"},
        {"", 1, "has no name"},
        {":us=1", 1, "has no name"},
        {"zfp:acuracy=1", 1,
         "kernel zfp: unknown option 'acuracy'; did you mean 'accuracy'?"},
        {"zfp:accuracy=0", 1, "kernel zfp: zfp takes no accuracy of 0"},
        {"zfp:accuracy=-1e-3", 1, "zfp takes no accuracy of -0.001"},
        {"zfp:accuracy=nan", 1, "takes a number"},
        {"zfp:accuracy=inf", 1, "takes a number"},
        {"zfp:accuracy=1,rate=8", 1, "exclude each other"},
        {"zfp:precision=8,reversible=yes", 1, "exclude each other"},
        {"zfp:rate=1", 1, "from 2.25 to 64"},
        {"zfp:precision=33", 1, "from 1 to 32"},
        {"zfp:header=short", 1, "one of full, none"},
        {"zlib:level=10", 1, "from 0 to 9"},
        {"noop:us=1", 1, "there are no options"},
        {"spin:us=-1", 1, "kernel spin: option 'us'"},
        {"zfp", TOTE_KERNEL_SIZE_MAX + 1, "is more than 268435456 values"},
        {"noop", UINT64_MAX, "is more than"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tote_error err = {0};
        struct tote_task *task = NULL;
        int failed = tote_task_open(cases[i].kernel, cases[i].size, 1, 0, &task, &err);
        if (failed != -EINVAL || task || !strstr(err.text, cases[i].words))
            fail_msg("'%s' gave %d: %s", cases[i].kernel, failed, err.text);
    }
    char large[2 * TOTE_KERNEL_SPEC_MAX];
    memset(large, 'z', sizeof large);
    large[sizeof large - 1] = '\0';
    struct tote_task *task = NULL;
    assert_int_equal(tote_task_open(large, 1, 1, 0, &task, NULL), -EINVAL);
    tote_task_close(NULL);
}

static void records_tell_the_truth(void **state)
{
    (void)state;
    struct tote_task *task = open_task("zlib", 1000, TOTE_TASK_VERIFY);
    tote_ns_t before = tote_clock_monotonic();
    struct tote_record record;
    struct tote_span input, output;
    tote_task_run_one(task, 5, 3, &record, &input, &output, NULL);
    assert_true(record.start_ns >= before && record.end_ns >= record.start_ns &&
                record.end_ns <= tote_clock_monotonic());
    assert_true(record.cpu_ns > 0);
    assert_true(record.task == 5 && record.attempt == 3 && record.bytes_in == 4000);
    assert_true(input.size == 4000 && output.size == record.bytes_out);
    struct tote_digest digest = tote_digest_of(output.data, output.size);
    assert_memory_equal(&digest, &record.digest, sizeof digest);
    tote_task_close(task);
}

static void run_refuses(void **state)
{
    (void)state;
    struct tote_task *task = open_task("noop", 0, 0);
    char lines[2 * TOTE_RECORD_MAX];
    assert_int_equal(tote_task_run(task, 0, 0, 1, lines, 0, NULL), 0);
    assert_int_equal(tote_task_run(task, 0, 3, 1, lines, sizeof lines, NULL), -ENOSPC);
    assert_int_equal(tote_task_run(task, 0, TOTE_BAG_MAX, 1, lines, sizeof lines, NULL),
                     -ENOSPC);
    assert_int_equal(tote_task_run(task, 0, 1, 0, lines, sizeof lines, NULL), -EINVAL);
    assert_int_equal(tote_task_run(task, TOTE_BAG_MAX, 1, 1, lines, sizeof lines, NULL),
                     -EINVAL);
    assert_int_equal(tote_task_run(task, UINT64_MAX, 2, 1, lines, sizeof lines, NULL),
                     -EINVAL);
    assert_true(tote_task_run(task, TOTE_BAG_MAX - 1, 1, 1, lines, sizeof lines, NULL) >
                0);
    tote_task_close(task);
}

static enum tote_outcome outcome_of(struct tote_task *task, uint64_t index,
                                    uint32_t attempt, struct tote_error *why)
{
    struct tote_record record;
    tote_task_run_one(task, index, attempt, &record, NULL, NULL, why);
    if (record.outcome != TOTE_OUTCOME_OK)
        assert_true(record.digest.high == 0 && record.digest.low == 0);
    return record.outcome;
}

static void a_failed_task_is_data(void **state)
{
    (void)state;
    struct tote_error why = {0};
    struct tote_task *task = open_task("fault:fail=2,wrong=3,attempts=1", 0, 1);
    assert_int_equal(outcome_of(task, 1, 1, NULL), TOTE_OUTCOME_OK);
    assert_int_equal(outcome_of(task, 2, 1, &why), TOTE_OUTCOME_FAILED);
    assert_string_equal(why.text, "task 2 fails as it was told to");
    assert_int_equal(outcome_of(task, 3, 1, NULL), TOTE_OUTCOME_WRONG);
    assert_int_equal(outcome_of(task, 2, 2, NULL), TOTE_OUTCOME_OK);
    assert_int_equal(outcome_of(task, 3, 2, NULL), TOTE_OUTCOME_OK);
    tote_task_close(task);
    task = open_task("fault:wrong=3", 0, 0); /* nobody looks */
    assert_int_equal(outcome_of(task, 3, 9, NULL), TOTE_OUTCOME_OK);
    tote_task_close(task);
}

static void spin_and_sleep_last(void **state)
{
    (void)state;
    struct tote_record record;
    struct tote_task *task = open_task("spin:us=2000", 0, 0);
    tote_task_run_one(task, 0, 1, &record, NULL, NULL, NULL);
    assert_true(record.cpu_ns >= 2000000);
    tote_task_close(task);
    task = open_task("sleep:us=2000", 0, 0);
    tote_task_run_one(task, 0, 1, &record, NULL, NULL, NULL);
    assert_true(record.end_ns - record.start_ns >= 2000000);
    assert_true(record.cpu_ns < 2000000);
    tote_task_close(task);
}

/* --- serve --- */

static ssize_t run_of_task(void *context, uint64_t first, uint64_t count,
                           uint32_t attempt, char *lines, size_t capacity,
                           struct tote_error *err)
{
    return tote_task_run(context, first, count, attempt, lines, capacity, err);
}

/* Gives text to serve through a pipe and returns what it answers; both fit a pipe. */
static int converse(const char *text, char *answer, size_t size, struct tote_error *err)
{
    int in[2], out[2];
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    assert_int_equal(write(in[1], text, strlen(text)), strlen(text));
    close(in[1]);
    struct tote_task *task = open_task("noop", 0, 0);
    const struct tote_server server = {.run = run_of_task, .context = task};
    int failed = tote_serve(&server, in[0], out[1], err);
    tote_task_close(task);
    close(in[0]);
    close(out[1]);
    size_t used = 0;
    ssize_t n;
    while ((n = read(out[0], answer + used, size - 1 - used)) > 0)
        used += (size_t)n;
    answer[used] = '\0';
    close(out[0]);
    return failed;
}

static size_t count_lines(const char *text)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static void serve_answers_in_order(void **state)
{
    (void)state;
    char answer[65536];
    struct tote_error err = {0};
    assert_int_equal(converse("", answer, sizeof answer, &err), 0);
    assert_string_equal(answer, "");
    assert_int_equal(
        converse("40 2 1\n7 0 1\n1 1 4294967295\n", answer, sizeof answer, &err), 0);
    assert_int_equal(count_lines(answer), 6);
    assert_memory_equal(answer, "40 1 ", 5);
    assert_non_null(strstr(answer, "\n41 1 "));
    assert_non_null(strstr(answer, " ok\n\n\n1 4294967295 "));
    assert_memory_equal(answer + strlen(answer) - 5, " ok\n\n", 5);
}

static void serve_takes_many_requests_at_once(void **state)
{
    (void)state;
    char answer[200000], text[8000] = "";
    size_t used = 0;
    for (int i = 0; i < 500; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%d 1 1\n", i * 1000);
    assert_int_equal(converse(text, answer, 65536, NULL), 0);
    assert_int_equal(count_lines(answer), 1000);
}

static void serve_refuses(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "\n",
        "x\n",
        "1\n",
        "1 1\n",
        "1 1 \n",
        "1 1 0\n",
        "1 1 1 1\n",
        "1 4097 1\n",
        "-1 1 1\n",
        "1 1 1\r\n",
        "1  1 1\n",
        " 1 1 1\n",
        "1 1 1",
        "1 1 4294967296\n",
        "1099511627777 1 1\n",
        "1099511627776 1 1\n",
        "99999999999999999999999999999999 1 1\n",
        "0000000000000000000000000000000000000000000000000000000000000000000 1 1\n",
        "0000000000000000000000000000000000000000000000000000000000000000000",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char answer[1000], text[200];
        struct tote_error err = {0};
        snprintf(text, sizeof text, "5 1 1\n%s", lines[i]);
        int failed = converse(text, answer, sizeof answer, &err);
        if (failed >= 0 || !err.text[0])
            fail_msg("accepted: %s", lines[i]);
        assert_int_equal(count_lines(answer),
                         2); /* the good one before it was answered */
    }
}

static void serve_ends_quietly_without_a_reader(void **state)
{
    (void)state;
    int in[2], out[2];
    struct tote_error err = {0};
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(in), 0);
    assert_int_equal(pipe(out), 0);
    close(out[0]);
    assert_int_equal(write(in[1], "0 1 1\n", 6), 6);
    struct tote_task *task = open_task("noop", 0, 0);
    const struct tote_server server = {.run = run_of_task, .context = task};
    assert_int_equal(tote_serve(&server, in[0], out[1], &err), -EPIPE);
    assert_string_equal(err.text, "");
    tote_task_close(task);
    close(in[0]);
    close(in[1]);
    close(out[1]);
}

/* --- limit --- */

static void limit_has_the_bag_digest(void **state)
{
    (void)state;
    struct tote_bag_digest *bag = tote_bag_digest_create();
    struct tote_task *task = open_task("zlib", 100, 0);
    for (uint64_t i = 30; i < 80; i++) {
        struct tote_record record;
        tote_task_run_one(task, i, 1, &record, NULL, NULL, NULL);
        tote_bag_digest_add(bag, &record.digest);
    }
    tote_task_close(task);
    struct tote_digest expected = tote_bag_digest_get(bag);
    tote_bag_digest_destroy(bag);
    for (unsigned threads = 1; threads <= 8; threads++) {
        struct tote_limit_order order = {.kernel = "zlib",
                                         .size = 100,
                                         .seed = 1,
                                         .first = 30,
                                         .count = 50,
                                         .threads = threads};
        struct tote_limit_result result;
        assert_int_equal(tote_limit_run(&order, &result, NULL), 0);
        assert_memory_equal(&result.digest, &expected, sizeof expected);
        assert_true(result.wall_ns > 0 && !result.failed && !result.wrong);
    }
}

static void limit_of_nothing_and_of_faults(void **state)
{
    (void)state;
    struct tote_limit_result result;
    struct tote_error err = {0};
    struct tote_limit_order order = {
        .kernel = "fault:fail=1,wrong=2", .threads = 2, .flags = TOTE_TASK_VERIFY};
    assert_int_equal(tote_limit_run(&order, &result, &err), 0);
    assert_true(result.failed == 0 && result.wall_ns >= 0);
    order.count = 4;
    assert_int_equal(tote_limit_run(&order, &result, &err), 0);
    assert_true(result.failed == 1 && result.wrong == 1);
    order.kernel = "fault:fial=1";
    assert_int_equal(tote_limit_run(&order, &result, &err), -EINVAL);
    assert_string_equal(err.text,
                        "kernel fault: unknown option 'fial'; did you mean 'fail'?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_refuses),
        cmocka_unit_test(records_tell_the_truth),
        cmocka_unit_test(run_refuses),
        cmocka_unit_test(a_failed_task_is_data),
        cmocka_unit_test(spin_and_sleep_last),
        cmocka_unit_test(serve_answers_in_order),
        cmocka_unit_test(serve_takes_many_requests_at_once),
        cmocka_unit_test(serve_refuses),
        cmocka_unit_test(serve_ends_quietly_without_a_reader),
        cmocka_unit_test(limit_has_the_bag_digest),
        cmocka_unit_test(limit_of_nothing_and_of_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
