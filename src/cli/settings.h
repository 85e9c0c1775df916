/* SPDX-License-Identifier: MIT */
/* settings.h: everything that run, resume, compare, sweep and metg can be told. One set
 * of tables is read by the command line, the bag file, the store, --print-config and
 * the help. */
#ifndef TOTE_SETTINGS_H
#define TOTE_SETTINGS_H

#include <stdint.h>
#include <stdio.h>

#include "cli/args.h"
#include "cli/recipe.h"
#include "core/bag.h"
#include "core/dispatcher.h"
#include "store/store.h"
#include "tote/clock.h"

enum tote_accounting { TOTE_ACCOUNTING_FULL, TOTE_ACCOUNTING_OFF };
enum tote_net { TOTE_NET_AUTO, TOTE_NET_PRIVATE, TOTE_NET_HOST };
enum tote_data { TOTE_DATA_SHARED, TOTE_DATA_STAGED };
enum tote_cwd { TOTE_CWD_OWN, TOTE_CWD_START };
enum tote_print { TOTE_PRINT_ASDONE, TOTE_PRINT_ORDERED, TOTE_PRINT_NONE };
enum tote_telling { TOTE_TELL_AUTO, TOTE_TELL_NONE, TOTE_TELL_JSONL };

enum tote_metg_kernel { TOTE_METG_SPIN, TOTE_METG_SLEEP };

struct tote_settings {
    char kernel[TOTE_OPTION_TEXT_MAX];
    uint64_t tasks, size, seed;
    struct tote_recipe recipe; /* a bag of commands has one */
    char items_file[TOTE_OPTION_TEXT_MAX], csv[TOTE_OPTION_TEXT_MAX];
    bool null, shell, dry_run;
    uint64_t workers; /* 0 in the table: as many as usable cores; resolved by load */
    char batch[TOTE_OPTION_TEXT_MAX];
    int net; /* enum tote_net */
    double start_timeout_s, stall_timeout_s;
    int data, cwd; /* enum tote_data, tote_cwd */
    char results[TOTE_OPTION_TEXT_MAX];
    bool force, resume, retry_failed;
    char timeout[TOTE_OPTION_TEXT_MAX];
    double kill_after_s, cpu_time_s;
    uint64_t memory, files, stream_max; /* bytes, descriptors, bytes */
    uint64_t retries, losses;
    char halt_text[TOTE_OPTION_TEXT_MAX];
    int durability; /* enum tote_durability */
    int accounting; /* enum tote_accounting */
    double grace_s;
    int output, progress; /* enum tote_print, tote_telling */
    char joblog[TOTE_OPTION_TEXT_MAX];
    char engine[TOTE_OPTION_TEXT_MAX];
    char engines[TOTE_OPTION_TEXT_MAX];
    char runs[TOTE_OPTION_TEXT_MAX], precision_text[TOTE_OPTION_TEXT_MAX];
    double budget_s; /* 0 in the table: that of the command; resolved by load */
    int controls;    /* enum tote_controls */
    uint64_t order_seed;
    char
        vary[TOTE_OPTION_TEXT_MAX]; /* the last of the command line; all of them are: */
    struct {
        char kernel[TOTE_OPTION_TEXT_MAX], size[TOTE_OPTION_TEXT_MAX],
            tasks[TOTE_OPTION_TEXT_MAX], workers[TOTE_OPTION_TEXT_MAX],
            batch[TOTE_OPTION_TEXT_MAX];
    } varied; /* the levels of each factor, as text; "": not varied */
    bool one_at_a_time;
    int metg_kernel;     /* enum tote_metg_kernel */
    double from_s, to_s; /* grains of metg */
    char store[TOTE_OPTION_TEXT_MAX], engine_log[TOTE_OPTION_TEXT_MAX];
    bool json, print_config;
    /* Resolved by load. */
    struct tote_bag bag;
    enum tote_print print; /* output, or none with a document */
    uint32_t batch_tasks;  /* 0: auto */
    struct tote_halt halt;
    uint32_t runs_least, runs_most;
    double precision;     /* 0: not asked for */
    tote_ns_t timeout_ns; /* 0: none, or a share: */
    double timeout_percent;
    const char *bag_file;       /* borrowed from the arguments; null: none */
    bool is_engine_of_bag_file; /* the command's engine or engines come from there */
    bool is_engine_of_store;    /* of resume: the command line names none */
};

enum tote_settings_of {
    TOTE_SETTINGS_RUN,
    TOTE_SETTINGS_COMPARE,
    TOTE_SETTINGS_SWEEP,
    TOTE_SETTINGS_METG,
    TOTE_SETTINGS_RESUME
};

/* Compare, sweep or metg? */
bool tote_settings_is_experiment(enum tote_settings_of command);

/* The lists of options of a command, for its help and its parser. */
#define TOTE_SETTINGS_LISTS_MAX 20
struct tote_settings_lists {
    struct tote_option_list lists[TOTE_SETTINGS_LISTS_MAX];
    size_t n;
};
extern const struct tote_settings_lists tote_settings_run, tote_settings_resume,
    tote_settings_compare, tote_settings_sweep, tote_settings_metg;

/* Defaults, then the bag file if there is one, then the command line; checks what can
 * be checked without an engine. -EINVAL and a sentence; nothing is to be finished then.
 * Of run, compare and sweep. */
int tote_settings_load(const struct tote_args *args, enum tote_settings_of command,
                       struct tote_settings *ret_settings, struct tote_error *err);

/* Defaults, then what the newest run has noted in its store, then the command line of
 * resume; *ret_command is RESUME of a bag, else what the experiment is. -EPROTO: it is
 * none of these; -EBADMSG: the store does not say. */
int tote_settings_load_store(const struct tote_args *args, struct tote_store *store,
                             struct tote_settings *ret_settings,
                             enum tote_settings_of *ret_command,
                             struct tote_error *err);

void tote_settings_finish(struct tote_settings *settings); /* accepts a zeroed one */

/* How a source of items is called in a store. */
enum tote_source {
    TOTE_SOURCE_VALUES,
    TOTE_SOURCE_FILE,
    TOTE_SOURCE_CSV,
    TOTE_SOURCE_STDIN
};
enum tote_source tote_settings_source(const struct tote_settings *settings);

/* Writes the bag file that reproduces the run. -EINVAL: a bag file cannot say it. */
int tote_settings_print(const struct tote_settings *settings,
                        enum tote_settings_of command, FILE *out,
                        struct tote_error *err);

/* Writes each option that reproduces the run into the store, all of them or none, its
 * value as a bag file has it, over that of the run before: those of the newest run
 * hold. Of a bag of a kernel, those that it shares with commands only if they are not
 * the default, or are there already; not the recipe. Names are words as the store's
 * columns are: start_timeout. */
int tote_settings_note(const struct tote_settings *settings,
                       enum tote_settings_of command, struct tote_store *store,
                       struct tote_error *err);

#endif
