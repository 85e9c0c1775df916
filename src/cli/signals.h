/* SPDX-License-Identifier: MIT */
/* signals.h: the signals that end a command, as a descriptor to poll. */
#ifndef TOTE_SIGNALS_H
#define TOTE_SIGNALS_H

#include <stdbool.h>

#include "tote/error.h"

/* Blocks SIGINT, SIGTERM and SIGHUP and returns a signalfd of them, but for those that
 * tote's parent had it ignore (nohup, a shell's background): they stay ignored; with
 * SIGUSR1, which asks for the progress, if has_usr1. Ignores SIGPIPE, so that an engine
 * that is gone is an error of write. -errno. */
int tote_signals_open(bool has_usr1, struct tote_error *err);

/* The signal that waits and ends the command, or 0. */
int tote_signals_take(int fd);

/* Undoes open: what comes from now on acts as usual. -1 is accepted. */
void tote_signals_close(int fd);

/* Dies by the signal, after a clean-up, as the shell expects it. */
void tote_signals_die(int signo);

#endif
