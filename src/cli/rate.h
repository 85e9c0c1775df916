/* SPDX-License-Identifier: MIT */
/* rate.h: how fast results come, and when the rest of them will have come. Pure: time
 * is given.
 *
 * Time is cut into windows of a second, or of a 64th of the time since the start if
 * that is longer; the last 16 of them are kept. The rate is that of all of them
 * together. What remains over it is the time that is left; its range is what follows
 * from that rate plus and minus two standard errors of the windows' rates, and is known
 * from 4 windows on. */
#ifndef TOTE_RATE_H
#define TOTE_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tote/clock.h"

#define TOTE_RATE_WINDOWS 16
#define TOTE_RATE_LEAST   4

struct tote_rate { /* zeroed to begin with */
    struct tote_rate_mark {
        tote_ns_t at_ns;
        uint64_t count;
    } marks[TOTE_RATE_WINDOWS + 1]; /* ends of windows, oldest first */
    size_t n;
    struct tote_rate_mark now;
};

/* So many results by that time after the start; both never fall. */
void tote_rate_note(struct tote_rate *rate, tote_ns_t at_ns, uint64_t count);

double tote_rate_per_s(const struct tote_rate *rate); /* 0: nothing is known */

struct tote_rate_left {
    bool is_known, has_range;
    double s, low_s, high_s;
};
struct tote_rate_left tote_rate_left(const struct tote_rate *rate, uint64_t remaining);

/* "3 s", "2m05s", "1h02m", "3d04h" */
void tote_rate_text(double seconds, char into[static 24]);

#endif
