/* SPDX-License-Identifier: MIT */
/* test_kept.c: which list of a store has the settings that hold, whatever number a
 * store says that it has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/kept.h"
#include "store_fixture.h"

static struct tote_store *make(const char *list, const char *whole)
{
    struct tote_store *store;
    assert_int_equal(tote_store_create("a", &store, NULL), 0);
    assert_int_equal(tote_store_set(store, "list", list, NULL), 0);
    assert_int_equal(tote_store_set(store, "list_whole", whole, NULL), 0);
    assert_int_equal(tote_kept_set(store, 1, "command", "[\"one\"]", NULL), 0);
    assert_int_equal(tote_kept_set(store, 1, "source", "pipe", NULL), 0);
    return store;
}

static void the_settings_that_hold_are_found(void **state)
{
    (void)state;
    struct tote_store *store = make("12", "no");
    assert_int_equal(tote_kept_origin(store, 12), 1);
    assert_int_equal(tote_kept_set(store, 3, "command", "[\"three\"]", NULL), 0);
    assert_int_equal(tote_kept_set(store, 10, "command", "[\"ten\"]", NULL), 0);
    static const struct {
        uint32_t list, origin;
    } rows[] = {{0, 1}, {1, 1},   {2, 1},   {3, 3},          {4, 3},
                {9, 3}, {10, 10}, {11, 10}, {UINT32_MAX, 10}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(tote_kept_origin(store, rows[i].list), rows[i].origin);
    tote_store_close(store);
}

/* Walking down from it would take minutes. */
static void a_number_that_no_run_has_counted_to_costs_nothing(void **state)
{
    (void)state;
    struct tote_store *store = make("4294967295", "no");
    assert_int_equal(tote_kept_list(store), UINT32_MAX);
    assert_int_equal(tote_kept_origin(store, UINT32_MAX), 1);
    assert_true(tote_kept_is_gone(store));
    tote_store_close(store);
}

static void only_a_pipe_that_was_not_read_is_gone(void **state)
{
    (void)state;
    struct tote_store *store = make("1", "no");
    assert_true(tote_kept_is_gone(store));
    assert_int_equal(tote_store_set(store, "list_whole", "yes", NULL), 0);
    assert_false(tote_kept_is_gone(store));
    assert_int_equal(tote_store_set(store, "list_whole", "no", NULL), 0);
    assert_int_equal(tote_store_set(store, "source", "file", NULL), 0);
    assert_false(tote_kept_is_gone(store));
    tote_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_settings_that_hold_are_found, fixture_enter,
                                        fixture_leave),
        cmocka_unit_test_setup_teardown(
            a_number_that_no_run_has_counted_to_costs_nothing, fixture_enter,
            fixture_leave),
        cmocka_unit_test_setup_teardown(only_a_pipe_that_was_not_read_is_gone,
                                        fixture_enter, fixture_leave),
    };
    return cmocka_run_group_tests_name("kept", tests, NULL, NULL);
}
