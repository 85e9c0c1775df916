/* SPDX-License-Identifier: MIT */
/* limit.c: see limit.h. */
#include "experiment/limit.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/box.h"
#include "core/link.h"
#include "core/program.h"

#define LAST_LINES 1 /* of what tote-task says when it fails */

/* Reads "limit tasks=N threads=P wall_ns=T digest=HEX" of n bytes. */
static int limit_parse(const char *line, size_t n, struct tote_limit_row *row,
                       struct tote_error *err)
{
    char text[256], digest[TOTE_DIGEST_TEXT_MAX];
    snprintf(text, sizeof text, "%.*s", (int)(n < sizeof text ? n : sizeof text - 1),
             line);
    int fields = sscanf(text,
                        "limit tasks=%" SCNu64 " threads=%" SCNu32 " wall_ns=%" SCNd64
                        " digest=%32s",
                        &row->tasks, &row->threads, &row->wall_ns, digest);
    if (fields != 4 || tote_digest_parse(digest, &row->digest) < 0)
        return tote_error_set(err, -EPROTO, "tote-task --limit printed '%s'", text);
    return 0;
}

static int start(const struct tote_bag *bag, uint32_t threads, struct tote_box *box,
                 struct tote_error *err)
{
    char program[PATH_MAX], kernel[TOTE_KERNEL_SPEC_MAX + 16], size[32], seed[32],
        count[32], parallel[32];
    int rc = tote_program_find("tote-task", program, err);
    if (rc < 0)
        return rc;
    snprintf(kernel, sizeof kernel, "--kernel=%s", bag->kernel);
    snprintf(size, sizeof size, "--size=%" PRIu64, bag->size);
    snprintf(seed, sizeof seed, "--seed=%" PRIu64, bag->seed);
    snprintf(count, sizeof count, "--count=%" PRIu64, bag->tasks);
    snprintf(parallel, sizeof parallel, "--threads=%" PRIu32, threads);
    char *argv[] = {program,           kernel, size, seed, count, parallel,
                    (char *)"--limit", NULL};
    return tote_box_start(&(struct tote_box_config){.argv = argv}, box, err);
}

/* Reads until both streams end. 1: a signal came. */
static int read_to_end(struct tote_link *link, int signal_fd)
{
    while (!link->is_ended || !link->has_errors_ended) {
        struct pollfd fds[] = {
            {.fd = link->is_ended ? -1 : link->from_engine, .events = POLLIN},
            {.fd = link->has_errors_ended ? -1 : link->errors, .events = POLLIN},
            {.fd = signal_fd, .events = POLLIN}};
        poll(fds, 3, -1);
        if (fds[2].revents)
            return 1;
        if (fds[0].revents)
            tote_link_fill(link);
        if (fds[1].revents)
            tote_link_fill_errors(link);
    }
    return 0;
}

static int judge(struct tote_link *link, int status, struct tote_limit_row *row,
                 struct tote_error *err)
{
    const char *line;
    size_t n;
    int rc = tote_link_line(link, &line, &n, err);
    if (rc > 0)
        return limit_parse(line, n, row, err);
    char words[TOTE_ERROR_MAX / 2];
    tote_link_last_words(link, LAST_LINES, words, sizeof words);
    return tote_error_set(err, -EIO, "tote-task --limit ended with status %d: %s",
                          status, words);
}

int tote_limit_run(const struct tote_bag *bag, uint32_t threads, int signal_fd,
                   struct tote_limit_row *row, struct tote_error *err)
{
    struct tote_box box;
    struct tote_link link;
    int rc = start(bag, threads, &box, err);
    if (rc < 0)
        return rc;
    rc = tote_link_init(&link, &box, -1, err);
    if (rc == 0)
        rc = read_to_end(&link, signal_fd);
    if (rc != 0)
        tote_box_kill(&box);
    struct tote_box_usage usage;
    int status = tote_box_end(&box, &usage);
    if (rc == 0)
        rc = judge(&link, status, row, err);
    tote_link_finish(&link);
    return rc;
}
