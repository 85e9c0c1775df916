/* SPDX-License-Identifier: MIT */
/* report_fixture.h: stores with known numbers, made through the store's own interface.
 * For test_report.c and, through report_cli.c, for test_report_documents.py. Any
 * failure ends the process. */
#ifndef TOTE_REPORT_FIXTURE_H
#define TOTE_REPORT_FIXTURE_H

#include <stddef.h>

#include "store/store.h"

struct report_cell {
    const char *label;
    double start_s, tasks_per_s; /* after start-up; the median over an even number of
                                  * blocks is this exactly, or nearly so */
    double spread;               /* the farthest blocks are this part away from it */
};

struct report_plan {
    const struct report_cell *cells;
    size_t n_cells;
    int64_t blocks;
    uint64_t tasks;
    double limit_tasks_per_s; /* 0: no limit */
    const char *end;          /* null: not set */
    void (*change)(
        struct tote_run_row *row); /* the last word on each run; may be null */
};

/* Makes a comparison. */
void report_fixture_compare(const char *path, const struct report_plan *plan);

/* Makes a lone run of that many tasks, of which every fifth fails if has_failed; the
 * change may be null. Task i takes i + 1 ms. */
void report_fixture_run(const char *path, uint64_t tasks, bool has_failed,
                        void (*change)(struct tote_run_row *row));

/* Makes a store of that kind, with settings, no run and no end. */
void report_fixture_empty(const char *path, const char *kind);

/* Stores for every kind of report, by name. */
struct report_scenario {
    const char *name;
    void (*make)(const char *path);
};
extern const struct report_scenario report_scenarios[]; /* the last has no name */

#endif
