/* SPDX-License-Identifier: MIT */
/* publisher_recover.c: takes back what a killed tote had linked and not recorded
 * (publisher.h). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/folder.h"
#include "base/slice.h"
#include "core/publisher.h"
#include "core/publisher_state.h"

/* One attempt's folder: folders in it that are still to be read wait as a stack of
 * paths, so that its depth costs no descriptors. */
struct leftover {
    struct tote_publisher *publisher;
    const char *attempt;
    int folder;
    char **todo;
    size_t n, capacity;
    uint64_t n_taken;
};

static int push(struct leftover *left, const char *path)
{
    if (left->n == left->capacity) {
        size_t capacity = left->capacity ? 2 * left->capacity : 16;
        char **todo = realloc(left->todo, capacity * sizeof *todo);
        if (!todo)
            return -ENOMEM;
        left->todo = todo;
        left->capacity = capacity;
    }
    size_t n = strlen(path) + 1;
    char *copy = malloc(n);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, path, n);
    left->todo[left->n++] = copy;
    return 0;
}

/* --- files --- */

/* The folders of results on the way to a file: what is taken back from them must be
 * durable before its attempt's folder goes, and the killed tote may have made them and
 * not have come to sync them; the next to publish there only sees that they are there.
 */
static int note_way(struct leftover *left, const char *path)
{
    struct tote_publisher *publisher = left->publisher;
    int rc = tote_folder_list_add(&publisher->changed, "", 0);
    char prefix[TOTE_FILE_NAME_MAX];
    memcpy(prefix, path, strlen(path) + 1);
    for (char *slash = prefix; rc == 0 && (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        int fd = tote_beneath_open(publisher->results, prefix, O_PATH | O_DIRECTORY);
        if (fd < 0)
            break;
        close(fd);
        rc = tote_folder_list_add(&publisher->changed, prefix, strlen(prefix));
        *slash = '/';
    }
    return rc;
}

/* In the folder of results where it would have been published, under its own name or
 * the temporary one. */
static int take_back(struct leftover *left, const char *path,
                     const struct tote_inode *inode)
{
    const char *name;
    int folder = tote_beneath_parent(left->publisher->results, path, &name);
    if (folder <
        0) /* the way was never made, or is not one that put would have taken */
        return folder == -ENOENT || folder == -ENOTDIR || folder == -ELOOP ? 0 : folder;
    char temporary[TOTE_PUBLISHER_TEMPORARY_MAX];
    tote_publisher_temporary(left->attempt, inode, temporary);
    int rc = tote_publisher_unlink_same(folder, temporary, inode);
    if (rc >= 0)
        rc = tote_publisher_unlink_same(folder, name, inode);
    close(folder);
    left->n_taken += rc > 0;
    return rc < 0 ? rc : 0;
}

static int visit(struct leftover *left, int folder, const char *path, const char *name)
{
    char below[TOTE_FILE_NAME_MAX];
    int n = snprintf(below, sizeof below, "%s%s%s", path, path[0] ? "/" : "", name);
    if (n < 0 || (size_t)n >= sizeof below) /* longer than what put takes */
        return 0;
    struct stat info;
    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (S_ISDIR(info.st_mode))
        return push(left, below);
    if (!S_ISREG(info.st_mode))
        return 0;
    int rc = note_way(left, below);
    if (rc < 0 || info.st_nlink < 2)
        return rc;
    struct tote_inode inode = {.device = info.st_dev, .number = info.st_ino};
    return take_back(left, below, &inode);
}

/* --- folders --- */

static int open_below(const struct leftover *left, const char *path)
{
    if (!path[0])
        return openat(left->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *name;
    int parent = tote_beneath_parent(left->folder, path, &name);
    if (parent < 0) {
        errno = -parent;
        return -1;
    }
    int fd = tote_folder_open(parent, name);
    close(parent);
    if (fd < 0)
        errno = -fd;
    return fd < 0 ? -1 : fd;
}

static int read_folder(struct leftover *left, const char *path)
{
    int fd = open_below(left, path);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (!folder) {
        int rc = -errno;
        if (fd >= 0)
            close(fd);
        return rc;
    }
    int rc = 0;
    while (rc == 0) {
        errno = 0;
        struct dirent *entry = readdir(folder);
        if (!entry) {
            rc = -errno;
            break;
        }
        if (!tote_folder_is_dots(entry->d_name))
            rc = visit(left, fd, path, entry->d_name);
    }
    closedir(folder);
    return rc;
}

static int read_all(struct leftover *left)
{
    int rc = push(left, "");
    while (rc == 0 && left->n > 0) {
        char *path = left->todo[--left->n];
        rc = read_folder(left, path);
        free(path);
    }
    while (left->n > 0)
        free(left->todo[--left->n]);
    free(left->todo);
    return rc;
}

/* Only a marked folder has been published from: in another one a file of results can
 * only be because the task linked it there. */
static int undo(struct tote_publisher *publisher, const char *attempt,
                uint64_t *n_taken_back)
{
    struct leftover left = {.publisher = publisher, .attempt = attempt};
    struct stat info;
    left.folder = tote_folder_open(publisher->attempts, attempt);
    if (left.folder < 0)
        return left.folder == -ENOTDIR || left.folder == -ELOOP ? 0 : left.folder;
    int rc = fstat(left.folder, &info) < 0 ? -errno : 0;
    if (rc == 0 && (info.st_mode & S_ISVTX))
        rc = read_all(&left);
    close(left.folder);
    *n_taken_back += left.n_taken;
    return rc;
}

/* --- all attempts --- */

struct recovery {
    struct tote_publisher *publisher;
    tote_publisher_is_recorded *is_recorded;
    void *context;
    DIR *attempts;
    uint64_t n_taken_back;
};

/* Calls step for every entry that is an attempt's. */
static int each(struct recovery *recovery,
                int (*step)(struct recovery *recovery, const char *name))
{
    rewinddir(recovery->attempts);
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(recovery->attempts);
        if (!entry)
            return -errno;
        uint64_t task;
        uint32_t attempt;
        if (!tote_publisher_parse_attempt(entry->d_name, &task, &attempt))
            continue;
        int rc = step(recovery, entry->d_name);
        if (rc < 0)
            return rc;
    }
}

static int undo_one(struct recovery *recovery, const char *name)
{
    uint64_t task;
    uint32_t attempt;
    tote_publisher_parse_attempt(name, &task, &attempt);
    if (recovery->is_recorded(recovery->context, task, attempt))
        return 0;
    return undo(recovery->publisher, name, &recovery->n_taken_back);
}

static int remove_one(struct recovery *recovery, const char *name)
{
    tote_folder_remove_at(recovery->publisher->attempts, name);
    return 0;
}

/* The folders tell what has to be taken back: they go last, and only once that is
 * durable. */
static int recover_all(struct recovery *recovery, struct tote_error *err)
{
    int rc = each(recovery, undo_one);
    if (rc == 0)
        rc = tote_publisher_sync(recovery->publisher, err);
    return rc < 0 ? rc : each(recovery, remove_one);
}

int tote_publisher_recover(struct tote_publisher *publisher,
                           tote_publisher_is_recorded *is_recorded, void *context,
                           uint64_t *ret_taken_back, struct tote_error *err)
{
    struct recovery recovery = {
        .publisher = publisher, .is_recorded = is_recorded, .context = context};
    int fd = openat(publisher->attempts, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 ? -errno : 0;
    if (rc == 0) {
        recovery.attempts = fdopendir(fd);
        rc = recovery.attempts ? recover_all(&recovery, err) : -errno;
    }
    if (recovery.attempts)
        closedir(recovery.attempts);
    else if (fd >= 0)
        close(fd);
    if (rc < 0)
        return tote_error_set(err, rc,
                              "cannot take back what was not recorded in %.300s: %s",
                              publisher->name, strerror(-rc));
    if (ret_taken_back)
        *ret_taken_back = recovery.n_taken_back;
    return 0;
}
