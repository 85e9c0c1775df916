/* SPDX-License-Identifier: MIT */
/* publisher_state.h: what publisher.c, publisher_open.c and publisher_recover.c
 * share; nobody else's. */
#ifndef TOTE_PUBLISHER_STATE_H
#define TOTE_PUBLISHER_STATE_H

#include <sys/types.h>

#include "core/folder_list.h"
#include "core/publisher.h"

#define TOTE_PUBLISHER_TEMPORARY_MAX 64 /* bytes of a temporary name */

/* Which file it is, whatever its name. */
struct tote_inode {
    dev_t device;
    ino_t number;
};

struct tote_publisher {
    int results, attempts; /* folders; attempts may be -1 */
    char *name;            /* of the results folder, for sentences */
    bool is_hostile;
    int failed;                      /* of the sync that failed: final */
    struct tote_folder_list changed; /* since the last sync */
    struct tote_folder_list made;    /* by the put that is under way */
    struct tote_inode *inodes;       /* of its files */
    size_t inodes_capacity;
};

/* Reads "TASK.ATTEMPT", as tote-task writes it. */
bool tote_publisher_parse_attempt(const char *name, uint64_t *ret_task,
                                  uint32_t *ret_attempt);

/* The name, in its folder, of a file that is about to replace another one. */
void tote_publisher_temporary(const char *attempt, const struct tote_inode *inode,
                              char into[static TOTE_PUBLISHER_TEMPORARY_MAX]);

/* Removes the entry of a folder if it is that file: 1 if so, 0 if not, -errno. */
int tote_publisher_unlink_same(int folder, const char *name,
                               const struct tote_inode *inode);

#endif
