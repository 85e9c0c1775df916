/* SPDX-License-Identifier: MIT */
/* strays.c: ends what killed workers have left (strays.h). */
#include "strays.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "child.h"
#include "tote/clock.h"

#define KEEPER_NS (3 * TOTE_NS_PER_S) /* for keepers to end what commands started */

void tote_strays_adopt(void)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* Calls act for every child that is no worker; returns how many there are. What an act
 * reaps moves the others up in the list, so that one may be left for the next call. */
static int for_each(bool (*is_worker)(pid_t pid),
                    void (*act)(pid_t pid, tote_ns_t deadline), tote_ns_t deadline)
{
    FILE *children = fopen("/proc/thread-self/children", "re");
    int pid, n = 0;
    while (children && fscanf(children, "%d", &pid) == 1) {
        if (is_worker(pid))
            continue;
        act(pid, deadline);
        n++;
    }
    if (children)
        fclose(children);
    return n;
}

static void ask(pid_t pid, tote_ns_t deadline)
{
    (void)deadline;
    kill(pid, SIGTERM);
}

static void await(pid_t pid, tote_ns_t deadline)
{
    const struct tote_child child = {.pid = pid};
    tote_child_wait(&child, deadline);
}

/* Its group, if it leads one. */
static void end(pid_t pid, tote_ns_t deadline)
{
    (void)deadline;
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

void tote_strays_end(bool (*is_worker)(pid_t pid), bool have_keepers)
{
    tote_ns_t deadline = tote_clock_monotonic() + KEEPER_NS;
    if (have_keepers) {
        for_each(is_worker, ask, deadline);
        for_each(is_worker, await, deadline);
    }
    while (for_each(is_worker, end, deadline) > 0)
        ;
}
