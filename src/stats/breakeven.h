/* SPDX-License-Identifier: MIT */
/* breakeven.h: the bag size from which the engine that starts more slowly is ahead:
 * N* = (T0b - T0a) / (ca - cb) of two lines T(N) = T0 + c N (line.h). */
#ifndef TOTE_STATS_BREAKEVEN_H
#define TOTE_STATS_BREAKEVEN_H

#include <stddef.h>

#include "stats/bootstrap.h"

enum tote_breakeven_kind {
    /* The interval of a difference includes 0, or there is none. */
    TOTE_BREAKEVEN_UNRESOLVED,
    /* One engine has the lower T0 and the lower c: it is ahead at any size. */
    TOTE_BREAKEVEN_NEVER,
    TOTE_BREAKEVEN_AT,
};

struct tote_breakeven {
    enum tote_breakeven_kind kind;
    struct tote_estimate fixed;    /* T0 of the second less that of the first */
    struct tote_estimate per_task; /* c of the first less that of the second */
    /* N*, only if TOTE_BREAKEVEN_AT. Below it the first engine is ahead if fixed is
     * above 0, else the second. A resample in which the early engine stays ahead counts
     * as infinite, one in which the late one is ahead from the start as 0. */
    struct tote_estimate tasks;
};

/* Cells 0 .. n_first - 1 are of the first engine, the others of the second; cell i at
 * tasks[i], each engine at two sizes or more, and all in the same blocks. Errors as in
 * tote_line_estimate. */
int tote_breakeven_find(const double *tasks, size_t n_first,
                        const struct tote_samples *blocks,
                        const struct tote_resampling *resampling,
                        struct tote_breakeven *ret);

#endif
