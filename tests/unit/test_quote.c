/* SPDX-License-Identifier: MIT */
/* test_quote.c: what is quoted comes back from sh, dash and bash byte for byte, and
 * what a template puts into a shell's text is a value there and nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "items/template.h"
#include "random.h"

enum { TEXTS = 4000, TEXT_MAX = 40 };

static const char *const shells[] = {"/bin/sh", "/bin/dash", "/bin/bash"};
enum { N_SHELLS = sizeof shells / sizeof shells[0] };

/* Bytes of any kind, often those that mean something to a shell. */
static void make_text(uint64_t *random, char *into)
{
    static const char special[] = "'\"\\$`!*?[]{}()<>|&;#~=%^ \t\n\r\x01\x7f\x80\xff-@";
    size_t n = random_below(random, TEXT_MAX);
    bool is_special = random_is(random, 0.6);
    for (size_t i = 0; i < n; i++)
        into[i] = is_special && random_is(random, 0.7)
                      ? special[random_below(random, sizeof special - 1)]
                      : (char)(1 + random_below(random, 255));
    into[n] = '\0';
}

/* Texts that are safe but for what they mean, too. */
static void make_texts(char (*texts)[TEXT_MAX])
{
    static const char *const odd[] = {"",     "-n",  "a=b",   "if",   "done", "time",
                                      "{",    "[[",  "~root", "a:~",  "!",    "--x=y",
                                      "%1",   "2",   "=",     "x+=1", "a,b",  ".",
                                      "\xc3", "'''", "\\",    "in",   "@",    "-x=~"};
    enum { ODD = sizeof odd / sizeof odd[0] };
    uint64_t random = 20;
    for (size_t i = 0; i < TEXTS; i++) {
        if (i < ODD)
            snprintf(texts[i], TEXT_MAX, "%s", odd[i]);
        else
            make_text(&random, texts[i]);
    }
}

/* Runs argv with standard output into a file that nobody else knows. */
static int run(const char *const *argv, const char *locale)
{
    char path[] = "/tmp/unit-test-quote-XXXXXX";
    int out = mkostemp(path, O_CLOEXEC), status = -1;
    const char *env[] = {"PATH=/usr/bin:/bin", locale, NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid;
    assert_true(out >= 0);
    unlink(path);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    int failed = posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)argv,
                             (char *const *)env);
    posix_spawn_file_actions_destroy(&actions);
    if (failed) {
        close(out);
        return -failed;
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(lseek(out, 0, SEEK_SET), 0);
    return out;
}

/* All that is in fd, which is closed; *ret_n bytes. */
static char *read_all(int fd, size_t *ret_n)
{
    size_t size = (size_t)lseek(fd, 0, SEEK_END);
    char *all = malloc(size + 1);
    assert_non_null(all);
    assert_int_equal(pread(fd, all, size, 0), size);
    all[size] = '\0';
    *ret_n = size;
    close(fd);
    return all;
}

static void check_texts(int fd, char (*texts)[TEXT_MAX], size_t n_texts, size_t times)
{
    size_t n, at = 0;
    char *all = read_all(fd, &n);
    for (size_t i = 0; i < n_texts * times; i++) {
        assert_true(at < n);
        assert_string_equal(all + at, texts[i / times]);
        at += strlen(all + at) + 1;
    }
    assert_int_equal(at, n);
    free(all);
}

static void write_script(char *path, char (*texts)[TEXT_MAX])
{
    int fd = mkostemp(path, O_CLOEXEC);
    assert_true(fd >= 0);
    for (size_t i = 0; i < TEXTS; i++) {
        const char *args[] = {"printf", "%s\\0", texts[i]};
        char *line = tote_shell_join(args, 3);
        assert_non_null(line);
        dprintf(fd, "%s\n", line);
        free(line);
    }
    close(fd);
}

static void shells_read_back_what_was_quoted(void **state)
{
    (void)state;
    static const char *const locales[] = {"LC_ALL=C", "LC_ALL=C.UTF-8"};
    static char texts[TEXTS][TEXT_MAX];
    char path[] = "/tmp/unit-test-quote-XXXXXX";
    int n_run = 0;
    make_texts(texts);
    write_script(path, texts);
    for (size_t i = 0; i < 2 * N_SHELLS; i++) {
        const char *argv[] = {shells[i / 2], path, NULL};
        int out = run(argv, locales[i % 2]);
        if (out == -ENOENT)
            continue; /* a machine without that shell */
        check_texts(out, texts, TEXTS, 1);
        n_run++;
    }
    unlink(path);
    assert_true(n_run >= 2); /* there is always sh */
}

/* A first word stays a command's name, whatever it is. */
static void a_first_word_is_a_name(void **state)
{
    (void)state;
    static const char *const names[] = {"if",  "done", "time",
                                        "a=b", "x+=1", "function"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char script[256], *quoted = tote_shell_join(&names[i], 1);
        const char *argv[] = {NULL, "-c", script, NULL};
        assert_non_null(quoted);
        snprintf(
            script, sizeof script,
            "PATH=/nowhere; { %s true 2>/dev/null; r=$?; }; printf '%%s\\0' \"$r\"",
            quoted);
        free(quoted);
        for (size_t k = 0; k < N_SHELLS; k++) {
            char want[1][TEXT_MAX] = {"127"}; /* not found */
            argv[0] = shells[k];
            int out = run(argv, "LC_ALL=C");
            if (out != -ENOENT)
                check_texts(out, want, 1, 1);
        }
    }
}

static void safe_words_stay_as_they_are(void **state)
{
    (void)state;
    static const char *const safe[] = {"a", "--level=9", "./x,y", "/a/b_c-d.e:f@g%1+2"};
    for (size_t i = 0; i < sizeof safe / sizeof safe[0]; i++) {
        char *quoted = tote_shell_join(&safe[i], 1);
        assert_string_equal(quoted, safe[i]);
        free(quoted);
    }
    char *none = tote_shell_join(NULL, 0);
    assert_string_equal(none, "");
    free(none);
}

/* Values stand where a shell would make something of them: behind text, before a
 * redirection, within $(...), where a command's words end. */
static void values_in_a_shell_are_values(void **state)
{
    (void)state;
    enum { GROUP = 50, GROUPS = 12 };
    static const char *const words[] = {
        "printf '%s\\0' {1}>&1; printf", "'%s\\0' \"$(printf '%s.' {in:x{1}})\"",
        "| sed -z 's/^x//; s/[.]$//'; printf '%s\\0' ''{1}\"\" # don't"};
    struct tote_template *template = NULL;
    uint64_t random = 8;
    assert_int_equal(tote_template_parse(words, 3, NULL, 1, true, &template, NULL), 0);
    for (size_t i = 0; i < GROUP * GROUPS; i++) {
        char text[1][TEXT_MAX];
        const char *columns[] = {text[0]}, *argv[4] = {NULL};
        struct tote_expanded expanded = {0};
        make_text(&random, text[0]);
        int rc = tote_template_expand(template, columns, 1, i, NULL, &expanded, NULL);
        if (rc < 0)
            continue; /* "x/" is no file */
        memcpy(argv, expanded.command.args, 3 * sizeof argv[0]);
        if (i % GROUPS == 0) /* a shell each: not all of them */
            check_texts(run(argv, "LC_ALL=C"), text, 1, 3);
        tote_expanded_finish(&expanded);
    }
    tote_template_destroy(template);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shells_read_back_what_was_quoted),
        cmocka_unit_test(a_first_word_is_a_name),
        cmocka_unit_test(safe_words_stay_as_they_are),
        cmocka_unit_test(values_in_a_shell_are_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
