/* SPDX-License-Identifier: MIT */
/* test_price.c: prices from a command line and from a file. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/price.h"

static void write_file(const char *text, char path[static 32])
{
    memcpy(path, "/tmp/tote-test-price-XXXXXX", 28);
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static void nothing_given_is_no_price(void **state)
{
    (void)state;
    struct tote_price price;
    struct tote_error err = {0};
    bool has = true;
    assert_int_equal(tote_price_read("", NULL, &price, &has, &err), 0);
    assert_false(has);
}

static void a_text_gives_prices(void **state)
{
    (void)state;
    struct tote_price price;
    struct tote_error err = {0};
    bool has = false;
    assert_int_equal(
        tote_price_read("cpu-hour=0.04,currency=EUR", "", &price, &has, &err), 0);
    assert_true(has && price.cpu_hour == 0.04 && isnan(price.gb_hour));
    assert_string_equal(price.currency, "EUR");
}

static void the_text_wins_over_the_file(void **state)
{
    (void)state;
    char path[32];
    struct tote_price price;
    struct tote_error err = {0};
    bool has = false;
    write_file("cpu-hour: 1\ngb-hour: 0.5\ncurrency: CHF\n", path);
    assert_int_equal(tote_price_read(NULL, path, &price, &has, &err), 0);
    assert_true(has && price.cpu_hour == 1 && price.gb_hour == 0.5);
    assert_string_equal(price.currency, "CHF");
    assert_int_equal(tote_price_read("cpu-hour=2", path, &price, &has, &err), 0);
    assert_true(price.cpu_hour == 2 && price.gb_hour == 0.5);
    assert_string_equal(price.currency, "CHF");
    assert_int_equal(tote_price_read("gb-hour=3", path, &price, &has, &err), 0);
    assert_true(price.cpu_hour == 1 && price.gb_hour == 3);
    unlink(path);
}

static void a_wrong_text_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"cpu-hour", "--price"},
        {"cpu-hour=-1", "--price"},
        {"cpu-hour=inf", "--price"},
        {"cpu-hour=1,cpu-hour=2", "--price"},
        {"cpu-hours=1", "did you mean 'cpu-hour'?"},
        {"currency=EUR", "names no price"},
        {"cpu-hour=1,currency=E\x1bR", "a currency is a word"},
        {"cpu-hour=1,currency=sixteen-letters-x", "a currency is a word"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tote_price price;
        struct tote_error err = {0};
        bool has;
        assert_int_equal(tote_price_read(cases[i].text, NULL, &price, &has, &err),
                         -EINVAL);
        if (!strstr(err.text, cases[i].why))
            fail_msg("%s: %s", cases[i].text, err.text);
    }
}

static void a_wrong_file_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"cpu-hour: [", ":1:"},
        {"cpu-hour: dear\n", ":1:11"},
        {"\nwine: 3\n", ":2:1: unknown option 'wine'"},
        {"currency: EUR\n", "names no price"},
        {"", "/tmp/tote-test-price-"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[32];
        struct tote_price price;
        struct tote_error err = {0};
        bool has;
        write_file(cases[i].text, path);
        int rc = tote_price_read(NULL, path, &price, &has, &err);
        unlink(path);
        assert_int_equal(rc, -EINVAL);
        if (!strstr(err.text, cases[i].why))
            fail_msg("%s: %s", cases[i].text, err.text);
    }
    struct tote_price price;
    struct tote_error err = {0};
    bool has;
    assert_int_equal(tote_price_read(NULL, "/proc/no/such", &price, &has, &err),
                     -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_given_is_no_price),
        cmocka_unit_test(a_text_gives_prices),
        cmocka_unit_test(the_text_wins_over_the_file),
        cmocka_unit_test(a_wrong_text_is_refused),
        cmocka_unit_test(a_wrong_file_is_refused),
    };
    return cmocka_run_group_tests_name("price", tests, NULL, NULL);
}
