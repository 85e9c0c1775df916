/* SPDX-License-Identifier: MIT */
/* argv.c: see argv.h. */
#include "cli/argv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/recipe.h"
#include "core/commands.h"
#include "items/template.h"
#include "report/mask.h"
#include "store/commands.h"
#include "store/kept.h"

struct tote_argv {
    struct tote_store *store;
    uint32_t listed; /* the list that template is of; 0: none */
    struct tote_template *template;
};

/* --- the template of a list --- */

static int read_template(struct tote_argv *argv, uint32_t origin,
                         struct tote_recipe *recipe, struct tote_words *columns,
                         struct tote_error *err)
{
    char *command = tote_kept_get(argv->store, origin, "command");
    char *shell = tote_kept_get(argv->store, origin, "shell");
    int rc = command ? tote_recipe_read_command(recipe, command) : -ENODATA;
    size_t n = 0;
    if (rc == 0)
        rc = tote_kept_columns(argv->store, origin, columns, &n, NULL);
    if (rc < 0)
        tote_error_set(err, rc, "%s holds no bag of commands",
                       tote_store_path(argv->store));
    else
        rc = tote_template_parse((const char *const *)recipe->command.at,
                                 recipe->command.n, (const char *const *)columns->at, n,
                                 shell && strcmp(shell, "yes") == 0, &argv->template,
                                 err);
    free(command);
    free(shell);
    return rc;
}

static int choose_template(struct tote_argv *argv, uint32_t listed,
                           struct tote_error *err)
{
    if (argv->template && argv->listed == listed)
        return 0;
    struct tote_recipe recipe = {0};
    struct tote_words columns = {0};
    tote_template_destroy(argv->template);
    argv->template = NULL;
    argv->listed = listed;
    int rc = read_template(argv, tote_kept_origin(argv->store, listed), &recipe,
                           &columns, err);
    tote_recipe_finish(&recipe);
    tote_words_finish(&columns);
    return rc;
}

int tote_argv_open(struct tote_store *store, struct tote_argv **ret_argv,
                   struct tote_error *err)
{
    struct tote_argv *argv = calloc(1, sizeof *argv);
    if (!argv)
        return tote_error_set(err, -ENOMEM, "out of memory for the commands");
    argv->store = store;
    int rc = choose_template(argv, 1, err);
    if (rc == 0)
        *ret_argv = argv;
    else
        tote_argv_close(argv);
    return rc;
}

void tote_argv_close(struct tote_argv *argv)
{
    if (!argv)
        return;
    tote_template_destroy(argv->template);
    free(argv);
}

/* --- a task --- */

struct wanted {
    struct tote_argv *argv;
    char *text;
    struct tote_error *err;
};

static int expand(void *context, const struct tote_task_row *row)
{
    struct wanted *wanted = context;
    const struct tote_places places = {0};
    struct tote_expanded expanded = {0};
    int rc = choose_template(wanted->argv, row->listed, wanted->err);
    if (rc == 0)
        rc = tote_commands_expand(wanted->argv->template, row, &places, &expanded,
                                  wanted->err);
    if (rc == 0) {
        wanted->text = tote_shell_join(expanded.command.args, expanded.command.n_args);
        if (!wanted->text)
            rc = -ENOMEM;
    }
    tote_expanded_finish(&expanded);
    return rc;
}

char *tote_argv_text(struct tote_argv *argv, uint64_t task, struct tote_error *err)
{
    struct wanted wanted = {.argv = argv, .err = err};
    int rc = tote_store_each_task(argv->store, task, 1, expand, &wanted, err);
    if (rc < 0)
        tote_error_set(err, rc, "there is no task %" PRIu64, task);
    return wanted.text;
}

char *tote_argv_shown(struct tote_argv *argv, uint64_t task, size_t most)
{
    char *text = argv ? tote_argv_text(argv, task, NULL) : NULL;
    if (!text) {
        text = malloc(32);
        if (text)
            snprintf(text, 32, "task %" PRIu64, task);
        return text;
    }
    tote_mask_text(text, TOTE_MASK_CONTROLS);
    size_t n = strlen(text);
    if (n > most && most > 3) {
        size_t end = most - 3;
        while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80)
            end--; /* not within a letter */
        memcpy(text + end, "...", 4);
    }
    return text;
}
