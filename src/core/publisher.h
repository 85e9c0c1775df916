/* SPDX-License-Identifier: MIT */
/* publisher.h: puts the files of a good attempt under their names in the results
 * folder, whole or not at all, and never over a file that is not this bag's.
 *
 *     tote_publisher_open(&config, &publisher, &err);
 *     tote_publisher_put(publisher, "40.1", files, n, &err);  // links them, after sync
 *     tote_publisher_sync(publisher, &err);   // their folders, once a batch
 *     ... the record becomes durable ...
 *     tote_publisher_forget(publisher, "40.1");   // the attempt's folder goes
 *
 * A file is published by link(2) from the attempt's folder, which is on the same
 * filesystem: link refuses a name that is taken (no-replace), and until the record is
 * durable the file keeps its second name. So after a kill in between, recover knows by
 * the inode which files in the results folder are of an attempt that was never
 * recorded, and takes them back. The order: sync file, check size and digest, link (a
 * file of ours that is replaced: link under a temporary name, rename over it), sync
 * folder, record, forget. (Pillai et al., "All file systems are not created equal",
 * OSDI 2014.)
 *
 * A filesystem without hard links: the file is moved, by renameat2 with
 * RENAME_NOREPLACE. That is as whole and as safe for others' files, but after a kill
 * between put and record nothing tells that the file in the results folder came from
 * there: recover leaves it, and the next attempt is refused (-EEXIST) until somebody
 * moves it away or says --force. A filesystem with neither is refused.
 *
 * Every path goes through openat2 with RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS (where
 * the kernel has none: component by component with O_NOFOLLOW), so that neither a link
 * in the results folder nor one in the attempt's leads out. One thread. */
#ifndef TOTE_PUBLISHER_H
#define TOTE_PUBLISHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tote/error.h"
#include "tote/record.h"

struct tote_publisher_config {
    const char *results;  /* folder; made, 0777 & ~umask, if it is not there */
    const char *attempts; /* folder of the attempts' folders; on the same filesystem;
                           * null: only to look */
    bool is_hostile; /* the files came from elsewhere: size and digest are checked, they
                      * get their modes, and they are synced here; else a worker of
                      * this machine did all that */
};

struct tote_publisher_file {
    const char *path; /* below results, and below the attempt's folder */
    uint64_t size;
    struct tote_digest digest;
    uint16_t mode; /* permissions; only if hostile */
    bool is_ours;  /* what is there now, this bag made: it may be replaced */
};

struct tote_publisher;

int tote_publisher_open(const struct tote_publisher_config *config,
                        struct tote_publisher **ret_publisher, struct tote_error *err);
void tote_publisher_close(struct tote_publisher *publisher); /* null is accepted */

/* All n files or none: if one fails, those before it are taken back (a replaced one is
 * not restored), and folders that were made for them. Folders in between are made.
 * attempt is "TASK.ATTEMPT". If something cannot be taken back, that is the failure,
 * and is final: put and sync refuse from then on. -EEXIST: the name is taken by a file
 * that this bag did not make; -EBADMSG: not a regular file with one link, another size
 * or digest; -ELOOP, -EXDEV: leads out; -ENOSPC, -EIO, -EROFS ...: the disk: then
 * nothing more may be acknowledged. Sentences name the file. */
int tote_publisher_put(struct tote_publisher *publisher, const char *attempt,
                       const struct tote_publisher_file *files, size_t n,
                       struct tote_error *err);
/* The folders that put has changed since the last sync. A failure is final. */
int tote_publisher_sync(struct tote_publisher *publisher, struct tote_error *err);

/* Removes an attempt's folder with what is in it; what cannot be removed stays. */
void tote_publisher_forget(struct tote_publisher *publisher, const char *attempt);

/* After a kill: of every folder TASK.ATTEMPT that is left under attempts, asks whether
 * that task has a recorded result of that attempt; if not, files in results with the
 * same inode as one in the folder are removed (if put had come so far: a task that
 * links a file of results into its folder takes nothing down). Folders below results
 * that were made for them stay. Then all that is synced, then the attempts' folders are
 * removed. Converges if it is killed itself. ret_taken_back, files, may be null. */
typedef bool tote_publisher_is_recorded(void *context, uint64_t task, uint32_t attempt);
int tote_publisher_recover(struct tote_publisher *publisher,
                           tote_publisher_is_recorded *is_recorded, void *context,
                           uint64_t *ret_taken_back, struct tote_error *err);

/* What is at a path below the results folder: 1 and the digest of a regular file; 0:
 * nothing; -EBADMSG: something else. */
int tote_publisher_look(struct tote_publisher *publisher, const char *path,
                        uint64_t *ret_size, struct tote_digest *ret_digest,
                        struct tote_error *err);

/* Whether what was published at a path is there still: 1: it is; 0: nothing is there;
 * -EINVAL: something else, or it cannot be read; the sentence says what to do. */
int tote_publisher_check(struct tote_publisher *publisher, const char *path,
                         uint64_t size, const struct tote_digest *digest,
                         struct tote_error *err);

/* Whether anything is there, or a file or a link is in the way to it. */
bool tote_publisher_is_taken(struct tote_publisher *publisher, const char *path);

/* Of a path that no file can be published at, force or not: -EINVAL and a sentence, if
 * a symbolic link or a file stands where a folder of it should be. */
int tote_publisher_check_way(struct tote_publisher *publisher, const char *path,
                             struct tote_error *err);

/* Makes a folder, 0777 & ~umask, and what is missing above it; their entries are
 * durable. 0, also if it is there; -errno. */
int tote_folder_make(const char *path);

#endif
