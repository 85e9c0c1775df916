/* SPDX-License-Identifier: MIT */
/* publisher_open.c: opens the folders of a publisher, and looks at what is in them
 * (publisher.h). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/digest_file.h"
#include "core/publisher.h"
#include "core/publisher_state.h"

#define FOLDER (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

static int sync_folder(const char *path)
{
    int fd = open(path, FOLDER);
    int rc = fd < 0 || fsync(fd) < 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    return rc == -EINVAL ? 0 : rc; /* a filesystem that cannot */
}

static int make_synced(char *path)
{
    if (mkdir(path, 0777) < 0)
        return errno == EEXIST ? 0 : -errno;
    char *slash = strrchr(path, '/');
    if (!slash)
        return sync_folder(".");
    if (slash == path)
        return sync_folder("/");
    *slash = '\0';
    int rc = sync_folder(path);
    *slash = '/';
    return rc;
}

int tote_folder_make(const char *name)
{
    char path[PATH_MAX];
    size_t n = strlen(name);
    while (n > 1 && name[n - 1] == '/')
        n--;
    if (n == 0 || n >= sizeof path)
        return n == 0 ? -ENOENT : -ENAMETOOLONG;
    memcpy(path, name, n);
    path[n] = '\0';
    int rc = 0;
    for (char *slash = path; rc == 0 && (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        rc = make_synced(path);
        *slash = '/';
    }
    return rc < 0 ? rc : make_synced(path);
}

static int open_results(struct tote_publisher *publisher, struct tote_error *err)
{
    int fd = open(publisher->name, FOLDER);
    int rc = fd < 0 ? -errno : 0;
    if (rc == -ENOENT) {
        rc = tote_folder_make(publisher->name);
        if (rc == 0)
            fd = open(publisher->name, FOLDER);
        if (rc == 0 && fd < 0)
            rc = -errno;
    }
    publisher->results = fd;
    return rc == 0 ? 0
                   : tote_error_set(err, rc, "cannot use the results folder %.300s: %s",
                                    publisher->name, strerror(-rc));
}

static int open_attempts(struct tote_publisher *publisher, const char *attempts,
                         struct tote_error *err)
{
    struct stat there, here;
    publisher->attempts = open(attempts, FOLDER | O_NOFOLLOW);
    if (publisher->attempts < 0 || fstat(publisher->attempts, &here) < 0 ||
        fstat(publisher->results, &there) < 0) {
        int code = errno;
        return tote_error_set(err, -code, "cannot use the work folder %.300s: %s",
                              attempts, strerror(code));
    }
    if (here.st_dev != there.st_dev)
        return tote_error_set(err, -EXDEV,
                              "the work folder %.200s is not on the filesystem of the "
                              "results folder %.200s",
                              attempts, publisher->name);
    return 0;
}

int tote_publisher_open(const struct tote_publisher_config *config,
                        struct tote_publisher **ret_publisher, struct tote_error *err)
{
    struct tote_publisher *publisher = calloc(1, sizeof *publisher);
    size_t n = strlen(config->results) + 1;
    char *name = publisher ? malloc(n) : NULL;
    if (!name) {
        free(publisher);
        return tote_error_set(err, -ENOMEM, "out of memory for a publisher");
    }
    memcpy(name, config->results, n);
    *publisher = (struct tote_publisher){
        .results = -1, .attempts = -1, .name = name, .is_hostile = config->is_hostile};
    int rc = open_results(publisher, err);
    if (rc == 0 && config->attempts)
        rc = open_attempts(publisher, config->attempts, err);
    if (rc < 0)
        tote_publisher_close(publisher);
    else
        *ret_publisher = publisher;
    return rc;
}

void tote_publisher_close(struct tote_publisher *publisher)
{
    if (!publisher)
        return;
    if (publisher->results >= 0)
        close(publisher->results);
    if (publisher->attempts >= 0)
        close(publisher->attempts);
    tote_folder_list_clear(&publisher->changed);
    tote_folder_list_clear(&publisher->made);
    free(publisher->changed.paths);
    free(publisher->made.paths);
    free(publisher->inodes);
    free(publisher->name);
    free(publisher);
}

/* --- looking --- */

bool tote_publisher_is_taken(struct tote_publisher *publisher, const char *path)
{
    const char *name;
    struct stat info;
    int folder = tote_beneath_parent(publisher->results, path, &name);
    if (folder < 0)
        return folder == -ELOOP || folder == -ENOTDIR;
    bool is_taken = fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0;
    close(folder);
    return is_taken;
}

int tote_publisher_check_way(struct tote_publisher *publisher, const char *path,
                             struct tote_error *err)
{
    const char *name;
    int folder = tote_beneath_parent(publisher->results, path, &name);
    if (folder == -ELOOP)
        return tote_error_set(
            err, -EINVAL,
            "'%.200s' goes through a symbolic link in %.200s, and could lead out: name "
            "the folder that it leads to with --results",
            path, publisher->name);
    if (folder == -ENOTDIR)
        return tote_error_set(
            err, -EINVAL,
            "'%.200s' goes through a file in %.200s as if it were a folder: move that "
            "away, or name another folder with --results",
            path, publisher->name);
    if (folder >= 0)
        close(folder);
    return 0;
}

static int look_in(int folder, const char *name, uint64_t *ret_size,
                   struct tote_digest *ret_digest)
{
    struct stat info;
    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISREG(info.st_mode))
        return -EBADMSG;
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int rc = tote_digest_of_file(fd, ret_size, ret_digest);
    close(fd);
    return rc < 0 ? rc : 1;
}

int tote_publisher_look(struct tote_publisher *publisher, const char *path,
                        uint64_t *ret_size, struct tote_digest *ret_digest,
                        struct tote_error *err)
{
    const char *name;
    int folder = tote_beneath_parent(publisher->results, path, &name);
    int rc = folder;
    if (folder >= 0) {
        rc = look_in(folder, name, ret_size, ret_digest);
        close(folder);
    }
    if (rc >= 0)
        return rc;
    if (folder == -ENOENT || folder == -ENOTDIR)
        return 0;
    if (rc == -ELOOP || rc == -EBADMSG)
        return tote_error_set(err, -EBADMSG, "'%.200s' in %.200s is not a regular file",
                              path, publisher->name);
    return tote_error_set(err, rc, "cannot read '%.200s' in %.200s: %s", path,
                          publisher->name, strerror(-rc));
}

int tote_publisher_check(struct tote_publisher *publisher, const char *path,
                         uint64_t size, const struct tote_digest *digest,
                         struct tote_error *err)
{
    uint64_t there_size = 0;
    struct tote_digest there = {0};
    int rc = tote_publisher_look(publisher, path, &there_size, &there, NULL);
    bool is_same =
        there_size == size && there.high == digest->high && there.low == digest->low;
    if (rc == 0 || (rc > 0 && is_same))
        return rc;
    return tote_error_set(
        err, -EINVAL,
        "'%.200s' in %.200s was changed since this bag made it: move it away, so that "
        "it is made again, or give --force to overwrite it",
        path, publisher->name);
}
