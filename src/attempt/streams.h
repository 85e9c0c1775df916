/* SPDX-License-Identifier: MIT */
/* streams.h: what a command prints: a pipe each for stdout and stderr, of which the
 * first bytes are kept and all are counted. Private to src/attempt. */
#ifndef TOTE_STREAMS_H
#define TOTE_STREAMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

/* The worker keeps its writing end open until the command has ended, so that a pipe
 * never says that it is at its end: the end of the process is what counts, and a task
 * that closes its stdout wakes nobody. */
struct tote_stream {
    int read, write;
    char *bytes; /* kept; grows up to stream_max, and is used again */
    size_t n, capacity;
    uint64_t total;
};

struct tote_streams {
    struct tote_stream stream[TOTE_STREAMS];
    size_t most; /* bytes kept of each */
    char *waste; /* for what is above that */
};

int tote_streams_open(struct tote_streams *streams, uint64_t most);
void tote_streams_close(struct tote_streams *streams);

/* New pipes, nothing kept. 0 or -errno. */
int tote_streams_begin(struct tote_streams *streams);
/* Reads once; poll has said that something is there, or this waits. */
void tote_streams_read(struct tote_streams *streams, int i);
/* Reads what is left when all writers are gone, and closes the pipes. */
void tote_streams_end(struct tote_streams *streams);

#endif
