/* SPDX-License-Identifier: MIT */
/* record.h: what is known of one attempt at one task, and its line of text.
 *
 * A line holds nine fields, one blank apart, and ends with a newline:
 *
 *     task attempt start_ns end_ns cpu_ns bytes_in bytes_out digest outcome
 *     40 1 8123456789012345 8123456794512345 5490112 800000 349472 9f0c...32 hex ok
 *
 * Numbers are decimal without sign or leading zeros; digest is 32 lower-case hex
 * digits; outcome is one of ok, failed, wrong. The text is the same on every host and
 * is about 100 bytes, so it can be read by eye, by awk and at more than a million lines
 * a second.
 *
 * `tote-task --serve` reads requests and writes answers. A request is one line of at
 * most 64 bytes, "first count attempt": three numbers, one blank apart, count at most
 * TOTE_BATCH_MAX, attempt from 1. Its answer is `count` record lines in task order and
 * then one empty line, in one write where the pipe takes it. Answers come in the order
 * of the requests; several may be sent ahead. End of file ends it with status 0;
 * anything else on its standard input with status 1 and a sentence. An answer without
 * its empty line is not complete: the worker died, and nothing of that batch counts.
 *
 *     char line[TOTE_RECORD_MAX];
 *     size_t n = tote_record_format(&record, line);
 *     ...
 *     struct tote_record back;
 *     if (tote_record_parse(line, n, &back) < 0) ... not a record ... */
#ifndef TOTE_RECORD_H
#define TOTE_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "tote/clock.h"

#define TOTE_RECORD_MIN      50  /* bytes of the shortest line, newline included */
#define TOTE_RECORD_MAX      200 /* bytes of the longest */
#define TOTE_DIGEST_TEXT_MAX 33  /* 32 hex digits and a terminator */

enum tote_outcome {
    TOTE_OUTCOME_OK,     /* ran; and, if it was verified, the output is right */
    TOTE_OUTCOME_FAILED, /* the kernel said no */
    TOTE_OUTCOME_WRONG,  /* ran, but verify refused the output */
    TOTE_OUTCOME_LOST,   /* took its worker down each time; written by tote, never by a
                          * worker, and so no outcome of a line */
};

struct tote_digest {
    uint64_t high, low; /* XXH3-128, as its canonical (big-endian) text has them */
};

struct tote_record {
    uint64_t task;
    uint32_t attempt;
    tote_ns_t start_ns, end_ns; /* CLOCK_MONOTONIC of the worker's host: from before the
                                 * input is made to after the output is hashed */
    tote_ns_t cpu_ns;           /* CLOCK_THREAD_CPUTIME_ID over the same span */
    uint64_t bytes_in, bytes_out;
    struct tote_digest digest; /* of the output; zero unless outcome is ok */
    enum tote_outcome outcome;
};

/* Writes the line with its newline, no terminator; returns its bytes, at most
 * TOTE_RECORD_MAX. line has room for that many. */
size_t tote_record_format(const struct tote_record *record, char *line);

/* Reads one line of n bytes, with or without its newline. 0, or -EBADMSG for anything
 * that tote_record_format would not have written. */
int tote_record_parse(const char *line, size_t n, struct tote_record *ret_record);

/* 32 lower-case hex digits and a terminator. */
void tote_digest_format(const struct tote_digest *digest,
                        char text[static TOTE_DIGEST_TEXT_MAX]);

/* The bag digest and the digest of an output are made in src/base/digest.h. */

/* Reads 32 lower-case hex digits and a terminator; 0, or -EBADMSG. */
int tote_digest_parse(const char *text, struct tote_digest *ret_digest);

/* "ok", "failed", "wrong", "lost". */
const char *tote_outcome_name(enum tote_outcome outcome);

#endif
