/* SPDX-License-Identifier: MIT */
/* test_account.c: what files of /proc say, odd ones too, and whose CPU time it was: the
 * rules of tree.h on trees that are told step by step. Real boxes are sampled in
 * test_sampler.c and tests/e2e/test_usage.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "account/proc.h"
#include "account/tree.h"

/* --- proc --- */

#define STAT(name)                                                                     \
    "42 (" name ") S 7 42 42 0 -1 4194560 100 0 0 0 11 12 130 20 20 0 3 0 5555 1 2\n"

static void test_stat(void **state)
{
    (void)state;
    static const char *const names[] = {"tote-task", "a b", ") S 1 (", "", "((", "\n"};
    static const char *const texts[] = {STAT("tote-task"), STAT("a b"), STAT(") S 1 ("),
                                        STAT(""),          STAT("(("),  STAT("\n")};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct tote_proc_stat stat;
        assert_true(tote_proc_parse_stat(texts[i], &stat));
        assert_string_equal(stat.name, names[i]);
        assert_int_equal(stat.parent, 7);
        assert_int_equal(stat.threads, 3);
        assert_int_equal(stat.start, 5555);
        assert_int_equal(stat.reaped, 150);
    }
}

static void test_stat_cut_anywhere(void **state)
{
    (void)state;
    static const char whole[] = STAT("x");
    struct tote_proc_stat stat;
    size_t enough = (size_t)(strstr(whole, " 5555") - whole) + 2;
    for (size_t n = 0; n < enough; n++) {
        char text[sizeof whole];
        snprintf(text, sizeof text, "%.*s", (int)n, whole);
        assert_false(tote_proc_parse_stat(text, &stat));
    }
    assert_false(tote_proc_parse_stat(")(", &stat));
    assert_false(tote_proc_parse_stat("1 (x) S 99999999999999999999999 1", &stat));
}

static void test_inner(void **state)
{
    (void)state;
    assert_int_equal(tote_proc_parse_inner("Name:\tx\nNSpid:\t501\t3\nA:\t1\n", 0),
                     501);
    assert_int_equal(tote_proc_parse_inner("Name:\tx\nNSpid:\t501\t3\nA:\t1\n", 1), 3);
    assert_int_equal(tote_proc_parse_inner("Name:\tx\nNSpid:\t501\t3\nA:\t1\n", 2), 0);
    assert_int_equal(tote_proc_parse_inner("Name:\tNSpid:\t501\t3\n", 1), 0);
    assert_int_equal(tote_proc_parse_inner("", 0), 0);
}

static void test_kb(void **state)
{
    (void)state;
    static const char text[] =
        "55-7f ---p 00:00 0 [rollup]\nRss:   1744 kB\nPss:  185 kB\n"
        "Pss_Dirty:   112 kB\n";
    assert_int_equal(tote_proc_parse_kb(text, "Pss"), 185 * 1024);
    assert_int_equal(tote_proc_parse_kb(text, "Rss"), 1744 * 1024);
    assert_int_equal(tote_proc_parse_kb(text, "Swap"), -1);
    assert_int_equal(tote_proc_parse_kb("Pss: x kB\n", "Pss"), -1);
    assert_int_equal(tote_proc_parse_kb("Pss: -1 kB\n", "Pss"), -1);
    assert_int_equal(tote_proc_parse_kb("Pss: 9223372036854775807 kB\n", "Pss"), -1);
}

static void test_network(void **state)
{
    (void)state;
    assert_int_equal(tote_proc_parse_loopback("Inter-| Receive\n face |bytes\n"
                                              "  eth0: 7 1\n    lo: 4711 12 0\n"),
                     4711);
    assert_int_equal(tote_proc_parse_loopback("  eth0: 7 1\n  elo: 4711 12 0\n"), -1);
    assert_int_equal(
        tote_proc_parse_sockets("sockets: used 9\nTCP: inuse 3 orphan 0\n", "TCP"), 3);
    assert_int_equal(tote_proc_parse_sockets("TCP6: inuse 0\nUDP6: inuse 4\n", "TCP6"),
                     0);
    assert_int_equal(tote_proc_parse_sockets("TCP6: inuse 0\n", "TCP"), -1);
}

/* Addresses as a little-endian machine prints them; the test follows the machine. */
static void test_ports(void **state)
{
    (void)state;
    const uint32_t loopback = 0x0100007f;
    char text[512], ports[64] = "", tiny[20] = "";
    unsigned char first;
    memcpy(&first, &loopback, 1);
    if (first != 0x7f)
        skip();
    snprintf(
        text, sizeof text, "%s%s%s%s", "  sl  local_address rem_address   st\n",
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000\n",
        "   1: 0100007F:1F91 0100007F:1F90 01 00000000:00000000\n",
        "   2: 00000000:0400 00000000:0000 0A\n   3: 0100007F:1F90 00000000:0 0A\n");
    assert_true(tote_proc_add_ports(text, ports, sizeof ports));
    assert_string_equal(ports, "127.0.0.1:8080 0.0.0.0:1024");
    assert_true(tote_proc_add_ports(
        "head\n   0: 00000000000000000000000000000000:0051 0:0 0A\n", ports,
        sizeof ports));
    assert_string_equal(ports, "127.0.0.1:8080 0.0.0.0:1024 [::]:81");
    assert_false(tote_proc_add_ports(text, tiny, sizeof tiny));
    assert_string_equal(tiny, "127.0.0.1:8080");
    assert_true(tote_proc_add_ports("", tiny, sizeof tiny));
    assert_true(tote_proc_add_ports("x\n 0: zz:1 0:0 0A\n 1: 01:1 0:0 0A\n", tiny,
                                    sizeof tiny));
    assert_string_equal(tiny, "127.0.0.1:8080");
}

static void test_machine(void **state)
{
    (void)state;
    struct tote_proc_cpu cpu;
    assert_true(tote_proc_parse_cpu("cpu  10 20 30 400 50 6 7 8 9 10\ncpu0 1 2\ncpu1 1 "
                                    "2\nintr 5\n",
                                    &cpu));
    assert_int_equal(cpu.busy, 10 + 20 + 30 + 6 + 7);
    assert_int_equal(cpu.idle, 450);
    assert_int_equal(cpu.steal, 8);
    assert_int_equal(cpu.cores, 2);
    assert_false(tote_proc_parse_cpu("cpu  10 20 30 400\ncpu0 1 2\n", &cpu));
    assert_false(tote_proc_parse_cpu("cpu0 1 2 3 4 5 6 7 8\n", &cpu));
    assert_int_equal(tote_proc_parse_load("14.92 6.57 3.17 15/141 20257\n"), 14920);
    assert_int_equal(tote_proc_parse_load("0.05 0 0"), 50);
    assert_int_equal(tote_proc_parse_load("14"), -1);
    assert_int_equal(tote_proc_parse_load(""), -1);
    assert_int_equal(
        tote_proc_parse_pressure("some avg10=0.00 total=77\nfull total=9\n"), 77000);
    assert_int_equal(tote_proc_parse_pressure("some avg10=0.00\nfull total=9\n"), -1);
    assert_int_equal(tote_proc_parse_pressure("full total=9\n"), -1);
}

/* --- tree --- */

enum { INIT = 100, ENGINE = 101 };

static void see(struct tote_tree *tree, pid_t pid, pid_t parent, bool is_task,
                tote_ns_t own_ns, tote_ns_t reaped_ns)
{
    tote_tree_see(tree, &(struct tote_tree_process){.pid = pid,
                                                    .parent = parent,
                                                    .inner = pid - 99,
                                                    .start = 1,
                                                    .is_task = is_task,
                                                    .own_ns = own_ns,
                                                    .reaped_ns = reaped_ns});
}

static void assert_split(const struct tote_tree *tree, tote_ns_t control,
                         tote_ns_t worker, tote_ns_t unknown)
{
    struct tote_tree_split split = tote_tree_split(tree);
    assert_int_equal(split.control_ns, control);
    assert_int_equal(split.worker_ns, worker);
    assert_int_equal(split.unknown_ns, unknown);
    assert_false(tree->has_failed);
}

/* A pool: the engine, two tasks, one of which is replaced. */
static void test_tree_pool(void **state)
{
    (void)state;
    struct tote_tree tree;
    tote_tree_init(&tree, INIT);
    tote_tree_begin(&tree);
    see(&tree, INIT, 1, false, 1, 0);
    see(&tree, ENGINE, INIT, false, 10, 0);
    see(&tree, 102, ENGINE, true, 100, 0);
    see(&tree, 103, ENGINE, true, 200, 0);
    tote_tree_end(&tree);
    assert_split(&tree, 11, 300, 0);
    tote_tree_begin(&tree); /* 103 used 50 more before it ended */
    see(&tree, INIT, 1, false, 1, 0);
    see(&tree, ENGINE, INIT, false, 20, 250);
    see(&tree, 102, ENGINE, true, 150, 0);
    see(&tree, 104, ENGINE, true, 5, 0);
    tote_tree_end(&tree);
    assert_split(&tree, 21, 405, 0);
    tote_tree_finish(&tree);
}

/* A process a batch, most of which nobody saw. */
static void test_tree_spawn(void **state)
{
    (void)state;
    struct tote_tree tree;
    tote_tree_init(&tree, INIT);
    tote_tree_begin(&tree);
    see(&tree, INIT, 1, false, 0, 0);
    see(&tree, ENGINE, INIT, false, 10, 300);
    tote_tree_end(&tree);
    assert_split(&tree, 310, 0, 0); /* nothing says yet whose that was */
    tote_tree_begin(&tree);
    see(&tree, INIT, 1, false, 0, 0);
    see(&tree, ENGINE, INIT, false, 10, 500);
    see(&tree, 102, ENGINE, true, 40, 0);
    tote_tree_end(&tree);
    assert_split(&tree, 10, 540, 0);
    tote_tree_begin(&tree);
    see(&tree, INIT, 1, false, 0, 0);
    see(&tree, ENGINE, INIT, false, 10, 900);
    tote_tree_end(&tree);
    assert_split(&tree, 10, 900, 0); /* the 40 are among the 900 */
    tote_tree_finish(&tree);
}

/* A worker that is announced, starts a shell that becomes a task: it is no worker
 * itself, what it reaped is. */
static void test_tree_worker_of_tasks(void **state)
{
    (void)state;
    struct tote_tree tree;
    tote_tree_init(&tree, INIT);
    tote_tree_announce(&tree, 102 - 99);
    tote_tree_begin(&tree);
    see(&tree, INIT, 1, false, 0, 0);
    see(&tree, ENGINE, INIT, false, 10, 0);
    see(&tree, 102, ENGINE, false, 20, 0);
    see(&tree, 103, 102, false, 1, 0);
    tote_tree_end(&tree);
    assert_split(&tree, 10, 21, 0);
    tote_tree_begin(&tree);
    see(&tree, INIT, 1, false, 0, 0);
    see(&tree, ENGINE, INIT, false, 10, 0);
    see(&tree, 102, ENGINE, false, 20, 400);
    see(&tree, 103, 102, true, 3, 0); /* exec */
    tote_tree_end(&tree);
    assert_split(&tree, 30, 403, 0);
    tote_tree_finish(&tree);
}

/* A worker that runs tasks in itself, announced after it was seen. */
static void test_tree_worker_itself(void **state)
{
    (void)state;
    struct tote_tree tree;
    tote_tree_init(&tree, INIT);
    for (int round = 0; round < 2; round++) {
        tote_tree_begin(&tree);
        see(&tree, INIT, 1, false, 0, 0);
        see(&tree, ENGINE, INIT, false, 10, 0);
        see(&tree, 102, ENGINE, false, 70, 0); /* a daemon */
        see(&tree, 103, 102, false, 500, 30);
        see(&tree, 104, 103, false, 6, 0);
        tote_tree_end(&tree);
        assert_split(&tree, round ? 80 : 616, round ? 536 : 0, 0);
        tote_tree_announce(&tree, 103 - 99);
        tote_tree_announce(&tree, 0); /* unknown to the engine */
    }
    tote_tree_finish(&tree);
}

/* What commands start is the tasks', also when the task has ended before it. */
static void test_tree_below_a_task(void **state)
{
    (void)state;
    struct tote_tree tree;
    tote_tree_init(&tree, INIT);
    tote_tree_begin(&tree);
    see(&tree, INIT, 1, false, 0, 0);
    see(&tree, ENGINE, INIT, false, 10, 0);
    see(&tree, 102, ENGINE, true, 5, 0);
    see(&tree, 103, 102, false, 50, 0);
    tote_tree_end(&tree);
    assert_split(&tree, 10, 55, 0);
    tote_tree_begin(&tree);
    see(&tree, INIT, 1, false, 0, 0);
    see(&tree, ENGINE, INIT, false, 10, 5);
    see(&tree, 103, ENGINE, false, 60, 0);
    tote_tree_end(&tree);
    assert_split(&tree, 10, 65, 0);
    tote_tree_finish(&tree);
}

/* A daemon's child that nobody saw is the control plane's; what the init reaps may be
 * anyone's, but for what was seen. */
static void test_tree_reaped(void **state)
{
    (void)state;
    struct tote_tree tree;
    tote_tree_init(&tree, INIT);
    tote_tree_begin(&tree);
    see(&tree, INIT, 1, false, 0, 0);
    see(&tree, ENGINE, INIT, false, 10, 30);
    see(&tree, 105, INIT, false, 7, 0);
    tote_tree_end(&tree);
    assert_split(&tree, 47, 0, 0);
    tote_tree_begin(&tree);
    see(&tree, INIT, 1, false, 0, 20);
    see(&tree, ENGINE, INIT, false, 10, 30);
    tote_tree_end(&tree);
    assert_split(&tree, 47, 0, 13);
    tote_tree_finish(&tree);
}

/* A parent and its child end between two looks: their forebear has both, once. */
static void test_tree_ends_together(void **state)
{
    (void)state;
    struct tote_tree tree;
    tote_tree_init(&tree, INIT);
    tote_tree_begin(&tree);
    see(&tree, INIT, 1, false, 0, 0);
    see(&tree, ENGINE, INIT, false, 10, 0);
    see(&tree, 102, ENGINE, false, 20, 8);
    see(&tree, 103, 102, false, 40, 0);
    tote_tree_end(&tree);
    tote_tree_begin(&tree);
    see(&tree, INIT, 1, false, 0, 0);
    see(&tree, ENGINE, INIT, false, 10, 68 + 5);
    tote_tree_end(&tree);
    assert_split(&tree, 10 + 68 + 5, 0, 0);
    tote_tree_finish(&tree);
}

/* The pid of a task that has ended is another's now. */
static void test_tree_pid_used_twice(void **state)
{
    (void)state;
    struct tote_tree tree;
    struct tote_tree_process other = {
        .pid = 102, .parent = ENGINE, .start = 2, .own_ns = 3};
    tote_tree_init(&tree, INIT);
    tote_tree_begin(&tree);
    see(&tree, INIT, 1, false, 0, 0);
    see(&tree, ENGINE, INIT, false, 10, 0);
    see(&tree, 102, ENGINE, true, 100, 0);
    tote_tree_end(&tree);
    assert_false(tote_tree_knows(&tree, &other));
    tote_tree_begin(&tree);
    see(&tree, INIT, 1, false, 0, 0);
    see(&tree, ENGINE, INIT, false, 10, 100);
    tote_tree_see(&tree, &other);
    tote_tree_end(&tree);
    assert_true(tote_tree_knows(&tree, &other));
    assert_split(&tree, 13, 100, 0);
    tote_tree_finish(&tree);
}

/* Many, in any order of pids, come and go: nothing is lost and nothing counted twice.
 */
static void test_tree_many(void **state)
{
    (void)state;
    enum { ROUNDS = 50, TASKS = 40 };
    struct tote_tree tree;
    tote_ns_t reaped = 0;
    tote_tree_init(&tree, INIT);
    for (int round = 0; round < ROUNDS; round++) {
        tote_tree_begin(&tree);
        see(&tree, INIT, 1, false, 0, 0);
        see(&tree, ENGINE, INIT, false, 1, reaped);
        for (int i = 0; i < TASKS; i++)
            see(&tree, (pid_t)(1000 + (round * 7 + i * 13) % 4001), ENGINE, true, 10,
                0);
        tote_tree_end(&tree);
        tote_ns_t live = 10 * TASKS;
        assert_int_equal(tote_tree_split(&tree).control_ns, 1);
        assert_true(tote_tree_split(&tree).worker_ns >= live);
        tote_tree_begin(&tree);
        reaped += live + 3 * TASKS; /* each had used 3 more */
        see(&tree, INIT, 1, false, 0, 0);
        see(&tree, ENGINE, INIT, false, 1, reaped);
        tote_tree_end(&tree);
        assert_split(&tree, 1, reaped, 0);
    }
    assert_int_equal(tree.n, 2);
    tote_tree_finish(&tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stat),
        cmocka_unit_test(test_stat_cut_anywhere),
        cmocka_unit_test(test_inner),
        cmocka_unit_test(test_kb),
        cmocka_unit_test(test_network),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_machine),
        cmocka_unit_test(test_tree_pool),
        cmocka_unit_test(test_tree_spawn),
        cmocka_unit_test(test_tree_worker_of_tasks),
        cmocka_unit_test(test_tree_worker_itself),
        cmocka_unit_test(test_tree_below_a_task),
        cmocka_unit_test(test_tree_reaped),
        cmocka_unit_test(test_tree_ends_together),
        cmocka_unit_test(test_tree_pid_used_twice),
        cmocka_unit_test(test_tree_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
