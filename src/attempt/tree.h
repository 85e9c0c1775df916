/* SPDX-License-Identifier: MIT */
/* tree.h: removes a folder with all that a stranger's program may have put there: any
 * depth, folders without permissions, links that lead out. Nobody else may be at work
 * in it. Private to src/attempt. */
#ifndef TOTE_TREE_H
#define TOTE_TREE_H

/* 0, or -errno of what could not be removed. */
int tote_tree_remove(int parent, const char *name);

#endif
