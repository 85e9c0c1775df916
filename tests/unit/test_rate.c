/* SPDX-License-Identifier: MIT */
/* test_rate.c: how fast results come, and when the rest will have come. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/rate.h"

static void nothing_is_known_at_first(void **state)
{
    (void)state;
    struct tote_rate rate = {.n = 0};
    assert_true(tote_rate_per_s(&rate) == 0);
    assert_false(tote_rate_left(&rate, 5).is_known);
    assert_true(tote_rate_left(&rate, 0).is_known);
    tote_rate_note(&rate, TOTE_NS_PER_S / 10, 0);
    assert_false(tote_rate_left(&rate, 5).is_known);
}

/* As steady as can be: the range is the value itself. */
static void a_steady_rate_has_a_narrow_range(void **state)
{
    (void)state;
    struct tote_rate rate = {.n = 0};
    for (int i = 0; i <= 200; i++) /* 100 tasks/s, told every 100 ms */
        tote_rate_note(&rate, i * TOTE_NS_PER_S / 10, (uint64_t)i * 10);
    assert_true(fabs(tote_rate_per_s(&rate) - 100) < 1e-9);
    struct tote_rate_left left = tote_rate_left(&rate, 5000);
    assert_true(left.is_known && left.has_range);
    assert_true(fabs(left.s - 50) < 1e-9 && fabs(left.low_s - 50) < 1e-9 &&
                fabs(left.high_s - 50) < 1e-9);
}

static void an_uneven_rate_has_a_wide_range(void **state)
{
    (void)state;
    struct tote_rate rate = {.n = 0};
    uint64_t count = 0;
    for (int i = 0; i <= 12; i++) {
        tote_rate_note(&rate, i * TOTE_NS_PER_S, count);
        count += i % 2 ? 150 : 50;
    }
    struct tote_rate_left left = tote_rate_left(&rate, 1000);
    assert_true(left.has_range && left.low_s < left.s && left.s < left.high_s);
    assert_true(left.low_s > 5 && left.high_s < 20);
}

static void old_windows_are_forgotten(void **state)
{
    (void)state;
    struct tote_rate rate = {.n = 0};
    for (int i = 0; i <= 10; i++)
        tote_rate_note(&rate, i * TOTE_NS_PER_S, (uint64_t)i * 1000);
    for (int i = 11; i <= 40; i++)
        tote_rate_note(&rate, i * TOTE_NS_PER_S, 10000 + (uint64_t)(i - 10) * 10);
    assert_true(fabs(tote_rate_per_s(&rate) - 10) < 1e-9);
    assert_int_equal(rate.n, TOTE_RATE_WINDOWS + 1);
}

/* After an hour windows are near a minute: a pause of a second does not matter. */
static void windows_grow_with_the_run(void **state)
{
    (void)state;
    struct tote_rate rate = {.n = 0};
    for (int i = 0; i <= 3600; i++)
        tote_rate_note(&rate, i * TOTE_NS_PER_S, (uint64_t)i);
    const struct tote_rate_mark *last = &rate.marks[rate.n - 1];
    assert_true(last->at_ns - last[-1].at_ns > 50 * TOTE_NS_PER_S);
}

/* Nothing comes any more, then: far away, but a number. */
static void a_standstill_is_no_division_by_zero(void **state)
{
    (void)state;
    struct tote_rate rate = {.n = 0};
    for (int i = 0; i <= 5; i++)
        tote_rate_note(&rate, i * TOTE_NS_PER_S, i < 1 ? 0 : 100);
    struct tote_rate_left left = tote_rate_left(&rate, 100);
    assert_true(left.is_known && isfinite(left.high_s) && left.high_s >= left.s);
    for (int i = 6; i <= 60; i++)
        tote_rate_note(&rate, i * TOTE_NS_PER_S, 100);
    assert_false(tote_rate_left(&rate, 100).is_known);
}

static void times_are_short(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } rows[] = {{0, "0 s"},       {0.6, "1 s"},        {59.4, "59 s"},
                {59.6, "1m00s"},  {125, "2m05s"},      {3600, "1h00m"},
                {90000, "1d01h"}, {1e300, "11574d01h"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[24];
        tote_rate_text(rows[i].seconds, text);
        assert_string_equal(text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_at_first),
        cmocka_unit_test(a_steady_rate_has_a_narrow_range),
        cmocka_unit_test(an_uneven_rate_has_a_wide_range),
        cmocka_unit_test(old_windows_are_forgotten),
        cmocka_unit_test(windows_grow_with_the_run),
        cmocka_unit_test(a_standstill_is_no_division_by_zero),
        cmocka_unit_test(times_are_short),
    };
    return cmocka_run_group_tests_name("rate", tests, NULL, NULL);
}
