/* SPDX-License-Identifier: MIT */
/* test_args.c: command lines into options and arguments. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/args.h"

struct given {
    uint64_t tasks;
    char kernel[TOTE_OPTION_TEXT_MAX];
    bool json, loud;
};

static const struct tote_option bag[] = {
    {.name = "tasks",
     .type = TOTE_OPTION_UINT,
     .offset = offsetof(struct given, tasks),
     .letter = 'k'},
    {.name = "kernel",
     .type = TOTE_OPTION_TEXT,
     .offset = offsetof(struct given, kernel)},
};
static const struct tote_option output[] = {
    {.name = "json", .type = TOTE_OPTION_BOOL, .offset = offsetof(struct given, json)},
    {.name = "loud",
     .type = TOTE_OPTION_BOOL,
     .offset = offsetof(struct given, loud),
     .letter = '0'},
};
static const struct tote_option_list lists[] = {{bag, 2, NULL}, {output, 2, NULL}};

/* Words are parted by blanks; "" is an empty word. */
static int parse_as(const char *line, bool takes_rest, struct tote_args *args,
                    struct tote_error *err)
{
    static char words[4096];
    char *argv[TOTE_ARGS_MAX * 3 + 1], *at = words;
    int argc = 0;
    snprintf(words, sizeof words, "%s", line);
    while (*at) {
        argv[argc++] = at;
        at += strcspn(at, " ");
        if (*at)
            *at++ = '\0';
    }
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "\"\"") == 0)
            argv[i] += 2;
    argv[argc] = NULL;
    return tote_args_parse(argc, argv, lists, 2, 2, takes_rest, args, err);
}

static int parse(const char *line, struct tote_args *args, struct tote_error *err)
{
    return parse_as(line, false, args, err);
}

/* What was read, in one line: "tasks=1 json=yes | a b". */
static const char *shown(const struct tote_args *args)
{
    static char text[8192];
    size_t n = 0;
    for (size_t i = 0; i < args->n_options; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s=%s ",
                              args->options[i].name, args->options[i].value);
    n += (size_t)snprintf(text + n, sizeof text - n, "|");
    for (size_t i = 0; i < args->n_arguments; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, " %s", args->arguments[i]);
    return text;
}

static void lines_are_split(void **state)
{
    (void)state;
    static const struct {
        const char *line, *shown;
        bool wants_help, wants_json;
    } rows[] = {
        {"", "|", false, false},
        {"--tasks 5", "tasks=5 |", false, false},
        {"--tasks=5", "tasks=5 |", false, false},
        {"--tasks=", "tasks= |", false, false},
        {"--tasks \"\"", "tasks= |", false, false},
        {"--kernel=zfp:accuracy=1e-3", "kernel=zfp:accuracy=1e-3 |", false, false},
        {"--tasks -5", "tasks=-5 |", false, false}, /* the value is judged later */
        {"--kernel --help", "kernel=--help |", false, false},
        {"--tasks 1 --tasks 2", "tasks=1 tasks=2 |", false, false},
        {"--json", "json=yes |", false, true},
        {"--json=no", "json=no |", false, false},
        {"--json --json=no", "json=yes json=no |", false, false},
        {"--kernel --json", "kernel=--json |", false, false},
        {"--json bag.yaml", "json=yes | bag.yaml", false, true},
        {"a.yaml --loud b", "loud=yes | a.yaml b", false, false},
        {"-", "| -", false, false},
        {"-- --tasks -h", "| --tasks -h", false, false},
        {"-- --", "| --", false, false},
        {"\"\"", "| ", false, false},
        {"--help", "|", true, false},
        {"-h --tasks 3", "tasks=3 |", true, false},
        {"-k 5", "tasks=5 |", false, false},
        {"-k5 -0 a", "tasks=5 loud=yes | a", false, false},
        {"-k -0", "tasks=-0 |", false, false},
        {"--kernel -0", "kernel=-0 |", false, false},
        {"-- -0", "| -0", false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tote_args args;
        struct tote_error err = {0};
        if (parse(rows[i].line, &args, &err) < 0)
            fail_msg("'%s': %s", rows[i].line, err.text);
        assert_string_equal(shown(&args), rows[i].shown);
        assert_int_equal(args.wants_help, rows[i].wants_help);
        assert_int_equal(args.wants_json, rows[i].wants_json);
    }
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *line, *part;
    } rows[] = {
        {"--task 5", "unknown option --task; did you mean --tasks?"},
        {"--task=5", "unknown option --task; did you mean --tasks?"},
        {"--zebra", "unknown option --zebra; --help lists all"},
        {"--tasks", "option --tasks wants a value"},
        {"--=5", "unknown option --;"},
        {"-t 5", "unknown option -t; --help lists all"},
        {"-0k", "unknown option -0k; --help lists all"},
        {"-k", "option --tasks wants a value"},
        {"a b c", "unexpected argument 'c'"},
        {"--jso --json", "did you mean --json?"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tote_args args;
        struct tote_error err = {0};
        assert_int_equal(parse(rows[i].line, &args, &err), -EINVAL);
        if (!strstr(err.text, rows[i].part))
            fail_msg("'%s' for '%s'", err.text, rows[i].line);
    }
}

/* A line that cannot be parsed still says in which form to say so. */
static void json_is_seen_before_and_behind_a_mistake(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool wants_json;
    } rows[] = {
        {"--task 3 --json", true},     {"--json --task 3", true},
        {"--task 3", false},           {"--task 3 --json=yes", true},
        {"--task 3 --json=no", false}, {"--task 3 --json --json=no", false},
        {"--task 3 -- --json", false}, {"a b c --json", true},
        {"-x --json", true},           {"--task 3 --jsonx", false},
        {"--json --tasks", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tote_args args;
        assert_int_equal(parse(rows[i].line, &args, NULL), -EINVAL);
        if (args.wants_json != rows[i].wants_json)
            fail_msg("'%s': %d", rows[i].line, args.wants_json);
    }
}

static void the_last_value_is_found(void **state)
{
    (void)state;
    struct tote_args args;
    assert_int_equal(parse("--tasks 1 --loud --tasks 2", &args, NULL), 0);
    assert_string_equal(tote_args_find(&args, "tasks"), "2");
    assert_null(tote_args_find(&args, "kernel"));
}

static void too_many_are_refused(void **state)
{
    (void)state;
    char line[4096] = "";
    for (int i = 0; i <= TOTE_ARGS_MAX; i++)
        snprintf(line + strlen(line), sizeof line - strlen(line), "--loud ");
    struct tote_args args;
    struct tote_error err = {0};
    assert_int_equal(parse(line, &args, &err), -EINVAL);
    assert_string_equal(err.text, "more than 64 options");
}

/* However many they are, and whatever they look like. */
static void words_after_two_dashes_are_left_alone(void **state)
{
    (void)state;
    enum { N = 3 * TOTE_ARGS_MAX };
    char *argv[N];
    struct tote_args args;
    for (int i = 0; i < N; i++)
        argv[i] = (char *)(i % 2 ? "--tasks" : "x");
    argv[0] = (char *)"a";
    argv[1] = (char *)"--";
    assert_int_equal(tote_args_parse(N, argv, lists, 2, 1, true, &args, NULL), 0);
    assert_true(args.has_rest && args.n_rest == N - 2 && args.n_arguments == 1);
    assert_string_equal(args.rest[1], "--tasks");
    assert_int_equal(parse_as("-- -h --json --", true, &args, NULL), 0);
    assert_true(args.n_rest == 3 && !args.wants_help && !args.wants_json);
    assert_int_equal(parse_as("--", true, &args, NULL), 0);
    assert_true(args.has_rest && args.n_rest == 0);
    assert_int_equal(parse_as("a b", true, &args, NULL), 0);
    assert_false(args.has_rest);
    struct tote_error err = {0};
    assert_int_equal(parse_as("a b c", true, &args, &err), -EINVAL);
    assert_non_null(strstr(err.text, "comes after --"));
}

static void values_are_applied_in_order(void **state)
{
    (void)state;
    struct tote_args args;
    struct given given = {0};
    struct tote_error err = {0};
    assert_int_equal(parse("--tasks 1 --kernel=noop --tasks 2 --loud", &args, NULL), 0);
    assert_int_equal(tote_args_apply(&args, lists, 2, &given, NULL), 0);
    assert_int_equal(given.tasks, 2);
    assert_string_equal(given.kernel, "noop");
    assert_true(given.loud && !given.json);
    assert_int_equal(parse("--tasks -5", &args, NULL), 0);
    assert_int_equal(tote_args_apply(&args, lists, 2, &given, &err), -EINVAL);
    assert_non_null(strstr(err.text, "option 'tasks' takes a whole number"));
}

static void more_options_than_fit_are_no_silence(void **state)
{
    (void)state;
    static struct tote_option many[TOTE_ARGS_MAX];
    const struct tote_option_list fits[] = {{many, TOTE_ARGS_MAX, NULL}};
    const struct tote_option_list over[] = {{many, TOTE_ARGS_MAX, NULL},
                                            {bag, 1, NULL}};
    struct tote_option table[TOTE_ARGS_MAX];
    struct tote_args args;
    struct tote_error err = {0};
    size_t n;
    assert_int_equal(tote_args_merge(fits, 1, table, &n, NULL), 0);
    assert_int_equal(n, TOTE_ARGS_MAX);
    assert_int_equal(tote_args_merge(over, 2, table, &n, &err), -E2BIG);
    assert_non_null(strstr(err.text, "more than 64 options"));
    for (size_t i = 0; i < TOTE_ARGS_MAX; i++)
        many[i].name = "x";
    assert_int_equal(tote_args_parse(0, NULL, over, 2, 1, false, &args, NULL), -E2BIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_split),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(json_is_seen_before_and_behind_a_mistake),
        cmocka_unit_test(the_last_value_is_found),
        cmocka_unit_test(too_many_are_refused),
        cmocka_unit_test(words_after_two_dashes_are_left_alone),
        cmocka_unit_test(values_are_applied_in_order),
        cmocka_unit_test(more_options_than_fit_are_no_silence),
    };
    return cmocka_run_group_tests_name("args", tests, NULL, NULL);
}
