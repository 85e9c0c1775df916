/* SPDX-License-Identifier: MIT */
/* settings.c: the tables of what run and compare can be told, and how their values come
 * together (settings.h). */
#include "cli/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cli/bagfile.h"
#include "cli/cores.h"
#include "cli/enginelist.h"
#include "core/run.h"
#include "tote/kernel.h"

#define FIELD(field) offsetof(struct tote_settings, field)
#define N_OF(table)  (sizeof(table) / sizeof((table)[0]))

static const char *const net_choices[] = {"auto", "private", "host", NULL};

/* What the bag file may hold: the bag, then how it is run. */

static const struct tote_option shared_options[] = {
    {.name = "kernel",
     .type = TOTE_OPTION_TEXT,
     .offset = FIELD(kernel),
     .fallback = "zfp:accuracy=1e-3",
     .help = "what a task does, NAME:OPTION=VALUE,...; 'tote kernels' lists them"},
    {.name = "tasks",
     .type = TOTE_OPTION_UINT,
     .offset = FIELD(tasks),
     .fallback = "12",
     .max = (double)TOTE_BAG_MAX,
     .help = "tasks in the bag"},
    {.name = "size",
     .type = TOTE_OPTION_UINT,
     .offset = FIELD(size),
     .fallback = "200000",
     .max = (double)TOTE_KERNEL_SIZE_MAX,
     .help = "float32 values of each task's input"},
    {.name = "seed",
     .type = TOTE_OPTION_UINT,
     .offset = FIELD(seed),
     .fallback = "1",
     .max = 0x1p63,
     .help = "seed of the bag's inputs"},
    {.name = "workers",
     .type = TOTE_OPTION_UINT,
     .offset = FIELD(workers),
     .min = 1,
     .max = TOTE_WORKERS_MAX,
     .help = "tasks at once (default: the usable cores)"},
    {.name = "batch",
     .type = TOTE_OPTION_TEXT,
     .offset = FIELD(batch),
     .help = "tasks handed to the engine at once: auto, or a number up to 4096 "
             "(default: auto in run, 1 in compare)"},
    {.name = "net",
     .type = TOTE_OPTION_CHOICE,
     .offset = FIELD(net),
     .fallback = "auto",
     .choices = net_choices,
     .help =
         "network of the engine: loopback of its own, or the host's; auto: private, "
         "unless an option of the engine is of use on the host's only"},
    {.name = "start-timeout",
     .type = TOTE_OPTION_SECONDS,
     .offset = FIELD(start_timeout_s),
     .fallback = "90s",
     .min = 0.001,
     .max = 86400,
     .help = "how long an engine may take until it is ready"},
    {.name = "stall-timeout",
     .type = TOTE_OPTION_SECONDS,
     .offset = FIELD(stall_timeout_s),
     .fallback = "0s",
     .max = 604800,
     .help = "how long an engine that has work may say nothing; 0: for ever"},
};

static const struct tote_option run_options[] = {
    {.name = "engine",
     .type = TOTE_OPTION_TEXT,
     .offset = FIELD(engine),
     .fallback = "local",
     .help = "where tasks run, NAME:OPTION=VALUE,...; 'tote engines' lists them"},
};

static const struct tote_option compare_options[] = {
    {.name = "engines",
     .type = TOTE_OPTION_TEXT,
     .offset = FIELD(engines),
     .fallback = "local,workqueue,ray",
     .help =
         "the cells, by commas, each NAME:OPTION=VALUE,...; batch=N|auto is an option "
         "of every engine"},
    {.name = "runs",
     .type = TOTE_OPTION_UINT,
     .offset = FIELD(runs),
     .fallback = "6",
     .min = 1,
     .max = 1000,
     .help = "fresh launches of each cell; below 6 there is no interval"},
    {.name = "budget",
     .type = TOTE_OPTION_SECONDS,
     .offset = FIELD(budget_s),
     .fallback = "60s",
     .min = 0.001,
     .max = 604800,
     .help = "no new launch begins after it, once every cell has run"},
    {.name = "order-seed",
     .type = TOTE_OPTION_UINT,
     .offset = FIELD(order_seed),
     .fallback = "none",
     .max = 0x1p53,
     .help = "seed of the random order of launches (default: random, and recorded)"},
};

static const struct tote_option output_options[] = {
    {.name = "store",
     .type = TOTE_OPTION_TEXT,
     .offset = FIELD(store),
     .help = "new file for the results (default: one in the user's state folder)"},
    {.name = "engine-log",
     .type = TOTE_OPTION_TEXT,
     .offset = FIELD(engine_log),
     .help = "file that gets what engines say on stderr"},
    {.name = "json",
     .type = TOTE_OPTION_BOOL,
     .offset = FIELD(json),
     .fallback = "no",
     .help = "print one JSON document"},
    {.name = "print-config",
     .type = TOTE_OPTION_BOOL,
     .offset = FIELD(print_config),
     .fallback = "no",
     .help = "print the bag file that reproduces this, and do nothing"},
};

const struct tote_option_list tote_settings_run[3] = {
    {run_options, N_OF(run_options)},
    {shared_options, N_OF(shared_options)},
    {output_options, N_OF(output_options)},
};

const struct tote_option_list tote_settings_compare[3] = {
    {compare_options, N_OF(compare_options)},
    {shared_options, N_OF(shared_options)},
    {output_options, N_OF(output_options)},
};

/* A bag file serves both commands; each takes what it needs. */
static const struct tote_option_list file_lists[] = {
    {shared_options, N_OF(shared_options)},
    {run_options, N_OF(run_options)},
    {compare_options, N_OF(compare_options)},
};

/* --- resolving --- */

static int resolve_batch(struct tote_settings *s, enum tote_settings_of command,
                         struct tote_error *err)
{
    const char *fallback = command == TOTE_SETTINGS_RUN ? "auto" : "1";
    if (!s->batch[0])
        snprintf(s->batch, sizeof s->batch, "%s", fallback);
    return tote_batch_parse(s->batch, &s->batch_tasks, err);
}

static int resolve_kernel(struct tote_settings *s, struct tote_error *err)
{
    if (strlen(s->kernel) >= sizeof s->bag.kernel)
        return tote_error_set(err, -EINVAL, "option 'kernel' is longer than %zu bytes",
                              sizeof s->bag.kernel - 1);
    s->bag = (struct tote_bag){.size = s->size, .seed = s->seed, .tasks = s->tasks};
    memcpy(s->bag.kernel, s->kernel, strlen(s->kernel) + 1);
    return 0;
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
    rc = resolve_batch(s, command, err);
    return rc < 0 ? rc : resolve_kernel(s, err);
}

/* A bag file may name an engine but not a program: else a file from a stranger could
 * start anything. A path is for the command line. */
static int refuse_path(const char *where, const char *engine, struct tote_error *err)
{
    if (!memchr(engine, '/', strcspn(engine, ":")))
        return 0;
    return tote_error_set(
        err, -EINVAL,
        "%s: a bag file names engines, not programs: give '%s' on the "
        "command line",
        where, engine);
}

/* Each text is read here as it will be read later: one is an engine, the other a list.
 */
static int refuse_paths(const struct tote_settings *s, struct tote_error *err)
{
    struct tote_engine_list list;
    int rc = refuse_path(s->bag_file, s->engine, err);
    if (rc == 0)
        rc = tote_engine_list_split(s->engines, &list, err);
    for (size_t i = 0; rc == 0 && i < list.n; i++)
        rc = refuse_path(s->bag_file, list.texts[i], err);
    return rc;
}

static const struct tote_option_list *lists_of(enum tote_settings_of command)
{
    return command == TOTE_SETTINGS_RUN ? tote_settings_run : tote_settings_compare;
}

static const char *engine_option(enum tote_settings_of command)
{
    return command == TOTE_SETTINGS_RUN ? "engine" : "engines";
}

int tote_settings_load(const struct tote_args *args, enum tote_settings_of command,
                       struct tote_settings *ret_settings, struct tote_error *err)
{
    struct tote_settings s = {0};
    struct tote_option file_table[TOTE_ARGS_MAX];
    size_t n_file = tote_args_merge(file_lists, N_OF(file_lists), file_table);
    int rc = tote_options_defaults(file_table, n_file, &s, err);
    if (rc == 0)
        rc = tote_options_defaults(output_options, N_OF(output_options), &s, err);
    if (rc == 0 && args->n_arguments > 0) {
        s.bag_file = args->arguments[0];
        rc = tote_bagfile_load(s.bag_file, file_table, n_file, &s, err);
        if (rc == 0)
            rc = refuse_paths(&s, err);
    }
    if (rc == 0)
        rc = tote_args_apply(args, lists_of(command), 3, &s, err);
    if (rc == 0)
        rc = resolve(&s, command, err);
    s.is_engine_of_bag_file =
        s.bag_file && !tote_args_find(args, engine_option(command));
    if (rc == 0)
        *ret_settings = s;
    return rc;
}

/* One table of what reproduces a run: what a bag file for the command holds. */
static size_t merge_reproducing(enum tote_settings_of command,
                                struct tote_option into[static TOTE_ARGS_MAX])
{
    const struct tote_option_list lists[] = {
        {shared_options, N_OF(shared_options)},
        lists_of(command)[0],
    };
    return tote_args_merge(lists, N_OF(lists), into);
}

int tote_settings_print(const struct tote_settings *settings,
                        enum tote_settings_of command, FILE *out,
                        struct tote_error *err)
{
    struct tote_option table[TOTE_ARGS_MAX];
    size_t n = merge_reproducing(command, table);
    struct tote_engine_list list;
    int rc = command == TOTE_SETTINGS_RUN
                 ? refuse_path("--print-config", settings->engine, err)
                 : tote_engine_list_split(settings->engines, &list, err);
    for (size_t i = 0; rc == 0 && command == TOTE_SETTINGS_COMPARE && i < list.n; i++)
        rc = refuse_path("--print-config", list.texts[i], err);
    return rc < 0 ? rc : tote_bagfile_print(table, n, settings, out, err);
}

int tote_settings_each(const struct tote_settings *settings,
                       enum tote_settings_of command,
                       int (*visit)(void *context, const char *name, const char *value),
                       void *context)
{
    struct tote_option table[TOTE_ARGS_MAX];
    size_t n = merge_reproducing(command, table);
    int rc = 0;
    for (size_t i = 0; rc >= 0 && i < n; i++) {
        char value[TOTE_OPTION_TEXT_MAX];
        if (tote_bagfile_text(&table[i], settings, value, sizeof value))
            rc = visit(context, table[i].name, value);
    }
    return rc < 0 ? rc : 0;
}
