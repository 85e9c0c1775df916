/* SPDX-License-Identifier: MIT */
/* random.h: the seeded numbers of a resampling: the same seed gives the same interval
 * everywhere. SplitMix64 (Steele, Lea & Flood, OOPSLA 2014, figure 17). Not for
 * anything that must be hard to guess, nor for the inputs of tasks. */
#ifndef TOTE_STATS_RANDOM_H
#define TOTE_STATS_RANDOM_H

#include <stdint.h>

/* In the caller's memory; any first state is good, the seed itself. */
struct tote_random {
    uint64_t state;
};

uint64_t tote_random_next(struct tote_random *random);

/* 0 .. n - 1, each alike (Lemire, ACM TOMACS 29(1), 2019, on the upper 32 bits); n > 0.
 */
uint32_t tote_random_below(struct tote_random *random, uint32_t n);

#endif
