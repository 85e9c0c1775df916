/* SPDX-License-Identifier: MIT */
/* measure.h: all facts of one engine: those that it states, what lies on the disk, and
 * what shows in launches of its own made for that.
 *
 *     struct tote_engine_spec spec;           // of an engine that is usable
 *     rc = tote_facts_measure(&spec, &config, &facts, &err);
 *
 * The caller has SIGPIPE ignored and one thread. Nothing of the engine is alive
 * afterwards. */
#ifndef TOTE_FACTS_MEASURE_H
#define TOTE_FACTS_MEASURE_H

#include <stdint.h>

#include "core/bag.h"
#include "core/program.h"
#include "facts/facts.h"
#include "tote/error.h"

#define TOTE_FACTS_LAUNCHES_MAX 100

struct tote_facts_config {
    const char *data; /* tote's data folder; null: there is none */
    uint32_t slots, launches;
    struct tote_bag quick; /* whose first task is timed */
    struct tote_bag busy;  /* whose tasks take long enough to be looked at */
    double ready_s, answer_s;
    int signal_fd; /* readable: it ends; nothing is read from it; -1: none */
};

/* What an engine states, and what lies on the disk: starts nothing. facts is
 * initialised before; finish it also after a failure. -EBADMSG: its facts file. */
int tote_facts_read(const char *program, const char *data, struct tote_facts *facts,
                    struct tote_error *err);

/* Adds what launches show. -EINTR: the signal; else a sentence about what the engine
 * did, or our own trouble; what was not measured says so. */
int tote_facts_measure(const struct tote_engine_spec *spec,
                       const struct tote_facts_config *config, struct tote_facts *facts,
                       struct tote_error *err);

#endif
