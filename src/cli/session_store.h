/* SPDX-License-Identifier: MIT */
/* session_store.h: the store of a session: made or opened again, locked for as long as
 * it is written, and told what is asked for. For session.c and session_end.c
 * only.
 */
#ifndef TOTE_SESSION_STORE_H
#define TOTE_SESSION_STORE_H

#include "cli/session.h"

/* As the settings ask for: a new one, or with --resume the one that is there. Notes the
 * settings. */
int tote_session_open_store(struct tote_session *session, struct tote_error *err);

/* One that is there, to go on; -EINVAL: it is in use, or no store. */
int tote_session_reopen_store(struct tote_session *session, const char *path,
                              struct tote_error *err);

/* Closes it and gives up the lock. A store of a failure that holds neither a result
 * nor a task goes; one that a signal ended stays: the report is of it. Returns whether
 * there is a store now. */
bool tote_session_close_store(struct tote_session *session, bool has_failed);

#endif
