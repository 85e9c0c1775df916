/* SPDX-License-Identifier: MIT */
/* publisher_fixture.h: a private place with a results folder and attempts' folders, and
 * short ways to fill and to look at it. All paths are relative to the place, which is
 * the working directory from place_enter to place_leave. */
#ifndef PUBLISHER_FIXTURE_H
#define PUBLISHER_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/publisher.h"

#define RESULTS  "results"
#define ATTEMPTS "attempts"

/* 0, or -errno. Enters a new folder below `above` (null: TMPDIR, else /tmp). */
int place_enter(const char *above);
void place_leave(void); /* and removes it */

/* --- filling --- */

bool fill_file(const char *path, const char *text); /* folders above are made */
/* A file that an attempt has made, and what its worker says of it. */
struct tote_publisher_file fill_output(const char *attempt, const char *path,
                                       const char *text);

/* --- looking --- */

bool holds(const char *path, const char *text); /* a regular file with this content */
bool is_there(const char *path);                /* whatever it is */
/* Entries below a folder, at any depth; of those whose name begins so (null: any). */
size_t count_below(const char *path, const char *prefix);
size_t count_fds(void);

struct tote_publisher *publisher_open(bool is_hostile); /* null: it failed */

#endif
