/* SPDX-License-Identifier: MIT */
/* text_usage.h: what runs used, for a terminal. For text.c alone. */
#ifndef TOTE_TEXT_USAGE_H
#define TOTE_TEXT_USAGE_H

#include <stdio.h>

#include "report/gather.h"

#define TOTE_TEXT_USAGE_MAX 160

/* What a run used, in a line: "control plane 38 ms, ..."; "-": it was not measured. */
const char *tote_text_usage(const struct tote_used *used,
                            char text[static TOTE_TEXT_USAGE_MAX]);

/* A table with a line for each engine of a point, at most `most` characters wide;
 * nothing if no run was measured. -ENOMEM. */
int tote_text_usage_table(const struct tote_point_summary *point, FILE *out,
                          size_t most);

#endif
