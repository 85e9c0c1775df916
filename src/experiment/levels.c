/* SPDX-License-Identifier: MIT */
/* levels.c: see levels.h. */
#include "experiment/levels.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

struct reader {
    const char *name, *word;
    const char *entry; /* what is being read, of n bytes */
    size_t n;
    uint64_t least, most;
    struct tote_levels *levels;
    struct tote_error *err;
};

static int refuse(const struct reader *reader, const char *why)
{
    return tote_error_set(reader->err, -EINVAL, "--vary %s: '%.*s' %s", reader->name,
                          (int)(reader->n < 60 ? reader->n : 60), reader->entry, why);
}

static int add(struct reader *reader, uint64_t level)
{
    struct tote_levels *levels = reader->levels;
    for (size_t i = 0; i < levels->n; i++) {
        if (levels->at[i] == level)
            return tote_error_set(reader->err, -EINVAL,
                                  "--vary %s: level %" PRIu64 " is there twice",
                                  reader->name, level);
    }
    if (levels->n == TOTE_LEVELS_MAX)
        return tote_error_set(reader->err, -EINVAL,
                              "--vary %s: more than %d levels: take larger steps",
                              reader->name, TOTE_LEVELS_MAX);
    levels->at[levels->n++] = level;
    return 0;
}

/* The digits at *at, and on behind them; false: none, or a number beyond all bounds. */
static bool read_number(const char **at, const char *end, uint64_t *ret_number)
{
    uint64_t number = 0;
    const char *from = *at;
    for (; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        uint64_t digit = (uint64_t)(**at - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return false;
        number = 10 * number + digit;
    }
    *ret_number = number;
    return *at > from;
}

static int check_bounds(const struct reader *reader, uint64_t level)
{
    if (level >= reader->least && level <= reader->most)
        return 0;
    return tote_error_set(reader->err, -EINVAL,
                          "--vary %s: level %" PRIu64 " is not within %" PRIu64
                          " to %" PRIu64,
                          reader->name, level, reader->least, reader->most);
}

/* The level after this one; 0: there is none, as it would be above `to`. */
static uint64_t next_level(uint64_t level, uint64_t to, char sign, uint64_t by)
{
    bool is_last = sign == '+' ? by > to - level : level > to / by;
    return is_last ? 0 : sign == '+' ? level + by : level * by;
}

static int add_range(struct reader *reader, uint64_t from, uint64_t to, char sign,
                     uint64_t by)
{
    int rc = check_bounds(reader, from);
    if (rc == 0)
        rc = check_bounds(reader, to);
    for (uint64_t level = from; rc == 0;) {
        rc = add(reader, level);
        level = next_level(level, to, sign, by);
        if (level == 0)
            break;
    }
    return rc;
}

/* What follows the first number of a range. */
static int read_range(struct reader *reader, const char *at, uint64_t from)
{
    const char *end = reader->entry + reader->n;
    uint64_t to, by;
    at += 2;
    if (!read_number(&at, end, &to))
        return refuse(reader, "is no range: A..B+STEP or A..B*FACTOR");
    char sign = '\0';
    if (at < end)
        sign = *at++;
    if ((sign != '+' && sign != '*') || !read_number(&at, end, &by) || at != end)
        return refuse(reader, "does not say how it rises: A..B+STEP or A..B*FACTOR, in "
                              "whole numbers");
    if (from > to)
        return refuse(reader, "is an empty range: it goes down");
    if (sign == '+' && by == 0)
        return refuse(reader, "never comes to its end: its step is 0");
    if (sign == '*' && (by < 2 || from == 0))
        return refuse(reader, from == 0 ? "never comes to its end: 0 times all is 0"
                                        : "never comes to its end: its factor is not "
                                          "2 or more");
    return add_range(reader, from, to, sign, by);
}

static int read_entry(struct reader *reader)
{
    const char *at = reader->entry, *end = at + reader->n;
    uint64_t number;
    if (reader->n == 0)
        return tote_error_set(reader->err, -EINVAL, "--vary %s: a level is empty",
                              reader->name);
    if (reader->word && strlen(reader->word) == reader->n &&
        strncmp(at, reader->word, reader->n) == 0)
        return add(reader, 0);
    bool is_digit = *at >= '0' && *at <= '9';
    if (!read_number(&at, end, &number))
        return refuse(reader, is_digit ? "is too large" : "is no whole number");
    if (at == end) {
        int rc = check_bounds(reader, number);
        return rc < 0 ? rc : add(reader, number);
    }
    if (end - at < 2 || at[0] != '.' || at[1] != '.')
        return refuse(reader, "is no whole number, nor a range");
    return read_range(reader, at, number);
}

int tote_levels_parse(const char *name, const char *text, uint64_t least, uint64_t most,
                      const char *word, struct tote_levels *ret_levels,
                      struct tote_error *err)
{
    struct tote_levels levels = {.n = 0};
    struct reader reader = {
        .name = name,
        .word = word,
        .least = least,
        .most = most,
        .levels = &levels,
        .err = err,
    };
    int rc = 0;
    for (const char *at = text; rc == 0; at += reader.n + 1) {
        reader.entry = at;
        reader.n = strcspn(at, ",");
        rc = read_entry(&reader);
        if (!at[reader.n])
            break;
    }
    if (rc == 0)
        *ret_levels = levels;
    return rc;
}
