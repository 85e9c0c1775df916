/* SPDX-License-Identifier: MIT */
/* test_store_faults.c: the disk fails, at every place where it can: each write or sync
 * of SQLite's in turn, once or for good; and a disk that is really full. Nothing that
 * was acknowledged may be missing, nothing half-made may stay. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store/fsck.h"
#include "store_fixture.h"

#define SKIPPED 77

/* --- a disk that fails at call number `at` --- */

static sqlite3_vfs faulty, *real;
static sqlite3_io_methods locking, lockless; /* copies: of the main file's, the WAL's */
static int (*real_write)(sqlite3_file *, const void *, int, sqlite3_int64);
static int (*real_sync)(sqlite3_file *, int);
static struct {
    int at; /* the call that fails; below 0: none */
    bool for_good, full;
    atomic_int calls, failures;
} plan;

static bool fails_now(void)
{
    int call = plan.calls++;
    bool fails = plan.at >= 0 && (plan.for_good ? call >= plan.at : call == plan.at);
    plan.failures += fails;
    return fails;
}

static int faulty_write(sqlite3_file *file, const void *data, int n, sqlite3_int64 at)
{
    if (fails_now())
        return plan.full ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    return real_write(file, data, n, at);
}

static int faulty_sync(sqlite3_file *file, int flags)
{
    return fails_now() ? SQLITE_IOERR_FSYNC : real_sync(file, flags);
}

static void make_methods(sqlite3_io_methods *copy, const sqlite3_io_methods *from)
{
    if (copy->xWrite)
        return;
    real_write = from->xWrite; /* one function for all kinds of files */
    real_sync = from->xSync;
    *copy = *from;
    copy->xWrite = faulty_write;
    copy->xSync = faulty_sync;
}

static int faulty_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file,
                       int flags, int *ret_flags)
{
    (void)vfs;
    int rc = real->xOpen(real, path, file, flags, ret_flags);
    if (rc != SQLITE_OK || !path || !strstr(path, "faulty") ||
        !(flags & SQLITE_OPEN_READWRITE))
        return rc;
    sqlite3_io_methods *copy = flags & SQLITE_OPEN_MAIN_DB ? &locking : &lockless;
    make_methods(copy, file->pMethods);
    file->pMethods = copy;
    return rc;
}

static void make_faulty(void)
{
    real = sqlite3_vfs_find(NULL);
    faulty = *real;
    faulty.zName = "faulty";
    faulty.xOpen = faulty_open;
    assert_int_equal(sqlite3_vfs_register(&faulty, 1), SQLITE_OK);
}

/* One life of a store at "faulty.tote" after the other, each with another call that
 * fails; round leads it and looks at what is left, without faults. */
static void fail_everywhere(void (*round)(void), bool for_good, bool full)
{
    plan.at = 0;
    do {
        plan.for_good = for_good;
        plan.full = full;
        plan.calls = plan.failures = 0;
        round();
        tote_store_unlink("faulty.tote");
        plan.at++;
    } while (plan.failures > 0);
    assert_in_range(plan.at, 60, 2000); /* calls of a life without a failure */
    plan.at = -1;
}

/* What to set plan.at to afterwards. */
static int stop_failing(void)
{
    int at = plan.at;
    plan.at = -1;
    return at;
}

static void hear(void *context, const char *sentence)
{
    (void)context;
    fail_msg("call %d: %s", plan.calls, sentence);
}

/* What is counted is what is recorded, too. */
static void check_whole(const char *path)
{
    struct tote_fsck found;
    assert_int_equal(tote_store_fsck(path, &found, hear, NULL, NULL), 0);
}

/* --- one life of a store --- */

struct life {
    bool created, has_run, finished, writer_failed;
    uint64_t durable;
};

static void write_rows(struct life *life, const char *path)
{
    struct tote_writer *writer = NULL;
    if (tote_writer_start(path, TOTE_DURABILITY_GROUP, &writer, NULL) < 0)
        return;
    int code = 0;
    for (uint64_t first = 0; code == 0 && first < 3000; first += 1000)
        code = fixture_put(writer, first, 1000, &life->durable, NULL);
    struct tote_error err = {0};
    int end = tote_writer_stop(writer, &err);
    life->writer_failed = end < 0;
    assert_int_equal(end, code); /* the first error stays */
    assert_true(end == 0 || err.text[0]);
}

static struct life live(const char *path)
{
    struct life life = {0};
    struct tote_store *store = NULL;
    struct tote_error err = {0};
    struct tote_run_row run = fixture_run(3000);
    life.created = tote_store_create(path, &store, &err) == 0;
    if (!life.created) {
        assert_true(err.text[0]);
        return life;
    }
    life.has_run = tote_store_set(store, "bag", "x", &err) == 0 &&
                   tote_store_add_run(store, &run, &err) == 0;
    if (life.has_run)
        write_rows(&life, path);
    run.state = TOTE_RUN_COMPLETE;
    life.finished = life.has_run && tote_store_update_run(store, &run, &err) == 0;
    tote_store_close(store);
    return life;
}

/* --- one life of a bag of commands --- */

struct commands_life {
    bool created, listed;
    uint64_t tasks, durable; /* acknowledged */
    bool disowned, reverted;
};

static void write_commands(struct commands_life *life, const char *path)
{
    struct tote_writer *writer = NULL;
    if (tote_writer_start(path, TOTE_DURABILITY_GROUP, &writer, NULL) < 0)
        return;
    int code = 0;
    for (uint64_t first = 0; code == 0 && first < 40; first += 20) {
        code = fixture_put_tasks(writer, first, 20, NULL);
        life->tasks = tote_writer_tasks(writer);
        if (code == 0)
            code = fixture_put_results(writer, first, 20, &life->durable, NULL);
    }
    struct tote_error err = {0};
    assert_int_equal(tote_writer_stop(writer, &err), code);
    assert_true(code == 0 || err.text[0]);
}

/* Lists 30 of its tasks anew, and a new one that takes a path over. */
static int list_anew(struct tote_store *store, struct tote_error *err)
{
    struct fixture_command c;
    struct tote_list_clash clash;
    uint64_t other = 0;
    int code = tote_store_list_begin(store, 2, err);
    for (uint64_t i = 0; code >= 0 && i < 30; i++) {
        fixture_command(i, &c);
        c.row.place = i + 1;
        code = tote_store_list_claim(store, &c.row, &other, err);
        assert_true(code < 0 || code == TOTE_CLAIM_KEPT);
    }
    fixture_command(39, &c);
    c.row.task = 40;
    c.row.key.high ^= 1;
    if (code >= 0)
        code = tote_store_list_add(store, &c.row, &other, err);
    if (code >= 0)
        code = tote_store_list_clash(store, 2, &clash, err);
    assert_true(code <= 0);
    if (code >= 0)
        return tote_store_list_commit(store, err);
    tote_store_list_cancel(store);
    return code;
}

/* Lists the task alone that lost its path, which gets it back. */
static int revert(struct tote_store *store, struct tote_error *err)
{
    struct fixture_command c;
    uint64_t other = 0;
    fixture_command(39, &c);
    int code = tote_store_list_begin(store, 3, err);
    if (code >= 0)
        code = tote_store_list_claim(store, &c.row, &other, err);
    assert_true(code < 0 || code == TOTE_CLAIM_SPOILT);
    if (code >= 0)
        return tote_store_list_commit(store, err);
    tote_store_list_cancel(store);
    return code;
}

static void go_on(struct commands_life *life, const char *path)
{
    struct tote_store *store = NULL;
    struct tote_error err = {0};
    if (tote_store_reopen(path, &store, &err) < 0) {
        assert_true(err.text[0]);
        return;
    }
    life->listed = life->durable == 40 && list_anew(store, &err) == 0;
    const uint64_t gone[] = {5, 7};
    life->disowned = life->listed && tote_store_disown(store, gone, 2, &err) == 0;
    life->reverted = life->disowned && revert(store, &err) == 0;
    assert_true(life->reverted || life->durable < 40 || err.text[0]);
    tote_store_close(store);
}

static struct commands_life live_commands(const char *path)
{
    struct commands_life life = {0};
    struct tote_store *store = NULL;
    struct tote_run_row run = fixture_run(40);
    life.created = tote_store_create(path, &store, NULL) == 0;
    if (!life.created)
        return life;
    if (tote_store_add_run(store, &run, NULL) == 0)
        write_commands(&life, path);
    tote_store_close(store); /* the run stays RUNNING */
    go_on(&life, path);
    return life;
}

struct tally {
    uint64_t listed[4], ok, published;
};

static int tally_task(void *context, const struct tote_task_row *row)
{
    ((struct tally *)context)->listed[row->listed]++;
    return 0;
}

static int tally_result(void *context, const struct tote_record *record,
                        uint64_t worker)
{
    (void)worker;
    ((struct tally *)context)->ok += record->outcome == TOTE_OUTCOME_OK;
    return 0;
}

static int tally_output(void *context, const struct tote_output_row *row)
{
    ((struct tally *)context)->published += row->attempt > 0;
    return 0;
}

/* All or nothing of a put, of a list, of what was taken back; seals are checked. */
static void check_commands(const struct commands_life *life, const char *path)
{
    struct tote_store *store = NULL;
    struct tote_error err = {0};
    struct tally tally = {0};
    uint64_t n = 0;
    if (!life->created) {
        assert_int_equal(fixture_count_files(), 0);
        return;
    }
    assert_int_equal(tote_store_open(path, &store, &err), 0);
    assert_int_equal(tote_store_task_count(store, &n, &err), 0);
    assert_int_equal(tote_store_each_task(store, 0, n, tally_task, &tally, &err), 0);
    assert_int_equal(tote_store_each_result(store, tally_result, &tally, &err), 0);
    assert_int_equal(tote_store_each_output(store, tally_output, &tally, &err), 0);
    assert_true(n >= life->tasks && tally.published >= life->durable);
    assert_int_equal(tally.published % 20, 0);
    if (life->listed || tally.listed[2]) {
        assert_int_equal(tally.listed[2], 31);
        assert_int_equal(tally.listed[1] + tally.listed[3], 10);
    }
    uint64_t taken_back = tally.published - tally.ok;
    assert_int_equal(tally.listed[3], taken_back == 3);
    assert_true(taken_back == 0 || taken_back == 2 || taken_back == 3);
    assert_true(taken_back >= (life->reverted ? 3U : life->disowned ? 2U : 0U));
    tote_store_close(store);
    check_whole(path);
}

static void whole_commands(void)
{
    struct commands_life life = live_commands("faulty.tote");
    int at = stop_failing();
    check_commands(&life, "faulty.tote");
    plan.at = at;
}

static void test_commands_error_once(void **state)
{
    (void)state;
    fail_everywhere(whole_commands, false, false);
}

static void test_commands_error_for_good(void **state)
{
    (void)state;
    fail_everywhere(whole_commands, true, false);
}

static void test_commands_full_for_good(void **state)
{
    (void)state;
    fail_everywhere(whole_commands, true, true);
}

/* --- one life, looked at afterwards --- */

static int count_record(void *context, const struct tote_record *record,
                        uint64_t worker)
{
    (void)worker;
    uint64_t *n = context;
    return record->task == (*n)++ ? 0 : 1;
}

static uint64_t count_records(struct tote_store *store)
{
    uint64_t n = 0;
    assert_int_equal(tote_store_each_record(store, 1, count_record, &n, NULL), 0);
    return n;
}

static void check_after(const struct life *life, const char *path)
{
    struct tote_store *store = NULL;
    struct tote_run_row *runs = NULL;
    struct tote_error err = {0};
    size_t n = 0;
    if (!life->created) {
        assert_int_equal(fixture_count_files(), 0);
        return;
    }
    assert_int_equal(tote_store_open(path, &store, &err), 0);
    assert_int_equal(tote_store_runs(store, &runs, &n, &err), 0);
    assert_true(n >= life->has_run);
    if (life->finished)
        assert_int_equal(runs[0].state, TOTE_RUN_COMPLETE);
    assert_true(count_records(store) >= life->durable);
    for (size_t i = 0; i < n; i++)
        tote_run_row_finish(&runs[i]);
    free(runs);
    tote_store_close(store);
    check_whole(path);
}

static void whole_run(void)
{
    struct life life = live("faulty.tote");
    int at = stop_failing();
    check_after(&life, "faulty.tote");
    plan.at = at;
}

static void test_error_once(void **state)
{
    (void)state;
    fail_everywhere(whole_run, false, false);
}

static void test_error_for_good(void **state)
{
    (void)state;
    fail_everywhere(whole_run, true, false);
}

static void test_full_for_good(void **state)
{
    (void)state;
    fail_everywhere(whole_run, true, true);
}

/* A sync that failed and would succeed when tried again is not tried again. */
static void test_no_second_try(void **state)
{
    (void)state;
    struct tote_store *store = NULL;
    struct tote_writer *writer = NULL;
    struct tote_run_row run = fixture_run(3000);
    uint64_t durable = 0;
    assert_int_equal(tote_store_create("faulty.tote", &store, NULL), 0);
    assert_int_equal(tote_store_add_run(store, &run, NULL), 0);
    assert_int_equal(
        tote_writer_start("faulty.tote", TOTE_DURABILITY_GROUP, &writer, NULL), 0);
    assert_int_equal(fixture_put(writer, 0, 10, &durable, NULL), 0);
    plan.for_good = false;
    plan.at = plan.calls;
    assert_true(fixture_put(writer, 10, 10, &durable, NULL) < 0);
    assert_int_equal(durable, 10);
    assert_true(fixture_put(writer, 20, 10, &durable, NULL) < 0);
    assert_int_equal(plan.failures >= 1, 1);
    assert_true(tote_writer_stop(writer, NULL) < 0);
    plan.at = -1;
    tote_store_close(store);
    tote_store_unlink("faulty.tote");
}

/* --- a disk that is full --- */

static int in_child(int (*body)(void))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(body());
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* Writes until it fails; what is there afterwards must hold all that was acknowledged.
 */
static int fill(int code_wanted, const char *word)
{
    struct tote_store *store = NULL;
    struct tote_writer *writer = NULL;
    struct tote_error err = {0};
    struct tote_run_row run = fixture_run(1);
    uint64_t durable = 0, next = 0;
    if (tote_store_create("a", &store, &err) < 0 ||
        tote_store_add_run(store, &run, &err) < 0 ||
        tote_writer_start("a", TOTE_DURABILITY_GROUP, &writer, &err) < 0)
        return 1;
    int code = 0;
    for (; code == 0 && next < 200000; next += 1000)
        code = fixture_put(writer, next, 1000, &durable, &err);
    if (code != code_wanted || !strstr(err.text, word) || durable == 0)
        return 2;
    if (tote_writer_stop(writer, NULL) != code_wanted)
        return 3;
    tote_store_close(store);
    if (tote_store_open("a", &store, NULL) < 0)
        return 4;
    uint64_t n = count_records(store);
    tote_store_close(store);
    return n >= durable && n <= next ? 0 : 5;
}

static int fill_small_disk(void)
{
    return fixture_mount_small(2048) ? fill(-ENOSPC, "no space left") : SKIPPED;
}

static int create_on_full_disk(void)
{
    static const char zeros[1 << 16];
    struct tote_store *store = NULL;
    struct tote_error err = {0};
    if (!fixture_mount_small(64))
        return SKIPPED;
    FILE *file = fopen("ballast", "wb");
    while (file && fwrite(zeros, 1, 4096, file) == 4096 && fflush(file) == 0)
        continue;
    if (file)
        fclose(file);
    if (tote_store_create("a", &store, &err) != -ENOSPC ||
        !strstr(err.text, "no space"))
        return 1;
    return fixture_count_files() == 1 ? 0 : 2;
}

static int fill_to_file_limit(void)
{
    struct rlimit limit = {.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
    signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
        return SKIPPED;
    return fill(-EFBIG, "File too large");
}

static void expect_zero_or_skip(int code)
{
    if (code == SKIPPED)
        skip();
    assert_int_equal(code, 0);
}

static void test_small_disk(void **state)
{
    (void)state;
    expect_zero_or_skip(in_child(fill_small_disk));
}

static void test_full_disk(void **state)
{
    (void)state;
    expect_zero_or_skip(in_child(create_on_full_disk));
}

static void test_file_limit(void **state)
{
    (void)state;
    expect_zero_or_skip(in_child(fill_to_file_limit));
}

#define IN_FOLDER(test)                                                                \
    cmocka_unit_test_setup_teardown(test, fixture_enter, fixture_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_small_disk),
        IN_FOLDER(test_full_disk),
        IN_FOLDER(test_file_limit),
        IN_FOLDER(test_error_once),
        IN_FOLDER(test_error_for_good),
        IN_FOLDER(test_full_for_good),
        IN_FOLDER(test_no_second_try),
        IN_FOLDER(test_commands_error_once),
        IN_FOLDER(test_commands_error_for_good),
        IN_FOLDER(test_commands_full_for_good),
    };
    plan.at = -1;
    make_faulty();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
