/* SPDX-License-Identifier: MIT */
/* test_store_memory.c: SQLite gets no memory, at every call in turn, once or from then
 * on: while a store is made and written, resumed, read, checked and salvaged. Each ends
 * with an error or well, never with a wrong answer; what was acknowledged is there
 * afterwards; nothing is leaked. Our own malloc does not fail here. TOTE_SOAK makes it
 * complete. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "commands_fixture.h"
#include "store/fsck.h"
#include "store_fixture.h"

#define TASKS 20
#define MORE  20 /* tasks that a resume adds */
#define DENSE                                                                          \
    200 /* calls that fail one after the other; then one of STEP, to save time */
#define STEP 31

/* --- a memory that fails at call number `at` --- */

static sqlite3_mem_methods real;
static struct {
    int at; /* the call that fails; below 0: none */
    bool for_good;
    atomic_int calls, failures;
} plan;

static bool fails_now(void)
{
    int call = plan.calls++;
    bool fails = plan.at >= 0 && (plan.for_good ? call >= plan.at : call == plan.at);
    plan.failures += fails;
    return fails;
}

static void *faulty_malloc(int n)
{
    return fails_now() ? NULL : real.xMalloc(n);
}

static void *faulty_realloc(void *old, int n)
{
    return fails_now() ? NULL : real.xRealloc(old, n);
}

static void make_faulty(void)
{
    sqlite3_mem_methods faulty;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real), SQLITE_OK);
    faulty = real;
    faulty.xMalloc = faulty_malloc;
    faulty.xRealloc = faulty_realloc;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &faulty), SQLITE_OK);
    /* A small reserve per connection would hide most failures. */
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0), SQLITE_OK);
    assert_int_equal(sqlite3_initialize(), SQLITE_OK);
}

/* Nothing here loses its power: thousands of stores need no disk. */
int fdatasync(int fd)
{
    (void)fd;
    return 0;
}

int fsync(int fd)
{
    return fdatasync(fd);
}

/* --- what fails --- */

/* What a round leaves behind to be compared with. */
struct round {
    uint64_t durable; /* records that were acknowledged */
    int code;
    struct tote_error err;
};

static void write_rows(struct round *round, uint64_t first, uint64_t n)
{
    struct tote_writer *writer = NULL;
    round->code = tote_writer_start("a", TOTE_DURABILITY_STRICT, &writer, &round->err);
    if (round->code < 0)
        return;
    uint64_t durable = 0;
    round->code = fixture_bag_put(writer, first, n, true, &durable, &round->err);
    round->durable = first + durable;
    int end = tote_writer_stop(writer, &round->err);
    round->code = round->code < 0 ? round->code : end;
}

static void make(struct round *round)
{
    struct tote_store *store = NULL;
    struct tote_run_row run = fixture_run(TASKS);
    run.attempts_to = 1;
    round->code = tote_store_create("a", &store, &round->err);
    if (round->code == 0)
        round->code = tote_store_set(store, "bag", "tasks: of commands", &round->err);
    if (round->code == 0)
        round->code = tote_store_add_run(store, &run, &round->err);
    if (round->code == 0)
        write_rows(round, 0, TASKS);
    run.state = TOTE_RUN_COMPLETE;
    if (round->code == 0)
        round->code = tote_store_update_run(store, &run, &round->err);
    tote_store_close(store);
}

static void resume(struct round *round)
{
    struct tote_store *store = NULL;
    round->durable = TASKS;
    round->code = tote_store_reopen("a", &store, &round->err);
    if (round->code == 0)
        write_rows(round, TASKS, MORE);
    tote_store_close(store);
}

static void read_all(struct round *round)
{
    struct fixture_content content;
    round->durable = TASKS;
    round->code = fixture_bag_read("a", TASKS, &content, &round->err);
    if (round->code == 0)
        assert_true(content.records == TASKS && !content.differs);
}

static void hear(void *context, const char *sentence)
{
    (void)context;
    fail_msg("call %d: damage where there is none: %s", plan.at, sentence);
}

static void check(struct round *round)
{
    struct tote_fsck found = {0};
    round->durable = TASKS;
    round->code = tote_store_fsck("a", &found, hear, NULL, &round->err);
    if (round->code == 0)
        assert_true(found.checked == 4 * TASKS + 4 && found.damaged == 0);
}

static void salvage(struct round *round)
{
    struct tote_fsck found = {0};
    round->durable = TASKS;
    round->code = tote_store_salvage("a", "b", &found, hear, NULL, &round->err);
    if (round->code == 0)
        assert_true(found.checked == 4 * TASKS + 4 && found.damaged == 0);
    else if (round->code != -EEXIST)
        assert_int_equal(access("b", F_OK), -1);
    tote_store_unlink("b");
}

/* --- rounds --- */

static void check_after(const struct round *round, bool has_store)
{
    struct fixture_content content;
    struct tote_error err = {0};
    if (round->code < 0 && !round->err.text[0])
        fail_msg("call %d: %d without a sentence", plan.at, round->code);
    if (!has_store && access("a", F_OK) < 0) {
        assert_true(round->code < 0);
        return;
    }
    if (fixture_bag_read("a", TASKS, &content, &err) < 0)
        fail_msg("call %d: %s", plan.at, err.text);
    if (content.differs || content.records < round->durable)
        fail_msg("call %d: %d of %d records", plan.at, (int)content.records,
                 (int)round->durable);
    struct tote_fsck found = {0};
    assert_int_equal(tote_store_fsck("a", &found, hear, NULL, &err), 0);
}

static void fail_everywhere(void (*body)(struct round *), bool for_good, bool makes)
{
    int at = 0, failures, rounds = 0, errors = 0;
    bool soak = getenv("TOTE_SOAK") != NULL;
    sqlite3_int64 before = sqlite3_memory_used();
    do {
        if (makes || body == resume)
            tote_store_unlink("a");
        if (!makes && access("a", F_OK) < 0)
            tote_store_close(fixture_bag_store("a", TASKS, false));
        struct round round = {0};
        plan.for_good = for_good;
        plan.calls = plan.failures = 0;
        plan.at = at;
        body(&round);
        plan.at = -1;
        failures = plan.failures;
        rounds++;
        errors += round.code < 0;
        check_after(&round, !makes);
        at += at < DENSE ? 1 : soak ? 1 : STEP;
        if (sqlite3_memory_used() != before)
            fail_msg("call %d: %d bytes leaked", at,
                     (int)(sqlite3_memory_used() - before));
    } while (failures > 0);
    print_message("%d calls, %d rounds, %d errors\n", at, rounds, errors);
    assert_true(rounds > 100 && errors > 50);
}

#define BOTH(name, makes)                                                              \
    static void test_##name##_once(void **state)                                       \
    {                                                                                  \
        (void)state;                                                                   \
        fail_everywhere(name, false, makes);                                           \
    }                                                                                  \
    static void test_##name##_for_good(void **state)                                   \
    {                                                                                  \
        (void)state;                                                                   \
        fail_everywhere(name, true, makes);                                            \
    }
BOTH(make, true)
BOTH(resume, false)
BOTH(read_all, false)
BOTH(check, false)
BOTH(salvage, false)

#define IN_FOLDER(test)                                                                \
    cmocka_unit_test_setup_teardown(test, fixture_enter, fixture_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_make_once),     IN_FOLDER(test_make_for_good),
        IN_FOLDER(test_resume_once),   IN_FOLDER(test_resume_for_good),
        IN_FOLDER(test_read_all_once), IN_FOLDER(test_read_all_for_good),
        IN_FOLDER(test_check_once),    IN_FOLDER(test_check_for_good),
        IN_FOLDER(test_salvage_once),  IN_FOLDER(test_salvage_for_good),
    };
    plan.at = -1;
    make_faulty();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
