/* SPDX-License-Identifier: MIT */
/* answer.h: whether what an engine answers to a batch can be believed. Pure. */
#ifndef TOTE_ANSWER_H
#define TOTE_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "core/bag.h"
#include "core/recorder.h"
#include "tote/error.h"
#include "tote/record.h"

/* The records of a batch that is out, or was lost: exactly its tasks, each once, in any
 * order, of its attempt; else -EPROTO. */
int tote_answer_check(const struct tote_batch *batch, const struct tote_record *records,
                      size_t n, struct tote_error *err);

/* The records of a batch that was answered before: nothing new may be among them. A
 * failed one may be of a task that is tried again. -EPROTO. */
int tote_answer_check_again(uint64_t batch, const struct tote_recorder *recorder,
                            const struct tote_record *records, size_t n,
                            struct tote_error *err);

/* -EPROTO. */
int tote_answer_never_given(uint64_t batch, struct tote_error *err);

#endif
