/* SPDX-License-Identifier: MIT */
/* test_settings.c: defaults, bag file and command line, in that order; what a bag file
 * may not say; that --print-config reproduces a run; and what a store keeps. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/cores.h"
#include "cli/settings.h"
#include "store_fixture.h"

enum { WORDS_MAX = 16 };

/* Writes the bag file if there is a text, and loads it with the words. */
static int load(const char *bag, const char *const *words,
                enum tote_settings_of command, struct tote_settings *ret,
                struct tote_error *err)
{
    static char path[64]; /* ret borrows it */
    char *argv[WORDS_MAX];
    int argc = 0;
    snprintf(path, sizeof path, "/tmp/unit-settings-XXXXXX");
    if (bag) {
        FILE *file = fdopen(mkstemp(path), "w");
        assert_non_null(file);
        fputs(bag, file);
        fclose(file);
        argv[argc++] = path;
    }
    for (size_t i = 0; words && words[i]; i++)
        argv[argc++] = (char *)words[i];
    struct tote_args args;
    bool is_run = command == TOTE_SETTINGS_RUN;
    const struct tote_settings_lists *lists = is_run ? &tote_settings_run
                                              : command == TOTE_SETTINGS_SWEEP
                                                  ? &tote_settings_sweep
                                                  : &tote_settings_compare;
    int rc = tote_args_parse(argc, argv, lists->lists, lists->n, 1, is_run, &args, err);
    if (rc == 0)
        rc = tote_settings_load(&args, command, ret, err);
    if (bag)
        unlink(path);
    return rc;
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void defaults_are_those_of_the_issue(void **state)
{
    (void)state;
    struct tote_settings run, compare;
    assert_int_equal(load(NULL, NULL, TOTE_SETTINGS_RUN, &run, NULL), 0);
    assert_string_equal(run.engine, "local");
    assert_string_equal(run.bag.kernel, "zfp:accuracy=1e-3");
    assert_int_equal(run.bag.tasks, 12);
    assert_int_equal(run.bag.size, 200000);
    assert_int_equal(run.bag.seed, 1);
    assert_string_equal(run.batch, "auto");
    assert_int_equal(run.batch_tasks, 0);
    assert_int_equal(run.workers, sysconf(_SC_NPROCESSORS_ONLN) > 0 ? run.workers : 0);
    assert_true(run.workers >= 1);
    assert_int_equal(load(NULL, NULL, TOTE_SETTINGS_COMPARE, &compare, NULL), 0);
    assert_int_equal(compare.batch_tasks, 1);
    assert_int_equal(compare.runs_least, 6);
    assert_int_equal(compare.runs_most, 30);
    assert_true(compare.budget_s == 120);
    assert_true(compare.precision == 0.05);
    assert_true(compare.order_seed <= TOTE_SEED_MAX);
}

static void the_command_line_wins(void **state)
{
    (void)state;
    struct tote_settings s;
    const char *bag = "tasks: 5\nsize: 7\nengines: [local, ray]\nbatch: 20\n";
    assert_int_equal(
        load(bag, WORDS("--tasks=6", "--workers", "3"), TOTE_SETTINGS_RUN, &s, NULL),
        0);
    assert_int_equal(s.bag.tasks, 6);
    assert_int_equal(s.bag.size, 7);
    assert_int_equal(s.workers, 3);
    assert_int_equal(s.batch_tasks, 20);
    assert_string_equal(s.engines, "local,ray");
}

static void bad_values_are_said(void **state)
{
    (void)state;
    static const struct {
        const char *bag, *word, *part;
    } rows[] = {
        {NULL, "--tasks=-1", "option 'tasks' takes a whole number"},
        {NULL, "--tasks=1099511627777", "option 'tasks'"},
        {NULL, "--workers=0", "option 'workers' takes a whole number from 1 to 4096"},
        {NULL, "--workers=4097", "option 'workers'"},
        {NULL, "--batch=0", "batch must be auto or a number from 1 to 4096, not '0'"},
        {NULL, "--batch=4097", "batch must be auto"},
        {NULL, "--batch=Auto", "batch must be auto"},
        {NULL, "--seed=9223372036854775808", "option 'seed'"},
        {NULL, "--net=open", "option 'net' takes one of auto, private, host"},
        {NULL, "--start-timeout=0", "option 'start-timeout'"},
        {NULL, "--engin=local", "did you mean --engine?"},
        {"task: 1\n", "--tasks=1", "did you mean 'tasks'?"},
        {"store: x\n", "--tasks=1", "unknown option 'store'"}, /* the command line's */
        {"engines: []\n", "--tasks=1", "has an empty entry"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tote_settings s;
        struct tote_error err = {0};
        assert_int_equal(
            load(rows[i].bag, WORDS(rows[i].word), TOTE_SETTINGS_RUN, &s, &err),
            -EINVAL);
        if (!strstr(err.text, rows[i].part))
            fail_msg("'%s' for %s", err.text, rows[i].word);
    }
}

/* Whatever tote would take as a path to a program: a slash before the first colon. */
static void a_bag_file_starts_no_program(void **state)
{
    (void)state;
    static const char *const bags[] = {
        "engine: ./evil\n",
        "engine: /tmp/evil:x=1\n",
        "engine: x/evil\n",
        "engine: a,b=c/evil\n", /* in a list it would be an option of a */
        "engine: \"a,b=c/evil:mode=x\"\n",
        "engines: ./evil\n",
        "engines: [local, ./evil]\n",
        "engines: [local, \"a=b/evil:x=1\", ./evil]\n",
        "engines: \"local,./evil:x=1\"\n",
        "engines: \"b=c/evil\"\n",
    };
    for (size_t i = 0; i < sizeof bags / sizeof bags[0]; i++) {
        for (enum tote_settings_of command = 0; command < 2; command++) {
            struct tote_settings s;
            struct tote_error err = {0};
            int rc = load(bags[i], NULL, command, &s, &err);
            if (rc != -EINVAL || !strstr(err.text, "names engines, not programs"))
                fail_msg("%d, '%s' for %s", rc, err.text, bags[i]);
        }
    }
}

static void a_bag_file_may_use_slashes_in_values(void **state)
{
    (void)state;
    struct tote_settings s;
    assert_int_equal(
        load("engine: \"local:folder=/tmp\"\nengines: \"local:folder=/tmp\"\n", NULL,
             TOTE_SETTINGS_RUN, &s, NULL),
        0);
}

/* Who names the engine decides whether it may name files. */
static void the_source_of_the_engine_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *bag, *word;
        bool of_run, of_compare;
    } rows[] = {
        {NULL, "--tasks=1", false, false},
        {"engine: local\nengines: [local]\n", "--tasks=1", true, true},
        {"tasks: 1\n", "--net=host", true, true}, /* the defaults name no files */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tote_settings run, compare;
        const char *const *words = WORDS(rows[i].word);
        assert_int_equal(load(rows[i].bag, words, TOTE_SETTINGS_RUN, &run, NULL), 0);
        assert_int_equal(
            load(rows[i].bag, words, TOTE_SETTINGS_COMPARE, &compare, NULL), 0);
        assert_int_equal(run.is_engine_of_bag_file, rows[i].of_run);
        assert_int_equal(compare.is_engine_of_bag_file, rows[i].of_compare);
    }
    struct tote_settings s;
    const char *bag = "engine: local\n";
    assert_int_equal(load(bag, WORDS("--engine=ray"), TOTE_SETTINGS_RUN, &s, NULL), 0);
    assert_false(s.is_engine_of_bag_file);
    bag = "engines: [local]\n";
    assert_int_equal(load(bag, WORDS("--engines=ray"), TOTE_SETTINGS_COMPARE, &s, NULL),
                     0);
    assert_false(s.is_engine_of_bag_file);
}

static void workers_are_the_cores_that_we_may_use(void **state)
{
    (void)state;
    cpu_set_t before, one;
    struct tote_settings s;
    if (sched_getaffinity(0, sizeof before, &before) < 0)
        skip(); /* more cores than this set holds */
    assert_int_equal(tote_cores_usable(), CPU_COUNT(&before));
    size_t first = 0;
    while (!CPU_ISSET(first, &before))
        first++;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(tote_cores_usable(), 1);
    assert_int_equal(load(NULL, NULL, TOTE_SETTINGS_RUN, &s, NULL), 0);
    assert_int_equal(s.workers, 1);
    assert_int_equal(sched_setaffinity(0, sizeof before, &before), 0);
}

static int tell(void *context, const char *name, const char *value)
{
    char *text = context;
    size_t n = strlen(text);
    snprintf(text + n, 1024 - n, "%s=%s ", name, value);
    return 0;
}

/* Notes what the words say in a store, a new one unless that is there, and tells what
 * the store says then, by names. */
static void note(const char *path, const char *const *words,
                 enum tote_settings_of command, char told[static 1024])
{
    struct tote_settings s;
    struct tote_store *store;
    assert_int_equal(load(NULL, words, command, &s, NULL), 0);
    if (access(path, F_OK) < 0)
        assert_int_equal(tote_store_create(path, &store, NULL), 0);
    else
        assert_int_equal(tote_store_reopen(path, &store, NULL), 0);
    assert_int_equal(tote_settings_note(&s, command, store, NULL), 0);
    told[0] = '\0';
    assert_int_equal(tote_store_each_setting(store, tell, told, NULL), 0);
    tote_store_close(store);
    tote_settings_finish(&s);
}

static void each_setting_of_a_command_is_told(void **state)
{
    (void)state;
    struct tote_settings s;
    struct tote_store *store;
    char run[1024], compare[1024];
    note("run", WORDS("--workers=3", "--seed=5"), TOTE_SETTINGS_RUN, run);
    assert_string_equal(
        run, "batch=auto engine=local kernel=zfp:accuracy=1e-3 net=auto seed=5 "
             "size=200000 stall_timeout=0 start_timeout=90 tasks=12 workers=3 ");
    note("compare",
         WORDS("--workers=3", "--seed=5", "--budget=1500ms", "--order-seed=8"),
         TOTE_SETTINGS_COMPARE, compare);
    assert_string_equal(compare,
                        "batch=1 budget=1.5 controls=all engines=local,workqueue,ray "
                        "kernel=zfp:accuracy=1e-3 net=auto order_seed=8 precision=5% "
                        "runs=6..30 seed=5 "
                        "size=200000 stall_timeout=0 start_timeout=90 tasks=12 "
                        "workers=3 ");
    assert_int_equal(load(NULL, WORDS("--seed=6"), TOTE_SETTINGS_RUN, &s, NULL), 0);
    assert_int_equal(tote_store_open("run", &store, NULL), 0);
    struct tote_error err = {0};
    assert_true(tote_settings_note(&s, TOTE_SETTINGS_RUN, store, &err) < 0);
    assert_non_null(strstr(err.text, "'seed'"));
    tote_store_close(store);
}

/* --- bags of commands --- */

static void a_command_makes_a_bag_of_commands(void **state)
{
    (void)state;
    struct tote_settings s;
    const char *const *words =
        WORDS("--retries=2", "--halt=now,fail=3", "--timeout=200%", "--memory=2G", "--",
              "cp", "{item}", "to/", ":::", "a", "b");
    assert_int_equal(load(NULL, words, TOTE_SETTINGS_RUN, &s, NULL), 0);
    assert_true(s.bag.is_commands && s.bag.tasks == 0);
    assert_true(s.recipe.command.n == 3 && s.recipe.n_lists == 1);
    assert_int_equal(tote_settings_source(&s), TOTE_SOURCE_VALUES);
    assert_true(s.retries == 2 && s.losses == 5 && s.halt.count == 3 &&
                s.timeout_percent == 200 && s.memory == UINT64_C(2) << 30 &&
                s.stream_max == 1 << 20);
    assert_true(s.kill_after_s == 5 && s.grace_s == 10);
    tote_settings_finish(&s);
    words = WORDS("-0", "-a", "list", "--json", "--", "true");
    assert_int_equal(load(NULL, words, TOTE_SETTINGS_RUN, &s, NULL), 0);
    assert_int_equal(tote_settings_source(&s), TOTE_SOURCE_FILE);
    assert_true(s.null && s.print == TOTE_PRINT_NONE && s.output == TOTE_PRINT_ASDONE);
    tote_settings_finish(&s);
    words = WORDS("--items=-", "--output=ordered", "--", "true");
    assert_int_equal(load(NULL, words, TOTE_SETTINGS_RUN, &s, NULL), 0);
    assert_int_equal(tote_settings_source(&s), TOTE_SOURCE_STDIN);
    assert_int_equal(s.print, TOTE_PRINT_ORDERED);
    tote_settings_finish(&s);
    words = WORDS("--items=-", "--output=none", "--json", "--", "true");
    assert_int_equal(load(NULL, words, TOTE_SETTINGS_RUN, &s, NULL), 0);
    assert_int_equal(s.print, TOTE_PRINT_NONE);
    tote_settings_finish(&s);
}

static void a_bag_file_may_hold_a_command(void **state)
{
    (void)state;
    struct tote_settings s;
    const char *bag = "command: [cp, '{item}', to/]\nitems: [a b, c]\nretries: 1\n"
                      "results: out\nstream-max: 2M\n";
    assert_int_equal(load(bag, NULL, TOTE_SETTINGS_RUN, &s, NULL), 0);
    assert_true(s.bag.is_commands && s.recipe.command.n == 3 && s.recipe.n_lists == 1);
    assert_string_equal(s.recipe.lists[0].values.at[0], "a b");
    assert_true(s.retries == 1 && s.stream_max == 2 << 20);
    tote_settings_finish(&s);
    const char *const *words = WORDS("--", "rm", ":::", "d"); /* the line wins */
    assert_int_equal(load(bag, words, TOTE_SETTINGS_RUN, &s, NULL), 0);
    assert_true(s.recipe.command.n == 1 && s.recipe.n_lists == 1);
    assert_string_equal(s.recipe.lists[0].values.at[0], "d");
    tote_settings_finish(&s);
    assert_int_equal(load(bag, WORDS("-alist"), TOTE_SETTINGS_RUN, &s, NULL), 0);
    assert_int_equal(tote_settings_source(&s), TOTE_SOURCE_FILE);
    assert_string_equal(s.items_file, "list");
    tote_settings_finish(&s);
    bag = "command: [x]\ncsv: t.csv\n";
    assert_int_equal(
        load(bag, WORDS("--", "y", ":::", "1"), TOTE_SETTINGS_RUN, &s, NULL), 0);
    assert_int_equal(tote_settings_source(&s), TOTE_SOURCE_VALUES);
    tote_settings_finish(&s);
}

static void what_does_not_go_together_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *bag;
        const char *words[8];
        const char *part;
    } rows[] = {
        {NULL, {"--"}, "no command after --"},
        {NULL, {"--", ":::", "a"}, "no command after --"},
        {NULL, {"-a", "x", "--", "y", ":::", "z"}, "items come from one place"},
        {NULL, {"-a", "x", "--csv", "y", "--", "z"}, "items come from one place"},
        {"items: [a]\ncsv: b\ncommand: [c]\n", {NULL}, "items come from one place"},
        {"items: [a]\n", {NULL}, "items, but no command"},
        {NULL, {"-a", "x"}, "items, but no command"},
        {NULL, {"--results=x"}, "option --results is for bags of commands"},
        {NULL, {"-n"}, "option --dry-run is for bags of commands"},
        {NULL, {"--tasks=3", "--", "x", ":::", "y"}, "--tasks is for bags of a kernel"},
        {NULL, {"-0", "--", "x", ":::", "y"}, "option --null is for items from a file"},
        {NULL, {"--resume", "--", "x", ":::", "y"}, "name it with --store"},
        {NULL, {"--retry-failed", "--", "x", ":::", "y"}, "goes with --resume"},
        {NULL,
         {"--json", "--output=ordered", "--", "x", ":::", "y"},
         "no --output ord"},
        {NULL, {"--json", "--output=asdone", "--", "x", ":::", "y"}, "no --output asd"},
        {NULL, {"--halt=x", "--", "x", ":::", "y"}, "option 'halt' takes"},
        {NULL, {"--timeout=x", "--", "x", ":::", "y"}, "option 'timeout' takes"},
        {NULL, {"--output=x", "--", "x", ":::", "y"}, "option 'output' takes one of"},
        {"force: yes\n", {NULL}, "unknown option 'force'"},
        {"joblog: x\n", {NULL}, "unknown option 'joblog'"},
        {"command: x\n", {NULL}, "must be a list of words"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tote_settings s;
        struct tote_error err = {0};
        int rc = load(rows[i].bag, rows[i].words, TOTE_SETTINGS_RUN, &s, &err);
        if (rc != -EINVAL || !strstr(err.text, rows[i].part))
            fail_msg("%d, '%s', not '%s'", rc, err.text, rows[i].part);
    }
    struct tote_settings s;
    struct tote_error err = {0};
    assert_int_equal(load("command: [x]\n", NULL, TOTE_SETTINGS_COMPARE, &s, &err),
                     -EINVAL);
    assert_non_null(strstr(err.text, "compare measures bags of a kernel"));
}

static void printed_commands_reproduce_the_run(void **state)
{
    (void)state;
    struct tote_settings s, back;
    char *text = NULL;
    size_t n = 0;
    struct tote_error err = {0};
    const char *const *words =
        WORDS("--shell", "--retries=3", "--memory=5M", "--engine=ray", "--", "a b",
              "{item}", ":::", "x,y", "");
    assert_int_equal(load(NULL, words, TOTE_SETTINGS_RUN, &s, NULL), 0);
    FILE *out = open_memstream(&text, &n);
    assert_int_equal(tote_settings_print(&s, TOTE_SETTINGS_RUN, out, NULL), 0);
    fclose(out);
    if (load(text, NULL, TOTE_SETTINGS_RUN, &back, &err) < 0)
        fail_msg("%s\n%s", err.text, text);
    assert_null(strstr(text, "kernel"));
    free(text);
    assert_true(back.shell && back.retries == 3 && back.memory == 5 << 20);
    assert_true(back.recipe.command.n == 2 && back.recipe.n_lists == 1);
    assert_string_equal(back.recipe.command.at[0], "a b");
    assert_string_equal(back.recipe.lists[0].values.at[0], "x,y");
    assert_string_equal(back.recipe.lists[0].values.at[1], "");
    assert_string_equal(back.engine, "ray");
    tote_settings_finish(&back);
    tote_settings_finish(&s);
    words = WORDS("--", "x", ":::", "1", ":::", "2");
    assert_int_equal(load(NULL, words, TOTE_SETTINGS_RUN, &s, NULL), 0);
    assert_int_equal(tote_settings_print(&s, TOTE_SETTINGS_RUN, stdout, &err), -EINVAL);
    assert_non_null(strstr(err.text, "one list of items"));
    tote_settings_finish(&s);
}

/* Of a bag of a kernel only what is not the default: stores of before look the same. */
static void rare_settings_are_told_if_they_are_given(void **state)
{
    (void)state;
    char told[1024];
    note("s", WORDS("--retries=2"), TOTE_SETTINGS_RUN, told);
    assert_non_null(strstr(told, "retries=2 "));
    assert_null(strstr(told, "losses"));
    assert_null(strstr(told, "results"));
}

static int load_store(const char *path, const char *const *words,
                      struct tote_settings *ret)
{
    char *argv[WORDS_MAX];
    int argc = 0;
    struct tote_args args;
    struct tote_store *store;
    for (size_t i = 0; words[i]; i++)
        argv[argc++] = (char *)words[i];
    const struct tote_settings_lists *lists = &tote_settings_resume;
    assert_int_equal(
        tote_args_parse(argc, argv, lists->lists, lists->n, 1, false, &args, NULL), 0);
    assert_int_equal(tote_store_reopen(path, &store, NULL), 0);
    assert_int_equal(tote_store_set(store, "kind", "run", NULL), 0);
    enum tote_settings_of command;
    int rc = tote_settings_load_store(&args, store, ret, &command, NULL);
    if (rc == 0)
        rc = tote_settings_note(ret, TOTE_SETTINGS_RESUME, store, NULL);
    tote_store_close(store);
    return rc;
}

/* Also where it is a default again, or nothing. */
static void what_the_newest_run_was_told_holds(void **state)
{
    (void)state;
    struct tote_settings s;
    char told[1024];
    note("s", WORDS("--retries=2", "--engine=ray"), TOTE_SETTINGS_RUN, told);
    assert_int_equal(load_store("s", WORDS("--engine=workqueue", "--losses=7"), &s), 0);
    assert_int_equal(load_store("s", WORDS("--retries=0"), &s), 0);
    assert_int_equal(load_store("s", WORDS(NULL), &s), 0);
    assert_string_equal(s.engine, "workqueue");
    assert_true(s.retries == 0 && s.losses == 7);
    note("c", WORDS("--timeout=30s", "--", "x", ":::", "1"), TOTE_SETTINGS_RUN, told);
    assert_non_null(strstr(told, "timeout=30s "));
    note("c", WORDS("--retries=1", "--", "x", ":::", "1"), TOTE_SETTINGS_RUN, told);
    assert_non_null(strstr(told, " timeout= "));
    assert_non_null(strstr(told, "retries=1 "));
}

static void all_options_fit_into_one_table(void **state)
{
    (void)state;
    static const struct tote_settings_lists *const all[] = {
        &tote_settings_run, &tote_settings_resume, &tote_settings_compare};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct tote_option table[TOTE_ARGS_MAX];
        size_t n;
        assert_int_equal(tote_args_merge(all[i]->lists, all[i]->n, table, &n, NULL), 0);
        assert_in_range(n, 10, TOTE_ARGS_MAX);
    }
}

static void require_same(const struct tote_settings *a, const struct tote_settings *b)
{
    assert_string_equal(a->kernel, b->kernel);
    assert_string_equal(a->batch, b->batch);
    assert_string_equal(a->engine, b->engine);
    assert_string_equal(a->engines, b->engines);
    assert_memory_equal(&a->varied, &b->varied, sizeof a->varied);
    assert_true(a->tasks == b->tasks && a->size == b->size && a->seed == b->seed &&
                a->workers == b->workers && a->net == b->net &&
                a->controls == b->controls && a->runs_least == b->runs_least &&
                a->runs_most == b->runs_most && a->precision == b->precision &&
                a->one_at_a_time == b->one_at_a_time &&
                a->order_seed == b->order_seed && a->budget_s == b->budget_s &&
                a->start_timeout_s == b->start_timeout_s);
}

static void printed_settings_reproduce_the_run(void **state)
{
    (void)state;
    static const char *const engines[] = {
        "--engine=workqueue:port=9233,external-workers=yes",
        "--engines=local,workqueue:port=9233,a=b,ray",
        "--engines=local,workqueue:port=9233,a=b,ray"};
    for (enum tote_settings_of command = 0; command < 3; command++) {
        struct tote_settings s, back;
        char *text = NULL;
        size_t n = 0;
        struct tote_error err = {0};
        assert_int_equal(
            load(NULL,
                 WORDS(engines[command], "--tasks=1099511627776",
                       "--seed=9223372036854775807", "--batch=7", "--net=host",
                       "--start-timeout=1500ms", "--kernel=zfp:rate=0.1"),
                 command, &s, NULL),
            0);
        FILE *out = open_memstream(&text, &n);
        assert_int_equal(tote_settings_print(&s, command, out, NULL), 0);
        fclose(out);
        if (load(text, NULL, command, &back, &err) < 0)
            fail_msg("%s\n%s", err.text, text);
        free(text);
        if (command == TOTE_SETTINGS_RUN)
            back.order_seed = s.order_seed; /* not in a run's */
        require_same(&s, &back);
    }
}

/* A bag file says the same below experiment: as the command line does. */
static void an_experiment_comes_from_a_file_or_from_the_line(void **state)
{
    (void)state;
    struct tote_settings file, line;
    assert_int_equal(load("engines: [local, ray]\n"
                          "experiment:\n"
                          "  vary:\n"
                          "    tasks: 100..10000*10\n"
                          "    batch: [1, auto]\n"
                          "    kernel: [noop, 'zfp:accuracy=1e-3,header=none']\n"
                          "  runs: 7..9\n"
                          "  precision: 2.5%\n"
                          "  budget: 10m\n"
                          "  one_at_a_time: yes\n"
                          "  controls: limit\n"
                          "  order_seed: 5\n",
                          NULL, TOTE_SETTINGS_SWEEP, &file, NULL),
                     0);
    assert_int_equal(
        load(NULL,
             WORDS("--engines=local,ray", "--vary", "tasks=100..10000*10", "--vary",
                   "batch=1,auto", "--vary",
                   "kernel=noop,zfp:accuracy=1e-3,header=none", "--runs=7..9",
                   "--precision=2.5%", "--budget=10m", "--one-at-a-time",
                   "--controls=limit", "--order-seed=5"),
             TOTE_SETTINGS_SWEEP, &line, NULL),
        0);
    assert_true(file.precision == 0.025 && file.budget_s == 600);
    assert_int_equal(file.runs_most, 9);
    assert_true(file.one_at_a_time);
    assert_string_equal(file.varied.batch, "1,auto");
    require_same(&file, &line);
    /* And the printed one says it again. */
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    assert_int_equal(tote_settings_print(&line, TOTE_SETTINGS_SWEEP, out, NULL), 0);
    fclose(out);
    assert_non_null(strstr(text, "  one_at_a_time: yes\n"));
    struct tote_settings back;
    assert_int_equal(load(text, NULL, TOTE_SETTINGS_SWEEP, &back, NULL), 0);
    require_same(&line, &back);
    free(text);
}

static void refuse_sweep(const char *text, const char *const *words, const char *why)
{
    struct tote_settings s;
    struct tote_error err = {0};
    assert_int_equal(load(text, words, TOTE_SETTINGS_SWEEP, &s, &err), -EINVAL);
    if (!strstr(err.text, why))
        fail_msg("%s", err.text);
}

static void what_an_experiment_cannot_be_is_said(void **state)
{
    (void)state;
    refuse_sweep(NULL, WORDS("--vary=tasks"), "say NAME=LEVELS");
    refuse_sweep(NULL, WORDS("--vary=task=1,2"), "where NAME is tasks");
    refuse_sweep(NULL, WORDS("--vary=tasks="), "a level is empty");
    refuse_sweep(NULL, WORDS("--vary=tasks=1", "--vary=tasks=2"), "given twice");
    refuse_sweep(NULL, WORDS("--vary=workers=0,1"), "not within");
    refuse_sweep(NULL, WORDS("--vary=batch=5000"), "not within");
    refuse_sweep(NULL, WORDS("--vary=kernel=noop,noop"), "twice");
    refuse_sweep(NULL, WORDS("--runs=9..7"), "MIN..MAX");
    refuse_sweep(NULL, WORDS("--runs=0..7"), "MIN..MAX");
    refuse_sweep(NULL, WORDS("--runs=1001"), "MIN..MAX");
    refuse_sweep(NULL, WORDS("--runs=6.."), "MIN..MAX");
    refuse_sweep(NULL, WORDS("--precision=5"), "percentage");
    refuse_sweep(NULL, WORDS("--precision=0%"), "percentage");
    refuse_sweep("runs: 7\n", NULL, "belongs below 'experiment:'");
    refuse_sweep("experiment: 7\n", NULL, "is a mapping");
    refuse_sweep("experiment:\n  run: 7\n", NULL, "did you mean 'runs'?");
    refuse_sweep("experiment:\n  vary:\n    task: 7\n", NULL, "'tasks'?");
    refuse_sweep("experiment:\n  vary:\n    tasks: 7..\n", NULL, "no range");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_issue),
        cmocka_unit_test(the_command_line_wins),
        cmocka_unit_test(bad_values_are_said),
        cmocka_unit_test(a_bag_file_starts_no_program),
        cmocka_unit_test(a_bag_file_may_use_slashes_in_values),
        cmocka_unit_test(the_source_of_the_engine_is_known),
        cmocka_unit_test(workers_are_the_cores_that_we_may_use),
        cmocka_unit_test_setup_teardown(each_setting_of_a_command_is_told,
                                        fixture_enter, fixture_leave),
        cmocka_unit_test(printed_settings_reproduce_the_run),
        cmocka_unit_test(an_experiment_comes_from_a_file_or_from_the_line),
        cmocka_unit_test(what_an_experiment_cannot_be_is_said),
        cmocka_unit_test(a_command_makes_a_bag_of_commands),
        cmocka_unit_test(a_bag_file_may_hold_a_command),
        cmocka_unit_test(what_does_not_go_together_is_said),
        cmocka_unit_test(printed_commands_reproduce_the_run),
        cmocka_unit_test_setup_teardown(rare_settings_are_told_if_they_are_given,
                                        fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(what_the_newest_run_was_told_holds,
                                        fixture_enter, fixture_leave),
        cmocka_unit_test(all_options_fit_into_one_table),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
