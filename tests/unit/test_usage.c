/* SPDX-License-Identifier: MIT */
/* test_usage.c: rows of what runs cost: there and back, unknown is not 0, damage is
 * found, and a salvage keeps what is whole. What fsck and salvage do with all tables is
 * in test_fsck.c. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store/fsck.h"
#include "store_fixture.h"

static struct tote_store *open_store(void)
{
    struct tote_store *store = NULL;
    struct tote_error err = {0};
    if (tote_store_open("a", &store, &err) < 0)
        fail_msg("%s", err.text);
    return store;
}

static void assert_usage(const struct tote_usage_row *is, int64_t run)
{
    struct tote_usage_row want = fixture_usage(run);
    assert_int_equal(is->run, want.run);
    assert_int_equal(is->samples, want.samples);
    assert_int_equal(is->control_ns, want.control_ns);
    assert_int_equal(is->worker_ns, want.worker_ns);
    assert_int_equal(is->teardown_ns, want.teardown_ns);
    assert_int_equal(is->tote_ns, want.tote_ns);
    assert_int_equal(is->sampler_ns, want.sampler_ns);
    assert_int_equal(is->memory_bytes, want.memory_bytes);
    assert_int_equal(is->memory_ns, want.memory_ns);
    assert_string_equal(is->memory_how, want.memory_how);
    assert_int_equal(is->loopback_bytes, want.loopback_bytes);
    assert_int_equal(is->processes, want.processes);
    assert_int_equal(is->threads, want.threads);
    assert_int_equal(is->descriptors, want.descriptors);
    assert_int_equal(is->has_ports, want.has_ports);
    assert_string_equal(is->ports, want.ports);
}

static void test_there_and_back(void **state)
{
    (void)state;
    struct tote_usage_row *usages = NULL;
    struct tote_reading_row *readings = NULL;
    size_t n = 0;
    fixture_store("a", 0);
    fixture_cost("a", 1);
    fixture_cost("a", 2);
    struct tote_store *store = open_store();
    assert_int_equal(tote_store_usages(store, &usages, &n, NULL), 0);
    assert_int_equal(n, 2);
    assert_usage(&usages[0], 1);
    assert_usage(&usages[1], 2);
    free(usages);
    assert_int_equal(tote_store_readings(store, &readings, &n, NULL), 0);
    assert_int_equal(n, 4);
    assert_int_equal(readings[3].kind, TOTE_READING_RUN);
    assert_int_equal(readings[3].subject, 2);
    assert_int_equal(readings[3].moment, TOTE_READING_AFTER);
    assert_int_equal(readings[3].at_ns, 1500000000);
    assert_int_equal(readings[3].cores, 2);
    assert_int_equal(readings[3].load_milli, 250);
    assert_int_equal(readings[3].busy_ns, 7600000000);
    assert_int_equal(readings[3].idle_ns, 9000000000);
    assert_int_equal(readings[3].steal_ns, 10000000);
    assert_int_equal(readings[3].cpu_wait_ns, TOTE_UNKNOWN);
    assert_int_equal(readings[3].memory_wait_ns, 0);
    assert_int_equal(readings[3].io_wait_ns, 5);
    assert_int_equal(readings[3].clock_hz, TOTE_UNKNOWN);
    assert_int_equal(readings[3].ours_ns, 500000000);
    assert_int_equal(readings[2].ours_ns, TOTE_UNKNOWN);
    free(readings);
    tote_store_close(store);
}

static void test_none(void **state)
{
    (void)state;
    struct tote_usage_row *usages = (void *)1;
    struct tote_reading_row *readings = (void *)1;
    size_t n = 7;
    fixture_store("a", 0);
    struct tote_store *store = open_store();
    assert_int_equal(tote_store_usages(store, &usages, &n, NULL), 0);
    assert_null(usages);
    assert_int_equal(n, 0);
    assert_int_equal(tote_store_readings(store, &readings, &n, NULL), 0);
    assert_null(readings);
    tote_store_close(store);
}

/* The second reading cannot be written: nor is the usage there then. */
static void test_all_or_nothing(void **state)
{
    (void)state;
    struct tote_usage_row usage = fixture_usage(1);
    struct tote_reading_row readings[2] = {{.subject = 1}, {.subject = 1}};
    struct tote_store *store = NULL;
    struct tote_usage_row *usages = NULL;
    size_t n = 7;
    fixture_store("a", 0);
    fixture_sql("a", "CREATE TRIGGER no BEFORE INSERT ON reading WHEN new.id = 2"
                     " BEGIN SELECT raise(ABORT, 'no'); END");
    assert_int_equal(tote_store_reopen("a", &store, NULL), 0);
    assert_true(tote_store_add_cost(store, &usage, readings, 2, NULL) < 0);
    assert_int_equal(tote_store_usages(store, &usages, &n, NULL), 0);
    assert_int_equal(n, 0);
    tote_store_close(store);
}

/* --- damage --- */

static int64_t damaged(void)
{
    struct tote_fsck found;
    assert_int_equal(tote_store_fsck("a", &found, NULL, NULL, NULL), 0);
    return (int64_t)found.damaged;
}

static void test_every_column_is_sealed(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "usage SET samples = 8",
        "usage SET control_ns = control_ns + 1",
        "usage SET worker_ns = worker_ns + 1",
        "usage SET teardown_ns = NULL",
        "usage SET tote_ns = 'x'",
        "usage SET sampler_ns = NULL, memory_bytes = 0",
        "usage SET memory_bytes = -1",
        "usage SET memory_ns = 1",
        "usage SET memory_how = 'rss'",
        "usage SET memory_how = 'much too long for that'",
        "usage SET loopback_bytes = NULL",
        "usage SET processes = 5",
        "usage SET threads = 4",
        "usage SET descriptors = NULL",
        "usage SET ports = NULL",
        "usage SET ports = ''",
        "usage SET seal = seal + 1",
        "reading SET subject = 2 WHERE id = 1",
        "reading SET moment = 'after' WHERE id = 1",
        "reading SET kind = 'limit' WHERE id = 1",
        "reading SET at_ns = 0 WHERE id = 1",
        "reading SET cores = 3 WHERE id = 1",
        "reading SET load_milli = NULL WHERE id = 1",
        "reading SET busy_ns = 0 WHERE id = 1",
        "reading SET idle_ns = 0 WHERE id = 1",
        "reading SET steal_ns = 1 WHERE id = 1",
        "reading SET cpu_wait_ns = 0, memory_wait_ns = NULL WHERE id = 1",
        "reading SET io_wait_ns = x'00' WHERE id = 1",
        "reading SET clock_hz = 0 WHERE id = 1",
        "reading SET ours_ns = 0 WHERE id = 1",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char sql[160];
        fixture_store("a", 0);
        fixture_cost("a", 1);
        assert_int_equal(damaged(), 0);
        snprintf(sql, sizeof sql, "UPDATE %s", changes[i]);
        fixture_sql("a", sql);
        if (damaged() < 1)
            fail_msg("not found: %s", changes[i]);
        tote_store_unlink("a");
    }
}

static void test_damage_is_an_error(void **state)
{
    (void)state;
    struct tote_error err = {0};
    struct tote_usage_row *usages = NULL;
    struct tote_reading_row *readings = NULL;
    size_t n = 0;
    fixture_store("a", 0);
    fixture_cost("a", 1);
    fixture_sql("a",
                "UPDATE usage SET processes = 9; UPDATE reading SET cores = 'two'");
    struct tote_store *store = open_store();
    assert_int_equal(tote_store_usages(store, &usages, &n, &err), -EBADMSG);
    assert_non_null(strstr(err.text, "usage 1"));
    assert_int_equal(tote_store_readings(store, &readings, &n, NULL), -EBADMSG);
    tote_store_close(store);
}

static void test_run_is_missed(void **state)
{
    (void)state;
    fixture_store("a", 0);
    fixture_cost("a", 9); /* there is no such run: the usage and the readings say so */
    assert_int_equal(damaged(), 2);
}

static void test_salvage(void **state)
{
    (void)state;
    struct tote_fsck found;
    struct tote_store *store = NULL;
    struct tote_usage_row *usages = NULL;
    struct tote_reading_row *readings = NULL;
    struct tote_run_row *runs = NULL;
    size_t n = 0;
    fixture_store("a", 0);
    fixture_cost("a", 1);
    fixture_cost("a", 2); /* of a run that is not there: it is made anew */
    fixture_sql("a", "UPDATE reading SET cores = 3 WHERE id = 2");
    assert_int_equal(tote_store_salvage("a", "b", &found, NULL, NULL, NULL), 0);
    assert_int_equal(tote_store_open("b", &store, NULL), 0);
    assert_int_equal(tote_store_usages(store, &usages, &n, NULL), 0);
    assert_int_equal(n, 2);
    assert_usage(&usages[1], 2);
    assert_int_equal(tote_store_readings(store, &readings, &n, NULL), 0);
    assert_int_equal(n, 3);
    assert_int_equal(tote_store_runs(store, &runs, &n, NULL), 0);
    assert_int_equal(n, 2);
    for (size_t i = 0; i < n; i++)
        tote_run_row_finish(&runs[i]);
    free(runs);
    free(usages);
    free(readings);
    tote_store_close(store);
}

#define IN_FOLDER(test)                                                                \
    cmocka_unit_test_setup_teardown(test, fixture_enter, fixture_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_there_and_back),
        IN_FOLDER(test_none),
        IN_FOLDER(test_all_or_nothing),
        IN_FOLDER(test_every_column_is_sealed),
        IN_FOLDER(test_damage_is_an_error),
        IN_FOLDER(test_run_is_missed),
        IN_FOLDER(test_salvage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
