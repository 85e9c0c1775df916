/* SPDX-License-Identifier: MIT */
/* test_writer.c: what the writer acknowledges is there: in order, beside readers, after
 * kill -9. Failing disks are in test_store_faults.c. Meant to run under TSan, too. */
#include <errno.h>
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
#include <sqlite3.h>

#include "store_fixture.h"

struct pair {
    struct tote_store *store;
    struct tote_writer *writer;
};

static struct pair pair_open(const char *path)
{
    struct pair pair = {0};
    struct tote_error err = {0};
    struct tote_run_row run = fixture_run(1000);
    assert_int_equal(tote_store_create(path, &pair.store, &err), 0);
    assert_int_equal(tote_store_add_run(pair.store, &run, &err), 0);
    assert_int_equal(tote_writer_start(path, TOTE_DURABILITY_GROUP, &pair.writer, &err),
                     0);
    return pair;
}

static int count_in_order(void *context, const struct tote_record *record,
                          uint64_t worker)
{
    (void)worker;
    uint64_t *n = context;
    return record->task == (*n)++ ? 0 : 1;
}

/* Records of run 1, which must be those of tasks 0, 1, 2 ... */
static uint64_t count_records(const char *path)
{
    struct tote_store *store = NULL;
    struct tote_error err = {0};
    uint64_t n = 0;
    assert_int_equal(tote_store_open(path, &store, &err), 0);
    assert_int_equal(tote_store_each_record(store, 1, count_in_order, &n, &err), 0);
    tote_store_close(store);
    return n;
}

static int64_t ask(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

static void test_nothing(void **state)
{
    (void)state;
    struct pair pair = pair_open("a");
    uint64_t durable = 9;
    assert_false(tote_writer_full(pair.writer));
    assert_int_equal(tote_writer_put_records(pair.writer, 1, 1, NULL, 0, NULL), 0);
    tote_writer_hurry(pair.writer);
    assert_int_equal(tote_writer_durable(pair.writer, &durable, NULL), 0);
    assert_int_equal(durable, 0);
    assert_int_equal(tote_writer_stop(pair.writer, NULL), 0);
    assert_int_equal(tote_writer_stop(NULL, NULL), 0);
    tote_store_close(pair.store);
    assert_int_equal(count_records("a"), 0);
    assert_int_equal(fixture_count_files(), 1);
}

static void test_start_refuses(void **state)
{
    (void)state;
    struct tote_writer *writer = NULL;
    struct tote_error err = {0};
    assert_true(tote_writer_start("missing", TOTE_DURABILITY_GROUP, &writer, &err) < 0);
    assert_non_null(strstr(err.text, "missing"));
    fixture_write_file("text", "not a database, but long enough to be looked at", 47);
    assert_int_equal(tote_writer_start("text", TOTE_DURABILITY_GROUP, &writer, NULL),
                     -EBADMSG);
    assert_null(writer);
}

static void test_groups(void **state)
{
    (void)state;
    struct pair pair = pair_open("a");
    uint64_t durable = 0, total = 0;
    for (uint64_t n = 1; n < 40000; n = n * 3 + 1) {
        assert_int_equal(fixture_put(pair.writer, total, n, &durable, NULL), 0);
        total += n;
        assert_int_equal(durable, total);
        assert_int_equal(count_records("a"), total); /* beside the writer */
    }
    assert_int_equal(tote_writer_stop(pair.writer, NULL), 0);
    assert_int_equal(count_records("a"), total);
    tote_store_close(pair.store);
    assert_int_equal(count_records("a"), total);
    assert_int_equal(fixture_count_files(), 1);
}

/* Rows that nobody waits for are written at the stop. */
static void test_stop_writes_all(void **state)
{
    (void)state;
    struct pair pair = pair_open("a");
    for (uint64_t task = 0; task < 3000; task++) {
        struct tote_record record = fixture_record(task);
        assert_int_equal(tote_writer_put_records(pair.writer, 1, 1, &record, 1, NULL),
                         0);
    }
    struct tote_batch_row batch = {.run = 1, .batch = 1, .count = 3, .lost = true};
    char why[] = "gone";
    batch.why = why;
    assert_int_equal(tote_writer_put_batch(pair.writer, &batch, NULL), 0);
    struct tote_worker_row worker = {.run = 1, .worker = 4, .host = why, .slots = 1};
    assert_int_equal(tote_writer_put_worker(pair.writer, &worker, NULL), 0);
    worker.left_ns = 20; /* takes the place of what was known */
    assert_int_equal(tote_writer_put_worker(pair.writer, &worker, NULL), 0);
    batch.batch = 2;
    assert_int_equal(tote_writer_put_batch(pair.writer, &batch, NULL), 0);
    memset(why, 'x', 4); /* both were copied */
    assert_int_equal(tote_writer_stop(pair.writer, NULL), 0);
    tote_store_close(pair.store);
    assert_int_equal(count_records("a"), 3000);
    assert_int_equal(ask("a", "SELECT count(*) FROM batch WHERE lost AND why='gone'"),
                     2);
    assert_int_equal(ask("a", "SELECT left_ns FROM worker WHERE host='gone'"), 20);
}

static void test_first_error_stays(void **state)
{
    (void)state;
    struct pair pair = pair_open("a");
    uint64_t durable = 0;
    struct tote_error err = {0}, again = {0};
    assert_int_equal(fixture_put(pair.writer, 0, 10, &durable, &err), 0);
    struct tote_record twice = fixture_record(9);
    assert_int_equal(tote_writer_put_records(pair.writer, 1, 1, &twice, 1, &err), 0);
    struct pollfd news = {.fd = tote_writer_fd(pair.writer), .events = POLLIN};
    assert_int_equal(poll(&news, 1, 30000), 1);
    assert_int_equal(tote_writer_durable(pair.writer, &durable, &err), -EEXIST);
    assert_int_equal(durable, 10);
    assert_non_null(strstr(err.text, "'a'"));
    twice.task = 10;
    assert_int_equal(tote_writer_put_records(pair.writer, 1, 1, &twice, 1, &again),
                     -EEXIST);
    assert_string_equal(again.text, err.text);
    assert_int_equal(tote_writer_stop(pair.writer, NULL), -EEXIST);
    tote_store_close(pair.store);
    assert_int_equal(count_records("a"), 10);
}

static void test_numbers_too_large(void **state)
{
    (void)state;
    struct pair pair = pair_open("a");
    struct tote_record records[] = {fixture_record(0), fixture_record(1)};
    records[1].bytes_out = UINT64_MAX;
    assert_int_equal(tote_writer_put_records(pair.writer, 1, 1, records, 2, NULL),
                     -ERANGE);
    records[1].bytes_out = INT64_MAX;
    assert_int_equal(tote_writer_put_records(pair.writer, 1, 1, records, 2, NULL), 0);
    assert_int_equal(tote_writer_stop(pair.writer, NULL), 0);
    tote_store_close(pair.store);
    assert_int_equal(count_records("a"), 2);
}

/* A reader's lock does not stop the writer, nor another writer that waits its turn. */
static void test_beside_others(void **state)
{
    (void)state;
    struct pair pair = pair_open("a");
    sqlite3 *reader;
    uint64_t durable = 0;
    assert_int_equal(sqlite3_open_v2("a", &reader, SQLITE_OPEN_READONLY, NULL),
                     SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM record", NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(fixture_put(pair.writer, 0, 5000, &durable, NULL), 0);
    for (uint64_t i = 0; i < 20; i++) {
        struct tote_limit_row limit = {.block = (int64_t)i};
        struct tote_record record = fixture_record(5000 + i);
        assert_int_equal(tote_writer_put_records(pair.writer, 1, 1, &record, 1, NULL),
                         0);
        tote_writer_hurry(pair.writer);
        assert_int_equal(tote_store_add_limit(pair.store, &limit, NULL), 0);
    }
    assert_int_equal(tote_writer_stop(pair.writer, NULL), 0);
    assert_int_equal(count_records("a"), 5020);
    assert_int_equal(sqlite3_close(reader), SQLITE_OK);
    tote_store_close(pair.store);
    assert_int_equal(count_records("a"), 5020);
}

/* More goes in than the WAL may hold: it is folded on the way and used anew. */
static void test_wal_stays_small(void **state)
{
    (void)state;
    enum { ROUNDS = 100, BYTES = 1 << 20 };
    struct pair pair = pair_open("a");
    char *why = calloc(1, BYTES);
    assert_non_null(why);
    memset(why, 'x', BYTES - 1);
    uint64_t durable = 0;
    off_t most = 0;
    for (uint64_t i = 0; i < ROUNDS; i++) {
        struct tote_batch_row row = {.run = 1, .batch = i, .lost = true, .why = why};
        assert_int_equal(tote_writer_put_batch(pair.writer, &row, NULL), 0);
        assert_int_equal(fixture_put(pair.writer, i, 1, &durable, NULL), 0);
        struct stat wal;
        assert_int_equal(stat("a-wal", &wal), 0);
        most = wal.st_size > most ? wal.st_size : most;
    }
    free(why);
    assert_int_equal(tote_writer_stop(pair.writer, NULL), 0);
    tote_store_close(pair.store);
    assert_in_range(most, TOTE_WRITER_WAL_MAX / 2, TOTE_WRITER_WAL_MAX + 8 * BYTES);
    assert_int_equal(ask("a", "SELECT count(*) FROM batch"), ROUNDS);
}

/* --- commands --- */

static void test_tasks_and_results(void **state)
{
    (void)state;
    struct pair pair = pair_open("a");
    uint64_t durable = 0, next = 0;
    for (uint64_t n = 1; n < 6000; n = n * 3 + 1) {
        assert_int_equal(fixture_put_tasks(pair.writer, next, n, NULL), 0);
        assert_int_equal(tote_writer_tasks(pair.writer), next + n);
        assert_int_equal(fixture_put_results(pair.writer, next, n, &durable, NULL), 0);
        next += n;
        assert_int_equal(durable, next);
        assert_int_equal(count_records("a"), next);
        assert_int_equal(ask("a", "SELECT count(*) FROM task JOIN result USING (task)"
                                  " JOIN output USING (task, attempt)"),
                         next);
    }
    assert_int_equal(tote_writer_put_tasks(pair.writer, NULL, 0, NULL), 0);
    assert_int_equal(
        tote_writer_put_results(pair.writer, 1, 1, NULL, NULL, 0, NULL, 0, NULL), 0);
    assert_int_equal(tote_writer_stop(pair.writer, NULL), 0);
    tote_store_close(pair.store);
    assert_int_equal(fixture_count_files(), 1);
}

/* Neither as a new task's nor as published. */
static void test_path_of_another(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct pair pair = pair_open("a");
        struct tote_error err = {0};
        assert_int_equal(fixture_put_tasks(pair.writer, 0, 2, &err), 0);
        struct fixture_command c;
        fixture_command(0, &c);
        struct tote_record record = fixture_record(1);
        c.row.task = c.output.task = c.result.task = 1;
        if (i == 0)
            c.row.task = 2;
        int code = i == 0 ? tote_writer_put_tasks(pair.writer, &c.row, 1, &err)
                          : tote_writer_put_results(pair.writer, 1, 1, &record,
                                                    &c.result, 1, &c.output, 1, &err);
        assert_int_equal(code, 0);
        assert_int_equal(tote_writer_stop(pair.writer, &err), -EEXIST);
        tote_store_close(pair.store);
        assert_int_equal(ask("a", "SELECT count(*) FROM task"), 2);
        assert_int_equal(count_records("a"), 0); /* record and output are one */
        tote_store_unlink("a");                  /* ask leaves files beside it */
    }
}

static void test_result_of_another(void **state)
{
    (void)state;
    struct pair pair = pair_open("a");
    struct fixture_command c;
    struct tote_record record = fixture_record(1);
    fixture_command(0, &c);
    assert_int_equal(tote_writer_put_results(pair.writer, 1, 1, &record, &c.result, 1,
                                             NULL, 0, NULL),
                     -EINVAL);
    fixture_command(1, &c);
    c.result.max_rss = UINT64_MAX;
    assert_int_equal(tote_writer_put_results(pair.writer, 1, 1, &record, &c.result, 1,
                                             NULL, 0, NULL),
                     -ERANGE);
    assert_int_equal(tote_writer_stop(pair.writer, NULL), 0);
    tote_store_close(pair.store);
}

/* --- how much waits, and how long --- */

static void put_large(struct tote_writer *writer, uint64_t task, const char *text,
                      size_t n)
{
    struct tote_record record = fixture_record(task);
    struct tote_result result = {.task = task, .why = "", .streams = {{text, n}}};
    assert_int_equal(
        tote_writer_put_results(writer, 1, 1, &record, &result, 1, NULL, 0, NULL), 0);
}

/* A lock of another connection holds the writer up: it is full by bytes, not by count.
 */
static void test_full_of_bytes(void **state)
{
    (void)state;
    enum { BYTES = 1 << 20 };
    struct pair pair = pair_open("a");
    char *text = calloc(1, BYTES);
    assert_non_null(text);
    sqlite3 *other;
    assert_int_equal(sqlite3_open("a", &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL),
                     SQLITE_OK);
    for (uint64_t task = 0; task < 63; task++)
        put_large(pair.writer, task, text, BYTES);
    assert_false(tote_writer_full(pair.writer));
    put_large(pair.writer, 63, text, BYTES);
    put_large(pair.writer, 64, text, BYTES);
    assert_true(tote_writer_full(pair.writer));
    assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    assert_int_equal(tote_writer_stop(pair.writer, NULL), 0);
    tote_store_close(pair.store);
    assert_int_equal(count_records("a"), 65);
    free(text);
}

/* Relaxed: what comes after a commit waits; no mode counts what is not there. */
static void test_durability(void **state)
{
    (void)state;
    static const enum tote_durability modes[] = {
        TOTE_DURABILITY_STRICT, TOTE_DURABILITY_GROUP, TOTE_DURABILITY_RELAXED};
    for (size_t i = 0; i < 3; i++) {
        struct pair pair = pair_open("a");
        struct tote_record record = fixture_record(1);
        uint64_t durable = 0;
        assert_int_equal(tote_writer_stop(pair.writer, NULL), 0);
        assert_int_equal(tote_writer_start("a", modes[i], &pair.writer, NULL), 0);
        tote_ns_t before = tote_clock_monotonic(); /* the first commit */
        assert_int_equal(fixture_put(pair.writer, 0, 1, &durable, NULL), 0);
        assert_int_equal(tote_writer_put_records(pair.writer, 1, 1, &record, 1, NULL),
                         0);
        while (durable < 2) {
            struct pollfd news = {.fd = tote_writer_fd(pair.writer), .events = POLLIN};
            assert_int_equal(poll(&news, 1, 30000), 1);
            assert_int_equal(tote_writer_durable(pair.writer, &durable, NULL), 0);
        }
        tote_ns_t took = tote_clock_monotonic() - before;
        if (modes[i] == TOTE_DURABILITY_RELAXED)
            assert_true(took >= TOTE_WRITER_RELAXED_MS * TOTE_NS_PER_MS);
        assert_int_equal(count_records("a"), 2);
        assert_int_equal(tote_writer_stop(pair.writer, NULL), 0);
        tote_store_close(pair.store);
        tote_store_unlink("a");
    }
}

/* --- kill -9 --- */

/* Writes records until killed; each durable count goes into the pipe. */
static void write_until_killed(int to, unsigned seed)
{
    struct pair pair = {0};
    struct tote_run_row run = fixture_run(1000);
    uint64_t next = 0, durable = 0;
    struct tote_record records[500];
    if (tote_store_create("a", &pair.store, NULL) < 0 ||
        tote_store_add_run(pair.store, &run, NULL) < 0 ||
        tote_writer_start("a", TOTE_DURABILITY_GROUP, &pair.writer, NULL) < 0)
        _exit(1);
    while (write(to, &durable, sizeof durable) == sizeof durable) {
        size_t n = 1 + (size_t)rand_r(&seed) % 500;
        for (size_t i = 0; i < n; i++)
            records[i] = fixture_record(next++);
        if (tote_writer_put_records(pair.writer, 1, 1, records, n, NULL) < 0)
            _exit(2);
        struct pollfd news = {.fd = tote_writer_fd(pair.writer), .events = POLLIN};
        if (poll(&news, 1, rand_r(&seed) % 3) < 0 ||
            tote_writer_durable(pair.writer, &durable, NULL) < 0)
            _exit(3);
    }
    _exit(4);
}

/* Reads counts until the deadline, kills, and reads the rest: the last count told. */
static uint64_t kill_at(pid_t pid, int from, tote_ns_t life_ns)
{
    uint64_t durable = 0;
    assert_int_equal(read(from, &durable, sizeof durable), sizeof durable);
    tote_ns_t end = tote_clock_monotonic() + life_ns, now;
    while ((now = tote_clock_monotonic()) < end) {
        struct pollfd told = {.fd = from, .events = POLLIN};
        if (poll(&told, 1, (int)((end - now) / TOTE_NS_PER_MS)) > 0)
            assert_int_equal(read(from, &durable, sizeof durable), sizeof durable);
    }
    kill(pid, SIGKILL);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    uint64_t more;
    while (read(from, &more, sizeof more) == sizeof more)
        durable = more;
    return durable;
}

static void test_kill(void **state)
{
    (void)state;
    uint64_t most = 0;
    for (unsigned round = 0; round < 20; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            close(ends[0]);
            write_until_killed(ends[1], round);
        }
        close(ends[1]);
        uint64_t told = kill_at(pid, ends[0], (1 + round * 37 % 60) * TOTE_NS_PER_MS);
        close(ends[0]);
        assert_in_range(count_records("a"), told, UINT32_MAX);
        assert_int_equal(ask("a", "SELECT count(*) FROM pragma_integrity_check"
                                  " WHERE integrity_check = 'ok'"),
                         1);
        most = told > most ? told : most;
        assert_int_equal(unlink("a") | unlink("a-wal") | unlink("a-shm"), 0);
    }
    assert_true(most > 0);
}

/* What goes into a file that has lost its name is not acknowledged. */
static void check_lost_place(void (*lose)(void))
{
    struct pair pair = pair_open("a");
    struct tote_error err = {0};
    uint64_t durable = 0;
    assert_int_equal(fixture_put(pair.writer, 0, 10, &durable, &err), 0);
    assert_int_equal(durable, 10);
    lose();
    assert_int_equal(fixture_put(pair.writer, 10, 10, &durable, &err), -EIO);
    assert_int_equal(durable, 10);
    assert_non_null(strstr(err.text, "was removed or replaced while the bag ran"));
    assert_int_equal(tote_writer_stop(pair.writer, NULL), -EIO);
    tote_store_close(pair.store);
}

static void lose_by_unlink(void)
{
    assert_int_equal(unlink("a"), 0);
}

static void lose_by_rename(void)
{
    assert_int_equal(rename("a", "moved"), 0);
}

static void lose_by_another(void)
{
    fixture_write_file("another", "x", 1);
    assert_int_equal(rename("another", "a"), 0);
}

static void test_lost_place(void **state)
{
    (void)state;
    static void (*const ways[])(void) = {lose_by_unlink, lose_by_rename,
                                         lose_by_another};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        check_lost_place(ways[i]);
        tote_store_unlink("a");
    }
}

#define IN_FOLDER(test)                                                                \
    cmocka_unit_test_setup_teardown(test, fixture_enter, fixture_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_nothing),
        IN_FOLDER(test_start_refuses),
        IN_FOLDER(test_groups),
        IN_FOLDER(test_stop_writes_all),
        IN_FOLDER(test_first_error_stays),
        IN_FOLDER(test_numbers_too_large),
        IN_FOLDER(test_beside_others),
        IN_FOLDER(test_wal_stays_small),
        IN_FOLDER(test_lost_place),
        IN_FOLDER(test_tasks_and_results),
        IN_FOLDER(test_path_of_another),
        IN_FOLDER(test_result_of_another),
        IN_FOLDER(test_full_of_bytes),
        IN_FOLDER(test_durability),
        IN_FOLDER(test_kill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
