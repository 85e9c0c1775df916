/* SPDX-License-Identifier: MIT */
/* session_end.c: see session_end.h. */
#include "cli/session_end.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/advice.h"
#include "cli/progress.h"
#include "cli/session_store.h"
#include "cli/signals.h"
#include "report/report.h"

/* A bag of a kernel has its report on stdout and is quiet where nobody looks on. */
bool tote_session_is_talkative(const struct tote_session *session)
{
    return session->listener || isatty(STDERR_FILENO);
}

const char *tote_session_word(int signo)
{
    return signo == SIGINT ? "interrupted" : signo == SIGHUP ? "hung up" : "terminated";
}

static int print_report(const struct tote_session *session,
                        struct tote_verdict *verdict, struct tote_error *err)
{
    struct tote_store *store;
    int rc = tote_store_open(session->store_path, &store, err);
    if (rc < 0)
        return rc;
    rc = tote_report_write(store,
                           session->settings.json ? TOTE_REPORT_JSON : TOTE_REPORT_TEXT,
                           stdout, verdict, err);
    tote_store_close(store);
    return rc;
}

static int report(const struct tote_session *session)
{
    struct tote_error err = {0};
    struct tote_verdict verdict = {0};
    if (print_report(session, &verdict, &err) < 0)
        return tote_command_fail(session->settings.json, TOTE_EXIT_INTERNAL, &err);
    return verdict.has_differed ? TOTE_EXIT_OUTPUTS_DIFFER
           : verdict.has_failed ? TOTE_EXIT_TASKS_FAILED
                                : TOTE_EXIT_OK;
}

/* "12 of 60 done", of ? if the list was not read to its end. What has failed is not
 * done, but has a result. */
static void count_text(const struct tote_session *session,
                       const struct tote_progress *last, char into[static 96])
{
    const char *what = session->signal && last->failed == 0 ? "done" : "have a result";
    uint64_t recorded = last->done + last->failed;
    if (last->is_whole)
        snprintf(into, 96, "%" PRIu64 " of %" PRIu64 " %s", recorded, last->tasks,
                 what);
    else
        snprintf(into, 96, "%" PRIu64 " of ? %s", recorded, what);
}

/* What a bag came to that has not come to its end, and how it goes on. */
static void say_unfinished(const struct tote_session *session)
{
    const char *word = session->signal ? tote_session_word(session->signal)
                                       : "halted, as --halt asked for";
    char count[96];
    if (!tote_session_is_talkative(session) ||
        !(session->signal || session->has_halted))
        return;
    if (session->listener) {
        const struct tote_progress *last = tote_listener_last(session->listener);
        if (last->is_whole && last->done + last->failed == last->tasks)
            return; /* it came after the last */
        count_text(session, last, count);
        fprintf(stderr, "tote: %s: %s", word, count);
    } else {
        fprintf(stderr, "tote: %s", word);
    }
    if (session->go_on)
        fprintf(stderr, "; go on with: %s", session->go_on);
    fprintf(stderr, "\n");
}

static int sum_up(const struct tote_session *session)
{
    tote_listener_summary(session->listener);
    int code = session->settings.json ? report(session) : TOTE_EXIT_OK;
    bool has_failed = tote_listener_last(session->listener)->failed > 0;
    return code == TOTE_EXIT_OK && has_failed ? TOTE_EXIT_TASKS_FAILED : code;
}

/* Of work that did not fail; listened: what the listener came to. */
static int show_end(struct tote_session *session, int listened, struct tote_error *err)
{
    if (!session->listener) {
        int code = session->is_said ? TOTE_EXIT_OK : report(session);
        if (!session->is_said)
            say_unfinished(session);
        return code;
    }
    int code = sum_up(session);
    say_unfinished(session);
    return listened < 0 ? tote_command_fail(false, TOTE_EXIT_INTERNAL, err) : code;
}

static int show_failure(struct tote_session *session, int rc, bool is_kept,
                        struct tote_error *err)
{
    if (is_kept)
        tote_error_append(err, "; what is recorded: tote report %s",
                          session->store_word);
    if (is_kept && session->go_on)
        tote_error_append(err, "; go on with: %s", session->go_on);
    return tote_command_fail(session->settings.json, tote_exit_of(rc), err);
}

void tote_session_finish(struct tote_session *session)
{
    tote_listener_close(session->listener);
    tote_order_close(session->order);
    tote_settings_finish(&session->settings);
    free(session->go_on);
}

/* Before the store is closed. Going on does not help what is damaged, nor one that was
 * refused: what to do instead was its own sentence. */
static void find_go_on(struct tote_session *session, int rc)
{
    bool is_damaged = rc == -EUCLEAN;
    bool is_refused = rc < 0 && tote_exit_of(rc) == TOTE_EXIT_USAGE;
    bool is_metg = session->command == TOTE_SETTINGS_METG; /* begun anew, or not */
    if (!session->store || is_damaged || is_refused || is_metg)
        return;
    session->go_on = tote_advice_go_on(session->store);
}

/* rc is that of the work. */
int tote_session_end(struct tote_session *session, int rc, struct tote_error *err)
{
    tote_progress_clear();
    if (!session->signal) /* one that came when nobody looked any more */
        session->signal = tote_signals_take(session->run.signal_fd);
    tote_signals_close(session->run.signal_fd);
    if (session->run.log_fd >= 0)
        close(session->run.log_fd);
    struct tote_error why = {0};
    int listened = session->listener ? tote_listener_end(session->listener, &why) : 0;
    find_go_on(session, rc);
    bool is_kept = tote_session_close_store(session, rc < 0);
    int code = rc < 0 ? show_failure(session, rc, is_kept, err)
                      : show_end(session, listened, &why);
    if (rc >= 0 && session->has_engine_failed) /* stdout has its document already */
        code = tote_command_fail(false, TOTE_EXIT_ENGINE, err);
    int signal = session->signal;
    tote_session_finish(session);
    if (signal) {
        fflush(stdout);
        tote_signals_die(signal);
    }
    return code;
}
