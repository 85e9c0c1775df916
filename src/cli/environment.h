/* SPDX-License-Identifier: MIT */
/* environment.h: notes in a store where and with what it was measured. */
#ifndef TOTE_ENVIRONMENT_H
#define TOTE_ENVIRONMENT_H

#include "store/store.h"

/* Sets environment.tote, .kernel, .cpu, .cores, .cores_usable, .load, .memory (bytes);
 * "unknown" for what cannot be read. */
int tote_environment_note(struct tote_store *store, struct tote_error *err);

#endif
