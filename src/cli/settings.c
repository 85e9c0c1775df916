/* SPDX-License-Identifier: MIT */
/* settings.c: how what run, resume, compare and sweep are told comes together
 * (settings.h); the tables are in settings_tables.c, what a store keeps of them in
 * settings_kept.c.
 */
#include "cli/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cli/bagfile.h"
#include "cli/cores.h"
#include "cli/factors.h"
#include "cli/settings_engine.h"
#include "cli/settings_kept.h"
#include "cli/settings_tables.h"
#include "cli/terms.h"
#include "core/commands.h"
#include "core/run.h"

/* --- resolving --- */

static int resolve_batch(struct tote_settings *s, enum tote_settings_of command,
                         struct tote_error *err)
{
    if (command == TOTE_SETTINGS_METG) /* a list: its own business */
        return 0;
    const char *fallback = tote_settings_is_experiment(command) ? "1" : "auto";
    if (!s->batch[0])
        snprintf(s->batch, sizeof s->batch, "%s", fallback);
    return tote_batch_parse(s->batch, &s->batch_tasks, err);
}

static int resolve_kernel(struct tote_settings *s, struct tote_error *err)
{
    if (tote_recipe_has_command(&s->recipe)) {
        s->bag = (struct tote_bag){.kernel = TOTE_KERNEL_COMMANDS, .is_commands = true};
        return 0;
    }
    if (strlen(s->kernel) >= sizeof s->bag.kernel)
        return tote_error_set(err, -EINVAL, "option 'kernel' is longer than %zu bytes",
                              sizeof s->bag.kernel - 1);
    s->bag = (struct tote_bag){.size = s->size, .seed = s->seed, .tasks = s->tasks};
    memcpy(s->bag.kernel, s->kernel, strlen(s->kernel) + 1);
    return 0;
}

/* Of a comparison, so many that three engines with their controls, one of which takes
 * seconds to start, have their six runs; of a sweep, what one waits for. */
#define BUDGET_COMPARE_S 120
#define BUDGET_SWEEP_S   600

static int resolve_experiment(struct tote_settings *s, enum tote_settings_of command,
                              struct tote_error *err)
{
    bool is_given = s->budget_s > 0; /* else it is no number */
    if (!is_given)
        s->budget_s = command == TOTE_SETTINGS_SWEEP     ? BUDGET_SWEEP_S
                      : command == TOTE_SETTINGS_COMPARE ? BUDGET_COMPARE_S
                                                         : 0;
    if (!tote_settings_is_experiment(command))
        return 0;
    int rc = tote_runs_parse(s->runs, &s->runs_least, &s->runs_most, err);
    if (rc == 0)
        rc = tote_precision_parse(s->precision_text, &s->precision, err);
    return rc < 0 || command != TOTE_SETTINGS_SWEEP ? rc : tote_factors_check(s, err);
}

static int resolve_order_seed(struct tote_settings *s, struct tote_error *err)
{
    if (s->order_seed != TOTE_OPTION_NONE)
        return 0;
    if (getrandom(&s->order_seed, sizeof s->order_seed, 0) != sizeof s->order_seed)
        return tote_error_set(err, -errno, "no random numbers: %s", strerror(errno));
    s->order_seed >>= 11; /* 53 bits: what every reader of JSON keeps */
    return 0;
}

static int resolve(struct tote_settings *s, enum tote_settings_of command,
                   struct tote_error *err)
{
    if (s->workers == 0)
        s->workers = tote_cores_usable();
    int rc = resolve_order_seed(s, err);
    if (rc < 0)
        return rc;
    rc = resolve_experiment(s, command, err);
    if (rc == 0)
        rc = resolve_batch(s, command, err);
    if (rc == 0)
        rc = tote_halt_parse(s->halt_text, &s->halt, err);
    if (rc == 0)
        rc = tote_timeout_parse(s->timeout, &s->timeout_ns, &s->timeout_percent, err);
    return rc < 0 ? rc : resolve_kernel(s, err);
}

bool tote_settings_is_experiment(enum tote_settings_of command)
{
    return command == TOTE_SETTINGS_COMPARE || command == TOTE_SETTINGS_SWEEP ||
           command == TOTE_SETTINGS_METG;
}

static const struct tote_settings_lists *lists_of(enum tote_settings_of command)
{
    return command == TOTE_SETTINGS_RUN      ? &tote_settings_run
           : command == TOTE_SETTINGS_RESUME ? &tote_settings_resume
           : command == TOTE_SETTINGS_SWEEP  ? &tote_settings_sweep
           : command == TOTE_SETTINGS_METG   ? &tote_settings_metg
                                             : &tote_settings_compare;
}

static const char *engine_option(enum tote_settings_of command)
{
    return tote_settings_is_experiment(command) ? "engines" : "engine";
}

static int set_defaults(struct tote_settings *s, struct tote_error *err)
{
    static const struct tote_settings_lists *const all[] = {
        &tote_settings_file, &tote_settings_section, &tote_settings_line};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof all / sizeof all[0]; i++) {
        struct tote_option table[TOTE_ARGS_MAX];
        size_t n;
        rc = tote_settings_merge(all[i], table, &n, err);
        if (rc == 0)
            rc = tote_options_defaults(table, n, s, err);
    }
    return rc;
}

/* Some options of metg have other defaults than those of the same name elsewhere. */
static int set_defaults_of_metg(struct tote_settings *s, struct tote_error *err)
{
    struct tote_option table[TOTE_ARGS_MAX];
    size_t n;
    int rc = tote_settings_merge(&tote_settings_metg, table, &n, err);
    return rc < 0 ? rc : tote_options_defaults(table, n, s, err);
}

/* --- the bag file --- */

enum { BAG_LISTS = 2 };

static void name_lists(struct tote_settings *s, struct tote_words *items,
                       struct tote_bagfile_list into[static BAG_LISTS])
{
    into[0] = (struct tote_bagfile_list){"command", &s->recipe.command};
    into[1] = (struct tote_bagfile_list){"items", items};
}

/* The list of items becomes one of the recipe's; takes what it holds. */
static int take_items(struct tote_settings *s, struct tote_words *items,
                      struct tote_error *err)
{
    if (items->n == 0)
        return 0;
    struct tote_recipe_list *list = tote_recipe_add_list(&s->recipe);
    if (!list)
        return tote_error_set(err, -ENOMEM, "out of memory for the items");
    list->values = *items;
    *items = (struct tote_words){0};
    return 0;
}

static int load_file(struct tote_settings *s, const char *path, struct tote_error *err)
{
    struct tote_option table[TOTE_ARGS_MAX];
    struct tote_bagfile_list lists[BAG_LISTS];
    struct tote_words items = {0};
    name_lists(s, &items, lists);
    struct tote_bagfile_keys keys = {.table = table,
                                     .lists = lists,
                                     .n_lists = BAG_LISTS,
                                     .sections = tote_settings_sections,
                                     .n_sections = TOTE_SETTINGS_SECTIONS};
    s->bag_file = path;
    int rc = tote_settings_merge(&tote_settings_file, table, &keys.n, err);
    if (rc == 0)
        rc = tote_bagfile_load(path, &keys, s, err);
    if (rc == 0)
        rc = take_items(s, &items, err);
    tote_words_finish(&items);
    return rc < 0 ? rc : tote_settings_check_bag_file(s, err);
}

/* --- the command line --- */

/* An option of one kind of bag says nothing to the other. */
static int refuse_strange(const struct tote_args *args,
                          const struct tote_settings_lists *lists, const char *whose,
                          struct tote_error *err)
{
    struct tote_option table[TOTE_ARGS_MAX];
    size_t n;
    int rc = tote_settings_merge(lists, table, &n, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        if (tote_args_find(args, table[i].name))
            rc = tote_error_set(err, -EINVAL, "option --%s is for %s", table[i].name,
                                whose);
    return rc;
}

/* A source on the command line stands for that in the bag file. */
static void drop_sources(struct tote_settings *s)
{
    s->items_file[0] = s->csv[0] = '\0';
    tote_recipe_drop_lists(&s->recipe);
}

/* Which one counts is not guessed. A flag says the same each time. */
static int refuse_repeated(const struct tote_args *args,
                           const struct tote_settings_lists *lists,
                           struct tote_error *err)
{
    struct tote_option table[TOTE_ARGS_MAX];
    size_t n;
    int rc = tote_settings_merge(lists, table, &n, err);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        size_t given = 0;
        for (size_t k = 0; k < args->n_options; k++)
            given += strcmp(args->options[k].name, table[i].name) == 0;
        bool is_many = strcmp(table[i].name, "vary") == 0;
        if (given > 1 && table[i].type != TOTE_OPTION_BOOL && !is_many)
            rc = tote_error_set(err, -EINVAL, "option --%s is given twice",
                                table[i].name);
    }
    return rc;
}

static int apply_line(struct tote_settings *s, const struct tote_args *args,
                      enum tote_settings_of command, struct tote_error *err)
{
    const struct tote_settings_lists *lists = lists_of(command);
    int rc = refuse_repeated(args, lists, err);
    if (rc < 0)
        return rc;
    if (tote_args_find(args, "items") || tote_args_find(args, "csv"))
        drop_sources(s);
    if (args->has_rest) {
        struct tote_words kept = s->recipe.command; /* of the bag file: replaced */
        s->recipe.command = (struct tote_words){0};
        tote_words_finish(&kept);
        size_t n_before = s->recipe.n_lists;
        rc = tote_recipe_split(&s->recipe, args->rest, args->n_rest, err);
        if (rc < 0)
            return rc;
        if (s->recipe.n_lists > 0 && n_before == 0) /* the file's were others */
            s->items_file[0] = s->csv[0] = '\0';
    }
    return tote_args_apply(args, lists->lists, lists->n, s, err);
}

static int check_sources(const struct tote_settings *s, struct tote_error *err)
{
    int n = (s->recipe.n_lists > 0) + (s->items_file[0] != '\0') + (s->csv[0] != '\0');
    if (n > 1)
        return tote_error_set(err, -EINVAL,
                              "items come from one place: :::, --items or --csv");
    if (!tote_recipe_has_command(&s->recipe) && n > 0)
        return tote_error_set(err, -EINVAL,
                              "items, but no command: tote run [OPTIONS] -- COMMAND "
                              "{item}");
    if (tote_recipe_has_command(&s->recipe) && s->null &&
        (s->recipe.n_lists > 0 || s->csv[0]))
        return tote_error_set(err, -EINVAL,
                              "option --null is for items from a file or a pipe");
    return 0;
}

static int check_stdin(const struct tote_settings *s, struct tote_error *err)
{
    if (!tote_recipe_has_command(&s->recipe) ||
        tote_settings_source(s) != TOTE_SOURCE_STDIN)
        return 0;
    if (s->bag_file && strcmp(s->bag_file, "-") == 0)
        return tote_error_set(err, -EINVAL,
                              "standard input is the bag file: the items cannot come "
                              "from there too");
    if (!s->items_file[0] && !s->print_config && isatty(STDIN_FILENO))
        return tote_error_set(
            err, -EINVAL,
            "no items: give ::: VALUES, --items FILE, --csv FILE or a "
            "pipe");
    return 0;
}

/* What commands print and a document do not go into one stream. */
static int check_streams(const struct tote_settings *s, const struct tote_args *args,
                         struct tote_error *err)
{
    const char *output = tote_args_find(args, "output");
    if (!s->json || !output || s->output == TOTE_PRINT_NONE)
        return 0;
    return tote_error_set(err, -EINVAL,
                          "--json prints one document on stdout, and so no --output %s "
                          "of the commands: tote log STORE TASK prints that of one",
                          output);
}

static int check(const struct tote_settings *s, const struct tote_args *args,
                 struct tote_error *err)
{
    int rc =
        tote_recipe_has_command(&s->recipe)
            ? refuse_strange(args, &tote_settings_of_kernels, "bags of a kernel", err)
            : 0;
    if (rc == 0)
        rc = check_sources(s, err);
    if (rc == 0 && !tote_recipe_has_command(&s->recipe))
        rc = refuse_strange(args, &tote_settings_of_commands,
                            "bags of commands: tote run [OPTIONS] -- COMMAND", err);
    if (rc == 0 && s->resume && !s->store[0])
        rc = tote_error_set(err, -EINVAL,
                            "--resume goes on with a store: name it with "
                            "--store");
    if (rc == 0 && s->dry_run && s->json)
        rc = tote_error_set(err, -EINVAL,
                            "--dry-run prints commands, not a JSON document");
    if (rc == 0 && s->retry_failed && !s->resume)
        rc = tote_error_set(err, -EINVAL, "--retry-failed goes with --resume");
    if (rc == 0)
        rc = check_streams(s, args, err);
    return rc < 0 ? rc : check_stdin(s, err);
}

/* --- loading --- */

/* Kept apart, since the store remembers what was asked for: a run that goes on need not
 * print a document. */
static void resolve_print(struct tote_settings *s)
{
    s->print = s->json ? TOTE_PRINT_NONE : (enum tote_print)s->output;
}

static int load(struct tote_settings *s, const struct tote_args *args,
                enum tote_settings_of command, struct tote_error *err)
{
    int rc = set_defaults(s, err);
    if (rc == 0 && command == TOTE_SETTINGS_METG)
        rc = set_defaults_of_metg(s, err);
    if (rc == 0 && args->n_arguments > 0)
        rc = load_file(s, args->arguments[0], err);
    if (rc == 0)
        rc = apply_line(s, args, command, err);
    if (rc == 0)
        rc = tote_factors_take(s, args, err);
    if (rc == 0 && tote_settings_is_experiment(command) &&
        tote_recipe_has_command(&s->recipe))
        rc = tote_error_set(err, -EINVAL,
                            "%s measures bags of a kernel, not of commands: tote run "
                            "%s",
                            command == TOTE_SETTINGS_SWEEP ? "sweep" : "compare",
                            s->bag_file ? s->bag_file : "");
    if (rc == 0 && command == TOTE_SETTINGS_RUN)
        rc = check(s, args, err);
    resolve_print(s);
    s->is_engine_of_bag_file =
        s->bag_file && !tote_args_find(args, engine_option(command));
    return rc < 0 ? rc : resolve(s, command, err);
}

/* Large, and so not on the stack. Takes s, null if there was no memory. */
static int hand_out(struct tote_settings *s, int rc, struct tote_settings *ret_settings)
{
    if (rc == 0)
        *ret_settings = *s;
    else if (s)
        tote_settings_finish(s);
    free(s);
    return rc;
}

int tote_settings_load(const struct tote_args *args, enum tote_settings_of command,
                       struct tote_settings *ret_settings, struct tote_error *err)
{
    struct tote_settings *s = calloc(1, sizeof *s);
    int rc = s ? load(s, args, command, err)
               : tote_error_set(err, -ENOMEM, "out of memory for the settings");
    return hand_out(s, rc, ret_settings);
}

void tote_settings_finish(struct tote_settings *settings)
{
    tote_recipe_finish(&settings->recipe);
}

enum tote_source tote_settings_source(const struct tote_settings *settings)
{
    if (settings->recipe.n_lists > 0)
        return TOTE_SOURCE_VALUES;
    if (settings->csv[0])
        return strcmp(settings->csv, "-") == 0 ? TOTE_SOURCE_STDIN : TOTE_SOURCE_CSV;
    if (settings->items_file[0] && strcmp(settings->items_file, "-") != 0)
        return TOTE_SOURCE_FILE;
    return TOTE_SOURCE_STDIN;
}

/* --- from a store --- */

/* What was to be reached by one run is no end of the next: it would be there before
 * anything ran. That too much fails is. */
static void drop_reached_halt(struct tote_settings *s)
{
    struct tote_halt halt;
    if (tote_halt_parse(s->halt_text, &halt, NULL) == 0 &&
        halt.when != TOTE_HALT_NEVER && halt.what != TOTE_HALT_FAIL)
        snprintf(s->halt_text, sizeof s->halt_text, "never");
}

/* What an experiment consists of is in its cells: only how much of it is measured, and
 * what is said of it, may be another than it was. */
static int check_resume(const struct tote_settings *s, const struct tote_args *args,
                        enum tote_settings_of command, struct tote_error *err)
{
    if (tote_settings_is_experiment(command))
        return refuse_strange(args, &tote_settings_of_bags,
                              "bags, and this store is of an experiment", err);
    int rc = refuse_strange(args, &tote_settings_of_experiments, "experiments", err);
    if (rc == 0 && !tote_recipe_has_command(&s->recipe))
        rc = refuse_strange(args, &tote_settings_of_commands, "bags of commands", err);
    return rc;
}

static int load_store(struct tote_settings *s, const struct tote_args *args,
                      struct tote_store *store, enum tote_settings_of *ret_command,
                      struct tote_error *err)
{
    int rc = set_defaults(s, err);
    if (rc == 0)
        rc = tote_settings_read(s, store, ret_command, err);
    if (rc == 0)
        rc = check_resume(s, args, *ret_command, err);
    if (rc == 0) {
        drop_reached_halt(s);
        rc = apply_line(s, args, TOTE_SETTINGS_RESUME, err);
    }
    s->is_engine_of_store = !tote_args_find(args, engine_option(*ret_command));
    if (rc == 0 && s->is_engine_of_store)
        rc = tote_settings_check_store(s, *ret_command, err);
    if (rc == 0)
        rc = check_streams(s, args, err);
    resolve_print(s);
    snprintf(s->store, sizeof s->store, "%s", tote_store_path(store));
    return rc < 0 ? rc : resolve(s, *ret_command, err);
}

int tote_settings_load_store(const struct tote_args *args, struct tote_store *store,
                             struct tote_settings *ret_settings,
                             enum tote_settings_of *ret_command, struct tote_error *err)
{
    struct tote_settings *s = calloc(1, sizeof *s);
    int rc = s ? load_store(s, args, store, ret_command, err)
               : tote_error_set(err, -ENOMEM, "out of memory for the settings");
    return hand_out(s, rc, ret_settings);
}
