/* SPDX-License-Identifier: MIT */
/* sweep.h: ends all that a child subreaper still has as children, and what these have:
 * whoever loses its parent becomes our child, so that round after round nothing is
 * left. Private to src/attempt. */
#ifndef TOTE_SWEEP_H
#define TOTE_SWEEP_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

/* A child one waits for among others. */
struct tote_child {
    pid_t pid;
    bool has_ended;
    bool is_last; /* it was reaped, and no other is left, nor can one come */
    int status;   /* as waitpid gives it */
    struct rusage usage;
};

/* Reaps what has ended, without waiting. False: there are no children left. */
bool tote_sweep_reap(struct tote_child *child);

/* Kills and reaps until there are no children. Costs one system call if there are none.
 * False: some are left that this user may not kill. */
bool tote_sweep(struct tote_child *child);

#endif
