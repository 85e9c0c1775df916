/* SPDX-License-Identifier: MIT */
/* sweep_fixture.h: stores of sweeps over bag sizes whose lines T(N) = T0 + c N are
 * known, made through the store's own interface. For test_diff.c and test_advise.c. Any
 * failure ends the process. */
#ifndef TOTE_SWEEP_FIXTURE_H
#define TOTE_SWEEP_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "report/gather.h"

#define SWEEP_MAX 8 /* sizes, engines */

struct sweep_engine {
    const char *label; /* null: there are no more */
    double start_s, per_task_s;
    const char *skipped; /* null: it can run */
};

struct sweep_plan {
    struct sweep_engine engines[SWEEP_MAX];
    uint64_t tasks[SWEEP_MAX]; /* 0: there are no more */
    int64_t blocks;
    double spread;    /* the makespans farthest away are this part off; the median over
                       * an even number of blocks is the line's */
    double again;     /* the first engine once more, this part slower; 0: not there */
    double grain_s;   /* of the serial loop; 0: there is none */
    double noop_s;    /* per task of no-ops, after start-up; 0: there are none */
    uint32_t workers; /* 0: 2 */
    uint64_t digest;  /* added to the outputs' */
    uint64_t seed;    /* added to the bag's */
    const char *cpu;  /* of the environment; null: "x" */
};

void sweep_fixture_make(const char *path, const struct sweep_plan *plan);

/* Made, read and gathered; the file is gone. */
void sweep_fixture_gather(const struct sweep_plan *plan, struct tote_summary *ret);

#endif
