/* SPDX-License-Identifier: MIT */
/* order.c: see order.h. */
#include "cli/order.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/advice.h"
#include "cli/order_state.h"
#include "cli/place.h"
#include "store/kept.h"

int tote_order_no_memory(struct tote_error *err)
{
    return tote_error_set(err, -ENOMEM, "out of memory for the bag");
}

/* --- items and template --- */

static int open_items(struct tote_order *order, struct tote_error *err)
{
    struct tote_settings *s = order->settings;
    enum tote_source from = tote_settings_source(s);
    struct tote_items_source source = {
        .kind = from == TOTE_SOURCE_VALUES ? TOTE_ITEMS_VALUES
                : s->csv[0]                ? TOTE_ITEMS_CSV
                                           : TOTE_ITEMS_LINES,
        .path = s->csv[0]          ? s->csv
                : s->items_file[0] ? s->items_file
                                   : "-",
        .end = s->null ? '\0' : '\n',
    };
    if (from == TOTE_SOURCE_VALUES) {
        source.lists = tote_recipe_lists(&s->recipe);
        source.n_lists = s->recipe.n_lists;
        if (!source.lists)
            return tote_order_no_memory(err);
    }
    int rc = tote_items_open(&source, &order->items, err);
    const char *const *names =
        rc == 0 ? tote_items_columns(order->items, &order->n_columns) : NULL;
    for (size_t i = 0; rc == 0 && names && i < order->n_columns; i++)
        if (tote_words_add(&order->column_names, names[i], strlen(names[i])) < 0)
            rc = tote_order_no_memory(err);
    return rc;
}

static int parse_template(struct tote_order *order, struct tote_error *err)
{
    const struct tote_words *command = &order->settings->recipe.command;
    const struct tote_words *names = &order->column_names;
    return tote_template_parse((const char *const *)command->at, command->n,
                               (const char *const *)names->at, order->n_columns,
                               order->settings->shell, &order->template, err);
}

int tote_order_absolute(const char *start, const char *path, char *into, size_t size,
                        struct tote_error *err)
{
    int n = path[0] == '/' ? snprintf(into, size, "%s", path)
                           : snprintf(into, size, "%s/%s", start, path);
    if (n < 0 || (size_t)n >= size)
        return tote_error_set(err, -EINVAL, "the path %.100s... is too long", path);
    for (size_t end = strlen(into); end > 1 && into[end - 1] == '/'; end--)
        into[end - 1] = '\0';
    return 0;
}

static int find_start(struct tote_order *order, struct tote_error *err)
{
    if (!getcwd(order->start, sizeof order->start))
        return tote_error_set(err, -EINVAL, "no current folder: %s", strerror(errno));
    return tote_order_absolute(order->start, order->settings->results, order->results,
                               sizeof order->results, err);
}

static struct tote_order *create(struct tote_settings *settings, struct tote_error *err)
{
    struct tote_order *order = calloc(1, sizeof *order);
    if (!order) {
        tote_order_no_memory(err);
        return NULL;
    }
    order->settings = settings;
    return order;
}

static int hand_out(struct tote_order *order, int rc, struct tote_order **ret_order)
{
    if (rc == 0)
        *ret_order = order;
    else
        tote_order_close(order);
    return rc;
}

int tote_order_open(struct tote_settings *settings, struct tote_order **ret_order,
                    struct tote_error *err)
{
    struct tote_order *order = create(settings, err);
    if (!order)
        return -ENOMEM;
    int rc = find_start(order, err);
    if (rc == 0)
        rc = open_items(order, err);
    if (rc == 0)
        rc = parse_template(order, err);
    return hand_out(order, rc, ret_order);
}

void tote_order_close(struct tote_order *order)
{
    if (!order)
        return;
    tote_template_destroy(order->template);
    tote_items_close(order->items);
    tote_words_finish(&order->column_names);
    free(order);
}

/* --- showing --- */

static int print_item(struct tote_order *order, const struct tote_item *item,
                      uint64_t index, FILE *out, struct tote_error *err)
{
    const struct tote_places places = {0};
    struct tote_expanded expanded = {0};
    int rc = tote_template_expand(order->template, item->columns, item->n, index,
                                  &places, &expanded, err);
    if (rc < 0)
        return rc;
    char *line = tote_shell_join(expanded.command.args, expanded.command.n_args);
    if (!line)
        rc = tote_order_no_memory(err);
    else if (fprintf(out, "%s\n", line) < 0)
        rc =
            tote_error_set(err, -EIO, "cannot write the commands: %s", strerror(errno));
    free(line);
    tote_expanded_finish(&expanded);
    return rc;
}

int tote_order_print(struct tote_order *order, FILE *out, struct tote_error *err)
{
    struct tote_item item;
    uint64_t index = 0;
    int state;
    while ((state = tote_items_next(order->items, &item, err)) > TOTE_ITEMS_END) {
        int rc = 0;
        struct pollfd fd = {.fd = tote_items_fd(order->items), .events = POLLIN};
        if (state == TOTE_ITEMS_LATER)
            poll(&fd, 1, -1);
        else
            rc = print_item(order, &item, index++, out, err);
        if (rc < 0)
            return rc;
    }
    return state;
}

/* --- from a store --- */

static int damaged(const char *what, struct tote_error *err)
{
    return tote_error_set(err, -EBADMSG, "the store does not say %s", what);
}

static int read_text(struct tote_store *store, uint32_t origin, const char *name,
                     char *into, size_t size, struct tote_error *err)
{
    char *text = tote_kept_get(store, origin, name);
    int rc = text && strlen(text) < size ? 0 : damaged(name, err);
    if (rc == 0)
        memcpy(into, text, strlen(text) + 1);
    free(text);
    return rc;
}

static int is_gone(struct tote_store *store, struct tote_error *err)
{
    char *line = tote_advice_go_on(store);
    int rc = tote_error_set(
        err, -EINVAL,
        "the list came through a pipe, or was too long to be kept, and not all of it "
        "is in the store: give it again, %s",
        line ? line : "tote run --store STORE --resume -- COMMAND");
    free(line);
    return rc;
}

/* The settings get the source that the list has come from. */
static int read_source(struct tote_order *order, struct tote_store *store,
                       uint32_t origin, struct tote_error *err)
{
    struct tote_settings *s = order->settings;
    char source[16], null[8];
    int rc = read_text(store, origin, "source", source, sizeof source, err);
    if (rc == 0)
        rc = read_text(store, origin, "null", null, sizeof null, err);
    if (rc < 0)
        return rc;
    s->null = strcmp(null, "yes") == 0;
    if (strcmp(source, "values") == 0) {
        char *lists = tote_kept_get(store, origin, "items");
        rc = lists ? tote_recipe_read_lists(&s->recipe, lists) : -EBADMSG;
        free(lists);
        return rc < 0 ? damaged("what its items are", err) : 0;
    }
    if (strcmp(source, "csv") == 0)
        return read_text(store, origin, "items_file", s->csv, sizeof s->csv, err);
    if (strcmp(source, "file") == 0)
        return read_text(store, origin, "items_file", s->items_file,
                         sizeof s->items_file, err);
    return is_gone(store, err);
}

static int reopen_list(struct tote_order *order, struct tote_store *store,
                       uint32_t origin, struct tote_error *err)
{
    if (tote_kept_is_whole(store)) {
        order->list = tote_kept_list(store);
        return tote_kept_columns(store, origin, &order->column_names, &order->n_columns,
                                 err);
    }
    order->list = tote_kept_list(store) + 1;
    int rc = read_source(order, store, origin, err);
    return rc < 0 ? rc : open_items(order, err);
}

/* Else every task would fail by itself. */
static int check_start(const struct tote_order *order, struct tote_error *err)
{
    if (order->settings->cwd != TOTE_CWD_START || tote_place_is_folder(order->start))
        return 0;
    return tote_error_set(err, -EINVAL,
                          "the commands of this store run in %.300s, where it was "
                          "started, but that folder is not there any more: if it was "
                          "moved, give command and list again where it is now: tote "
                          "run --store STORE --resume -- COMMAND",
                          order->start);
}

/* A results folder that the user has removed is made again, but not together with the
 * folder around it: that was moved, and its results with it. */
static int check_results(const struct tote_order *order, struct tote_error *err)
{
    if (!tote_template_has_outs(order->template) ||
        !tote_place_is_gone_with(order->results, order->start))
        return 0;
    return tote_error_set(
        err, -EINVAL,
        "the files of this store are in %.300s, but %.300s, where it was started, is "
        "not there any more: if it was moved, give command and list again where it is "
        "now: tote run --store STORE --resume -- COMMAND",
        order->results, order->start);
}

int tote_order_reopen(struct tote_settings *settings, struct tote_store *store,
                      struct tote_order **ret_order, struct tote_error *err)
{
    struct tote_order *order = create(settings, err);
    if (!order)
        return -ENOMEM;
    uint32_t origin = tote_kept_origin(store, tote_kept_list(store));
    int rc = read_text(store, origin, "start", order->start, sizeof order->start, err);
    if (rc == 0)
        rc = check_start(order, err);
    if (rc == 0)
        rc = read_text(store, 1, "results_folder", order->results,
                       sizeof order->results, err);
    if (rc == 0)
        rc = reopen_list(order, store, origin, err);
    if (rc == 0)
        rc = parse_template(order, err);
    if (rc == 0)
        rc = check_results(order, err);
    return hand_out(order, rc, ret_order);
}

/* --- for the run --- */

/* With outputs it lies beside them, so that they are linked and not copied. */
static int find_work(struct tote_order *order, struct tote_store *store,
                     struct tote_error *err)
{
    char here[PATH_MAX], path[2 * PATH_MAX];
    if (tote_template_has_outs(order->template)) {
        snprintf(order->work, sizeof order->work, "%s/.tote-%s", order->results,
                 order->id);
        return 0;
    }
    if (!getcwd(here, sizeof here))
        return tote_error_set(err, -EINVAL, "no current folder: %s", strerror(errno));
    int rc = tote_order_absolute(here, tote_store_path(store), path, sizeof path, err);
    snprintf(order->work, sizeof order->work, "%s.work", path);
    return rc;
}

static void fill_rules(struct tote_order *order)
{
    const struct tote_settings *s = order->settings;
    order->commands.rules = (struct tote_rules){
        .run = order->id,
        .is_staged = s->data == TOTE_DATA_STAGED,
        .stays_in_start = s->cwd == TOTE_CWD_START,
        .start = order->start,
        .timeout_ns = s->timeout_ns,
        .kill_after_ns = (tote_ns_t)(s->kill_after_s * (double)TOTE_NS_PER_S),
        .memory = s->memory,
        .cpu_s = (uint64_t)ceil(s->cpu_time_s),
        .files = s->files,
        .stream_max = s->stream_max,
    };
}

struct tote_commands *tote_order_commands(struct tote_order *order,
                                          struct tote_store *store,
                                          struct tote_error *err)
{
    int rc = read_text(store, 1, "id", order->id, sizeof order->id, err);
    if (rc == 0)
        rc = find_work(order, store, err);
    if (rc < 0)
        return NULL;
    order->commands = (struct tote_commands){
        .template = order->template,
        .items = order->items,
        .list = order->list,
        .timeout_percent = order->settings->timeout_percent,
        .start = order->start,
        .results = order->results,
        .work = order->work,
        .may_overwrite = order->settings->force,
        .note = order->is_to_be_noted ? tote_order_write : NULL,
        .context = order,
    };
    fill_rules(order);
    return &order->commands;
}
