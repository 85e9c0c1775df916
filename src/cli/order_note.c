/* SPDX-License-Identifier: MIT */
/* order_note.c: an order into a store, so that it can be put together again (order.h);
 * not for reading it (order.c). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cli/order_state.h"
#include "cli/place.h"
#include "store/kept.h"

static int note_text(struct tote_store *store, uint32_t list, const char *name,
                     char *text, struct tote_error *err)
{
    int rc =
        text ? tote_kept_set(store, list, name, text, err) : tote_order_no_memory(err);
    free(text);
    return rc;
}

/* Values that are too long for a setting are in the store as tasks soon; until then
 * they cannot be read again, as those of a pipe. */
static int note_values(struct tote_order *order, struct tote_store *store,
                       uint32_t list, struct tote_error *err)
{
    enum { SETTING_MAX = 1 << 20 };
    char *text = tote_recipe_lists_text(&order->settings->recipe);
    if (text && strlen(text) > SETTING_MAX) {
        free(text);
        return tote_kept_set(store, list, "source", "pipe", err);
    }
    int rc = note_text(store, list, "items", text, err);
    return rc < 0 ? rc : tote_kept_set(store, list, "source", "values", err);
}

static int note_file(struct tote_order *order, struct tote_store *store, uint32_t list,
                     const char *source, const char *path, struct tote_error *err)
{
    char full[2 * PATH_MAX];
    int rc = tote_order_absolute(order->start, path, full, sizeof full, err);
    if (rc == 0)
        rc = tote_kept_set(store, list, "items_file", full, err);
    return rc < 0 ? rc : tote_kept_set(store, list, "source", source, err);
}

static int note_source(struct tote_order *order, struct tote_store *store,
                       uint32_t list, struct tote_error *err)
{
    const struct tote_settings *s = order->settings;
    int rc = tote_kept_set(store, list, "null", s->null ? "yes" : "no", err);
    if (rc < 0)
        return rc;
    switch (tote_settings_source(s)) {
    case TOTE_SOURCE_VALUES:
        return note_values(order, store, list, err);
    case TOTE_SOURCE_FILE:
        return note_file(order, store, list, "file", s->items_file, err);
    case TOTE_SOURCE_CSV:
        return note_file(order, store, list, "csv", s->csv, err);
    case TOTE_SOURCE_STDIN:
        break;
    }
    return tote_kept_set(store, list, "source", "pipe", err);
}

static int make_id(struct tote_store *store, struct tote_error *err)
{
    uint64_t number;
    char id[TOTE_ORDER_ID_MAX];
    char *there = tote_store_get(store, "id");
    bool is_there = there != NULL;
    free(there);
    if (is_there)
        return 0;
    if (getrandom(&number, sizeof number, 0) != sizeof number)
        return tote_error_set(err, -EIO, "no random numbers: %s", strerror(errno));
    snprintf(id, sizeof id, "%016" PRIx64, number);
    return tote_store_set(store, "id", id, err);
}

/* Neither the results folder is there nor that in which the bag was begun. */
static bool has_moved(struct tote_store *store, const char *results)
{
    char *start = tote_kept_get(store, 1, "start");
    bool is_gone =
        start && !tote_place_is_folder(start) && !tote_place_is_folder(results);
    free(start);
    return is_gone;
}

/* Where the files of this bag are, whatever list is run; elsewhere only if all was
 * moved: what is done is looked for there. A list that makes none may be given from
 * anywhere. */
static int find_results(struct tote_order *order, struct tote_store *store,
                        struct tote_error *err)
{
    char *results = tote_store_get(store, "results_folder");
    int rc = 0;
    if (results && !tote_template_has_outs(order->template))
        snprintf(order->results, sizeof order->results, "%s", results);
    else if (results && strcmp(results, order->results) != 0 &&
             !has_moved(store, results))
        rc = tote_error_set(err, -EINVAL,
                            "the files of this store are in %.300s, not in %.300s",
                            results, order->results);
    free(results);
    return rc;
}

int tote_order_write(void *context, struct tote_store *store, struct tote_error *err)
{
    struct tote_order *order = context;
    const struct tote_settings *s = order->settings;
    uint32_t list = order->list;
    int rc = tote_store_set(store, "results_folder", order->results, err);
    if (rc == 0)
        rc = note_text(store, list, "command", tote_recipe_command_text(&s->recipe),
                       err);
    if (rc == 0)
        rc = tote_kept_set(store, list, "shell", s->shell ? "yes" : "no", err);
    if (rc == 0)
        rc = tote_kept_set(store, list, "start", order->start, err);
    if (rc == 0)
        rc = tote_kept_set_columns(store, list, &order->column_names, order->n_columns,
                                   err);
    return rc < 0 ? rc : note_source(order, store, list, err);
}

int tote_order_note(struct tote_order *order, struct tote_store *store, uint32_t list,
                    bool goes_on, struct tote_error *err)
{
    order->list = list;
    order->is_to_be_noted = goes_on;
    int rc = find_results(order, store, err);
    if (rc == 0)
        rc = make_id(store, err);
    return rc < 0 || goes_on ? rc : tote_order_write(order, store, err);
}
