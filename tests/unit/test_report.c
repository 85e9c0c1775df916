/* SPDX-License-Identifier: MIT */
/* test_report.c: what reports say: the verdict's sentences, notes, damage, masks,
 * figures. Schemas and numbers are held in test_report_documents.py. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "report/figure.h"
#include "report/mask.h"
#include "report/report.h"
#include "report_fixture.h"
#include "store_fixture.h"

#define PATH "bag.tote"

/* The report of the store at PATH, new text; removes the store. */
static char *report(enum tote_report_format format)
{
    struct tote_error err = {0};
    struct tote_store *store;
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(tote_store_open(PATH, &store, &err), 0);
    int rc = tote_report_write(store, format, out, NULL, &err);
    fclose(out);
    tote_store_close(store);
    unlink(PATH);
    if (rc < 0)
        fail_msg("%s", err.text);
    return text;
}

static void check_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no '%s' in:\n%s", part, text);
}

static void check_shown_verdict(const char *want)
{
    char *text = report(TOTE_REPORT_JSON);
    json_t *document = json_loads(text, 0, NULL);
    const char *verdict = json_string_value(json_object_get(document, "verdict"));
    assert_non_null(verdict);
    assert_string_equal(verdict, want);
    json_decref(document);
    free(text);
}

static void check_verdict(const struct report_plan *plan, const char *want)
{
    report_fixture_compare(PATH, plan);
    check_shown_verdict(want);
}

/* --- the verdict --- */

#define CELL(label, rate, spread)                                                      \
    {                                                                                  \
        label, 0.001, rate, spread                                                     \
    }

static void check_clause(const struct report_cell *cells, size_t n, const char *want)
{
    char whole[2048];
    struct report_plan plan = {cells, n, 9, 1000000, 0, "done", NULL, false};
    snprintf(whole, sizeof whole,
             "After start-up, %s; with start-up included, %s; medians, n=9; no noise "
             "floor was measured.",
             want, want);
    check_verdict(&plan, whole); /* start-up is next to nothing in these */
}

static void test_verdict_two(void **state)
{
    (void)state;
    const struct report_cell clear[] = {CELL("a", 100, 0.01), CELL("b", 210, 0.01)};
    const struct report_cell tied[] = {CELL("a", 100, 0.05), CELL("b", 102, 0.05)};
    const struct report_cell close[] = {CELL("a", 100.2, 0.0001),
                                        CELL("b", 100, 0.0001)};
    check_clause(clear, 2, "b (210/s) is 2.1x as fast as a (100/s) [2.1, 2.1]");
    check_clause(tied, 2,
                 "a (100/s) is not distinguishable from b (102/s): 1.02x [1.02, 1.02] "
                 "(p 0.30 after Holm)");
    check_clause(close, 2, "a (100/s) is 1.002x as fast as b (100/s) [1.002, 1.002]");
}

static void test_verdict_three(void **state)
{
    (void)state;
    const struct report_cell chain[] = {CELL("a", 300, 0.01), CELL("b", 200, 0.01),
                                        CELL("c", 100, 0.01)};
    const struct report_cell tied_last[] = {CELL("a", 300, 0.01), CELL("b", 201, 0.01),
                                            CELL("c", 200, 0.01)};
    const struct report_cell tied_first[] = {CELL("a", 300, 0.01), CELL("b", 299, 0.01),
                                             CELL("c", 200, 0.01)};
    const struct report_cell all[] = {CELL("a", 300, 0.01), CELL("b", 299, 0.01),
                                      CELL("c", 298, 0.01)};
    check_clause(
        chain, 3,
        "a (300/s) is 1.50x as fast as b (200/s) [1.50, 1.50] and 3.0x as fast "
        "as c (100/s) [3.0, 3.0]");
    check_clause(tied_last, 3,
                 "a (300/s) is 1.49x as fast as b (201/s) [1.49, 1.49] and 1.50x as "
                 "fast as c (200/s, not distinguishable from b) [1.50, 1.50]");
    check_clause(tied_first, 3,
                 "a (300/s) is 1.50x as fast as c (200/s) [1.50, 1.50], and b (299/s) "
                 "is not distinguishable from a: 1.003x [1.003, 1.003] (p 0.30 after "
                 "Holm)");
    check_clause(all, 3,
                 "b (299/s) and c (298/s) are not distinguishable from a (300/s): "
                 "1.003x [1.003, 1.003] (p 0.59 after Holm) and 1.01x [1.01, 1.01] (p "
                 "0.28 after Holm)");
}

/* It is not transitive: b cannot be told from a, nor c from b, but c from a. */
static void test_verdict_chain(void **state)
{
    (void)state;
    const struct report_cell first[] = {CELL("a", 110, 0.03), CELL("b", 105, 0.09),
                                        CELL("c", 101, 0.03)};
    check_clause(first, 3,
                 "a (110/s) is 1.09x as fast as c (101/s) [1.09, 1.09], and b (105/s) "
                 "is not distinguishable from a: 1.05x [1.003, 1.10] (p 0.19 after "
                 "Holm)");
}

static void test_verdict_many(void **state)
{
    (void)state;
    const struct report_cell many[] = {
        CELL("a", 600, 0.01), CELL("b", 599, 0.01), CELL("c", 598, 0.01),
        CELL("d", 597, 0.01), CELL("e", 596, 0.01), CELL("f", 595, 0.01),
        CELL("g", 594, 0.01), CELL("h", 300, 0.01), CELL("i", 200, 0.01),
        CELL("j", 150, 0.01), CELL("k", 120, 0.01), CELL("l", 100, 0.01),
        CELL("m", 50, 0.01)};
    check_clause(many, 13,
                 "a (600/s) is 2.0x to 12x as fast as 6 other cells, and 6 cells are "
                 "not distinguishable from a");
}

/* Which of the three conditions failed, one by one, and the floor that is named. */
static void test_verdict_floor(void **state)
{
    (void)state;
    static const uint64_t tasks = 1000000;
    const struct report_cell cells[] = {CELL("a", 300, 0.01), CELL("b", 310, 0.01)};
    struct report_sweep plan = {&tasks, 1, cells, 2, 1.02, 8};
    static const struct {
        double again;
        const char *want;
    } rows[] = {
        {1.02, "After start-up, b (310/s) is 1.03x as fast as a (300/s) [1.02, 1.04]; "
               "with start-up included, b (310/s) is 1.03x as fast as a (300/s) "
               "[1.02, 1.04]; medians, n=8; noise floor 2.00 % after start-up, 2.00 % "
               "with start-up included."},
        {0.96, "After start-up, a (300/s) is not distinguishable from b (310/s): 1.03x "
               "[1.02, 1.04] (within the noise floor); with start-up included, a "
               "(300/s) is not distinguishable from b (310/s): 1.03x [1.02, 1.04] "
               "(within the noise floor); medians, n=8; noise floor 4.17 % after "
               "start-up, 4.17 % with start-up included."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        plan.again = rows[i].again;
        report_fixture_sweep(PATH, &plan);
        check_shown_verdict(rows[i].want);
    }
}

/* Who leads where, and where the lead changes hands. */
static void test_verdict_sweep(void **state)
{
    (void)state;
    report_make_sweep(PATH);
    check_shown_verdict(
        "3 of 3 points have a ranking. After start-up, local leads alone at 1 and "
        "together with others at 1, ray leads alone at 1 and together with others at "
        "1; the lead goes from local to ray between tasks=100 and tasks=100000. With "
        "start-up included, local leads alone at 2, ray leads alone at 1; the lead "
        "goes "
        "from local to ray between tasks=1000 and tasks=100000.");
    report_make_sweep_short(PATH);
    check_shown_verdict("No ranking at any of 3 points.");
}

/* Start-up turns the order round. */
static void test_verdict_clauses(void **state)
{
    (void)state;
    const struct report_cell cells[] = {{"slow", 10, 400, 0.01},
                                        {"fast", 0.1, 300, 0.01}};
    struct report_plan plan = {cells, 2, 6, 1000, 500, "done", NULL, false};
    check_verdict(
        &plan, "After start-up, slow (400/s) is 1.33x as fast as fast (300/s) [1.33, "
               "1.33]; with start-up included, fast (291/s) is 3.6x as fast as slow "
               "(80.0/s) [3.6, 3.7]; medians, n=6; no noise floor was measured.");
}

static void lose_block_six(struct tote_run_row *row)
{
    if (row->block == 6 && row->cell == 1)
        row->state = TOTE_RUN_INTERRUPTED;
}

static void lose_cell_two(struct tote_run_row *row)
{
    if (row->cell == 2)
        row->state = TOTE_RUN_BROKEN;
}

static void spoil_cell_two(struct tote_run_row *row)
{
    row->digest.high += row->cell == 2;
}

static void test_verdict_refused(void **state)
{
    (void)state;
    const struct report_cell cells[] = {CELL("a", 100, 0.01), CELL("b", 200, 0.01)};
    struct report_plan plan = {cells,          2,    6, 1000000, 250, "done",
                               lose_block_six, false};
    check_verdict(
        &plan, "No ranking: n=5 to 6, and among 2 engines no difference can be found "
               "with fewer than 6 runs of each (--runs 6). Medians after start-up: a "
               "(99.8/s) and b (200/s); with "
               "start-up included: a (99.8/s) and b (200/s).");
    plan.change = lose_cell_two;
    check_verdict(&plan, "No verdict: no complete run of b.");
    plan.change = spoil_cell_two;
    check_verdict(&plan, "No verdict: outputs differ (b from the limit's).");
    plan.limit_tasks_per_s = 0;
    check_verdict(&plan,
                  "No verdict: outputs differ (b from the first complete run's).");
    plan.tasks = 0;
    plan.change = NULL;
    check_verdict(&plan, "No verdict: the bag is empty.");
    plan.tasks = 1000000;
    plan.n_cells = 1;
    check_verdict(&plan,
                  "No ranking: one cell. After start-up, a runs 100 tasks/s; with "
                  "start-up included, 100; medians, n=6.");
}

/* --- notes and rows --- */

static void crowd(struct tote_run_row *row)
{
    row->workers = 3;
    row->box = (char *)"user, PID namespace; no network namespace";
    row->is_boxed = row->block == 1; /* the flag counts, not the words */
    row->lost = row->cell == 1;
    row->duplicate = row->cell == 2 ? 2 : 0;
}

static void test_compare_text(void **state)
{
    (void)state;
    const struct report_cell cells[] = {CELL("a", 100, 0.01), CELL("b", 200, 0.01)};
    struct report_plan plan = {cells, 2, 2, 1000, 250, "signal", crowd, false};
    report_fixture_compare(PATH, &plan);
    char *text = report(TOTE_REPORT_TEXT);
    check_has(
        text,
        "zfp:accuracy=0.001, size 200000, seed 7: 1000 tasks, 3 workers, batch 1; "
        "2 of 6 blocks\n");
    check_has(text,
              "\nlimit (bare loop)      250          2  equal    1.00 of the limit\n");
    check_has(text, "Note: a signal ended it after 2 of 6 whole blocks; go on with: "
                    "tote resume bag.tote\n");
    check_has(text,
              "Note: n=2: no interval (a 95 % interval of the median needs 6 runs: "
              "--runs 6)\n");
    check_has(text,
              "Note: more workers than usable cores (3 on 2): this says nothing about "
              "scaling; --workers 2 is what they carry\n");
    check_has(text, "Note: the box of a is not full: user, PID namespace; no "
                    "network namespace; whether the system allows more: sysctl ");
    check_has(text,
              "Note: a: 2 batches were lost with a worker and tried again; which, "
              "and when: tote report bag.tote --format trace\n");
    check_has(text,
              "Note: b: 4 results came again and did not count; whether the engine "
              "does so by itself: tote engines check local\n");
    assert_null(strstr(text, "box of b"));
    free(text);
}

/* A signal came before the first launch. */
static void test_no_run(void **state)
{
    (void)state;
    const struct report_cell cells[] = {CELL("a", 100, 0.01)};
    struct report_plan plan = {cells, 1, 0, 1000, 0, "signal", NULL, false};
    report_fixture_compare(PATH, &plan);
    char *text = report(TOTE_REPORT_TEXT);
    check_has(text, "zfp:accuracy=0.001, size 200000, seed 7: 1000 tasks, 2 workers, "
                    "batch 1; 0 of 6 blocks\n");
    check_has(text, "Note: a signal ended it after 0 of 6 whole blocks; go on with");
    check_has(text, "Verdict: No verdict: it ended before the first run.\n");
    free(text);
    report_fixture_compare(PATH, &plan);
    text = report(TOTE_REPORT_JSON);
    json_t *document = json_loads(text, 0, NULL), *shown, *bag;
    const char *end;
    assert_int_equal(json_unpack(document, "{s:s, s:o, s:o}", "end", &end, "cells",
                                 &shown, "bag", &bag),
                     0);
    assert_string_equal(end, "signal");
    assert_int_equal(json_array_size(shown), 1);
    json_t *runs = json_object_get(json_array_get(shown, 0), "runs");
    assert_int_equal(json_array_size(runs), 0);
    assert_int_equal(json_integer_value(json_object_get(bag, "tasks")), 1000);
    json_decref(document);
    free(text);
}

/* What tote may use counts, where that was noted; else what the machine has. */
static void test_cores(void **state)
{
    (void)state;
    report_fixture_run(PATH, 3, false, NULL);
    char *text = report(TOTE_REPORT_TEXT);
    assert_null(strstr(text, "more workers"));
    free(text);
    report_fixture_run(PATH, 3, false, NULL);
    fixture_sql(PATH,
                "INSERT INTO setting VALUES ('environment.cores_usable', '1', 0)");
    fixture_seal(PATH);
    text = report(TOTE_REPORT_TEXT);
    check_has(text, "Note: more workers than usable cores (2 on 1)");
    free(text);
}

static void leave_running(struct tote_run_row *row)
{
    row->state = TOTE_RUN_RUNNING;
}

static void test_run_text(void **state)
{
    (void)state;
    report_fixture_run(PATH, 20, true, leave_running);
    char *text = report(TOTE_REPORT_TEXT);
    check_has(text, "local: running or killed, 16 of 20 tasks done, 4 failed\n");
    check_has(text, "Tasks that failed, 3 of 4:\n  task 4: failed (attempt 1)\n");
    check_has(text, "sqlite3 bag.tote \"SELECT * FROM record_text WHERE run=1 AND "
                    "outcome<>'ok'\"\n");
    free(text);
}

static void test_resumed_text(void **state)
{
    (void)state;
    report_fixture_resumed(PATH, 100, true);
    char *text = report(TOTE_REPORT_TEXT);
    check_has(text, "local: complete, 30 of 100 tasks done, 5 failed, 0 duplicate\n"
                    "bag so far: 90 done, 10 failed of 100 in 3 runs "
                    "(1 interrupted, 1 broken)\n");
    check_has(text, "Tasks that failed, 3 of 10:\n  task 54: failed (attempt 2)\n");
    check_has(text, "Note: bag so far: 10 tasks failed; to run them again: tote resume "
                    "bag.tote --retry-failed\n");
    assert_null(strstr(text, "tote log"));
    free(text);
}

static void test_commands_text(void **state)
{
    (void)state;
    report_fixture_commands(PATH, 20, NULL);
    char *text = report(TOTE_REPORT_TEXT);
    check_has(text, "  command        sh -c 'it'\\''s ?[31m {item}' '?.z' "
                    "{out:{stem}.png} ''\n");
    check_has(text, "  task 1: exit status 3 (attempt 1)\n"
                    "  task 2: it could not be started: no?[31m such program (attempt "
                    "1)\n  task 3: lost: took its worker down too often, quarantined");
    check_has(text, "tote log bag.tote 1\n");
    assert_null(strstr(text, "size"));
    assert_null(strstr(text, "bag so far"));
    free(text);
    report_fixture_commands_resumed(PATH, 20);
    text = report(TOTE_REPORT_TEXT);
    check_has(text, "bag so far: 16 done, 3 failed of 20 in 2 runs\n");
    check_has(text, "  command        new {item}\n");
    check_has(text, "  task 4: signal 11 (Segmentation fault) (attempt 1)\n");
    free(text);
}

/* The command that the report gives works on a store. */
static void test_failure_view(void **state)
{
    (void)state;
    report_fixture_run(PATH, 20, true, NULL);
    fixture_sql(PATH,
                "CREATE TEMP TABLE found AS SELECT * FROM record_text WHERE run=1 AND "
                "outcome<>'ok'; CREATE TEMP TRIGGER four BEFORE DELETE ON found WHEN "
                "(SELECT count(*) FROM found) <> 4 BEGIN SELECT RAISE(ABORT, 'not 4'); "
                "END; DELETE FROM found WHERE task=4");
    unlink(PATH);
}

static void quote(struct tote_run_row *row)
{
    row->label = (char *)"a,\"b\"\nc";
}

static void test_csv(void **state)
{
    (void)state;
    report_fixture_run(PATH, 2, false, quote);
    char *text = report(TOTE_REPORT_CSV);
    check_has(text,
              "label,engine,engine_version,block,state,kernel,size,seed,workers,batch,"
              "tasks_total,tasks_done,tasks_failed,tasks_duplicate,digest,start_s,"
              "first_result_s,steady_s,drain_s,stop_s,wall_s,tasks_per_s,"
              "steady_tasks_per_s,cpu_total_s,cpu_tasks_s,store,point,role,rank_steady,"
              "ratio_steady,ratio_steady_low,ratio_steady_high,p_steady,a12_steady,"
              "rank_whole,ratio_whole,ratio_whole_low,ratio_whole_high,p_whole,"
              "a12_whole\n");
    check_has(
        text,
        "\n\"a,\"\"b\"\"\nc\",local,0.1.0,,complete,zfp:accuracy=0.001,200000,7,2,"
        "auto,2,2,0,0,0123456789abcdeffedcba9876543210,0.25,0.25,0.75,1,0.25,2.25,"
        "0.888888889,1,2,0.002,bag.tote,,,,,,,,,,,,,,\n");
    free(text);
}

/* --- what cannot be reported --- */

static void check_refused(int code, const char *part)
{
    struct tote_error err = {0};
    struct tote_store *store;
    struct tote_verdict verdict = {.has_failed = true};
    int opened = tote_store_open(PATH, &store, &err);
    if (opened < 0) { /* a setting is damaged */
        assert_int_equal(opened, code);
        check_has(err.text, part);
        unlink(PATH);
        return;
    }
    for (int format = 0; format < 3; format++) {
        struct tote_error why = {0};
        assert_int_equal(tote_report_write(store, (enum tote_report_format)format,
                                           stdout, &verdict, &why),
                         code);
        assert_true(verdict.has_failed); /* untouched */
        check_has(why.text, part);
    }
    tote_store_close(store);
    unlink(PATH);
}

/* The row of a broken run may be older than its records, which are what is durable. */
static void break_early(struct tote_run_row *row)
{
    row->state = TOTE_RUN_BROKEN;
    row->done = row->failed = 0;
    row->last_ns = 0;
    row->has_digest = false;
    row->why = (char *)"the disk is full";
}

static void test_broken_counts(void **state)
{
    (void)state;
    report_fixture_run(PATH, 20, true, break_early);
    char *text = report(TOTE_REPORT_TEXT);
    check_has(text, "local: broken, 16 of 20 tasks done, 4 failed, 0 duplicate\n");
    check_has(text, "Note: local: broken: the disk is full\n");
    check_has(text, "Note: local: 4 tasks failed; to run them again: tote resume ");
    free(text);
    report_fixture_run(PATH, 20, true, break_early);
    fixture_sql(PATH, "UPDATE setting SET value='compare' WHERE name='kind';"
                      "UPDATE run SET cell=1, block=1;"
                      "INSERT INTO cell VALUES (1, 1, 'engine', 'local', 'local',"
                      " 'zfp:accuracy=0.001', 200000, 20, 2, 'auto', '', 0)");
    fixture_seal(PATH);
    text = report(TOTE_REPORT_TEXT);
    check_has(
        text,
        "Note: local, block 1: broken, 20 of 20 tasks have a durable result: "
        "the disk is full; it does not count: tote resume bag.tote runs it again\n");
    free(text);
    report_fixture_run(PATH, 20, true, break_early);
    fixture_sql(PATH, "UPDATE run SET tasks=19");
    fixture_seal(PATH);
    check_refused(-EBADMSG, "more results than tasks");
}

static void stop_second(struct tote_run_row *row)
{
    if (row->block == 2)
        row->state = TOTE_RUN_INTERRUPTED;
}

/* A run that did not end well, and the one that was launched for it later. */
static void test_replaced(void **state)
{
    (void)state;
    const struct report_cell cells[] = {CELL("a", 100, 0.01)};
    const struct report_plan plan = {cells, 1, 2, 1000, 0, "done", stop_second, false};
    report_fixture_compare(PATH, &plan);
    fixture_sql(PATH, "UPDATE run SET block = 1");
    fixture_seal(PATH);
    char *text = report(TOTE_REPORT_TEXT);
    check_has(text, "; it does not count: another one stands in for it\n");
    free(text);
}

static void test_damage(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *says;
        int code;
    } rows[] = {
        {"DELETE FROM record; DELETE FROM run", "holds no run", -ENODATA},
        {"DELETE FROM setting WHERE name='kind'", "does not say", -EBADMSG},
        {"UPDATE setting SET value='trial' WHERE name='kind'", "'trial'", -EPROTO},
        {"UPDATE run SET done=9, tasks=5", "more results than tasks", -EBADMSG},
        {"UPDATE run SET failed=9223372036854775807", "more results", -EBADMSG},
        {"UPDATE record SET end_ns=1 WHERE task=3", "task 3", -EBADMSG},
        {"UPDATE run SET seed='x'", "damaged", -EBADMSG},
        {"UPDATE setting SET value=x'00ff' WHERE name='seed'", "damaged", -EBADMSG},
        {"INSERT INTO run SELECT 2, cell, block, label, engine, engine_version, "
         "binding, "
         "options, 'zlib', size, seed, tasks, workers, attempts_to, batch, box, "
         "is_boxed, state, "
         "launched_utc_ns, "
         "launch_ns, ready_ns, first_ns, fed_ns, last_ns, end_ns, done, failed, "
         "duplicate, "
         "lost, cpu_user_ns, cpu_sys_ns, digest, stats, why, 0 FROM run",
         "different bags", -EBADMSG},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        report_fixture_run(PATH, 10, false, NULL);
        fixture_sql(PATH, rows[i].sql);
        fixture_seal(PATH);
        check_refused(rows[i].code, rows[i].says);
    }
    report_fixture_run(PATH, 10, false, NULL);
    fixture_sql(PATH, "UPDATE run SET workers=workers+1");
    check_refused(-EBADMSG, "run 1 is not as it was written: see 'tote fsck");
    report_fixture_empty(PATH, "run");
    check_refused(-ENODATA, "holds no run");
    report_fixture_empty(PATH, "compare"); /* killed */
    check_refused(-ENODATA, "or was killed before it did");
    const struct report_cell cells[] = {CELL("a", 100, 0.01)};
    const struct report_plan plan = {cells, 1, 1, 1000, 0, "done", NULL, false};
    report_fixture_compare(PATH, &plan);
    fixture_sql(PATH, "DELETE FROM cell");
    check_refused(-EBADMSG, "it has runs, but no cells");
    report_fixture_compare(PATH, &plan);
    fixture_sql(PATH, "UPDATE cell SET tasks = 7");
    check_refused(-EBADMSG, "cell 1 is not as it was written");
    report_fixture_compare(PATH, &plan);
    fixture_sql(PATH, "UPDATE cell SET tasks = 7");
    fixture_seal(PATH);
    check_refused(-EBADMSG, "run 1 is not of the bag of its cell");
}

static void test_full_output(void **state)
{
    (void)state;
    struct tote_error err = {0};
    struct tote_store *store;
    report_fixture_run(PATH, 1, false, NULL);
    assert_int_equal(tote_store_open(PATH, &store, &err), 0);
    FILE *out = fopen("/dev/full", "w");
    assert_non_null(out);
    assert_int_equal(tote_report_write(store, TOTE_REPORT_JSON, out, NULL, &err), -EIO);
    check_has(err.text, "No space left");
    fclose(out);
    tote_store_close(store);
    unlink(PATH);
}

/* --- the exit code's view --- */

static void check_judge(bool has_failed, bool has_differed)
{
    struct tote_error err = {0};
    struct tote_store *store;
    struct tote_verdict verdict;
    assert_int_equal(tote_store_open(PATH, &store, &err), 0);
    FILE *out = fopen("/dev/null", "w");
    assert_non_null(out);
    assert_int_equal(tote_report_write(store, TOTE_REPORT_TEXT, out, &verdict, &err),
                     0);
    fclose(out);
    assert_true(verdict.has_failed == has_failed &&
                verdict.has_differed == has_differed);
    tote_store_close(store);
    unlink(PATH);
}

static void test_judge(void **state)
{
    (void)state;
    const struct report_cell cells[] = {CELL("a", 100, 0.01), CELL("b", 200, 0.01)};
    struct report_plan plan = {cells, 2, 1, 1000, 0, "done", spoil_cell_two, false};
    report_fixture_run(PATH, 10, false, NULL);
    check_judge(false, false);
    report_fixture_run(PATH, 10, true, NULL);
    check_judge(true, false);
    report_fixture_resumed(PATH, 5, true); /* the third run fails only task 4 */
    check_judge(true, false);
    report_fixture_resumed(PATH, 3, true);
    check_judge(false, false);
    report_fixture_commands_resumed(PATH, 20); /* other outputs, of another list */
    check_judge(true, false);
    report_fixture_compare(PATH, &plan);
    check_judge(false, true);
    plan.change = lose_cell_two; /* what did not complete differs from nothing */
    report_fixture_compare(PATH, &plan);
    check_judge(false, false);
}

/* --- masks and figures --- */

static void check_mask(enum tote_mask mask, const char *text, const char *want)
{
    char copy[64];
    snprintf(copy, sizeof copy, "%s", text);
    tote_mask_text(copy, mask);
    assert_string_equal(copy, want);
}

static void test_mask(void **state)
{
    (void)state;
    tote_mask_text(NULL, TOTE_MASK_CONTROLS);
    check_mask(TOTE_MASK_NOTHING, "\x1b\xff", "\x1b\xff");
    check_mask(TOTE_MASK_BYTES, "\x1b[1m l\xc3\xb6\n", "\x1b[1m l\xc3\xb6\n");
    check_mask(TOTE_MASK_CONTROLS, "\x1b[1m l\xc3\xb6\n", "?[1m l\xc3\xb6?");
    check_mask(TOTE_MASK_BYTES, "\xc0\x80|\xed\xa0\x80|\xf4\x90\x80\x80|\xe2\x82|\xff",
               "??|???|????|??|?");
    check_mask(TOTE_MASK_BYTES, "\xf0\x9f\x98\x80\xef\xbf\xbf",
               "\xf0\x9f\x98\x80\xef\xbf\xbf");
    check_mask(TOTE_MASK_CONTROLS, "a\xc2\x9b\xe2\x80\xae\xe2\x81\xa6z", "a???z");
    check_mask(TOTE_MASK_CONTROLS, "cut \xe2\x82", "cut ??");
}

typedef const char *figure(double value, char text[static TOTE_FIGURE_MAX]);

static void test_figures(void **state)
{
    (void)state;
    static const struct {
        figure *write;
        double value;
        const char *want;
    } rows[] = {
        {tote_figure_rate, 356.23, "356"},
        {tote_figure_rate, 9.996, "10.0"},
        {tote_figure_rate, 99.96, "100"},
        {tote_figure_rate, 9999, "9999"},
        {tote_figure_rate, 9999.6, "10.0k"},
        {tote_figure_rate, 142857, "143k"},
        {tote_figure_rate, 999600, "1.00M"},
        {tote_figure_rate, NAN, "-"},
        {tote_figure_rate, 0.0187, "0.0187"},
        {tote_figure_rate, INFINITY, "-"},
        {tote_figure_seconds, 0.0059, "0.0059"},
        {tote_figure_seconds, 2.84149, "2.841"},
        {tote_figure_seconds, 112.84, "112.8"},
        {tote_figure_duration, 0.00513, "5.13 ms"},
        {tote_figure_duration, 4e-8, "40 ns"},
        {tote_figure_duration, 0.99961, "1.00 s"},
        {tote_figure_duration, 75.5, "75.5 s"},
        {tote_figure_fraction, 0.974, "0.97"},
        {tote_figure_fraction, 0.042, "0.042"},
        {tote_figure_fraction, 1e-5, "<0.001"},
        {tote_figure_fraction, NAN, "-"},
        {tote_figure_times, 1.0032, "1.003x"},
        {tote_figure_times, 1.0533, "1.05x"},
        {tote_figure_times, 1.9961, "2.0x"},
        {tote_figure_times, 9.97, "10x"},
        {tote_figure_times, 4217, "4200x"},
        {tote_figure_rate, 1e300, "1e+294M"},
        {tote_figure_seconds, 1e300, "1e+300"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[TOTE_FIGURE_MAX];
        assert_string_equal(rows[i].write(rows[i].value, text), rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdict_two),
        cmocka_unit_test(test_verdict_three),
        cmocka_unit_test(test_verdict_chain),
        cmocka_unit_test(test_verdict_many),
        cmocka_unit_test(test_verdict_clauses),
        cmocka_unit_test(test_verdict_floor),
        cmocka_unit_test(test_verdict_sweep),
        cmocka_unit_test(test_verdict_refused),
        cmocka_unit_test(test_compare_text),
        cmocka_unit_test(test_run_text),
        cmocka_unit_test(test_resumed_text),
        cmocka_unit_test(test_commands_text),
        cmocka_unit_test(test_no_run),
        cmocka_unit_test(test_cores),
        cmocka_unit_test(test_broken_counts),
        cmocka_unit_test(test_failure_view),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_replaced),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_full_output),
        cmocka_unit_test(test_judge),
        cmocka_unit_test(test_mask),
        cmocka_unit_test(test_figures),
    };
    return cmocka_run_group_tests(tests, fixture_enter, fixture_leave);
}
