/* SPDX-License-Identifier: MIT */
/* blocks.c: see blocks.h. */
#include "experiment/blocks.h"

#include <errno.h>
#include <stdlib.h>

#include "experiment/stop.h"
#include "stats/random.h"

/* --- order --- */

void tote_blocks_order(uint64_t seed, uint32_t block, size_t n, size_t *ret_order)
{
    struct tote_random random = {seed ^ ((uint64_t)block << 32)};
    tote_random_next(&random);
    for (size_t i = 0; i < n; i++)
        ret_order[i] = i;
    for (size_t i = n; i > 1; i--) { /* Fisher-Yates; the bias of % is below 1e-15 */
        size_t j = tote_random_next(&random) % i, kept = ret_order[i - 1];
        ret_order[i - 1] = ret_order[j];
        ret_order[j] = kept;
    }
}

/* --- the loop --- */

struct loop {
    const struct tote_blocks *blocks;
    struct tote_stop *stop;
    size_t *order;
    tote_ns_t begun_ns, deadline_ns;
    uint64_t n_launched; /* since begun_ns */
    bool has_whole;      /* a block is whole */
    bool has_shown;
};

bool tote_blocks_is_of_engine(int rc)
{
    return rc == -EPROTO || rc == -EPIPE || rc == -EBADMSG || rc == -E2BIG ||
           rc == -ETIMEDOUT || rc == -ENOPKG;
}

/* One launch that failed does not throw away what the others have shown. */
static bool is_worth_showing(int rc, bool has_shown)
{
    return has_shown && tote_blocks_is_of_engine(rc);
}

static int take(struct loop *loop, size_t cell, const struct tote_outcome_of_run *run,
                struct tote_error *err)
{
    const struct tote_blocks_cell *about = &loop->blocks->cells[cell];
    loop->has_shown |= about->shows_engine;
    return about->is_judged
               ? tote_stop_add(loop->stop, cell, run->wall_s, run->tasks_per_s, err)
               : 0;
}

enum { NEXT = -1 }; /* no end yet; an end is never negative */

/* *ret_end stays NEXT while the loop goes on. */
static int run_cell(struct loop *loop, size_t cell, uint32_t block, int *ret_end,
                    struct tote_error *err)
{
    const struct tote_blocks *blocks = loop->blocks;
    struct tote_outcome_of_run run;
    if (!blocks->cells[cell].can_run)
        return 0;
    if (blocks->ops->has_run(blocks->context, cell, block, &run))
        return take(loop, cell, &run, err);
    if (loop->has_whole && blocks->ops->now(blocks->context) >= loop->deadline_ns) {
        *ret_end = TOTE_EXPERIMENT_BUDGET;
        return 0;
    }
    int rc = blocks->ops->launch(blocks->context, cell, block, &run, err);
    loop->n_launched++;
    if (rc < 0 && is_worth_showing(rc, loop->has_shown)) {
        *ret_end = TOTE_EXPERIMENT_ENGINE;
        return 0;
    }
    if (rc > 0)
        *ret_end = TOTE_EXPERIMENT_SIGNAL;
    return rc == 0 ? take(loop, cell, &run, err) : rc < 0 ? rc : 0;
}

static uint64_t count_missing(const struct loop *loop, uint32_t block)
{
    const struct tote_blocks *blocks = loop->blocks;
    struct tote_outcome_of_run run;
    uint64_t n = 0;
    for (size_t i = 0; i < blocks->n_cells; i++)
        n += blocks->cells[i].can_run &&
             !blocks->ops->has_run(blocks->context, i, block, &run);
    return n;
}

/* Would the block end within the budget, if its launches take as long as those before
 * did? So that a budget cuts whole blocks, and all cells keep as many runs. */
static bool fits(const struct loop *loop, uint32_t block)
{
    const struct tote_blocks *blocks = loop->blocks;
    uint64_t n_missing = count_missing(loop, block);
    if (!loop->has_whole || n_missing == 0)
        return true;
    tote_ns_t now = blocks->ops->now(blocks->context);
    double one = loop->n_launched > 0
                     ? (double)(now - loop->begun_ns) / (double)loop->n_launched
                     : 0;
    return now < loop->deadline_ns &&
           (double)now + one * (double)n_missing <= (double)loop->deadline_ns;
}

static int run_block(struct loop *loop, uint32_t block, int *ret_end,
                     struct tote_error *err)
{
    const struct tote_blocks *blocks = loop->blocks;
    if (!fits(loop, block)) {
        *ret_end = TOTE_EXPERIMENT_BUDGET;
        return 0;
    }
    tote_blocks_order(blocks->order_seed, block, blocks->n_cells, loop->order);
    int rc = 0;
    for (size_t i = 0; rc == 0 && *ret_end == NEXT && i < blocks->n_cells; i++)
        rc = run_cell(loop, loop->order[i], block, ret_end, err);
    if (rc < 0 || *ret_end != NEXT)
        return rc;
    loop->has_whole = true;
    if (block == blocks->most)
        *ret_end = TOTE_EXPERIMENT_DONE;
    else if (block >= blocks->least && tote_stop_is_reached(loop->stop))
        *ret_end = TOTE_EXPERIMENT_PRECISION;
    return 0;
}

int tote_blocks_run(const struct tote_blocks *blocks, struct tote_error *err)
{
    struct loop loop = {.blocks = blocks};
    int rc = 0, end = NEXT;
    loop.stop = tote_stop_create(blocks->n_cells, blocks->precision);
    loop.order = calloc(blocks->n_cells + 1, sizeof *loop.order);
    if (!loop.stop || !loop.order)
        rc = tote_error_set(err, -ENOMEM, "out of memory for the experiment");
    loop.begun_ns = blocks->ops->now(blocks->context);
    loop.deadline_ns = loop.begun_ns + blocks->budget_ns;
    for (uint32_t block = 1; rc == 0 && end == NEXT; block++)
        rc = run_block(&loop, block, &end, err);
    tote_stop_destroy(loop.stop);
    free(loop.order);
    return rc < 0 ? rc : end;
}
