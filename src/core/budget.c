/* SPDX-License-Identifier: MIT */
/* budget.c: sums of attempts and losses (budget.h). */
#include "core/budget.h"

#include "core/planner.h"

/* So often at most can a task be lost in company: each loss splits its batch. */
#define LOST_TOGETHER_MOST 4
_Static_assert(
    TOTE_PLANNER_SPLIT *TOTE_PLANNER_SPLIT *TOTE_PLANNER_SPLIT *TOTE_PLANNER_SPLIT >=
        TOTE_BATCH_MAX,
    "a batch that is lost so often is a single task");

/* A task whose last attempt is n has n - 1 before it that did not end it: at most all
 * its retries, one loss more than its budget (then it is alone), and not more losses
 * than together and alone can be. */
uint32_t tote_budget_last(const struct tote_budget *budget)
{
    uint64_t losses = (uint64_t)budget->losses + 1;
    if (losses > LOST_TOGETHER_MOST + TOTE_LOST_ALONE_MAX - 1)
        losses = LOST_TOGETHER_MOST + TOTE_LOST_ALONE_MAX - 1;
    uint64_t last = (uint64_t)budget->attempts_before + 1 + budget->retries + losses;
    return last < UINT32_MAX ? (uint32_t)last : UINT32_MAX;
}

bool tote_budget_is_over(const struct tote_budget *budget,
                         const struct tote_batch *lost)
{
    return lost->losses >= budget->losses;
}

bool tote_budget_is_spent(const struct tote_budget *budget,
                          const struct tote_batch *lost)
{
    return lost->count == 1 && (lost->lost_alone + 1 >= TOTE_LOST_ALONE_MAX ||
                                tote_budget_is_over(budget, lost));
}

tote_ns_t tote_budget_backoff_ns(const struct tote_batch *lost)
{
    tote_ns_t wait = TOTE_BACKOFF_NS;
    for (uint32_t i = 0; i < lost->losses && wait < TOTE_BACKOFF_MOST_NS; i++)
        wait *= 2;
    return wait < TOTE_BACKOFF_MOST_NS ? wait : TOTE_BACKOFF_MOST_NS;
}
