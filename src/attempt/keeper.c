/* SPDX-License-Identifier: MIT */
/* keeper.c: the process above a worker of commands (commands.h). It does nothing but
 * wait, so that it is there when the worker is not. */
#include "attempt/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attempt/sweep.h"

enum { EXIT_SIGNALLED = 128 }; /* and the signal, should it not end us */

/* What is ignored (nohup) stays so. */
static void add_unless_ignored(sigset_t *watched, int number)
{
    struct sigaction action;
    if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
        sigaddset(watched, number);
}

static void watched_signals(sigset_t *watched)
{
    sigemptyset(watched);
    sigaddset(watched, SIGCHLD);
    sigaddset(watched, SIGTERM);
    add_unless_ignored(watched, SIGINT);
    add_unless_ignored(watched, SIGHUP);
}

/* The worker's pipes must end with the worker, not with us. */
static void leave_pipes(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    dup2(fd, STDIN_FILENO);
    dup2(fd, STDOUT_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

/* Ends as the worker did. */
static _Noreturn void end_as(int status)
{
    if (WIFEXITED(status))
        _exit(WEXITSTATUS(status));
    const struct rlimit none = {0, 0};
    struct sigaction action = {.sa_handler = SIG_DFL};
    int number = WTERMSIG(status);
    sigset_t one;
    setrlimit(RLIMIT_CORE, &none);
    sigaction(number, &action, NULL);
    sigemptyset(&one);
    sigaddset(&one, number);
    raise(number);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
    _exit(EXIT_SIGNALLED + number);
}

static _Noreturn void keep(pid_t worker, const sigset_t *watched)
{
    struct tote_child child = {.pid = worker};
    int number = 0;
    leave_pipes();
    while (!child.has_ended && (number == 0 || number == SIGCHLD)) {
        do
            number = sigwaitinfo(watched, NULL);
        while (number < 0 && errno == EINTR);
        tote_sweep_reap(&child);
    }
    bool is_ours = !child.has_ended; /* we were told to end it */
    tote_sweep(&child);
    end_as(is_ours ? number : child.status); /* a status of a signal is its number */
}

/* A process group of one's own. Who kills the keeper often kills its group, as a worker
 * of Work Queue does when its manager has gone: then the keeper must lead one, since
 * that worker is not sure to have made it so and waits for ever if there is no such
 * group; and the worker must not be in it, so that it lives on to end what it has
 * started. Not at somebody's terminal, who would interrupt it there. */
static void leave_group(void)
{
    if (!isatty(STDIN_FILENO) && !isatty(STDERR_FILENO))
        setpgid(0, 0);
}

/* Its parent's death must not be missed between fork and prctl. */
static int begin_worker(pid_t keeper, const sigset_t *old, struct tote_error *err)
{
    leave_group();
    sigprocmask(SIG_SETMASK, old, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != keeper)
        return tote_error_set(err, -ESRCH, "the keeper of this worker has gone");
    return 0;
}

int tote_commands_keep(struct tote_error *err)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t watched, old;
    pid_t keeper = getpid();
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) < 0)
        return tote_error_set(err, -errno, "cannot become a child subreaper: %s",
                              strerror(errno));
    leave_group();
    sigaction(SIGCHLD, &action, NULL);
    watched_signals(&watched);
    sigprocmask(SIG_BLOCK, &watched, &old);
    pid_t worker = fork();
    if (worker < 0)
        return tote_error_set(err, -errno, "cannot start a worker: %s",
                              strerror(errno));
    if (worker == 0)
        return begin_worker(keeper, &old, err);
    keep(worker, &watched);
}
