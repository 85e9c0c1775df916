/* SPDX-License-Identifier: MIT */
/* link.c: lines to and from an engine program over non-blocking pipes (link.h). */
#include "core/link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int tote_link_init(struct tote_link *link, const struct tote_box *box, int log_fd,
                   struct tote_error *err)
{
    *link = (struct tote_link){.to_engine = box->to_engine,
                               .from_engine = box->from_engine,
                               .errors = box->errors,
                               .log_fd = log_fd};
    link->in = malloc(TOTE_LINE_MAX);
    return link->in ? 0 : tote_error_set(err, -ENOMEM, "out of memory for a line");
}

void tote_link_finish(struct tote_link *link)
{
    free(link->out);
    free(link->in);
    *link = (struct tote_link){0};
}

/* --- out --- */

bool tote_link_has_output(const struct tote_link *link)
{
    return link->out_at < link->out_n;
}

void tote_link_flush(struct tote_link *link)
{
    while (tote_link_has_output(link)) {
        ssize_t n = write(link->to_engine, link->out + link->out_at,
                          link->out_n - link->out_at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        if (n < 0) /* it reads no more: nothing will ever go out */
            n = (ssize_t)(link->out_n - link->out_at);
        link->out_at += (size_t)n;
    }
    link->out_at = link->out_n = 0;
}

static int out_reserve(struct tote_link *link, size_t more, struct tote_error *err)
{
    if (link->out_n + more <= link->out_capacity)
        return 0;
    if (link->out &&
        link->out_at >= link->out_n / 2) { /* what is written makes room first */
        memmove(link->out, link->out + link->out_at, link->out_n - link->out_at);
        link->out_n -= link->out_at;
        link->out_at = 0;
        if (link->out_n + more <= link->out_capacity)
            return 0;
    }
    size_t capacity = (link->out_n + more) * 2;
    char *bigger = realloc(link->out, capacity);
    if (!bigger)
        return tote_error_set(err, -ENOMEM, "out of memory for commands to the engine");
    link->out = bigger;
    link->out_capacity = capacity;
    return 0;
}

int tote_link_send(struct tote_link *link, const char *line, size_t n,
                   struct tote_error *err)
{
    int rc = out_reserve(link, n, err);
    if (rc < 0)
        return rc;
    memcpy(link->out + link->out_n, line, n);
    link->out_n += n;
    tote_link_flush(link);
    return 0;
}

/* --- in --- */

/* -1: the end; 0: nothing now. */
static ssize_t read_some(int fd, char *into, size_t n)
{
    ssize_t got;
    do
        got = read(fd, into, n);
    while (got < 0 && errno == EINTR);
    if (got < 0 && errno == EAGAIN)
        return 0;
    return got > 0 ? got : -1;
}

void tote_link_fill(struct tote_link *link)
{
    if (link->in_at > 0) {
        memmove(link->in, link->in + link->in_at, link->in_n - link->in_at);
        link->in_n -= link->in_at;
        link->in_at = 0;
    }
    if (link->in_n == TOTE_LINE_MAX)
        return; /* tote_link_line will complain */
    ssize_t n =
        read_some(link->from_engine, link->in + link->in_n, TOTE_LINE_MAX - link->in_n);
    if (n < 0)
        link->is_ended = true;
    else
        link->in_n += (size_t)n;
}

int tote_link_line(struct tote_link *link, const char **ret_line, size_t *ret_n,
                   struct tote_error *err)
{
    size_t left = link->in_n - link->in_at;
    const char *start = link->in + link->in_at;
    const char *newline = memchr(start + link->in_seen, '\n', left - link->in_seen);
    if (!newline) {
        link->in_seen = left;
        if (left == TOTE_LINE_MAX)
            return tote_error_set(err, -E2BIG,
                                  "the engine wrote a line of more than %u bytes",
                                  TOTE_LINE_MAX);
        return 0;
    }
    *ret_line = start;
    *ret_n = (size_t)(newline - start);
    link->in_at += *ret_n + 1;
    link->in_seen = 0;
    return 1;
}

/* --- stderr --- */

static void tail_add(struct tote_link *link, const char *text, size_t n)
{
    if (n > sizeof link->tail) {
        text += n - sizeof link->tail;
        n = sizeof link->tail;
    }
    size_t keep = sizeof link->tail - n;
    if (link->tail_n > keep) {
        memmove(link->tail, link->tail + link->tail_n - keep, keep);
        link->tail_n = keep;
    }
    memcpy(link->tail + link->tail_n, text, n);
    link->tail_n += n;
}

static void log_write(int fd, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t put = write(fd, text, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return; /* a log that cannot be written does not end a run */
        text += put;
        n -= (size_t)put;
    }
}

void tote_link_fill_errors(struct tote_link *link)
{
    char text[4096];
    ssize_t n;
    while ((n = read_some(link->errors, text, sizeof text)) > 0) {
        tail_add(link, text, (size_t)n);
        if (link->log_fd >= 0)
            log_write(link->log_fd, text, (size_t)n);
    }
    if (n < 0)
        link->has_errors_ended = true;
}

static bool is_blank(char c)
{
    return c == '\n' || c == '\r' || c == ' ' || c == '\t';
}

/* Where the last n lines that are not blank begin, among the first `end` bytes. */
static size_t lines_start(const char *text, size_t end, unsigned n)
{
    size_t start = end;
    for (; n > 0 && start > 0; n--) {
        while (start > 0 && is_blank(text[start - 1]))
            start--;
        while (start > 0 && text[start - 1] != '\n')
            start--;
    }
    return start;
}

void tote_link_last_words(const struct tote_link *link, unsigned lines, char *into,
                          size_t size)
{
    size_t end = link->tail_n, n = 0;
    while (end > 0 && is_blank(link->tail[end - 1]))
        end--;
    size_t at = lines_start(link->tail, end, lines);
    for (; at < end && n + 4 < size; at++) {
        unsigned char c = (unsigned char)link->tail[at];
        if (c != '\n') {
            into[n++] = (char)(c < 0x20 || c == 0x7f ? '?' : c);
            continue;
        }
        memcpy(into + n, " | ", 3);
        n += 3;
        while (at + 1 < end && is_blank(link->tail[at + 1]))
            at++;
    }
    into[n] = '\0';
}
