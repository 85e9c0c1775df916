/* SPDX-License-Identifier: MIT */
/* json_usage.h: the parts of a document that say what a run used and how the machine
 * was. For json.c alone. */
#ifndef TOTE_JSON_USAGE_H
#define TOTE_JSON_USAGE_H

#include <jansson.h>

#include "report/gather.h"

/* New references; a JSON null: it was not measured; null: out of memory. */
json_t *tote_json_usage(const struct tote_used *used);
json_t *tote_json_machine(const struct tote_machine *machine);

#endif
