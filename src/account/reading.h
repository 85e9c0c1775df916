/* SPDX-License-Identifier: MIT */
/* reading.h: how the whole machine is, before and after something is measured on it.
 * Not for what that itself costs (sampler.h).
 *
 *     struct tote_reading_pair pair;
 *     tote_reading_before(&pair, TOTE_READING_RUN);
 *     ... launch, run, end ...
 *     tote_reading_after(&pair, box_ns);
 *     pair.rows[0].subject = pair.rows[1].subject = run;
 */
#ifndef TOTE_READING_H
#define TOTE_READING_H

#include "store/usage.h"

struct tote_reading_pair {
    struct tote_reading_row rows[2]; /* before, after */
    tote_ns_t self_ns;               /* CPU of this process until then */
};

/* What cannot be read is TOTE_UNKNOWN. */
void tote_reading_before(struct tote_reading_pair *pair, enum tote_reading_kind kind);

/* box_ns: CPU of the box that has ended since. Returns what tote itself used. */
tote_ns_t tote_reading_after(struct tote_reading_pair *pair, tote_ns_t box_ns);

#endif
