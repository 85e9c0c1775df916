/* SPDX-License-Identifier: MIT */
/* hint.c: see hint.h. */
#include "cli/hint.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name; /* of two letters: its value may be attached */
    const char *hint;
} hints[] = {
    {"-j", "how many tasks at once: --workers"},
    {"--jobs", "how many tasks at once: --workers"},
    {"-P", "how many tasks at once: --workers"},
    {"--max-procs", "how many tasks at once: --workers"},
    {"-k", "in the order of the list: --output ordered"},
    {"--keep-order", "in the order of the list: --output ordered"},
    {"--bar", "--progress tells how far it is"},
    {"--eta", "--progress tells how far it is"},
    {"--tag", "there is none: let the command print {item}"},
    {"--colsep", "there is none: columns come from --csv FILE"},
    {"-C", "there is none: columns come from --csv FILE"},
    {"-q", "not needed: no shell reads the command"},
    {"--quote", "not needed: no shell reads the command"},
    {"--resume-failed", "--resume --retry-failed"},
};

const char *tote_hint_find(const char *word)
{
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++) {
        size_t n = strlen(hints[i].name);
        if (strncmp(word, hints[i].name, n) == 0 &&
            (n == 2 || word[n] == '\0' || word[n] == '='))
            return hints[i].hint;
    }
    return NULL;
}
