/* SPDX-License-Identifier: MIT */
/* settings_engine.h: who may name a program as an engine: the command line only. A bag
 * file or a store may come from a stranger, and must start nothing of its own. Not for
 * the options of an engine that name files (session.c). */
#ifndef TOTE_SETTINGS_ENGINE_H
#define TOTE_SETTINGS_ENGINE_H

#include "cli/settings.h"
#include "tote/error.h"

/* -EINVAL: `where`, a file, would name this program. */
int tote_settings_check_engine(const char *where, const char *engine,
                               struct tote_error *err);
/* The same of each engine of a list. */
int tote_settings_check_engines(const char *where, const char *engines,
                                struct tote_error *err);

/* Both, of settings that hold what the bag file says. */
int tote_settings_check_bag_file(const struct tote_settings *settings,
                                 struct tote_error *err);

/* Of settings whose engine, or engines, are those of a store. */
int tote_settings_check_store(const struct tote_settings *settings,
                              enum tote_settings_of command, struct tote_error *err);

#endif
