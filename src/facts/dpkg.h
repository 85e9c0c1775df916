/* SPDX-License-Identifier: MIT */
/* dpkg.h: how many packages some Debian packages bring to a bare machine, and how large
 * they are, by dpkg's own list of what is installed. Starts nothing.
 *
 *     struct tote_dpkg_sum sum;
 *     int rc = tote_dpkg_sum(TOTE_DPKG_STATUS, names, &sum, &err);
 *
 * Counted are the packages and all that they depend on, the first installed one of
 * alternatives; not what a bare machine has: every package that is essential or of
 * priority required or important, and all that these depend on. What is recommended is
 * not counted. So the sum does not depend on what else is installed. */
#ifndef TOTE_DPKG_H
#define TOTE_DPKG_H

#include <jansson.h>
#include <stddef.h>

#include "tote/error.h"

#define TOTE_DPKG_STATUS "/var/lib/dpkg/status"

struct tote_dpkg_sum {
    size_t packages;
    double kib; /* as the packages say: Installed-Size */
};

/* names: array of texts. -ENOENT and a sentence: one of them is not installed, or there
 * is no list; -ENOMEM; -errno of the list. */
int tote_dpkg_sum(const char *status, const json_t *names, struct tote_dpkg_sum *ret,
                  struct tote_error *err);

#endif
