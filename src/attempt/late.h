/* SPDX-License-Identifier: MIT */
/* late.h: a time limit that becomes known while attempts run (TOTE_LATE_NAME in
 * slice.h). Not for when to look: attempt.c. Private to src/attempt. */
#ifndef TOTE_LATE_H
#define TOTE_LATE_H

#include "tote/clock.h"

/* From the file beside the folder whose descriptor is `attempts`; 0: there is none that
 * is as it should be. Never waits. */
tote_ns_t tote_late_read(int attempts);

#endif
