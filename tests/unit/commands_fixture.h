/* SPDX-License-Identifier: MIT */
/* commands_fixture.h: a store of a bag of commands in which everything follows from the
 * number of a task: what the tests of damage and of failing memory write, and what they
 * expect to read. Not for assertions on behaviour. */
#ifndef TOTE_COMMANDS_FIXTURE_H
#define TOTE_COMMANDS_FIXTURE_H

#include "store/commands.h"

#define FIXTURE_LONG                                                                   \
    3000 /* bytes that some tasks write: more than fits into a page's row */

/* One task with its output, its record and its result. Points into itself. */
struct fixture_bag {
    char item[32], path[32], text[FIXTURE_LONG];
    const char *outs[1];
    struct tote_result_file files[1];
    struct tote_task_row task;
    struct tote_record record;
    struct tote_result result;
    struct tote_output_row output; /* as published */
};
void fixture_bag_fill(struct fixture_bag *bag, uint64_t task);

/* Puts tasks [first, first + n) of run 1, then their results in batches of 10, each
 * durable before the next is put if step by step. Negative: the writer's error. */
int fixture_bag_put(struct tote_writer *writer, uint64_t first, uint64_t n,
                    bool step_by_step, uint64_t *ret_durable, struct tote_error *err);

/* Creates path with one run and n tasks with all that belongs to them; the store is
 * still open, its writer stopped. Step by step: each batch is two commits. Fails the
 * test on errors. */
struct tote_store *fixture_bag_store(const char *path, uint64_t n, bool step_by_step);

/* What is in a store, each row compared with what it should be. */
struct fixture_content {
    uint64_t tasks, outputs, published, records, results;
    uint64_t settings, runs;
    bool differs; /* a row */
};
int fixture_bag_read(const char *path, uint64_t n, struct fixture_content *ret,
                     struct tote_error *err);

#endif
