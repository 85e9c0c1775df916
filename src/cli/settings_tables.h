/* SPDX-License-Identifier: MIT */
/* settings_tables.h: the tables of settings beyond those of a command; for settings.c
 * and settings_kept.c. */
#ifndef TOTE_SETTINGS_TABLES_H
#define TOTE_SETTINGS_TABLES_H

#include "cli/bagfile.h"
#include "cli/settings.h"

/* tote_args_merge of lists. */
int tote_settings_merge(const struct tote_settings_lists *lists,
                        struct tote_option into[static TOTE_ARGS_MAX], size_t *ret_n,
                        struct tote_error *err);

/* What a bag file may hold, and what only a command line may. */
extern const struct tote_settings_lists tote_settings_file, tote_settings_line;

/* What a bag file says of experiments stands in a mapping of its own. */
#define TOTE_SETTINGS_SECTIONS 1
extern const struct tote_bagfile_section tote_settings_sections[TOTE_SETTINGS_SECTIONS];
extern const struct tote_settings_lists tote_settings_section; /* its options */

/* What `tote resume` has for one of them alone. */
extern const struct tote_settings_lists tote_settings_of_bags,
    tote_settings_of_experiments;

/* What only a bag of a kernel, or only a bag of commands, has; on the command line. */
extern const struct tote_settings_lists tote_settings_of_kernels,
    tote_settings_of_commands;

/* What reproduces a run: of a kernel, always, of a run, of a comparison, of a run if it
 * is not the default, of commands; and their items. */
extern const struct tote_settings_lists tote_settings_keep_kernel,
    tote_settings_keep_all, tote_settings_keep_run, tote_settings_keep_compare,
    tote_settings_keep_sweep, tote_settings_keep_metg, tote_settings_keep_failure,
    tote_settings_keep_commands, tote_settings_keep_items;

#endif
