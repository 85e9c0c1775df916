/* SPDX-License-Identifier: MIT */
/* test_courier.c: what a courier lays into the work folder of a run, and how many tasks
 * it lets into a batch. What comes of it on workers is in tests/e2e. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/folder.h"
#include "core/courier.h"
#include "core/intake.h"

#define STORE "courier.tote"
#define WORK  "courier.work"
#define TASKS 40
#define MIB   ((uint64_t)1 << 20)

struct sending {
    char work[512];
    struct tote_commands commands;
    struct tote_template *template;
    struct tote_store *store;
    struct tote_courier *courier;
};

/* A store of TASKS tasks, each with an item of so many bytes, and a courier for it. */
static void begin(struct sending *sending, size_t item_n, bool is_staged)
{
    static const char *const words[] = {"echo", "{item}"};
    char *item = malloc(item_n + 1), folder[256];
    const char *values[TASKS];
    assert_non_null(item);
    assert_non_null(getcwd(folder, sizeof folder));
    memset(item, 'x', item_n);
    item[item_n] = '\0';
    for (size_t i = 0; i < TASKS; i++)
        values[i] = item;
    struct tote_items_list list = {.values = values, .n = TASKS};
    const struct tote_items_source source = {
        .kind = TOTE_ITEMS_VALUES, .lists = &list, .n_lists = 1};
    const struct tote_interrupt nobody = {.signal_fd = -1};
    *sending = (struct sending){.store = NULL};
    snprintf(sending->work, sizeof sending->work, "%s/" WORK, folder);
    tote_store_unlink(STORE); /* of a test that failed */
    tote_folder_remove(sending->work);
    assert_int_equal(
        tote_template_parse(words, 2, NULL, 1, false, &sending->template, NULL), 0);
    sending->commands = (struct tote_commands){
        .template = sending->template,
        .list = 1,
        .rules = {.run = "ab", .is_staged = is_staged, .start = "/", .stream_max = MIB},
        .start = "/",
        .work = sending->work};
    assert_int_equal(tote_items_open(&source, &sending->commands.items, NULL), 0);
    assert_int_equal(tote_store_create(STORE, &sending->store, NULL), 0);
    assert_int_equal(
        tote_intake_whole(&sending->commands, NULL, sending->store, &nobody, NULL), 0);
    assert_int_equal(
        tote_courier_open(&sending->commands, sending->store, &sending->courier, NULL),
        0);
    tote_items_close(sending->commands.items);
    free(item);
}

static void end(struct sending *sending)
{
    struct stat info;
    tote_courier_close(sending->courier);
    assert_int_equal(stat(WORK, &info), -1);
    tote_store_close(sending->store);
    tote_store_unlink(STORE);
    tote_template_destroy(sending->template);
}

static size_t read_file(const char *path, char *into, size_t size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(into, 1, size, file);
    fclose(file);
    return n;
}

/* Sends it, and looks at the rules that its worker will read. */
static struct tote_rules send_batch(struct sending *sending, uint64_t first,
                                    uint32_t count, tote_ns_t timeout_ns)
{
    static char bytes[1 << 16];
    const struct tote_batch batch = {.first = first, .count = count, .attempt = 1};
    const struct tote_travel *travel = NULL;
    struct tote_slice slice = {0};
    assert_int_equal(
        tote_courier_send(sending->courier, &batch, timeout_ns, &travel, NULL), 0);
    assert_true(travel->n_inputs == 1 && travel->n_outputs == 1);
    size_t n = read_file(travel->inputs[0].here, bytes, sizeof bytes);
    assert_int_equal(tote_slice_parse(bytes, n, &slice, NULL), 0);
    assert_true(slice.first == first && slice.count == count && slice.attempt == 1);
    struct tote_rules rules = slice.rules;
    tote_slice_finish(&slice);
    return rules;
}

static void assert_told(const char *wanted)
{
    char text[64] = "";
    struct stat info;
    if (stat(WORK "/" TOTE_LATE_NAME, &info) == 0) {
        assert_int_equal(info.st_mode & 0777, 0600);
        text[read_file(WORK "/" TOTE_LATE_NAME, text, sizeof text - 1)] = '\0';
    }
    assert_string_equal(text, wanted);
    assert_int_equal(stat(WORK "/" TOTE_LATE_NAME ".part", &info), -1);
}

/* --- how many tasks fit --- */

static void test_streams_of_a_batch_have_room_in_its_pack(void **state)
{
    (void)state;
    const struct {
        uint64_t stream_max;
        uint32_t fit;
    } cases[] = {
        {TOTE_STREAM_MAX, 3}, {16 * MIB, 14}, {MIB, TASKS}, {1, TASKS}, {0, TASKS},
    };
    struct sending sending;
    begin(&sending, 1, false);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t kept = cases[i].stream_max;
        sending.commands.rules.stream_max = kept;
        uint32_t fit = tote_courier_fit(sending.courier, 0, TASKS);
        assert_int_equal(fit, cases[i].fit);
        assert_true(TOTE_STREAMS * kept * fit <= TOTE_PACK_MAX - TOTE_PACK_REST);
        assert_int_equal(tote_courier_fit(sending.courier, TASKS - 1, 1), 1);
    }
    end(&sending);
}

static void test_commands_of_a_batch_have_a_reasonable_size(void **state)
{
    (void)state;
    struct sending sending;
    begin(&sending, 100 * 1000, false); /* twice: as TOTE_ITEM, too */
    assert_int_equal(tote_courier_fit(sending.courier, 0, TASKS), 5);
    assert_int_equal(tote_courier_fit(sending.courier, 0, 2), 2);
    assert_int_equal(tote_courier_fit(sending.courier, TASKS - 1, 1), 1);
    end(&sending);
}

/* --- a time limit that is not known yet --- */

static void test_a_late_limit_is_told_once(void **state)
{
    (void)state;
    struct sending sending;
    begin(&sending, 1, false);
    sending.commands.timeout_percent = 300;
    struct tote_rules rules = send_batch(&sending, 0, 2, 0);
    assert_true(rules.has_late_timeout && rules.timeout_ns == 0);
    assert_int_equal(tote_courier_tell_timeout(sending.courier, 0, NULL), 0);
    assert_told("");
    assert_int_equal(tote_courier_tell_timeout(sending.courier, 1500000000, NULL), 0);
    assert_told("1500000000\n");
    rules = send_batch(&sending, 2, 2, 1700000000);
    assert_true(!rules.has_late_timeout && rules.timeout_ns == 1700000000);
    assert_int_equal(tote_courier_tell_timeout(sending.courier, 1700000000, NULL), 0);
    assert_told("1500000000\n");
    end(&sending);
}

static void test_nobody_waits_for_a_limit_that_is_known_or_not_asked_for(void **state)
{
    (void)state;
    struct sending sending;
    begin(&sending, 1, false);
    assert_false(send_batch(&sending, 0, 1, 0).has_late_timeout);
    sending.commands.timeout_percent = 300; /* and earlier runs told how long */
    assert_false(send_batch(&sending, 1, 1, 1500000000).has_late_timeout);
    assert_int_equal(tote_courier_tell_timeout(sending.courier, 1500000000, NULL), 0);
    assert_told("");
    end(&sending);
}

static void test_staged_batches_cannot_be_told(void **state)
{
    (void)state;
    struct sending sending;
    begin(&sending, 1, true);
    sending.commands.timeout_percent = 300;
    assert_false(send_batch(&sending, 0, 1, 0).has_late_timeout);
    assert_int_equal(tote_courier_tell_timeout(sending.courier, 1500000000, NULL), 0);
    assert_told("");
    end(&sending);
}

static void test_a_limit_that_cannot_be_told_is_said(void **state)
{
    (void)state;
    struct sending sending;
    struct tote_error err = {0};
    begin(&sending, 1, false);
    sending.commands.timeout_percent = 300;
    send_batch(&sending, 0, 1, 0);
    assert_int_equal(mkdir(WORK "/" TOTE_LATE_NAME, 0700), 0);
    assert_int_equal(tote_courier_tell_timeout(sending.courier, 1500000000, &err),
                     -EISDIR);
    assert_non_null(strstr(err.text, WORK "/" TOTE_LATE_NAME));
    end(&sending);
}

/* --- what commands may have put where we write --- */

static void test_nothing_in_the_way_is_followed_or_waited_for(void **state)
{
    (void)state;
    struct sending sending;
    struct stat info;
    char slice[TOTE_SLICE_NAME_MAX], path[600];
    begin(&sending, 1, false);
    tote_slice_name(0, 2, 1, false, slice);
    snprintf(path, sizeof path, "%s/%s", tote_courier_slices(sending.courier), slice);
    assert_int_equal(symlink("../victim", path), 0);
    assert_int_equal(mkfifo(WORK "/" TOTE_LATE_NAME ".part", 0600), 0);
    snprintf(path, sizeof path, "%s/room", tote_courier_slices(sending.courier));
    assert_int_equal(symlink("../victim", path), 0);
    sending.commands.timeout_percent = 300;
    assert_true(send_batch(&sending, 0, 2, 0).has_late_timeout);
    assert_int_equal(tote_courier_tell_timeout(sending.courier, 1500000000, NULL), 0);
    assert_told("1500000000\n");
    assert_int_equal(tote_courier_check_room(sending.courier, NULL), 0);
    assert_int_equal(stat(WORK "/victim", &info), -1);
    end(&sending);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_streams_of_a_batch_have_room_in_its_pack),
        cmocka_unit_test(test_commands_of_a_batch_have_a_reasonable_size),
        cmocka_unit_test(test_a_late_limit_is_told_once),
        cmocka_unit_test(test_nobody_waits_for_a_limit_that_is_known_or_not_asked_for),
        cmocka_unit_test(test_staged_batches_cannot_be_told),
        cmocka_unit_test(test_a_limit_that_cannot_be_told_is_said),
        cmocka_unit_test(test_nothing_in_the_way_is_followed_or_waited_for),
    };
    return cmocka_run_group_tests_name("courier", tests, NULL, NULL);
}
