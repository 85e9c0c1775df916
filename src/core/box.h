/* SPDX-License-Identifier: MIT */
/* box.h: runs one engine program where nothing of it can outlive or disturb anything.
 *
 *     tote_box_start(&(struct tote_box_config){.argv = argv, ...}, &box, &err);
 *     ... speak over box.to_engine, box.from_engine, box.errors ...
 *     tote_box_end(&box, &status, &usage);
 *
 * A full box is a user, PID, mount and network namespace: loopback only, a fresh /proc,
 * and a fresh tmpfs on /dev/shm (on /boot, if the host's /dev/shm is to be seen) that
 * holds the scratch directory, so that files vanish
 * with it. Its init starts the engine, reaps, and, when the engine ends, kills and
 * reaps whatever is left, so that the wait4 in tote_box_end sees the exact CPU time of
 * the whole tree. When tote dies, even by SIGKILL, the kernel kills the init and with
 * it the rest.
 *
 * Where namespaces are forbidden, the init is a plain child subreaper that does the
 * same by walking its children; then processes are still ended (unless tote and the
 * init are both killed by SIGKILL), but the network is open and the scratch directory
 * is an ordinary one that the init removes. `missing` says so.
 *
 * Linux only. Call from the thread that lives as long as the box: its end ends the box.
 */
#ifndef TOTE_BOX_H
#define TOTE_BOX_H

#include <stdbool.h>
#include <sys/types.h>

#include "tote/clock.h"
#include "tote/error.h"

#define TOTE_BOX_PATH_MAX 256
#define TOTE_BOX_TEXT_MAX 320

struct tote_box_config {
    char *const *argv;     /* argv[0] is the path of the program */
    bool has_host_network; /* true: no network namespace */
    bool keeps_shm;        /* true: the host's /dev/shm is seen */
};

struct tote_box {
    pid_t init; /* in tote's PID namespace */
    bool is_full, has_host_network;
    char missing[TOTE_BOX_TEXT_MAX]; /* what a plain box does not protect against, and
                                      * why it is plain; or "" */
    char scratch[TOTE_BOX_PATH_MAX]; /* as the engine sees it; private, empty, short */
    int to_engine, from_engine, errors; /* pipes; the first two are non-blocking */
    int life;  /* write end of a pipe that the init watches for our death */
    int tally; /* read end of a pipe on which the init says what it had to kill */
};

struct tote_box_usage {
    tote_ns_t user_ns, sys_ns; /* CPU of everything that ever ran in the box */
    unsigned survivors; /* processes that the engine left alive when it ended by itself
                         * and that did not end within the next moment */
};

/* -errno and a sentence if the program cannot be run at all. */
int tote_box_start(const struct tote_box_config *config, struct tote_box *ret_box,
                   struct tote_error *err);

/* Asks the init to kill everything at once. Harmless if it has ended. */
void tote_box_kill(const struct tote_box *box);

/* Closes the pipes, waits for the init, fills the engine's exit status (0..255, or 128
 * + signal) and the usage. The init ends by itself once the engine has; call
 * tote_box_kill first if it has not. Returns the status. */
int tote_box_end(struct tote_box *box, struct tote_box_usage *ret_usage);

#endif
