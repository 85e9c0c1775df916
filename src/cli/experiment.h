/* SPDX-License-Identifier: MIT */
/* experiment.h: compare and sweep, from the settings to the last launch; and gone on
 * with. Which cells there are, in what order and how often they run is
 * src/experiment's.
 */
#ifndef TOTE_CLI_EXPERIMENT_H
#define TOTE_CLI_EXPERIMENT_H

#include "cli/session.h"

/* The work of a session (session.h) that is compare's or sweep's, or the resume of one.
 */
int tote_session_experiment(struct tote_session *session, struct tote_error *err);
int tote_session_experiment_resume(struct tote_session *session,
                                   struct tote_error *err);

#endif
