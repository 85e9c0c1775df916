/* SPDX-License-Identifier: MIT */
/* gate.h: a condition on a change, "tasks_per_s < -5%", and whether a difference of two
 * experiments meets it, for whoever must stop there. Not for whether they differ
 * (diff.h). */
#ifndef TOTE_GATE_H
#define TOTE_GATE_H

#include "report/diff.h"

#define TOTE_GATES_MAX     16
#define TOTE_GATE_TEXT_MAX 64

struct tote_gate {
    enum tote_metric metric;
    bool is_above; /* fails if the change is above the threshold; else if below */
    double change; /* the threshold: -0.05 */
    char text[TOTE_GATE_TEXT_MAX];
};

enum tote_gate_result {
    TOTE_GATE_PASS,         /* the whole interval of the change is clear of it */
    TOTE_GATE_INCONCLUSIVE, /* the interval has both, or there is none; or the change is
                             * beyond it, and not distinguishable from none */
    TOTE_GATE_FAIL,         /* the whole interval is beyond, and A and B differ */
};

/* METRIC < PERCENT% or METRIC > PERCENT%. A threshold that no change at all would meet
 * is refused: what is below is below 0, and above above. -EINVAL with a sentence. */
int tote_gate_parse(const char *text, struct tote_gate *ret, struct tote_error *err);

enum tote_gate_result tote_gate_judge(const struct tote_gate *gate,
                                      const struct tote_diff_change *change);

/* Of a pair: inconclusive if it could not be compared, also where A's cell is missing
 * in B: nothing is known of it; a cell that is new in B passes. */
enum tote_gate_result tote_gate_judge_pair(const struct tote_gate *gate,
                                           const struct tote_diff_pair *pair);

/* Over all pairs: the worst; inconclusive if no pair was compared. */
enum tote_gate_result tote_gate_judge_all(const struct tote_gate *gate,
                                          const struct tote_diff *diff);

extern const char *const tote_gate_results[]; /* "pass", "inconclusive", "fail" */

#endif
