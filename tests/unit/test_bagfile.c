/* SPDX-License-Identifier: MIT */
/* test_bagfile.c: bag files, right and wrong, with the place of what is wrong. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/bagfile.h"
#include "random.h"

struct bag {
    uint64_t tasks, seed;
    double share, wait_s;
    bool loud;
    int net;
    char kernel[TOTE_OPTION_TEXT_MAX], engines[TOTE_OPTION_TEXT_MAX];
};

static const char *const nets[] = {"auto", "private", "host", NULL};

#define FIELD(name) .offset = offsetof(struct bag, name)

static const struct tote_option table[] = {
    {.name = "tasks", .type = TOTE_OPTION_UINT, FIELD(tasks), .max = 0x1p40},
    {.name = "seed",
     .type = TOTE_OPTION_UINT,
     FIELD(seed),
     .fallback = "none",
     .max = 0x1p63},
    {.name = "share", .type = TOTE_OPTION_DOUBLE, FIELD(share), .min = -1e301},
    {.name = "wait", .type = TOTE_OPTION_SECONDS, FIELD(wait_s)},
    {.name = "loud", .type = TOTE_OPTION_BOOL, FIELD(loud)},
    {.name = "net", .type = TOTE_OPTION_CHOICE, FIELD(net), .choices = nets},
    {.name = "kernel", .type = TOTE_OPTION_TEXT, FIELD(kernel)},
    {.name = "engines", .type = TOTE_OPTION_TEXT, FIELD(engines)},
};
enum { N_TABLE = sizeof table / sizeof table[0] };

static struct tote_words command;
static const struct tote_bagfile_list list = {"command", &command};
static const struct tote_bagfile_keys keys = {
    .table = table, .n = N_TABLE, .lists = &list, .n_lists = 1};

static int parse_n(const char *text, size_t n, struct bag *bag, struct tote_error *err)
{
    assert_int_equal(tote_options_defaults(table, N_TABLE, bag, NULL), 0);
    tote_words_finish(&command);
    return tote_bagfile_parse("bag.yaml", text, n, &keys, bag, err);
}

static void parse(const char *text, struct bag *bag)
{
    struct tote_error err = {0};
    if (parse_n(text, strlen(text), bag, &err) < 0)
        fail_msg("'%.60s': %s", text, err.text);
}

/* --- right --- */

static void all_types_are_read(void **state)
{
    (void)state;
    struct bag bag;
    parse(
        "# a bag\ntasks: 1000\nseed: 9223372036854775807\nshare: -1.5e3\nwait: 250ms\n"
        "loud: yes\nnet: host\nkernel: zfp:accuracy=1e-3\nengines: [local, 'ray', "
        "\"x\"]\n",
        &bag);
    assert_int_equal(bag.tasks, 1000);
    assert_int_equal(bag.seed, INT64_MAX);
    assert_true(bag.share == -1500 && bag.wait_s == 0.25);
    assert_true(bag.loud);
    assert_int_equal(bag.net, 2);
    assert_string_equal(bag.kernel, "zfp:accuracy=1e-3");
    assert_string_equal(bag.engines, "local,ray,x");
}

static void other_ways_to_write_yaml(void **state)
{
    (void)state;
    struct bag bag;
    parse("{tasks: 3, engines: [a,\n b]}", &bag);
    assert_int_equal(bag.tasks, 3);
    assert_string_equal(bag.engines, "a,b");
    parse("---\nengines:\n- local:mode=spawn\n- ray\n...\n", &bag);
    assert_string_equal(bag.engines, "local:mode=spawn,ray");
    parse("kernel: &k noop\nengines: [*k, *k]\n", &bag);
    assert_string_equal(bag.engines, "noop,noop");
    parse("\"tasks\": '7'\r\n", &bag);
    assert_int_equal(bag.tasks, 7);
    parse("kernel: >\n  two\n  words\n", &bag);
    assert_string_equal(bag.kernel, "two words\n");
    parse("engines: []\n", &bag);
    assert_string_equal(bag.engines, "");
}

static void nothing_sets_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {"",           "\n", "# only words\n",
                                        "---\n...\n", "{}", "{}\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct bag bag;
        if (i != 3) { /* a document that is null is no mapping */
            parse(texts[i], &bag);
            assert_int_equal(bag.tasks, 0);
            assert_int_equal(bag.seed, TOTE_OPTION_NONE);
        }
    }
}

/* Commas stay in them, and 1023 bytes are not the end. */
static void lists_of_words_stay_lists(void **state)
{
    (void)state;
    struct bag bag;
    char *text = malloc(4096);
    assert_non_null(text);
    snprintf(text, 4096, "command: ['a,b', \"{item}\", '', %03000d]\ntasks: 2\n", 7);
    parse(text, &bag);
    assert_true(bag.tasks == 2 && command.n == 4);
    assert_string_equal(command.at[0], "a,b");
    assert_string_equal(command.at[1], "{item}");
    assert_string_equal(command.at[2], "");
    assert_int_equal(strlen(command.at[3]), 3000);
    assert_null(command.at[4]);
    free(text);
    tote_words_finish(&command);
}

/* --- wrong --- */

#define LONG16  "0123456789abcdef"
#define LONG128 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16
#define LONG1K  LONG128 LONG128 LONG128 LONG128 LONG128 LONG128 LONG128 LONG128

static const struct {
    const char *text, *place, *part;
} wrongs[] = {
    {"tasks: 1\ntaks: 2\n", "bag.yaml:2:1: ", "did you mean 'tasks'?"},
    {"zebra: 2\n", "bag.yaml:1:1: ", "unknown option 'zebra'; it may hold command"},
    {"comand: [a]\n", "bag.yaml:1:1: ", "did you mean 'command'?"},
    {"'': 2\n", "bag.yaml:1:1: ", "unknown option ''"},
    {"kernel: noop\n\ntasks:   many\n", "bag.yaml:3:10: ", "takes a whole number"},
    {"tasks: -1\n", "bag.yaml:1:8: ", "takes a whole number"},
    {"tasks: 1.5\n", "bag.yaml:1:8: ", "takes a whole number"},
    {"tasks: 99999999999999999999\n", "bag.yaml:1:8: ", "takes a whole number"},
    {"tasks:\n", "bag.yaml:1:7: ", "takes a whole number"},
    {"tasks: [1, 2]\n", "bag.yaml:1:8: ", "not '1,2'"},
    {"loud: maybe\n", "bag.yaml:1:7: ", "takes yes or no"},
    {"net: hots\n", "bag.yaml:1:6: ", "takes one of auto, private, host"},
    {"wait: 1d\n", "bag.yaml:1:7: ", "takes a time"},
    {"kernel: " LONG1K "\n", "bag.yaml:1:9: ", "below 1024 bytes"},
    {"engines: [" LONG128 LONG128 LONG128 LONG128 ", " LONG128 LONG128 LONG128 LONG128
     "]",
     "bag.yaml:1:10: ", "below 1024 bytes"},
    {"kernel: {a: b}\n", "bag.yaml:1:9: ", "a value must be a text"},
    {"engines: [a, [b]]\n", "bag.yaml:1:10: ", "a value must be a text"},
    {"engines: &a [*a]\n", "bag.yaml:1:10: ", "a value must be a text"},
    {"kernel: \"a\\0b\"\n", "bag.yaml:1:9: ", "a value must be a text"},
    {"\"tasks\\0x\": 1\n", "bag.yaml:1:1: ", "a key must be"},
    {"[tasks]: 1\n", "bag.yaml:1:1: ", "a key must be"},
    {"tasks: 1\nseed: 2\ntasks: 3\n", "bag.yaml:3:1: ", "this key was there before"},
    {"tasks: 1\n'tasks': 1\n", "bag.yaml:2:1: ", "this key was there before"},
    {"- tasks\n", "bag.yaml:1:1: ", "a bag file is a mapping"},
    {"tasks\n", "bag.yaml:1:1: ", "a bag file is a mapping"},
    {"tasks: 1\n---\ntasks: 2\n", "bag.yaml:2:1: ", "one document"},
    {"tasks: 1\nseed: [1\n", "bag.yaml:3:1: ", ""},
    {"tasks: 1\n\tseed: 1\n", "bag.yaml:2:1: ", ""},
    {"tasks: *a\n", "bag.yaml:1:8: ", "alias"},
    {"tasks: 1\nkernel: \xff\n", "bag.yaml:2:9: ", "UTF-8"},
    {"tasks: 1\nkernel: a\x01\n", "bag.yaml:2:10: ", "control characters"},
    {"kernel: @x\n", "bag.yaml:1:9: ", ""},
    {"command: a b\n", "bag.yaml:1:10: ", "a list of words"},
    {"command: [{item}]\n", "bag.yaml:1:10: ", "braces in quotes"},
    {"command: []\n", "bag.yaml:1:10: ", "this list is empty"},
    {"command: [a, [b]]\n", "bag.yaml:1:10: ", "a list of words"},
    {"command: [\"a\\0b\"]\n", "bag.yaml:1:10: ", "a list of words"},
    {"command: [a]\ncommand: [b]\n", "bag.yaml:2:1: ", "this key was there before"},
};

static void what_is_wrong_has_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrongs / sizeof wrongs[0]; i++) {
        struct bag bag;
        struct tote_error err = {0};
        int rc = parse_n(wrongs[i].text, strlen(wrongs[i].text), &bag, &err);
        if (rc != -EINVAL)
            fail_msg("%d for '%.40s'", rc, wrongs[i].text);
        if (strncmp(err.text, wrongs[i].place, strlen(wrongs[i].place)) != 0 ||
            !strstr(err.text, wrongs[i].part))
            fail_msg("'%s' for '%.40s', not '%s...%s'", err.text, wrongs[i].text,
                     wrongs[i].place, wrongs[i].part);
    }
}

/* Deep, wide, and aliases of aliases: an error or not, but soon, and nothing grows. */
static void a_hostile_file_does_no_harm(void **state)
{
    (void)state;
    enum { N = TOTE_BAGFILE_MAX / 2 };
    char *text = malloc(2 * N + 1);
    struct bag bag;
    for (int kind = 0; kind < 4; kind++) {
        struct tote_error err = {0};
        for (size_t i = 0; i < N; i++)
            memcpy(text + 2 * i, (const char *[]){"[ ", "{ ", "- ", "? "}[kind], 2);
        assert_int_equal(parse_n(text, 2 * N, &bag, &err), -EINVAL);
    }
    struct tote_error err = {0};
    const char *laughs = "kernel: &a [x,x]\nengines: &b [*a,*a]\nnet: [*b,*b]\n";
    assert_int_equal(parse_n(laughs, strlen(laughs), &bag, &err), -EINVAL);
    free(text);
}

/* --- files --- */

static int load(const char *path, struct bag *bag, struct tote_error *err)
{
    assert_int_equal(tote_options_defaults(table, N_TABLE, bag, NULL), 0);
    return tote_bagfile_load(path, &keys, bag, err);
}

static void files_that_cannot_be_read(void **state)
{
    (void)state;
    struct bag bag;
    struct tote_error missing = {0}, folder = {0};
    assert_int_equal(load("/no/such/bag.yaml", &bag, &missing), -EINVAL);
    assert_string_equal(
        missing.text,
        "cannot read bag file /no/such/bag.yaml: No such file or directory");
    assert_int_equal(load("/", &bag, &folder), -EINVAL);
    assert_non_null(strstr(folder.text, "Is a directory"));
}

static void a_huge_file_is_refused(void **state)
{
    (void)state;
    char path[] = "/tmp/unit-bagfile-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    for (unsigned i = 0; i < TOTE_BAGFILE_MAX / 16; i++)
        fputs("# 3456789012345\n", file);
    fputs("tasks: 1\n", file);
    fclose(file);
    struct bag bag;
    struct tote_error err = {0};
    int rc = load(path, &bag, &err);
    remove(path);
    assert_int_equal(rc, -EINVAL);
    assert_non_null(strstr(err.text, "too large"));
}

/* --- there and back --- */

static void random_text(uint64_t *random, char *into)
{
    static const char *const letters[] = {
        "a",  "z", "0",  "9",  ".", ":", ",", "=", " ", "#", "'",        "\"",
        "\\", "-", "\n", "\t", "[", "{", "&", "*", "!", "~", "\xc3\xa9", "%"};
    size_t n = random_below(random, random_is(random, 0.1) ? 300 : 12), used = 0;
    into[0] = '\0';
    for (size_t i = 0; i < n; i++)
        used +=
            (size_t)snprintf(into + used, 4, "%s", letters[random_below(random, 24)]);
}

static void choose_words(uint64_t *random, struct tote_words *words)
{
    for (uint64_t n = random_below(random, 4); n > 0; n--) {
        char text[2048];
        random_text(random, text);
        assert_int_equal(tote_words_add(words, text, strlen(text)), 0);
    }
}

static void choose(uint64_t *random, struct bag *bag)
{
    memset(bag, 0, sizeof *bag);
    bag->tasks = random_below(random, 1u << 31);
    bag->seed = random_is(random, 0.2) ? TOTE_OPTION_NONE : random_next(random) >> 1;
    bag->share =
        (random_unit(random) - 0.5) * (random_is(random, 0.5) ? 1e300 : 1e-300);
    bag->wait_s = random_unit(random);
    bag->loud = random_is(random, 0.5);
    bag->net = random_is(random, 0.5);
    random_text(random, bag->kernel);
    random_text(random, bag->engines);
}

static void what_is_printed_is_read_again(void **state)
{
    (void)state;
    uint64_t random = 5;
    for (int i = 0; i < 3000; i++) {
        struct bag bag, back;
        char *text = NULL;
        size_t n = 0;
        struct tote_error err = {0};
        choose(&random, &bag);
        struct tote_words before = {0};
        tote_words_finish(&command);
        choose_words(&random, &command);
        for (size_t k = 0; k < command.n; k++)
            tote_words_add(&before, command.at[k], strlen(command.at[k]));
        FILE *out = open_memstream(&text, &n);
        assert_int_equal(tote_bagfile_print(&keys, &bag, out, NULL), 0);
        fclose(out);
        if (parse_n(text, n, &back, &err) < 0)
            fail_msg("%s in\n%s", err.text, text);
        assert_true(bag.tasks == back.tasks && bag.seed == back.seed &&
                    bag.share == back.share && bag.wait_s == back.wait_s &&
                    bag.loud == back.loud && bag.net == back.net);
        assert_string_equal(bag.kernel, back.kernel);
        assert_string_equal(bag.engines, back.engines);
        assert_int_equal(command.n, before.n);
        for (size_t k = 0; k < command.n; k++)
            assert_string_equal(command.at[k], before.at[k]);
        tote_words_finish(&before);
        free(text);
    }
}

static void what_cannot_be_printed_is_an_error(void **state)
{
    (void)state;
    struct bag bag = {.kernel = "\xff\xfe"};
    char *text = NULL;
    size_t n = 0;
    struct tote_error err = {0};
    FILE *out = open_memstream(&text, &n);
    assert_int_equal(tote_bagfile_print(&keys, &bag, out, &err), -EIO);
    assert_true(err.text[0]);
    fclose(out);
    free(text);
    tote_words_finish(&command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_types_are_read),
        cmocka_unit_test(other_ways_to_write_yaml),
        cmocka_unit_test(nothing_sets_nothing),
        cmocka_unit_test(lists_of_words_stay_lists),
        cmocka_unit_test(what_is_wrong_has_its_place),
        cmocka_unit_test(a_hostile_file_does_no_harm),
        cmocka_unit_test(files_that_cannot_be_read),
        cmocka_unit_test(a_huge_file_is_refused),
        cmocka_unit_test(what_is_printed_is_read_again),
        cmocka_unit_test(what_cannot_be_printed_is_an_error),
    };
    return cmocka_run_group_tests_name("bagfile", tests, NULL, NULL);
}
