/* SPDX-License-Identifier: MIT */
/* listener.h: what is done with each result of a bag of commands while it runs: its
 * output is printed, the job log gets its line, the first failures are kept for the
 * summary at the end. */
#ifndef TOTE_LISTENER_H
#define TOTE_LISTENER_H

#include "cli/settings.h"
#include "core/run.h"
#include "store/store.h"

struct tote_listener;

/* Opens the job log. -EINVAL. settings are borrowed. */
int tote_listener_open(const struct tote_settings *settings,
                       struct tote_listener **ret_listener, struct tote_error *err);

/* The store that the run writes, by its path; it is read beside the run. */
int tote_listener_begin(struct tote_listener *listener, const char *store, bool goes_on,
                        struct tote_error *err);

void tote_listener_result(struct tote_listener *listener,
                          const struct tote_record *record,
                          const struct tote_result *result, bool is_last);
void tote_listener_progress(struct tote_listener *listener,
                            const struct tote_progress *progress);
/* The last that it was told. */
const struct tote_progress *tote_listener_last(const struct tote_listener *listener);

/* Prints what waits for its turn. Call once the run has ended; then the summary. -EIO:
 * a job log or an output that is not whole. */
int tote_listener_end(struct tote_listener *listener, struct tote_error *err);
/* How it went, on stderr. */
void tote_listener_summary(struct tote_listener *listener);

void tote_listener_close(struct tote_listener *listener); /* null is accepted */

#endif
