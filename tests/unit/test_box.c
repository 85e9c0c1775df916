/* SPDX-License-Identifier: MIT */
/* test_box.c: what is in a box, what comes out of it, and that nothing outlives it. The
 * engines here are shells. Run as `test_box plain` it forbids itself new namespaces
 * first and so tests the box that is used where the kernel does. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/box.h"
#include "plain_box.h"

static bool is_plain; /* asked for */

/* --- a shell in a box --- */

static void start(const char *script, bool has_host_network, struct tote_box *box)
{
    char *argv[] = {(char *)"/bin/sh", (char *)"-c", (char *)script, NULL};
    struct tote_box_config config = {.argv = argv,
                                     .has_host_network = has_host_network};
    struct tote_error err = {0};
    if (tote_box_start(&config, box, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(!is_plain || !box->is_full);
    assert_true(box->is_full == !box->missing[0]);
}

/* Waits for more or the end; false at the end. 10 s is the patience of all tests here.
 */
static bool read_more(int fd, char *into, size_t size, size_t *n)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    if (poll(&wait, 1, 10000) != 1)
        fail_msg("nothing came for 10 s; so far '%.*s'", (int)*n, into);
    ssize_t got = read(fd, into + *n, size - 1 - *n);
    *n += got > 0 ? (size_t)got : 0;
    into[*n] = '\0';
    return got > 0;
}

/* Runs a script to its end; returns its status and what it wrote. */
static int run(const char *script, char *out, size_t size, struct tote_box_usage *usage)
{
    struct tote_box box;
    size_t n = 0;
    start(script, false, &box);
    out[0] = '\0';
    while (read_more(box.from_engine, out, size, &n))
        continue;
    return tote_box_end(&box, usage);
}

static int status_of(const char *script)
{
    char out[4096];
    struct tote_box_usage usage;
    return run(script, out, sizeof out, &usage);
}

/* --- start and end --- */

static void the_status_is_the_engines(void **state)
{
    (void)state;
    assert_int_equal(status_of("exit 0"), 0);
    assert_int_equal(status_of("exit 7"), 7);
    assert_int_equal(status_of("kill -9 $$"), 128 + SIGKILL);
    assert_int_equal(status_of("kill -TERM $$"), 128 + SIGTERM);
}

static void a_program_that_is_not_there_is_said(void **state)
{
    (void)state;
    char *argv[] = {(char *)"/no/such/engine", NULL};
    struct tote_box_config config = {.argv = argv};
    struct tote_box box;
    struct tote_error err = {0};
    assert_int_equal(tote_box_start(&config, &box, &err), -ENOENT);
    assert_string_equal(err.text,
                        "cannot run /no/such/engine: No such file or directory");
}

static void the_three_pipes_lead_where_they_should(void **state)
{
    (void)state;
    struct tote_box box;
    struct tote_box_usage usage;
    char out[64] = "", errors[64] = "";
    size_t n = 0, n_errors = 0;
    start("read line; echo \"out $line\"; echo \"err $line\" >&2; cat; exit 3", false,
          &box);
    assert_int_equal(write(box.to_engine, "hello\nmore", 10), 10);
    while (n < 14)
        assert_true(read_more(box.from_engine, out, sizeof out, &n));
    close(box.to_engine); /* ends cat */
    box.to_engine = -1;
    while (read_more(box.from_engine, out, sizeof out, &n))
        continue;
    while (read_more(box.errors, errors, sizeof errors, &n_errors))
        continue;
    assert_string_equal(out, "out hello\nmore");
    assert_string_equal(errors, "err hello\n");
    assert_int_equal(tote_box_end(&box, &usage), 3);
}

static void a_box_can_be_killed(void **state)
{
    (void)state;
    struct tote_box box;
    struct tote_box_usage usage;
    char out[64];
    size_t n = 0;
    start("trap '' TERM INT HUP; sleep 1000 & echo up; wait; sleep 1000", false, &box);
    assert_true(read_more(box.from_engine, out, sizeof out, &n));
    tote_box_kill(&box);
    assert_int_equal(tote_box_end(&box, &usage), 128 + SIGKILL);
    assert_int_equal(usage.survivors, 0); /* that is not the engine's fault */
}

/* --- inside --- */

static void the_scratch_directory_is_private_and_vanishes(void **state)
{
    (void)state;
    struct tote_box box;
    struct tote_box_usage usage;
    char out[1024] = "";
    size_t n = 0;
    start("stat -c %a \"$TMPDIR\"; ls -A \"$TMPDIR\"; mkdir -p \"$TMPDIR/a/b\";"
          "echo x > \"$TMPDIR/a/b/c\"; ln -s /etc \"$TMPDIR/a/etc\"; cat "
          "\"$TMPDIR/a/b/c\";"
          "echo \"$TMPDIR\"",
          false, &box);
    while (read_more(box.from_engine, out, sizeof out, &n))
        continue;
    assert_int_equal(tote_box_end(&box, &usage), 0);
    char wanted[TOTE_BOX_PATH_MAX + 16];
    snprintf(wanted, sizeof wanted, "700\nx\n%s\n", box.scratch);
    assert_string_equal(out, wanted);
    struct stat info;
    char left[TOTE_BOX_PATH_MAX + 4];
    snprintf(left, sizeof left, "%s/a", box.scratch);
    assert_int_equal(stat(left, &info), -1);
    assert_int_equal(stat("/etc/passwd", &info), 0);
}

static void a_full_box_is_a_world_of_its_own(void **state)
{
    (void)state;
    char out[4096];
    struct tote_box_usage usage;
    struct tote_box box;
    start("exit 0", false, &box);
    bool is_full = box.is_full;
    tote_box_end(&box, &usage);
    if (!is_full) { /* cmocka's skip() is a failure to TAP readers */
        fprintf(stderr, "# no namespaces here: not tested\n");
        return;
    }
    run("tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '", out, sizeof out, &usage);
    assert_string_equal(out, "lo\n");
    run("grep -c : /proc/net/dev; set -- /proc/[0-9]*; [ $# -lt 8 ] && echo few", out,
        sizeof out, &usage);
    assert_non_null(strstr(out, "few"));
    run("id -u", out, sizeof out, &usage);
    assert_int_equal(strtol(out, NULL, 10), geteuid());
}

static void the_hosts_network_can_be_had(void **state)
{
    (void)state;
    struct tote_box box;
    struct tote_box_usage usage;
    char inside[256] = "", outside[256] = "";
    size_t n = 0;
    ssize_t n_outside = readlink("/proc/self/ns/net", outside, sizeof outside - 1);
    assert_true(n_outside > 0);
    start("readlink /proc/self/ns/net", true, &box);
    while (read_more(box.from_engine, inside, sizeof inside, &n))
        continue;
    tote_box_end(&box, &usage);
    assert_memory_equal(inside, outside, (size_t)n_outside);
}

static void the_engine_begins_with_clean_signals_and_descriptors(void **state)
{
    (void)state;
    char out[4096];
    struct tote_box_usage usage;
    int fd = open("/dev/null", O_RDONLY); /* inherited by whoever does not look out */
    signal(SIGPIPE, SIG_IGN);
    /* Python of its own ignores SIGPIPE and SIGXFSZ, and a shell moves descriptors. */
    run("grep -E 'Sig(Blk|Ign)' /proc/self/status | tr -d '\\n\\t';"
        "exec /usr/bin/python3 -c '\n"
        "import os\n"
        "def is_open(fd):\n"
        "    try: return bool(os.fstat(fd))\n"
        "    except OSError: return False\n"
        "print([fd for fd in range(1024) if is_open(fd)])'",
        out, sizeof out, &usage);
    close(fd);
    unsigned long long blocked, ignored;
    char descriptors[64];
    assert_int_equal(sscanf(out, "SigBlk:%16llxSigIgn:%16llx%63[^\n]", &blocked,
                            &ignored, descriptors),
                     3);
    /* Signals 32 and 33 are glibc's own: it lets nobody change them, us included. */
    assert_true(blocked == 0 && (ignored & ~0x180000000ULL) == 0);
    assert_string_equal(descriptors, "[0, 1, 2]");
}

/* --- nothing is left --- */

static void survivors_are_counted_and_ended(void **state)
{
    (void)state;
    char out[64];
    struct tote_box_usage usage;
    assert_int_equal(run("exit 4", out, sizeof out, &usage), 4);
    assert_int_equal(usage.survivors, 0);
    assert_int_equal(
        run("for i in 1 2 3; do (setsid sleep 1000 >/dev/null 2>&1 &) done; exit 4",
            out, sizeof out, &usage),
        4);
    assert_int_equal(usage.survivors, 3);
}

/* A process that outlives its parent and burns 0.2 s of CPU is counted, if it is waited
 * for. */
static void cpu_time_of_the_whole_tree_is_counted(void **state)
{
    (void)state;
    char out[64];
    struct tote_box_usage usage;
    const char *script = "(/usr/bin/python3 -c 'import time\n"
                         "while time.process_time() < 0.2: pass') & wait";
    assert_int_equal(run(script, out, sizeof out, &usage), 0);
    tote_ns_t ns = usage.user_ns + usage.sys_ns;
    assert_true(ns >= 200 * TOTE_NS_PER_MS && ns < 2 * TOTE_NS_PER_S);
}

static void hold_fifo(const char *fifo)
{
    char script[256];
    struct tote_box box;
    struct tote_box_usage usage;
    snprintf(script, sizeof script,
             "exec 7>%s; sleep 1000 & (setsid sleep 1000 &) ; echo up >&7; sleep 1000",
             fifo);
    start(script, false, &box);
    tote_box_end(&box, &usage);
    _exit(1);
}

/* tote is killed by SIGKILL: whoever holds the writing end of the fifo must go with it.
 */
static void nothing_outlives_tote(void **state)
{
    (void)state;
    char fifo[] = "/tmp/unit-box-XXXXXX", text[16];
    size_t n = 0;
    assert_int_equal(close(mkstemp(fifo)), 0);
    unlink(fifo);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    int fd = open(fifo, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    pid_t tote = fork();
    if (tote == 0)
        hold_fifo(fifo);
    assert_true(read_more(fd, text, sizeof text, &n));
    assert_string_equal(text, "up\n");
    kill(tote, SIGKILL);
    waitpid(tote, NULL, 0);
    while (read_more(fd, text, sizeof text, &n))
        continue;
    close(fd);
    unlink(fifo);
}

int main(int argc, char **argv)
{
    is_plain = argc > 1 && strcmp(argv[1], "plain") == 0;
    if (is_plain)
        plain_box_forbid();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_status_is_the_engines),
        cmocka_unit_test(a_program_that_is_not_there_is_said),
        cmocka_unit_test(the_three_pipes_lead_where_they_should),
        cmocka_unit_test(a_box_can_be_killed),
        cmocka_unit_test(the_scratch_directory_is_private_and_vanishes),
        cmocka_unit_test(a_full_box_is_a_world_of_its_own),
        cmocka_unit_test(the_hosts_network_can_be_had),
        cmocka_unit_test(the_engine_begins_with_clean_signals_and_descriptors),
        cmocka_unit_test(survivors_are_counted_and_ended),
        cmocka_unit_test(cpu_time_of_the_whole_tree_is_counted),
        cmocka_unit_test(nothing_outlives_tote),
    };
    return cmocka_run_group_tests_name(is_plain ? "box plain" : "box", tests, NULL,
                                       NULL);
}
