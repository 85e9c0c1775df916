/* SPDX-License-Identifier: MIT */
/* handle.h: what is behind a struct tote_store, for the files of src/store alone. */
#ifndef TOTE_HANDLE_H
#define TOTE_HANDLE_H

#include <stdbool.h>

#include "store/db.h"
#include "store/store.h"

struct tote_store {
    struct tote_db db;
    bool durable; /* synced, and synchronous=FULL since; false from create to first run
                   */
    sqlite3_stmt *each_task, *output; /* kept from one call to the next; or null */
    struct tote_list *list; /* from list_begin to commit or cancel; else null */
};

/* Whether the seal that is stored with a task is its own; -EBADMSG. */
struct tote_task_row;
int tote_store_check_task(const struct tote_store *store,
                          const struct tote_task_row *row, int64_t seal,
                          struct tote_error *err);

/* The row that a SELECT of TOTE_OUTPUT_COLUMNS is at, its seal checked; its path is
 * borrowed from it. */
struct tote_output_row;
int tote_store_read_output(const struct tote_store *store, sqlite3_stmt *statement,
                           struct tote_output_row *ret_row, struct tote_error *err);

/* Is a record as it was written? -EBADMSG and a sentence. */
int tote_store_judge_record(const struct tote_store *store, int64_t run,
                            uint64_t worker, const struct tote_record *record,
                            int64_t seal, struct tote_error *err);

/* -EBADMSG with a sentence: a row of that table whose seal is not its own. */
int tote_store_broken_seal(const struct tote_store *store, const char *table,
                           const char *key, struct tote_error *err);

/* tote_store_open, whatever the settings are. */
int tote_store_open_damaged(const char *path, struct tote_store **ret_store,
                            struct tote_error *err);

/* tote_store_each_result by the records of one run alone; 0: of all. */
int tote_store_each_result_of(struct tote_store *store, int64_t run,
                              tote_store_visit *visit, void *context,
                              struct tote_error *err);

/* Within a transaction: the ok records of a task become outcome "wrong". */
int tote_store_spoil(struct tote_store *store, uint64_t task, struct tote_error *err);

/* Adds the row as it is, with its id, and its standing. */
int tote_store_put_run(struct tote_store *store, const struct tote_run_row *row,
                       struct tote_error *err);

/* Within a transaction: adds the row as it is, with its id. */
int tote_store_put_cell(struct tote_store *store, const struct tote_cell_row *row,
                        struct tote_error *err);

/* Runs that are RUNNING become INTERRUPTED: their writer is dead. */
int tote_store_mend_runs(struct tote_store *store, struct tote_error *err);

/* To be called before a change that must be durable when it returns. */
int tote_store_harden(struct tote_store *store, struct tote_error *err);

#endif
