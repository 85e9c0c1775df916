/* SPDX-License-Identifier: MIT */
/* serve.h: `tote-task --serve`, a conversation over two descriptors (framing:
 * record.h), and the write loop that it shares with the plain mode. read(2) and
 * write(2) only: an answer must not wait in a buffer of stdio. */
#ifndef TOTE_SERVE_H
#define TOTE_SERVE_H

#include <stddef.h>

#include "tote/error.h"
#include "tote/task.h"

#define TOTE_SERVE_LINE_MAX 64 /* bytes of a request, newline included */

/* Answers requests from `in` on `out` until end of file. 0; -EPIPE without a sentence
 * if nobody reads `out` any more (the caller ignores SIGPIPE); -EBADMSG and a sentence
 * for a line that is no request; or the errno of a read or write. */
int tote_serve(struct tote_task *task, int in, int out, struct tote_error *err);

/* Writes all n bytes. As above. */
int tote_serve_write(int out, const void *data, size_t n, struct tote_error *err);

#endif
