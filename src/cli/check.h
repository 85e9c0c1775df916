/* SPDX-License-Identifier: MIT */
/* check.h: `tote engines check`: the conformance suite before the user's eyes. */
#ifndef TOTE_CHECK_H
#define TOTE_CHECK_H

#include <stdbool.h>

#include "tote/error.h"

struct tote_check_settings {
    bool is_json;
    double timeout_s;  /* for ready and for each answer; 0: the suite's own */
    const char *point; /* the name of one point; null: all */
};

/* Prints a line a point, or one JSON document. Returns the count of points that failed,
 * or a negative errno and a sentence. */
int tote_check_engine(const char *engine, const struct tote_check_settings *settings,
                      struct tote_error *err);

#endif
