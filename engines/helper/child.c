/* SPDX-License-Identifier: MIT */
/* child.c: starts and ends the processes of an engine program (child.h). */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tote/engine.h"

static void open_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) < 0)
        tote_engine_die(1, "cannot make a pipe for a worker: %s", strerror(errno));
}

static pid_t spawn(const char *const argv[], char *const env[], const int fds[3])
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    pid_t pid = 0;

    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE); /* ignored here, which a child would inherit */
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    for (int i = 0; i < 3; i++)
        posix_spawn_file_actions_adddup2(&actions, fds[i], i);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    int status = posix_spawn(&pid, argv[0], &actions, &attributes,
                             (char *const *)(uintptr_t)argv, env ? env : environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (status != 0)
        tote_engine_die(1, "cannot start '%s': %s", argv[0], strerror(status));
    return pid;
}

void tote_child_start(struct tote_child *child, const char *const argv[],
                      char *const env[], int log)
{
    int in[2], out[2] = {-1, log};
    /* An engine's library may leave its sockets open to children, which would then keep
     * connections alive that others rely on to end. Kernels before 5.11 refuse. */
    close_range(STDERR_FILENO + 1, UINT_MAX, CLOSE_RANGE_CLOEXEC);
    open_pipe(in);
    if (log < 0)
        open_pipe(out);
    const int fds[3] = {in[0], out[1], log < 0 ? STDERR_FILENO : log};
    child->pid = spawn(argv, env, fds);
    child->to = in[1];
    child->from = out[0];
    close(in[0]);
    if (log < 0)
        close(out[1]);
}

void tote_child_wait(const struct tote_child *child, tote_ns_t deadline)
{
    int fd = child->pid > 0 ? pidfd_open(child->pid, 0) : -1;
    struct pollfd end = {.fd = fd, .events = POLLIN};
    tote_ns_t left = deadline - tote_clock_monotonic();
    while (fd >= 0 && left > 0 && poll(&end, 1, (int)(left / TOTE_NS_PER_MS) + 1) < 0 &&
           errno == EINTR)
        left = deadline - tote_clock_monotonic();
    if (fd >= 0)
        close(fd);
}

int tote_child_end(struct tote_child *child, int signal, char how[static TOTE_WHY_MAX])
{
    int status = 0;
    how[0] = '\0';
    if (child->pid <= 0)
        return 0;
    if (signal != 0)
        kill(child->pid, signal);
    close(child->to);
    if (child->from >= 0)
        close(child->from);
    while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
        ;
    *child = (struct tote_child){.pid = 0, .to = -1, .from = -1};
    if (WIFSIGNALED(status)) {
        int number = WTERMSIG(status);
        snprintf(how, TOTE_WHY_MAX, "was ended by signal %d (%s)", number,
                 strsignal(number));
        return -1;
    }
    snprintf(how, TOTE_WHY_MAX, "exited with status %d", WEXITSTATUS(status));
    return WEXITSTATUS(status);
}
