/* SPDX-License-Identifier: MIT */
/* quote.c: see quote.h. */
#include "base/quote.h"

#include <stdlib.h>
#include <string.h>

size_t tote_quote_enclose(const char *text, size_t n, char *into)
{
    char *to = into;
    *to++ = '\'';
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\'') {
            memcpy(to, "'\\'", 3);
            to += 3;
        }
        *to++ = text[i];
    }
    *to++ = '\'';
    return (size_t)(to - into);
}

/* Room for one word, its terminator or blank included. */
static size_t bound_of(const char *word)
{
    return TOTE_QUOTED_MAX(strlen(word)) + 1;
}

static size_t write_word(const char *word, bool is_bare, char *into)
{
    size_t n = strlen(word);
    if (!is_bare)
        return tote_quote_enclose(word, n, into);
    memcpy(into, word, n);
    return n;
}

char *tote_quote_join(const char *const *words, size_t n,
                      bool (*is_bare)(const char *word))
{
    size_t bound = 1, used = 0;
    for (size_t i = 0; i < n; i++)
        bound += bound_of(words[i]);
    char *all = malloc(bound);
    if (!all)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            all[used++] = ' ';
        used += write_word(words[i], is_bare(words[i]), all + used);
    }
    all[used++] = '\0';
    char *fits = realloc(all, used);
    return fits ? fits : all;
}
