/* SPDX-License-Identifier: MIT */
/* child.h: processes that an engine program in C starts: by argument array, with pipes,
 * ended and reaped without fail. Not for pools: who runs what is the engine's business.
 *
 *     struct tote_child child;
 *     tote_child_start(&child, argv, NULL, -1);
 *     write(child.to, "0 1 1\n", 6);
 *     ... read(child.from, ...) until end of file ...
 *     char how[TOTE_WHY_MAX];
 *     tote_child_end(&child, 0, how); // "exited with status 0"
 *
 * Like the rest of the helper these end the program on what it cannot go on from. */
#ifndef TOTE_CHILD_H
#define TOTE_CHILD_H

#include <sys/types.h>

#include "tote/clock.h"
#include "tote/limits.h"

struct tote_child {
    pid_t pid;    /* 0: none runs */
    int to, from; /* pipes to its standard input and from its output; -1: none */
};

/* argv[0] is a path. env: null-terminated, or null for this program's own. log: -1
 * gives the child a pipe for standard output and this program's standard error; else
 * the descriptor that gets both, and from is -1. */
void tote_child_start(struct tote_child *child, const char *const argv[],
                      char *const env[], int log);

/* Returns when the process has ended, or at deadline, of tote_clock_monotonic; does not
 * reap it. On a kernel without pidfd_open (before 5.3) it returns at once. No process:
 * at once. */
void tote_child_wait(const struct tote_child *child, tote_ns_t deadline);

/* Closes the pipes, sends the signal unless it is 0, and waits for the end of the
 * process. Returns its exit status, or -1 if a signal ended it; how gets the end of a
 * sentence: "exited with status 1", "was ended by signal 9 (Killed)". No process: 0. */
int tote_child_end(struct tote_child *child, int signal, char how[static TOTE_WHY_MAX]);

#endif
