/* SPDX-License-Identifier: MIT */
/* cores.h: how many cores there are, and how many of them tote may use. */
#ifndef TOTE_CORES_H
#define TOTE_CORES_H

#include <stdint.h>

uint64_t tote_cores_online(void);

/* Those of tote's affinity (taskset, cpuset), which its children inherit; all that are
 * online where it cannot be read. */
uint64_t tote_cores_usable(void);

#endif
