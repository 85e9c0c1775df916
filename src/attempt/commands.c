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
#include <sys/stat.h>
#include <unistd.h>

#include "attempt/attempt.h"
#include "base/slice.h"

/* For all that is in a pack beside streams: 4,096 tasks of 256 files and a sentence. */
#define PACK_REST (64u << 20)

/* --- files --- */

static int fail_file(const char *doing, const char *path, int code,
                     struct tote_error *err)
{
    return tote_error_set(err, -code, "cannot %s %.300s: %s", doing, path,
                          strerror(code));
}

static int read_all(int fd, char *bytes, size_t n)
{
    for (size_t used = 0; used < n;) {
        ssize_t got = read(fd, bytes + used, n - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? errno : EBADMSG; /* it became shorter */
        used += (size_t)got;
    }
    return 0;
}

static int read_slice(const char *path, struct tote_slice *ret_slice,
                      struct tote_error *err)
{
    struct stat info;
    char *bytes = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int code = fd < 0 || fstat(fd, &info) < 0 ? errno : 0;
    if (!code && (info.st_size < 0 || info.st_size > TOTE_SLICE_MAX))
        code = EMSGSIZE;
    if (!code && !(bytes = malloc((size_t)info.st_size + 1)))
        code = ENOMEM;
    if (!code)
        code = read_all(fd, bytes, (size_t)info.st_size);
    if (fd >= 0)
        close(fd);
    int failed = code ? fail_file("read the slice", path, code, err)
                      : tote_slice_parse(bytes, (size_t)info.st_size, ret_slice, err);
    free(bytes);
    return failed;
}

static int write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t written = write(fd, bytes, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        bytes += written;
        n -= (size_t)written;
    }
    return 0;
}

/* Whole or not at all: under another name first. */
static int write_pack(const char *path, const void *bytes, size_t n,
                      struct tote_error *err)
{
    size_t size = strlen(path) + 40;
    char *beside = malloc(size);
    if (!beside)
        return fail_file("write the pack", path, ENOMEM, err);
    snprintf(beside, size, "%s.%ld.part", path, (long)getpid());
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int code = fd < 0 ? errno : write_all(fd, bytes, n);
    if (fd >= 0 && close(fd) < 0 && !code)
        code = errno;
    if (!code && rename(beside, path) < 0)
        code = errno;
    if (code)
        unlink(beside);
    free(beside);
    return code ? fail_file("write the pack", path, code, err) : 0;
}

/* --- the batch --- */

/* Cuts streams that no pack of this batch has room for, stderr before stdout. */
static void fit_streams(size_t *left, struct tote_record *record,
                        struct tote_result *result)
{
    for (int i = 0; i < TOTE_STREAMS; i++) {
        struct tote_span *stream = &result->streams[i];
        bool is_cut = stream->size > *left;
        if (is_cut)
            stream->size = *left;
        *left -= stream->size;
        if (is_cut && i == TOTE_STDOUT && record->outcome == TOTE_OUTCOME_OK)
            record->digest = tote_result_digest(result);
    }
}

static ssize_t run_attempts(struct tote_attempt *attempt,
                            const struct tote_slice *slice,
                            struct tote_pack_writer *pack, char *lines)
{
    char *at = lines;
    size_t left = TOTE_PACK_MAX - PACK_REST;
    for (uint32_t i = 0; i < slice->count; i++) {
        struct tote_record record;
        struct tote_result result;
        tote_attempt_run(attempt, &slice->commands[i], slice->attempt, &record,
                         &result);
        fit_streams(&left, &record, &result);
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
