/* SPDX-License-Identifier: MIT */
/* input.h: the input of a task, made from (bag seed, task index) alone.
 *
 *     float values[1000];
 *     tote_input_make(7, 40, values, 1000);
 *
 * gives what NumPy gives for
 *
 *     Generator(Philox(key=[7, 40])).random(1000, dtype=float32)
 *
 * so any worker can make any input without being sent anything, and anyone can remake
 * it. Not for other distributions and not for secrets. */
#ifndef TOTE_INPUT_H
#define TOTE_INPUT_H

#include <stddef.h>
#include <stdint.h>

/* Fills n values, uniform in [0, 1). The first n values do not depend on n. Any thread.
 */
void tote_input_make(uint64_t seed, uint64_t task, float *values, size_t n);

#endif
