/* SPDX-License-Identifier: MIT */
/* workers.h: the work_queue_worker processes of the workqueue engine: started with a
 * clean environment and a folder of their own, watched, replaced, ended with all they
 * started. Not for what they run: that is between them and the manager. */
#ifndef TOTE_WORKQUEUE_WORKERS_H
#define TOTE_WORKQUEUE_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

#include "helper/child.h"
#include "tote/engine.h"

struct workers_place {
    uint64_t id;
    struct tote_child child;
};

struct workers {
    const char *program, *folder, *password_file; /* borrowed; folder: for theirs */
    int port;                                     /* of the manager, on this host */
    int log;                                      /* what all workers say; -1: none */
    bool has_keepers; /* a task that is left hears SIGTERM first, to end what it started
                       */
    uint64_t started; /* the last one's id */
    uint32_t n;
    struct workers_place *places;
};

/* The path of work_queue_worker, static, or null. */
const char *workers_program(void);

/* Makes a file of random text, for its owner only, unless it exists. */
void workers_make_password(const char *file);

/* Starts n workers; the fields up to log are filled in. */
void workers_start(struct workers *workers, uint32_t n);

/* What tote wants to know of the worker in that place. */
struct tote_engine_worker workers_about(const struct workers *workers, uint32_t place);

/* Ends what a worker that is gone has left. True if there was one: its place, and how
 * it ended. */
bool workers_reap(struct workers *workers, uint32_t *ret_place,
                  char how[static TOTE_WHY_MAX]);

/* Kills those that are stopped: a manager that gave one up for dead has no use for it,
 * and a dead one is replaced. */
void workers_kill_stopped(const struct workers *workers);

/* Bytes that are free on the disk with their folder; UINT64_MAX: that is not known. */
uint64_t workers_room(const struct workers *workers);

/* A new worker, with a new id, in a place that was reaped. */
void workers_replace(struct workers *workers, uint32_t place);

/* The last of what the workers said, in one line. */
void workers_last_words(const struct workers *workers, char *words, size_t size);

/* Ends them and whatever they run, at once. May be called twice. */
void workers_end(struct workers *workers);

#endif
