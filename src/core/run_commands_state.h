/* SPDX-License-Identifier: MIT */
/* run_commands_state.h: what a run of commands holds. Between run_commands.c (folders,
 * the list, slices) and run_results.c (packs, files, records) only. */
#ifndef TOTE_RUN_COMMANDS_STATE_H
#define TOTE_RUN_COMMANDS_STATE_H

#include "core/run_commands.h"

#define TOTE_DURATIONS       255 /* of which the median is taken */
#define TOTE_DURATIONS_LEAST 3   /* before there is one */
/* A limit by the median is no shorter: of tasks of a few ms the times lie too far apart
 * to judge by. */
#define TOTE_TIMEOUT_LEAST_NS TOTE_NS_PER_S

/* An attempt's folder that can go once so many records are durable. */
struct tote_leaving {
    uint64_t stored, task;
    uint32_t attempt;
};

struct tote_run_commands {
    const struct tote_run_config *config;
    struct tote_commands *commands;
    struct tote_store *store;
    struct tote_dispatcher *dispatcher;
    struct tote_writer *writer;
    struct tote_publisher *publisher; /* null: no outputs */
    struct tote_courier *courier;
    int64_t run;

    uint64_t places; /* of a streamed list: taken in so far */
    bool is_streamed, has_ended, has_more;
    int list_rc; /* what was wrong with the list */
    struct tote_error list_error;

    /* Of the batch that came back last. */
    struct tote_parcel parcel;
    struct tote_output_row *outputs; /* published; their paths are owned */
    size_t n_outputs, outputs_room;
    char (*whys)[TOTE_ERROR_MAX]; /* why files of a task could not be published */

    char lost_why[TOTE_WHY_MAX + 1]; /* of the batch that was lost last */

    struct tote_leaving *leaving; /* a queue: [leaving_at, n_leaving) */
    size_t leaving_at, n_leaving, leaving_room;

    tote_ns_t durations[TOTE_DURATIONS];
    size_t n_durations;
};

/* After a duration was noted: batches may wait for what follows from it. */
int tote_run_commands_tell_timeout(struct tote_run_commands *c, struct tote_error *err);

void tote_run_commands_clear_outputs(struct tote_run_commands *c);

#endif
