/* SPDX-License-Identifier: MIT */
/* commands.h: what a store holds of a bag of commands, beside the records: its tasks,
 * the files that they make, what came of each attempt.
 *
 * A task has one number in a store for ever, in the order in which tasks were first
 * listed. `listed` is the number of the list that named it last: a bag that goes on
 * with a changed list keeps the tasks it has, by key (tote_template_key), and gets new
 * numbers for those it has not. A list is numbered from 1. */
#ifndef TOTE_STORE_COMMANDS_H
#define TOTE_STORE_COMMANDS_H

#include "base/slice.h"
#include "store/store.h"
#include "store/writer.h"

struct tote_task_row {
    uint64_t task;
    uint32_t listed;
    uint64_t place; /* in that list, from 0: {index} */
    struct tote_digest key;
    struct tote_digest inputs; /* of what stat says of its inputs; zero: it has none */
    const char *item; /* its columns, each ended by NUL; item_n bytes; borrowed */
    size_t item_n;
    const char *const *outs; /* paths below the results folder; n_outs of them */
    size_t n_outs;
};

struct tote_output_row {
    const char *path; /* below the results folder; borrowed */
    uint64_t task;
    uint32_t attempt; /* that published it last; 0: none did */
    uint64_t size;
    struct tote_digest digest;
};

/* --- while a run writes (writer.h) --- */

/* Tasks that the store does not have yet, with their numbers; copied. They are durable
 * once tote_writer_tasks counts them. A path that another task has: breaks the writer
 * (the caller asks tote_store_output first). */
int tote_writer_put_tasks(struct tote_writer *writer, const struct tote_task_row *rows,
                          size_t n, struct tote_error *err);
uint64_t tote_writer_tasks(struct tote_writer *writer);

/* Records with what came of them and the files that are published by now, all of one
 * batch, durable together; copied. results[i] belongs to records[i]; counted by
 * tote_writer_durable as records are. Errors as of tote_writer_put_records; -EINVAL: a
 * result of another task; -ERANGE: a stream above TOTE_STREAM_MAX, too. A path that
 * another task has breaks the writer. */
int tote_writer_put_results(struct tote_writer *writer, int64_t run, uint64_t worker,
                            const struct tote_record *records,
                            const struct tote_result *results, size_t n,
                            const struct tote_output_row *outputs, size_t n_outputs,
                            struct tote_error *err);

/* --- before a run, through the store's own connection --- */

/* One transaction around what makes a new list of a store that has one already. After
 * begin, claim finds a task of that key which no earlier item of this list has claimed,
 * lists it anew with that place and those inputs, and fills in its number; 0: there is
 * none, add it. A path of it that another task got since is taken over again: then its
 * ok records count no more, since they speak of another file (SPOILT). commit is
 * durable. Lists of ten million items need no memory. After a failure only cancel may
 * follow; close cancels, too. */
enum { TOTE_CLAIM_KEPT = 1, TOTE_CLAIM_SPOILT };
int tote_store_list_begin(struct tote_store *store, uint32_t list,
                          struct tote_error *err);
int tote_store_list_claim(struct tote_store *store, struct tote_task_row *row,
                          uint64_t *ret_other, struct tote_error *err);
/* Both, -EEXIST: a task of this list has one of its paths (itself, if a path is there
 * twice in what is added); *ret_other is its place. An output of a task that is not
 * listed any more goes over; what is published there stays known. */
int tote_store_list_add(struct tote_store *store, const struct tote_task_row *row,
                        uint64_t *ret_other, struct tote_error *err);
/* Whether a path of this list would be a file, and a folder of another one: 1 and what
 * it is, 0. For when the list is whole: one walk over the paths that have folders. */
struct tote_list_clash {
    uint64_t file, below; /* places in the list: who makes it, and who makes path */
    char folder[TOTE_FILE_NAME_MAX];
};
int tote_store_list_clash(struct tote_store *store, uint32_t list,
                          struct tote_list_clash *ret_clash, struct tote_error *err);
int tote_store_list_commit(struct tote_store *store, struct tote_error *err);
void tote_store_list_cancel(struct tote_store *store);

/* --- reading --- */

/* Number of tasks, i.e. the highest number + 1; 0: none. */
int tote_store_task_count(struct tote_store *store, uint64_t *ret_n,
                          struct tote_error *err);

/* Tasks [first, first + count) in order; texts borrowed, outs not filled. -ENODATA if
 * one is not there. A non-zero return of visit ends the walk and is returned. */
typedef int tote_store_visit_task(void *context, const struct tote_task_row *row);
int tote_store_each_task(struct tote_store *store, uint64_t first, uint64_t count,
                         tote_store_visit_task *visit, void *context,
                         struct tote_error *err);

/* Outputs in the order of tasks; published and not. */
typedef int tote_store_visit_output(void *context, const struct tote_output_row *row);
int tote_store_each_output(struct tote_store *store, tote_store_visit_output *visit,
                           void *context, struct tote_error *err);
/* Of one path: 1 and the row (path borrowed from the caller), 0. */
int tote_store_output(struct tote_store *store, const char *path,
                      struct tote_output_row *ret_row, struct tote_error *err);

/* The last result of a task over all runs: its record and its result, streams and all;
 * 1, or 0: there is none. The ok one if there is one. Borrowed from *ret_memory, which
 * the caller frees. */
int tote_store_result(struct tote_store *store, uint64_t task,
                      struct tote_record *ret_record, struct tote_result *ret_result,
                      int64_t *ret_run, void **ret_memory, struct tote_error *err);

/* Every result of the store over all runs in task order: for each task its ok record
 * with the lowest attempt, or else its last one. The memory does not depend on their
 * number. */
int tote_store_each_result(struct tote_store *store, tote_store_visit *visit,
                           void *context, struct tote_error *err);

/* --- repair --- */

/* Takes n tasks back, of which a file is not there any more, or not as it was made: the
 * ok records stay, but count no more: they become outcome "wrong". What was published
 * stays known: a file that is still as this bag made it may be replaced. All or none,
 * durable when it returns. */
int tote_store_disown(struct tote_store *store, const uint64_t *tasks, size_t n,
                      struct tote_error *err);

#endif
