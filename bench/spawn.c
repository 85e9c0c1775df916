/* SPDX-License-Identifier: MIT */
/* spawn.c: the limit of a bag of commands on one machine: a bare loop of posix_spawn
 * and waitpid in a few threads, with no folder, no pipe and no record. Not part of
 * tote.
 *
 *     bench-spawn THREADS COUNT PROGRAM [ARGUMENT...]
 *
 * Prints the seconds from the first start to the last end; what the programs print
 * goes nowhere. */
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tote/clock.h"

enum { THREADS_MAX = 64 };

static atomic_long left;
static atomic_int failed;
static char **command;

static void *work(void *unused)
{
    (void)unused;
    while (atomic_fetch_sub(&left, 1) > 0) {
        pid_t pid;
        int status = 1;
        if (posix_spawn(&pid, command[0], NULL, NULL, command, environ) != 0 ||
            waitpid(pid, &status, 0) != pid || status != 0)
            atomic_store(&failed, 1);
    }
    return NULL;
}

/* The output of this program alone: the programs that it starts inherit one that goes
 * nowhere. NULL: there is none. */
static FILE *own_output(void)
{
    int own = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (own < 0 || nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
        return NULL;
    close(nowhere);
    return fdopen(own, "w");
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: bench-spawn THREADS COUNT PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    long threads = strtol(argv[1], NULL, 10);
    pthread_t ids[THREADS_MAX];
    atomic_store(&left, strtol(argv[2], NULL, 10));
    command = argv + 3;
    FILE *output = own_output();
    if (threads < 1 || threads > THREADS_MAX || !output)
        return 2;
    tote_ns_t start_ns = tote_clock_monotonic();
    for (long i = 0; i < threads; i++)
        if (pthread_create(&ids[i], NULL, work, NULL) != 0)
            return 1;
    for (long i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    tote_ns_t taken_ns = tote_clock_monotonic() - start_ns;
    fprintf(output, "%.6f\n", (double)taken_ns / (double)TOTE_NS_PER_S);
    return fclose(output) != 0 || atomic_load(&failed);
}
