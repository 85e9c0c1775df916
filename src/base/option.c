/* SPDX-License-Identifier: MIT */
/* option.c: parses option texts by their table (option.h). Texts come from users and
 * from the wire, so everything is measured and nothing is trusted but the table itself.
 */
#include "tote/option.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SHOWN_MAX = 48,  /* bytes of a user's text that a sentence shows */
    WORD_MAX = 64,   /* bytes of a name that is worth comparing */
    NUMBER_MAX = 64, /* bytes of a number */
};

/* A piece of a longer text. */
struct piece {
    const char *at;
    size_t n;
};

static struct piece piece_of(const char *text)
{
    return (struct piece){text, strlen(text)};
}

static bool piece_is(struct piece piece, const char *text)
{
    return strlen(text) == piece.n && !memcmp(piece.at, text, piece.n);
}

/* What a sentence may show of a user's text: short, one line, plain ASCII (it may end
 * in a JSON document). */
struct shown {
    char text[SHOWN_MAX + 4];
};

static struct shown shown_of(struct piece piece)
{
    struct shown shown = {{0}};
    size_t n = piece.n < SHOWN_MAX ? piece.n : SHOWN_MAX;
    for (size_t i = 0; i < n; i++) {
        char c = piece.at[i];
        shown.text[i] = c >= ' ' && c <= '~' ? c : '?';
    }
    if (piece.n > n)
        memcpy(shown.text + n, "...", 4);
    return shown;
}

/* --- names --- */

/* Optimal string alignment: insert, remove, replace, swap of neighbours. Three rows of
 * the matrix are enough. */
static size_t edit_distance(struct piece a, struct piece b)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.n; j++)
        above[j] = before[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            bool same = a.at[i - 1] == b.at[j - 1];
            size_t least = above[j - 1] + !same;
            least = above[j] + 1 < least ? above[j] + 1 : least;
            least = row[j - 1] + 1 < least ? row[j - 1] + 1 : least;
            if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] &&
                a.at[i - 2] == b.at[j - 1] && before[j - 2] + 1 < least)
                least = before[j - 2] + 1;
            row[j] = least;
        }
        size_t *free_row = before;
        before = above;
        above = row;
        row = free_row;
    }
    return above[b.n];
}

static const char *suggest(struct piece word, const char *const *candidates)
{
    const char *best = NULL;
    size_t least = word.n / 3 + 1;
    if (word.n > WORD_MAX)
        return NULL;
    for (size_t i = 0; candidates[i]; i++) {
        struct piece candidate = piece_of(candidates[i]);
        if (candidate.n > WORD_MAX)
            continue;
        size_t distance = edit_distance(word, candidate);
        if (distance < least) {
            least = distance;
            best = candidates[i];
        }
    }
    return best;
}

const char *tote_option_suggest(const char *word, const char *const *candidates)
{
    return suggest(piece_of(word), candidates);
}

/* Joins names as far as they fit. */
static void join(const char *const *names, const char *between, char *into, size_t size)
{
    size_t used = 0;
    into[0] = '\0';
    for (size_t i = 0; names[i] && used < size; i++) {
        int n = snprintf(into + used, size - used, "%s%s", i ? between : "", names[i]);
        used += n < 0 ? size : (size_t)n;
    }
}

static int fail_unknown(const struct tote_option *table, size_t n, struct piece name,
                        struct tote_error *err)
{
    const char *names[TOTE_OPTION_TABLE_MAX + 1] = {0};
    for (size_t i = 0; i < n && i < TOTE_OPTION_TABLE_MAX; i++)
        names[i] = table[i].name;
    struct shown shown = shown_of(name);
    const char *near = suggest(name, names);
    if (near)
        return tote_error_set(err, -EINVAL, "unknown option '%s'; did you mean '%s'?",
                              shown.text, near);
    if (n == 0)
        return tote_error_set(err, -EINVAL, "unknown option '%s'; there are no options",
                              shown.text);
    char list[TOTE_ERROR_MAX / 2];
    join(names, ", ", list, sizeof list);
    return tote_error_set(err, -EINVAL, "unknown option '%s'; the options are: %s",
                          shown.text, list);
}

/* --- values --- */

static bool has_none(const struct tote_option *option)
{
    return option->type == TOTE_OPTION_UINT && option->fallback &&
           !strcmp(option->fallback, "none");
}

static uint64_t uint_bound(double bound)
{
    return bound >= 0x1p63 ? INT64_MAX : (uint64_t)bound;
}

static uint64_t uint_most(const struct tote_option *option)
{
    if (option->max != 0)
        return uint_bound(option->max);
    return has_none(option) ? UINT64_MAX - 1 : UINT64_MAX;
}

static double double_most(const struct tote_option *option)
{
    return option->max != 0 ? option->max : DBL_MAX;
}

/* Every refusal of a number names the option and its range. */
static int fail_uint(const struct tote_option *option, struct piece value,
                     struct tote_error *err)
{
    return tote_error_set(
        err, -EINVAL, "option '%s' takes a whole number from %llu to %llu%s, not '%s'",
        option->name, (unsigned long long)uint_bound(option->min),
        (unsigned long long)uint_most(option), has_none(option) ? ", or none" : "",
        shown_of(value).text);
}

static int fail_double(const struct tote_option *option, struct piece value,
                       struct tote_error *err)
{
    const char *what = option->type == TOTE_OPTION_SECONDS
                           ? "a time such as 250ms, 60s, 2m or 1h"
                           : "a number";
    if (option->max != 0)
        return tote_error_set(err, -EINVAL,
                              "option '%s' takes %s from %.15g to %.15g%s, not '%s'",
                              option->name, what, option->min, option->max,
                              option->type == TOTE_OPTION_SECONDS ? " seconds" : "",
                              shown_of(value).text);
    if (option->min > -DBL_MAX)
        return tote_error_set(err, -EINVAL,
                              "option '%s' takes %s, %.15g or more, not '%s'",
                              option->name, what, option->min, shown_of(value).text);
    return tote_error_set(err, -EINVAL, "option '%s' takes %s, not '%s'", option->name,
                          what, shown_of(value).text);
}

/* The digits of a whole number; -EINVAL if there are none, others, or too many. */
static int read_uint(struct piece text, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (size_t i = 0; i < text.n; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return -EINVAL;
        uint64_t digit = (uint64_t)(text.at[i] - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return -EINVAL;
        number = number * 10 + digit;
    }
    *ret_number = number;
    return text.n == 0 ? -EINVAL : 0;
}

static int parse_uint(const struct tote_option *option, struct piece value,
                      uint64_t *ret_number, struct tote_error *err)
{
    if (has_none(option) && piece_is(value, "none")) {
        *ret_number = TOTE_OPTION_NONE;
        return 0;
    }
    uint64_t number;
    if (read_uint(value, &number) < 0 || number < uint_bound(option->min) ||
        number > uint_most(option))
        return fail_uint(option, value, err);
    *ret_number = number;
    return 0;
}

/* Bits to shift by for the unit at the end of a size; 0: there is none. */
static unsigned size_shift(struct piece value)
{
    static const char units[] = "KMGT";
    const char *unit = value.n > 0 ? memchr(units, value.at[value.n - 1], 4) : NULL;
    return unit ? (unsigned)(unit - units + 1) * 10 : 0;
}

static int parse_size(const struct tote_option *option, struct piece value,
                      uint64_t *ret_bytes, struct tote_error *err)
{
    unsigned shift = size_shift(value);
    uint64_t number;
    int rc = read_uint((struct piece){value.at, value.n - (shift > 0)}, &number);
    if (rc < 0 || number > UINT64_MAX >> shift ||
        number << shift < uint_bound(option->min) ||
        number << shift > uint_most(option))
        return tote_error_set(
            err, -EINVAL,
            "option '%s' takes a size such as 4096, 512K or 20M, from %llu to %llu "
            "bytes, not '%s'",
            option->name, (unsigned long long)uint_bound(option->min),
            (unsigned long long)uint_most(option), shown_of(value).text);
    *ret_bytes = number << shift;
    return 0;
}

static size_t count_digits(struct piece text, size_t from)
{
    size_t n = 0;
    while (from + n < text.n && text.at[from + n] >= '0' && text.at[from + n] <= '9')
        n++;
    return n;
}

/* Bytes of the decimal number at the start of text, 0 if there is none: what strtod
 * reads, without its blanks, plus signs, hexadecimals, infinities and NaNs. */
static size_t measure_decimal(struct piece text)
{
    size_t at = text.n > 0 && text.at[0] == '-';
    size_t n = count_digits(text, at);
    if (n == 0)
        return 0;
    at += n;
    if (at < text.n && text.at[at] == '.') {
        n = count_digits(text, at + 1);
        if (n == 0)
            return 0;
        at += 1 + n;
    }
    if (at < text.n && (text.at[at] == 'e' || text.at[at] == 'E')) {
        size_t sign =
            at + 1 < text.n && (text.at[at + 1] == '-' || text.at[at + 1] == '+');
        n = count_digits(text, at + 1 + sign);
        if (n == 0)
            return 0;
        at += 1 + sign + n;
    }
    return at;
}

/* A measured decimal in the C locale, whatever the program has set. NaN if it is too
 * long or there is no memory. */
static double read_decimal(struct piece text)
{
    char copy[NUMBER_MAX];
    if (text.n == 0 || text.n >= sizeof copy)
        return NAN;
    memcpy(copy, text.at, text.n);
    copy[text.n] = '\0';
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (plain == (locale_t)0)
        return NAN;
    double number = strtod_l(copy, NULL, plain);
    freelocale(plain);
    return number;
}

/* Seconds of a unit; 0 for no unit of ours. */
static double unit_of(struct piece unit)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"", 1}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (piece_is(unit, units[i].name))
            return units[i].seconds;
    return 0;
}

static int parse_double(const struct tote_option *option, struct piece value,
                        double *ret_number, struct tote_error *err)
{
    size_t n = measure_decimal(value);
    double unit = n == value.n;
    if (option->type == TOTE_OPTION_SECONDS)
        unit = unit_of((struct piece){value.at + n, value.n - n});
    double number = read_decimal((struct piece){value.at, n}) * unit;
    if (unit == 0 || !isfinite(number) || number < option->min ||
        number > double_most(option))
        return fail_double(option, value, err);
    *ret_number = number;
    return 0;
}

static int parse_choice(const struct tote_option *option, struct piece value,
                        int *ret_choice, struct tote_error *err)
{
    for (int i = 0; option->choices[i]; i++) {
        if (piece_is(value, option->choices[i])) {
            *ret_choice = i;
            return 0;
        }
    }
    char list[TOTE_ERROR_MAX / 2];
    join(option->choices, ", ", list, sizeof list);
    return tote_error_set(err, -EINVAL, "option '%s' takes one of %s, not '%s'",
                          option->name, list, shown_of(value).text);
}

static int parse_bool(const struct tote_option *option, struct piece value,
                      bool *ret_yes, struct tote_error *err)
{
    if (!piece_is(value, "yes") && !piece_is(value, "no"))
        return tote_error_set(err, -EINVAL, "option '%s' takes yes or no, not '%s'",
                              option->name, shown_of(value).text);
    *ret_yes = piece_is(value, "yes");
    return 0;
}

static int parse_text(const struct tote_option *option, struct piece value, char *into,
                      struct tote_error *err)
{
    if (value.n >= TOTE_OPTION_TEXT_MAX)
        return tote_error_set(err, -EINVAL,
                              "option '%s' takes at most %d bytes, not %zu",
                              option->name, TOTE_OPTION_TEXT_MAX - 1, value.n);
    memcpy(into, value.at, value.n);
    into[value.n] = '\0';
    return 0;
}

static int parse_value(const struct tote_option *option, struct piece value, void *into,
                       struct tote_error *err)
{
    void *field = (char *)into + option->offset;
    switch (option->type) {
    case TOTE_OPTION_UINT:
        return parse_uint(option, value, field, err);
    case TOTE_OPTION_DOUBLE:
    case TOTE_OPTION_SECONDS:
        return parse_double(option, value, field, err);
    case TOTE_OPTION_BOOL:
        return parse_bool(option, value, field, err);
    case TOTE_OPTION_CHOICE:
        return parse_choice(option, value, field, err);
    case TOTE_OPTION_TEXT:
        return parse_text(option, value, field, err);
    case TOTE_OPTION_SIZE:
        return parse_size(option, value, field, err);
    }
    return tote_error_set(err, -EINVAL, "option '%s' has no known type", option->name);
}

static void clear_value(const struct tote_option *option, void *into)
{
    void *field = (char *)into + option->offset;
    switch (option->type) {
    case TOTE_OPTION_UINT:
    case TOTE_OPTION_SIZE:
        *(uint64_t *)field = 0;
        break;
    case TOTE_OPTION_DOUBLE:
    case TOTE_OPTION_SECONDS:
        *(double *)field = NAN;
        break;
    case TOTE_OPTION_BOOL:
        *(bool *)field = false;
        break;
    case TOTE_OPTION_CHOICE:
        *(int *)field = 0;
        break;
    case TOTE_OPTION_TEXT:
        *(char *)field = '\0';
        break;
    }
}

/* --- tables --- */

/* The row of that name, or n. */
static size_t find_row(const struct tote_option *table, size_t n, struct piece name)
{
    size_t i = 0;
    while (i < n && !piece_is(name, table[i].name))
        i++;
    return i;
}

int tote_options_defaults(const struct tote_option *table, size_t n, void *into,
                          struct tote_error *err)
{
    for (size_t i = 0; i < n; i++) {
        clear_value(&table[i], into);
        if (!table[i].fallback)
            continue;
        int failed = parse_value(&table[i], piece_of(table[i].fallback), into, err);
        if (failed)
            return failed;
    }
    return 0;
}

int tote_options_set(const struct tote_option *table, size_t n, const char *name,
                     const char *value, void *into, struct tote_error *err)
{
    size_t row = find_row(table, n, piece_of(name));
    if (row == n)
        return fail_unknown(table, n, piece_of(name), err);
    return parse_value(&table[row], piece_of(value), into, err);
}

/* One "name=value"; seen has a flag per row. */
static int parse_item(const struct tote_option *table, size_t n, struct piece item,
                      bool *seen, void *into, struct tote_error *err)
{
    const char *equals = memchr(item.at, '=', item.n);
    struct piece name = {item.at, equals ? (size_t)(equals - item.at) : item.n};
    if (name.n == 0)
        return tote_error_set(err, -EINVAL,
                              "'%s' is not an option; write NAME=VALUE,NAME=VALUE",
                              shown_of(item).text);
    size_t row = find_row(table, n, name);
    if (row == n)
        return fail_unknown(table, n, name, err);
    if (!equals)
        return tote_error_set(err, -EINVAL, "option '%s' has no value; write %s=VALUE",
                              table[row].name, table[row].name);
    if (seen[row])
        return tote_error_set(err, -EINVAL, "option '%s' is given twice",
                              table[row].name);
    seen[row] = true;
    struct piece value = {equals + 1, item.n - name.n - 1};
    return parse_value(&table[row], value, into, err);
}

int tote_options_parse(const struct tote_option *table, size_t n, const char *spec,
                       void *into, struct tote_error *err)
{
    bool seen[TOTE_OPTION_TABLE_MAX] = {0};
    if (n > TOTE_OPTION_TABLE_MAX)
        return tote_error_set(err, -EINVAL, "an option table has more than %d rows",
                              TOTE_OPTION_TABLE_MAX);
    int failed = tote_options_defaults(table, n, into, err);
    if (failed || !spec || !spec[0])
        return failed;
    if (strlen(spec) >= TOTE_OPTION_SPEC_MAX)
        return tote_error_set(err, -EINVAL, "the options have more than %d bytes",
                              TOTE_OPTION_SPEC_MAX - 1);
    for (const char *at = spec; !failed; at++) {
        struct piece item = {at, strcspn(at, ",")};
        failed = parse_item(table, n, item, seen, into, err);
        at += item.n;
        if (!*at)
            break;
    }
    return failed;
}

int tote_options_split(const char *text, char *name, size_t name_size,
                       const char **ret_options, struct tote_error *err)
{
    size_t n = strcspn(text, ":");
    struct piece shown = {text, n};
    if (n == 0)
        return tote_error_set(err, -EINVAL,
                              "'%s' has no name; write NAME or NAME:OPTION=VALUE",
                              shown_of(piece_of(text)).text);
    if (n >= name_size)
        return tote_error_set(err, -EINVAL, "the name '%s' has more than %zu bytes",
                              shown_of(shown).text, name_size ? name_size - 1 : 0);
    memcpy(name, text, n);
    name[n] = '\0';
    *ret_options = text + n + (text[n] == ':');
    return 0;
}

void tote_option_metavar(const struct tote_option *option, char *into, size_t size)
{
    if (size == 0)
        return;
    if (option->type == TOTE_OPTION_CHOICE && !option->metavar) {
        join(option->choices, "|", into, size);
        return;
    }
    static const char *const texts[] = {
        [TOTE_OPTION_UINT] = "N",          [TOTE_OPTION_DOUBLE] = "X",
        [TOTE_OPTION_BOOL] = "yes|no",     [TOTE_OPTION_CHOICE] = "",
        [TOTE_OPTION_SECONDS] = "SECONDS", [TOTE_OPTION_TEXT] = "TEXT",
        [TOTE_OPTION_SIZE] = "SIZE",
    };
    snprintf(into, size, "%s",
             option->metavar    ? option->metavar
             : has_none(option) ? "N|none"
             : option->is_path  ? "FILE"
                                : texts[option->type]);
}
