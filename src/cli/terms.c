/* SPDX-License-Identifier: MIT */
/* terms.c: see terms.h. Numbers are read by option tables, as all numbers are. */
#include "cli/terms.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tote/option.h"

struct numbers {
    uint64_t count;
    double percent, seconds;
};

static const struct tote_option table[] = {
    {.name = "count",
     .type = TOTE_OPTION_UINT,
     .offset = offsetof(struct numbers, count),
     .min = 1,
     .max = 0x1p53},
    {.name = "percent",
     .type = TOTE_OPTION_DOUBLE,
     .offset = offsetof(struct numbers, percent),
     .min = 1e-9,
     .max = 100},
    {.name = "timeout-percent",
     .type = TOTE_OPTION_DOUBLE,
     .offset = offsetof(struct numbers, percent),
     .min = 1,
     .max = 1e6},
    {.name = "runs",
     .type = TOTE_OPTION_UINT,
     .offset = offsetof(struct numbers, count),
     .min = 1,
     .max = 1000},
    {.name = "timeout",
     .type = TOTE_OPTION_SECONDS,
     .offset = offsetof(struct numbers, seconds),
     .min = 0.001,
     .max = 31536000},
};

enum { TEXT_MAX = 64 };

/* Text without the percent sign at its end, if it has one. */
static bool cut_percent(const char *text, char into[static TEXT_MAX])
{
    size_t n = strlen(text);
    bool is_percent = n > 0 && n < TEXT_MAX && text[n - 1] == '%';
    snprintf(into, TEXT_MAX, "%.*s",
             (int)(n < TEXT_MAX ? n - is_percent : TEXT_MAX - 1), text);
    return is_percent;
}

static int read_number(const char *name, const char *text, struct numbers *numbers)
{
    return tote_options_set(table, sizeof table / sizeof table[0], name, text, numbers,
                            NULL);
}

/* Takes `word` off the start of *text. */
static bool take(const char **text, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(*text, word, n) != 0)
        return false;
    *text += n;
    return true;
}

static bool parse_what(const char *at, struct tote_halt *halt)
{
    struct numbers numbers = {0};
    char number[TEXT_MAX];
    if (take(&at, "fail="))
        halt->what = TOTE_HALT_FAIL;
    else if (take(&at, "success="))
        halt->what = TOTE_HALT_SUCCESS;
    else if (take(&at, "done="))
        halt->what = TOTE_HALT_DONE;
    else
        return false;
    bool is_percent = cut_percent(at, number);
    if (read_number(is_percent ? "percent" : "count", number, &numbers) < 0)
        return false;
    halt->count = numbers.count;
    halt->percent = numbers.percent;
    return true;
}

int tote_halt_parse(const char *text, struct tote_halt *ret_halt,
                    struct tote_error *err)
{
    struct tote_halt halt = {.when = TOTE_HALT_NEVER};
    const char *at = text;
    bool is_good = strcmp(text, "never") == 0;
    if (take(&at, "now,"))
        halt.when = TOTE_HALT_NOW;
    else if (take(&at, "soon,"))
        halt.when = TOTE_HALT_SOON;
    if (halt.when != TOTE_HALT_NEVER)
        is_good = parse_what(at, &halt);
    if (!is_good)
        return tote_error_set(err, -EINVAL,
                              "option 'halt' takes never, or now or soon with fail=, "
                              "success= or done= and a number or a share, such as "
                              "soon,fail=10%%, not '%.60s'",
                              text);
    *ret_halt = halt;
    return 0;
}

int tote_timeout_parse(const char *text, tote_ns_t *ret_ns, double *ret_percent,
                       struct tote_error *err)
{
    struct numbers numbers = {0};
    char number[TEXT_MAX];
    bool is_percent = cut_percent(text, number);
    if (text[0] &&
        read_number(is_percent ? "timeout-percent" : "timeout", number, &numbers) < 0)
        return tote_error_set(
            err, -EINVAL,
            "option 'timeout' takes a time such as 30s, or a share of "
            "the median of what is done such as 200%%, not '%.60s'",
            text);
    *ret_ns = (tote_ns_t)(numbers.seconds * (double)TOTE_NS_PER_S);
    *ret_percent = numbers.percent;
    return 0;
}

/* --- experiments --- */

int tote_runs_parse(const char *text, uint32_t *ret_least, uint32_t *ret_most,
                    struct tote_error *err)
{
    struct numbers least, most;
    char head[TEXT_MAX];
    const char *dots = strstr(text, "..");
    size_t n = dots ? (size_t)(dots - text) : strlen(text);
    snprintf(head, sizeof head, "%.*s", (int)(n < TEXT_MAX ? n : TEXT_MAX - 1), text);
    if (read_number("runs", head, &least) < 0 ||
        read_number("runs", dots ? dots + 2 : head, &most) < 0 ||
        least.count > most.count)
        return tote_error_set(err, -EINVAL,
                              "option 'runs' must be MIN..MAX or a number, from 1 to "
                              "1000, not '%.60s'",
                              text);
    *ret_least = (uint32_t)least.count;
    *ret_most = (uint32_t)most.count;
    return 0;
}

int tote_precision_parse(const char *text, double *ret_part, struct tote_error *err)
{
    struct numbers numbers = {0};
    char number[TEXT_MAX];
    if (strcmp(text, "none") != 0 &&
        (!cut_percent(text, number) || read_number("percent", number, &numbers) < 0))
        return tote_error_set(err, -EINVAL,
                              "option 'precision' must be a percentage up to 100%%, as "
                              "5%%, or none, not '%.60s'",
                              text);
    *ret_part = numbers.percent / 100;
    return 0;
}
