/* SPDX-License-Identifier: MIT */
/* failure.c: see failure.h. */
#include "report/failure.h"

#include <stdio.h>
#include <string.h>

static const char *const words[TOTE_CAUSE_N] = {
    [TOTE_CAUSE_TIMEOUT] = "its time was over",
    [TOTE_CAUSE_START] = "it could not be started",
    [TOTE_CAUSE_INPUT] = "a file that it reads is not there",
    [TOTE_CAUSE_OUTPUT] = "a file that it should have made is not there",
    [TOTE_CAUSE_FOLDER] = "there was no folder for it",
    [TOTE_CAUSE_PUBLISH] = "its files could not be published",
};

static const char *words_of(const struct tote_failure *failure)
{
    if (failure->outcome == TOTE_OUTCOME_WRONG)
        return "taken back, since its files are gone";
    return words[failure->cause] ? words[failure->cause]
                                 : tote_outcome_name(failure->outcome);
}

const char *tote_failure_text(const struct tote_failure *failure,
                              char text[static TOTE_FAILURE_TEXT_MAX])
{
    const char *name = tote_outcome_name(failure->outcome);
    if (!failure->is_command)
        snprintf(text, TOTE_FAILURE_TEXT_MAX, "%s", name);
    else if (failure->outcome == TOTE_OUTCOME_LOST)
        snprintf(text, TOTE_FAILURE_TEXT_MAX,
                 "%s: took its worker down too often, quarantined", name);
    else if (failure->cause == TOTE_CAUSE_EXIT)
        snprintf(text, TOTE_FAILURE_TEXT_MAX, "exit status %d", failure->status);
    else if (failure->cause == TOTE_CAUSE_SIGNAL)
        snprintf(text, TOTE_FAILURE_TEXT_MAX, "signal %d (%s)", failure->signal,
                 strsignal(failure->signal));
    else
        snprintf(text, TOTE_FAILURE_TEXT_MAX, "%s%s%s", words_of(failure),
                 failure->why[0] ? ": " : "", failure->why);
    return text;
}
