/* SPDX-License-Identifier: MIT */
/* facts.h: `tote engines facts`: what engines ask of whoever runs them, before the
 * user's eyes. What the facts are is the room facts'. */
#ifndef TOTE_CLI_FACTS_H
#define TOTE_CLI_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tote/error.h"

#define TOTE_FACTS_ENGINES_MAX 15 /* columns of the table */

struct tote_facts_settings {
    bool is_json;
    uint64_t launches, workers;
    double timeout_s;    /* for ready and for each answer; 0: that of the check */
    const char *weights; /* "packages=2,..."; "": the defaults */
};

/* Prints a table, or one JSON document, of the engines of these names, or of all that
 * lie beside tote if there are none. An engine that cannot be used is there with the
 * reason. Returns how many could be looked at, or a negative errno and a sentence. */
int tote_facts_show(const char *const *names, size_t n,
                    const struct tote_facts_settings *settings, struct tote_error *err);

#endif
