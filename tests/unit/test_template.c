/* SPDX-License-Identifier: MIT */
/* test_template.c: what templates are refused and why, and what argv, files and key
 * come of one with an item. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"
#include "items/template.h"

#define WORDS_MAX 8

struct words {
    const char *at[WORDS_MAX];
};

static size_t count(const struct words *words)
{
    size_t n = 0;
    while (n < WORDS_MAX && words->at[n])
        n++;
    return n;
}

static struct tote_template *parse(const struct words *words, const char *const *names,
                                   size_t n_names, bool has_shell)
{
    struct tote_template *template = NULL;
    struct tote_error err = {0};
    int rc = tote_template_parse(words->at, count(words), names, n_names, has_shell,
                                 &template, &err);
    if (rc < 0)
        fail_msg("%s", err.text);
    return template;
}

static void check_args(const struct tote_command *command, const struct words *words)
{
    assert_int_equal(command->n_args, count(words));
    for (size_t i = 0; i < command->n_args; i++)
        assert_string_equal(command->args[i], words->at[i]);
}

/* --- one item, one column --- */

static void what_placeholders_mean(void **state)
{
    (void)state;
    static const struct {
        struct words words;
        const char *item;
        struct words args;
    } cases[] = {
        {{{"echo"}}, "a b", {{"echo", "a b"}}},
        {{{"echo", "{{}}"}}, "x", {{"echo", "{}", "x"}}},
        {{{"{item}"}}, "", {{""}}},
        {{{"a", "", "{1}"}}, "-n", {{"a", "", "-n"}}},
        {{{"x{item}y{item}z"}}, "\xff\n'", {{"x\xff\n'y\xff\n'z"}}},
        {{{"{index}", "{{{index}}}"}}, "x", {{"7", "{7}"}}},
        {{{"{dir}", "{base}", "{stem}", "{ext}"}},
         "a/b/c.tar.gz",
         {{"a/b", "c.tar.gz", "c.tar", "gz"}}},
        {{{"{dir}", "{base}", "{stem}", "{ext}"}}, "c", {{".", "c", "c", ""}}},
        {{{"{dir}", "{base}", "{stem}", "{ext}"}}, "/c.", {{"/", "c.", "c.", ""}}},
        {{{"{dir}", "{base}", "{stem}", "{ext}"}}, "a.b/.c", {{"a.b", ".c", ".c", ""}}},
        {{{"{dir}", "{base}", "{stem}", "{ext}"}}, "//c/", {{"//c", "", "", ""}}},
        {{{"{dir}", "{base}", "{stem}", "{ext}"}}, "", {{".", "", "", ""}}},
        {{{"{dir}", "{base}", "{stem}", "{ext}"}}, "..", {{".", "..", "..", ""}}},
        {{{"a{in:{dir}/x{{{stem}}}}b", "c"}}, "d/e.f", {{"ad/x{e}b", "c"}}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tote_template *template = parse(&cases[i].words, NULL, 1, false);
        struct tote_expanded expanded = {0};
        struct tote_error err = {0};
        assert_int_equal(
            tote_template_expand(template, &cases[i].item, 1, 7, NULL, &expanded, &err),
            0);
        assert_string_equal(expanded.command.item, cases[i].item);
        assert_int_equal(expanded.command.task, 7);
        check_args(&expanded.command, &cases[i].args);
        tote_expanded_finish(&expanded);
        tote_template_destroy(template);
    }
}

static void what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *word, *why;
    } cases[] = {
        {"{}", "write {item}"},
        {"{.}", "write {dir}/{stem}"},
        {"{#}", "write {index}"},
        {"{itme}", "did you mean {item}? There are {item} {index}"},
        {"{alpa}", "did you mean {alpha}?"},
        {"{zzzzzzzz}", "{in:PATH} {out:PATH}"},
        {"{zzzzzzzz}", "{dir} {alpha} {beta x} {3}"},
        {"{4}", "unknown placeholder {4}"},
        {"{0}", "unknown placeholder {0}"},
        {"{01}", "unknown placeholder {01}"},
        {"{99999999999999999999999}", "unknown placeholder"},
        {"{\x01}", "{\\x01}"},
        {"{print $1}", "a brace itself is written twice"},
        {"{inn:{item}}", "unknown placeholder {inn:}"},
        {"{item", "a '{' without its '}'"},
        {"{", "a '{' without its '}'"},
        {"{ {item}", "a '{' without its '}'"},
        {"item}", "a '}' without its '{'"},
        {"{{item}", "a '}' without its '{'"},
        {"{in:", "a '{' without its '}'"},
        {"{in:{item}", "a '{' without its '}'"},
        {"{in:a}}", "a '{' without its '}'"},
        {"{in:}", "{in:} has no path"},
        {"{out:}", "{out:} has no path"},
        {"{out:{in:a}}", "within one another"},
        {"{in:{out:{item}}}", "within one another"},
    };
    static const char *const names[] = {"alpha", "beta x", "3"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *words[] = {"program", cases[i].word};
        struct tote_template *template = NULL;
        struct tote_error err = {0};
        assert_int_equal(
            tote_template_parse(words, 2, names, 3, false, &template, &err), -EINVAL);
        assert_null(template);
        if (!strstr(err.text, cases[i].why) || strncmp(err.text, "word 2 of", 9) != 0)
            fail_msg("'%s' gave: %s", cases[i].word, err.text);
    }
}

static void sizes_are_limited(void **state)
{
    (void)state;
    static const char *many[TOTE_ARGS_N_MAX], *names[TOTE_COLUMNS_MAX + 1];
    struct tote_template *template = NULL;
    char *long_word = malloc(TOTE_ARGS_BYTES_MAX + 1);
    assert_non_null(long_word);
    memset(long_word, 'x', TOTE_ARGS_BYTES_MAX);
    long_word[TOTE_ARGS_BYTES_MAX] = '\0';
    const char *words[] = {long_word};
    for (size_t i = 0; i < TOTE_ARGS_N_MAX; i++)
        many[i] = "";
    for (size_t i = 0; i < TOTE_COLUMNS_MAX + 1; i++)
        names[i] = "x";
    assert_int_equal(tote_template_parse(words, 0, NULL, 1, false, &template, NULL),
                     -EINVAL);
    assert_int_equal(tote_template_parse(words, 1, NULL, 1, false, &template, NULL),
                     -EINVAL);
    assert_int_equal(
        tote_template_parse(many, TOTE_ARGS_N_MAX, NULL, 1, false, &template, NULL),
        -EINVAL);
    assert_int_equal(tote_template_parse(many, 1, names, TOTE_COLUMNS_MAX + 1, false,
                                         &template, NULL),
                     -EINVAL);
    free(long_word);
    tote_template_destroy(NULL);
}

/* --- columns --- */

static void columns_by_name_and_number(void **state)
{
    (void)state;
    static const char *const names[] = {"alpha", "3", "\xc3\xa9"};
    static const char *const values[] = {"A", "", "C c"};
    const struct words words = {{"{item}", "{alpha}{3}", "{\xc3\xa9}{2}{1}"}};
    struct tote_template *template = parse(&words, names, 3, false);
    struct tote_expanded expanded = {0};
    assert_int_equal(
        tote_template_expand(template, values, 3, 0, NULL, &expanded, NULL), 0);
    check_args(&expanded.command, &(struct words){{"A  C c", "A", "C cA"}});
    tote_expanded_finish(&expanded);
    for (size_t n = 0; n < 3; n++)
        assert_int_equal(
            tote_template_expand(template, values, n, 0, NULL, &expanded, NULL),
            -EINVAL);
    tote_template_destroy(template);
}

static void without_placeholders_all_columns_follow(void **state)
{
    (void)state;
    static const char *const values[] = {"a b", "-c"};
    const struct words words = {{"cmd", "-x"}};
    struct tote_expanded expanded = {0};
    for (int has_shell = 0; has_shell < 2; has_shell++) {
        struct tote_template *template = parse(&words, NULL, 2, has_shell);
        assert_int_equal(
            tote_template_expand(template, values, 2, 0, NULL, &expanded, NULL), 0);
        if (has_shell)
            check_args(&expanded.command,
                       &(struct words){{"/bin/sh", "-c", "cmd -x 'a b' '-c'"}});
        else
            check_args(&expanded.command, &(struct words){{"cmd", "-x", "a b", "-c"}});
        tote_expanded_finish(&expanded);
        tote_template_destroy(template);
    }
    struct tote_template *none = parse(&words, NULL, 0, false);
    assert_int_equal(tote_template_expand(none, NULL, 0, 0, NULL, &expanded, NULL), 0);
    check_args(&expanded.command, &words);
    assert_string_equal(expanded.command.item, "");
    tote_expanded_finish(&expanded);
    tote_template_destroy(none);
}

/* --- files --- */

static void files_have_their_places(void **state)
{
    (void)state;
    static const struct {
        struct tote_places places;
        struct words args;
        const char *path, *as;
    } cases[] = {
        {{NULL, NULL, false},
         {{"p", "d/a.wav", "-od/a.flac", "/abs", "d/a.wav", "d/a.flac"}},
         "d/a.wav",
         "d/a.wav"},
        {{"/s", NULL, false},
         {{"p", "/s/d/a.wav", "-od/a.flac", "/abs", "/s/d/a.wav", "d/a.flac"}},
         "/s/d/a.wav",
         "/s/d/a.wav"},
        {{"/s", "/t/1.2", false},
         {{"p", "/s/d/a.wav", "-o/t/1.2/d/a.flac", "/abs", "/s/d/a.wav",
           "/t/1.2/d/a.flac"}},
         "/s/d/a.wav",
         "/s/d/a.wav"},
        {{"/s", NULL, true},
         {{"p", "in-0/a.wav", "-od/a.flac", "in-1/abs", "in-0/a.wav", "d/a.flac"}},
         "/s/d/a.wav",
         "in-0/a.wav"},
    };
    const char *item = "d/a.wav";
    const struct words words = {{"p", "{in:{item}}", "-o{out:{dir}/{stem}.flac}",
                                 "{in:/abs}", "{in:d/{base}}",
                                 "{out:{dir}/{stem}.flac}"}};
    struct tote_template *template = parse(&words, NULL, 1, false);
    assert_true(tote_template_has_ins(template));
    assert_true(tote_template_has_outs(template));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tote_expanded expanded = {0};
        assert_int_equal(tote_template_expand(template, &item, 1, 1, &cases[i].places,
                                              &expanded, NULL),
                         0);
        check_args(&expanded.command, &cases[i].args);
        assert_int_equal(expanded.command.n_ins, 2);
        assert_string_equal(expanded.command.ins[0].path, cases[i].path);
        assert_string_equal(expanded.command.ins[0].as, cases[i].as);
        assert_string_equal(expanded.command.ins[1].path, "/abs");
        assert_int_equal(expanded.command.n_outs, 1);
        assert_string_equal(expanded.command.outs[0].path, "d/a.flac");
        assert_string_equal(expanded.command.outs[0].as, "");
        tote_expanded_finish(&expanded);
    }
    tote_template_destroy(template);
}

static void check_file(const char *word, const char *item, const char *why)
{
    const struct words words = {{"cp", word}};
    struct tote_template *template = parse(&words, NULL, 1, false);
    struct tote_expanded expanded = {0};
    struct tote_error err = {0};
    int rc = tote_template_expand(template, &item, 1, 12, NULL, &expanded, &err);
    assert_int_equal(rc, why ? -EINVAL : 0);
    if (why && (!strstr(err.text, why) || !strstr(err.text, "task 12: ")))
        fail_msg("'%s' gave: %s", item, err.text);
    tote_expanded_finish(&expanded);
    tote_template_destroy(template);
}

static void outputs_stay_in_their_folder(void **state)
{
    (void)state;
    static const struct {
        const char *path, *why; /* null: it is fine */
    } cases[] = {
        {"", "'' is empty"},
        {"/etc/passwd", "absolute"},
        {"../x", "'..'"},
        {"a/../x", "'..'"},
        {"a/..", "'..'"},
        {".", "'.'"},
        {"a/./b", "'.'"},
        {"a//b", "empty part"},
        {"a/", "empty part"},
        {"a\nb", "'a\\x0ab' has a control character"},
        {"a\x7f", "control character"},
        {"a\nb", "name outputs by {index}"},
        {"./", "'.'"},
        {".//a", "'.'"},
        {"././a/.", "'.'"},
        {"./../a", "'..'"},
        {"./.tote-x", ".tote-"},
        {".tote-x", ".tote-"},
        {"a/.tote-", ".tote-"},
        {"...", NULL},
        {"..a/b..", NULL},
        {"a/-b", NULL},
        {"-rf", NULL},
        {"-", NULL},
        {"./a", NULL},
        {"././-a/b", NULL},
        {".toted/x.tote-", NULL},
        {"\xc3\xa9 \xff\"'$(x)", NULL},
    };
    char name[512] = "d/";
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_file("{out:{item}}", cases[i].path, cases[i].why);
    memset(name + 2, 'x', 256);
    check_file("{out:{item}}", name, "255 bytes");
    name[2 + 255] = '\0';
    check_file("{out:{item}}", name, NULL);
    check_file("{out:{item}}{out:a}", "b", NULL);
    check_file("{out:{item}}{out:a}", "a", "named by two");
    check_file("{out:{item}}{in:a}", "a", NULL);
    check_file("{out:{item}}{out:a}", "./a", "named by two");
    check_file("{out:{item}}{out:a}", "a/b", "'a' would be a file, and the folder");
    check_file("{out:a}{out:{item}}", "./a/b/c", "'a/b/c' lies in what another");
    check_file("{out:{item}}{out:a/b}", "a/bc", NULL);
    check_file("{in:{item}}{out:a/b}", "a", NULL);
}

/* No program may take an output for an option, wherever it is made; its name stays. */
static void outputs_may_look_like_options(void **state)
{
    (void)state;
    static const struct {
        const char *item;
        struct tote_places places;
        const char *path;
        struct words args;
    } cases[] = {
        {"-n", {0}, "-n.gz", {{"p", "./-n.gz", "-o./-n.gz"}}},
        {"./-n", {0}, "-n.gz", {{"p", "./-n.gz", "-o./-n.gz"}}},
        {"-n", {"/s", NULL, true}, "-n.gz", {{"p", "./-n.gz", "-o./-n.gz"}}},
        {"-n",
         {"/s", "/t/1.2", false},
         "-n.gz",
         {{"p", "/t/1.2/-n.gz", "-o/t/1.2/-n.gz"}}},
        {"././n",
         {"/s", "/t/1.2", false},
         "n.gz",
         {{"p", "/t/1.2/n.gz", "-o/t/1.2/n.gz"}}},
        {"./n", {0}, "n.gz", {{"p", "n.gz", "-on.gz"}}},
    };
    const struct words words = {{"p", "{out:{item}.gz}", "-o{out:{item}.gz}"}};
    struct tote_template *template = parse(&words, NULL, 1, false);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tote_expanded expanded = {0};
        assert_int_equal(tote_template_expand(template, &cases[i].item, 1, 1,
                                              &cases[i].places, &expanded, NULL),
                         0);
        check_args(&expanded.command, &cases[i].args);
        assert_int_equal(expanded.command.n_outs, 1);
        assert_string_equal(expanded.command.outs[0].path, cases[i].path);
        tote_expanded_finish(&expanded);
    }
    tote_template_destroy(template);
}

static void inputs_are_files(void **state)
{
    (void)state;
    static const char *const folders[] = {"a/", ".", "..", "a/..", "/"};
    char *name = malloc(TOTE_FILE_NAME_MAX + 1);
    assert_non_null(name);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
        check_file("{in:{item}}", folders[i], "names a folder");
    check_file("{in:{item}}", "", "is empty");
    memset(name, 'x', TOTE_FILE_NAME_MAX);
    name[TOTE_FILE_NAME_MAX] = '\0';
    check_file("{in:{item}}", name, "4095 bytes");
    name[TOTE_FILE_NAME_MAX - 1] = '\0';
    check_file("{in:{item}}", name, NULL);
    check_file("{in:{item}}", "../-\n", NULL);
    free(name);
}

/* --- sizes, shells, keys --- */

static void large_items_fit_and_larger_are_said(void **state)
{
    (void)state;
    const size_t most = TOTE_ARGS_BYTES_MAX - 3; /* "x", and two terminators */
    char *item = malloc(2 * TOTE_ARGS_BYTES_MAX);
    assert_non_null(item);
    for (int has_shell = 0; has_shell < 2; has_shell++) {
        const struct words words = {{"x"}};
        struct tote_template *template = parse(&words, NULL, 1, has_shell);
        for (int add = 0; add < 2; add++) {
            size_t n = most - (has_shell ? 8 + 3 + 2 : 0) + (size_t)add;
            struct tote_expanded expanded = {0};
            struct tote_error err = {0};
            memset(item, 'y', n);
            item[n] = '\0';
            const char *const columns[] = {item};
            assert_int_equal(
                tote_template_expand(template, columns, 1, 3, NULL, &expanded, &err),
                add ? -E2BIG : 0);
            assert_true(!add || strstr(err.text, "task 3: its arguments"));
            tote_expanded_finish(&expanded);
        }
        tote_template_destroy(template);
    }
    const struct words words = {{"{1}{1}{1}{1}{1}{1}{1}{1}{1}{1}{1}{1}"}};
    struct tote_template *template = parse(&words, NULL, 1, true);
    struct tote_expanded expanded = {0};
    memset(item, '\'', TOTE_ARGS_BYTES_MAX);
    const char *const columns[] = {item};
    assert_int_equal(
        tote_template_expand(template, columns, 1, 3, NULL, &expanded, NULL), -E2BIG);
    tote_template_destroy(template);
    free(item);
}

static void shell_values_are_quoted(void **state)
{
    (void)state;
    const char *item = "it's";
    const struct words words = {{"f()", "{{ cat {in:{item}}; }};", "f >{out:o/{1}.x}",
                                 "$(echo {index})", "\"a\"{1}'b' # c"}};
    struct tote_template *template = parse(&words, NULL, 1, true);
    struct tote_expanded expanded = {0};
    assert_int_equal(tote_template_expand(template, &item, 1, 2, NULL, &expanded, NULL),
                     0);
    check_args(&expanded.command,
               &(struct words){{"/bin/sh", "-c",
                                "f() { cat 'it'\\''s'; }; f >'o/it'\\''s.x' $(echo "
                                "'2') \"a\"'it'\\''s''b' # c"}});
    assert_string_equal(expanded.command.ins[0].path, "it's");
    assert_string_equal(expanded.command.outs[0].path, "o/it's.x");
    tote_expanded_finish(&expanded);
    tote_template_destroy(template);
}

static void shell_quotes_around_values_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *word;
        bool is_refused;
    } cases[] = {
        {"echo \"{item}\"", true},
        {"echo \"a {item} b\"", true},
        {"echo '{item}'", true},
        {"echo `f {item}`", true},
        {"echo \\{item}", true},
        {"echo ${item}", true},
        {"echo # {item}", true},
        {"# {item}", true},
        {"echo \"$(f \"{item}\")\"", true},
        {"echo \"\\\"{item}\"", true},
        {"echo \"(\"{item}\")\"", false},
        {"echo \"( {item}\"", true},
        {"echo \"$(f {item})\"", false},
        {"echo \"$(f \"a\" {item})\"", false},
        {"echo \"a\"{item}", false},
        {"echo 'a\\'{item}'b'", false},
        {"echo \\\"{item}\\\"", false},
        {"echo \\\\{item}", false},
        {"echo a#b{item}", false},
        {"echo {item}#b {item}", false},
        {"echo # don't\ncat {item}", false},
        {"echo '# \"'{item}", false},
        {"(cd x && f {item})", false},
        {"awk '{{print $1}}' {in:{item}}", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tote_template *template = NULL;
        struct tote_error err = {0};
        int rc = tote_template_parse(&cases[i].word, 1, NULL, 1, true, &template, &err);
        if (rc != (cases[i].is_refused ? -EINVAL : 0))
            fail_msg("%s: %d %s", cases[i].word, rc, err.text);
        assert_true(rc == 0 || strstr(err.text, "a placeholder between quotes"));
        tote_template_destroy(template);
    }
}

static void a_key_is_of_argv_and_inputs(void **state)
{
    (void)state;
    static const char *const args[] = {"cp", "", "a b"};
    static const unsigned char plain[] = "cp\0\0a b\0"
                                         "\x01\x02\x03\x04\x05\x06\x07\x08"
                                         "\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10";
    const struct tote_digest inputs[] = {
        {.high = 0x0102030405060708, .low = 0x090a0b0c0d0e0f10}};
    struct tote_command command = {.task = 1, .item = "x", .args = args, .n_args = 3};
    struct tote_digest key = tote_template_key(&command, NULL, 0);
    struct tote_digest want = tote_digest_of(plain, 8);
    assert_memory_equal(&key, &want, sizeof key);
    key = tote_template_key(&command, inputs, 1);
    want = tote_digest_of(plain, 24);
    assert_memory_equal(&key, &want, sizeof key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_placeholders_mean),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(sizes_are_limited),
        cmocka_unit_test(columns_by_name_and_number),
        cmocka_unit_test(without_placeholders_all_columns_follow),
        cmocka_unit_test(files_have_their_places),
        cmocka_unit_test(outputs_stay_in_their_folder),
        cmocka_unit_test(outputs_may_look_like_options),
        cmocka_unit_test(inputs_are_files),
        cmocka_unit_test(large_items_fit_and_larger_are_said),
        cmocka_unit_test(shell_values_are_quoted),
        cmocka_unit_test(shell_quotes_around_values_are_refused),
        cmocka_unit_test(a_key_is_of_argv_and_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
