/* SPDX-License-Identifier: MIT */
/* metg_launches.h: METG of engines (metg.h) with real launches into a real store. A
 * grain is a point; cells of engines come into the store as they are found to be
 * needed, those of the search apart from those of the blocks. */
#ifndef TOTE_METG_LAUNCHES_H
#define TOTE_METG_LAUNCHES_H

#include "experiment/experiment.h"
#include "experiment/metg.h"

#define TOTE_METG_ROWS_MAX 64

/* An engine with a batch. */
struct tote_metg_row {
    const char *engine; /* as the user wrote it */
    const char *label;
    const char *batch;   /* "auto" or a number */
    const char *missing; /* why it cannot run here; null: it can */
};

struct tote_metg_config {
    struct tote_experiment_config launches; /* its cells are null */
    uint32_t workers;
    const char *kernel; /* what a grain in microseconds is put behind */
    const struct tote_metg_row *rows;
    size_t n_rows; /* at most TOTE_METG_ROWS_MAX; one of them can run */
    uint64_t least_us, most_us;
};

/* Returns a tote_experiment_end, or what the first launch failed with. */
int tote_metg(const struct tote_metg_config *config, struct tote_store *store,
              int *ret_signal, struct tote_error *err);

/* The grain of the coarse control: the coarsest that is not above 10 ms, or else the
 * finest. */
size_t tote_metg_control(const uint64_t *grains_us, size_t n);

#endif
