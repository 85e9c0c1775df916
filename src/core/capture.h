/* SPDX-License-Identifier: MIT */
/* capture.h: runs one of tote's own short programs to its end and takes what it prints.
 * Not for engines (box.h) or tasks. */
#ifndef TOTE_CAPTURE_H
#define TOTE_CAPTURE_H

#include <stddef.h>

#include "tote/clock.h"
#include "tote/error.h"

#define TOTE_CAPTURE_MAX                                                               \
    65536 /* bytes kept of each stream; the rest is read and dropped */

struct tote_capture_config {
    char *const *argv;  /* argv[0] is the path */
    tote_ns_t limit_ns; /* then it is killed; 0: none */
    int signal_fd;      /* readable: it is killed; nothing is read from it; -1: none */
};

struct tote_capture {
    char out[TOTE_CAPTURE_MAX + 1], err[TOTE_CAPTURE_MAX + 1]; /* terminated */
    size_t out_n, err_n;
    int status; /* exit status, or 128 + signal */
};

/* Fills *ret, whose 128 KiB the caller owns. -errno if it cannot be started,
 * -ETIMEDOUT, -EINTR for the signal; it is not alive any more in any case. */
int tote_capture_run(const struct tote_capture_config *config, struct tote_capture *ret,
                     struct tote_error *err);

#endif
