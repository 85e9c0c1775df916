/* SPDX-License-Identifier: MIT */
/* rules.h: the twelve rules for reporting measurements of Hoefler and Belli (Scientific
 * Benchmarking of Parallel Computing Systems, SC'15), each judged from what a store
 * holds. Not for what the numbers say (verdict.h).
 *
 *     struct tote_rule rules[TOTE_RULES];
 *     if (tote_rules_make(&summary, rules) == 0) ... rules[0] is rule 1 ...
 *     tote_rules_finish(rules);
 *
 * A rule that tote keeps by how it is made passes only where there is something to
 * which it applies. */
#ifndef TOTE_RULES_H
#define TOTE_RULES_H

#include "report/gather.h"

#define TOTE_RULES 12

enum tote_rule_state { TOTE_RULE_NOT_APPLICABLE, TOTE_RULE_PASS, TOTE_RULE_FAIL };

struct tote_rule {
    const char *what; /* the rule, shortened; static */
    enum tote_rule_state state;
    char *why; /* a sentence from the data; owned */
};

/* Texts are as the summary's: mask that first. -ENOMEM: there is nothing to finish. */
int tote_rules_make(const struct tote_summary *summary,
                    struct tote_rule ret_rules[static TOTE_RULES]);
void tote_rules_finish(struct tote_rule rules[static TOTE_RULES]);

const char *tote_rule_state_name(enum tote_rule_state state); /* "PASS", ... */

#endif
