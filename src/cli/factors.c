/* SPDX-License-Identifier: MIT */
/* factors.c: see factors.h. */
#include "cli/factors.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tote/kernel.h"
#include "tote/limits.h"

static const struct {
    const char *name;
    size_t offset; /* of its text */
} factors[] = {
    {"kernel", offsetof(struct tote_settings, varied.kernel)},
    {"size", offsetof(struct tote_settings, varied.size)},
    {"tasks", offsetof(struct tote_settings, varied.tasks)},
    {"workers", offsetof(struct tote_settings, varied.workers)},
    {"batch", offsetof(struct tote_settings, varied.batch)},
};
enum { FACTORS = sizeof factors / sizeof factors[0] };

/* --- the command line --- */

/* -1: there is none of that name. */
static int find_factor(const char *name, size_t n)
{
    for (int i = 0; i < FACTORS; i++)
        if (strlen(factors[i].name) == n && strncmp(factors[i].name, name, n) == 0)
            return i;
    return -1;
}

static int take_one(struct tote_settings *settings, const char *text,
                    bool was_given[static FACTORS], struct tote_error *err)
{
    size_t n = strcspn(text, "=");
    int i = find_factor(text, n);
    if (i < 0 || !text[n])
        return tote_error_set(err, -EINVAL,
                              "--vary %.60s: say NAME=LEVELS, where NAME is tasks, "
                              "size, workers, batch or kernel",
                              text);
    if (was_given[i])
        return tote_error_set(err, -EINVAL, "--vary %s is given twice",
                              factors[i].name);
    was_given[i] = true;
    if (strlen(text + n + 1) >= TOTE_OPTION_TEXT_MAX)
        return tote_error_set(err, -EINVAL, "--vary %s: its levels are too long",
                              factors[i].name);
    snprintf((char *)settings + factors[i].offset, TOTE_OPTION_TEXT_MAX, "%s",
             text + n + 1);
    if (!text[n + 1])
        return tote_error_set(err, -EINVAL, "--vary %s: a level is empty",
                              factors[i].name);
    return 0;
}

int tote_factors_take(struct tote_settings *settings, const struct tote_args *args,
                      struct tote_error *err)
{
    bool was_given[FACTORS] = {false};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < args->n_options; i++)
        if (strcmp(args->options[i].name, "vary") == 0)
            rc = take_one(settings, args->options[i].value, was_given, err);
    return rc;
}

/* --- reading --- */

static int parse_levels(const char *name, const char *text, uint64_t least,
                        uint64_t most, const char *word, struct tote_levels *ret,
                        struct tote_error *err)
{
    return text[0] ? tote_levels_parse(name, text, least, most, word, ret, err) : 0;
}

static int parse_kernels(const char *text, struct tote_engine_list *ret,
                         struct tote_error *err)
{
    int rc = text[0] ? tote_engine_list_split(text, ret, err) : 0;
    for (size_t i = 0; rc == 0 && i < ret->n; i++)
        for (size_t k = 0; rc == 0 && k < i; k++)
            if (strcmp(ret->texts[i], ret->texts[k]) == 0)
                rc = tote_error_set(err, -EINVAL,
                                    "--vary kernel: level %.200s is there twice",
                                    ret->texts[i]);
    return rc;
}

int tote_factors_parse(const struct tote_settings *s, struct tote_factors *ret_factors,
                       struct tote_error *err)
{
    memset(ret_factors, 0, sizeof *ret_factors);
    int rc = parse_kernels(s->varied.kernel, &ret_factors->kernels, err);
    if (rc == 0)
        rc = parse_levels("size", s->varied.size, 0, TOTE_KERNEL_SIZE_MAX, NULL,
                          &ret_factors->size, err);
    if (rc == 0)
        rc = parse_levels("tasks", s->varied.tasks, 0, TOTE_BAG_MAX, NULL,
                          &ret_factors->tasks, err);
    if (rc == 0)
        rc = parse_levels("workers", s->varied.workers, 1, TOTE_WORKERS_MAX, NULL,
                          &ret_factors->workers, err);
    if (rc == 0)
        rc = parse_levels("batch", s->varied.batch, 1, TOTE_BATCH_MAX, "auto",
                          &ret_factors->batch, err);
    return rc;
}

int tote_factors_check(const struct tote_settings *settings, struct tote_error *err)
{
    struct tote_factors *parsed = malloc(sizeof *parsed);
    int rc = parsed ? tote_factors_parse(settings, parsed, err)
                    : tote_error_set(err, -ENOMEM, "out of memory for the factors");
    free(parsed);
    return rc;
}
