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
#include "report/gather_metg.h"
#include "report/mask.h"
#include "stats/judge.h"
#include "stats/stats.h"
#include "store/usage.h"

#define TOTE_GATHER_FAILURES 3 /* tasks that failed are named, the first ones */
#define TOTE_GATHER_RUNS_MIN 6 /* complete runs for a 95 % interval of a median */
#define TOTE_GATHER_WHY_MAX  400

#define TOTE_USAGE_SLACK 0.03 /* of the CPU time of tasks that the split may miss */

/* A machine is busy if it gave more than this part of its CPU time to others, and more
 * than such a time, which ticks can tell. */
#define TOTE_BUSY_SHARE   0.05
#define TOTE_BUSY_LEAST_S 0.05

struct tote_failure {
    uint64_t task;
    uint32_t attempt;
    enum tote_outcome outcome;
    bool is_command; /* what follows is filled, as far as it is known */
    enum tote_cause cause;
    uint8_t status, signal;
    char why[TOTE_GATHER_WHY_MAX];
};

/* What a run used. */
struct tote_used {
    bool is_known; /* it was measured: the usage is there */
    struct tote_usage_row usage;
    struct {
        double total;        /* of the box and of tote */
        double control;      /* of the control plane: tote, engine, daemons, teardown */
        double workers;      /* of workers, outside the kernel */
        double kernel;       /* of the tasks, by their records */
        double unattributed; /* of the total */
        double sampler;      /* of the measuring; in none of the others */
    } cpu_s;
    double memory_bytes, memory_at_s; /* peak; after launch */
};

/* The machine around a run or a pass of the limit. */
struct tote_machine {
    bool has_before, has_after;
    struct tote_reading_row before, after;
    bool is_judged, is_busy;
    double others, steal; /* parts of its CPU time meanwhile */
    double cpu_wait;      /* part of the time in which something waited for a CPU */
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
    struct tote_used used;
    struct tote_machine machine;
    struct tote_failure failures[TOTE_GATHER_FAILURES];
    size_t n_failures;
};

struct tote_price;          /* cost.h */
struct tote_facts_document; /* facts_document.h */

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
    struct tote_interval control_s, workers_s, kernel_s, memory_bytes; /* used */
    double limit_fraction; /* median after start-up over the limit's median; NaN of a
                            * bag that is not the limit's */
    struct tote_interval
        limit_ratios;                 /* run by run, over the limit of the same block */
    enum tote_sameness outputs;       /* as the limit's; of no-ops, as each other's */
    const char *digest;               /* on which its complete runs agree, or null */
    uint64_t failed, duplicate, lost; /* sums over all of its runs */
    /* By the rate after start-up, and by that of the whole run; rank 0: none. Places
     * are of cells of the point. */
    struct tote_judged steady, whole;
};

struct tote_limit_pass {
    struct tote_limit_row row;
    double wall_s, tasks_per_s;
    char digest[TOTE_DIGEST_TEXT_MAX];
    struct tote_machine machine;
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

/* Why the engines of a point have no ranks, the first of these that holds. */
enum tote_unranked {
    TOTE_RANKED,
    TOTE_UNRANKED_NO_CELL,    /* nothing can run there */
    TOTE_UNRANKED_NO_RUN,     /* it ended before the first */
    TOTE_UNRANKED_DIFFER,     /* outputs do */
    TOTE_UNRANKED_INCOMPLETE, /* a cell has no complete run */
    TOTE_UNRANKED_FAILED,     /* tasks did */
    TOTE_UNRANKED_EMPTY,      /* the bag is */
    TOTE_UNRANKED_ONE,        /* cell: nothing to compare */
    TOTE_UNRANKED_FEW,        /* runs: no difference can be found */
};

/* What is said of all engines of a point by one number. */
struct tote_ranking {
    double noise_floor; /* |ln ratio| of the A/A pair; NaN: there is none */
    struct tote_judgement judgement; /* unless the point is unranked */
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
    enum tote_unranked unranked;
    size_t runs_needed; /* of each cell, before a difference can be found */
    struct tote_ranking steady, whole;
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

/* Where workers were, in all runs. */
struct tote_hosts {
    size_t n;     /* by their names */
    bool has_own; /* tote's own is one of them */
};

struct tote_summary {
    bool is_experiment; /* of one point (compare) or of many: */
    bool is_sweep, is_metg, is_commands;
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
    struct tote_hosts hosts;
    struct tote_point_summary *points; /* by id; none for a lone run */
    size_t n_points;
    struct tote_metg_summary *metg; /* owned; null unless is_metg */
    enum tote_sameness outputs;     /* at all points; of a lone run, of all that are
                                     * complete */
    size_t n_blocks;                /* the fewest of a point that can run */
    size_t n_strays;                /* runs whose cell is gone: they are at no point */
    double width;                   /* the widest of a point */
    uint64_t least, most;           /* blocks that were asked for; 0: not known */
    uint64_t resampling_seed;      /* of the bootstrap: the seed of the order of runs */
    struct tote_setting *settings; /* by name */
    size_t n_settings;
    const struct tote_price *price; /* the reader's, borrowed; null: none given */
    const struct tote_facts_document *facts; /* likewise */
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

/* A part of it, once the rows of runs and of the limit are there. */
int tote_gather_usage(struct tote_store *store, struct tote_summary *summary,
                      struct tote_error *err);

/* Parts of it, for a store that is not an experiment: the words of the command, if it
 * has one; what the bag came to, once its runs are there. */
int tote_gather_command(struct tote_store *store, struct tote_summary *summary,
                        struct tote_error *err);
int tote_gather_bag(struct tote_store *store, struct tote_summary *summary,
                    struct tote_error *err);

/* A part of it, once runs are there: where their workers were. */
int tote_gather_hosts(struct tote_store *store, struct tote_summary *summary,
                      struct tote_error *err);

/* Parts of it, once all rows are there: the points of an experiment and the figures of
 * their cells, -ENOMEM, -EBADMSG; whether outputs agree, at its points or over all
 * runs.
 */
int tote_gather_points(struct tote_summary *summary, struct tote_error *err);
void tote_gather_outputs(struct tote_summary *summary);

/* Then: who beats whom at each point. -ENOMEM. */
int tote_gather_ranks(struct tote_summary *summary, struct tote_error *err);

void tote_gather_finish(struct tote_summary *summary); /* a zeroed one is accepted */

/* Masks every text of the summary. */
void tote_gather_mask(struct tote_summary *summary, enum tote_mask mask);

/* The run that stands for a cell which was launched: the first one that counts, for a
 * launch that never came up knows no version; without one the first. */
const struct tote_run_summary *tote_gather_shown(const struct tote_cell_summary *cell);

/* The run that a report of a lone run shows: the last one. There must be one. */
const struct tote_run_summary *tote_gather_run(const struct tote_summary *summary);

/* A cell of the experiment (borrowed), or null. */
const struct tote_cell_row *tote_gather_cell_row(const struct tote_summary *summary,
                                                 int64_t id);

/* Value of a setting (borrowed), or null. */
const char *tote_gather_setting(const struct tote_summary *summary, const char *name);

/* The same as a number: false if it is not there or not one. */
bool tote_gather_count(const struct tote_summary *summary, const char *name,
                       uint64_t *ret_value);

#endif
