/* SPDX-License-Identifier: MIT */
/* exam.h: what the points of the conformance suite share. Between the files
 * of the suite only. */
#ifndef TOTE_EXAM_H
#define TOTE_EXAM_H

#include "check/conformance.h"
#include "check/probe.h"
#include "core/program.h"

/* Points that ask for the same bag one after the other use one launch; a point that
 * fails ends it, so that the next one begins afresh. */
struct tote_exam {
    const struct tote_conformance_config *config;
    struct tote_engine_spec spec;
    struct tote_probe probe; /* the launch that is on, if one is */
    const char *point;       /* the name of the one that is tried */
    bool has_been_ready;     /* an engine, at least once */
    unsigned endings;        /* of engines by themselves, in all points so far */
    unsigned survivors; /* processes left at one of these endings; the first counts */
    const char *survivors_at; /* the point where that was */
};

/* Says stop to the launch that is on and awaits its end: with bye and status 0. */
int tote_exam_stop(struct tote_exam *exam, struct tote_error *err);

/* The points of commands_exam.c. They pass if the engine says that it takes none. */
int tote_exam_commands(struct tote_exam *exam, struct tote_error *err);
int tote_exam_daemons(struct tote_exam *exam, struct tote_error *err);

#endif
