/* SPDX-License-Identifier: MIT */
/* serve.c: answers requests for ranges of tasks (serve.h). */
#include "task/serve.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "tote/limits.h"
#include "tote/record.h"

struct serve {
    const struct tote_server *server;
    int in, out;
    char input[4096]; /* what has been read and not yet answered */
    size_t n_input;
    char *lines; /* one answer: records and the empty line */
    size_t capacity;
};

struct request {
    uint64_t first, count, attempt;
};

int tote_serve_write(int out, const void *data, size_t n, struct tote_error *err)
{
    int rc = tote_file_write(out, data, n);
    if (rc == 0 || rc == -EPIPE)
        return rc;
    return tote_error_set(err, rc, "cannot write the records: %s", strerror(-rc));
}

/* A number up to `most` that ends at the byte `after`; null if it is none. */
static const char *take_number(const char *at, char after, uint64_t most, uint64_t *ret)
{
    uint64_t value = 0;
    const char *start = at;
    for (; *at >= '0' && *at <= '9'; at++) {
        value = value * 10 + (uint64_t)(*at - '0');
        if (value > most) /* before it could overflow: most is at most 2^40 */
            return NULL;
    }
    *ret = value;
    return at > start && *at == after ? at + 1 : NULL;
}

/* The line ends with a newline, so that no number can run past it. */
static int parse_request(const char *line, struct request *ret_request,
                         struct tote_error *err)
{
    const char *at = take_number(line, ' ', TOTE_BAG_MAX, &ret_request->first);
    if (at)
        at = take_number(at, ' ', TOTE_BATCH_MAX, &ret_request->count);
    if (at)
        at = take_number(at, '\n', UINT32_MAX, &ret_request->attempt);
    if (!at || ret_request->attempt == 0)
        return tote_error_set(err, -EBADMSG,
                              "a line on standard input is not 'FIRST COUNT ATTEMPT' "
                              "with a COUNT of at most %u",
                              TOTE_BATCH_MAX);
    return 0;
}

static int answer(struct serve *serve, const char *line, struct tote_error *err)
{
    struct request request = {0};
    int failed = parse_request(line, &request, err);
    if (failed)
        return failed;
    const struct tote_server *server = serve->server;
    ssize_t n =
        server->run(server->context, request.first, request.count,
                    (uint32_t)request.attempt, serve->lines, serve->capacity - 1, err);
    if (n < 0)
        return (int)n;
    serve->lines[n] = '\n';
    return tote_serve_write(serve->out, serve->lines, (size_t)n + 1, err);
}

static int check_length(size_t n, struct tote_error *err)
{
    if (n <= TOTE_SERVE_LINE_MAX)
        return 0;
    return tote_error_set(err, -EBADMSG,
                          "a line on standard input has more than %d bytes",
                          TOTE_SERVE_LINE_MAX);
}

/* Answers all whole lines in hand and keeps the rest. */
static int answer_all(struct serve *serve, struct tote_error *err)
{
    const char *at = serve->input, *end = serve->input + serve->n_input;
    const char *newline;
    int failed = 0;
    while (!failed && (newline = memchr(at, '\n', (size_t)(end - at)))) {
        failed = check_length((size_t)(newline + 1 - at), err);
        if (!failed)
            failed = answer(serve, at, err);
        at = newline + 1;
    }
    serve->n_input = (size_t)(end - at);
    memmove(serve->input, at, serve->n_input);
    return failed ? failed : check_length(serve->n_input + 1, err);
}

/* 1: something came; 0: end of file. */
static int read_more(struct serve *serve, struct tote_error *err)
{
    ssize_t n;
    do
        n = read(serve->in, serve->input + serve->n_input,
                 sizeof serve->input - serve->n_input);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return tote_error_set(err, -errno, "cannot read standard input: %s",
                              strerror(errno));
    if (n == 0 && serve->n_input)
        return tote_error_set(err, -EBADMSG, "standard input ends within a line");
    serve->n_input += (size_t)n;
    return n > 0;
}

int tote_serve(const struct tote_server *server, int in, int out,
               struct tote_error *err)
{
    struct serve serve = {.server = server, .in = in, .out = out};
    serve.capacity = (size_t)TOTE_BATCH_MAX * TOTE_RECORD_MAX + 1;
    serve.lines = malloc(serve.capacity);
    if (!serve.lines)
        return tote_error_set(err, -ENOMEM, "no memory for a batch of records");
    int got = 0, failed = 0;
    while (!failed && (got = read_more(&serve, err)) > 0)
        failed = answer_all(&serve, err);
    free(serve.lines);
    return failed ? failed : got;
}
