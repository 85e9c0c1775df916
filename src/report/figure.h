/* SPDX-License-Identifier: MIT */
/* figure.h: numbers for people, with about three digits: more would be noise. Documents
 * for programs (json.c, csv.c) write theirs in full.
 *
 *     char text[TOTE_FIGURE_MAX];
 *     printf("%s tasks/s\n", tote_figure_rate(356.2341, text));   // 356
 *
 * All return text. A NaN is "-". */
#ifndef TOTE_FIGURE_H
#define TOTE_FIGURE_H

#include <stddef.h>
#include <stdint.h>

#define TOTE_FIGURE_MAX 64 /* bytes, terminator included */

struct tote_interval;
struct tote_estimate;

/* 0.512, 5.12, 51.2, 356, 3561, 35.6k, 356k, 3.56M */
const char *tote_figure_rate(double value, char text[static TOTE_FIGURE_MAX]);

/* "[350, 361]" as rates; "" if there are no bounds */
const char *tote_figure_bounds(const struct tote_interval *interval,
                               char text[static TOTE_FIGURE_MAX]);

/* Seconds to the millisecond or three digits, without unit: 0.0059, 0.120, 2.841, 31.50
 */
const char *tote_figure_seconds(double value, char text[static TOTE_FIGURE_MAX]);

/* Seconds with a unit that fits: "5.13 ms" */
const char *tote_figure_duration(double value, char text[static TOTE_FIGURE_MAX]);

/* A part of a whole: 0.97, 0.042, <0.001 */
const char *tote_figure_fraction(double value, char text[static TOTE_FIGURE_MAX]);

/* How many times as fast, value at least 1: 1.003x, 1.05x, 3.1x, 42x, 420x */
const char *tote_figure_times(double value, char text[static TOTE_FIGURE_MAX]);

/* Bytes with a unit that fits, by powers of 1,000: "812 B", "1.36 MB" */
const char *tote_figure_bytes(double value, char text[static TOTE_FIGURE_MAX]);

/* "1 worker", "2 workers" */
const char *tote_figure_workers(uint32_t n, char text[static TOTE_FIGURE_MAX]);

/* "12 of 30 blocks", "12 of 6 to 30 blocks" */
const char *tote_figure_blocks(size_t n, uint64_t least, uint64_t most,
                               char text[static TOTE_FIGURE_MAX]);

/* "[1.6, 2.0]" as such times; "" if there are no bounds */
const char *tote_figure_times_bounds(const struct tote_estimate *estimate,
                                     char text[static TOTE_FIGURE_MAX]);

/* 0.21, 0.013, <0.001 */
const char *tote_figure_p(double p, char text[static TOTE_FIGURE_MAX]);

/* A noise floor, |ln ratio|, as that ratio's distance from 1: "0.61 %" */
const char *tote_figure_floor(double floor, char text[static TOTE_FIGURE_MAX]);

#endif
