/* SPDX-License-Identifier: MIT */
/* reader.h: bytes of a file or a pipe, as far as they are there now, in one buffer. For
 * the sources of this room that read.
 *
 *     while ((rc = tote_reader_fill(&reader, &err)) == TOTE_READER_MORE)
 *         ... look at reader.data[reader.begin .. reader.end) ...
 *
 * A descriptor that others share (standard input) keeps its flags: it is polled before
 * each read. */
#ifndef TOTE_ITEMS_READER_H
#define TOTE_ITEMS_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tote/error.h"

struct tote_reader {
    const char *name; /* for sentences; borrowed */
    int fd;
    bool is_own, is_regular, is_at_end;
    char *data;
    size_t begin, end, size; /* data[end] may always be written */
    uint64_t line;           /* the number of the line at begin, from 1 */
};

/* path "-" is standard input. -EINVAL: cannot be opened or is a folder. */
int tote_reader_open(struct tote_reader *reader, const char *path,
                     struct tote_error *err);
void tote_reader_close(
    struct tote_reader *reader); /* accepts one that failed to open */

enum tote_reader_state { TOTE_READER_END, TOTE_READER_MORE, TOTE_READER_LATER };

/* One read, behind what is there; bytes before begin are given up, so that pointers
 * into data do not last. -EINVAL: the read failed; -ENOMEM. */
int tote_reader_fill(struct tote_reader *reader, struct tote_error *err);

/* Until fill would say something else than LATER. -EINTR: a signal came first. */
int tote_reader_wait(const struct tote_reader *reader, struct tote_error *err);

#endif
