/* SPDX-License-Identifier: MIT */
/* notes.h: what a reader must know before the numbers are believed: a closed list of
 * warnings, each one sentence with what cures it, if anything does. Not for the verdict
 * (verdict.h).
 *
 *     struct tote_notes notes;
 *     if (tote_notes_make(&summary, &notes) == 0) ... notes.texts[0 .. n) ...
 *     tote_notes_finish(&notes); */
#ifndef TOTE_NOTES_H
#define TOTE_NOTES_H

#include "report/gather.h"

#define TOTE_NOTES_RUNS_MAX                                                            \
    5 /* runs that are not complete are named, the first ones                          \
       */

struct tote_notes {
    char **texts;
    size_t n;
};

/* 0 or -ENOMEM. Texts are as the summary's: mask that first. */
int tote_notes_make(const struct tote_summary *summary, struct tote_notes *ret_notes);
void tote_notes_finish(struct tote_notes *notes); /* a zeroed one is accepted */

/* "broken", but "running or killed" for a run that tote has not ended. */
const char *tote_notes_state(const struct tote_run_summary *run);

#endif
