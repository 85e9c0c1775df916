/* SPDX-License-Identifier: MIT */
/* manager.h: the Work Queue manager of the workqueue engine: batches in, answers out,
 * one Work Queue task a batch. Not for the worker processes (workers.h).
 *
 * There is one manager a process, and all calls come from one thread. Nothing closes
 * it: the end of the process does, and the workers notice by their sockets. Deleting
 * the queue would say no more to them, and would leak its password and the tasks under
 * way. */
#ifndef TOTE_WORKQUEUE_MANAGER_H
#define TOTE_WORKQUEUE_MANAGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tote/engine.h"

#define MANAGER_COUNTS_MAX 16
#define MANAGER_DISK_MB    1 /* of disk; while a worker has less, it gets no batch */

/* The version that the linked library states; static. */
const char *manager_version(void);

/* Opens an unnamed queue (no traffic to catalogs) and tunes it. port 0: any that is
 * free. log: a file for Work Queue's log of transactions, or empty. Returns the port.
 */
int manager_open(const struct tote_engine_hello *hello, int port,
                 const char *password_file, const char *log);

/* Lets workers in; to be called again and again while they come. Returns the number of
 * cores that have come so far. */
uint32_t manager_cores(void);

/* From now on manager_wait also returns when fd becomes readable or a child ends. */
void manager_watch(int fd);

/* True once for every time that a child ended since the last call. */
bool manager_child_ended(void);

/* Takes the command's files. */
void manager_submit(struct tote_engine_command *command);

struct manager_answer {
    uint64_t batch, worker; /* worker 0: unknown */
    const char *lines;      /* the records, n bytes; borrowed until the next wait */
    size_t n;
    char why[TOTE_WHY_MAX]; /* not empty: the batch is lost */
    bool was_given_back;    /* it is, and nothing is known of a process that failed: its
                             * worker has died, or could not take or return a file */
    uint64_t bytes;         /* of the files that were to go to the worker */
};

/* Waits a second at most. False: no answer. */
bool manager_wait(struct manager_answer *ret_answer);

/* To be asked when manager_wait had no answer. True: for some seconds batches wait,
 * workers are there, and not one takes a batch. Work Queue itself says nothing of that;
 * why gets a sentence. */
bool manager_is_stuck(char why[static TOTE_WHY_MAX]);

/* What the queue counted, for bye. Returns how many; counts has MANAGER_COUNTS_MAX. */
size_t manager_counts(struct tote_engine_count *counts);

#endif
