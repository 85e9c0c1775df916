/* SPDX-License-Identifier: MIT */
/* session_end.h: the end of a session: what it came to, said to the user, and the exit
 * code. Between session.c and session_end.c only. */
#ifndef TOTE_SESSION_END_H
#define TOTE_SESSION_END_H

#include <stdbool.h>

#include "cli/session.h"

/* Of a session that began or did not: rc is that of the work. Closes all, and dies by
 * the signal that ended the work, if one did. Returns the exit code. */
int tote_session_end(struct tote_session *session, int rc, struct tote_error *err);

/* Frees what a session that ended, or has not begun, holds besides its store. */
void tote_session_finish(struct tote_session *session);

/* Are words on stderr wanted beside the progress line? */
bool tote_session_is_talkative(const struct tote_session *session);

/* "interrupted", of the signal that ends a session. */
const char *tote_session_word(int signo);

#endif
