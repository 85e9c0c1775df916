/* SPDX-License-Identifier: MIT */
/* quote.c: texts as sh, dash and bash read them back unchanged (template.h, quote.h).
 */
#include "items/quote.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "items/template.h"

/* A word of a shell's grammar where a command is expected. */
static const char *const reserved[] = {
    "case",     "coproc", "do", "done",   "elif", "else", "esac",  "fi",    "for",
    "function", "if",     "in", "select", "then", "time", "until", "while",
};

static bool is_safe_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("_-+./:,@%", c));
}

/* '=' makes an assignment of a word that begins with a name. */
static bool is_safe(const char *text)
{
    bool begins_name = *text != '-' && *text != '/' && *text != '.';
    const char *c = text;
    while (is_safe_byte(*c) || (*c == '=' && !begins_name))
        c++;
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (!strcmp(text, reserved[i]))
            return false;
    return *text && !*c;
}

size_t tote_shell_enclose(const char *text, size_t n, char *into)
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

/* Room for one text, its terminator or blank included. */
static size_t bound_of(const char *text)
{
    return TOTE_QUOTED_MAX(strlen(text)) + 1;
}

static size_t write_quoted(const char *text, char *into)
{
    size_t n = strlen(text);
    if (!is_safe(text))
        return tote_shell_enclose(text, n, into);
    memcpy(into, text, n);
    return n;
}

char *tote_shell_join(const char *const *args, size_t n)
{
    size_t bound = 1, used = 0;
    for (size_t i = 0; i < n; i++)
        bound += bound_of(args[i]);
    char *all = malloc(bound);
    if (!all)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            all[used++] = ' ';
        used += write_quoted(args[i], all + used);
    }
    all[used++] = '\0';
    char *fits = realloc(all, used);
    return fits ? fits : all;
}
