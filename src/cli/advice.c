/* SPDX-License-Identifier: MIT */
/* advice.c: see advice.h. */
#include "cli/advice.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/place.h"
#include "cli/settings_tables.h"
#include "report/quoted.h"
#include "store/kept.h"

/* Resume takes no engine with a path in it from a store; run takes none at all. */
static bool is_to_be_said(const char *engine, bool by_resume)
{
    const struct tote_option *usual = tote_settings_keep_run.lists[0].table;
    return strchr(engine, '/') || (!by_resume && strcmp(engine, usual->fallback) != 0);
}

/* The same of all engines of an experiment. */
static char *engines_of(struct tote_store *store)
{
    char *engines = tote_store_get(store, "engines"), *option = NULL;
    char *word = engines && strchr(engines, '/') ? tote_quoted_path(engines) : NULL;
    if (word && asprintf(&option, " --engines %s", word) < 0)
        option = NULL;
    free(engines);
    free(word);
    return option;
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

/* The folder that it was begun in was moved, with what a resume needs there: the
 * command would run in it, or its files lie in it. That it may make files is read off
 * the words alone. */
static bool is_moved(struct tote_store *store)
{
    uint32_t origin = tote_kept_origin(store, tote_kept_list(store));
    char *start = tote_kept_get(store, origin, "start");
    char *command = tote_kept_get(store, origin, "command");
    char *results = tote_store_get(store, "results_folder");
    char *cwd = tote_store_get(store, "cwd");
    bool runs_there = cwd && strcmp(cwd, "start") == 0;
    bool has_outs = command && strstr(command, "{out:");
    bool is_moved =
        start && ((runs_there && !tote_place_is_folder(start)) ||
                  (has_outs && results && tote_place_is_gone_with(results, start)));
    free(start);
    free(command);
    free(results);
    free(cwd);
    return is_moved;
}

char *tote_advice_go_on(struct tote_store *store)
{
    char *word = tote_quoted_path(tote_store_path(store)), *line = NULL;
    bool is_gone = tote_kept_is_gone(store), is_anew = is_gone || is_moved(store);
    char *engines = engines_of(store); /* an experiment has no engine of its own */
    char *engine = engines ? engines : engine_of(store, !is_anew);
    int n = -1;
    if (word && is_anew)
        n = asprintf(&line, "%stote run --store %s --resume%s -- COMMAND",
                     is_gone ? "... | " : "", word, engine ? engine : "");
    else if (word)
        n = asprintf(&line, "tote resume %s%s", word, engine ? engine : "");
    free(word);
    free(engine);
    return n < 0 ? NULL : line;
}
