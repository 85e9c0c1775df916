/* SPDX-License-Identifier: MIT */
/* settings.h: everything that run and compare can be told. One set of tables is read by
 * the command line, the bag file, --print-config and the help. */
#ifndef TOTE_SETTINGS_H
#define TOTE_SETTINGS_H

#include <stdint.h>
#include <stdio.h>

#include "cli/args.h"
#include "core/bag.h"

struct tote_settings {
    char kernel[TOTE_OPTION_TEXT_MAX];
    uint64_t tasks, size, seed;
    uint64_t workers; /* 0 in the table: as many as usable cores; resolved by load */
    char batch[TOTE_OPTION_TEXT_MAX];
    int net; /* enum tote_net */
    double start_timeout_s, stall_timeout_s;
    char engine[TOTE_OPTION_TEXT_MAX];
    char engines[TOTE_OPTION_TEXT_MAX];
    uint64_t runs, order_seed;
    double budget_s;
    char store[TOTE_OPTION_TEXT_MAX], engine_log[TOTE_OPTION_TEXT_MAX];
    bool json, print_config;
    /* Resolved by load. */
    struct tote_bag bag;
    uint32_t batch_tasks;       /* 0: auto */
    const char *bag_file;       /* borrowed from the arguments; null: none */
    bool is_engine_of_bag_file; /* the command's engine or engines come from there */
};

enum tote_net { TOTE_NET_AUTO, TOTE_NET_PRIVATE, TOTE_NET_HOST };

enum tote_settings_of { TOTE_SETTINGS_RUN, TOTE_SETTINGS_COMPARE };

/* The lists of options of a command, for its help and its parser. */
extern const struct tote_option_list tote_settings_run[3], tote_settings_compare[3];

/* Defaults, then the bag file if there is one, then the command line; checks what can
 * be checked without an engine. -EINVAL and a sentence. */
int tote_settings_load(const struct tote_args *args, enum tote_settings_of command,
                       struct tote_settings *ret_settings, struct tote_error *err);

/* Writes the bag file that reproduces the run. */
int tote_settings_print(const struct tote_settings *settings,
                        enum tote_settings_of command, FILE *out,
                        struct tote_error *err);

/* Calls visit with each option that reproduces the run, and its value as a bag file has
 * it. A negative return ends the walk and is returned. */
int tote_settings_each(const struct tote_settings *settings,
                       enum tote_settings_of command,
                       int (*visit)(void *context, const char *name, const char *value),
                       void *context);

#endif
