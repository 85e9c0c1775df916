/* SPDX-License-Identifier: MIT */
/* signals.c: see signals.h. */
#include "cli/signals.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void end_signals(sigset_t *set)
{
    sigemptyset(set);
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        struct sigaction now; /* a blocked signal would arrive although it is ignored */
        if (sigaction(ends[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            sigaddset(set, ends[i]);
    }
}

int tote_signals_open(bool has_usr1, struct tote_error *err)
{
    sigset_t set;
    end_signals(&set);
    if (has_usr1)
        sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a full disk */
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd >= 0 ? fd : tote_error_set(err, -errno, "signalfd: %s", strerror(errno));
}

int tote_signals_take(int fd)
{
    struct signalfd_siginfo info;
    while (read(fd, &info, sizeof info) == sizeof info)
        if (info.ssi_signo != SIGUSR1)
            return (int)info.ssi_signo;
    return 0;
}

void tote_signals_close(int fd)
{
    if (fd < 0)
        return;
    close(fd);
    sigset_t set;
    end_signals(&set);
    signal(SIGUSR1, SIG_IGN); /* one that came late */
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_DFL);
}

void tote_signals_die(int signo)
{
    sigset_t set;
    end_signals(&set);
    signal(signo, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    raise(signo);
}
