/* SPDX-License-Identifier: MIT */
/* dispatcher_state.h: what the two halves of the dispatcher share; for nobody else. */
#ifndef TOTE_DISPATCHER_STATE_H
#define TOTE_DISPATCHER_STATE_H

#include "core/dispatcher.h"

/* After every event of a running engine: more work, or the end of it. */
int tote_dispatcher_go_on(struct tote_dispatcher *d, struct tote_error *err);

#endif
