/* SPDX-License-Identifier: MIT */
/* folder.h: reads and removes folders in which somebody else's commands have been: with
 * links that lead out, without permissions, nested deeper than a path can say.
 * tote_folder_remove, by path, is in publisher.h. */
#ifndef TOTE_FOLDER_H
#define TOTE_FOLDER_H

/* Opens a folder for reading, not through a symlink; one of our own that lacks
 * permissions for its owner gets them. A new descriptor or -errno. */
int tote_folder_open(int parent, const char *name);

/* Removes a folder and all in it; what cannot be removed stays. Needs three descriptors
 * and no memory worth mentioning, whatever the depth. */
void tote_folder_remove_at(int parent, const char *name);

#endif
