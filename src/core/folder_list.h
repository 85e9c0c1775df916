/* SPDX-License-Identifier: MIT */
/* folder_list.h: paths of folders, in any order, some twice until they are asked for: a
 * batch of thousands of files changes one folder, or thousands. */
#ifndef TOTE_FOLDER_LIST_H
#define TOTE_FOLDER_LIST_H

#include <stddef.h>

struct tote_folder_list { /* zeroed: empty; clear it, then free paths */
    char **paths;
    size_t n, capacity;
};

/* Copies the first n bytes of path; none: ".". -ENOMEM: as before. */
int tote_folder_list_add(struct tote_folder_list *list, const char *path, size_t n);
void tote_folder_list_drop(struct tote_folder_list *list, const char *path);
void tote_folder_list_drop_doubles(struct tote_folder_list *list); /* and sorts */
void tote_folder_list_clear(struct tote_folder_list *list);

#endif
