/* SPDX-License-Identifier: MIT */
/* interrupt.c: looks at a signalfd without reading it (interrupt.h). */
#include "core/interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

static bool is_pending(const struct tote_interrupt *interrupt)
{
    struct pollfd fd = {.fd = interrupt->signal_fd, .events = POLLIN};
    return interrupt->signal_fd >= 0 && poll(&fd, 1, 0) > 0;
}

/* A read of the descriptor could take another signal, which would be lost. */
static void take_progress_signal(const struct tote_interrupt *interrupt)
{
    const struct timespec now = {0};
    sigset_t one;
    sigemptyset(&one);
    if (interrupt->progress_signal > 0 &&
        sigaddset(&one, interrupt->progress_signal) == 0)
        sigtimedwait(&one, NULL, &now);
}

static bool is_due(const struct tote_interrupt *interrupt)
{
    if (!is_pending(interrupt))
        return false;
    take_progress_signal(interrupt);
    return is_pending(interrupt);
}

int tote_interrupt_check(const struct tote_interrupt *interrupt, const char *doing,
                         struct tote_error *err)
{
    return is_due(interrupt)
               ? tote_error_set(err, -EINTR, "interrupted while %s", doing)
               : 0;
}

int tote_interrupt_wait(const struct tote_interrupt *interrupt, int fd,
                        struct tote_error *err)
{
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN},
                           {.fd = interrupt->signal_fd, .events = POLLIN}};
    int rc = 0;
    while (rc == 0 && !fds[0].revents) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return tote_error_set(err, -errno, "poll: %s", strerror(errno));
        rc = tote_interrupt_check(interrupt, "the list was read", err);
    }
    return rc;
}
