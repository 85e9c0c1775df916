/* SPDX-License-Identifier: MIT */
/* budget.h: what a task may cost before it is given up. Pure. */
#ifndef TOTE_BUDGET_H
#define TOTE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "core/bag.h"
#include "tote/clock.h"

/* A task that took its worker down so often, alone, is quarantined: recorded as lost.
 */
#define TOTE_LOST_ALONE_MAX 3

/* Before a lost task is handed out again, TOTE_BACKOFF_NS pass, doubled with each loss
 * of it up to TOTE_BACKOFF_MOST_NS: a machine that is bad for a moment must not use up
 * the budget of its tasks. */
#define TOTE_BACKOFF_NS      (100 * TOTE_NS_PER_MS)
#define TOTE_BACKOFF_MOST_NS (30 * TOTE_NS_PER_S)

/* The two are apart: a bad task must not take down every worker, a bad machine must not
 * kill a good task. */
struct tote_budget {
    uint32_t retries; /* more attempts after one that failed by itself or was wrong */
    uint32_t losses;  /* a task lost more often than this with its worker, alone or not,
                       * and the last time alone, is recorded as lost */
    uint32_t attempts_before; /* the first attempt of this run has the next number */
};

/* The highest attempt that a run with this budget can hand out, so that the next one
 * can go on above it; at most UINT32_MAX. */
uint32_t tote_budget_last(const struct tote_budget *budget);

/* The batch has been lost once more: it was over its losses already, or is now. */
bool tote_budget_is_over(const struct tote_budget *budget,
                         const struct tote_batch *lost);

/* The batch has been lost once more: its task is given up. */
bool tote_budget_is_spent(const struct tote_budget *budget,
                          const struct tote_batch *lost);

/* How long the tasks of a batch wait that has been lost once more. */
tote_ns_t tote_budget_backoff_ns(const struct tote_batch *lost);

#endif
