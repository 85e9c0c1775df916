/* SPDX-License-Identifier: MIT */
/* oracle.h: whether the records of a batch are what they must be. tote-task itself, run
 * for the same tasks, is the measure. For the conformance suite; a run cannot afford
 * it. */
#ifndef TOTE_ORACLE_H
#define TOTE_ORACLE_H

#include <stddef.h>

#include "core/bag.h"
#include "tote/error.h"
#include "tote/record.h"

/* Puts the n records into task order. Of commands, whose results cannot be foretold,
 * only task and attempt are compared. -EPROTO and a sentence that names the task if
 * they are not exactly those of the batch; any other negative errno if tote-task cannot
 * be asked. A task that kills its process must not be among them. */
int tote_oracle_check(const struct tote_bag *bag, const struct tote_batch *batch,
                      struct tote_record *records, size_t n, int signal_fd,
                      struct tote_error *err);

#endif
