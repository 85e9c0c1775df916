/* SPDX-License-Identifier: MIT */
/* session_store.c: see session_store.h. */
#include "cli/session_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/environment.h"
#include "cli/place.h"
#include "report/quoted.h"
#include "store/kept.h"

/* --- making one --- */

static const char *kind_of(const struct tote_session *session)
{
    return session->command == TOTE_SETTINGS_COMPARE ? "compare"
           : session->command == TOTE_SETTINGS_SWEEP ? "sweep"
           : session->command == TOTE_SETTINGS_METG  ? "metg"
                                                     : "run";
}

static int name_store(struct tote_session *session, const char *path,
                      struct tote_error *err)
{
    if (strlen(path) >= sizeof session->store_path)
        return tote_error_set(err, -EINVAL, "the path of the store is too long");
    snprintf(session->store_path, sizeof session->store_path, "%s", path);
    char *word = tote_quoted_path(path);
    snprintf(session->store_word, sizeof session->store_word, "%s", word ? word : path);
    free(word);
    return 0;
}

static int find_path(struct tote_session *session, struct tote_error *err)
{
    char path[TOTE_OPTION_TEXT_MAX];
    const char *named = session->settings.store;
    int rc = named[0] ? 0 : tote_place_store(kind_of(session), path, sizeof path, err);
    return rc < 0 ? rc : name_store(session, named[0] ? named : path, err);
}

/* That it is there is no reason to lose what it holds. */
static void name_resume(const struct tote_session *session, struct tote_error *err)
{
    struct tote_store *store;
    if (session->command != TOTE_SETTINGS_RUN ||
        tote_store_open(session->store_path, &store, NULL) < 0)
        return;
    tote_store_close(store);
    tote_error_append(err,
                      ", or go on with it: tote resume %s, or with a list of commands "
                      "--resume",
                      session->store_word);
}

/* The lock comes first, so that nobody else goes on with a store that is just made. */
static int create(struct tote_session *session, struct tote_error *err)
{
    struct tote_error why = {0};
    int locked = tote_lock_take(session->store_path, &session->lock, NULL, &why);
    if (locked == -EBUSY)
        return tote_error_set(err, -EINVAL, "%s", why.text);
    int rc = tote_store_create(session->store_path, &session->store, err);
    if (rc == -EEXIST)
        name_resume(session, err);
    if (rc == 0 && locked < 0) {
        tote_store_close(session->store);
        session->store = NULL;
        tote_store_unlink(session->store_path);
        return tote_error_set(err, -EINVAL, "%s", why.text);
    }
    return rc < 0 ? -EINVAL : 0; /* whatever it is, the mend is another --store */
}

/* --- notes --- */

static int note_settings(struct tote_session *session, struct tote_error *err)
{
    int rc = tote_store_set(session->store, "kind", kind_of(session), err);
    if (rc == 0)
        rc = tote_settings_note(&session->settings, session->command, session->store,
                                err);
    return rc < 0 ? rc : tote_environment_note(session->store, err);
}

static int note_order(struct tote_session *session, uint32_t list,
                      struct tote_error *err)
{
    return session->order ? tote_order_note(session->order, session->store, list,
                                            session->is_old, err)
                          : 0;
}

/* --- going on --- */

/* Damage and a broken disk are no mistake of who gives the store; all else is. */
static int blame(int rc)
{
    bool is_mistake = rc < 0 && rc != -EIO && rc != -ENOMEM && rc != -EUCLEAN;
    return rc == -EBADMSG ? -EUCLEAN : is_mistake ? -EINVAL : rc;
}

int tote_session_reopen_store(struct tote_session *session, const char *path,
                              struct tote_error *err)
{
    struct tote_store *store;
    if (name_store(session, path, err) < 0)
        return -EINVAL;
    int rc = tote_store_open(path, &store, err); /* no lock beside what is no store */
    if (rc < 0)
        return blame(rc);
    tote_store_close(store);
    rc = tote_lock_take(path, &session->lock, NULL, err);
    if (rc == 0)
        rc = tote_store_reopen(path, &session->store, err);
    session->is_old = true;
    if (rc < 0)
        tote_session_close_store(session, false);
    return blame(rc);
}

static int check_kind(const struct tote_session *session, struct tote_error *err)
{
    char *command = tote_store_get(session->store, "command");
    bool is_commands = command != NULL;
    free(command);
    if (is_commands && session->order)
        return 0;
    return tote_error_set(err, -EINVAL,
                          "--resume goes on with a store of commands, with a list of "
                          "commands: tote resume %s",
                          session->store_word);
}

static int go_on(struct tote_session *session, struct tote_error *err)
{
    int rc = tote_session_reopen_store(session, session->settings.store, err);
    if (rc == 0)
        rc = check_kind(session, err);
    return rc < 0 ? rc : note_order(session, tote_kept_list(session->store) + 1, err);
}

/* --resume of a store that is not there yet makes it: what runs again and again needs
 * not know which time is the first. */
static bool is_first(const struct tote_session *session)
{
    return session->order && access(session->settings.store, F_OK) < 0 &&
           errno == ENOENT;
}

int tote_session_open_store(struct tote_session *session, struct tote_error *err)
{
    if (session->settings.resume && !is_first(session))
        return go_on(session, err);
    int rc = find_path(session, err);
    if (rc == 0)
        rc = create(session, err);
    if (rc == 0)
        rc = note_settings(session, err);
    return rc < 0 ? rc : note_order(session, 1, err);
}

/* --- closing --- */

/* Holds it no result of any run, nor a list that a resume could go on with? */
static bool is_empty(struct tote_store *store)
{
    struct tote_standing all;
    if (tote_store_standing(store, 0, &all, NULL) < 0)
        return false;
    uint64_t worth = all.listed;
    for (int outcome = 0; outcome < TOTE_OUTCOMES; outcome++)
        worth += all.of[outcome];
    return worth == 0;
}

bool tote_session_close_store(struct tote_session *session, bool has_failed)
{
    bool is_there = session->store && tote_store_has_its_name(session->store);
    bool is_worthless =
        has_failed && !session->is_old && is_there && is_empty(session->store);
    tote_store_close(session->store);
    session->store = NULL;
    if (is_worthless)
        tote_store_unlink(session->store_path);
    tote_lock_release(session->lock);
    session->lock = NULL;
    return is_there && !is_worthless;
}
