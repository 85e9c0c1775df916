/* SPDX-License-Identifier: MIT */
/* place.h: where a store lies that nobody has named, where engines' data lie, and
 * whether folders that one speaks of are there. */
#ifndef TOTE_PLACE_H
#define TOTE_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "tote/error.h"

/* $XDG_STATE_HOME/tote/KIND-TIME-PID.tote; makes its folder. -EINVAL. */
int tote_place_store(const char *kind, char *into, size_t size, struct tote_error *err);

/* $XDG_DATA_HOME/tote, where engines that were set up lie; it need not be there.
 * False: neither that nor HOME names a folder. */
bool tote_place_data(char *into, size_t size);

bool tote_place_is_folder(const char *path);

/* Neither is there, and path lay below folder: that was moved, and path with it. */
bool tote_place_is_gone_with(const char *path, const char *folder);

#endif
