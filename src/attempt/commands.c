/* SPDX-License-Identifier: MIT */
/* commands.c: a slice in, a pack and record lines out (commands.h). What is wrong with
 * a task is in its result; an error here is one of this worker, and nothing of the
 * batch counts. */
#include "attempt/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attempt/attempt.h"
#include "base/file.h"
#include "base/slice.h"

/* --- files --- */

static int read_slice(const char *path, struct tote_slice *ret_slice,
                      struct tote_error *err)
{
    void *bytes = NULL;
    size_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int failed = fd < 0 ? -errno : tote_file_read(fd, TOTE_SLICE_MAX, &bytes, &n);
    if (fd >= 0)
        close(fd);
    failed = failed ? tote_file_fail("read the slice", path, -failed, err)
                    : tote_slice_parse(bytes, n, ret_slice, err);
    free(bytes);
    return failed;
}

/* Whole or not at all: under another name first. */
static int write_pack(const char *path, const void *bytes, size_t n,
                      struct tote_error *err)
{
    size_t size = strlen(path) + 40;
    char *beside = malloc(size);
    if (!beside)
        return tote_file_fail("write the pack", path, ENOMEM, err);
    snprintf(beside, size, "%s.%ld.part", path, (long)getpid());
    int fd = tote_file_make(beside);
    int code = fd < 0 ? -fd : -tote_file_write(fd, bytes, n);
    if (fd >= 0 && close(fd) < 0 && !code)
        code = errno;
    if (!code && rename(beside, path) < 0)
        code = errno;
    if (code)
        unlink(beside);
    free(beside);
    return code ? tote_file_fail("write the pack", path, code, err) : 0;
}

/* --- the batch --- */

static ssize_t run_attempts(struct tote_attempt *attempt,
                            const struct tote_slice *slice,
                            struct tote_pack_writer *pack, char *lines)
{
    char *at = lines;
    for (uint32_t i = 0; i < slice->count; i++) {
        struct tote_record record;
        struct tote_result result;
        tote_attempt_run(attempt, &slice->commands[i], slice->attempt, &record,
                         &result);
        tote_pack_add(pack, &result);
        at += tote_record_format(&record, at);
    }
    return at - lines;
}

static ssize_t run_slice(const struct tote_slice *slice, const char *path, char *lines,
                         struct tote_error *err)
{
    struct tote_attempt *attempt = NULL;
    void *bytes = NULL;
    size_t n = 0;
    int failed = tote_attempt_open(&slice->rules, &attempt, err);
    if (failed)
        return failed;
    struct tote_pack_writer *pack =
        tote_pack_begin(slice->first, slice->count, slice->attempt);
    ssize_t n_lines = pack ? run_attempts(attempt, slice, pack, lines) : 0;
    tote_attempt_close(attempt);
    failed = pack ? tote_pack_end(pack, &bytes, &n, err)
                  : tote_error_set(err, -ENOMEM, "no memory for the pack of a batch");
    if (!failed) {
        failed = write_pack(path, bytes, n, err);
        free(bytes);
    }
    return failed ? failed : n_lines;
}

ssize_t tote_commands_run(const char *slice, const char *pack, uint64_t first,
                          uint64_t count, uint32_t attempt, char *lines,
                          size_t capacity, struct tote_error *err)
{
    struct tote_slice parsed = {0};
    if (capacity / TOTE_RECORD_MAX < count)
        return tote_error_set(err, -ENOSPC,
                              "%zu bytes are too few for %" PRIu64 " records", capacity,
                              count);
    ssize_t n = read_slice(slice, &parsed, err);
    if (n == 0 &&
        (parsed.first != first || parsed.count != count || parsed.attempt != attempt))
        n = tote_error_set(err, -EBADMSG, "the slice %.300s is of another batch",
                           slice);
    if (n == 0)
        n = run_slice(&parsed, pack, lines, err);
    tote_slice_finish(&parsed);
    return n;
}
