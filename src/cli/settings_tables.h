/* SPDX-License-Identifier: MIT */
/* settings_tables.h: the tables of settings beyond those of a command; for settings.c
 * and settings_kept.c. */
#ifndef TOTE_SETTINGS_TABLES_H
#define TOTE_SETTINGS_TABLES_H

#include "cli/settings.h"

/* tote_args_merge of lists. */
int tote_settings_merge(const struct tote_settings_lists *lists,
                        struct tote_option into[static TOTE_ARGS_MAX], size_t *ret_n,
                        struct tote_error *err);

/* What a bag file may hold, and what only a command line may. */
extern const struct tote_settings_lists tote_settings_file, tote_settings_line;

/* What only a bag of a kernel, or only a bag of commands, has; on the command line. */
extern const struct tote_settings_lists tote_settings_of_kernels,
    tote_settings_of_commands;

/* What reproduces a run: of a kernel, always, of a run, of a comparison, of a run if it
 * is not the default, of commands; and their items. */
extern const struct tote_settings_lists tote_settings_keep_kernel,
    tote_settings_keep_all, tote_settings_keep_run, tote_settings_keep_compare,
    tote_settings_keep_failure, tote_settings_keep_commands, tote_settings_keep_items;

#endif
