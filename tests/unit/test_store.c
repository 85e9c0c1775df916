/* SPDX-License-Identifier: MIT */
/* test_store.c: making, refusing, reading and surviving stores. The writer's own tests
 * are in test_writer.c, failing disks in test_store_faults.c. TOTE_STORE_DOC names
 * docs/store.md, whose queries are run. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/digest.h"
#include "store_fixture.h"

#define SKIPPED 77

static mode_t mode_of(const char *path)
{
    struct stat file;
    assert_int_equal(stat(path, &file), 0);
    return file.st_mode & 07777;
}

/* Creation must fail with -EEXIST (or code), say so with both words, leave the folder
 * as it is. */
static void refuse_create(const char *path, int code, const char *word,
                          const char *other)
{
    struct tote_error err = {0};
    struct tote_store *store = NULL;
    size_t files = fixture_count_files();
    assert_int_equal(tote_store_create(path, &store, &err), code);
    assert_null(store);
    assert_non_null(strstr(err.text, word));
    assert_non_null(strstr(err.text, other));
    assert_int_equal(fixture_count_files(), files);
}

static void refuse_open(const char *path, int code, const char *word)
{
    struct tote_error err = {0};
    struct tote_store *store = NULL;
    size_t files = fixture_count_files();
    assert_int_equal(tote_store_open(path, &store, &err), code);
    assert_null(store);
    assert_non_null(strstr(err.text, word));
    assert_int_equal(fixture_count_files(), files);
}

/* --- making --- */

static void test_create(void **state)
{
    (void)state;
    struct tote_error err = {0};
    struct tote_store *store = NULL;
    struct tote_run_row run = fixture_run(1);
    umask(0);
    assert_int_equal(tote_store_create("a.tote", &store, &err), 0);
    assert_string_equal(tote_store_path(store), "a.tote");
    assert_int_equal(tote_store_add_run(store, &run, &err), 0);
    assert_int_equal(run.id, 1);
    assert_int_equal(mode_of("a.tote"), 0600);
    assert_int_equal(mode_of("a.tote-wal"), 0600);
    assert_int_equal(mode_of("a.tote-shm"), 0600);
    tote_store_close(store);
    assert_int_equal(fixture_count_files(), 1);
}

static void test_create_refuses(void **state)
{
    (void)state;
    fixture_store("store", 3);
    fixture_store("newer", 3);
    fixture_sql("newer", "PRAGMA user_version=4");
    fixture_sql("other", "CREATE TABLE t (x)");
    fixture_write_file("text", "hello", 5);
    fixture_write_file("empty", "", 0);
    fixture_write_file("gone-wal", "x", 1);
    assert_int_equal(mkdir("folder", 0700), 0);
    assert_int_equal(symlink("nowhere", "link"), 0);
    refuse_create("store", -EEXIST, "tote report store", "--store");
    refuse_create("newer", -EEXIST, "newer tote (schema 4; this one reads 3)",
                  "--store");
    refuse_create("other", -EEXIST, "not a tote store", "--store");
    refuse_create("text", -EEXIST, "not a tote store", "--store");
    refuse_create("empty", -EEXIST, "not a tote store", "--store");
    refuse_create("folder", -EEXIST, "a folder", "--store");
    refuse_create("link", -EEXIST, "exists already", "--store");
    refuse_create("gone", -EEXIST, "gone-wal", "--store");
    refuse_create("no/store", -ENOENT, "No such file", "make its folder");
    refuse_create("text/store", -ENOTDIR, "Not a directory", "text/store");
    refuse_create("", -ENOENT, "create store", "");
    refuse_create("/proc/store", -ENOENT, "/proc/store", "create store");
}

/* Names that mean something to SQLite are files like others. */
static void test_names(void **state)
{
    (void)state;
    static const char *const names[] = {":memory:", "file:x?mode=memory", "a%41#b?c=d",
                                        "-x", "\xc3\xa9\n"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        fixture_store(names[i], 3);
        assert_int_equal(fixture_count_files(), i + 1);
        assert_int_equal(access(names[i], F_OK), 0);
        struct tote_store *store = NULL;
        assert_int_equal(tote_store_open(names[i], &store, NULL), 0);
        tote_store_close(store);
    }
}

static void test_open_refuses(void **state)
{
    (void)state;
    fixture_store("newer", 3);
    fixture_sql("newer", "PRAGMA user_version=4");
    fixture_store("older", 3);
    fixture_sql("older", "PRAGMA user_version=2");
    fixture_store("zero", 3);
    fixture_sql("zero", "PRAGMA user_version=0");
    fixture_sql("other", "CREATE TABLE t (x)");
    fixture_write_file("text", "hello", 5);
    fixture_write_file("empty", "", 0);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    assert_int_equal(mkdir("folder", 0700), 0);
    refuse_open("missing", -ENOENT, "No such file");
    refuse_open("newer", -EPROTO, "schema 4; this one reads 3");
    refuse_open("older", -EPROTO,
                "older, unreleased tote (schema 2; this one reads 3)");
    refuse_open("zero", -EBADMSG, "damaged");
    refuse_open("other", -EINVAL, "not a tote store");
    refuse_open("text", -EINVAL, "not a tote store");
    refuse_open("empty", -EINVAL, "empty");
    refuse_open("pipe", -EINVAL, "not a tote store");
    refuse_open("folder", -EISDIR, "folder");
}

/* --- settings and runs --- */

static void test_settings(void **state)
{
    (void)state;
    struct tote_error err = {0};
    struct tote_store *store = NULL;
    size_t most = 1 << 20;
    char *large = calloc(1, most + 2);
    memset(large, 'x', most);
    assert_int_equal(tote_store_create("a", &store, &err), 0);
    assert_null(tote_store_get(store, "bag"));
    assert_int_equal(tote_store_set(store, "bag", "1", &err), 0);
    assert_int_equal(tote_store_set(store, "bag", "", &err), 0);
    assert_int_equal(tote_store_set(store,
                                    "gr\xc3\xb6\xc3\x9f"
                                    "e",
                                    large, &err),
                     0);
    large[most] = 'x';
    assert_int_equal(tote_store_set(store, "bag", large, &err), -E2BIG);
    assert_int_equal(tote_store_set(store, "", "1", NULL), -E2BIG);
    tote_store_close(store);

    assert_int_equal(tote_store_open("a", &store, NULL), 0);
    char *bag = tote_store_get(store, "bag");
    assert_string_equal(bag, "");
    char *size = tote_store_get(store, "gr\xc3\xb6\xc3\x9f"
                                       "e");
    assert_int_equal(strlen(size), most);
    assert_true(tote_store_set(store, "bag", "2", NULL) < 0);
    tote_store_close(store);
    free(bag);
    free(size);
    free(large);
}

static int note_setting(void *context, const char *name, const char *value)
{
    char *seen = context;
    strncat(seen, name, 8);
    strncat(seen, value, 8);
    return strcmp(name, "c") == 0 ? 42 : 0;
}

static void set_two(struct tote_store *store, const char *value, int rc)
{
    struct tote_error err = {0};
    assert_int_equal(tote_store_begin_settings(store, &err), 0);
    assert_int_equal(tote_store_set(store, "a", value, &err), 0);
    assert_int_equal(tote_store_set(store, "c", value, &err), 0);
    assert_int_equal(tote_store_end_settings(store, rc, &err), rc);
}

/* Also if the process ends between begin and end: close is as hard as a kill to it. */
static void test_settings_together(void **state)
{
    (void)state;
    struct tote_store *store = NULL;
    struct tote_error err = {0};
    char seen[64] = "";
    assert_int_equal(tote_store_create("a", &store, &err), 0);
    set_two(store, "1", 0);
    set_two(store, "2", -EINVAL);
    assert_int_equal(tote_store_begin_settings(store, &err), 0);
    assert_int_equal(tote_store_set(store, "a", "3", &err), 0);
    tote_store_close(store);
    assert_int_equal(tote_store_reopen("a", &store, &err), 0);
    assert_int_equal(tote_store_each_setting(store, note_setting, seen, &err), 42);
    assert_string_equal(seen, "a1c1");
    tote_store_close(store);
}

static void test_each_setting(void **state)
{
    (void)state;
    struct tote_store *store = NULL;
    struct tote_error err = {0};
    char seen[64] = "";
    assert_int_equal(tote_store_create("a", &store, &err), 0);
    assert_int_equal(tote_store_each_setting(store, note_setting, seen, &err), 0);
    assert_string_equal(seen, "");
    assert_int_equal(tote_store_set(store, "c", "3", &err), 0);
    assert_int_equal(tote_store_set(store, "a", "1", &err), 0);
    assert_int_equal(tote_store_set(store, "d", "4", &err), 0);
    assert_int_equal(tote_store_each_setting(store, note_setting, seen, &err), 42);
    assert_string_equal(seen, "a1c3");
    tote_store_close(store);
    fixture_sql("a", "UPDATE setting SET value=x'00' WHERE name='a'");
    assert_int_equal(tote_store_open("a", &store, &err), -EBADMSG);
    assert_non_null(strstr(err.text, "damaged"));
}

/* What a setting says may be run: one that is not as it was written says nothing. */
static void test_changed_setting(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "UPDATE setting SET value='echo bye' WHERE name='argv'",
        "UPDATE setting SET seal=seal/2 WHERE name='argv'",
        "UPDATE setting SET name='argw' WHERE name='argv'",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct tote_store *store = NULL, *again = NULL;
        struct tote_error err = {0}, later = {0};
        char seen[64] = "";
        assert_int_equal(tote_store_create("a", &store, &err), 0);
        assert_int_equal(tote_store_set(store, "argv", "echo hi", &err), 0);
        fixture_sql("a", changes[i]);
        assert_null(tote_store_get(store, i < 2 ? "argv" : "argw"));
        assert_int_equal(tote_store_each_setting(store, note_setting, seen, &err),
                         -EBADMSG);
        assert_non_null(strstr(err.text, "tote fsck"));
        tote_store_close(store);
        assert_int_equal(tote_store_open("a", &again, &later), -EBADMSG);
        assert_int_equal(tote_store_reopen("a", &again, NULL), -EBADMSG);
        assert_non_null(strstr(later.text, "tote fsck"));
        assert_int_equal(unlink("a"), 0);
    }
}

static void test_changed_run(void **state)
{
    (void)state;
    struct tote_store *store = NULL;
    struct tote_error err = {0};
    struct tote_run_row *rows;
    size_t n;
    fixture_store("a", 10);
    fixture_sql("a", "UPDATE run SET attempts_to=attempts_to+1");
    assert_int_equal(tote_store_reopen("a", &store, NULL), -EBADMSG);
    assert_int_equal(tote_store_open("a", &store, &err), 0);
    assert_int_equal(tote_store_runs(store, &rows, &n, &err), -EBADMSG);
    assert_non_null(strstr(err.text, "run 1 is not as it was written: see 'tote fsck"));
    tote_store_close(store);
}

static void check_run(const struct tote_run_row *run)
{
    assert_int_equal(run->id, 2);
    assert_string_equal(run->label, "ray:mode=process");
    assert_string_equal(run->box, "");
    assert_true(run->is_boxed);
    assert_string_equal(run->why, "the engine died");
    assert_int_equal(run->seed, INT64_MAX);
    assert_int_equal(run->workers, UINT32_MAX);
    assert_int_equal(run->state, TOTE_RUN_BROKEN);
    assert_int_equal(run->launched_utc, 1790000000 * TOTE_NS_PER_S);
    assert_int_equal(run->end_ns, INT64_MAX);
    assert_int_equal(run->lost, 9);
    assert_true(run->has_digest);
    assert_int_equal(run->digest.high, UINT64_MAX);
    assert_int_equal(run->digest.low, 5);
}

static void test_runs(void **state)
{
    (void)state;
    struct tote_error err = {0};
    struct tote_store *store = NULL;
    struct tote_run_row first = fixture_run(3), second = fixture_run(0), *rows = NULL;
    size_t n = 9;
    assert_int_equal(tote_store_create("a", &store, &err), 0);
    assert_int_equal(tote_store_runs(store, &rows, &n, &err), 0);
    assert_int_equal(n, 0);
    assert_int_equal(tote_store_add_run(store, &first, &err), 0);
    second.label = "ray:mode=process";
    second.box = NULL;
    second.is_boxed = true;
    second.seed = INT64_MAX;
    second.workers = UINT32_MAX;
    assert_int_equal(tote_store_add_run(store, &second, &err), 0);
    second.state = TOTE_RUN_BROKEN;
    second.why = "the engine died";
    second.end_ns = INT64_MAX;
    second.lost = 9;
    second.has_digest = true;
    second.digest = (struct tote_digest){UINT64_MAX, 5};
    assert_int_equal(tote_store_update_run(store, &second, &err), 0);
    second.id = 77;
    assert_int_equal(tote_store_update_run(store, &second, NULL), -ENOENT);
    second.seed = UINT64_MAX;
    assert_int_equal(tote_store_add_run(store, &second, &err), -ERANGE);
    assert_int_equal(tote_store_runs(store, &rows, &n, NULL), 0);
    assert_int_equal(n, 2);
    assert_int_equal(rows[0].state, TOTE_RUN_RUNNING);
    assert_false(rows[0].has_digest);
    assert_false(rows[0].is_boxed);
    check_run(&rows[1]);
    for (size_t i = 0; i < n; i++)
        tote_run_row_finish(&rows[i]);
    free(rows);
    tote_store_close(store);
}

static void test_limits(void **state)
{
    (void)state;
    struct tote_error err = {0};
    struct tote_store *store = NULL;
    struct tote_limit_row *rows = NULL;
    size_t n = 0;
    assert_int_equal(tote_store_create("a", &store, &err), 0);
    for (int64_t block = 1; block <= 5; block++) {
        struct tote_limit_row row = {3,    block,     2,
                                     1000, 5 * block, {1, (uint64_t)block}};
        assert_int_equal(tote_store_add_limit(store, &row, &err), 0);
    }
    assert_int_equal(tote_store_limits(store, &rows, &n, &err), 0);
    assert_int_equal(n, 5);
    assert_int_equal(rows[4].cell, 3);
    assert_int_equal(rows[4].block, 5);
    assert_int_equal(rows[4].threads, 2);
    assert_int_equal(rows[4].tasks, 1000);
    assert_int_equal(rows[4].wall_ns, 25);
    assert_int_equal(rows[4].digest.low, 5);
    free(rows);
    tote_store_close(store);
}

static void test_cells(void **state)
{
    (void)state;
    struct tote_error err = {0};
    struct tote_store *store = NULL;
    struct tote_cell_row rows[TOTE_CELL_ROLES], *read = NULL;
    size_t n = 0;
    for (int i = 0; i < TOTE_CELL_ROLES; i++)
        rows[i] = (struct tote_cell_row){i + 1,
                                         1,
                                         (enum tote_cell_role)i,
                                         (char *)"label",
                                         (char *)"engine",
                                         (char *)"kernel",
                                         7,
                                         100,
                                         2,
                                         (char *)"auto",
                                         (char *)(i ? "" : "not here")};
    assert_int_equal(tote_store_create("a", &store, &err), 0);
    assert_int_equal(tote_store_add_cells(store, rows, TOTE_CELL_ROLES, &err), 0);
    /* All or none. */
    assert_true(tote_store_add_cells(store, rows, 1, &err) < 0);
    assert_int_equal(tote_store_cells(store, &read, &n, &err), 0);
    assert_int_equal(n, TOTE_CELL_ROLES);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(read[i].id, i + 1);
        assert_int_equal(read[i].role, i);
        assert_string_equal(read[i].kernel, "kernel");
        assert_int_equal(read[i].tasks, 100);
        assert_string_equal(read[i].skipped, i ? "" : "not here");
        tote_cell_row_finish(&read[i]);
    }
    free(read);
    tote_store_close(store);
    fixture_sql("a", "UPDATE cell SET workers = 3 WHERE id = 2");
    assert_int_equal(tote_store_open("a", &store, &err), 0);
    err = (struct tote_error){0};
    assert_int_equal(tote_store_cells(store, &read, &n, &err), -EBADMSG);
    assert_non_null(strstr(err.text, "cell 2 is not as it was written"));
    tote_store_close(store);
}

static void test_state_names(void **state)
{
    (void)state;
    assert_string_equal(tote_run_state_name(TOTE_RUN_COMPLETE), "complete");
    assert_string_equal(tote_run_state_name((enum tote_run_state)99), "unknown");
}

/* --- records --- */

static int count_record(void *context, const struct tote_record *record,
                        uint64_t worker)
{
    uint64_t *next = context;
    struct tote_record want = fixture_record(*next);
    assert_int_equal(worker, 1);
    assert_int_equal(record->task, want.task);
    assert_int_equal(record->attempt, want.attempt);
    assert_int_equal(record->start_ns, want.start_ns);
    assert_int_equal(record->end_ns, want.end_ns);
    assert_int_equal(record->cpu_ns, want.cpu_ns);
    assert_int_equal(record->bytes_in, want.bytes_in);
    assert_int_equal(record->bytes_out, want.bytes_out);
    assert_int_equal(record->digest.high, want.digest.high);
    assert_int_equal(record->digest.low, want.digest.low);
    assert_int_equal(record->outcome, want.outcome);
    return ++*next == 90 ? 42 : 0;
}

struct durations {
    tote_ns_t ns[256];
    size_t n;
};

static int keep_duration(void *context, tote_ns_t duration)
{
    struct durations *list = context;
    list->ns[list->n++] = duration;
    return list->n == 256 ? 42 : 0;
}

static struct tote_digest digest_of_first(uint64_t n)
{
    struct tote_bag_digest *bag = tote_bag_digest_create();
    assert_non_null(bag);
    for (uint64_t task = 0; task < n; task++) {
        struct tote_digest digest = fixture_record(task).digest;
        tote_bag_digest_add(bag, &digest);
    }
    struct tote_digest digest = tote_bag_digest_get(bag);
    tote_bag_digest_destroy(bag);
    return digest;
}

static void test_records(void **state)
{
    (void)state;
    struct tote_error err = {0};
    struct tote_store *store = NULL;
    struct tote_digest digest = {0}, want = digest_of_first(100);
    uint64_t next = 0;
    struct durations list = {0};
    fixture_store("a", 100);
    assert_int_equal(tote_store_open("a", &store, &err), 0);
    assert_int_equal(tote_store_each_record(store, 1, count_record, &next, &err), 42);
    assert_int_equal(tote_store_digest(store, 1, 100, &digest, &err), 1);
    assert_memory_equal(&digest, &want, sizeof want);
    assert_int_equal(tote_store_digest(store, 1, 101, &digest, &err), 0);
    assert_int_equal(tote_store_digest(store, 1, 99, &digest, &err), 0 + 1);
    assert_int_equal(tote_store_digest(store, 2, 1, &digest, &err), 0);
    assert_int_equal(tote_store_digest(store, 2, 0, &digest, &err), 1);
    assert_int_equal(tote_store_each_duration(store, 2, keep_duration, &list, &err), 0);
    assert_int_equal(list.n, 0);
    assert_int_equal(tote_store_each_duration(store, 1, keep_duration, &list, &err), 0);
    assert_int_equal(list.n, 100);
    assert_int_equal(list.ns[6], 4006);
    list.n = 250;
    assert_int_equal(tote_store_each_duration(store, 1, keep_duration, &list, &err),
                     42);
    tote_store_close(store);
    fixture_sql("a", "UPDATE record SET end_ns=start_ns - 1 WHERE task=70");
    assert_int_equal(tote_store_open("a", &store, &err), 0);
    list.n = 0;
    assert_int_equal(tote_store_each_duration(store, 1, keep_duration, &list, &err),
                     -EBADMSG);
    assert_non_null(strstr(err.text, "task 70 of run 1 ends before it starts"));
    tote_store_close(store);
}

static void check_count(struct tote_store *store, int64_t run, uint64_t want_ok,
                        uint64_t want_other)
{
    uint64_t ok = 99, other = 99;
    struct tote_error err = {0};
    assert_int_equal(tote_store_count(store, run, &ok, &other, &err), 0);
    assert_int_equal(ok, want_ok);
    assert_int_equal(other, want_other);
}

/* A task whose first attempt failed counts once; one without an ok record spoils it. */
static void test_attempts(void **state)
{
    (void)state;
    struct tote_error err = {0};
    struct tote_store *store = NULL;
    struct tote_digest digest = {0}, want = digest_of_first(20);
    struct durations list = {0};
    fixture_store("a", 20);
    fixture_sql(
        "a",
        "INSERT INTO record SELECT run, task, 2, worker, start_ns, end_ns,"
        " cpu_ns, bytes_in, bytes_out, 0, digest, seal FROM record WHERE task=5;"
        "UPDATE record SET outcome=1 WHERE task=5 AND attempt=1;"
        "INSERT INTO record SELECT run, task, 2, worker, start_ns, end_ns,"
        " cpu_ns, bytes_in, bytes_out, 0, zeroblob(16), 0 FROM record WHERE task=7");
    assert_int_equal(tote_store_open("a", &store, &err), 0);
    assert_int_equal(tote_store_digest(store, 1, 20, &digest, &err), 1);
    assert_memory_equal(&digest, &want, sizeof want);
    assert_int_equal(tote_store_each_duration(store, 1, keep_duration, &list, &err), 0);
    assert_int_equal(list.n, 20);
    check_count(store, 1, 20, 0);
    tote_store_close(store);
    fixture_sql("a", "UPDATE record SET outcome=3 WHERE task=9");
    assert_int_equal(tote_store_open("a", &store, &err), 0);
    assert_int_equal(tote_store_digest(store, 1, 20, &digest, &err), 0);
    check_count(store, 1, 19, 1);
    check_count(store, 2, 0, 0);
    tote_store_close(store);
}

/* --- damage --- */

static int take_record(void *context, const struct tote_record *record, uint64_t worker)
{
    (void)context;
    (void)worker;
    assert_true(record->outcome <= TOTE_OUTCOME_LOST);
    return 0;
}

static int take_duration(void *context, tote_ns_t duration)
{
    (void)context;
    assert_true(duration >= 0);
    return 0;
}

/* Calls every reader; the sum of their errors. */
static int read_all(const char *path)
{
    struct tote_error err = {0};
    struct tote_store *store = NULL;
    struct tote_run_row *runs = NULL;
    struct tote_limit_row *limits = NULL;
    struct tote_digest digest;
    uint64_t ok, other;
    size_t n = 0;
    if (tote_store_open(path, &store, &err) < 0)
        return 1;
    int errors = 0;
    free(tote_store_get(store, "bag"));
    errors += tote_store_each_record(store, 1, take_record, NULL, &err) < 0;
    errors += tote_store_digest(store, 1, 50, &digest, &err) < 0;
    errors += tote_store_each_duration(store, 1, take_duration, NULL, &err) < 0;
    errors += tote_store_count(store, 1, &ok, &other, &err) < 0;
    if (tote_store_limits(store, &limits, &n, &err) < 0)
        errors++;
    else
        free(limits);
    if (tote_store_runs(store, &runs, &n, &err) < 0) {
        errors++;
    } else {
        for (size_t i = 0; i < n; i++)
            tote_run_row_finish(&runs[i]);
        free(runs);
    }
    assert_true(errors == 0 || err.text[0]);
    tote_store_close(store);
    return errors;
}

static void test_wrong_types(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "UPDATE record SET start_ns='soon' WHERE task=30",
        "UPDATE record SET end_ns=-1 WHERE task=30",
        "UPDATE record SET end_ns=1.5 WHERE task=30",
        "UPDATE record SET outcome=9 WHERE task=30",
        "UPDATE record SET digest=x'00' WHERE task=30",
        "UPDATE record SET digest='sixteen letters!' WHERE task=30",
        "UPDATE record SET attempt=5000000000 WHERE task=30",
        "UPDATE run SET digest=x'00'",
        "UPDATE run SET label=x'00'",
        "UPDATE run SET label='a' || char(0) || 'b'",
        "UPDATE run SET state='odd'",
        "UPDATE run SET workers=5000000000",
        "UPDATE run SET is_boxed=2",
        "UPDATE run SET is_boxed='yes'",
        "INSERT INTO machine_limit VALUES (1, 1, 1, 1, 1, 'x', zeroblob(16), 0)",
        "DROP TABLE machine_limit",
        "DROP VIEW record_text; DROP TABLE record",
        "ALTER TABLE run RENAME COLUMN why TO how",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char sql[256];
        snprintf(sql, sizeof sql, "PRAGMA ignore_check_constraints=1; %s", changes[i]);
        fixture_store("a", 50);
        assert_int_equal(read_all("a"), 0);
        fixture_sql("a", sql);
        assert_true(read_all("a") > 0);
        assert_int_equal(unlink("a"), 0);
    }
}

/* Any file gives an answer or a sentence: bytes turned, the end cut off. */
static void test_damage(void **state)
{
    (void)state;
    unsigned char bytes[1 << 18], damaged[sizeof bytes];
    fixture_store("a", 500);
    FILE *file = fopen("a", "rb");
    size_t n = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    assert_in_range(n, 40000, sizeof bytes - 1);
    srand(1);
    int bad = 0;
    for (int round = 0; round < 300; round++) {
        memcpy(damaged, bytes, n);
        for (int i = round % 20; i >= 0; i--)
            damaged[(size_t)rand() % (round % 3 ? n : 4096)] = (unsigned char)rand();
        size_t cut = round % 4 ? n : (size_t)rand() % n;
        fixture_write_file("b", damaged, cut);
        bad += read_all("b") > 0;
        remove("b-wal");
        remove("b-shm");
    }
    assert_in_range(bad, 50, 300);
}

/* --- readers beside others --- */

static void test_reading_leaves_nothing(void **state)
{
    (void)state;
    struct tote_store *store = NULL;
    fixture_store("a", 100);
    assert_int_equal(tote_store_open("a", &store, NULL), 0);
    tote_store_close(store);
    assert_int_equal(fixture_count_files(), 1);
}

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

/* Leaves a store as a killed tote does. */
static int write_and_die(void)
{
    struct tote_store *store = NULL;
    struct tote_run_row run = fixture_run(1);
    return tote_store_create("killed", &store, NULL) < 0 ||
           tote_store_add_run(store, &run, NULL) < 0;
}

static int read_on_read_only_disk(void)
{
    if (!fixture_mount_small(4096))
        return SKIPPED;
    fixture_store("a", 100);
    if (in_child(write_and_die) != 0)
        return 1;
    char folder[64];
    if (!getcwd(folder, sizeof folder) ||
        mount(NULL, folder, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0)
        return SKIPPED;
    struct tote_store *store = NULL;
    struct tote_error err = {0};
    if (read_all("a") != 0)
        return 2;
    if (read_all("killed") != 0)
        return 3;
    mount(NULL, folder, NULL, MS_REMOUNT, NULL);
    unlink("killed-shm");
    mount(NULL, folder, NULL, MS_REMOUNT | MS_RDONLY, NULL);
    if (tote_store_open("killed", &store, &err) == 0 || !strstr(err.text, "copy it"))
        return 4;
    return tote_store_create("b", &store, NULL) == -EROFS ? 0 : 5;
}

static void test_read_only_disk(void **state)
{
    (void)state;
    int code = in_child(read_on_read_only_disk);
    if (code == SKIPPED)
        skip();
    assert_int_equal(code, 0);
}

static int create_as_nobody(void)
{
    if (chmod(".", 0755) < 0 || (geteuid() == 0 && seteuid(65534) < 0))
        return SKIPPED;
    struct tote_store *store = NULL;
    struct tote_error err = {0};
    if (tote_store_open("a", &store, &err) != -EACCES && access("a", R_OK) < 0)
        return 1;
    err = (struct tote_error){0};
    if (chmod(".", 0500) < 0 && errno != EPERM)
        return 2;
    if (tote_store_create("b", &store, &err) != -EACCES)
        return 3;
    return strstr(err.text, "Permission denied") ? 0 : 4;
}

static void test_no_permission(void **state)
{
    (void)state;
    fixture_store("a", 3);
    int code = in_child(create_as_nobody);
    chmod(".", 0700);
    if (code == SKIPPED)
        skip();
    assert_int_equal(code, 0);
    assert_int_equal(fixture_count_files(), 1);
}

/* A reader that looks twice sees one store. */
static void test_freeze(void **state)
{
    (void)state;
    struct tote_store *store = NULL, *reader = NULL;
    struct tote_writer *writer = NULL;
    struct tote_error err = {0};
    struct tote_run_row run = fixture_run(20);
    uint64_t durable = 0;
    assert_int_equal(tote_store_create("a", &store, &err), 0);
    assert_int_equal(tote_store_add_run(store, &run, &err), 0);
    assert_int_equal(tote_writer_start("a", TOTE_DURABILITY_GROUP, &writer, &err), 0);
    assert_int_equal(fixture_put(writer, 0, 10, &durable, &err), 0);
    assert_int_equal(tote_store_open("a", &reader, &err), 0);
    assert_int_equal(tote_store_freeze(reader, &err), 0);
    check_count(reader, 1, 10, 0);
    assert_int_equal(fixture_put(writer, 10, 10, &durable, &err), 0);
    check_count(reader, 1, 10, 0);
    tote_store_thaw(reader);
    check_count(reader, 1, 20, 0);
    tote_store_close(reader);
    assert_int_equal(tote_writer_stop(writer, &err), 0);
    tote_store_close(store);
}

static void test_unlink(void **state)
{
    (void)state;
    assert_int_equal(in_child(write_and_die), 0);
    fixture_store("killed-too", 3);
    assert_int_equal(fixture_count_files(), 4);
    tote_store_unlink("killed");
    assert_int_equal(fixture_count_files(), 1);
    tote_store_unlink("killed"); /* nothing there: nothing said */
    assert_int_equal(access("killed-too", F_OK), 0);
}

static void test_after_a_kill(void **state)
{
    (void)state;
    struct tote_store *store = NULL;
    struct tote_run_row *rows = NULL;
    size_t n = 0;
    assert_int_equal(in_child(write_and_die), 0);
    assert_int_equal(fixture_count_files(), 3);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(tote_store_open("killed", &store, NULL), 0);
        assert_int_equal(tote_store_runs(store, &rows, &n, NULL), 0);
        assert_int_equal(n, 1);
        tote_run_row_finish(&rows[0]);
        free(rows);
        tote_store_close(store);
        assert_int_equal(unlink("killed-shm"), 0); /* made again from the WAL */
    }
}

/* --- the manual --- */

/* The next ```sql block of text: its start, its end made a terminator; null: no more.
 */
static char *next_query(char **text)
{
    static const char open[] = "```sql\n";
    char *start = strstr(*text, open);
    if (!start)
        return NULL;
    start += sizeof open - 1;
    char *end = strstr(start, "```");
    assert_non_null(end);
    *end = '\0';
    *text = end + 1;
    return start;
}

static int count_row(void *context, int n, char **values, char **names)
{
    (void)values;
    (void)names;
    assert_true(n > 1);
    ++*(int *)context;
    return 0;
}

static void test_queries_of_the_manual(void **state)
{
    (void)state;
    const char *path = getenv("TOTE_STORE_DOC");
    if (!path)
        skip();
    static char doc[1 << 16];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(doc, 1, sizeof doc - 1, file);
    fclose(file);
    assert_in_range(n, 1, sizeof doc - 2);
    fixture_store("a", 100);
    fixture_sql("a", "UPDATE record SET outcome=1 WHERE task=5");
    fixture_commands("b", 10);
    fixture_sql("a", "ATTACH 'b' AS b; INSERT INTO task SELECT * FROM b.task;"
                     "INSERT INTO output SELECT * FROM b.output;"
                     "INSERT INTO result SELECT * FROM b.result");
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2("a", &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    char *rest = doc, *query;
    int queries = 0;
    for (; (query = next_query(&rest)); queries++) {
        int rows = 0;
        char *message = NULL;
        if (sqlite3_exec(db, query, count_row, &rows, &message) != SQLITE_OK)
            fail_msg("%s: %s", query, message);
        assert_true(rows > 0);
    }
    assert_in_range(queries, 4, 20);
    sqlite3_close(db);
}

#define IN_FOLDER(test)                                                                \
    cmocka_unit_test_setup_teardown(test, fixture_enter, fixture_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_create),
        IN_FOLDER(test_create_refuses),
        IN_FOLDER(test_names),
        IN_FOLDER(test_open_refuses),
        IN_FOLDER(test_settings),
        IN_FOLDER(test_settings_together),
        IN_FOLDER(test_each_setting),
        IN_FOLDER(test_changed_setting),
        IN_FOLDER(test_changed_run),
        IN_FOLDER(test_runs),
        IN_FOLDER(test_limits),
        IN_FOLDER(test_cells),
        cmocka_unit_test(test_state_names),
        IN_FOLDER(test_records),
        IN_FOLDER(test_attempts),
        IN_FOLDER(test_wrong_types),
        IN_FOLDER(test_damage),
        IN_FOLDER(test_reading_leaves_nothing),
        IN_FOLDER(test_read_only_disk),
        IN_FOLDER(test_no_permission),
        IN_FOLDER(test_freeze),
        IN_FOLDER(test_unlink),
        IN_FOLDER(test_after_a_kill),
        IN_FOLDER(test_queries_of_the_manual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
