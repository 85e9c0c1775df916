/* SPDX-License-Identifier: MIT */
/* facts.h: what an engine asks of whoever runs it, as a list of facts, each with its
 * source. Not for how they are come by (measure.h, factsfile.h) or shown.
 *
 *     const struct tote_fact *ports = &facts.at[TOTE_FACT_PORTS];
 *     if (tote_fact_is_known(ports))
 *         printf("%g, %s\n", ports->number, ports->how);
 *
 * The room names no engine: what cannot be measured stands in a file that lies beside
 * the engine's program and is the engine's own. */
#ifndef TOTE_FACTS_H
#define TOTE_FACTS_H

#include <jansson.h>
#include <stdbool.h>

#include "stats/stats.h"
#include "tote/error.h"

#define TOTE_FACT_TEXT_MAX 512 /* bytes of a text or a source, terminator included */

enum tote_fact_id {
    TOTE_FACT_PACKAGES,
    TOTE_FACT_MEGABYTES,
    TOTE_FACT_INSTALL,
    TOTE_FACT_FIRST_RESULT,
    TOTE_FACT_PROCESSES,
    TOTE_FACT_PORTS,
    TOTE_FACT_DESCRIPTORS,
    TOTE_FACT_CONFIG,
    TOTE_FACT_FIRST_TASK,
    TOTE_FACT_CRASH,
    TOTE_FACT_ENGINE_LINES,
    TOTE_FACT_NUMBERS, /* of those above; below are texts */
    TOTE_FACT_AUTHENTICATION = TOTE_FACT_NUMBERS,
    TOTE_FACT_ENCRYPTION,
    TOTE_FACT_LICENCE,
    TOTE_FACT_COUNT
};

enum tote_fact_source {
    TOTE_FACT_NOT_STATED,   /* the engine brings no file that says it */
    TOTE_FACT_NOT_MEASURED, /* it could not be; `how` is the reason */
    TOTE_FACT_DOCUMENTED, /* a constant of the engine's file; `how` is its reference */
    TOTE_FACT_MEASURED,   /* here and now; `how` says how */
};

/* A row of the table of facts. */
struct tote_fact_kind {
    const char *name;  /* in documents, facts files and weights; with its unit */
    const char *title; /* for people */
    bool has_items;    /* a facts file lists what is counted instead of a number */
};
extern const struct tote_fact_kind tote_fact_kinds[TOTE_FACT_COUNT];

struct tote_fact {
    enum tote_fact_source source;
    double number;                 /* NaN: a text, or not known */
    struct tote_interval interval; /* of a measurement over launches, whose median is
                                    * the number; n is 0 otherwise */
    char text[TOTE_FACT_TEXT_MAX];
    json_t *items; /* what is counted, texts or objects; null: not listed; owned */
    char how[TOTE_FACT_TEXT_MAX];
};

struct tote_facts {
    struct tote_fact at[TOTE_FACT_COUNT];
};

void tote_facts_init(struct tote_facts *facts); /* nothing is stated */
void tote_facts_finish(struct tote_facts *facts);

bool tote_fact_is_known(const struct tote_fact *fact);

/* Takes items, which may be null. */
void tote_fact_measured(struct tote_fact *fact, double number, json_t *items,
                        const char *how_format, ...) TOTE_PRINTF(4, 5);

/* Harmless if it is known already. */
void tote_fact_not_measured(struct tote_fact *fact, const char *why_format, ...)
    TOTE_PRINTF(2, 3);

const char *tote_fact_source_name(enum tote_fact_source source);

#endif
