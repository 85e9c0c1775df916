/* SPDX-License-Identifier: MIT */
/* folder.h: folders in which somebody else's commands have been: with links that lead
 * out, without permissions, nested deeper than a path can say. */
#ifndef TOTE_FOLDER_H
#define TOTE_FOLDER_H

#include <stdbool.h>

/* Opens a folder for reading, not through a symlink; one of our own that lacks
 * permissions for its owner gets them. A new descriptor or -errno. */
int tote_folder_open(int parent, const char *name);

/* "." or "..", which every folder lists. */
bool tote_folder_is_dots(const char *name);

/* Makes, mode 0700, what is missing of the folders above path, which is relative to
 * `folder`, shorter than TOTE_FILE_NAME_MAX and leads nowhere else. 0 or -errno. */
int tote_folder_make_parents(int folder, const char *path);

/* Removes a folder and all in it, without following links; what cannot be removed
 * stays, and -errno says why the folder does. Needs three descriptors and no memory
 * worth mentioning, whatever the depth. */
int tote_folder_remove_at(int parent, const char *name);
int tote_folder_remove(const char *path);

#endif
