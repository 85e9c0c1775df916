/* SPDX-License-Identifier: MIT */
/* oracle.c: asks tote-task for the records of the same tasks and compares (oracle.h).
 */
#include "check/oracle.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/capture.h"
#include "core/program.h"

#define ASK_MAX (TOTE_CAPTURE_MAX / TOTE_RECORD_MAX) /* tasks whose lines fit */
#define ASK_S   60

/* --- which records --- */

static int compare_tasks(const void *a, const void *b)
{
    const struct tote_record *x = a, *y = b;
    return (x->task > y->task) - (x->task < y->task);
}

static int check_set(const struct tote_batch *batch, struct tote_record *records,
                     size_t n, struct tote_error *err)
{
    qsort(records, n, sizeof *records, compare_tasks);
    for (size_t i = 0; i < n; i++) {
        uint64_t task = records[i].task;
        if (task < batch->first || task - batch->first >= batch->count)
            return tote_error_set(err, -EPROTO,
                                  "batch %" PRIu64 " has a record of task %" PRIu64
                                  ", which is not of that batch",
                                  batch->id, task);
        if (i > 0 && task == records[i - 1].task)
            return tote_error_set(err, -EPROTO,
                                  "batch %" PRIu64 " has two records of task %" PRIu64,
                                  batch->id, task);
    }
    if (n != batch->count)
        return tote_error_set(err, -EPROTO,
                              "batch %" PRIu64 " of %" PRIu32 " tasks has %zu records",
                              batch->id, batch->count, n);
    return 0;
}

/* --- what tote-task says --- */

static int ask(const struct tote_bag *bag, uint64_t first, size_t count, int signal_fd,
               struct tote_capture *said, struct tote_error *err)
{
    char program[PATH_MAX], kernel[TOTE_KERNEL_SPEC_MAX + 16], size[32], seed[32],
        from[32], n[32];
    int rc = tote_program_find("tote-task", program, err);
    if (rc < 0)
        return rc;
    snprintf(kernel, sizeof kernel, "--kernel=%s", bag->kernel);
    snprintf(size, sizeof size, "--size=%" PRIu64, bag->size);
    snprintf(seed, sizeof seed, "--seed=%" PRIu64, bag->seed);
    snprintf(from, sizeof from, "--first=%" PRIu64, first);
    snprintf(n, sizeof n, "--count=%zu", count);
    char *const argv[] = {program, kernel, size, seed, from, n, NULL};
    struct tote_capture_config config = {
        .argv = argv, .limit_ns = ASK_S * TOTE_NS_PER_S, .signal_fd = signal_fd};
    rc = tote_capture_run(&config, said, err);
    return rc == -ETIMEDOUT ? -EIO : rc; /* not the engine's time-out */
}

static int compare_attempt(const struct tote_batch *batch,
                           const struct tote_record *got, struct tote_error *err)
{
    if (got->attempt != batch->attempt)
        return tote_error_set(err, -EPROTO,
                              "the record of task %" PRIu64 " says attempt %" PRIu32
                              ", but batch %" PRIu64 " was attempt %" PRIu32,
                              got->task, got->attempt, batch->id, batch->attempt);
    return 0;
}

static int compare_results(const struct tote_record *got,
                           const struct tote_record *want, struct tote_error *err)
{
    if (got->outcome != want->outcome)
        return tote_error_set(
            err, -EPROTO, "the record of task %" PRIu64 " says %s, but the task is %s",
            got->task, tote_outcome_name(got->outcome),
            tote_outcome_name(want->outcome));
    if (got->digest.high != want->digest.high || got->digest.low != want->digest.low ||
        got->bytes_in != want->bytes_in || got->bytes_out != want->bytes_out)
        return tote_error_set(
            err, -EPROTO,
            "the record of task %" PRIu64
            " has not the bytes and the digest that tote-task gives it",
            got->task);
    return 0;
}

/* Compares what tote-task printed with as many records. */
static int compare(const struct tote_batch *batch, const struct tote_capture *said,
                   const struct tote_record *records, size_t n, struct tote_error *err)
{
    const char *line = said->out;
    for (size_t i = 0; i < n; i++) {
        struct tote_record want;
        size_t length = strcspn(line, "\n");
        if (tote_record_parse(line, length, &want) < 0 || want.task != records[i].task)
            return tote_error_set(err, -EIO,
                                  "tote-task gave no record of task %" PRIu64,
                                  records[i].task);
        int rc = compare_attempt(batch, &records[i], err);
        if (rc == 0)
            rc = compare_results(&records[i], &want, err);
        if (rc < 0)
            return rc;
        line += length + 1;
    }
    return 0;
}

int tote_oracle_check(const struct tote_bag *bag, const struct tote_batch *batch,
                      struct tote_record *records, size_t n, int signal_fd,
                      struct tote_error *err)
{
    int rc = check_set(batch, records, n, err);
    for (size_t i = 0; rc == 0 && bag->is_commands && i < n; i++)
        rc = compare_attempt(batch, &records[i], err);
    if (rc < 0 || bag->is_commands)
        return rc;
    struct tote_capture *said = malloc(sizeof *said);
    if (!said)
        return tote_error_set(err, -ENOMEM, "out of memory for tote-task's records");
    for (size_t i = 0; rc == 0 && i < n; i += ASK_MAX) {
        size_t count = n - i < ASK_MAX ? n - i : ASK_MAX;
        rc = ask(bag, records[i].task, count, signal_fd, said, err);
        if (rc == 0)
            rc = compare(batch, said, records + i, count, err);
    }
    free(said);
    return rc;
}
