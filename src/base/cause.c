/* SPDX-License-Identifier: MIT */
/* cause.c: see cause.h. */
#include "base/cause.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *const words[TOTE_CAUSE_N] = {
    [TOTE_CAUSE_NONE] = "",
    [TOTE_CAUSE_EXIT] = "exit status",
    [TOTE_CAUSE_SIGNAL] = "signal",
    [TOTE_CAUSE_TIMEOUT] = "its time was over",
    [TOTE_CAUSE_START] = "it could not be started",
    [TOTE_CAUSE_INPUT] = "a file that it needs cannot be read",
    [TOTE_CAUSE_OUTPUT] = "what it should have made is not there, or no file",
    [TOTE_CAUSE_FOLDER] = "there was no folder for it",
    [TOTE_CAUSE_PUBLISH] = "its files could not be published",
    [TOTE_CAUSE_LOST] = "lost: took its worker down too often, quarantined",
};

void tote_cause_text(const struct tote_result *result,
                     char into[static TOTE_CAUSE_TEXT_MAX])
{
    enum tote_cause cause =
        result->cause < TOTE_CAUSE_N ? result->cause : TOTE_CAUSE_NONE;
    bool has_why = result->why && result->why[0];
    if (cause == TOTE_CAUSE_EXIT)
        snprintf(into, TOTE_CAUSE_TEXT_MAX, "exit status %d", result->status);
    else if (cause == TOTE_CAUSE_SIGNAL)
        snprintf(into, TOTE_CAUSE_TEXT_MAX, "signal %d (%s)", result->signal,
                 strsignal(result->signal));
    else if (has_why && (cause == TOTE_CAUSE_INPUT || cause == TOTE_CAUSE_OUTPUT))
        snprintf(into, TOTE_CAUSE_TEXT_MAX, "%.1100s", result->why); /* says it all */
    else if (has_why && cause == TOTE_CAUSE_LOST)
        snprintf(into, TOTE_CAUSE_TEXT_MAX, "%s; the last time: %.1000s", words[cause],
                 result->why);
    else if (has_why)
        snprintf(into, TOTE_CAUSE_TEXT_MAX, "%s: %.1100s", words[cause], result->why);
    else
        snprintf(into, TOTE_CAUSE_TEXT_MAX, "%s", words[cause]);
}

void tote_cause_numbers(const struct tote_result *result, int *ret_exit,
                        int *ret_signal)
{
    *ret_signal = result->signal;
    switch (result->cause) {
    case TOTE_CAUSE_NONE:
    case TOTE_CAUSE_EXIT:
    case TOTE_CAUSE_SIGNAL:
        *ret_exit = result->status;
        return;
    case TOTE_CAUSE_TIMEOUT:
        *ret_exit = -1;
        return;
    case TOTE_CAUSE_START:
        *ret_exit = 127; /* as a shell has it */
        return;
    default:
        *ret_exit = 1;
        return;
    }
}
