/* SPDX-License-Identifier: MIT */
/* interrupt.h: whether somebody wants the run to end while it is not in its loop yet:
 * as it reads a list or hashes files, which may take hours. Takes no signal that ends a
 * run: that is for who tells the user.
 *
 *     if (tote_interrupt_is_due(&interrupt))
 *         return -EINTR; */
#ifndef TOTE_INTERRUPT_H
#define TOTE_INTERRUPT_H

#include <stdbool.h>

#include "tote/error.h"

struct tote_interrupt {
    int signal_fd;       /* a signalfd; -1: nobody can interrupt */
    int progress_signal; /* of these, one that does not end a run: it is taken; 0: none
                          */
};

/* Has a signal come that ends the run? Does not wait. */
bool tote_interrupt_is_due(const struct tote_interrupt *interrupt);

/* Waits until fd is readable; -EINTR if a signal came before. */
int tote_interrupt_wait(const struct tote_interrupt *interrupt, int fd,
                        struct tote_error *err);

/* -EINTR and a sentence if it is due, else 0. doing: "the list was read". */
int tote_interrupt_check(const struct tote_interrupt *interrupt, const char *doing,
                         struct tote_error *err);

#endif
