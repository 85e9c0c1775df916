/* SPDX-License-Identifier: MIT */
/* terms.h: the settings of a run that have a little grammar of their own. */
#ifndef TOTE_TERMS_H
#define TOTE_TERMS_H

#include "core/dispatcher.h"
#include "tote/clock.h"
#include "tote/error.h"

/* "never", or WHEN,WHAT=N or WHEN,WHAT=X%: "now,fail=1", "soon,done=10%",
 * "now,success=3", as GNU parallel has it. -EINVAL and a sentence. */
int tote_halt_parse(const char *text, struct tote_halt *ret_halt,
                    struct tote_error *err);

/* "6..30", or "8" for exactly so many; at most 1000. -EINVAL. */
int tote_runs_parse(const char *text, uint32_t *ret_least, uint32_t *ret_most,
                    struct tote_error *err);

/* "5%", or "none", which is 0. -EINVAL. */
int tote_precision_parse(const char *text, double *ret_part, struct tote_error *err);

/* "30s", "2m", or "200%" of the median of what is done; empty: none. */
int tote_timeout_parse(const char *text, tote_ns_t *ret_ns, double *ret_percent,
                       struct tote_error *err);

#endif
