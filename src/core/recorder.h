/* SPDX-License-Identifier: MIT */
/* recorder.h: exactly-once recording over at-least-once execution. Pure: no I/O.
 *
 * Knows which tasks have a result. The first valid record of a task wins; any later one
 * is a duplicate and is only counted. Memory is one bit a task, and none for stretches
 * of TOTE_RECORDER_PAGE tasks that are all done or all untouched. */
#ifndef TOTE_RECORDER_H
#define TOTE_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tote/error.h"
#include "tote/record.h"

#define TOTE_RECORDER_PAGE 65536u /* tasks */

struct tote_recorder_page;

struct tote_recorder {
    uint64_t tasks;
    uint64_t recorded;  /* tasks that have a result */
    uint64_t ok;        /* of these, with a good one */
    uint64_t duplicate; /* records that came too late */
    struct tote_recorder_page *pages;
    size_t n_pages; /* that there is room for */
};

int tote_recorder_init(struct tote_recorder *recorder, uint64_t tasks,
                       struct tote_error *err);
void tote_recorder_finish(struct tote_recorder *recorder); /* accepts a zeroed one */

/* The bag has so many tasks now. -EINVAL: it had more; -ENOMEM: nothing changed. */
int tote_recorder_grow(struct tote_recorder *recorder, uint64_t tasks,
                       struct tote_error *err);

/* Whether a task of the bag has a result; false for any other. */
bool tote_recorder_has(const struct tote_recorder *recorder, uint64_t task);

/* The first task from there on that has no result; tasks if there is none. Quick over
 * stretches that are done. */
uint64_t tote_recorder_gap(const struct tote_recorder *recorder, uint64_t from);

/* How many tasks in a row, from there on, have no result: 0..most. */
uint32_t tote_recorder_run(const struct tote_recorder *recorder, uint64_t from,
                           uint32_t most);

/* 1: the record is its task's result; 0: a duplicate, counted. -ERANGE: no such task,
 * -ENOMEM; the counts are unchanged then. */
int tote_recorder_add(struct tote_recorder *recorder, const struct tote_record *record,
                      struct tote_error *err);

/* A result of an earlier run: as add, but a second one is no duplicate. */
int tote_recorder_skip(struct tote_recorder *recorder, uint64_t task, bool is_ok,
                       struct tote_error *err);

#endif
