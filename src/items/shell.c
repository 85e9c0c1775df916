/* SPDX-License-Identifier: MIT */
/* shell.c: knows quotes when it sees them (shell.h). */
#include "items/shell.h"

static char end_of(const struct tote_shell *shell)
{
    return shell->depth ? shell->open[shell->depth - 1] : '\0';
}

static void push(struct tote_shell *shell, char end)
{
    if (shell->depth < TOTE_SHELL_DEPTH)
        shell->open[shell->depth++] = end;
}

static bool is_comment(const struct tote_shell *shell)
{
    return end_of(shell) == '\n';
}

static bool opens_comment(char byte, char last)
{
    return byte == '#' && (last == ' ' || last == '\t' || last == '\n' || last == ';' ||
                           last == '&' || last == '|' || last == '(' || last == ')');
}

/* The end of the level that byte opens, or '\0'. */
static char opening(const struct tote_shell *shell, char byte)
{
    bool in_double = end_of(shell) == '"';
    if (byte == '(')
        return !in_double || shell->last == '$' ? ')' : '\0';
    if (byte == '`' || byte == '"')
        return byte;
    if (in_double)
        return '\0';
    if (opens_comment(byte, shell->last))
        return '\n';
    return byte == '\'' ? byte : '\0';
}

void tote_shell_feed(struct tote_shell *shell, char byte)
{
    char end = end_of(shell);
    bool is_plain = end == '\'' || is_comment(shell);
    if (shell->last == '\\' && !is_plain) {
        shell->last = '\0';
        return;
    }
    char opened = is_plain ? '\0' : opening(shell, byte);
    shell->last = byte;
    if (end && byte == end)
        shell->depth--;
    else if (opened)
        push(shell, opened);
}

bool tote_shell_is_quoted(const struct tote_shell *shell)
{
    bool is_level = shell->depth > 0 && end_of(shell) != ')';
    return is_level || shell->depth == TOTE_SHELL_DEPTH || shell->last == '\\' ||
           shell->last == '$';
}
