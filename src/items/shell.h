/* SPDX-License-Identifier: MIT */
/* shell.h: follows a shell's text byte by byte as far as to know whether a value that
 * comes in single quotes may stand there. Between other quotes, in backquotes, in a
 * comment, behind a backslash or a dollar sign it would come apart, and what is in it
 * would be run. Not a shell's grammar: here-documents and the like are read as plain
 * text. */
#ifndef TOTE_ITEMS_SHELL_H
#define TOTE_ITEMS_SHELL_H

#include <stdbool.h>
#include <stddef.h>

#define TOTE_SHELL_DEPTH                                                               \
    32 /* of quotes within $(...) within quotes; deeper: quoted                        \
        */

struct tote_shell {
    char open[TOTE_SHELL_DEPTH]; /* what ends each level: ' " ) ` or a newline */
    size_t depth;
    char last; /* the byte before; '\0' if it was escaped. '\n' to begin with */
};

void tote_shell_feed(struct tote_shell *shell, char byte);
bool tote_shell_is_quoted(const struct tote_shell *shell);

#endif
