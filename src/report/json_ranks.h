/* SPDX-License-Identifier: MIT */
/* json_ranks.h: who beats whom at a point, as the object "ranking" of a document
 * (json.c). */
#ifndef TOTE_JSON_RANKS_H
#define TOTE_JSON_RANKS_H

#include <jansson.h>

#include "report/gather.h"

/* New reference; null: out of memory. */
json_t *tote_json_ranking(const struct tote_summary *summary,
                          const struct tote_point_summary *point);

#endif
