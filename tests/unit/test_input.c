/* SPDX-License-Identifier: MIT */
/* test_input.c: inputs against values that NumPy 1.24 printed; tests/e2e/test_task.py
 * holds many more against the NumPy that is installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "task/input.h"

static void as_numpy(void **state)
{
    (void)state;
    static const struct {
        uint64_t seed, task;
        float values[19];
        size_t n;
    } cases[] = {
        {7,
         40,
         {0x1.8e9eeep-1f, 0x1.14f98p-1f, 0x1.12dc46p-1f, 0x1.951e56p-1f, 0x1.a5d264p-2f,
          0x1.f48a9ep-1f, 0x1.94a724p-1f, 0x1.85c6acp-2f, 0x1.f1ad64p-1f,
          0x1.fd8326p-1f, 0x1.ae142p-4f, 0x1.d40984p-2f, 0x1.81a446p-1f, 0x1.8b5a18p-3f,
          0x1.b2b1fp-2f, 0x1.edda1p-2f, 0x1.ba37ecp-2f, 0x1.6fb36cp-1f, 0x1.9d424p-4f},
         19},
        {1,
         0,
         {0x1.d58a08p-2f, 0x1.36da88p-2f, 0x1.757c1cp-1f, 0x1.b289f4p-1f,
          0x1.dc1834p-2f, 0x1.3fc39p-3f, 0x1.a81208p-2f, 0x1.fda5cp-6f},
         8},
        {INT64_MAX,
         UINT64_C(1) << 53,
         {0x1.99803ep-1f, 0x1.3ef988p-2f, 0x1.e3b8aep-1f, 0x1.f4d8e6p-1f,
          0x1.7a93ecp-1f},
         5},
        {0, 0, {0x1.1c9bp-5f, 0x1.7a5dp-7f, 0x1.39518ap-1f}, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        float values[19];
        tote_input_make(cases[i].seed, cases[i].task, values, cases[i].n);
        assert_memory_equal(values, cases[i].values, cases[i].n * sizeof(float));
    }
}

static void shorter_is_a_prefix_and_nothing_is_overrun(void **state)
{
    (void)state;
    float all[100], some[101];
    tote_input_make(3, 9, all, 100);
    for (size_t n = 0; n <= 100; n++) {
        for (size_t i = 0; i < 101; i++)
            some[i] = -1;
        tote_input_make(3, 9, some, n);
        assert_memory_equal(some, all, n * sizeof(float));
        assert_true(some[n] == -1);
    }
}

static void within_zero_and_one(void **state)
{
    (void)state;
    static float values[10000];
    double sum = 0;
    tote_input_make(1, 2, values, 10000);
    for (size_t i = 0; i < 10000; i++) {
        assert_true(values[i] >= 0 && values[i] < 1);
        sum += (double)values[i];
    }
    assert_true(sum > 4850 && sum < 5150); /* five standard deviations */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_numpy),
        cmocka_unit_test(shorter_is_a_prefix_and_nothing_is_overrun),
        cmocka_unit_test(within_zero_and_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
