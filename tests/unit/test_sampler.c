/* SPDX-License-Identifier: MIT */
/* test_sampler.c: a real box under a real sampler, full and plain: shells stand for an
 * engine. Not for the rules (test_account.c), nor for real engines (e2e/test_usage.py).
 * Nothing here depends on how fast the machine is: a step is over when a word comes. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "account/reading.h"
#include "account/sampler.h"
#include "core/box.h"
#include "plain_box.h"

static struct tote_box start_box(const char *script)
{
    struct tote_error err = {0};
    char *argv[] = {(char *)"/bin/sh", (char *)"-c", (char *)script, NULL};
    struct tote_box box;
    if (tote_box_start(&(struct tote_box_config){.argv = argv}, &box, &err) < 0)
        fail_msg("%s", err.text);
    return box;
}

static struct tote_sampler *start_sampler(const struct tote_box *box)
{
    struct tote_sampler *sampler = tote_sampler_start(&(struct tote_sampler_config){
        .init = box->init,
        .has_namespaces = box->is_full,
        .has_own_network = box->is_full && !box->has_host_network,
    });
    assert_non_null(sampler);
    return sampler;
}

/* Reads one line of what the engine says. */
static void wait_for_word(const struct tote_box *box)
{
    char byte = '\0';
    while (byte != '\n') {
        struct pollfd fd = {.fd = box->from_engine, .events = POLLIN};
        assert_int_equal(poll(&fd, 1, 60000), 1);
        assert_int_equal(read(box->from_engine, &byte, 1), 1);
    }
}

static tote_ns_t end_box(struct tote_box *box)
{
    struct tote_box_usage usage;
    tote_box_end(box, &usage);
    return usage.user_ns + usage.sys_ns;
}

/* An engine that reaps a busy child, and one that lives on. */
static void test_box(void **state)
{
    (void)state;
    struct tote_usage_row row;
    struct tote_box box = start_box("dd if=/dev/zero of=/dev/null bs=65536 count=60000 "
                                    "2>/dev/null; sleep 100 & echo done; read word");
    struct tote_sampler *sampler = start_sampler(&box);
    wait_for_word(&box);
    tote_sampler_stop(sampler);
    tote_ns_t box_ns = end_box(&box);
    tote_sampler_finish(sampler, box_ns, &row);
    assert_true(row.samples >= 2);
    assert_true(row.control_ns > 0 && row.worker_ns == 0);
    tote_ns_t sum = row.control_ns + row.teardown_ns;
    assert_true(sum <= box_ns && box_ns - sum < box_ns / 10 + 20 * TOTE_NS_PER_MS);
    assert_true(row.processes >= 3 && row.threads >= row.processes);
    assert_true(row.memory_bytes > 100000 && row.memory_bytes < 100000000);
    assert_true(row.memory_ns > 0 && row.memory_how[0]);
    assert_true(row.descriptors >= 3);
    assert_true(row.sampler_ns > 0);
    assert_int_equal(row.loopback_bytes, box.is_full ? 0 : TOTE_UNKNOWN);
    assert_int_equal(row.has_ports, box.is_full);
    assert_string_equal(row.ports, "");
}

/* The same work by a child of a worker that was announced by its pid inside the box. */
static void test_announced(void **state)
{
    (void)state;
    struct tote_usage_row row;
    struct tote_box box =
        start_box("exec 3<&0; sh -c 'dd if=/dev/zero of=/dev/null bs=65536 count=60000"
                  " 2>/dev/null; echo done; read word <&3' & wait");
    struct tote_sampler *sampler = start_sampler(&box);
    for (int64_t pid = 3; pid <= 9; pid++) /* the shell is one of these in a full box */
        tote_sampler_announce(sampler, pid);
    wait_for_word(&box);
    tote_sampler_stop(sampler);
    tote_ns_t box_ns = end_box(&box);
    tote_sampler_finish(sampler, box_ns, &row);
    if (box.is_full)
        assert_true(row.worker_ns > 20 * TOTE_NS_PER_MS);
    else
        assert_int_equal(row.worker_ns, 0);
}

/* No word of stop: the engine died. What came after the last reading is unknown. */
static void test_no_stop(void **state)
{
    (void)state;
    struct tote_usage_row row;
    struct tote_box box = start_box("exit 3");
    struct tote_sampler *sampler = start_sampler(&box);
    tote_ns_t box_ns = end_box(&box);
    tote_sampler_finish(sampler, box_ns, &row);
    assert_int_equal(row.teardown_ns, TOTE_UNKNOWN);
    tote_sampler_announce(NULL, 3);
    tote_sampler_stop(NULL);
    tote_sampler_finish(NULL, 0, &row);
    assert_int_equal(row.samples, TOTE_UNKNOWN);
    assert_int_equal(row.control_ns, TOTE_UNKNOWN);
    assert_false(row.has_ports);
}

static void test_stop_twice(void **state)
{
    (void)state;
    struct tote_usage_row row;
    struct tote_box box = start_box("echo done; read word");
    struct tote_sampler *sampler = start_sampler(&box);
    wait_for_word(&box);
    tote_sampler_stop(sampler);
    tote_sampler_stop(sampler);
    tote_ns_t box_ns = end_box(&box);
    tote_sampler_finish(sampler, box_ns, &row);
    assert_true(row.teardown_ns >= 0);
}

static void test_readings(void **state)
{
    (void)state;
    struct tote_reading_pair pair;
    tote_reading_before(&pair, TOTE_READING_LIMIT);
    tote_ns_t self_ns = tote_reading_after(&pair, 7000);
    const struct tote_reading_row *before = &pair.rows[0], *after = &pair.rows[1];
    assert_int_equal(before->kind, TOTE_READING_LIMIT);
    assert_int_equal(before->moment, TOTE_READING_BEFORE);
    assert_int_equal(after->moment, TOTE_READING_AFTER);
    assert_true(after->at_ns >= before->at_ns);
    assert_true(before->cores >= 1 && before->busy_ns > 0 && before->load_milli >= 0);
    assert_true(after->busy_ns >= before->busy_ns);
    assert_int_equal(before->ours_ns, TOTE_UNKNOWN);
    assert_int_equal(after->ours_ns, 7000 + self_ns);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "plain") == 0)
        plain_box_forbid();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_box),      cmocka_unit_test(test_announced),
        cmocka_unit_test(test_no_stop),  cmocka_unit_test(test_stop_twice),
        cmocka_unit_test(test_readings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
