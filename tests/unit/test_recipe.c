/* SPDX-License-Identifier: MIT */
/* test_recipe.c: the words of a bag of commands: from a command line, to a store and
 * back; and the settings that have a little grammar. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/recipe.h"
#include "cli/terms.h"

enum { WORDS_MAX = 32 };

/* Words are parted by blanks. */
static int split(const char *line, struct tote_recipe *recipe, struct tote_error *err)
{
    char text[256];
    const char *words[WORDS_MAX];
    size_t n = 0;
    snprintf(text, sizeof text, "%s", line);
    char *save = NULL;
    for (char *at = strtok_r(text, " ", &save); at; at = strtok_r(NULL, " ", &save))
        words[n++] = at;
    return tote_recipe_split(recipe, words, n, err);
}

/* "a b | x y |+ z" */
static const char *shown(const struct tote_recipe *recipe)
{
    static char text[512];
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < recipe->command.n; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s ", recipe->command.at[i]);
    for (size_t i = 0; i < recipe->n_lists; i++) {
        const struct tote_recipe_list *list = &recipe->lists[i];
        n += (size_t)snprintf(text + n, sizeof text - n, "|%s",
                              list->is_linked ? "+" : "");
        for (size_t k = 0; k < list->values.n; k++)
            n += (size_t)snprintf(text + n, sizeof text - n, " %s", list->values.at[k]);
        n += (size_t)snprintf(text + n, sizeof text - n, " ");
    }
    return text;
}

static void lines_are_split(void **state)
{
    (void)state;
    static const struct {
        const char *line, *shown;
    } rows[] = {
        {"true", "true "},
        {"cp {item} to/ ::: a b", "cp {item} to/ | a b "},
        {"x ::: 1 2 ::: 3 :::+ 4", "x | 1 2 | 3 |+ 4 "},
        {"x -- --y ::: -1", "x -- --y | -1 "},
        {"x :::", "x | "},
        {"x ::: ::: 1", "x | | 1 "},
        {"x ::::: ::", "x ::::: :: "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tote_recipe recipe = {0};
        struct tote_error err = {0};
        if (split(rows[i].line, &recipe, &err) < 0)
            fail_msg("'%s': %s", rows[i].line, err.text);
        assert_string_equal(shown(&recipe), rows[i].shown);
        tote_recipe_finish(&recipe);
    }
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *line, *part;
    } rows[] = {
        {"", "no command after --"},           {"::: a", "no command after --"},
        {"x :::+ a", "give ::: VALUES first"}, {"x :::: a", ":::: is GNU parallel's"},
        {"x ::: a ::::+ b", "-a FILE"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tote_recipe recipe = {0};
        struct tote_error err = {0};
        assert_int_equal(split(rows[i].line, &recipe, &err), -EINVAL);
        assert_non_null(strstr(err.text, rows[i].part));
        tote_recipe_finish(&recipe);
    }
}

/* A command line without lists leaves those of the bag file. */
static void a_new_line_replaces_what_it_names(void **state)
{
    (void)state;
    struct tote_recipe recipe = {0};
    assert_int_equal(split("a ::: 1 2", &recipe, NULL), 0);
    assert_int_equal(split("b", &recipe, NULL), 0);
    assert_string_equal(shown(&recipe), "b | 1 2 ");
    assert_int_equal(split("c ::: 3", &recipe, NULL), 0);
    assert_string_equal(shown(&recipe), "c | 3 ");
    const struct tote_items_list *lists = tote_recipe_lists(&recipe);
    assert_true(lists[0].n == 1 && !lists[0].is_linked);
    assert_string_equal(lists[0].values[0], "3");
    tote_recipe_finish(&recipe);
}

/* Every byte but NUL, UTF-8 or not. */
static void a_store_keeps_every_byte(void **state)
{
    (void)state;
    char all[256] = {0};
    for (int i = 1; i < 256; i++)
        all[i - 1] = (char)i;
    const char *const words[] = {"",    all, "\xc3\xa9", "a\nb", "{item}",
                                 ":::", all, "",         ":::+", "\xff\xfe"};
    struct tote_recipe recipe = {0}, back = {0};
    assert_int_equal(tote_recipe_split(&recipe, words, 10, NULL), 0);
    char *command = tote_recipe_command_text(&recipe);
    char *lists = tote_recipe_lists_text(&recipe);
    assert_true(command && lists && !strchr(command, '\n') && !strchr(lists, '\n'));
    assert_int_equal(tote_recipe_read_command(&back, command), 0);
    assert_int_equal(tote_recipe_read_lists(&back, lists), 0);
    assert_true(back.command.n == 5 && back.n_lists == 2 && back.lists[1].is_linked);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(back.command.at[i], words[i]);
    assert_string_equal(back.lists[0].values.at[0], all);
    assert_string_equal(back.lists[0].values.at[1], "");
    assert_string_equal(back.lists[1].values.at[0], "\xff\xfe");
    free(command);
    free(lists);
    tote_recipe_finish(&recipe);
    tote_recipe_finish(&back);
}

static void what_is_no_recipe_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",  "{}", "[]", "[1]", "[{\"hex\":\"zz\"}]",
                                        "[["};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct tote_recipe recipe = {0};
        assert_int_equal(tote_recipe_read_command(&recipe, texts[i]), -EBADMSG);
        if (strcmp(texts[i], "[]") != 0)
            assert_int_equal(tote_recipe_read_lists(&recipe, texts[i]), -EBADMSG);
        tote_recipe_finish(&recipe);
    }
}

static void halts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct tote_halt halt;
    } rows[] = {
        {"never", {TOTE_HALT_NEVER, TOTE_HALT_FAIL, 0, 0}},
        {"now,fail=1", {TOTE_HALT_NOW, TOTE_HALT_FAIL, 1, 0}},
        {"soon,fail=10%", {TOTE_HALT_SOON, TOTE_HALT_FAIL, 0, 10}},
        {"soon,done=0.5%", {TOTE_HALT_SOON, TOTE_HALT_DONE, 0, 0.5}},
        {"now,success=30", {TOTE_HALT_NOW, TOTE_HALT_SUCCESS, 30, 0}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tote_halt halt;
        assert_int_equal(tote_halt_parse(rows[i].text, &halt, NULL), 0);
        assert_true(halt.when == rows[i].halt.when && halt.what == rows[i].halt.what &&
                    halt.count == rows[i].halt.count &&
                    halt.percent == rows[i].halt.percent);
    }
    static const char *const wrong[] = {
        "",           "now",           "now,fail",     "now,fail=",
        "now,fail=0", "now,fail=101%", "fail=1",       "later,fail=1",
        "now,fail=%", "now,fail=-1",   "never,fail=1", "soon,fail=1 "};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct tote_halt halt;
        struct tote_error err = {0};
        if (tote_halt_parse(wrong[i], &halt, &err) != -EINVAL)
            fail_msg("'%s' is taken", wrong[i]);
        assert_non_null(strstr(err.text, "option 'halt' takes"));
    }
}

static void timeouts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        tote_ns_t ns;
        double percent;
    } rows[] = {
        {"", 0, 0},
        {"30s", 30 * TOTE_NS_PER_S, 0},
        {"250ms", 250 * TOTE_NS_PER_MS, 0},
        {"200%", 0, 200},
        {"2", 2 * TOTE_NS_PER_S, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tote_ns_t ns;
        double percent;
        assert_int_equal(tote_timeout_parse(rows[i].text, &ns, &percent, NULL), 0);
        assert_true(ns == rows[i].ns && percent == rows[i].percent);
    }
    static const char *const wrong[] = {"0", "-1s", "1d", "%", "0%", "soon", "1 s"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        tote_ns_t ns;
        double percent;
        struct tote_error err = {0};
        if (tote_timeout_parse(wrong[i], &ns, &percent, &err) != -EINVAL)
            fail_msg("'%s' is taken", wrong[i]);
        assert_non_null(strstr(err.text, "option 'timeout' takes"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_split),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_new_line_replaces_what_it_names),
        cmocka_unit_test(a_store_keeps_every_byte),
        cmocka_unit_test(what_is_no_recipe_is_refused),
        cmocka_unit_test(halts),
        cmocka_unit_test(timeouts),
    };
    return cmocka_run_group_tests_name("recipe", tests, NULL, NULL);
}
