/* SPDX-License-Identifier: MIT */
/* random.h: seeded numbers for tests: the same seed gives the same test everywhere. Not
 * for anything that is measured or shipped. */
#ifndef TOTE_TEST_RANDOM_H
#define TOTE_TEST_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/* SplitMix64 (Steele, Lea & Flood, OOPSLA 2014). */
static inline uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 0 .. n - 1; 0 for n = 0. */
static inline uint64_t random_below(uint64_t *state, uint64_t n)
{
    return n ? random_next(state) % n : 0;
}

/* [0, 1) */
static inline double random_unit(uint64_t *state)
{
    return (double)(random_next(state) >> 11) * 0x1p-53;
}

static inline bool random_is(uint64_t *state, double probability)
{
    return random_unit(state) < probability;
}

#endif
