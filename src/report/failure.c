/* SPDX-License-Identifier: MIT */
/* failure.c: see failure.h. */
#include "report/failure.h"

#include <stdio.h>

#include "base/cause.h"

const char *tote_failure_text(const struct tote_failure *failure,
                              char text[static TOTE_FAILURE_TEXT_MAX])
{
    const struct tote_result result = {
        .cause =
            failure->outcome == TOTE_OUTCOME_LOST ? TOTE_CAUSE_LOST : failure->cause,
        .status = failure->status,
        .signal = failure->signal,
        .why = failure->why,
    };
    if (!failure->is_command)
        snprintf(text, TOTE_FAILURE_TEXT_MAX, "%s",
                 tote_outcome_name(failure->outcome));
    else if (failure->outcome == TOTE_OUTCOME_WRONG)
        snprintf(text, TOTE_FAILURE_TEXT_MAX, "taken back, since its files are gone");
    else
        tote_cause_text(&result, text);
    return text;
}
