/* SPDX-License-Identifier: MIT */
/* tree.c: see tree.h.
 *
 * A parent's time of reaped children holds all that its dead children ever used, seen
 * or not. What had been seen of them is taken off it; the rest is given away by what
 * the parent is. So nothing is counted twice, and nothing that was reaped is missed. */
#include "account/tree.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 64 /* of a walk upwards: deeper is no tree, but pids used twice */

struct tote_tree_node {
    struct tote_tree_process is;
    tote_ns_t dead_ns; /* of is.reaped_ns: what had been seen of those */
    uint64_t round;    /* in which it was seen last */
    bool was_announced;
    bool has_task_below, has_task_child; /* or had */
    bool is_below_task;                  /* or was, before its parents ended */
};

void tote_tree_init(struct tote_tree *tree, pid_t init)
{
    *tree = (struct tote_tree){.init = init};
}

void tote_tree_finish(struct tote_tree *tree)
{
    free(tree->nodes);
    free(tree->announced);
    *tree = (struct tote_tree){0};
}

/* --- finding --- */

/* The first place whose pid is not below. */
static size_t place_of(const struct tote_tree *tree, pid_t pid)
{
    size_t from = 0, to = tree->n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (tree->nodes[middle].is.pid < pid)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static struct tote_tree_node *find(const struct tote_tree *tree, pid_t pid)
{
    size_t i = place_of(tree, pid);
    return i < tree->n && tree->nodes[i].is.pid == pid ? &tree->nodes[i] : NULL;
}

static struct tote_tree_node *parent_of(const struct tote_tree *tree,
                                        const struct tote_tree_node *node)
{
    return node->is.pid == tree->init ? NULL : find(tree, node->is.parent);
}

bool tote_tree_knows(const struct tote_tree *tree,
                     const struct tote_tree_process *process)
{
    const struct tote_tree_node *node = find(tree, process->pid);
    return node && node->is.start == process->start;
}

/* --- roles --- */

static bool is_worker_itself(const struct tote_tree_node *node)
{
    return node->is.is_task || node->is_below_task ||
           (node->was_announced && !node->has_task_below);
}

static bool is_worker(const struct tote_tree *tree, const struct tote_tree_node *node)
{
    for (int i = 0; node && i < DEPTH_MAX; i++) {
        if (is_worker_itself(node))
            return true;
        node = parent_of(tree, node);
    }
    return false;
}

static void add_node(const struct tote_tree *tree, const struct tote_tree_node *node,
                     struct tote_tree_split *split)
{
    bool works = is_worker(tree, node);
    tote_ns_t unseen = node->is.reaped_ns - node->dead_ns;
    *(works ? &split->worker_ns : &split->control_ns) += node->is.own_ns;
    if (unseen <= 0) /* reaped time has a coarser grain */
        return;
    if (works || node->was_announced || node->has_task_child)
        split->worker_ns += unseen;
    else if (node->is.pid == tree->init)
        split->unknown_ns += unseen;
    else
        split->control_ns += unseen;
}

struct tote_tree_split tote_tree_split(const struct tote_tree *tree)
{
    struct tote_tree_split split = tree->ended;
    for (size_t i = 0; i < tree->n; i++)
        add_node(tree, &tree->nodes[i], &split);
    return split;
}

/* --- announcing --- */

static bool was_announced(const struct tote_tree *tree, int64_t inner)
{
    for (size_t i = 0; i < tree->n_announced; i++) {
        if (tree->announced[i] == inner)
            return true;
    }
    return false;
}

void tote_tree_announce(struct tote_tree *tree, int64_t inner)
{
    if (inner <= 0 || was_announced(tree, inner))
        return;
    if (tree->n_announced == tree->announced_room) {
        size_t room = 2 * tree->announced_room + 16;
        int64_t *more = reallocarray(tree->announced, room, sizeof *more);
        if (!more) {
            tree->has_failed = true;
            return;
        }
        tree->announced = more;
        tree->announced_room = room;
    }
    tree->announced[tree->n_announced++] = inner;
    for (size_t i = 0; i < tree->n; i++)
        tree->nodes[i].was_announced |= tree->nodes[i].is.inner == inner;
}

/* --- seeing --- */

void tote_tree_begin(struct tote_tree *tree)
{
    tree->round++;
}

/* Its parents hear of a tote-task. */
static void tell_parents(struct tote_tree *tree, const struct tote_tree_node *task)
{
    struct tote_tree_node *parent = parent_of(tree, task);
    if (parent)
        parent->has_task_child = true;
    for (int i = 0; parent && i < DEPTH_MAX; i++) {
        parent->has_task_below = true;
        parent = parent_of(tree, parent);
    }
}

static struct tote_tree_node *insert(struct tote_tree *tree, pid_t pid)
{
    if (tree->n == tree->room) {
        size_t room = 2 * tree->room + 32;
        struct tote_tree_node *more = reallocarray(tree->nodes, room, sizeof *more);
        if (!more)
            return NULL;
        tree->nodes = more;
        tree->room = room;
    }
    size_t i = place_of(tree, pid);
    memmove(&tree->nodes[i + 1], &tree->nodes[i], (tree->n - i) * sizeof *tree->nodes);
    tree->nodes[i] = (struct tote_tree_node){.is = {.pid = pid}};
    tree->n++;
    return &tree->nodes[i];
}

/* It has ended. Whoever reaped it, its nearest forebear that is still there has its
 * time now, or will have it once it reaps. */
static void bury(struct tote_tree *tree, const struct tote_tree_node *node)
{
    add_node(tree, node, &tree->ended);
    struct tote_tree_node *heir = parent_of(tree, node);
    for (int i = 0; heir && heir->round != tree->round && i < DEPTH_MAX; i++)
        heir = parent_of(tree, heir);
    if (!heir || heir->round != tree->round)
        heir = find(tree, tree->init);
    if (heir && heir != node)
        heir->dead_ns += node->is.own_ns + node->is.reaped_ns;
}

/* Another process has the pid of one that has ended. */
static void replace(struct tote_tree *tree, struct tote_tree_node *node)
{
    bury(tree, node);
    *node = (struct tote_tree_node){.is = {.pid = node->is.pid}};
}

void tote_tree_see(struct tote_tree *tree, const struct tote_tree_process *process)
{
    struct tote_tree_node *node = find(tree, process->pid);
    bool is_new = !node || node->is.start != process->start;
    if (!node)
        node = insert(tree, process->pid);
    else if (is_new)
        replace(tree, node);
    if (!node) {
        tree->has_failed = true;
        return;
    }
    bool was_task = node->is.is_task;
    pid_t inner = is_new ? process->inner : node->is.inner;
    node->is = *process;
    node->is.inner = inner;
    node->is.is_task |= was_task; /* what it starts by exec is the task's */
    node->round = tree->round;
    if (is_new)
        node->was_announced = was_announced(tree, process->inner);
    const struct tote_tree_node *parent = parent_of(tree, node);
    node->is_below_task |= parent && (parent->is.is_task || parent->is_below_task);
    if (node->is.is_task && !was_task)
        tell_parents(tree, node);
}

void tote_tree_end(struct tote_tree *tree)
{
    size_t kept = 0;
    for (size_t i = 0; i < tree->n; i++) { /* all first: heirs are found by them */
        if (tree->nodes[i].round != tree->round)
            bury(tree, &tree->nodes[i]);
    }
    for (size_t i = 0; i < tree->n; i++) {
        if (tree->nodes[i].round == tree->round)
            tree->nodes[kept++] = tree->nodes[i];
    }
    tree->n = kept;
}
