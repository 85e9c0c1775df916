/* SPDX-License-Identifier: MIT */
/* test_option.c: option tables: defaults, values of each type, refusals and their
 * words. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tote/option.h"

struct sample {
    uint64_t plain, level, task, seed, room;
    double x, unset, wait;
    bool flag;
    int mode;
    char text[TOTE_OPTION_TEXT_MAX];
};

static const char *const modes[] = {"serve", "spawn", NULL};

#define AT(field) .offset = offsetof(struct sample, field)

static const struct tote_option table[] = {
    {.name = "plain", .type = TOTE_OPTION_UINT, AT(plain)},
    {.name = "level",
     .type = TOTE_OPTION_UINT,
     AT(level),
     .fallback = "6",
     .min = 1,
     .max = 9},
    {.name = "task", .type = TOTE_OPTION_UINT, AT(task), .fallback = "none"},
    {.name = "seed",
     .type = TOTE_OPTION_UINT,
     AT(seed),
     .fallback = "1",
     .max = 0x1p63},
    {.name = "x",
     .type = TOTE_OPTION_DOUBLE,
     AT(x),
     .fallback = "-0.5",
     .min = -1,
     .max = 1e3},
    {.name = "unset", .type = TOTE_OPTION_DOUBLE, AT(unset)},
    {.name = "wait",
     .type = TOTE_OPTION_SECONDS,
     AT(wait),
     .fallback = "250ms",
     .max = 86400},
    {.name = "flag", .type = TOTE_OPTION_BOOL, AT(flag), .fallback = "yes"},
    {.name = "mode",
     .type = TOTE_OPTION_CHOICE,
     AT(mode),
     .fallback = "spawn",
     .choices = modes},
    {.name = "text", .type = TOTE_OPTION_TEXT, AT(text), .fallback = "a b"},
    {.name = "room",
     .type = TOTE_OPTION_SIZE,
     AT(room),
     .fallback = "1M",
     .min = 1,
     .max = 0x1p40},
};

enum { N = sizeof table / sizeof table[0] };

static void defaults(void **state)
{
    (void)state;
    struct sample s;
    struct tote_error err = {0};
    memset(&s, 0xAA, sizeof s);
    assert_int_equal(tote_options_defaults(table, N, &s, &err), 0);
    assert_true(s.plain == 0 && s.level == 6 && s.task == TOTE_OPTION_NONE &&
                s.seed == 1);
    assert_true(s.x == -0.5 && isnan(s.unset) && s.wait == 0.25);
    assert_true(s.flag && s.mode == 1);
    assert_string_equal(s.text, "a b");
    assert_string_equal(err.text, "");
}

static void accepts(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        size_t offset;
        double number;
        uint64_t integer;
    } cases[] = {
        {"plain=0", offsetof(struct sample, plain), NAN, 0},
        {"plain=18446744073709551615", offsetof(struct sample, plain), NAN, UINT64_MAX},
        {"level=9", offsetof(struct sample, level), NAN, 9},
        {"level=007", offsetof(struct sample, level), NAN, 7},
        {"task=none", offsetof(struct sample, task), NAN, TOTE_OPTION_NONE},
        {"task=18446744073709551614", offsetof(struct sample, task), NAN,
         UINT64_MAX - 1},
        {"seed=9223372036854775807", offsetof(struct sample, seed), NAN, INT64_MAX},
        {"x=-1", offsetof(struct sample, x), -1, 0},
        {"x=1e3", offsetof(struct sample, x), 1000, 0},
        {"x=1.5E-3", offsetof(struct sample, x), 0.0015, 0},
        {"x=0.25e+2", offsetof(struct sample, x), 25, 0},
        {"unset=1e308", offsetof(struct sample, unset), 1e308, 0},
        {"wait=60", offsetof(struct sample, wait), 60, 0},
        {"wait=60s", offsetof(struct sample, wait), 60, 0},
        {"wait=1.5m", offsetof(struct sample, wait), 90, 0},
        {"wait=2h", offsetof(struct sample, wait), 7200, 0},
        {"wait=500us", offsetof(struct sample, wait), 500 * 1e-6, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sample s;
        struct tote_error err = {0};
        if (tote_options_parse(table, N, cases[i].spec, &s, &err) < 0)
            fail_msg("%s: %s", cases[i].spec, err.text);
        const char *field = (const char *)&s + cases[i].offset;
        if (isnan(cases[i].number))
            assert_true(*(const uint64_t *)(const void *)field == cases[i].integer);
        else
            assert_true(*(const double *)(const void *)field == cases[i].number);
    }
}

static void several_at_once(void **state)
{
    (void)state;
    struct sample s;
    struct tote_error err = {0};
    assert_int_equal(
        tote_options_parse(table, N, "text=x=y:z,mode=serve,flag=no,level=2", &s, &err),
        0);
    assert_string_equal(s.text, "x=y:z");
    assert_true(s.mode == 0 && !s.flag && s.level == 2);
    assert_int_equal(tote_options_parse(table, N, "text=", &s, &err), 0);
    assert_string_equal(s.text, "");
    assert_int_equal(tote_options_parse(table, N, NULL, &s, &err), 0);
    assert_int_equal(tote_options_parse(table, N, "", &s, &err), 0);
    assert_true(s.level == 6);
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *spec, *words; /* that the sentence must have */
    } cases[] = {
        {"level=0", "option 'level' takes a whole number from 1 to 9, not '0'"},
        {"level=10", "from 1 to 9"},
        {"level=", "from 1 to 9, not ''"},
        {"level=+5", "'+5'"},
        {"level=-5", "'-5'"},
        {"level= 5", "' 5'"},
        {"level=5 ", "'5 '"},
        {"level=0x5", "'0x5'"},
        {"level=5.0", "'5.0'"},
        {"level=1e0", "'1e0'"},
        {"level=none", "'none'"},
        {"plain=18446744073709551616", "to 18446744073709551615"},
        {"plain=99999999999999999999999", "to 18446744073709551615"},
        {"task=18446744073709551615", "or none"},
        {"task=non", "or none"},
        {"seed=9223372036854775808", "to 9223372036854775807"},
        {"x=-1.001", "option 'x' takes a number from -1 to 1000, not '-1.001'"},
        {"x=nan", "'nan'"},
        {"x=inf", "'inf'"},
        {"x=0x1p3", "'0x1p3'"},
        {"x=+1", "'+1'"},
        {"x=.5", "'.5'"},
        {"x=5.", "'5.'"},
        {"x=1e", "'1e'"},
        {"x=1e+", "'1e+'"},
        {"x=-", "'-'"},
        {"x=", "''"},
        {"x=1 ", "'1 '"},
        {"unset=1e999", "option 'unset' takes a number, 0 or more, not '1e999'"},
        {"unset=-1", "0 or more"},
        {"wait=1d", "such as 250ms, 60s, 2m or 1h from 0 to 86400 seconds, not '1d'"},
        {"wait=25h", "to 86400 seconds"},
        {"wait=-1s", "'-1s'"},
        {"wait=s", "'s'"},
        {"wait=1 s", "'1 s'"},
        {"flag=true", "option 'flag' takes yes or no, not 'true'"},
        {"flag=", "yes or no"},
        {"mode=fork", "option 'mode' takes one of serve, spawn, not 'fork'"},
        {"mode=", "one of"},
        {"lvel=1", "unknown option 'lvel'; did you mean 'level'?"},
        {"moed=serve", "did you mean 'mode'?"},
        {"zzzzzz=1", "unknown option 'zzzzzz'; the options are: plain, level, task,"},
        {"level", "option 'level' has no value; write level=VALUE"},
        {"lev", "unknown option 'lev'"},
        {"level=1,level=1", "option 'level' is given twice"},
        {"=1", "'=1' is not an option"},
        {",", "'' is not an option"},
        {"level=1,", "is not an option"},
        {",level=1", "is not an option"},
        {"level=1,,flag=no", "is not an option"},
        {"level=\n\xff\x01", "'?\?\?'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sample s;
        struct tote_error err = {0};
        int failed = tote_options_parse(table, N, cases[i].spec, &s, &err);
        if (failed != -EINVAL || !strstr(err.text, cases[i].words))
            fail_msg("'%s' gave %d: %s", cases[i].spec, failed, err.text);
    }
}

static void long_texts(void **state)
{
    (void)state;
    struct sample s;
    struct tote_error err = {0};
    char spec[TOTE_OPTION_SPEC_MAX + 8];
    memset(spec, '1', sizeof spec);
    spec[sizeof spec - 1] = '\0';
    assert_int_equal(tote_options_parse(table, N, spec, &s, &err), -EINVAL);
    static const char *const names[] = {
        "level=", "x=", "wait=", "flag=", "mode=", "task="};
    spec[2000] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        memset(spec, '1', 2000);
        memcpy(spec, names[i], strlen(names[i]));
        err = (struct tote_error){0};
        assert_int_equal(tote_options_parse(table, N, spec, &s, &err), -EINVAL);
        assert_non_null(strstr(err.text, "...'"));
        assert_true(strlen(err.text) < 300);
    }
    memset(spec, 'a', sizeof spec);
    memcpy(spec, "text=", 5);
    spec[5 + TOTE_OPTION_TEXT_MAX - 1] = '\0';
    assert_int_equal(tote_options_parse(table, N, spec, &s, NULL), 0);
    assert_int_equal(strlen(s.text), TOTE_OPTION_TEXT_MAX - 1);
    spec[5 + TOTE_OPTION_TEXT_MAX - 1] = 'a';
    spec[5 + TOTE_OPTION_TEXT_MAX] = '\0';
    assert_int_equal(tote_options_parse(table, N, spec, &s, NULL), -EINVAL);
}

static void sets_one(void **state)
{
    (void)state;
    struct sample s;
    struct tote_error err = {0};
    tote_options_defaults(table, N, &s, &err);
    assert_int_equal(tote_options_set(table, N, "text", "a,b=c", &s, &err), 0);
    assert_string_equal(s.text, "a,b=c"); /* a comma is a letter here */
    assert_int_equal(tote_options_set(table, N, "txt", "", &s, &err), -EINVAL);
    assert_string_equal(err.text, "unknown option 'txt'; did you mean 'text'?");
    err = (struct tote_error){0};
    assert_int_equal(tote_options_set(NULL, 0, "x", "1", NULL, &err), -EINVAL);
    assert_string_equal(err.text, "unknown option 'x'; there are no options");
}

static void splits(void **state)
{
    (void)state;
    struct tote_error err = {0};
    char name[6];
    const char *rest = NULL;
    assert_int_equal(
        tote_options_split("zfp:a=1,b=c:d", name, sizeof name, &rest, &err), 0);
    assert_string_equal(name, "zfp");
    assert_string_equal(rest, "a=1,b=c:d");
    assert_int_equal(tote_options_split("12345", name, sizeof name, &rest, &err), 0);
    assert_string_equal(rest, "");
    assert_int_equal(tote_options_split("zfp:", name, sizeof name, &rest, &err), 0);
    assert_string_equal(rest, "");
    assert_int_equal(tote_options_split("123456", name, sizeof name, &rest, &err),
                     -EINVAL);
    assert_int_equal(tote_options_split("", name, sizeof name, &rest, &err), -EINVAL);
    assert_int_equal(tote_options_split(":a=1", name, sizeof name, &rest, &err),
                     -EINVAL);
}

static void suggests(void **state)
{
    (void)state;
    static const char *const words[] = {"zfp", "zlib", "accuracy", "workqueue", NULL};
    static const struct {
        const char *word, *nearest;
    } cases[] = {
        {"zpf", "zfp"},
        {"zip", "zfp"},
        {"zlb", "zlib"},
        {"acuracy", "accuracy"},
        {"work", NULL},
        {"workqeue", "workqueue"},
        {"work-queue", "workqueue"},
        {"", NULL},
        {"zf", NULL},
        {"ray", NULL},
        {"zfp", "zfp"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *got = tote_option_suggest(cases[i].word, words);
        if (!cases[i].nearest != !got || (got && strcmp(got, cases[i].nearest) != 0))
            fail_msg("'%s' gave '%s'", cases[i].word, got ? got : "nothing");
    }
    char large[5000];
    memset(large, 'z', sizeof large);
    large[sizeof large - 1] = '\0';
    assert_null(tote_option_suggest(large, words));
}

static void sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes; /* 0: refused */
    } rows[] = {
        {"1", 1},
        {"4096", 4096},
        {"512K", 512u << 10},
        {"20M", 20 << 20},
        {"2G", UINT64_C(2) << 30},
        {"1T", UINT64_C(1) << 40},
        {"0", 0},
        {"2T", 0},
        {"", 0},
        {"M", 0},
        {"1m", 0},
        {"1.5M", 0},
        {"-1", 0},
        {"1MB", 0},
        {"1 M", 0},
        {"18446744073709551615T", 0},
        {"99999999999999999999", 0},
        {"16777216T", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sample s = {.room = 7};
        struct tote_error err = {0};
        int rc = tote_options_set(table, N, "room", rows[i].text, &s, &err);
        if (rc != (rows[i].bytes ? 0 : -EINVAL))
            fail_msg("%d for '%s'", rc, rows[i].text);
        assert_int_equal(s.room, rows[i].bytes ? rows[i].bytes : 7);
        if (rc < 0)
            assert_non_null(strstr(err.text, "takes a size such as"));
    }
}

static void metavars(void **state)
{
    (void)state;
    static const char *const expected[N] = {"N",           "N",    "N|none",  "N",
                                            "X",           "X",    "SECONDS", "yes|no",
                                            "serve|spawn", "TEXT", "SIZE"};
    for (size_t i = 0; i < N; i++) {
        char text[32];
        tote_option_metavar(&table[i], text, sizeof text);
        assert_string_equal(text, expected[i]);
        for (size_t size = 0; size < 8; size++) { /* cut, never overrun */
            memset(text, '#', sizeof text);
            tote_option_metavar(&table[i], text, size);
            assert_true(text[size] == '#' && (size == 0 || strlen(text) < size));
        }
    }
    char text[32];
    const struct tote_option file = {.type = TOTE_OPTION_TEXT, .is_path = true};
    tote_option_metavar(&file, text, sizeof text);
    assert_string_equal(text, "FILE");
    static const char *const choices[] = {"a", "b", NULL};
    const struct tote_option named[] = {
        {.type = TOTE_OPTION_TEXT, .is_path = true, .metavar = "DIR"},
        {.type = TOTE_OPTION_CHOICE, .choices = choices, .metavar = "DIR"}};
    for (size_t i = 0; i < 2; i++) {
        tote_option_metavar(&named[i], text, sizeof text);
        assert_string_equal(text, "DIR");
    }
}

/* Specs put together by chance from telling parts: nothing crashes (sanitizers look
 * on), and what fails has a sentence. */
static void chance(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "level", "x", "wait", "flag", "mode", "text", "=",   "=",    "=", ",", ",",
        "1",     "-", "e9",   ".",    "ms",   "none", "yes", "\xff", ":", " "};
    srand(1);
    for (int i = 0; i < 20000; i++) {
        struct sample s;
        struct tote_error err = {0};
        char spec[256] = "";
        for (int j = rand() % 12; j > 0; j--) {
            const char *part = parts[(size_t)rand() % (sizeof parts / sizeof parts[0])];
            size_t used = strlen(spec);
            snprintf(spec + used, sizeof spec - used, "%s", part);
        }
        int failed = tote_options_parse(table, N, spec, &s, &err);
        assert_true(failed == 0 || failed == -EINVAL);
        assert_int_equal(failed == 0, err.text[0] == '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),        cmocka_unit_test(accepts),
        cmocka_unit_test(several_at_once), cmocka_unit_test(refuses),
        cmocka_unit_test(long_texts),      cmocka_unit_test(sets_one),
        cmocka_unit_test(splits),          cmocka_unit_test(suggests),
        cmocka_unit_test(sizes),           cmocka_unit_test(metavars),
        cmocka_unit_test(chance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
