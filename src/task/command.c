/* SPDX-License-Identifier: MIT */
/* command.c: batches of commands, served or one alone (command.h). */
#include "task/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attempt/attempt.h"
#include "attempt/commands.h"
#include "base/slice.h"
#include "task/serve.h"

#define NAME "command"

bool tote_command_is(const char *kernel)
{
    size_t n = strcspn(kernel, ":");
    return n == strlen(NAME) && strncmp(kernel, NAME, n) == 0;
}

int tote_command_check(const char *kernel, struct tote_error *err)
{
    if (strcmp(kernel, NAME) == 0)
        return 0;
    return tote_error_set(err, -EINVAL,
                          "kernel " NAME " has no options, but got '%.100s'",
                          kernel + strlen(NAME) + 1);
}

static int become_worker(struct tote_error *err)
{
    int failed = tote_commands_keep(err);
    return failed ? failed : tote_attempt_adopt(err);
}

static ssize_t serve_slice(void *context, uint64_t first, uint64_t count,
                           uint32_t attempt, char *lines, size_t capacity,
                           struct tote_error *err)
{
    const char *slices = context;
    size_t n = strlen(slices) + TOTE_SLICE_NAME_MAX + 2;
    char *slice = malloc(n), *pack = malloc(n), name[TOTE_SLICE_NAME_MAX];
    ssize_t used = -ENOMEM;
    if (slice && pack) {
        tote_slice_name(first, (uint32_t)count, attempt, false, name);
        snprintf(slice, n, "%s/%s", slices, name);
        tote_slice_name(first, (uint32_t)count, attempt, true, name);
        snprintf(pack, n, "%s/%s", slices, name);
        used =
            tote_commands_run(slice, pack, first, count, attempt, lines, capacity, err);
    } else {
        tote_error_set(err, -ENOMEM, "no memory for a path");
    }
    free(slice);
    free(pack);
    return used;
}

int tote_command_serve(const char *slices, struct tote_error *err)
{
    const struct tote_server server = {.run = serve_slice,
                                       .context = (void *)(uintptr_t)slices};
    int failed = become_worker(err);
    return failed ? failed : tote_serve(&server, STDIN_FILENO, STDOUT_FILENO, err);
}

/* Lines that do not end with "ok". */
static int count_failed(const char *lines, size_t n)
{
    int n_failed = 0;
    const char *at = lines, *end = lines + n, *newline;
    for (; (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1)
        n_failed += newline - at < 3 || memcmp(newline - 3, " ok", 3) != 0;
    return n_failed;
}

int tote_command_run(const char *slice, const char *pack, uint64_t first,
                     uint64_t count, uint32_t attempt, struct tote_error *err)
{
    if (count > TOTE_BATCH_MAX)
        return tote_error_set(err, -EINVAL, "a batch of commands has at most %u tasks",
                              TOTE_BATCH_MAX);
    size_t capacity = count * TOTE_RECORD_MAX;
    char *lines = malloc(capacity + 1);
    if (!lines)
        return tote_error_set(err, -ENOMEM, "no memory for a batch of records");
    ssize_t n = become_worker(err);
    if (n == 0)
        n = tote_commands_run(slice, pack, first, count, attempt, lines, capacity, err);
    int failed =
        n < 0 ? (int)n : tote_serve_write(STDOUT_FILENO, lines, (size_t)n, err);
    if (failed == 0)
        failed = count_failed(lines, (size_t)n);
    free(lines);
    return failed;
}
