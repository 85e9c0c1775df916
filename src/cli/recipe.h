/* SPDX-License-Identifier: MIT */
/* recipe.h: what a bag of commands is made of: the words of the command, and the list
 * of items, if that stands on the command line or in the bag file.
 *
 *     // WORD... ::: VALUE...
 *     tote_recipe_split(&recipe, args->rest, args->n_rest, &err);
 *     source.lists = tote_recipe_lists(&recipe);
 *
 * Owns copies. Not for what placeholders mean (items/template.h). */
#ifndef TOTE_RECIPE_H
#define TOTE_RECIPE_H

#include <stdbool.h>

#include "items/items.h"
#include "store/words.h"
#include "tote/error.h"

struct tote_recipe_list {
    struct tote_words values;
    bool is_linked; /* ":::+" */
};

struct tote_recipe {
    struct tote_words command; /* none: no bag of commands */
    struct tote_recipe_list *lists;
    size_t n_lists;
    struct tote_items_list *borrowed; /* the lists as the room items reads them */
};

/* Words until the first ":::", then lists. The command and the lists that were there
 * are gone; a list may be empty. -EINVAL: no word, a ":::+" without a list before it.
 */
int tote_recipe_split(struct tote_recipe *recipe, const char *const *words, size_t n,
                      struct tote_error *err);

bool tote_recipe_has_command(const struct tote_recipe *recipe);

/* A further list, empty; null: out of memory. */
struct tote_recipe_list *tote_recipe_add_list(struct tote_recipe *recipe);
void tote_recipe_drop_lists(struct tote_recipe *recipe);
void tote_recipe_finish(struct tote_recipe *recipe); /* accepts a zeroed one */

/* Lists for a source of VALUES, valid until the recipe changes; null: out of memory. */
const struct tote_items_list *tote_recipe_lists(struct tote_recipe *recipe);

/* One line of JSON for each half, and back. New text, null: out of memory; -EBADMSG,
 * -ENOMEM. */
char *tote_recipe_command_text(const struct tote_recipe *recipe);
char *tote_recipe_lists_text(const struct tote_recipe *recipe);
int tote_recipe_read_command(struct tote_recipe *recipe, const char *text);
int tote_recipe_read_lists(struct tote_recipe *recipe, const char *text);

#endif
