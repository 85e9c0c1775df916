/* SPDX-License-Identifier: MIT */
/* schemas.h: the JSON Schemas of docs/schemas/, as scripts/embed-schemas puts them into
 * the program. */
#ifndef TOTE_SCHEMAS_H
#define TOTE_SCHEMAS_H

struct tote_schema {
    const char *name;  /* "run"; its file is run.schema.json */
    const char *title; /* what prints such a document */
    const char *text;
};
extern const struct tote_schema tote_schemas[]; /* by name; the last has none */

#endif
