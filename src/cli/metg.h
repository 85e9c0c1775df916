/* SPDX-License-Identifier: MIT */
/* metg.h: `tote metg`, from the settings to the last launch: which rows there are, an
 * engine with a batch each. Which grains are measured is experiment/metg.h's. */
#ifndef TOTE_CLI_METG_H
#define TOTE_CLI_METG_H

#include "cli/session.h"

/* The work of a session (session.h) that is metg's. */
int tote_session_metg(struct tote_session *session, struct tote_error *err);

#endif
