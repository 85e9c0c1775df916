/* SPDX-License-Identifier: MIT */
/* settings_kept.c: what of the settings reproduces a run: into a store and back, and as
 * a bag file (settings.h, settings_kept.h). */
#include "cli/settings_kept.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bagfile.h"
#include "cli/settings_engine.h"
#include "cli/settings_tables.h"
#include "store/kept.h"

/* --- from a store --- */

/* "start_timeout" of "start-timeout", as the store's columns are called. */
static void stored_name(const char *name, char into[static TOTE_NAME_MAX])
{
    snprintf(into, TOTE_NAME_MAX, "%s", name);
    for (char *dash = strchr(into, '-'); dash; dash = strchr(dash, '-'))
        *dash = '_';
}

static char *stored(struct tote_store *store, const char *name)
{
    char word[TOTE_NAME_MAX];
    stored_name(name, word);
    return tote_store_get(store, word);
}

static int read_lists(struct tote_settings *s, struct tote_store *store,
                      const struct tote_settings_lists *lists, struct tote_error *err)
{
    struct tote_option table[TOTE_ARGS_MAX];
    size_t n;
    int rc = tote_settings_merge(lists, table, &n, err);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        char *value = stored(store, table[i].name);
        if (value)
            rc = tote_options_set(&table[i], 1, table[i].name, value, s, err);
        free(value);
    }
    return rc < 0 ? tote_error_set(err, -EBADMSG, "the store's settings are damaged")
                  : 0;
}

static int read_command(struct tote_settings *s, struct tote_store *store,
                        struct tote_error *err)
{
    uint32_t origin = tote_kept_origin(store, tote_kept_list(store));
    char *command = tote_kept_get(store, origin, "command");
    char *shell = tote_kept_get(store, origin, "shell");
    int rc = command ? tote_recipe_read_command(&s->recipe, command) : 0;
    s->shell = shell && strcmp(shell, "yes") == 0;
    free(command);
    free(shell);
    return rc < 0 ? tote_error_set(err, rc, "the store's command cannot be read") : 0;
}

static int read_kind(struct tote_store *store, enum tote_settings_of *ret_command,
                     struct tote_error *err)
{
    static const struct {
        const char *kind;
        enum tote_settings_of command;
    } kinds[] = {{"run", TOTE_SETTINGS_RESUME},
                 {"compare", TOTE_SETTINGS_COMPARE},
                 {"sweep", TOTE_SETTINGS_SWEEP}};
    char *kind = tote_store_get(store, "kind");
    bool is_known = false;
    for (size_t i = 0; kind && i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kind, kinds[i].kind) == 0) {
            *ret_command = kinds[i].command;
            is_known = true;
        }
    }
    free(kind);
    return is_known ? 0
                    : tote_error_set(err, -EPROTO,
                                     "%s holds nothing that could go on: measure or "
                                     "run it anew",
                                     tote_store_path(store));
}

int tote_settings_read(struct tote_settings *settings, struct tote_store *store,
                       enum tote_settings_of *ret_command, struct tote_error *err)
{
    static const struct tote_settings_lists *const kept[] = {
        &tote_settings_keep_kernel,  &tote_settings_keep_all,
        &tote_settings_keep_run,     &tote_settings_keep_failure,
        &tote_settings_keep_compare, &tote_settings_keep_sweep,
        &tote_settings_keep_commands};
    int rc = read_kind(store, ret_command, err);
    if (rc == 0)
        rc = read_command(settings, store, err);
    for (size_t i = 0; rc == 0 && i < sizeof kept / sizeof kept[0]; i++)
        rc = read_lists(settings, store, kept[i], err);
    return rc;
}

/* --- what is kept --- */

static const struct tote_settings_lists *own_of(enum tote_settings_of command)
{
    return command == TOTE_SETTINGS_METG          ? &tote_settings_keep_metg
           : tote_settings_is_experiment(command) ? &tote_settings_keep_compare
                                                  : &tote_settings_keep_run;
}

static bool is_default(const struct tote_option *option, const struct tote_settings *s,
                       const char *value)
{
    static struct tote_settings plain; /* only the field of the option is used */
    char text[TOTE_OPTION_TEXT_MAX];
    return tote_options_defaults(option, 1, &plain, NULL) == 0 &&
           tote_bagfile_text(option, &plain, text, sizeof text) ==
               tote_bagfile_text(option, s, text, sizeof text) &&
           tote_bagfile_text(option, &plain, text, sizeof text) &&
           strcmp(text, value) == 0;
}

/* The tables that a run is reproduced by, in one; rare: those of which only what is not
 * the default matters. */
struct keeping {
    const struct tote_settings_lists *lists;
    bool is_rare;
};

static size_t keep(const struct tote_settings *s, enum tote_settings_of command,
                   bool with_items, struct keeping into[static 6])
{
    bool is_run = !tote_settings_is_experiment(command);
    bool has_command = tote_recipe_has_command(&s->recipe);
    size_t n = 0;
    if (has_command && with_items)
        into[n++] = (struct keeping){&tote_settings_keep_items, false};
    if (!has_command && command != TOTE_SETTINGS_METG)
        into[n++] = (struct keeping){&tote_settings_keep_kernel, false};
    into[n++] = (struct keeping){&tote_settings_keep_all, false};
    into[n++] = (struct keeping){own_of(command), false};
    if (command == TOTE_SETTINGS_SWEEP)
        into[n++] = (struct keeping){&tote_settings_keep_sweep, false};
    if (is_run)
        into[n++] = (struct keeping){&tote_settings_keep_failure, !has_command};
    if (has_command)
        into[n++] = (struct keeping){&tote_settings_keep_commands, false};
    return n;
}

/* An option that is to be kept and its value, "" if it has none; is_plain: it goes
 * without saying, as it has none, or is a rare one with its default. */
typedef int keeper(void *context, const struct tote_option *option, const char *value,
                   bool is_plain, struct tote_error *err);

static int each_of(const struct keeping *keeping, const struct tote_settings *s,
                   keeper *visit, void *context, struct tote_error *err)
{
    struct tote_option table[TOTE_ARGS_MAX];
    char value[TOTE_OPTION_TEXT_MAX];
    size_t n;
    int rc = tote_settings_merge(keeping->lists, table, &n, err);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        bool has_value = tote_bagfile_text(&table[i], s, value, sizeof value);
        bool is_plain =
            !has_value || (keeping->is_rare && is_default(&table[i], s, value));
        rc = visit(context, &table[i], has_value ? value : "", is_plain, err);
    }
    return rc;
}

static int each(const struct tote_settings *s, enum tote_settings_of command,
                bool with_items, keeper *visit, void *context, struct tote_error *err)
{
    struct keeping kept[6];
    size_t n = keep(s, command, with_items, kept);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = each_of(&kept[i], s, visit, context, err);
    return rc;
}

/* --- as a bag file --- */

struct gathering {
    struct tote_option table[TOTE_ARGS_MAX];
    size_t n;
};

/* A section has its own keys. */
static bool is_of_section(const struct tote_option *option)
{
    for (size_t i = 0; i < tote_settings_section.n; i++) {
        const struct tote_option_list *list = &tote_settings_section.lists[i];
        for (size_t k = 0; k < list->n; k++)
            if (list->table[k].offset == option->offset)
                return true;
    }
    return false;
}

static int gather(void *context, const struct tote_option *option, const char *value,
                  bool is_plain, struct tote_error *err)
{
    struct gathering *gathering = context;
    (void)value;
    if (is_plain || is_of_section(option))
        return 0;
    if (gathering->n == TOTE_ARGS_MAX)
        return tote_error_set(err, -E2BIG, "more than %d settings", TOTE_ARGS_MAX);
    gathering->table[gathering->n++] = *option;
    return 0;
}

static int check_printable(const struct tote_settings *s, enum tote_settings_of command,
                           struct tote_error *err)
{
    if (s->recipe.n_lists > 1)
        return tote_error_set(err, -EINVAL,
                              "--print-config: a bag file has one list of items, not "
                              "%zu",
                              s->recipe.n_lists);
    return tote_settings_is_experiment(command)
               ? tote_settings_check_engines("--print-config", s->engines, err)
               : tote_settings_check_engine("--print-config", s->engine, err);
}

int tote_settings_print(const struct tote_settings *settings,
                        enum tote_settings_of command, FILE *out,
                        struct tote_error *err)
{
    struct gathering gathering = {.n = 0};
    int rc = check_printable(settings, command, err);
    if (rc == 0)
        rc = each(settings, command, true, gather, &gathering, err);
    if (rc < 0)
        return rc;
    struct tote_words command_words = settings->recipe.command, items = {0};
    if (settings->recipe.n_lists == 1)
        items = settings->recipe.lists[0].values;
    const struct tote_bagfile_list lists[] = {{"command", &command_words},
                                              {"items", &items}};
    struct tote_bagfile_keys keys = {.table = gathering.table,
                                     .n = gathering.n,
                                     .lists = lists,
                                     .n_lists = sizeof lists / sizeof lists[0]};
    if (tote_settings_is_experiment(command)) {
        keys.sections = tote_settings_sections;
        keys.n_sections = TOTE_SETTINGS_SECTIONS;
    }
    return tote_bagfile_print(&keys, settings, out, err);
}

/* --- into a store --- */

static int note(void *context, const struct tote_option *option, const char *value,
                bool is_plain, struct tote_error *err)
{
    struct tote_store *store = context;
    char name[TOTE_NAME_MAX];
    stored_name(option->name, name);
    char *there = tote_store_get(store, name);
    /* Each write to a store that goes on is a sync, and most is there already. */
    bool is_said = there ? strcmp(there, value) == 0 : is_plain;
    free(there);
    return is_said ? 0 : tote_store_set(store, name, value, err);
}

int tote_settings_note(const struct tote_settings *settings,
                       enum tote_settings_of command, struct tote_store *store,
                       struct tote_error *err)
{
    int rc = tote_store_begin_settings(store, err);
    if (rc < 0)
        return rc;
    rc = each(settings, command, false, note, store, err);
    return tote_store_end_settings(store, rc, err);
}
