/* SPDX-License-Identifier: MIT */
/* store.h: the durable file of a run or an experiment: one SQLite database
 * (docs/store.md).
 *
 *     struct tote_store *store;
 *     tote_store_create("bag.tote", &store, &err);
 *     int64_t run = tote_store_add_run(store, &row, &err);   // durable when it returns
 *     ... records go in through a writer (writer.h), off the hot path ...
 *     tote_store_update_run(store, &row, &err);
 *     tote_store_close(store);
 *
 * A file is made without a single fsync: settings written before the first run are
 * durable when tote_store_add_run returns; everything written later is when its call
 * returns.
 *
 * Readers open the file read-only while a writer is at work. Not for deciding what is
 * recorded: that is the recorder's (src/core/recorder.h). A store handle belongs to one
 * thread at a time. */
#ifndef TOTE_STORE_H
#define TOTE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tote/clock.h"
#include "tote/error.h"
#include "tote/record.h"

#define TOTE_STORE_SCHEMA 3 /* PRAGMA user_version */

struct tote_store;

enum tote_run_state {
    TOTE_RUN_RUNNING,     /* also what a killed tote leaves behind */
    TOTE_RUN_COMPLETE,    /* every task has a result, good or failed */
    TOTE_RUN_INTERRUPTED, /* a signal or the budget ended it */
    TOTE_RUN_BROKEN,      /* the engine did not start, died, or broke the protocol */
};

/* One launch of one engine on one bag. Stamps are CLOCK_MONOTONIC of tote's host, 0 if
 * the run never got there. Text is borrowed when written; when read it is owned by the
 * row and freed by tote_run_row_finish. */
struct tote_run_row {
    int64_t id;    /* given by tote_store_add_run */
    int64_t cell;  /* of an experiment (struct tote_cell_row); 0 for a lone run */
    int64_t block; /* 0 for a lone run; else from 1 */
    char *label;   /* of the cell: "local", "workqueue:port=9233" */
    char *engine, *engine_version, *binding, *options;
    char *kernel;
    uint64_t size, seed, tasks;
    uint32_t workers;
    uint32_t attempts_to; /* no attempt of this run has a higher number; the next run of
                           * the store begins above it */
    char *batch;          /* as asked: "auto", "1", "20" */
    char *box;            /* what contains the engine, and what is missing, in words */
    bool is_boxed;        /* nothing is missing */
    enum tote_run_state state;
    tote_ns_t launched_utc;
    tote_ns_t launch_ns, ready_ns, first_ns, /* first record received */
        fed_ns,                              /* the last batch was handed out */
        last_ns,                             /* last record durable and counted */
        end_ns;                              /* the engine and its box are gone */
    uint64_t done, failed, duplicate,
        lost;                          /* tasks ok, tasks not ok, records, batches */
    tote_ns_t cpu_user_ns, cpu_sys_ns; /* of the whole box, exact; 0: unknown */
    bool has_digest;                   /* every task ok */
    struct tote_digest digest;
    char *stats; /* JSON object: what the engine counted itself, as it said in bye */
    char *why;   /* a sentence if state is BROKEN or INTERRUPTED, else "" */
};
void tote_run_row_finish(struct tote_run_row *row);

/* What a cell of an experiment is. */
enum tote_cell_role {
    TOTE_CELL_ENGINE, /* one that is compared */
    TOTE_CELL_AGAIN,  /* control: the first of these once more */
    TOTE_CELL_LIMIT,  /* control: the bare loop, a thread a worker */
    TOTE_CELL_SERIAL, /* control: the same with one thread */
    TOTE_CELL_NOOP,   /* control: an engine on tasks that do nothing */
};
#define TOTE_CELL_ROLES (TOTE_CELL_NOOP + 1)

/* One engine, or a control, at one point of an experiment. Text is borrowed when
 * written; when read it is owned by the row and freed by tote_cell_row_finish. */
struct tote_cell_row {
    int64_t id;    /* from 1, without gaps */
    int64_t point; /* from 1 */
    enum tote_cell_role role;
    char *label;  /* one of its own among the cells of a point */
    char *engine; /* with its options, as the user wrote it; "" of a loop */
    char *kernel;
    uint64_t size, tasks;
    uint32_t workers;
    char *batch;   /* "auto" or a number; "" of a loop */
    char *skipped; /* why it cannot run here; "": it can */
};
void tote_cell_row_finish(struct tote_cell_row *row);
const char *tote_cell_role_name(enum tote_cell_role role); /* "engine", ... */

/* One pass of the bare thread loop, in an experiment. */
struct tote_limit_row {
    int64_t id; /* given by tote_store_add_limit */
    int64_t cell;
    int64_t block;
    uint32_t threads;
    uint64_t tasks;
    tote_ns_t wall_ns;
    struct tote_digest digest;
};

/* A batch and what became of it. */
struct tote_batch_row {
    int64_t run;
    uint64_t batch, first;
    uint32_t count, attempt;
    uint64_t worker; /* 0: unknown */
    tote_ns_t sent_ns, back_ns;
    bool lost;
    const char *why; /* if lost; borrowed */
};

struct tote_worker_row {
    int64_t run;
    uint64_t worker;
    const char *host; /* borrowed */
    int64_t pid;      /* inside the box; 0: unknown */
    uint32_t slots;
    tote_ns_t joined_ns, left_ns; /* left_ns 0: stayed */
};

/* Makes a new file with an empty schema; -EEXIST if there is one already (the sentence
 * says what it is: a store, a store of a newer schema, or something else). Mode 0600.
 */
int tote_store_create(const char *path, struct tote_store **ret_store,
                      struct tote_error *err);

/* Opens for reading, also while a writer is at work or after one was killed (its WAL is
 * read with it). -EPROTO for a newer schema, -EINVAL if it is not a store, -EBADMSG if
 * it is damaged: of its rows those of setting are checked, others when they are read.
 */
int tote_store_open(const char *path, struct tote_store **ret_store,
                    struct tote_error *err);

/* Whether the WAL of a store that nobody writes is as it was written. -EUCLEAN: damaged
 * where it must have been synced, and a sentence that says what to do; what a kill, a
 * full disk or a loss of power leaves is all right. */
int tote_store_check_wal(const char *path, struct tote_error *err);

/* Opens an existing store to go on with it, also after its writer was killed; the
 * caller holds its lock (lock.h). Errors as of open; -EROFS. Runs that a killed tote
 * left as RUNNING become INTERRUPTED, with a sentence. */
int tote_store_reopen(const char *path, struct tote_store **ret_store,
                      struct tote_error *err);

/* Removes a closed store with the files beside it, as far as it can. */
void tote_store_unlink(const char *path);

/* Flushes, folds the WAL back and closes; null is accepted. After a clean close the
 * store is a single file. */
void tote_store_close(struct tote_store *store);

const char *tote_store_path(const struct tote_store *store);
/* False: its file was removed or replaced since it was opened. */
bool tote_store_has_its_name(const struct tote_store *store);

/* Settings: what reproduces the experiment (bag, options, seeds, environment). A name
 * has 1 to 256 bytes, a value at most 1 MiB, both UTF-8; a name set again gets the new
 * value. */
int tote_store_set(struct tote_store *store, const char *name, const char *value,
                   struct tote_error *err);
/* From begin to end what is set is set together or not at all: end commits it if rc is
 * 0, else takes it back; returns rc, or what went wrong. */
int tote_store_begin_settings(struct tote_store *store, struct tote_error *err);
int tote_store_end_settings(struct tote_store *store, int rc, struct tote_error *err);
/* Returns new text (free it), or null if the name is not set, or its row has been
 * damaged since the store was opened, which checks them all. */
char *tote_store_get(struct tote_store *store, const char *name);
/* Calls visit for each setting in the order of names; texts are borrowed. A non-zero
 * return ends the walk and is returned. */
typedef int tote_store_visit_setting(void *context, const char *name,
                                     const char *value);
int tote_store_each_setting(struct tote_store *store, tote_store_visit_setting *visit,
                            void *context, struct tote_error *err);

/* Adds a row with state RUNNING and sets row->id; durable when it returns. */
int tote_store_add_run(struct tote_store *store, struct tote_run_row *row,
                       struct tote_error *err);
/* Writes everything of the row again, by id; durable when it returns. */
int tote_store_update_run(struct tote_store *store, const struct tote_run_row *row,
                          struct tote_error *err);
/* Cells of an experiment, all of these or none; durable when it returns. Those of METG
 * come one after the other, as they are found to be needed. */
int tote_store_add_cells(struct tote_store *store, const struct tote_cell_row *rows,
                         size_t n, struct tote_error *err);
int tote_store_add_limit(struct tote_store *store, struct tote_limit_row *row,
                         struct tote_error *err);

/* All runs in the order of their ids: a new array of *ret_n rows, null if there are
 * none; free each with tote_run_row_finish and the array with free(). */
int tote_store_runs(struct tote_store *store, struct tote_run_row **ret_rows,
                    size_t *ret_n, struct tote_error *err);
/* The same of cells; each is freed with tote_cell_row_finish. How many were added is in
 * the setting "cells". */
int tote_store_cells(struct tote_store *store, struct tote_cell_row **ret_rows,
                     size_t *ret_n, struct tote_error *err);
int tote_store_limits(struct tote_store *store, struct tote_limit_row **ret_rows,
                      size_t *ret_n, struct tote_error *err);

/* Calls visit for each record of a run in the order of (task, attempt); a non-zero
 * return ends the walk and is returned. */
typedef int tote_store_visit(void *context, const struct tote_record *record,
                             uint64_t worker);
int tote_store_each_record(struct tote_store *store, int64_t run,
                           tote_store_visit *visit, void *context,
                           struct tote_error *err);

/* The bag digest of a run, from its records: 1 and the digest if each task of [0,
 * tasks) has an ok record, 0 if not. */
int tote_store_digest(struct tote_store *store, int64_t run, uint64_t tasks,
                      struct tote_digest *ret_digest, struct tote_error *err);

/* Calls visit with the duration (end - start, ns, at least 0) of each task of a run
 * that has an ok record, in task order; a non-zero return ends the walk and is
 * returned. -EBADMSG for a record that ends before it starts. Needs no memory to speak
 * of. */
typedef int tote_store_visit_duration(void *context, tote_ns_t duration);
int tote_store_each_duration(struct tote_store *store, int64_t run,
                             tote_store_visit_duration *visit, void *context,
                             struct tote_error *err);

/* How tasks stand, counted by the writer in the transaction that records them: reading
 * it takes no time, however large the store is. */
#define TOTE_OUTCOMES (TOTE_OUTCOME_LOST + 1)
struct tote_standing {
    uint32_t list;   /* run 0: number of the last list of commands; 0: none */
    uint64_t listed; /* run 0: its tasks */
    uint64_t of[TOTE_OUTCOMES]; /* tasks by the outcome that counts */
    uint32_t attempts_to;       /* the highest that is recorded; 0: none is */
    tote_ns_t last_ns;          /* the latest end_ns; 0: none */
};
/* Of the tasks of one run, by its own records; run 0: of the tasks of the last list (of
 * a kernel's bag: of all) over all runs, each by its ok record or else its last one.
 * -EBADMSG. */
int tote_store_standing(struct tote_store *store, int64_t run,
                        struct tote_standing *ret_standing, struct tote_error *err);

/* Counts what is durable of a run, from its records: tasks that have an ok record, and
 * tasks that have only others. */
int tote_store_count(struct tote_store *store, int64_t run, uint64_t *ret_ok,
                     uint64_t *ret_other, struct tote_error *err);

/* From freeze to thaw all reads see the store as it was at the first of them, whatever
 * a writer adds meanwhile. A writer goes on; only the folding of its WAL waits. */
int tote_store_freeze(struct tote_store *store, struct tote_error *err);
void tote_store_thaw(struct tote_store *store);

const char *tote_run_state_name(enum tote_run_state state); /* "complete", ... */

#endif
