/* SPDX-License-Identifier: MIT */
/* help.h: help texts, made from the tables that the parsers use. */
#ifndef TOTE_HELP_H
#define TOTE_HELP_H

#include <stdio.h>

#include "cli/command.h"

/* What may stand in a command of a bag. */
struct tote_help_word {
    const char *word, *help;
};
extern const struct tote_help_word tote_help_placeholders[]; /* ends with a null */

void tote_help_short(FILE *out);
void tote_help_command(const struct tote_subcommand *command, FILE *out);

#endif
