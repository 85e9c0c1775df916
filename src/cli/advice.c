/* SPDX-License-Identifier: MIT */
/* advice.c: see advice.h. */
#include "cli/advice.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/settings_tables.h"
#include "report/quoted.h"
#include "store/kept.h"

/* Resume takes no engine with a path in it from a store; run takes none at all. */
static bool is_to_be_said(const char *engine, bool by_resume)
{
    const struct tote_option *usual = tote_settings_keep_run.lists[0].table;
    return strchr(engine, '/') || (!by_resume && strcmp(engine, usual->fallback) != 0);
}

/* " --engine ./mine" of one that is to be said, else nothing. New text. */
static char *engine_of(struct tote_store *store, bool by_resume)
{
    char *engine = tote_store_get(store, "engine"), *option = NULL;
    char *word =
        engine && is_to_be_said(engine, by_resume) ? tote_quoted_path(engine) : NULL;
    if (word && asprintf(&option, " --engine %s", word) < 0)
        option = NULL;
    free(engine);
    free(word);
    return option;
}

char *tote_advice_go_on(struct tote_store *store)
{
    char *word = tote_quoted_path(tote_store_path(store)), *line = NULL;
    bool is_gone = tote_kept_is_gone(store);
    char *engine = engine_of(store, !is_gone);
    int n = -1;
    if (word && is_gone)
        n = asprintf(&line, "... | tote run --store %s --resume%s -- COMMAND", word,
                     engine ? engine : "");
    else if (word)
        n = asprintf(&line, "tote resume %s%s", word, engine ? engine : "");
    free(word);
    free(engine);
    return n < 0 ? NULL : line;
}
