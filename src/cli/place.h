/* SPDX-License-Identifier: MIT */
/* place.h: where a store lies that nobody has named. */
#ifndef TOTE_PLACE_H
#define TOTE_PLACE_H

#include <stddef.h>

#include "tote/error.h"

/* $XDG_STATE_HOME/tote/KIND-TIME-PID.tote; makes its folder. -EINVAL. */
int tote_place_store(const char *kind, char *into, size_t size, struct tote_error *err);

#endif
