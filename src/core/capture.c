/* SPDX-License-Identifier: MIT */
/* capture.c: spawns a program and reads its two streams until both end (capture.h). */
#include "core/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Starts argv with its stdout and stderr on the write ends and no signal blocked. */
static int spawn(char *const *argv, int out, int err, pid_t *ret_pid)
{
    sigset_t none, pipes;
    sigemptyset(&none);
    sigemptyset(&pipes);
    sigaddset(&pipes, SIGPIPE);
    sigaddset(&pipes, SIGXFSZ);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, 1);
    posix_spawn_file_actions_adddup2(&actions, err, 2);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &pipes);
    int rc = posix_spawn(ret_pid, argv[0], &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return -rc;
}

/* Reads once; the end of the stream closes its entry. */
static void take(struct pollfd *from, char *into, size_t *n)
{
    char dropped[4096];
    size_t room = TOTE_CAPTURE_MAX - *n;
    ssize_t got = room > 0 ? read(from->fd, into + *n, room)
                           : read(from->fd, dropped, sizeof dropped);
    if (got <= 0)
        from->fd = -1;
    else if (room > 0)
        *n += (size_t)got;
}

static int time_left_ms(tote_ns_t deadline)
{
    if (!deadline)
        return -1;
    tote_ns_t left = deadline - tote_clock_monotonic();
    return left <= 0 ? 0 : (int)(left / TOTE_NS_PER_MS) + 1;
}

static int read_streams(const struct tote_capture_config *config, int out, int err_fd,
                        struct tote_capture *ret)
{
    tote_ns_t deadline =
        config->limit_ns ? tote_clock_monotonic() + config->limit_ns : 0;
    struct pollfd fds[] = {{.fd = out, .events = POLLIN},
                           {.fd = err_fd, .events = POLLIN},
                           {.fd = config->signal_fd, .events = POLLIN}};
    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        int n = poll(fds, 3, time_left_ms(deadline));
        if (n == 0)
            return -ETIMEDOUT;
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n < 0)
            continue;
        if (fds[2].revents)
            return -EINTR;
        if (fds[0].revents)
            take(&fds[0], ret->out, &ret->out_n);
        if (fds[1].revents)
            take(&fds[1], ret->err, &ret->err_n);
    }
    return 0;
}

/* -ETIMEDOUT if the process is still there after it closed its streams. */
static int wait_a_moment(pid_t pid)
{
    const int moment_ms = 2000;
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0)
        return 0; /* an old kernel: its end is waited for */
    struct pollfd end = {.fd = fd, .events = POLLIN};
    int n = poll(&end, 1, moment_ms);
    close(fd);
    return n == 0 ? -ETIMEDOUT : 0;
}

int tote_capture_run(const struct tote_capture_config *config, struct tote_capture *ret,
                     struct tote_error *err)
{
    int out[2] = {-1, -1}, errors[2] = {-1, -1};
    pid_t pid = 0;
    int rc = pipe2(out, O_CLOEXEC) < 0 || pipe2(errors, O_CLOEXEC) < 0 ? -errno : 0;
    if (rc == 0)
        rc = spawn(config->argv, out[1], errors[1], &pid);
    close(out[1]);
    close(errors[1]);
    ret->out_n = ret->err_n = 0;
    if (rc == 0) {
        rc = read_streams(config, out[0], errors[0], ret);
        int status = 0;
        if (rc == 0)
            rc = wait_a_moment(pid);
        if (rc < 0)
            kill(pid, SIGKILL);
        waitpid(pid, &status, 0);
        ret->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    close(out[0]);
    close(errors[0]);
    ret->out[ret->out_n] = ret->err[ret->err_n] = '\0';
    return rc == 0 ? 0
                   : tote_error_set(err, rc, "cannot run %s: %s", config->argv[0],
                                    strerror(-rc));
}
