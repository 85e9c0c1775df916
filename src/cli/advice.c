/* SPDX-License-Identifier: MIT */
/* advice.c: see advice.h. */
#include "cli/advice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/kept.h"
#include "report/quoted.h"

/* " --engine ./mine" of one with a path in it, else nothing. New text. */
static char *engine_of(struct tote_store *store)
{
    char *engine = tote_store_get(store, "engine"), *option = NULL;
    char *word = engine && strchr(engine, '/') ? tote_quoted_path(engine) : NULL;
    if (word && asprintf(&option, " --engine %s", word) < 0)
        option = NULL;
    free(engine);
    free(word);
    return option;
}

char *tote_advice_go_on(struct tote_store *store)
{
    char *word = tote_quoted_path(tote_store_path(store)), *line = NULL;
    char *engine = engine_of(store);
    int n = -1;
    if (word && tote_kept_is_gone(store))
        n = asprintf(&line, "... | tote run --store %s --resume%s -- COMMAND", word,
                     engine ? engine : "");
    else if (word)
        n = asprintf(&line, "tote resume %s%s", word, engine ? engine : "");
    free(word);
    free(engine);
    return n < 0 ? NULL : line;
}
