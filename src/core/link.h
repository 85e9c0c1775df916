/* SPDX-License-Identifier: MIT */
/* link.h: the three pipes to an engine program, without ever waiting for it: lines out
 * are queued, lines in are cut from what has come, stderr is read away and its end
 * kept. */
#ifndef TOTE_LINK_H
#define TOTE_LINK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/box.h"
#include "tote/error.h"
#include "tote/limits.h"

#define TOTE_LINK_TAIL_MAX 4096 /* bytes of the engine's stderr that are kept */

struct tote_link {
    int to_engine, from_engine, errors; /* borrowed from the box; non-blocking */
    int log_fd;                         /* gets all of the engine's stderr; -1: none */
    bool is_ended;                      /* the engine closed its stdout */
    bool has_errors_ended;
    char *out;
    size_t out_at, out_n, out_capacity; /* bytes [out_at, out_n) wait to be written */
    char *in;
    size_t in_at, in_n; /* bytes [in_at, in_n) are not cut into lines yet */
    size_t in_seen;     /* of these, how many hold no newline */
    char tail[TOTE_LINK_TAIL_MAX];
    size_t tail_n;
};

int tote_link_init(struct tote_link *link, const struct tote_box *box, int log_fd,
                   struct tote_error *err);
void tote_link_finish(
    struct tote_link *link); /* closes nothing; accepts a zeroed one */

/* Queues n bytes (copied) and writes what the pipe takes. -ENOMEM. An engine that reads
 * no more is not an error here: its end shows on the other pipe. */
int tote_link_send(struct tote_link *link, const char *line, size_t n,
                   struct tote_error *err);
bool tote_link_has_output(const struct tote_link *link);
void tote_link_flush(struct tote_link *link);

/* Reads what has come from the engine's stdout; sets is_ended at its end. */
void tote_link_fill(struct tote_link *link);

/* 1 and the next whole line without its newline, borrowed until the next fill; 0: none;
 * -E2BIG: longer than TOTE_LINE_MAX. */
int tote_link_line(struct tote_link *link, const char **ret_line, size_t *ret_n,
                   struct tote_error *err);

/* Reads what has come from the engine's stderr. */
void tote_link_fill_errors(struct tote_link *link);

/* The last lines, at most so many, that the engine wrote to stderr, joined by " | ",
 * control characters masked, cut to size (at least 5); "" if there are none. */
void tote_link_last_words(const struct tote_link *link, unsigned lines, char *into,
                          size_t size);

#endif
