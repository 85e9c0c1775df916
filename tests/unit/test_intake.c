/* SPDX-License-Identifier: MIT */
/* test_intake.c: what a store holds of a list at each moment that a kill could hit.
 * What a run makes of lists is in tests/e2e. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/intake.h"

#define STORE "intake.tote"

static const struct tote_interrupt nobody = {.signal_fd = -1};

struct making {
    struct tote_commands commands;
    struct tote_items_list values;
    struct tote_items *items;
    struct tote_template *template;
    struct tote_store *store;
};

static void begin(struct making *making, const char *const *values, size_t n,
                  uint32_t list)
{
    static const char *const words[] = {"echo", "{item}"};
    const struct tote_items_source source = {
        .kind = TOTE_ITEMS_VALUES, .lists = &making->values, .n_lists = 1};
    *making = (struct making){.values = {.values = values, .n = n}};
    assert_int_equal(tote_items_open(&source, &making->items, NULL), 0);
    assert_int_equal(
        tote_template_parse(words, 2, NULL, 1, false, &making->template, NULL), 0);
    making->commands = (struct tote_commands){.template = making->template,
                                              .items = making->items,
                                              .list = list,
                                              .start = "/"};
    if (list == 1)
        tote_store_unlink(STORE); /* of a test that failed */
    int rc = list == 1 ? tote_store_create(STORE, &making->store, NULL)
                       : tote_store_reopen(STORE, &making->store, NULL);
    assert_int_equal(rc, 0);
}

static void end(struct making *making)
{
    tote_store_close(making->store);
    tote_template_destroy(making->template);
    tote_items_close(making->items);
}

static int take_whole(struct making *making, const struct tote_interrupt *interrupt)
{
    struct tote_error err = {0};
    return tote_intake_whole(&making->commands, NULL, making->store, interrupt, &err);
}

static void assert_setting(struct making *making, const char *name, const char *value)
{
    char *text = tote_store_get(making->store, name);
    if (value)
        assert_string_equal(text ? text : "nothing", value);
    else
        assert_null(text);
    free(text);
}

static uint64_t count(struct making *making)
{
    uint64_t n = 0;
    assert_int_equal(tote_store_task_count(making->store, &n, NULL), 0);
    return n;
}

/* A kill after it must not find tasks of a list that the store does not say it has: the
 * next list would get the same number, and could not claim them. */
static void test_a_list_and_its_number_come_together(void **state)
{
    (void)state;
    const char *const values[] = {"a", "b"};
    struct making making;
    begin(&making, values, 2, 1);
    assert_int_equal(take_whole(&making, &nobody), 0);
    assert_setting(&making, "list", "1");
    assert_setting(&making, "list_whole", "yes");
    end(&making);
    begin(&making, values, 1, 2);
    assert_int_equal(take_whole(&making, &nobody), 0);
    assert_setting(&making, "list", "2");
    assert_int_equal(count(&making), 2); /* none is new */
    end(&making);
    unlink(STORE);
}

/* A list of one item whose input is not there. */
static void begin_bad(struct making *making, uint32_t list)
{
    static const char *const values[] = {"a"};
    static const char *const words[] = {"cat", "{in:missing/{item}}"};
    begin(making, values, 1, list);
    tote_template_destroy(making->template);
    assert_int_equal(
        tote_template_parse(words, 2, NULL, 1, false, &making->template, NULL), 0);
    making->commands.template = making->template;
}

static void test_a_bad_list_leaves_nothing(void **state)
{
    (void)state;
    struct making making;
    begin_bad(&making, 1);
    assert_int_equal(take_whole(&making, &nobody), -EINVAL);
    assert_setting(&making, "list", NULL);
    assert_int_equal(count(&making), 0);
    end(&making);
    unlink(STORE);
}

static int note(void *context, struct tote_store *store, struct tote_error *err)
{
    return tote_store_set(store, "start", context, err);
}

/* What holds of the store only with the list comes with it, or not at all. */
static void test_a_list_brings_its_notes_along(void **state)
{
    (void)state;
    const char *const good[] = {"a"};
    char first[] = "/first", second[] = "/second";
    struct making making;
    begin(&making, good, 1, 1);
    making.commands.note = note;
    making.commands.context = first;
    assert_int_equal(take_whole(&making, &nobody), 0);
    assert_setting(&making, "start", "/first");
    end(&making);
    begin_bad(&making, 2);
    making.commands.note = note;
    making.commands.context = second;
    assert_int_equal(take_whole(&making, &nobody), -EINVAL);
    assert_setting(&making, "start", "/first");
    end(&making);
    unlink(STORE);
}

/* One that asks for the progress is taken, one that ends the run is left to be told. */
static void test_signals(void **state)
{
    (void)state;
    const char *const values[] = {"a"};
    struct making making;
    sigset_t both, pending;
    sigemptyset(&both);
    sigaddset(&both, SIGUSR1);
    sigaddset(&both, SIGTERM);
    assert_int_equal(sigprocmask(SIG_BLOCK, &both, NULL), 0);
    int fd = signalfd(-1, &both, SFD_NONBLOCK | SFD_CLOEXEC);
    assert_true(fd >= 0);
    const struct tote_interrupt interrupt = {.signal_fd = fd,
                                             .progress_signal = SIGUSR1};
    begin(&making, values, 1, 1);
    kill(getpid(), SIGUSR1);
    assert_int_equal(take_whole(&making, &interrupt), 0);
    end(&making);
    begin(&making, values, 1, 2);
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGTERM);
    assert_int_equal(take_whole(&making, &interrupt), -EINTR);
    assert_setting(&making, "list", "1");
    assert_int_equal(sigpending(&pending), 0);
    assert_int_equal(sigismember(&pending, SIGTERM), 1);
    struct signalfd_siginfo info;
    assert_int_equal(read(fd, &info, sizeof info), sizeof info);
    close(fd);
    end(&making);
    unlink(STORE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_list_and_its_number_come_together),
        cmocka_unit_test(test_a_bad_list_leaves_nothing),
        cmocka_unit_test(test_a_list_brings_its_notes_along),
        cmocka_unit_test(test_signals),
    };
    return cmocka_run_group_tests_name("intake", tests, NULL, NULL);
}
