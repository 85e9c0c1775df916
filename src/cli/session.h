/* SPDX-License-Identifier: MIT */
/* session.h: what run, resume, compare and sweep share around their work: the signals
 * that end it, the store and its lock, the progress line, and what is said at the end.
 */
#ifndef TOTE_SESSION_H
#define TOTE_SESSION_H

#include <stdbool.h>

#include "cli/command.h"
#include "cli/listener.h"
#include "cli/order.h"
#include "cli/settings.h"
#include "core/program.h"
#include "core/run.h"
#include "store/lock.h"
#include "store/store.h"

struct tote_session {
    enum tote_settings_of command;
    struct tote_settings settings;
    struct tote_store *store;
    struct tote_lock *lock;
    char store_path[TOTE_OPTION_TEXT_MAX];
    char store_word[4 * TOTE_OPTION_TEXT_MAX]; /* that, for lines that are pasted */
    bool is_old; /* the store was there before: it stays, whatever happens */
    struct tote_run_config run; /* without the engine; its context is this session */
    struct tote_order *order;   /* of a bag of commands, else null */
    struct tote_listener *listener; /* the same */
    int signal;                     /* that ended the work, or 0 */
    bool is_experiment;             /* compare or sweep, new or gone on with */
    bool has_engine_failed; /* work came to an end, but not to its last launch: err */
    bool has_halted;
    bool is_said;     /* work has printed all there is to print */
    char *go_on;      /* the line by which the store goes on; null: it does not */
    char cell[80];    /* what the progress line names */
    bool has_noticed; /* said once what the box lacks */
};

/* All of a command but its work: settings, work, then what it came to: a bag of
 * commands gets its summary, all else the report from the store; or, if work failed,
 * its sentence (and a store in which nothing ran is removed). work finds the settings
 * loaded and the bag checked; it asks for its engines, then begins the session. A
 * signal that ended it is raised again at the end, so that the caller dies by it.
 * Returns the exit code. */
typedef int tote_session_work(struct tote_session *session, struct tote_error *err);
int tote_session_main(const struct tote_args *args, enum tote_settings_of command,
                      tote_session_work *work);

/* The same of a store that goes on, which work finds reopened and locked. */
int tote_session_resume(const struct tote_args *args, tote_session_work *work);

/* tote_engine_spec_init for an engine of the settings: an option that names a file is
 * not taken from a bag file. */
int tote_session_engine(const struct tote_session *session, const char *text,
                        struct tote_engine_spec *spec, struct tote_error *err);

/* Blocks the signals that end a run into a signalfd, makes or reopens the store, takes
 * its lock and notes in it what is asked for. */
int tote_session_begin(struct tote_session *session, struct tote_error *err);

/* One launch of the settings' engine in a session that has begun; order and listener
 * are used if they are there. Returns what tote_run does. */
int tote_session_launch(struct tote_session *session,
                        const struct tote_engine_spec *engine, struct tote_error *err);

#endif
