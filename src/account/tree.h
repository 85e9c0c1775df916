/* SPDX-License-Identifier: MIT */
/* tree.h: whose CPU time it was: the processes of a box, told to it one by one, and the
 * times of each given to the control plane or to the workers. Pure: reads no file.
 *
 *     tote_tree_begin(&tree);
 *     ... tote_tree_see(&tree, &process) for each that there is, parents first ...
 *     tote_tree_end(&tree);                  // who was not seen has ended
 *     split = tote_tree_split(&tree);
 *
 * Rules (docs/method.md, "What a run costs"):
 * - Worker: tote-task, and all below it; a worker that the engine announced by its pid,
 *   and all below it, unless a tote-task was seen below it.
 * - What was reaped and never seen, or after it was last seen: the workers' if its
 *   parent is a worker, was announced, or had a tote-task as a child; else the control
 *   plane's; of the box's init, whose children are anyone's: unknown.
 * - All else: control plane. */
#ifndef TOTE_TREE_H
#define TOTE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "tote/clock.h"

/* A process as it is now. */
struct tote_tree_process {
    pid_t pid, parent;   /* as tote sees them */
    pid_t inner;         /* as the box does; 0: unknown */
    uint64_t start;      /* another one: another process */
    bool is_task;        /* its program is tote-task */
    tote_ns_t own_ns;    /* CPU of itself, */
    tote_ns_t reaped_ns; /* and of children that were waited for */
};

struct tote_tree_node;

struct tote_tree {
    struct tote_tree_node *nodes; /* by pid */
    size_t n, room;
    pid_t init;
    uint64_t round;
    int64_t *announced; /* pids inside the box */
    size_t n_announced, announced_room;
    struct tote_tree_split {
        tote_ns_t control_ns, worker_ns, unknown_ns;
    } ended;         /* of processes that are gone */
    bool has_failed; /* out of memory: what it says is not to be believed */
};

void tote_tree_init(struct tote_tree *tree, pid_t init);
void tote_tree_finish(struct tote_tree *tree);

/* The engine says that this process, by its pid inside the box, is a worker. */
void tote_tree_announce(struct tote_tree *tree, int64_t inner);

void tote_tree_begin(struct tote_tree *tree);
void tote_tree_see(struct tote_tree *tree, const struct tote_tree_process *process);
void tote_tree_end(struct tote_tree *tree);

/* Whether it was seen before: then its inner is kept, whatever is said. */
bool tote_tree_knows(const struct tote_tree *tree,
                     const struct tote_tree_process *process);

/* By what is known now. */
struct tote_tree_split tote_tree_split(const struct tote_tree *tree);

#endif
