/* SPDX-License-Identifier: MIT */
/* order.c: see order.h. */
#include "cli/order.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/advice.h"
#include "store/kept.h"

enum { ID_MAX = 17 }; /* 16 hex digits and a terminator */

struct tote_order {
    struct tote_settings *settings;
    struct tote_items *items;       /* null: the store has the list */
    struct tote_words column_names; /* none: numbers only */
    size_t n_columns;
    struct tote_template *template;
    struct tote_commands commands;
    uint32_t list; /* 0: not known yet */
    char id[ID_MAX];
    char start[PATH_MAX], results[2 * PATH_MAX], work[3 * PATH_MAX];
};

static int no_memory(struct tote_error *err)
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
            return no_memory(err);
    }
    int rc = tote_items_open(&source, &order->items, err);
    const char *const *names =
        rc == 0 ? tote_items_columns(order->items, &order->n_columns) : NULL;
    for (size_t i = 0; rc == 0 && names && i < order->n_columns; i++)
        if (tote_words_add(&order->column_names, names[i], strlen(names[i])) < 0)
            rc = no_memory(err);
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

static int absolute(const char *start, const char *path, char *into, size_t size,
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
    return absolute(order->start, order->settings->results, order->results,
                    sizeof order->results, err);
}

static struct tote_order *create(struct tote_settings *settings, struct tote_error *err)
{
    struct tote_order *order = calloc(1, sizeof *order);
    if (!order) {
        no_memory(err);
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
        rc = no_memory(err);
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

/* --- into a store --- */

static int note_text(struct tote_store *store, uint32_t list, const char *name,
                     char *text, struct tote_error *err)
{
    int rc = text ? tote_kept_set(store, list, name, text, err) : no_memory(err);
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
    int rc = absolute(order->start, path, full, sizeof full, err);
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
    char id[ID_MAX];
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

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Neither the results folder is there nor that in which the bag was begun. */
static bool has_moved(struct tote_store *store, const char *results)
{
    char *start = tote_kept_get(store, 1, "start");
    bool is_gone = start && !is_folder(start) && !is_folder(results);
    free(start);
    return is_gone;
}

/* Where the files of this bag are, whatever list is run; elsewhere only if all was
 * moved: what is done is looked for there. A list that makes none may be given from
 * anywhere. */
static int note_places(struct tote_order *order, struct tote_store *store,
                       struct tote_error *err)
{
    char *results = tote_store_get(store, "results_folder");
    bool has_outs = tote_template_has_outs(order->template);
    bool is_same = results && strcmp(results, order->results) == 0;
    int rc = 0;
    if (results && !has_outs)
        snprintf(order->results, sizeof order->results, "%s", results);
    else if (results && !is_same && !has_moved(store, results))
        rc = tote_error_set(err, -EINVAL,
                            "the files of this store are in %.300s, not in %.300s",
                            results, order->results);
    else if (!is_same)
        rc = tote_store_set(store, "results_folder", order->results, err);
    free(results);
    return rc < 0 ? rc : make_id(store, err);
}

int tote_order_note(struct tote_order *order, struct tote_store *store, uint32_t list,
                    struct tote_error *err)
{
    const struct tote_settings *s = order->settings;
    int rc = note_places(order, store, err);
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
    if (rc == 0)
        rc = note_source(order, store, list, err);
    order->list = list;
    return rc;
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
        "had been read: give it again, %s",
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
    if (order->settings->cwd != TOTE_CWD_START || is_folder(order->start))
        return 0;
    return tote_error_set(err, -EINVAL,
                          "the commands of this store run in %.300s, where it was "
                          "started, but that folder is not there any more",
                          order->start);
}

static bool is_below(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    return strncmp(path, folder, n) == 0 && path[n] == '/';
}

/* A results folder that the user has removed is made again, but not together with the
 * folder around it: that was moved, and its results with it. */
static int check_results(const struct tote_order *order, struct tote_error *err)
{
    if (!tote_template_has_outs(order->template) || is_folder(order->start) ||
        is_folder(order->results) || !is_below(order->results, order->start))
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
    int rc = absolute(here, tote_store_path(store), path, sizeof path, err);
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
    };
    fill_rules(order);
    return &order->commands;
}
