/* SPDX-License-Identifier: MIT */
/* markdown_text.c: escapes, as CommonMark and GitHub's extensions have them
 * (markdown_text.h). A backslash before any ASCII punctuation is that character. */
#include "report/markdown_text.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

/* Means something wherever it stands. */
#define ANYWHERE "\\`*_{}[]<>|~&#!^$"
/* A colon or a full stop that would make an address of what follows. */
static bool is_in_address(const char *text, const char *at)
{
    if (*at == ':')
        return at[1] == '/' && at[2] == '/';
    return *at == '.' && at - text >= 3 && strncasecmp(at - 3, "www", 3) == 0;
}

/* A list, numbered or not, or a rule under the line before. */
static bool is_at_start(const char *text, const char *at)
{
    bool is_end = at[1] == ' ' || at[1] == '\0';
    if (at == text)
        return *at == '=' || *at == '-' || *at == '+';
    return is_end && (*at == '.' || *at == ')') &&
           strspn(text, "0123456789") == (size_t)(at - text);
}

void tote_markdown_put(const char *text, FILE *out)
{
    text += strspn(text, " "); /* four of them would be code */
    for (const char *at = text; *at; at++) {
        if (strchr(ANYWHERE, *at) || is_at_start(text, at) || is_in_address(text, at))
            fputc('\\', out);
        fputc(*at, out);
        if (*at == '@') /* an address and a mention are found after all escapes */
            fputs("<!-- -->", out);
    }
}

static size_t longest_run(const char *text, char what)
{
    size_t n = 0, most = 0;
    for (; *text; text++) {
        n = *text == what ? n + 1 : 0;
        most = n > most ? n : most;
    }
    return most;
}

static void put_fence(size_t n, FILE *out)
{
    while (n-- > 0)
        fputc('`', out);
}

/* One blank on either side is taken away again, unless there is nothing but blanks. */
void tote_markdown_put_code(const char *text, FILE *out)
{
    size_t n = strlen(text), fence = longest_run(text, '`') + 1;
    if (n == 0)
        return;
    if (strstr(text, "\\|")) { /* which of the two is an escape, renderers disagree */
        tote_markdown_put(text, out);
        return;
    }
    bool is_blank = strspn(text, " ") == n;
    bool wants_room = !is_blank && (strchr("` ", text[0]) || strchr("` ", text[n - 1]));
    put_fence(fence, out);
    if (wants_room)
        fputc(' ', out);
    for (; *text; text++) {
        if (*text == '|') /* a table's cell ends there, even in code */
            fputc('\\', out);
        fputc(*text, out);
    }
    if (wants_room)
        fputc(' ', out);
    put_fence(fence, out);
}
