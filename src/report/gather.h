/* SPDX-License-Identifier: MIT */
/* gather.h: reads a store into one struct with every number that is shown: the one
 * place where numbers are made (report.h says what they mean). Not for how they are
 * shown.
 *
 *     struct tote_summary summary;
 *     if (tote_gather(store, &summary, &err) == 0) {
 *         ...
 *         tote_gather_finish(&summary);
 *     }
 *
 * A double that is not available is NaN. */
#ifndef TOTE_GATHER_H
#define TOTE_GATHER_H

#include "base/slice.h"
#include "report/mask.h"
#include "stats/stats.h"
#include "store/store.h"

#define TOTE_GATHER_FAILURES 3 /* tasks that failed are named, the first ones */
#define TOTE_GATHER_RUNS_MIN 6 /* complete runs for a 95 % interval of a median */
#define TOTE_GATHER_WHY_MAX  400

struct tote_failure {
    uint64_t task;
    uint32_t attempt;
    enum tote_outcome outcome;
    bool is_command; /* what follows is filled, as far as it is known */
    enum tote_cause cause;
    uint8_t status, signal;
    char why[TOTE_GATHER_WHY_MAX];
};

struct tote_run_summary {
    struct tote_run_row row; /* as stored; owned */
    bool is_counted;         /* complete, so it counts in medians and intervals */
    uint64_t done, failed;   /* tasks: as its row says if it is counted, else what its
                              * records say */
    bool has_events;         /* duplicate and lost are known: the run has ended */
    struct {
        double start, first_result, steady, drain, stop;
    } phases_s;
    double wall_s, tasks_per_s, steady_tasks_per_s;
    double cpu_total_s;
    char digest[TOTE_DIGEST_TEXT_MAX]; /* "": none */
    /* From the records. */
    struct {
        uint64_t n;
        double p50, p90, p99, max;
    } task_s;
    double cpu_tasks_s, cpu_engine_s;
    struct tote_failure failures[TOTE_GATHER_FAILURES];
    size_t n_failures;
};

enum tote_sameness {
    TOTE_SAME_UNKNOWN, /* nothing complete, or a complete run with failed tasks */
    TOTE_SAME_YES,
    TOTE_SAME_NO,
};

struct tote_cell_summary {
    const struct tote_cell_row *cell;    /* borrowed from the summary */
    const struct tote_run_summary *runs; /* the same; by block and id */
    size_t n_runs;
    size_t n_counted;
    struct tote_interval tasks_per_s, steady_tasks_per_s, start_s, wall_s;
    double limit_fraction; /* median after start-up over the limit's median; NaN of a
                            * bag that is not the limit's */
    struct tote_interval
        limit_ratios;                 /* run by run, over the limit of the same block */
    enum tote_sameness outputs;       /* as the limit's; of no-ops, as each other's */
    const char *digest;               /* on which its complete runs agree, or null */
    uint64_t failed, duplicate, lost; /* sums over all of its runs */
};

struct tote_limit_pass {
    struct tote_limit_row row;
    double wall_s, tasks_per_s;
    char digest[TOTE_DIGEST_TEXT_MAX];
};

/* The bare loop at a point. */
struct tote_limit_summary {
    const struct tote_cell_row *cell; /* borrowed; null: it is not among the cells */
    const struct tote_limit_pass *passes; /* borrowed, by block */
    size_t n;
    struct tote_interval tasks_per_s;
    enum tote_sameness outputs; /* its passes agree, and with the limit's first */
};

struct tote_setting {
    char *name, *value;
};

/* What was asked for; texts are borrowed from the summary. */
struct tote_plan {
    const char *kernel, *batch;
    uint64_t size, seed, tasks;
    uint32_t workers;
};

/* One level of each factor, and what ran there. Pieces of the summary's cells. */
struct tote_point_summary {
    int64_t id;
    struct tote_plan plan;
    struct tote_cell_summary *cells; /* the engines that can run, in the order of
                                      * --engines; then those that cannot */
    size_t n_cells, n_skipped;
    struct tote_cell_summary *controls; /* the first engine again; engines on no-ops */
    size_t n_controls;
    struct tote_limit_summary limit, serial;
    enum tote_sameness outputs; /* all complete runs and passes agree */
    size_t n_blocks;            /* in which every engine and the limit is complete */
    double width; /* widest half interval of an engine's wall time or rate after
                   * start-up, over its median; NaN: there is none */
};

/* A bag over all runs of its store: its first launch and each that went on with it. */
struct tote_bag_summary {
    size_t n_interrupted, n_broken; /* runs */
    uint64_t tasks;        /* of a bag of commands, those of the newest list, as far as
                            * it has been read */
    bool is_open;          /* it has not been read to its end */
    uint64_t done, failed; /* by the last result of each of these tasks */
    struct tote_failure failures[TOTE_GATHER_FAILURES];
    size_t n_failures;
};

struct tote_summary {
    bool is_experiment; /* of one point (compare) or of many: */
    bool is_sweep, is_commands;
    char *store;  /* its path */
    char **words; /* of the command, as the user gave them: placeholders are not filled;
                   * null unless is_commands */
    size_t n_words;
    uint64_t n_tasks; /* of a lone run's bag; of commands, all that ever got a number */
    struct tote_bag_summary bag;   /* unless is_experiment */
    struct tote_plan plan;         /* of a lone run */
    struct tote_run_summary *runs; /* by cell, block and id; none only in an experiment
                                    * that ended before its first launch */
    size_t n_runs;
    struct tote_cell_row *cell_rows; /* of an experiment, by id */
    size_t n_cell_rows;
    struct tote_cell_summary *cells; /* of engines, point by point */
    size_t n_cells;
    struct tote_limit_pass *limits; /* by cell and block */
    size_t n_limits;
    struct tote_point_summary *points; /* by id; none for a lone run */
    size_t n_points;
    enum tote_sameness outputs;    /* at all points; of a lone run, of all that are
                                    * complete */
    size_t n_blocks;               /* the fewest of a point that can run */
    size_t n_strays;               /* runs whose cell is gone: they are at no point */
    double width;                  /* the widest of a point */
    uint64_t least, most;          /* blocks that were asked for; 0: not known */
    struct tote_setting *settings; /* by name */
    size_t n_settings;
};

/* Reads everything, as it stands at one moment. -ENODATA: no run in it; -EBADMSG:
 * damaged; -EPROTO: its setting "kind" is none of ours; -ENOMEM; or the store's error.
 * On failure there is nothing to finish. */
int tote_gather(struct tote_store *store, struct tote_summary *ret_summary,
                struct tote_error *err);

/* A part of it: adds what the records of one run tell; service times, which need more
 * walks over them, only if they are wanted. */
int tote_gather_records(struct tote_store *store, struct tote_run_summary *run,
                        bool wants_times, struct tote_error *err);

/* Parts of it, for a store that is not an experiment: the words of the command, if it
 * has one; what the bag came to, once its runs are there. */
int tote_gather_command(struct tote_store *store, struct tote_summary *summary,
                        struct tote_error *err);
int tote_gather_bag(struct tote_store *store, struct tote_summary *summary,
                    struct tote_error *err);

/* Parts of it, once all rows are there: the points of an experiment and the figures of
 * their cells, -ENOMEM, -EBADMSG; whether outputs agree, at its points or over all
 * runs.
 */
int tote_gather_points(struct tote_summary *summary, struct tote_error *err);
void tote_gather_outputs(struct tote_summary *summary);

void tote_gather_finish(struct tote_summary *summary); /* a zeroed one is accepted */

/* Masks every text of the summary. */
void tote_gather_mask(struct tote_summary *summary, enum tote_mask mask);

/* The run that a report of a lone run shows: the last one. There must be one. */
const struct tote_run_summary *tote_gather_run(const struct tote_summary *summary);

/* Value of a setting (borrowed), or null. */
const char *tote_gather_setting(const struct tote_summary *summary, const char *name);

/* The same as a number: false if it is not there or not one. */
bool tote_gather_count(const struct tote_summary *summary, const char *name,
                       uint64_t *ret_value);

#endif
