/* SPDX-License-Identifier: MIT */
/* run_row.h: what a run writes of itself into its row of the store. Between run.c and
 * run_row.c only. */
#ifndef TOTE_RUN_ROW_H
#define TOTE_RUN_ROW_H

#include "core/dispatcher.h"
#include "core/run.h"

/* Tasks of a batch, 0 for auto: a cell's own wins over that of the experiment. */
uint32_t tote_run_batch(const struct tote_run_config *config);

/* Replaces a text of the row by a copy. -ENOMEM. */
int tote_run_row_set(char **field, const char *text, struct tote_error *err);

/* All that is known before the launch. */
int tote_run_row_begin(struct tote_run_row *row, const struct tote_run_config *config,
                       struct tote_error *err);

/* All that the dispatcher knows at the end; why is a sentence of what went wrong, or
 * "". */
void tote_run_row_end(struct tote_run_row *row, const struct tote_dispatcher *d,
                      enum tote_run_state state, const char *why);

#endif
