/* SPDX-License-Identifier: MIT */
/* courier_state.h: what a courier holds. Between courier.c (the work folder, slices
 * out), courier_travel.c (names on the way) and courier_back.c (packs in) only. */
#ifndef TOTE_COURIER_STATE_H
#define TOTE_COURIER_STATE_H

#include "core/courier.h"

struct tote_courier {
    struct tote_commands *commands;
    struct tote_store *store;
    char *slices, *attempts;   /* folders */
    struct tote_travel travel; /* borrows the two arrays, whose texts names owns */
    struct tote_travel_file *inputs, *outputs;
    struct tote_courier_names *names;
    bool keeps_work;
    bool is_awaited; /* a slice was sent whose attempts wait for their time limit */
};

/* "FOLDER/NAME", new; null: out of memory. */
char *tote_courier_join(const char *folder, const char *name);

/* What moves with a batch: its slice and its pack, and nothing else yet. */
int tote_courier_travel_begin(struct tote_courier *courier,
                              const struct tote_batch *batch, struct tote_error *err);
/* The files of a staged command move too, under names of the batch; under these it is
 * added to the slice. */
int tote_courier_travel_add(struct tote_courier *courier,
                            const struct tote_batch *batch,
                            const struct tote_command *command,
                            struct tote_slice_writer *writer, struct tote_error *err);
void tote_courier_travel_finish(struct tote_courier *courier);

#endif
