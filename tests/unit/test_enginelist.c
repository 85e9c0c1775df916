/* SPDX-License-Identifier: MIT */
/* test_enginelist.c: lists of engines, whose options have commas too. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/enginelist.h"

static void lists_are_cut(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
    } rows[] = {
        {"local", "local|"},
        {"local,workqueue,ray", "local|workqueue|ray|"},
        {"local,local", "local|local|"},
        {"local:mode=spawn", "local:mode=spawn|"},
        {"workqueue:port=9233,external-workers=yes,ray",
         "workqueue:port=9233,external-workers=yes|ray|"},
        {"a:x=1,b:y=2,z=3", "a:x=1|b:y=2,z=3|"},
        {"local,mode=spawn",
         "local:mode=spawn|"}, /* the first option may come so too */
        {"a,x=1,y=2,b", "a:x=1,y=2|b|"},
        {"a,x=b:c", "a:x=b:c|"},
        {"./e:x=1,/f/g", "./e:x=1|/f/g|"},
        {"x=1", "x=1|"}, /* no engine before it: then it is one, and unknown */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tote_engine_list list;
        char shown[256] = "";
        assert_int_equal(tote_engine_list_split(rows[i].text, &list, NULL), 0);
        for (size_t j = 0; j < list.n; j++)
            snprintf(shown + strlen(shown), sizeof shown - strlen(shown), "%s|",
                     list.texts[j]);
        assert_string_equal(shown, rows[i].shown);
    }
}

static void empty_entries_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"", ",", "a,", ",a", "a,,b", "a:x=1,,b"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct tote_engine_list list;
        struct tote_error err = {0};
        assert_int_equal(tote_engine_list_split(texts[i], &list, &err), -EINVAL);
        assert_non_null(strstr(err.text, "has an empty entry"));
    }
}

static void lengths_are_limited(void **state)
{
    (void)state;
    struct tote_engine_list list;
    struct tote_error many = {0}, joined = {0}, one = {0};
    char text[4 * TOTE_OPTION_TEXT_MAX] = "a";
    for (int i = 1; i < TOTE_ENGINES_MAX; i++)
        snprintf(text + strlen(text), 3, ",a");
    assert_int_equal(tote_engine_list_split(text, &list, NULL), 0);
    assert_int_equal(list.n, TOTE_ENGINES_MAX);
    snprintf(text + strlen(text), 3, ",a");
    assert_int_equal(tote_engine_list_split(text, &list, &many), -EINVAL);
    assert_string_equal(many.text, "more than 32 engines");

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(tote_engine_list_split(text, &list, &one), -EINVAL);
    assert_non_null(strstr(one.text, "too long"));
    memcpy(text, "a,k=", 4);
    assert_int_equal(tote_engine_list_split(text, &list, &joined), -EINVAL);
    assert_non_null(strstr(joined.text, "too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_cut),
        cmocka_unit_test(empty_entries_are_refused),
        cmocka_unit_test(lengths_are_limited),
    };
    return cmocka_run_group_tests_name("enginelist", tests, NULL, NULL);
}
