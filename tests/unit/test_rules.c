/* SPDX-License-Identifier: MIT */
/* test_rules.c: the twelve rules and the limits of the claim, from stores with known
 * holes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "report/page.h"
#include "report/rules.h"
#include "report/scope.h"
#include "report_fixture.h"
#include "store_fixture.h"

#define PATH "bag.tote"

static void gather(const char *scenario, struct tote_summary *summary)
{
    struct tote_error err = {0};
    struct tote_store *store;
    const struct report_scenario *one = report_scenarios;
    while (one->name && strcmp(one->name, scenario) != 0)
        one++;
    assert_non_null(one->name);
    one->make(PATH);
    assert_int_equal(tote_store_open(PATH, &store, &err), 0);
    assert_int_equal(tote_gather(store, summary, &err), 0);
    tote_store_close(store);
    unlink(PATH);
}

/* want: a letter a rule, P, F or -; the last one passes only where charts were built */
static void check_states(const char *scenario, const char *want)
{
    static const char letters[] = {'-', 'P', 'F'};
    bool has_no_charts = tote_page_without[0];
    struct tote_summary summary;
    struct tote_rule rules[TOTE_RULES];
    char got[TOTE_RULES + 1] = "";
    gather(scenario, &summary);
    assert_int_equal(tote_rules_make(&summary, rules), 0);
    for (size_t i = 0; i < TOTE_RULES; i++) {
        got[i] = letters[rules[i].state];
        assert_true(strlen(rules[i].what) > 10);
        assert_true(strlen(rules[i].why) > 10);
    }
    if (has_no_charts && got[TOTE_RULES - 1] == 'F')
        got[TOTE_RULES - 1] = 'P';
    if (strcmp(got, want) != 0)
        fail_msg("%s: %s, not %s", scenario, got, want);
    tote_rules_finish(rules);
    tote_gather_finish(&summary);
}

/* These fixtures have no kernel release in the environment, so rule 9 fails; and their
 * runs have no records, so that rule 8 does not apply. */
static void test_of_a_whole_comparison(void **state)
{
    (void)state;
    check_states("compare_controls", "PPPPPPP-FPPP");
    check_states("sweep", "PPPPPPP-FPPP");
}

/* Neither one thread alone nor an engine twice. */
static void test_of_no_controls(void **state)
{
    (void)state;
    check_states("compare", "FPPPPPF-FPPP");
}

static void test_of_too_few_runs(void **state)
{
    (void)state;
    check_states("compare_short", "FPPPF-F-FPPP");
}

static void test_of_one_cell(void **state)
{
    (void)state;
    check_states("compare_one", "FPPPPP--FPPP");
}

static void test_of_no_limit(void **state)
{
    (void)state;
    check_states("compare_failed", "FPPPPPF-FPFP");
}

static void test_of_nothing(void **state)
{
    (void)state;
    check_states("compare_no_run", "----------F-");
}

static void test_of_a_run(void **state)
{
    (void)state;
    check_states("run", "-PP-F--PFP-P");
}

/* Nothing says why a killed run did not complete. */
static void test_of_a_killed_run(void **state)
{
    (void)state;
    check_states("run_killed", "-F--F---F---");
}

static void test_of_an_interrupted_run(void **state)
{
    (void)state;
    check_states("run_interrupted", "-P--F---F---");
}

static size_t count_scope(const char *scenario, const char *part)
{
    struct tote_summary summary;
    struct tote_notes scope;
    size_t n = 0;
    gather(scenario, &summary);
    assert_int_equal(tote_scope_make(&summary, &scope), 0);
    assert_true(scope.n >= 3);
    for (size_t i = 0; i < scope.n; i++)
        n += strstr(scope.texts[i], part) != NULL;
    tote_notes_finish(&scope);
    tote_gather_finish(&summary);
    return n;
}

static void test_limits_of_the_claim(void **state)
{
    (void)state;
    assert_int_equal(count_scope("compare", "1000 tasks of zfp:accuracy=0.001"), 1);
    assert_int_equal(count_scope("commands", "these commands"), 1);
    assert_int_equal(count_scope("run", "One run is one sample"), 1);
    assert_int_equal(count_scope("compare_one", "noise floor"), 0);
    assert_int_equal(count_scope("compare", "noise floor"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_of_a_whole_comparison, fixture_enter,
                                        fixture_leave),
        cmocka_unit_test_setup_teardown(test_of_no_controls, fixture_enter,
                                        fixture_leave),
        cmocka_unit_test_setup_teardown(test_of_too_few_runs, fixture_enter,
                                        fixture_leave),
        cmocka_unit_test_setup_teardown(test_of_one_cell, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_of_no_limit, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_of_nothing, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_of_a_run, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_of_a_killed_run, fixture_enter,
                                        fixture_leave),
        cmocka_unit_test_setup_teardown(test_of_an_interrupted_run, fixture_enter,
                                        fixture_leave),
        cmocka_unit_test_setup_teardown(test_limits_of_the_claim, fixture_enter,
                                        fixture_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
