/* SPDX-License-Identifier: MIT */
/* session.h: what run and compare share around their work: the signals that end it, the
 * new store, the progress line, and the report at the end. */
#ifndef TOTE_SESSION_H
#define TOTE_SESSION_H

#include "cli/command.h"
#include "cli/settings.h"
#include "core/run.h"
#include "store/store.h"

struct tote_session {
    struct tote_settings settings;
    struct tote_store *store;
    char store_path[TOTE_OPTION_TEXT_MAX];
    struct tote_run_config run; /* all but the engine is filled in */
    int signal;                 /* that ended the work, or 0 */
    char cell[64];              /* what the progress line names */
};

/* Blocks SIGINT, SIGTERM and SIGHUP into a signalfd, makes the store and notes in it what
 * is asked for. kind is "run" or "compare". On failure nothing is left. */
int tote_session_begin(struct tote_session *session, const char *kind,
                       struct tote_error *err);

/* Closes the store; prints the report from it, or, if rc is negative, the sentence (and
 * removes a store in which nothing ran). A signal that ended the work is raised again, so
 * that the caller dies by it. Returns the exit code. */
int tote_session_end(struct tote_session *session, int rc, struct tote_error *err);

#endif
