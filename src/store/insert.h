/* SPDX-License-Identifier: MIT */
/* insert.h: the statements that fill the tables while a run writes.
 *
 *     tote_insert_open(&insert, &db, &err);
 *     tote_insert_begin(&insert, &err);
 *     tote_insert_records(&insert, run, worker, records, n, &err);
 *     tote_insert_commit(&insert, &err);      // durable when it returns 0
 *     tote_insert_close(&insert);
 *
 * Private to src/store; knows no thread. After a failure only close may follow. */
#ifndef TOTE_INSERT_H
#define TOTE_INSERT_H

#include <stddef.h>

#include "store/commands.h"
#include "store/counting.h"
#include "store/db.h"

struct tote_insert {
    const struct tote_db *db; /* borrowed */
    sqlite3_stmt *begin, *record, *batch, *worker, *joined, *task, *path, *result,
        *output, *commit;
    struct tote_counting counting; /* of what goes in: written by commit */
};

int tote_insert_open(struct tote_insert *insert, const struct tote_db *db,
                     struct tote_error *err);
int tote_insert_begin(struct tote_insert *insert, struct tote_error *err);
int tote_insert_records(struct tote_insert *insert, int64_t run, uint64_t worker,
                        const struct tote_record *records, size_t n,
                        struct tote_error *err);
int tote_insert_batch(struct tote_insert *insert, const struct tote_batch_row *row,
                      struct tote_error *err);
int tote_insert_worker(struct tote_insert *insert, const struct tote_worker_row *row,
                       struct tote_error *err);
/* With its outs, as files not published yet; -EEXIST if another task has one. */
int tote_insert_task(struct tote_insert *insert, const struct tote_task_row *row,
                     struct tote_error *err);
int tote_insert_result(struct tote_insert *insert, int64_t run, uint32_t attempt,
                       const struct tote_result *result, struct tote_error *err);
/* Adds a file of a task, or replaces what is known of it; -EEXIST if another task has
 * it. */
int tote_insert_output(struct tote_insert *insert, const struct tote_output_row *row,
                       struct tote_error *err);
int tote_insert_commit(struct tote_insert *insert, struct tote_error *err);
void tote_insert_close(struct tote_insert *insert); /* rolls an open group back */

#endif
