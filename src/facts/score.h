/* SPDX-License-Identifier: MIT */
/* score.h: one number of the facts of an engine: the sum over its numbers x of
 *
 *     weight * log2(1 + x)
 *
 * so that twice as much of anything costs the same, be it packages or steps, and more
 * is never less. Weights are an opinion, so they are options; the facts are not. What
 * it says and what not: docs/method.md. */
#ifndef TOTE_SCORE_H
#define TOTE_SCORE_H

#include "facts/facts.h"
#include "tote/error.h"
#include "tote/option.h"

struct tote_weights {
    double at[TOTE_FACT_NUMBERS];
};

/* A row a number, in the order of the facts, with its default. */
extern const struct tote_option tote_weight_options[TOTE_FACT_NUMBERS];

/* "packages=2,ports=0": what is not named keeps its default. -EINVAL. */
int tote_weights_parse(const char *text, struct tote_weights *ret,
                       struct tote_error *err);

struct tote_score {
    double points;                   /* NaN if a number that has a weight is missing */
    double parts[TOTE_FACT_NUMBERS]; /* NaN: missing; 0 without a weight */
    double least; /* the sum of those that are there: what the points are at least */
    size_t n_missing;
};

struct tote_score tote_score_of(const struct tote_facts *facts,
                                const struct tote_weights *weights);

#endif
