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

/* Joins a further option to the engine before it: the first comes after a colon. */
static int join(char *into, const char *piece, size_t n, struct tote_error *err)
{
    size_t used = strlen(into);
    int put = snprintf(into + used, TOTE_OPTION_TEXT_MAX - used, "%c%.*s",
                       strchr(into, ':') ? ',' : ':', (int)n, piece);
    if (put < 0 || (size_t)put >= TOTE_OPTION_TEXT_MAX - used)
        return tote_error_set(err, -EINVAL, "the options of engine '%.40s...' are too long",
                              into);
    return 0;
}

int tote_engine_list_split(const char *text, struct tote_engine_list *ret_list,
                           struct tote_error *err)
{
    ret_list->n = 0;
    for (const char *at = text;; at++) {
        size_t n = strcspn(at, ",");
        if (n == 0)
            return tote_error_set(err, -EINVAL, "the list of engines '%s' has an empty entry",
                                  text);
        if (is_option(at, n) && ret_list->n > 0) {
            int rc = join(ret_list->texts[ret_list->n - 1], at, n, err);
            if (rc < 0)
                return rc;
        } else if (ret_list->n == TOTE_CELLS_MAX) {
            return tote_error_set(err, -EINVAL, "more than %d engines", TOTE_CELLS_MAX);
        } else {
            snprintf(ret_list->texts[ret_list->n++], TOTE_OPTION_TEXT_MAX, "%.*s", (int)n,
                     at);
        }
        at += n;
        if (!*at)
            return 0;
    }
}
