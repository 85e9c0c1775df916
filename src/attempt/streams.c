/* SPDX-License-Identifier: MIT */
/* streams.c: pipes read and counted (streams.h). */
#include "attempt/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    CHUNK = 1 << 16,
    LEFT_MAX = 64 << 20 /* bytes read after the end, should a stranger hold the pipe */
};

int tote_streams_open(struct tote_streams *streams, uint64_t most)
{
    *streams = (struct tote_streams){.most = (size_t)most};
    for (int i = 0; i < TOTE_STREAMS; i++)
        streams->stream[i].read = streams->stream[i].write = -1;
    streams->waste = malloc(CHUNK);
    return streams->waste ? 0 : -ENOMEM;
}

static void close_pipe(struct tote_stream *stream)
{
    if (stream->read >= 0) {
        close(stream->read);
        close(stream->write);
    }
    stream->read = stream->write = -1;
}

void tote_streams_close(struct tote_streams *streams)
{
    for (int i = 0; i < TOTE_STREAMS; i++) {
        close_pipe(&streams->stream[i]);
        free(streams->stream[i].bytes);
        streams->stream[i].bytes = NULL;
    }
    free(streams->waste);
    streams->waste = NULL;
}

static int open_pipe(struct tote_stream *stream)
{
    int ends[2];
    stream->n = 0;
    stream->total = 0;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    stream->read = ends[0];
    stream->write = ends[1];
    return 0;
}

int tote_streams_begin(struct tote_streams *streams)
{
    int failed = 0;
    for (int i = 0; i < TOTE_STREAMS; i++) {
        int rc = open_pipe(&streams->stream[i]);
        failed = failed ? failed : rc;
    }
    return failed;
}

/* Room for the next read, at most a chunk; 0 if no more is kept. Without memory the
 * stream is cut here: the bytes are still counted. */
static size_t make_room(struct tote_stream *stream, size_t most)
{
    if (stream->n == stream->capacity && stream->capacity < most) {
        size_t capacity = stream->capacity ? 2 * stream->capacity : CHUNK;
        capacity = capacity < most ? capacity : most;
        char *larger = realloc(stream->bytes, capacity);
        if (larger) {
            stream->bytes = larger;
            stream->capacity = capacity;
        }
    }
    size_t room = stream->capacity - stream->n;
    return room < CHUNK ? room : CHUNK;
}

static ssize_t read_once(struct tote_streams *streams, struct tote_stream *stream)
{
    size_t room = make_room(stream, streams->most);
    ssize_t n = room > 0 ? read(stream->read, stream->bytes + stream->n, room)
                         : read(stream->read, streams->waste, CHUNK);
    if (n > 0) {
        stream->n += room > 0 ? (size_t)n : 0;
        stream->total += (uint64_t)n;
    }
    return n;
}

void tote_streams_read(struct tote_streams *streams, int i)
{
    read_once(streams, &streams->stream[i]);
}

static bool has_more(const struct tote_stream *stream)
{
    struct pollfd polled = {.fd = stream->read, .events = POLLIN};
    return poll(&polled, 1, 0) > 0 && polled.revents & POLLIN;
}

void tote_streams_end(struct tote_streams *streams)
{
    for (int i = 0; i < TOTE_STREAMS; i++) {
        struct tote_stream *stream = &streams->stream[i];
        uint64_t most = stream->total + LEFT_MAX;
        while (stream->read >= 0 && stream->total < most && has_more(stream) &&
               read_once(streams, stream) > 0) {
        }
        close_pipe(stream);
    }
}
