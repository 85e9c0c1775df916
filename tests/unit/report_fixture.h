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
    bool has_only_limit;           /* no engine has run */
};

/* Makes a comparison. */
void report_fixture_compare(const char *path, const struct report_plan *plan);

struct report_sweep {
    const uint64_t *tasks;           /* of each point */
    size_t n_points;                 /* 1: a comparison */
    const struct report_cell *cells; /* engines, point after point */
    size_t n_cells;                  /* of a point */
    double again;   /* the first one's rate as a control, over its own */
    int64_t blocks; /* 2 or more */
};

/* Makes an experiment with all controls (report_sweep.c), and some such. */
void report_fixture_sweep(const char *path, const struct report_sweep *plan);
void report_make_controls(const char *path);
void report_make_sweep(const char *path);
void report_make_sweep_short(const char *path);

/* Makes a lone run of that many tasks, of which every fifth fails if has_failed; the
 * change may be null. Task i takes i + 1 ms. */
void report_fixture_run(const char *path, uint64_t tasks, bool has_failed,
                        void (*change)(struct tote_run_row *row));

/* Makes a bag of that many tasks that went on: a first run that was interrupted after
 * half of them, a second that broke after the next quarter, a third that did the rest.
 * Every fifth task fails in the run that has it first; if it heals, the third run does
 * well where the first did not. */
void report_fixture_resumed(const char *path, uint64_t tasks, bool heals);

/* Makes a bag of commands of that many tasks, at least 10, and one run in which some
 * fail, each for another cause (report_commands.c). */
void report_fixture_commands(const char *path, uint64_t tasks,
                             void (*change)(struct tote_run_row *row));

/* The same gone on with a list that has five other tasks in place of the last five, and
 * a run that did these, and task 1 again; task 0 has been taken back. Task 2 fails
 * again. */
void report_fixture_commands_resumed(const char *path, uint64_t tasks);

/* Makes a store of that kind, with settings, no run and no end. */
void report_fixture_empty(const char *path, const char *kind);

/* Stores for every kind of report, by name. */
struct report_scenario {
    const char *name;
    void (*make)(const char *path);
};
extern const struct report_scenario report_scenarios[]; /* the last has no name */

/* --- for fixtures --- */

void report_must(int rc, const struct tote_error *err);
struct tote_store *report_fixture_create(const char *path, const char *kind);
struct tote_run_row report_fixture_row(uint64_t tasks);
/* As that of a run that went well, and how many tasks it did. */
void report_fixture_end(struct tote_run_row *row, uint64_t done, uint64_t failed);
struct tote_record report_fixture_record(uint64_t task, bool is_ok);

#endif
