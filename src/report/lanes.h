/* SPDX-License-Identifier: MIT */
/* lanes.h: deals spans of time out to lanes, so that none overlap in a lane: each goes
 * to the lowest one that is free. Knows nothing of what a span is.
 *
 *     struct tote_lanes lanes = {0};
 *     size_t lane;
 *     if (tote_lanes_take(&lanes, start_ns, end_ns, &lane) < 0) ... no memory ...
 *     tote_lanes_finish(&lanes);
 *
 * With spans in the order of their starts there are never more lanes than spans at one
 * moment. Takes log(lanes) steps a span, and memory for the lanes alone. */
#ifndef TOTE_LANES_H
#define TOTE_LANES_H

#include <stddef.h>

#include "tote/clock.h"

struct tote_lanes {
    struct tote_lane {
        size_t lane;
        tote_ns_t end_ns;
    } * busy, *free; /* heaps: the first to end, the lowest, on top */
    size_t n_busy, n_free, room;
};

/* 0 or -ENOMEM. Starts never fall; end_ns is at least start_ns. A lane is free again
 * at its span's end. *ret_lane counts from 0: one that was not given before is the
 * number of lanes until then. */
int tote_lanes_take(struct tote_lanes *lanes, tote_ns_t start_ns, tote_ns_t end_ns,
                    size_t *ret_lane);

void tote_lanes_finish(struct tote_lanes *lanes); /* a zeroed one is accepted */

#endif
