/* SPDX-License-Identifier: MIT */
/* conformance.h: holds an engine program to docs/protocol.md, point by point.
 *
 *     struct tote_conformance_config config = {
 *         .slots = 2, .ready_s = TOTE_CONFORMANCE_READY_S,
 *         .answer_s = TOTE_CONFORMANCE_ANSWER_S, .signal_fd = -1, .log_fd = -1};
 *     int failed = tote_conformance_run("./my-engine:opt=1", &config, show, NULL,
 * &err);
 *
 * It speaks to the program in a box, with lines of its own, right and wrong ones, and
 * judges each answer; what tote-task prints for the same tasks is the measure of
 * records. It measures no speed. The caller has SIGPIPE ignored and one thread. */
#ifndef TOTE_CONFORMANCE_H
#define TOTE_CONFORMANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "tote/error.h"

#define TOTE_CONFORMANCE_SLOTS    2  /* one may hang while the other works */
#define TOTE_CONFORMANCE_READY_S  60 /* from hello to ready */
#define TOTE_CONFORMANCE_ANSWER_S 20 /* for any other answer, and for the end */

struct tote_exam; /* what the points share: exam.h */

/* A row of the table; check is the suite's own. */
struct tote_conformance_point {
    const char *name, *summary;
    bool needs_ready; /* cannot be tried on an engine that does not become ready */
    int (*check)(struct tote_exam *exam, struct tote_error *err);
};

/* In the order in which they are tried; a null name ends them. */
extern const struct tote_conformance_point tote_conformance_points[];

struct tote_conformance_config {
    uint32_t slots; /* at least 2 */
    double ready_s, answer_s;
    const char *only; /* the name of one point; null: all */
    bool has_host_network;
    int signal_fd; /* readable: the suite ends; nothing is read from it; -1: none */
    int log_fd;    /* gets the engine's stderr; -1: none */
};

/* Called once for each point, after it; why is a sentence in UTF-8, or
 * "" if it passed. */
typedef void tote_conformance_report(void *context,
                                     const struct tote_conformance_point *point,
                                     bool has_passed, const char *why, double seconds);

/* engine is "NAME:opt=val,..." or "PATH:opt=val,...". Returns the count of points that
 * failed; or a negative errno and a sentence if the suite itself cannot go on: -EINVAL
 * (no such engine, option or point), -ENOPKG (the engine says that it is not usable),
 * -EINTR (signal_fd), or its own trouble. Nothing of the engine is alive afterwards. */
int tote_conformance_run(const char *engine,
                         const struct tote_conformance_config *config,
                         tote_conformance_report *report, void *context,
                         struct tote_error *err);

#endif
