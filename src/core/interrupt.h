/* SPDX-License-Identifier: MIT */
/* interrupt.h: whether somebody wants the run to end while it is not in its loop yet:
 * as it reads a list or hashes files, which may take hours. Takes no signal that ends a
 * run: that is for who tells the user.
 *
 *     rc = tote_interrupt_check(&interrupt, "the list was read", err);
 *     if (rc < 0)
 *         return rc; */
#ifndef TOTE_INTERRUPT_H
#define TOTE_INTERRUPT_H

#include "tote/error.h"

struct tote_interrupt {
    int signal_fd;       /* a signalfd; -1: nobody can interrupt */
    int progress_signal; /* of these, one that does not end a run: it is taken; 0: none
                          */
};

/* Waits until fd is readable; -EINTR if a signal came before. */
int tote_interrupt_wait(const struct tote_interrupt *interrupt, int fd,
                        struct tote_error *err);

/* -EINTR and a sentence if a signal has come that ends the run, else 0. Does not wait.
 * doing: "the list was read". */
int tote_interrupt_check(const struct tote_interrupt *interrupt, const char *doing,
                         struct tote_error *err);

#endif
