/* SPDX-License-Identifier: MIT */
/* factors.h: what --vary says: which levels each factor of a sweep has. Not for what
 * they are combined to (experiment/design.h). */
#ifndef TOTE_FACTORS_H
#define TOTE_FACTORS_H

#include "cli/enginelist.h"
#include "cli/settings.h"

/* Each --vary NAME=LEVELS of the command line becomes the text of its factor, in place
 * of that of the bag file. -EINVAL: no such factor, or given twice. */
int tote_factors_take(struct tote_settings *settings, const struct tote_args *args,
                      struct tote_error *err);

struct tote_factors {
    struct tote_engine_list kernels; /* as engines are listed */
    struct tote_levels size, tasks, workers, batch;
};

/* Reads the texts. -EINVAL. */
int tote_factors_parse(const struct tote_settings *settings,
                       struct tote_factors *ret_factors, struct tote_error *err);

/* The same, for whether they can be read. */
int tote_factors_check(const struct tote_settings *settings, struct tote_error *err);

#endif
