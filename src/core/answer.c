/* SPDX-License-Identifier: MIT */
/* answer.c: an engine's answer against what it was given (answer.h). */
#include "core/answer.h"

#include <errno.h>
#include <inttypes.h>

/* seen is a bitmap. */
int tote_answer_check(const struct tote_batch *batch, const struct tote_record *records,
                      size_t n, struct tote_error *err)
{
    uint64_t seen[TOTE_BATCH_MAX / 64] = {0};
    if (n != batch->count)
        return tote_error_set(err, -EPROTO,
                              "the engine answered batch %" PRIu64 " of %u tasks with "
                              "%zu records",
                              batch->id, batch->count, n);
    for (size_t i = 0; i < n; i++) {
        uint64_t at = records[i].task - batch->first;
        if (at >= batch->count || (seen[at / 64] >> (at % 64) & 1) ||
            records[i].attempt != batch->attempt)
            return tote_error_set(err, -EPROTO,
                                  "the engine answered batch %" PRIu64 " with a record "
                                  "of task %" PRIu64 ", attempt %u",
                                  batch->id, records[i].task, records[i].attempt);
        seen[at / 64] |= UINT64_C(1) << (at % 64);
    }
    return 0;
}

int tote_answer_check_again(uint64_t batch, const struct tote_recorder *recorder,
                            const struct tote_record *records, size_t n,
                            struct tote_error *err)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t task = records[i].task;
        bool is_retried =
            task < recorder->tasks && records[i].outcome != TOTE_OUTCOME_OK;
        if (!is_retried && !tote_recorder_has(recorder, task))
            return tote_error_set(err, -EPROTO,
                                  "the engine answered batch %" PRIu64
                                  " again, now with a record of task %" PRIu64,
                                  batch, task);
    }
    return 0;
}

int tote_answer_never_given(uint64_t batch, struct tote_error *err)
{
    return tote_error_set(
        err, -EPROTO, "the engine answered batch %" PRIu64 ", which it was never given",
        batch);
}
