/* SPDX-License-Identifier: MIT */
/* limit.h: one pass of the limit: the bag's kernel over its tasks in a bare thread loop
 * of tote-task, in a box like an engine's, so that it has the same surroundings and the
 * same end. */
#ifndef TOTE_LIMIT_RUN_H
#define TOTE_LIMIT_RUN_H

#include "core/bag.h"
#include "store/store.h"
#include "tote/error.h"

/* Fills threads, tasks, wall_ns and digest of the row. Returns 0; 1 if signal_fd (-1:
 * none) became readable, which is not read; or a negative errno and a sentence. */
int tote_limit_run(const struct tote_bag *bag, uint32_t threads, int signal_fd,
                   struct tote_limit_row *row, struct tote_error *err);

#endif
