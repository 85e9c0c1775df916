/* SPDX-License-Identifier: MIT */
/* enginelist.c: see enginelist.h. */
#include "cli/enginelist.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_option(const char *piece, size_t n)
{
    const char *equals = memchr(piece, '=', n);
    const char *colon = memchr(piece, ':', n);
    return equals && (!colon || equals < colon);
}

/* Puts a piece behind what is there. */
static int put(char *into, const char *between, const char *piece, size_t n,
               struct tote_error *err)
{
    size_t used = strlen(into);
    int written = snprintf(into + used, TOTE_OPTION_TEXT_MAX - used, "%s%.*s", between,
                           (int)n, piece);
    if (written < 0 || (size_t)written >= TOTE_OPTION_TEXT_MAX - used)
        return tote_error_set(
            err, -EINVAL, "the engine '%.40s...' with its options is too long", into);
    return 0;
}

/* Joins a further option to the engine before it: the first comes after a colon. */
static int join(char *into, const char *piece, size_t n, struct tote_error *err)
{
    return put(into, strchr(into, ':') ? "," : ":", piece, n, err);
}

static int add(struct tote_engine_list *list, const char *piece, size_t n,
               struct tote_error *err)
{
    if (list->n == TOTE_ENGINES_MAX)
        return tote_error_set(err, -EINVAL, "more than %d engines", TOTE_ENGINES_MAX);
    char *text = list->texts[list->n++];
    text[0] = '\0';
    return put(text, "", piece, n, err);
}

int tote_engine_list_split(const char *text, struct tote_engine_list *ret_list,
                           struct tote_error *err)
{
    ret_list->n = 0;
    for (const char *at = text;; at++) {
        size_t n = strcspn(at, ",");
        if (n == 0)
            return tote_error_set(err, -EINVAL,
                                  "the list of engines '%s' has an empty entry", text);
        int rc = is_option(at, n) && ret_list->n > 0
                     ? join(ret_list->texts[ret_list->n - 1], at, n, err)
                     : add(ret_list, at, n, err);
        if (rc < 0)
            return rc;
        at += n;
        if (!*at)
            return 0;
    }
}
