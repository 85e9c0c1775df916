/* SPDX-License-Identifier: MIT */
/* metg_words.h: METG in words, for forms that people read, so that they say the same:
 * figures of grains, and sentences. Tables are lines.h's. */
#ifndef TOTE_METG_WORDS_H
#define TOTE_METG_WORDS_H

#include <stdio.h>

#include "report/figure.h"
#include "report/gather.h"

/* "38.2 us", "<= 2.10 us", "> 1.00 s", "-". Returns text. */
const char *tote_metg_words_grain(const struct tote_metg *metg,
                                  char text[static TOTE_FIGURE_MAX]);

/* "[35.1 us, > 1.00 s]", or "" without bounds. Returns text. */
const char *tote_metg_words_bounds(const struct tote_metg_estimate *estimate,
                                   char text[static TOTE_FIGURE_MAX]);

/* What the figures are: two lines, without a line end after the second. */
void tote_metg_words_subject(const struct tote_summary *summary, FILE *out);

/* What batching buys: a line for each row that stands beside one of batch 1. */
void tote_metg_words_gains(const struct tote_metg_summary *metg, FILE *out);

/* How many blocks, and what ended them: a line. */
void tote_metg_words_end(const struct tote_summary *summary, FILE *out);

#endif
