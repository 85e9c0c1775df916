/* SPDX-License-Identifier: MIT */
/* reader.c: reads what is there and never waits for more (reader.h). */
#include "items/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 64 << 10 };

static int fail(const struct tote_reader *reader, const char *what, int error,
                struct tote_error *err)
{
    if (error == ENOMEM)
        return tote_error_set(err, -ENOMEM, "out of memory");
    return tote_error_set(err, -EINVAL, "%s: cannot be %s: %s", reader->name, what,
                          strerror(error));
}

/* Room for a read and one byte, at the end. */
static int reserve(struct tote_reader *reader)
{
    if (reader->begin > 0 && reader->size - reader->end < READ_BYTES + 1) {
        memmove(reader->data, reader->data + reader->begin,
                reader->end - reader->begin);
        reader->end -= reader->begin;
        reader->begin = 0;
    }
    size_t size = reader->size ? reader->size : 2 * READ_BYTES;
    while (size < reader->end + READ_BYTES + 1)
        size *= 2;
    if (size == reader->size)
        return 0;
    char *data = realloc(reader->data, size);
    if (!data)
        return -ENOMEM;
    reader->data = data;
    reader->size = size;
    return 0;
}

/* A fifo of ours is opened without waiting for who writes to it: poll tells. */
int tote_reader_open(struct tote_reader *reader, const char *path,
                     struct tote_error *err)
{
    bool is_stdin = !strcmp(path, "-");
    struct stat status;
    *reader = (struct tote_reader){.name = is_stdin ? "standard input" : path,
                                   .fd = STDIN_FILENO,
                                   .is_own = !is_stdin,
                                   .line = 1};
    if (!is_stdin)
        reader->fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (reader->fd < 0 || fstat(reader->fd, &status) < 0)
        return fail(reader, "opened", errno, err);
    if (S_ISDIR(status.st_mode))
        return fail(reader, "read", EISDIR, err);
    reader->is_regular = S_ISREG(status.st_mode);
    return reserve(reader) < 0 ? fail(reader, "read", ENOMEM, err) : 0;
}

void tote_reader_close(struct tote_reader *reader)
{
    if (reader->is_own && reader->fd >= 0)
        close(reader->fd);
    free(reader->data);
    *reader = (struct tote_reader){.fd = -1};
}

/* Nothing is there of a pipe that says nothing. */
static bool is_silent(const struct tote_reader *reader)
{
    struct pollfd wait = {.fd = reader->fd, .events = POLLIN};
    return !reader->is_regular && poll(&wait, 1, 0) <= 0;
}

int tote_reader_fill(struct tote_reader *reader, struct tote_error *err)
{
    if (reader->is_at_end)
        return TOTE_READER_END;
    if (is_silent(reader))
        return TOTE_READER_LATER;
    if (reserve(reader) < 0)
        return fail(reader, "read", ENOMEM, err);
    ssize_t n;
    do
        n = read(reader->fd, reader->data + reader->end, READ_BYTES);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return TOTE_READER_LATER;
    if (n < 0)
        return fail(reader, "read", errno, err);
    reader->end += (size_t)n;
    reader->is_at_end = n == 0;
    return n == 0 ? TOTE_READER_END : TOTE_READER_MORE;
}

int tote_reader_wait(const struct tote_reader *reader, struct tote_error *err)
{
    struct pollfd wait = {.fd = reader->fd, .events = POLLIN};
    if (poll(&wait, 1, -1) >= 0)
        return 0;
    if (errno == EINTR)
        return tote_error_set(err, -EINTR, "%s: interrupted before its first line",
                              reader->name);
    return fail(reader, "waited for", errno, err);
}
