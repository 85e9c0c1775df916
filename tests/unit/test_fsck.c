/* SPDX-License-Identifier: MIT */
/* test_fsck.c: each kind of damage is named by fsck, and salvage makes a whole store of
 * what is left. Damage at random is test_store_damage.c's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "commands_fixture.h"
#include "store/fsck.h"
#include "store/schema.h"
#include "store/standing.h"
#include "store_fixture.h"

#define TASKS     300
#define TOLD_ROOM 65536

struct told {
    char text[TOLD_ROOM];
    size_t n;
};

static void hear(void *context, const char *sentence)
{
    struct told *told = context;
    size_t at = strlen(told->text);
    snprintf(told->text + at, sizeof told->text - at, "%s\n", sentence);
    told->n++;
}

static struct tote_fsck check(const char *path, struct told *told)
{
    struct tote_fsck found = {0};
    struct tote_error err = {0};
    *told = (struct told){.n = 0};
    if (tote_store_fsck(path, &found, hear, told, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(found.damaged, told->n);
    return found;
}

static void expect_clean(const char *path)
{
    static struct told told;
    struct tote_fsck found = check(path, &told);
    if (found.damaged > 0)
        fail_msg("%s: %s", path, told.text);
}

static int64_t ask(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

static void salvage(struct told *told, struct tote_fsck *found)
{
    struct tote_error err = {0};
    *told = (struct told){.n = 0};
    tote_store_unlink("b");
    if (tote_store_salvage("a", "b", found, hear, told, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(found->damaged == told->n || told->n == TOTE_FSCK_TOLD_MAX + 1);
}

/* --- whole stores --- */

static void test_whole(void **state)
{
    (void)state;
    static struct told told;
    tote_store_close(fixture_bag_store("a", TASKS, false));
    assert_int_equal(check("a", &told).damaged, 0);
    assert_int_equal(check("a", &told).checked,
                     4 * TASKS + 4); /* a setting, a run, how it and all stand */
    tote_store_unlink("a");
    fixture_store("a", TASKS); /* of a kernel: no tasks, no results */
    assert_int_equal(check("a", &told).damaged, 0);
    assert_int_equal(check("a", &told).checked, TASKS + TASKS / 10 + 4);
    tote_store_unlink("a");
    struct tote_store *store = NULL;
    assert_int_equal(tote_store_create("a", &store, NULL), 0);
    tote_store_close(store);
    assert_int_equal(check("a", &told).checked, 1);
    assert_int_equal(fixture_count_files(), 1);
}

static void test_no_complain(void **state)
{
    (void)state;
    struct tote_fsck found;
    tote_store_close(fixture_bag_store("a", 10, false));
    fixture_sql("a", "UPDATE record SET cpu_ns = 1 WHERE task = 3");
    assert_int_equal(tote_store_fsck("a", &found, NULL, NULL, NULL), 0);
    assert_int_equal(found.damaged, 1);
}

static void test_salvage_whole(void **state)
{
    (void)state;
    static struct told told;
    struct tote_fsck found;
    struct fixture_content content;
    tote_store_close(fixture_bag_store("a", TASKS, false));
    salvage(&told, &found);
    assert_int_equal(found.damaged, 0);
    expect_clean("b");
    assert_int_equal(fixture_bag_read("b", TASKS, &content, NULL), 0);
    assert_false(content.differs);
    assert_int_equal(content.published, TASKS);
    assert_int_equal(content.records, TASKS);
    assert_int_equal(content.results, (TASKS + 22) / 23);
    assert_int_equal(ask("b", "SELECT count(*) FROM quarantine"), 0);
    assert_int_equal(fixture_count_files(), 2);
}

/* --- one damage after the other --- */

static const struct {
    const char *sql;  /* what happens to the store */
    const char *word; /* what fsck says */
    int quarantined;  /* rows, once salvaged */
    int records;      /* that are left */
} damages[] = {
    {"UPDATE record SET cpu_ns = 1 WHERE task = 5",
     "record run 1, task 5, attempt 1 is not as it was written", 2, TASKS - 1},
    {"UPDATE record SET digest = x'00' || substr(digest, 2) WHERE task = 6", "task 6",
     2, TASKS - 1},
    {"UPDATE record SET seal = 1 WHERE task = 6", "task 6", 2, TASKS - 1},
    {"UPDATE record SET end_ns = 'soon' WHERE task = 6",
     "task 6, attempt 1 holds what was never written there", 2, TASKS - 1},
    {"UPDATE record SET attempt = 2 WHERE task = 6", "run 1, task 6, attempt 2", 2,
     TASKS - 1},
    {"UPDATE result SET stdout = x'41' WHERE task = 57", "result run 1, task 57", 1,
     TASKS},
    {"UPDATE result SET outs = substr(outs, 2) WHERE task = 57",
     "result run 1, task 57", 1, TASKS},
    {"DELETE FROM record WHERE task = 9",
     "result run 1, task 9, attempt 1 has no record", 1, TASKS - 1},
    {"DELETE FROM run", "table record has 300 rows of run 1, which is not there", 0,
     TASKS},
    {"UPDATE run SET cpu_user_ns = -5", "run 1 holds what was never written there", 1,
     TASKS},
    {"UPDATE task SET item = x'4100' WHERE task = 12", "task 12 is not as it was", 1,
     TASKS},
    {"DELETE FROM task WHERE task = 12", "record run 1, task 12, attempt 1 has no task",
     0, TASKS},
    {"DELETE FROM task WHERE task BETWEEN 12 AND 20", "9 tasks too few", 0, TASKS},
    {"DELETE FROM task WHERE task = 299", "task 299, attempt 1 has no task", 0, TASKS},
    {"DELETE FROM task", "task 0, attempt 1 has no task", 0, TASKS},
    {"UPDATE output SET size = 0 WHERE task = 30", "output 'out/000030.png' is not", 1,
     TASKS},
    {"UPDATE setting SET value = x'41'", "setting 'bag' holds", 1, TASKS},
    {"UPDATE setting SET value = 'rm -r'", "setting 'bag' is not as it was written", 1,
     TASKS},
    {"UPDATE run SET attempts_to = 7", "run 1 is not as it was written", 1, TASKS},
    {"INSERT INTO batch VALUES (1, 1, 0, 9, 1, 1, 5, 6, 0, '', 0)",
     "batch run 1, batch 1 is not as it was written", 1, TASKS},
    {"INSERT INTO worker VALUES (1, 1, 'host', 7, 2, 5, 6, 0)",
     "worker run 1, worker 1 is not as it was written", 1, TASKS},
    {"INSERT INTO machine_limit VALUES (1, 1, 1, 2, 9, 9, zeroblob(16), 0)",
     "machine_limit 1 is not as it was written", 1, TASKS},
    {"INSERT INTO cell VALUES (1, 1, 'limit', 'limit', '', 'k', 1, 1, 1, '', '', 0)",
     "cell 1 is not as it was written", 1, TASKS},
    {"UPDATE standing SET ok = ok - 1 WHERE run = 0",
     "standing 0 is not as it was written", 1, TASKS},
    {"UPDATE standing SET attempts_to = 'x' WHERE run = 1",
     "standing 1 holds what was never written there", 1, TASKS},
    {"DELETE FROM standing WHERE run = 0", "standing 0 is gone", 0, TASKS},
    {"DELETE FROM standing WHERE run = 1", "standing 1 is gone", 0, TASKS},
};

static void damage_once(const char *sql)
{
    char all[512];
    tote_store_unlink("a");
    tote_store_close(fixture_bag_store("a", TASKS, false));
    snprintf(all, sizeof all, "PRAGMA ignore_check_constraints=ON; %s", sql);
    fixture_sql("a", all);
}

static void test_each_damage(void **state)
{
    (void)state;
    static struct told told;
    struct tote_fsck found;
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        damage_once(damages[i].sql);
        assert_true(check("a", &told).damaged > 0);
        if (!strstr(told.text, damages[i].word))
            fail_msg("%s: %.400s", damages[i].sql, told.text);
        salvage(&told, &found);
        assert_true(found.damaged > 0);
        expect_clean("b");
        int64_t quarantined = ask("b", "SELECT count(*) FROM quarantine");
        int64_t records = ask("b", "SELECT count(*) FROM record");
        if (quarantined != damages[i].quarantined || records != damages[i].records)
            fail_msg("%s: %d quarantined, %d records", damages[i].sql, (int)quarantined,
                     (int)records);
        assert_int_equal(ask("b", "SELECT count(*) FROM task"), TASKS);
        assert_int_equal(ask("b", "SELECT count(*) FROM run"), 1);
        assert_int_equal(ask("a", "SELECT count(*) FROM sqlite_schema"
                                  " WHERE name='quarantine'"),
                         0);
    }
}

/* Counts that are sealed as they should be, but wrong; and records that have gone
 * without a trace but that they are too few. */
static void test_wrong_counts(void **state)
{
    (void)state;
    static struct told told;
    struct tote_fsck found;
    struct tote_db db;
    const struct tote_standing wrong = {.of = {TASKS - 1, 1}, .attempts_to = 1};
    for (int64_t run = 0; run <= 2; run++) {
        tote_store_unlink("a");
        fixture_store("a", TASKS);
        assert_int_equal(tote_db_open(&db, "a", TOTE_DB_WRITE, NULL), 0);
        assert_int_equal(tote_standing_write(&db, run, &wrong, NULL), 0);
        tote_db_close(&db);
        assert_int_equal(check("a", &told).damaged, 1);
        assert_non_null(strstr(told.text, run == 2 ? "of a run that is not there"
                                                   : "does not agree with"));
        salvage(&told, &found);
        assert_int_equal(found.damaged, 1);
        expect_clean("b");
        assert_int_equal(ask("b", "SELECT sum(ok) FROM standing"), 2 * TASKS);
    }
    tote_store_unlink("a");
    fixture_store("a", TASKS);
    fixture_sql("a", "DELETE FROM record WHERE task BETWEEN 7 AND 9");
    assert_int_equal(check("a", &told).damaged, 2); /* of the run, of all */
    assert_non_null(strstr(told.text, "300 ok, 0 failed"));
    assert_non_null(strstr(told.text, "297 ok, 0 failed"));
}

static void test_quarantine_text(void **state)
{
    (void)state;
    static struct told told;
    struct tote_fsck found;
    damage_once("UPDATE record SET cpu_ns = 17 WHERE task = 5");
    salvage(&told, &found);
    assert_int_equal(ask("b",
                         "SELECT count(*) FROM quarantine WHERE \"table\"='record' AND"
                         " key='run 1, task 5, attempt 1' AND what LIKE '%seal%' AND"
                         " row LIKE 'run=1, task=5, attempt=1, %cpu_ns=17,%x''%'"),
                     1);
}

/* A task of which one file's row is lost has not done what it was there for. */
static void test_lost_output(void **state)
{
    (void)state;
    static struct told told;
    struct tote_fsck found;
    damage_once("UPDATE output SET digest = zeroblob(16) WHERE task IN (30, 40)");
    salvage(&told, &found);
    assert_non_null(strstr(told.text, "task 30 will run again"));
    assert_int_equal(ask("b", "SELECT count(*) FROM record WHERE outcome <> 0"), 2);
    assert_int_equal(ask("b", "SELECT sum(task) FROM record WHERE outcome = 2"), 70);
}

/* So many tasks are lost, and nobody takes the list for whole. */
static void expect_short_list(const struct tote_fsck *found, uint64_t lost)
{
    assert_int_equal(found->lost, lost);
    assert_int_equal(ask("b", "SELECT count(*) FROM setting WHERE name='list_whole'"
                              " AND value='no'"),
                     1);
    expect_clean("b");
}

/* A lost task is of no list: nothing takes it for done, or for something to run. */
static void test_lost_task(void **state)
{
    (void)state;
    static struct told told;
    struct tote_fsck found;
    damage_once("UPDATE task SET place = 7000 WHERE task = 30");
    salvage(&told, &found);
    assert_non_null(strstr(told.text, "task 30 is lost"));
    assert_int_equal(ask("b", "SELECT listed FROM task WHERE task = 30"), 0);
    assert_int_equal(ask("b", "SELECT max(attempt) = 1 FROM record"), 1);
    assert_int_equal(ask("b", "SELECT listed FROM standing WHERE run = 0"), TASKS - 1);
    assert_int_equal(ask("b", "SELECT ok FROM standing WHERE run = 0"), TASKS - 1);
    expect_short_list(&found, 1);
}

#define WITHOUT(task)                                                                  \
    "DELETE FROM record WHERE task >= " task ";"                                       \
    "DELETE FROM result WHERE task >= " task ";"                                       \
    "DELETE FROM output WHERE task >= " task ";"

/* Of the last tasks no row speaks any more but row 0, which counts them. */
static void test_lost_end(void **state)
{
    (void)state;
    static struct told told;
    struct tote_fsck found;
    damage_once(WITHOUT("299") "UPDATE task SET place = 7000 WHERE task = 299");
    salvage(&told, &found);
    assert_non_null(strstr(told.text, "task 299 is lost"));
    assert_int_equal(ask("b", "SELECT max(task) FROM task"), 299);
    expect_short_list(&found, 1);
    damage_once(WITHOUT("295") "DELETE FROM task WHERE task >= 295");
    salvage(&told, &found);
    assert_non_null(strstr(told.text, "task 295 is lost"));
    expect_short_list(&found, 5);
}

/* Of a second list, whose tasks are not all of the store's. */
static void test_lost_of_another_list(void **state)
{
    (void)state;
    static struct told told;
    struct tote_fsck found;
    struct fixture_bag bag;
    struct tote_error err = {0};
    uint64_t other;
    struct tote_store *store = fixture_bag_store("a", TASKS, false);
    assert_int_equal(tote_store_list_begin(store, 2, &err), 0);
    for (uint64_t task = TASKS - 50; task < TASKS; task++) {
        fixture_bag_fill(&bag, task);
        if (tote_store_list_claim(store, &bag.task, &other, &err) != TOTE_CLAIM_KEPT)
            fail_msg("%s", err.text);
    }
    assert_int_equal(tote_store_list_commit(store, &err), 0);
    tote_store_close(store);
    salvage(&told, &found);
    assert_int_equal(found.damaged + found.lost, 0);
    assert_int_equal(ask("b", "SELECT count(*) FROM setting WHERE name='list_whole'"),
                     0);
    fixture_sql("a", WITHOUT("298") "DELETE FROM task WHERE task >= 298");
    salvage(&told, &found);
    expect_short_list(&found, 2);
    assert_int_equal(ask("b", "SELECT listed FROM standing WHERE run = 0"), 48);
}

/* Where the counts are lost nobody can tell that the tasks are not. */
static void test_lost_counts(void **state)
{
    (void)state;
    static struct told told;
    struct tote_fsck found;
    damage_once("UPDATE standing SET listed = 1 WHERE run = 0");
    salvage(&told, &found);
    assert_non_null(strstr(told.text, "how many tasks there were is not known"));
    expect_short_list(&found, 0);
    fixture_store("kernel", 10);
    fixture_sql("kernel", "DELETE FROM standing WHERE run = 0");
    tote_store_unlink("b");
    assert_int_equal(tote_store_salvage("kernel", "b", &found, NULL, NULL, NULL), 0);
    assert_int_equal(ask("b", "SELECT count(*) FROM setting WHERE name='list_whole'"),
                     0);
}

/* Sealed as it should be, but of another list than the tasks or the settings are. */
static void test_wrong_list(void **state)
{
    (void)state;
    static struct told told;
    struct tote_fsck found;
    struct tote_db db;
    struct tote_standing all;
    struct tote_store *store = fixture_bag_store("a", TASKS, false);
    assert_int_equal(tote_store_standing(store, 0, &all, NULL), 0);
    assert_int_equal(tote_store_set(store, "list", "2", NULL), 0);
    tote_store_close(store);
    assert_int_equal(check("a", &told).damaged, 1);
    assert_non_null(strstr(
        told.text, "standing 0 is of list 1, but by the settings the last is 2"));
    salvage(&told, &found);
    expect_clean("b");
    expect_short_list(&found, 0);
    tote_store_unlink("a");
    tote_store_close(fixture_bag_store("a", TASKS, false));
    all.list = 0;
    assert_int_equal(tote_db_open(&db, "a", TOTE_DB_WRITE, NULL), 0);
    assert_int_equal(tote_standing_write(&db, 0, &all, NULL), 0);
    tote_db_close(&db);
    assert_int_equal(check("a", &told).damaged, 1);
    assert_non_null(strstr(told.text, "standing 0 is of list 0, but a task of list 1"));
    salvage(&told, &found);
    expect_clean("b");
}

/* --- pages --- */

static void copy_file(const char *from, const char *to)
{
    char buffer[TOTE_STORE_PAGE];
    size_t n;
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_true(in && out);
    while ((n = fread(buffer, 1, sizeof buffer, in)) > 0)
        assert_int_equal(fwrite(buffer, 1, n, out), n);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

/* Every so-maniest page, from 0, is lost; how many. */
static size_t wipe_pages(const char *path, size_t first, size_t step)
{
    static const unsigned char junk[TOTE_STORE_PAGE] = {0x55};
    size_t wiped = 0;
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    size_t pages = (size_t)ftell(file) / TOTE_STORE_PAGE;
    for (size_t page = first; page < pages; page += step, wiped++) {
        fseek(file, (long)(page * TOTE_STORE_PAGE), SEEK_SET);
        assert_int_equal(fwrite(junk, 1, sizeof junk, file), sizeof junk);
    }
    fclose(file);
    return wiped;
}

/* Page after page is lost: what is on the others is saved. */
static void test_each_page(void **state)
{
    (void)state;
    static struct told told;
    struct tote_fsck found;
    size_t page = 1, opened = 0;
    int64_t sum = 0;
    tote_store_close(fixture_bag_store("whole", TASKS, false));
    for (;; page++) {
        struct tote_error err = {0};
        copy_file("whole", "a");
        tote_store_unlink("b");
        if (wipe_pages("a", page, SIZE_MAX / 2) == 0)
            break;
        if (tote_store_salvage("a", "b", &found, hear, &told, &err) < 0) {
            assert_true(err.text[0]);
            continue;
        }
        opened++;
        assert_true(found.damaged > 0);
        expect_clean("b");
        sum += ask("b", "SELECT count(*) FROM record");
    }
    print_message("%d pages wiped, %d stores salvaged, %d records a store of %d\n",
                  (int)page - 1, (int)opened, (int)(sum / (int64_t)opened), TASKS);
    assert_int_equal(opened, page - 1);
    assert_true(sum > (int64_t)opened * TASKS * 8 / 10);
}

/* Several gaps in one table. */
static void test_many_pages(void **state)
{
    (void)state;
    static struct told told;
    struct tote_fsck found;
    tote_store_close(fixture_bag_store("a", TASKS * 20, false));
    assert_true(wipe_pages("a", 60, 9) > 10);
    salvage(&told, &found);
    expect_clean("b");
    int64_t n = ask("b", "SELECT count(*) FROM record");
    print_message("every ninth page: %d of %d records\n", (int)n, TASKS * 20);
    assert_true(n > TASKS * 10);
}

/* --- what is no store --- */

static void test_no_store(void **state)
{
    (void)state;
    struct tote_fsck found = {0};
    struct tote_error err = {0};
    assert_int_equal(tote_store_fsck("a", &found, NULL, NULL, &err), -ENOENT);
    fixture_write_file("a", "hello", 5);
    err = (struct tote_error){0};
    assert_int_equal(tote_store_fsck("a", &found, NULL, NULL, &err), -EINVAL);
    assert_true(err.text[0]);
    assert_int_equal(tote_store_salvage("a", "b", &found, NULL, NULL, NULL), -EINVAL);
    unlink("a");
    tote_store_close(fixture_bag_store("a", 10, false));
    fixture_write_file("b", "precious", 8);
    err = (struct tote_error){0};
    assert_int_equal(tote_store_salvage("a", "b", &found, NULL, NULL, &err), -EEXIST);
    assert_int_equal(tote_store_salvage("a", "a", &found, NULL, NULL, NULL), -EEXIST);
    expect_clean("a");
    assert_int_equal(fixture_count_files(), 2);
}

/* So much damage that not all of it is told. */
static void test_all_damaged(void **state)
{
    (void)state;
    static struct told told;
    struct tote_fsck found = {0};
    tote_store_close(fixture_bag_store("a", 1200, false));
    fixture_sql("a", "UPDATE record SET seal = seal / 2 + 1");
    assert_int_equal(tote_store_fsck("a", &found, hear, &told, NULL), 0);
    assert_int_equal(found.damaged, 1200);
    assert_int_equal(told.n, TOTE_FSCK_TOLD_MAX + 1);
}

#define IN_FOLDER(test)                                                                \
    cmocka_unit_test_setup_teardown(test, fixture_enter, fixture_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_whole),         IN_FOLDER(test_no_complain),
        IN_FOLDER(test_salvage_whole), IN_FOLDER(test_each_damage),
        IN_FOLDER(test_wrong_counts),  IN_FOLDER(test_quarantine_text),
        IN_FOLDER(test_lost_output),   IN_FOLDER(test_lost_task),
        IN_FOLDER(test_lost_end),      IN_FOLDER(test_lost_of_another_list),
        IN_FOLDER(test_lost_counts),   IN_FOLDER(test_wrong_list),
        IN_FOLDER(test_each_page),     IN_FOLDER(test_many_pages),
        IN_FOLDER(test_no_store),      IN_FOLDER(test_all_damaged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
