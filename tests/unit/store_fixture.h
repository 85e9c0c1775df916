/* SPDX-License-Identifier: MIT */
/* store_fixture.h: what the tests of the store share: a folder of their own, rows made
 * from a number, a store with a run in it. Not for assertions on behaviour. */
#ifndef TOTE_STORE_FIXTURE_H
#define TOTE_STORE_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>

#include "store/commands.h"
#include "store/usage.h"

/* A cmocka setup and teardown: makes a fresh folder and enters it; leaves and removes
 * it. */
int fixture_enter(void **state);
int fixture_leave(void **state);

/* The plain record of a task: everything follows from its number. */
struct tote_record fixture_record(uint64_t task);

/* A run row with static texts: not for tote_run_row_finish. */
struct tote_run_row fixture_run(uint64_t tasks);

/* Creates path with one run (id 1) and n records of tasks [0, n) in batches of 10.
 * Fails the test on errors. */
void fixture_store(const char *path, uint64_t n);

/* Puts records of [first, first + n) and waits until they are durable or the writer has
 * failed: its code. */
int fixture_put(struct tote_writer *writer, uint64_t first, uint64_t n,
                uint64_t *ret_durable, struct tote_error *err);

/* A task of a bag of commands and what came of it: everything follows from its number,
 * and all that the rows borrow is in here. It makes one file. */
struct fixture_command {
    struct tote_task_row row;
    struct tote_result result;
    struct tote_output_row output;
    char item[32], path[32], text[2][64];
    const char *outs[1];
    struct tote_result_file file;
};
void fixture_command(uint64_t task, struct fixture_command *ret);

/* Puts tasks [first, first + n), or results of them (of run 1, attempt 1), each with
 * its output; waits until they are durable or the writer has failed: its code. durable
 * counts from the start of the writer. */
int fixture_put_tasks(struct tote_writer *writer, uint64_t first, uint64_t n,
                      struct tote_error *err);
int fixture_put_results(struct tote_writer *writer, uint64_t first, uint64_t n,
                        uint64_t *ret_durable, struct tote_error *err);

/* Creates path with one run (id 1), n tasks and their results. */
void fixture_commands(const char *path, uint64_t n);

/* What a run cost, made from its number; even ones do not know most of it. */
struct tote_usage_row fixture_usage(int64_t run);
/* Adds it and two readings of the machine to the store at path. */
void fixture_cost(const char *path, int64_t run);

/* Files in the current folder. */
size_t fixture_count_files(void);

void fixture_write_file(const char *path, const void *data, size_t n);

/* Runs SQL on a file, past all checks of ours. */
void fixture_sql(const char *path, const char *sql);

/* Seals every setting and run anew, so that SQL can make what tote might have written.
 */
void fixture_seal(const char *path);

/* Mounts an empty file system of that many KiB on the current folder, in a mount
 * namespace of this process; false where that is not allowed. */
bool fixture_mount_small(unsigned kib);

#endif
