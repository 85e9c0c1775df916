/* SPDX-License-Identifier: MIT */
/* kept.c: see kept.h. */
#include "store/kept.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tote/limits.h"

static void name_of(uint32_t list, const char *name, char into[static TOTE_NAME_MAX])
{
    if (list > 1)
        snprintf(into, TOTE_NAME_MAX, "%.40s.%" PRIu32, name, list);
    else
        snprintf(into, TOTE_NAME_MAX, "%.40s", name);
}

uint32_t tote_kept_list(struct tote_store *store)
{
    char *text = tote_store_get(store, "list");
    unsigned long number = text ? strtoul(text, NULL, 10) : 0;
    free(text);
    return number <= UINT32_MAX ? (uint32_t)number : 0;
}

bool tote_kept_is_whole(struct tote_store *store)
{
    char *text = tote_store_get(store, "list_whole");
    bool is_whole = text && strcmp(text, "yes") == 0;
    free(text);
    return is_whole;
}

char *tote_kept_get(struct tote_store *store, uint32_t origin, const char *name)
{
    char full[TOTE_NAME_MAX];
    name_of(origin, name, full);
    return tote_store_get(store, full);
}

struct origin {
    uint32_t list, found;
};

static int find_origin(void *context, const char *name, const char *value)
{
    static const char prefix[] = "command.";
    struct origin *origin = context;
    (void)value;
    if (strncmp(name, prefix, sizeof prefix - 1) != 0)
        return 0;
    unsigned long number = strtoul(name + sizeof prefix - 1, NULL, 10);
    if (number <= origin->list && number > origin->found)
        origin->found = (uint32_t)number;
    return 0;
}

/* The settings that are there are walked, not the numbers: that of a damaged or forged
 * store may be any. */
uint32_t tote_kept_origin(struct tote_store *store, uint32_t list)
{
    struct origin origin = {.list = list, .found = 1};
    char *command = list > 1 ? tote_kept_get(store, list, "command") : NULL;
    bool is_own = command != NULL;
    free(command);
    if (is_own)
        return list;
    if (list > 1 && tote_store_each_setting(store, find_origin, &origin, NULL) < 0)
        return 1;
    return origin.found;
}

bool tote_kept_is_gone(struct tote_store *store)
{
    char *source =
        tote_kept_get(store, tote_kept_origin(store, tote_kept_list(store)), "source");
    bool is_gone = source && strcmp(source, "pipe") == 0 && !tote_kept_is_whole(store);
    free(source);
    return is_gone;
}

int tote_kept_set(struct tote_store *store, uint32_t list, const char *name,
                  const char *value, struct tote_error *err)
{
    char full[TOTE_NAME_MAX];
    name_of(list, name, full);
    return tote_store_set(store, full, value, err);
}

/* --- columns --- */

int tote_kept_columns(struct tote_store *store, uint32_t origin,
                      struct tote_words *names, size_t *ret_n, struct tote_error *err)
{
    char *text = tote_kept_get(store, origin, "columns");
    json_t *root = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    int rc = 0;
    if (json_is_integer(root) && json_integer_value(root) >= 0)
        *ret_n = (size_t)json_integer_value(root);
    else
        rc = tote_words_from_json(root, names);
    if (rc == 0 && json_is_array(root))
        *ret_n = names->n;
    json_decref(root);
    free(text);
    return rc < 0
               ? tote_error_set(err, rc, "the store does not say what its columns are")
               : 0;
}

int tote_kept_set_columns(struct tote_store *store, uint32_t list,
                          const struct tote_words *names, size_t n,
                          struct tote_error *err)
{
    json_t *root =
        names->n > 0 ? tote_words_to_json(names) : json_integer((json_int_t)n);
    char *text = root ? json_dumps(root, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    json_decref(root);
    int rc = text ? tote_kept_set(store, list, "columns", text, err)
                  : tote_error_set(err, -ENOMEM, "out of memory for the columns");
    free(text);
    return rc;
}
