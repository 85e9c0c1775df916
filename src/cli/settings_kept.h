/* SPDX-License-Identifier: MIT */
/* settings_kept.h: the settings that reproduce a run, and their way back from a store;
 * for settings.c. The way there is in settings.h. */
#ifndef TOTE_SETTINGS_KEPT_H
#define TOTE_SETTINGS_KEPT_H

#include "cli/settings.h"
#include "store/store.h"

/* Into settings that hold the defaults. -EPROTO: a comparison; -EBADMSG: the store does
 * not say. */
int tote_settings_read(struct tote_settings *settings, struct tote_store *store,
                       enum tote_settings_of *ret_command, struct tote_error *err);

#endif
