/* SPDX-License-Identifier: MIT */
/* random.c: SplitMix64 and bounded numbers from it (random.h). */
#include "stats/random.h"

uint64_t tote_random_next(struct tote_random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t product(struct tote_random *random, uint32_t n)
{
    return (tote_random_next(random) >> 32) * n;
}

/* The upper half of a 32-bit number times n. Lower halves below 2^32 mod n belong to
 * results that come up once too often; they are drawn again. */
uint32_t tote_random_below(struct tote_random *random, uint32_t n)
{
    uint64_t wide = product(random, n);
    if ((uint32_t)wide < n) {
        uint32_t unfair = (uint32_t)(-n) % n;
        while ((uint32_t)wide < unfair)
            wide = product(random, n);
    }
    return (uint32_t)(wide >> 32);
}
