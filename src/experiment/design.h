/* SPDX-License-Identifier: MIT */
/* design.h: from factors to points to cells. Pure: it starts nothing and asks nobody.
 *
 *     struct tote_design design = {.base = {...}, .engines = engines, .n_engines = 2};
 *     tote_levels_parse("tasks", "100..1000*10", 1, MAX, NULL, &design.tasks, &err);
 *     struct tote_cells cells;
 *     tote_design_cells(&design, &cells, &err);
 *     tote_store_add_cells(store, cells.rows, cells.n, &err);
 *     tote_cells_finish(&cells);
 *
 * A point is one level of each factor. Its cells are the engines, and controls: the
 * first engine once more, the bare loop with as many threads as workers and with one,
 * and each engine on a kernel of nothing, once for each number of workers and batch. */
#ifndef TOTE_DESIGN_H
#define TOTE_DESIGN_H

#include <stdbool.h>

#include "experiment/levels.h"
#include "store/store.h"

#define TOTE_ENGINES_MAX 32
#define TOTE_CELLS_MAX   4096 /* of an experiment */

struct tote_design_point {
    const char *kernel;
    uint64_t size, tasks;
    uint64_t workers, batch; /* batch 0: auto */
};

struct tote_design_engine {
    const char *text;    /* as the user wrote it */
    bool has_batch;      /* among its own options, which goes before the point's */
    uint32_t batch;      /* 0: auto */
    const char *missing; /* why it cannot run here; null: it can */
};

enum tote_controls { TOTE_CONTROLS_ALL, TOTE_CONTROLS_LIMIT };

struct tote_design {
    struct tote_design_point base; /* the level of each factor that is not varied */
    const char *const *kernels;    /* n_kernels levels; 0: not varied */
    size_t n_kernels;
    struct tote_levels size, tasks, workers, batch;
    bool is_one_at_a_time; /* the base, then each level in place of the base's; else
                            * every combination of levels */
    const struct tote_design_engine *engines;
    size_t n_engines;
    enum tote_controls controls;
    const char *noop;    /* the kernel of nothing */
    uint64_t most_cores; /* varied workers above it are skipped; 0: none are */
};

struct tote_cells {
    struct tote_cell_row *rows; /* owned, with their texts */
    size_t n, n_points;
};

/* All cells, in the order of points. -EINVAL: too many, a batch that is varied and an
 * engine's own, no engine that can run; -ENOMEM. */
int tote_design_cells(const struct tote_design *design, struct tote_cells *ret_cells,
                      struct tote_error *err);
void tote_cells_finish(struct tote_cells *cells); /* a zeroed one is accepted */

/* Does the cell run an engine, or else a bare loop? */
bool tote_cell_has_engine(const struct tote_cell_row *cell);
/* Can it run here? */
bool tote_cell_can_run(const struct tote_cell_row *cell);

#endif
