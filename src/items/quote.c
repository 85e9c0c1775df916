/* SPDX-License-Identifier: MIT */
/* quote.c: commands as sh, dash and bash read them back unchanged (template.h): which
 * words may stand bare where a command begins. */
#include <stdbool.h>
#include <string.h>

#include "base/quote.h"
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

char *tote_shell_join(const char *const *args, size_t n)
{
    return tote_quote_join(args, n, is_safe);
}
