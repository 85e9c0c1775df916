/* SPDX-License-Identifier: MIT */
/* settings_tables.c: the tables of what run, resume, compare, sweep and metg can be
 * told (settings.h). */
#include "cli/settings_tables.h"

#include "base/slice.h"
#include "experiment/design.h"
#include "store/writer.h"
#include "tote/kernel.h"

#define FIELD(field) offsetof(struct tote_settings, field)
#define N_OF(table)  (sizeof(table) / sizeof((table)[0]))
// clang-format off
/* A group of the help begins with the table that has a title. */
#define GROUP(table, title) {table, N_OF(table), title}
#define MORE(table)         {table, N_OF(table), NULL}
// clang-format on

static const char *const net_choices[] = {"auto", "private", "host", NULL};
static const char *const data_choices[] = {"shared", "staged", NULL};
static const char *const cwd_choices[] = {"own", "start", NULL};
static const char *const print_choices[] = {"asdone", "ordered", "none", NULL};
/* In the order of enum tote_controls. */
static const char *const control_choices[] = {
    [TOTE_CONTROLS_ALL] = "all", [TOTE_CONTROLS_LIMIT] = "limit", NULL};
/* In the order of enum tote_metg_kernel. */
static const char *const metg_kernel_choices[] = {
    [TOTE_METG_SPIN] = "spin", [TOTE_METG_SLEEP] = "sleep", NULL};
static const char *const telling_choices[] = {"auto", "none", "jsonl", NULL};
static const char *const accounting_choices[] = {"full", "off", NULL};
/* In the order of enum tote_durability. */
static const char *const durability_choices[] = {[TOTE_DURABILITY_GROUP] = "group",
                                                 [TOTE_DURABILITY_STRICT] = "strict",
                                                 [TOTE_DURABILITY_RELAXED] = "relaxed",
                                                 NULL};

/* --- what runs --- */

static const struct tote_option bag_options[] = {
    {.name = "kernel",
     .type = TOTE_OPTION_TEXT,
     .metavar = "KERNEL",
     .offset = FIELD(kernel),
     .fallback = "zfp:accuracy=1e-3",
     .help = "what a task does, if it is no command: NAME:OPTION=VALUE,...; 'tote "
             "kernels' lists them"},
    {.name = "tasks",
     .type = TOTE_OPTION_UINT,
     .offset = FIELD(tasks),
     .fallback = "12",
     .max = (double)TOTE_BAG_MAX,
     .help = "tasks in a bag of a kernel"},
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
};

static const struct tote_option command_options[] = {
    {.name = "shell",
     .type = TOTE_OPTION_BOOL,
     .offset = FIELD(shell),
     .fallback = "no",
     .help = "the command is a text for /bin/sh -c, with the items quoted"},
};

static const struct tote_option source_options[] = {
    {.name = "items",
     .type = TOTE_OPTION_TEXT,
     .offset = FIELD(items_file),
     .is_path = true,
     .letter = 'a',
     .help = "items from a file, one a line; - is standard input, which is also read "
             "if no items are given"},
    {.name = "null",
     .type = TOTE_OPTION_BOOL,
     .offset = FIELD(null),
     .fallback = "no",
     .letter = '0',
     .help = "items end with a NUL, not with a line"},
    {.name = "csv",
     .type = TOTE_OPTION_TEXT,
     .offset = FIELD(csv),
     .is_path = true,
     .help = "items from a CSV file; its first line names the columns"},
    {.name = "dry-run",
     .type = TOTE_OPTION_BOOL,
     .offset = FIELD(dry_run),
     .fallback = "no",
     .letter = 'n',
     .help = "print the commands, quoted, and do nothing"},
};

/* As a bag file calls it: there, items are the items themselves. */
static const struct tote_option source_file_options[] = {
    {.name = "items_file",
     .type = TOTE_OPTION_TEXT,
     .offset = FIELD(items_file),
     .is_path = true,
     .help = ""},
    {.name = "null",
     .type = TOTE_OPTION_BOOL,
     .offset = FIELD(null),
     .fallback = "no",
     .letter = '0',
     .help = "items end with a NUL, not with a line"},
    {.name = "csv",
     .type = TOTE_OPTION_TEXT,
     .offset = FIELD(csv),
     .is_path = true,
     .help = "items from a CSV file; its first line names the columns"},
};

/* --- where it runs --- */

static const struct tote_option engine_options[] = {
    {.name = "engine",
     .type = TOTE_OPTION_TEXT,
     .metavar = "ENGINE",
     .offset = FIELD(engine),
     .fallback = "local",
     .help = "where tasks run, NAME:OPTION=VALUE,...; 'tote engines' lists them"},
};

static const struct tote_option engines_options[] = {
    {.name = "engines",
     .type = TOTE_OPTION_TEXT,
     .metavar = "ENGINE,...",
     .offset = FIELD(engines),
     .fallback = "local,workqueue,ray",
     .help =
         "what is compared, by commas, each NAME:OPTION=VALUE,...; batch=N|auto is an "
         "option of every engine"},
};

/* --- experiments --- */

static const struct tote_option seed_options[] = {
    {.name = "seed",
     .type = TOTE_OPTION_UINT,
     .offset = FIELD(seed),
     .fallback = "1",
     .max = 0x1p63,
     .help = "seed of the bags' inputs"},
};

static const struct tote_option grain_options[] = {
    {.name = "kernel",
     .type = TOTE_OPTION_CHOICE,
     .offset = FIELD(metg_kernel),
     .fallback = "spin",
     .choices = metg_kernel_choices,
     .help = "spin: tasks take CPU time, and the engine has what they leave; sleep: "
             "they take none, as if workers were other machines"},
    {.name = "from",
     .type = TOTE_OPTION_SECONDS,
     .offset = FIELD(from_s),
     .fallback = "1s",
     .min = 1e-6,
     .max = 3600,
     .help = "the longest task that is tried"},
    {.name = "to",
     .type = TOTE_OPTION_SECONDS,
     .offset = FIELD(to_s),
     .fallback = "1us",
     .min = 1e-6,
     .max = 3600,
     .help = "the shortest task that is tried"},
};

static const struct tote_option metg_place_options[] = {
    {.name = "workers",
     .type = TOTE_OPTION_UINT,
     .offset = FIELD(workers),
     .min = 1,
     .max = TOTE_WORKERS_MAX,
     .help = "tasks at once (default: the usable cores)"},
    {.name = "batch",
     .type = TOTE_OPTION_TEXT,
     .metavar = "N|auto,...",
     .offset = FIELD(batch),
     .fallback = "1,auto",
     .help = "tasks handed to the engine at once, by commas: each is a row of its own"},
    {.name = "net",
     .type = TOTE_OPTION_CHOICE,
     .offset = FIELD(net),
     .fallback = "auto",
     .choices = net_choices,
     .help = "network of the engine: loopback of its own, or the host's; auto: "
             "private, unless an option of the engine is of use on the host's only"},
};

static const struct tote_option metg_amount_options[] = {
    {.name = "runs",
     .type = TOTE_OPTION_TEXT,
     .metavar = "MIN..MAX|N",
     .offset = FIELD(runs),
     .fallback = "6..30",
     .help =
         "fresh launches at each grain: from MIN on until the precision is reached, "
         "or N; below 6 there is no interval"},
    {.name = "precision",
     .type = TOTE_OPTION_TEXT,
     .metavar = "N%|none",
     .offset = FIELD(precision_text),
     .fallback = "10%",
     .help = "enough is known once half of each interval of METG(50 %) is within this "
             "part of it"},
    {.name = "budget",
     .type = TOTE_OPTION_SECONDS,
     .offset = FIELD(budget_s),
     .fallback = "10m",
     .min = 0.001,
     .max = 604800,
     .help = "no block begins that would not end within it, but the first"},
    {.name = "order-seed",
     .type = TOTE_OPTION_UINT,
     .offset = FIELD(order_seed),
     .fallback = "none",
     .max = 0x1p53,
     .help = "seed of the random order of launches (default: random, and recorded)"},
};

static const struct tote_option vary_options[] = {
    {.name = "vary",
     .type = TOTE_OPTION_TEXT,
     .metavar = "NAME=LEVELS",
     .offset = FIELD(vary),
     .help =
         "the levels of tasks, size, workers, batch or kernel: a list, A..B+STEP or "
         "A..B*FACTOR; may be given for each of them"},
};

static const struct tote_option grid_options[] = {
    {.name = "one-at-a-time",
     .type = TOTE_OPTION_BOOL,
     .offset = FIELD(one_at_a_time),
     .fallback = "no",
     .help = "from the point that the plain options say, vary one factor at a time; "
             "else every combination is a point"},
};

static const struct tote_option amount_options[] = {
    {.name = "runs",
     .type = TOTE_OPTION_TEXT,
     .metavar = "MIN..MAX|N",
     .offset = FIELD(runs),
     .fallback = "6..30",
     .help = "fresh launches of each cell: from MIN on until the precision is reached, "
             "or N; below 6 there is no interval"},
    {.name = "precision",
     .type = TOTE_OPTION_TEXT,
     .metavar = "N%|none",
     .offset = FIELD(precision_text),
     .fallback = "5%",
     .help = "enough is known once half of each engine's 95 % interval is within this "
             "part of its median"},
    {.name = "budget",
     .type = TOTE_OPTION_SECONDS,
     .offset = FIELD(budget_s),
     .min = 0.001,
     .max = 604800,
     .help =
         "no launch begins after it, nor a block that would not end within it, once "
         "every cell has run (default: 2m in compare, 10m in sweep)"},
};

static const struct tote_option control_options[] = {
    {.name = "controls",
     .type = TOTE_OPTION_CHOICE,
     .offset = FIELD(controls),
     .fallback = "all",
     .choices = control_choices,
     .help = "what is measured beside the engines: all, the limit, one thread, the "
             "first engine again, each engine on tasks of nothing; limit, that alone"},
    {.name = "order-seed",
     .type = TOTE_OPTION_UINT,
     .offset = FIELD(order_seed),
     .fallback = "none",
     .max = 0x1p53,
     .help = "seed of the random order of launches (default: random, and recorded)"},
};

static const struct tote_option plan_options[] = {
    {.name = "dry-run",
     .type = TOTE_OPTION_BOOL,
     .offset = FIELD(dry_run),
     .fallback = "no",
     .letter = 'n',
     .help = "print the plan and how long it may take, and do nothing"},
};

/* In a bag file, below experiment: vary:, and in a store. */
#define VARIED(prefix, factor)                                                         \
    {                                                                                  \
        .name = prefix #factor, .type = TOTE_OPTION_TEXT,                              \
        .offset = FIELD(varied.factor), .help = ""                                     \
    }
static const struct tote_option varied_options[] = {
    VARIED("", kernel),  VARIED("", size),  VARIED("", tasks),
    VARIED("", workers), VARIED("", batch),
};
static const struct tote_option varied_kept_options[] = {
    VARIED("vary-", kernel),  VARIED("vary-", size),  VARIED("vary-", tasks),
    VARIED("vary-", workers), VARIED("vary-", batch),
};

static const struct tote_option place_options[] = {
    {.name = "workers",
     .type = TOTE_OPTION_UINT,
     .offset = FIELD(workers),
     .min = 1,
     .max = TOTE_WORKERS_MAX,
     .help = "tasks at once (default: the usable cores)"},
    {.name = "batch",
     .type = TOTE_OPTION_TEXT,
     .metavar = "N|auto",
     .offset = FIELD(batch),
     .help = "tasks handed to the engine at once: auto, or a number up to 4096 "
             "(default: auto in run, 1 in compare and sweep)"},
    {.name = "net",
     .type = TOTE_OPTION_CHOICE,
     .offset = FIELD(net),
     .fallback = "auto",
     .choices = net_choices,
     .help = "network of the engine: loopback of its own, or the host's; auto: the "
             "host's for commands, else private, "
             "unless an option of the engine is of use on the host's only"},
};

static const struct tote_option data_options[] = {
    {.name = "data",
     .type = TOTE_OPTION_CHOICE,
     .offset = FIELD(data),
     .fallback = "shared",
     .choices = data_choices,
     .help = "how files travel: shared, workers see the folders of tote; staged, the "
             "engine moves them"},
};

/* --- where files go --- */

static const struct tote_option folder_options[] = {
    {.name = "results",
     .type = TOTE_OPTION_TEXT,
     .metavar = "DIR",
     .offset = FIELD(results),
     .fallback = "results",
     .is_path = true,
     .help = "folder that gets the files that commands make with {out:PATH}"},
    {.name = "cwd",
     .type = TOTE_OPTION_CHOICE,
     .offset = FIELD(cwd),
     .fallback = "own",
     .choices = cwd_choices,
     .help = "folder in which a command runs: own, a private one of the attempt; "
             "start, where tote was started"},
};

static const struct tote_option force_options[] = {
    {.name = "force",
     .type = TOTE_OPTION_BOOL,
     .offset = FIELD(force),
     .fallback = "no",
     .help = "overwrite files in the results folder that this bag did not make"},
};

static const struct tote_option store_options[] = {
    {.name = "store",
     .type = TOTE_OPTION_TEXT,
     .metavar = "FILE",
     .offset = FIELD(store),
     .help = "file for what tasks ran, printed and came to: a new one (default: one in "
             "the user's state folder)"},
};

static const struct tote_option resume_options[] = {
    {.name = "resume",
     .type = TOTE_OPTION_BOOL,
     .offset = FIELD(resume),
     .fallback = "no",
     .help = "go on with the store, with this list: what it has done stays done; if it "
             "is not there yet, begin it"},
};

static const struct tote_option retry_options[] = {
    {.name = "retry-failed",
     .type = TOTE_OPTION_BOOL,
     .offset = FIELD(retry_failed),
     .fallback = "no",
     .help = "of a store that goes on, run again what failed"},
};

/* --- limits --- */

static const struct tote_option limit_options[] = {
    {.name = "timeout",
     .type = TOTE_OPTION_TEXT,
     .metavar = "TIME|N%",
     .offset = FIELD(timeout),
     .help = "how long an attempt may take: 30s, 2m, or 200% of the median of what is "
             "done, but at least 1 s, once three are (default: for ever)"},
    {.name = "kill-after",
     .type = TOTE_OPTION_SECONDS,
     .offset = FIELD(kill_after_s),
     .fallback = "5s",
     .max = 3600,
     .help = "at its time limit a command gets TERM, and so long after it KILL"},
    {.name = "memory",
     .type = TOTE_OPTION_SIZE,
     .offset = FIELD(memory),
     .fallback = "0",
     .max = 0x1p53,
     .help = "address space of each process of a command; 0: no limit"},
    {.name = "cpu-time",
     .type = TOTE_OPTION_SECONDS,
     .offset = FIELD(cpu_time_s),
     .fallback = "0",
     .max = 31536000,
     .help = "CPU time of each process of a command; 0: no limit"},
    {.name = "files",
     .type = TOTE_OPTION_UINT,
     .offset = FIELD(files),
     .fallback = "0",
     .max = 1048576,
     .help = "open files of each process of a command; 0: as of tote"},
    {.name = "stream-max",
     .type = TOTE_OPTION_SIZE,
     .offset = FIELD(stream_max),
     .fallback = "1M",
     .max = (double)TOTE_STREAM_MAX,
     .help = "bytes kept of the standard output, and of the error output, of an "
             "attempt; at "
             "most 64M"},
};

static const struct tote_option patience_options[] = {
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

/* --- when something fails --- */

static const struct tote_option failure_options[] = {
    {.name = "retries",
     .type = TOTE_OPTION_UINT,
     .offset = FIELD(retries),
     .fallback = "0",
     .max = 1000,
     .help = "further attempts at a task that failed by itself"},
    {.name = "losses",
     .type = TOTE_OPTION_UINT,
     .offset = FIELD(losses),
     .fallback = "5",
     .min = 1,
     .max = 1000,
     .help = "how often a task may be lost with its worker before it is given up"},
    {.name = "halt",
     .type = TOTE_OPTION_TEXT,
     .metavar = "WHEN,WHAT=N",
     .offset = FIELD(halt_text),
     .fallback = "never",
     .help = "give up early: now or soon, then fail=, success= or done= with a number "
             "or a share, as soon,fail=10%"},
    {.name = "durability",
     .type = TOTE_OPTION_CHOICE,
     .offset = FIELD(durability),
     .fallback = "group",
     .choices = durability_choices,
     .help = "when a result is on disk: group, after 10 ms at most; strict, at once; "
             "relaxed, after 1 s"},
    {.name = "grace",
     .type = TOTE_OPTION_SECONDS,
     .offset = FIELD(grace_s),
     .fallback = "10s",
     .max = 86400,
     .help =
         "how long running tasks may end after a first signal; a second stops them"},
};

/* --- output --- */

static const struct tote_option print_options[] = {
    {.name = "output",
     .type = TOTE_OPTION_CHOICE,
     .offset = FIELD(output),
     .fallback = "asdone",
     .choices = print_choices,
     .help = "what commands print: asdone, each when it is done; ordered, in the order "
             "of the list, new items of a changed one last; none; with --json it is "
             "none"},
};

static const struct tote_option log_options[] = {
    {.name = "joblog",
     .type = TOTE_OPTION_TEXT,
     .offset = FIELD(joblog),
     .is_path = true,
     .help = "append a line for each task to this file, as GNU parallel writes it"},
};

static const struct tote_option telling_options[] = {
    {.name = "progress",
     .type = TOTE_OPTION_CHOICE,
     .offset = FIELD(progress),
     .fallback = "auto",
     .choices = telling_choices,
     .help = "auto, a line on a terminal; jsonl, one JSON object a second on stderr"},
};

static const struct tote_option common_options[] = {
    {.name = "engine-log",
     .type = TOTE_OPTION_TEXT,
     .metavar = "FILE",
     .offset = FIELD(engine_log),
     .help = "file that gets what engines say on stderr"},
    {.name = "accounting",
     .type = TOTE_OPTION_CHOICE,
     .offset = FIELD(accounting),
     .fallback = "full",
     .choices = accounting_choices,
     .help = "measure what runs cost, and the machine around them: full, or off"},
    {.name = "json",
     .type = TOTE_OPTION_BOOL,
     .offset = FIELD(json),
     .fallback = "no",
     .help = "print one JSON document"},
};

static const struct tote_option config_options[] = {
    {.name = "print-config",
     .type = TOTE_OPTION_BOOL,
     .offset = FIELD(print_config),
     .fallback = "no",
     .help = "print the bag file that reproduces this, and do nothing"},
};

/* --- which command has which --- */

const struct tote_settings_lists tote_settings_run = {
    .lists = {GROUP(bag_options, "What runs"), MORE(command_options),
              MORE(source_options), GROUP(engine_options, "Where it runs"),
              MORE(place_options), MORE(data_options),
              GROUP(folder_options, "Where files go"), MORE(force_options),
              MORE(store_options), GROUP(limit_options, "Limits"),
              MORE(patience_options), GROUP(failure_options, "When something fails"),
              MORE(resume_options), MORE(retry_options), GROUP(print_options, "Output"),
              MORE(log_options), MORE(telling_options), MORE(common_options),
              MORE(config_options)},
    .n = 19,
};

const struct tote_settings_lists tote_settings_resume = {
    .lists = {GROUP(engine_options, "Where it runs"), MORE(place_options),
              MORE(data_options), MORE(force_options), GROUP(limit_options, "Limits"),
              MORE(patience_options), GROUP(failure_options, "When something fails"),
              MORE(retry_options), GROUP(engines_options, "Experiments"),
              MORE(amount_options), GROUP(print_options, "Output"), MORE(log_options),
              MORE(telling_options), MORE(common_options)},
    .n = 14,
};

const struct tote_settings_lists tote_settings_compare = {
    .lists = {GROUP(bag_options, "What runs"), GROUP(engines_options, "Where it runs"),
              MORE(place_options), GROUP(amount_options, "How often"),
              MORE(control_options), MORE(plan_options),
              GROUP(patience_options, "Limits"), GROUP(store_options, "Output"),
              MORE(common_options), MORE(config_options)},
    .n = 10,
};

const struct tote_settings_lists tote_settings_sweep = {
    .lists = {GROUP(bag_options, "What runs"), GROUP(vary_options, "What is varied"),
              MORE(grid_options), GROUP(engines_options, "Where it runs"),
              MORE(place_options), GROUP(amount_options, "How often"),
              MORE(control_options), MORE(plan_options),
              GROUP(patience_options, "Limits"), GROUP(store_options, "Output"),
              MORE(common_options), MORE(config_options)},
    .n = 12,
};

const struct tote_settings_lists tote_settings_metg = {
    .lists = {GROUP(grain_options, "What runs"), MORE(seed_options),
              GROUP(engines_options, "Where it runs"), MORE(metg_place_options),
              GROUP(metg_amount_options, "How often"), MORE(plan_options),
              GROUP(patience_options, "Limits"), GROUP(store_options, "Output"),
              MORE(common_options)},
    .n = 9,
};

const struct tote_settings_lists tote_settings_file = {
    .lists = {MORE(bag_options), MORE(command_options), MORE(source_file_options),
              MORE(engine_options), MORE(engines_options), MORE(place_options),
              MORE(data_options), MORE(folder_options), MORE(limit_options),
              MORE(patience_options), MORE(failure_options), MORE(print_options)},
    .n = 12,
};

const struct tote_settings_lists tote_settings_section = {
    .lists = {MORE(amount_options), MORE(control_options), MORE(grid_options),
              MORE(varied_options)},
    .n = 4,
};

static const struct tote_bagfile_keys varied_keys = {.table = varied_options,
                                                     .n = N_OF(varied_options)};
static const struct tote_bagfile_section varied_section[] = {{"vary", &varied_keys}};
static const struct tote_option_list experiment_lists[] = {
    MORE(amount_options), MORE(control_options), MORE(grid_options)};
static const struct tote_bagfile_keys experiment_keys = {
    .more = experiment_lists,
    .n_more = N_OF(experiment_lists),
    .sections = varied_section,
    .n_sections = N_OF(varied_section),
};
const struct tote_bagfile_section tote_settings_sections[TOTE_SETTINGS_SECTIONS] = {
    {"experiment", &experiment_keys}};

const struct tote_settings_lists tote_settings_line = {
    .lists = {MORE(force_options), MORE(store_options), MORE(resume_options),
              MORE(retry_options), MORE(log_options), MORE(telling_options),
              MORE(common_options), MORE(config_options), MORE(vary_options),
              MORE(plan_options)},
    .n = 10,
};

const struct tote_settings_lists tote_settings_of_kernels = {
    .lists = {MORE(bag_options)},
    .n = 1,
};

const struct tote_settings_lists tote_settings_of_commands = {
    .lists = {MORE(command_options), MORE(source_options), MORE(data_options),
              MORE(folder_options), MORE(force_options), MORE(limit_options),
              MORE(print_options), MORE(log_options)},
    .n = 8,
};

/* What reproduces a run, by what it runs. */

const struct tote_settings_lists tote_settings_keep_kernel = {
    .lists = {MORE(bag_options)},
    .n = 1,
};

const struct tote_settings_lists tote_settings_keep_all = {
    .lists = {MORE(place_options), MORE(patience_options)},
    .n = 2,
};

const struct tote_settings_lists tote_settings_keep_run = {
    .lists = {MORE(engine_options)},
    .n = 1,
};

const struct tote_settings_lists tote_settings_keep_compare = {
    .lists = {MORE(engines_options), MORE(amount_options), MORE(control_options)},
    .n = 3,
};

const struct tote_settings_lists tote_settings_keep_sweep = {
    .lists = {MORE(grid_options), MORE(varied_kept_options)},
    .n = 2,
};

const struct tote_settings_lists tote_settings_keep_metg = {
    .lists = {MORE(grain_options), MORE(seed_options), MORE(engines_options),
              MORE(metg_amount_options)},
    .n = 4,
};

const struct tote_settings_lists tote_settings_of_bags = {
    .lists = {MORE(engine_options), MORE(place_options), MORE(data_options),
              MORE(force_options), MORE(limit_options), MORE(failure_options),
              MORE(retry_options), MORE(print_options), MORE(log_options),
              MORE(telling_options)},
    .n = 10,
};

const struct tote_settings_lists tote_settings_of_experiments = {
    .lists = {MORE(engines_options), MORE(amount_options)},
    .n = 2,
};

const struct tote_settings_lists tote_settings_keep_failure = {
    .lists = {MORE(failure_options)},
    .n = 1,
};

const struct tote_settings_lists tote_settings_keep_commands = {
    .lists = {MORE(data_options), MORE(folder_options), MORE(limit_options),
              MORE(print_options)},
    .n = 4,
};

const struct tote_settings_lists tote_settings_keep_items = {
    .lists = {MORE(command_options), MORE(source_file_options)},
    .n = 2,
};

int tote_settings_merge(const struct tote_settings_lists *lists,
                        struct tote_option into[static TOTE_ARGS_MAX], size_t *ret_n,
                        struct tote_error *err)
{
    return tote_args_merge(lists->lists, lists->n, into, ret_n, err);
}
