/* SPDX-License-Identifier: MIT */
/* serve.h: `tote-task --serve`, a conversation over two descriptors (framing:
 * record.h), and the write loop that it shares with the plain mode. read(2) and
 * write(2) only: an answer must not wait in a buffer of stdio. */
#ifndef TOTE_SERVE_H
#define TOTE_SERVE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tote/error.h"

#define TOTE_SERVE_LINE_MAX 64 /* bytes of a request, newline included */

/* What runs a range of tasks: as tote_task_run, which has room for TOTE_BATCH_MAX
 * records. */
struct tote_server {
    ssize_t (*run)(void *context, uint64_t first, uint64_t count, uint32_t attempt,
                   char *lines, size_t capacity, struct tote_error *err);
    void *context;
};

/* Answers requests from `in` on `out` until end of file. 0; -EPIPE without a sentence
 * if nobody reads `out` any more (the caller ignores SIGPIPE); -EBADMSG and a sentence
 * for a line that is no request; what run says; or the errno of a read or write. */
int tote_serve(const struct tote_server *server, int in, int out,
               struct tote_error *err);

/* Writes all n bytes. As above. */
int tote_serve_write(int out, const void *data, size_t n, struct tote_error *err);

#endif
