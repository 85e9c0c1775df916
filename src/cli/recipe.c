/* SPDX-License-Identifier: MIT */
/* recipe.c: see recipe.h. */
#include "cli/recipe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- lists --- */

bool tote_recipe_has_command(const struct tote_recipe *recipe)
{
    return recipe->command.n > 0;
}

struct tote_recipe_list *tote_recipe_add_list(struct tote_recipe *recipe)
{
    struct tote_recipe_list *lists =
        reallocarray(recipe->lists, recipe->n_lists + 1, sizeof *lists);
    if (!lists)
        return NULL;
    recipe->lists = lists;
    lists[recipe->n_lists] = (struct tote_recipe_list){0};
    return &lists[recipe->n_lists++];
}

void tote_recipe_drop_lists(struct tote_recipe *recipe)
{
    for (size_t i = 0; i < recipe->n_lists; i++)
        tote_words_finish(&recipe->lists[i].values);
    free(recipe->lists);
    free(recipe->borrowed);
    recipe->lists = NULL;
    recipe->borrowed = NULL;
    recipe->n_lists = 0;
}

void tote_recipe_finish(struct tote_recipe *recipe)
{
    tote_words_finish(&recipe->command);
    tote_recipe_drop_lists(recipe);
}

const struct tote_items_list *tote_recipe_lists(struct tote_recipe *recipe)
{
    free(recipe->borrowed);
    recipe->borrowed = calloc(recipe->n_lists + 1, sizeof *recipe->borrowed);
    for (size_t i = 0; recipe->borrowed && i < recipe->n_lists; i++)
        recipe->borrowed[i] = (struct tote_items_list){
            .values = (const char *const *)recipe->lists[i].values.at,
            .n = recipe->lists[i].values.n,
            .is_linked = recipe->lists[i].is_linked,
        };
    return recipe->borrowed;
}

/* --- the command line --- */

static bool is_linking(const char *word)
{
    return strcmp(word, ":::+") == 0;
}

static bool is_list(const char *word)
{
    return strcmp(word, ":::") == 0 || is_linking(word);
}

/* The list that begins at words[0]; returns how many words it has. */
static int split_list(struct tote_recipe *recipe, const char *const *words, size_t n,
                      size_t *ret_n, struct tote_error *err)
{
    struct tote_recipe_list *list = tote_recipe_add_list(recipe);
    if (!list)
        return -ENOMEM;
    list->is_linked = is_linking(words[0]);
    if (list->is_linked && recipe->n_lists == 1)
        return tote_error_set(err, -EINVAL,
                              ":::+ links to a list before it: give ::: "
                              "VALUES first");
    size_t i = 1;
    for (; i < n && !is_list(words[i]); i++)
        if (tote_words_add(&list->values, words[i], strlen(words[i])) < 0)
            return -ENOMEM;
    *ret_n = i;
    return 0;
}

static int split_command(struct tote_recipe *recipe, const char *const *words, size_t n,
                         size_t *ret_n)
{
    size_t i = 0;
    for (; i < n && !is_list(words[i]); i++)
        if (tote_words_add(&recipe->command, words[i], strlen(words[i])) < 0)
            return -ENOMEM;
    *ret_n = i;
    return 0;
}

/* As a word of the command it would only surprise. */
static int refuse_files(const char *const *words, size_t n, struct tote_error *err)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i], "::::") == 0 || strcmp(words[i], "::::+") == 0)
            return tote_error_set(err, -EINVAL,
                                  "%s is GNU parallel's: items from a file come by -a "
                                  "FILE, before the --",
                                  words[i]);
    return 0;
}

int tote_recipe_split(struct tote_recipe *recipe, const char *const *words, size_t n,
                      struct tote_error *err)
{
    size_t at = 0, taken = 0;
    tote_words_finish(&recipe->command);
    int rc = refuse_files(words, n, err);
    if (rc == 0)
        rc = split_command(recipe, words, n, &at);
    if (rc == 0 && at == 0)
        return tote_error_set(err, -EINVAL,
                              "no command after --: tote run -- COMMAND "
                              "{item} ::: VALUES");
    if (at < n)
        tote_recipe_drop_lists(recipe);
    for (; rc == 0 && at < n; at += taken)
        rc = split_list(recipe, words + at, n - at, &taken, err);
    if (rc == -ENOMEM)
        return tote_error_set(err, rc, "out of memory for the command");
    return rc;
}

/* --- JSON --- */

static char *dump(json_t *root)
{
    char *text = root ? json_dumps(root, JSON_COMPACT) : NULL;
    json_decref(root);
    return text;
}

char *tote_recipe_command_text(const struct tote_recipe *recipe)
{
    return dump(tote_words_to_json(&recipe->command));
}

char *tote_recipe_lists_text(const struct tote_recipe *recipe)
{
    json_t *root = json_array();
    for (size_t i = 0; root && i < recipe->n_lists; i++) {
        const struct tote_recipe_list *list = &recipe->lists[i];
        json_t *object = json_pack("{s:b, s:o}", "linked", (int)list->is_linked,
                                   "values", tote_words_to_json(&list->values));
        if (json_array_append_new(root, object) < 0) {
            json_decref(root);
            return NULL;
        }
    }
    return dump(root);
}

int tote_recipe_read_command(struct tote_recipe *recipe, const char *text)
{
    json_t *root = json_loads(text, 0, NULL);
    tote_words_finish(&recipe->command);
    int rc = tote_words_from_json(root, &recipe->command);
    json_decref(root);
    return rc == 0 && recipe->command.n == 0 ? -EBADMSG : rc;
}

int tote_recipe_read_lists(struct tote_recipe *recipe, const char *text)
{
    json_t *root = json_loads(text, 0, NULL);
    int rc = json_is_array(root) ? 0 : -EBADMSG;
    tote_recipe_drop_lists(recipe);
    for (size_t i = 0; rc == 0 && i < json_array_size(root); i++) {
        const json_t *object = json_array_get(root, i);
        struct tote_recipe_list *list = tote_recipe_add_list(recipe);
        if (list)
            list->is_linked = json_is_true(json_object_get(object, "linked"));
        rc = list ? tote_words_from_json(json_object_get(object, "values"),
                                         &list->values)
                  : -ENOMEM;
    }
    json_decref(root);
    return rc;
}
