/* SPDX-License-Identifier: MIT */
/* input.c: Philox4x64-10 as NumPy has it (input.h).
 *
 * J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw: Parallel random numbers: as easy
 * as 1, 2, 3. SC '11, doi 10.1145/2063384.2063405. The constants are the paper's. */
#include "task/input.h"

#include <string.h>

enum { ROUNDS = 10, BLOCK = 8 /* floats of four 64-bit words */ };

__extension__ typedef unsigned __int128 uint128;

/* gcc -O2 unrolls neither loop below by itself, and worse, makes the second into vector
 * loads of words just stored, which stall; unrolled they take half the time. */
#if defined(__GNUC__)
#define PRAGMA(text) _Pragma(#text)
#define UNROLL(n)    PRAGMA(GCC unroll n)
#else
#define UNROLL(n)
#endif

struct round_key {
    uint64_t even, odd;
};

/* All round keys of a task: they depend on the key only, not on the counter. */
static void philox_keys(uint64_t seed, uint64_t task, struct round_key keys[ROUNDS])
{
    for (int i = 0; i < ROUNDS; i++) {
        keys[i] = (struct round_key){seed, task};
        seed += UINT64_C(0x9E3779B97F4A7C15); /* golden ratio */
        task += UINT64_C(0xBB67AE8584CAA73B); /* sqrt(3) - 1 */
    }
}

static inline void philox_block(const struct round_key keys[ROUNDS], uint64_t counter,
                                uint64_t words[4])
{
    uint64_t a = counter, b = 0, c = 0, d = 0;
    UNROLL(10)
    for (int i = 0; i < ROUNDS; i++) {
        uint128 even = (uint128)a * UINT64_C(0xD2E7470EE14C6C93);
        uint128 odd = (uint128)c * UINT64_C(0xCA5A826395121157);
        a = (uint64_t)(odd >> 64) ^ b ^ keys[i].even;
        b = (uint64_t)odd;
        c = (uint64_t)(even >> 64) ^ d ^ keys[i].odd;
        d = (uint64_t)even;
    }
    words[0] = a;
    words[1] = b;
    words[2] = c;
    words[3] = d;
}

/* The low half of each word first, and the top 24 bits of each half: as NumPy. */
static inline void fill_block(const uint64_t words[4], float values[BLOCK])
{
    UNROLL(4)
    for (int i = 0; i < 4; i++) {
        values[2 * i] = (float)(int32_t)((uint32_t)words[i] >> 8) * 0x1p-24f;
        values[2 * i + 1] = (float)(int32_t)(words[i] >> 40) * 0x1p-24f;
    }
}

void tote_input_make(uint64_t seed, uint64_t task, float *values, size_t n)
{
    struct round_key keys[ROUNDS];
    philox_keys(seed, task, keys);
    uint64_t counter = 1; /* NumPy counts before it makes a block */
    uint64_t words[4];
    size_t i = 0;
    for (; n - i >= BLOCK; i += BLOCK) {
        philox_block(keys, counter++, words);
        fill_block(words, values + i);
    }
    if (i == n)
        return;
    float last[BLOCK];
    philox_block(keys, counter, words);
    fill_block(words, last);
    memcpy(values + i, last, (n - i) * sizeof *values);
}
