/* SPDX-License-Identifier: MIT */
/* quoted.c: see quoted.h. */
#include "report/quoted.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"

#define ELLIPSIS "..."

/* Letters of other scripts are; braces are as long as no shell expands them. */
static bool is_bare(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_-./:=,+@%{}";
    if (!word[0])
        return false;
    for (const char *at = word; *at; at++) {
        if (!((unsigned char)*at & 0x80) && !strchr(plain, *at))
            return false;
    }
    return !strchr(word, '{') || (!strchr(word, ',') && !strstr(word, ".."));
}

static void cut(char *text, size_t most)
{
    if (strlen(text) <= most || most < sizeof ELLIPSIS)
        return;
    size_t n = most - (sizeof ELLIPSIS - 1);
    while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--;
    memcpy(text + n, ELLIPSIS, sizeof ELLIPSIS);
}

char *tote_quoted_words(char *const *words, size_t n, size_t most)
{
    char *text = tote_quote_join((const char *const *)words, n, is_bare);
    if (text)
        cut(text, most);
    return text;
}

char *tote_quoted_path(const char *path)
{
    char *word;
    if (asprintf(&word, "%s%s", path[0] == '-' ? "./" : "", path) < 0)
        return NULL;
    char *text = tote_quoted_words(&word, 1, SIZE_MAX);
    free(word);
    return text;
}
