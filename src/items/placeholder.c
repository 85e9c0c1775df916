/* SPDX-License-Identifier: MIT */
/* placeholder.c: looks up the words that stand in braces (placeholder.h). */
#include "items/placeholder.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "items/shown.h"
#include "tote/option.h"

static const char *const kinds[TOTE_PART_NAMED] = {
    [TOTE_PART_ITEM] = "item", [TOTE_PART_INDEX] = "index", [TOTE_PART_BASE] = "base",
    [TOTE_PART_STEM] = "stem", [TOTE_PART_EXT] = "ext",     [TOTE_PART_DIR] = "dir",
};

/* People come from GNU parallel, whose placeholders are signs. */
static const struct {
    const char *name, *write;
} signs[] = {
    {"", "{item}"},  {".", "{dir}/{stem}"}, {"/", "{base}"},
    {"//", "{dir}"}, {"/.", "{stem}"},      {"#", "{index}, which counts from 0"},
};

static bool is_name(const char *text, size_t n, const char *name)
{
    return strlen(name) == n && !memcmp(text, name, n);
}

enum tote_part_kind tote_placeholder_find(const char *name, size_t n)
{
    size_t kind = 0;
    while (kind < TOTE_PART_NAMED && !is_name(name, n, kinds[kind]))
        kind++;
    return (enum tote_part_kind)kind;
}

/* The column of that name or, failing that, number; or n_columns. */
static size_t find_column(const struct tote_names *names, const char *name, size_t n)
{
    for (size_t i = 0; names->columns && i < names->n_columns; i++)
        if (is_name(name, n, names->columns[i]))
            return i;
    size_t number = 0;
    for (size_t i = 0; i < n; i++) {
        if (name[i] < '0' || name[i] > '9' || (i == 0 && name[i] == '0') ||
            number > names->n_columns)
            return names->n_columns;
        number = number * 10 + (size_t)(name[i] - '0');
    }
    return number >= 1 && number <= names->n_columns ? number - 1 : names->n_columns;
}

/* --- the sentence --- */

static const char *find_sign(const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (is_name(name, n, signs[i].name))
            return signs[i].write;
    return NULL;
}

static const char *find_near(const struct tote_names *names, const char *name, size_t n)
{
    const char *known[TOTE_PART_NAMED + TOTE_COLUMNS_MAX + 1] = {0};
    char word[TOTE_SHOWN_MAX] = {0};
    size_t n_known = 0;
    if (n >= sizeof word)
        return NULL;
    memcpy(word, name, n);
    for (size_t i = 0; i < TOTE_PART_NAMED; i++)
        known[n_known++] = kinds[i];
    for (size_t i = 0; names->columns && i < names->n_columns; i++)
        known[n_known++] = names->columns[i];
    return tote_option_suggest(word, known);
}

/* The columns, as far as a sentence can hold them. */
static void list_columns(const struct tote_names *names, char *into, size_t size)
{
    size_t used = 0;
    into[0] = '\0';
    for (size_t i = 0; i < names->n_columns; i++) {
        struct tote_shown shown = {{0}};
        if (names->columns)
            shown = tote_shown_of(names->columns[i], strlen(names->columns[i]));
        else
            snprintf(shown.text, sizeof shown.text, "%zu", i + 1);
        if (used + strlen(shown.text) + sizeof " {} ..." > size) {
            snprintf(into + used, size - used, " ...");
            return;
        }
        used += (size_t)snprintf(into + used, size - used, " {%s}", shown.text);
    }
}

static int fail_unknown(const struct tote_names *names, const char *name, size_t n,
                        struct tote_error *err)
{
    char columns[TOTE_ERROR_MAX / 4], near[TOTE_SHOWN_MAX + 32] = "";
    const char *found = find_near(names, name, n);
    list_columns(names, columns, sizeof columns);
    if (found)
        snprintf(near, sizeof near, "; did you mean {%s}?",
                 tote_shown_of(found, strlen(found)).text);
    return tote_error_set(
        err, -EINVAL,
        "unknown placeholder {%s}%s%s {item} {index} {base} {stem} {ext} {dir}%s "
        "{in:PATH} {out:PATH}; a brace itself is written twice",
        tote_shown_of(name, n).text, near, found ? " There are" : "; there are",
        columns);
}

int tote_placeholder_parse(const struct tote_names *names, const char *name, size_t n,
                           struct tote_part *ret_part, struct tote_error *err)
{
    enum tote_part_kind kind = tote_placeholder_find(name, n);
    size_t column = find_column(names, name, n);
    if (kind != TOTE_PART_NAMED) {
        *ret_part = (struct tote_part){.kind = kind};
        return 0;
    }
    if (column < names->n_columns) {
        *ret_part = (struct tote_part){.kind = TOTE_PART_COLUMN, .at = column};
        return 0;
    }
    const char *write = find_sign(name, n);
    if (write)
        return tote_error_set(err, -EINVAL,
                              "{%.*s} is GNU parallel's: write %s "
                              "(a brace itself is written twice)",
                              (int)n, name, write);
    return fail_unknown(names, name, n, err);
}
