/* SPDX-License-Identifier: MIT */
/* tree.c: removes a tree of folders (tree.h). It goes down into the first folder that
 * is not empty, and from an emptied one up to its parent, which it reads anew: so it
 * needs two descriptors and no names, however deep the tree is. */
#include "attempt/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens a folder so that its entries can be removed, whatever its mode. */
static int open_folder(int parent, const char *name)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(parent, name, flags);
    if (fd < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0)
        fd = openat(parent, name, flags);
    struct stat info;
    if (fd >= 0 && fstat(fd, &info) == 0 && (info.st_mode & 0700) != 0700)
        fchmod(fd, 0700);
    return fd < 0 ? -errno : fd;
}

/* 0: gone; 1: a folder that is not empty; else -errno. */
static int remove_entry(int parent, const char *name)
{
    if (unlinkat(parent, name, 0) == 0)
        return 0;
    if (errno != EISDIR && errno != EPERM)
        return -errno;
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
        return 0;
    return errno == ENOTEMPTY || errno == EEXIST ? 1 : -errno;
}

/* Removes entries up to the first folder that is not empty, which it opens. Returns its
 * descriptor, -ENOENT when nothing is left, else -errno. */
static int empty_folder(DIR *dir)
{
    struct dirent *entry;
    while ((errno = 0, entry = readdir(dir))) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        int rc = remove_entry(dirfd(dir), name);
        if (rc < 0)
            return rc;
        if (rc == 1)
            return open_folder(dirfd(dir), name);
    }
    return errno ? -errno : -ENOENT;
}

/* Empties the folder fd, which it takes. */
static int empty_tree(int fd)
{
    int rc = 0;
    for (long depth = 0; rc == 0 && depth >= 0;) {
        DIR *dir = fdopendir(fd);
        if (!dir) {
            rc = -errno;
            close(fd);
            return rc;
        }
        int next = empty_folder(dir);
        if (next >= 0) {
            depth++;
        } else if (next == -ENOENT) {
            if (--depth >= 0)
                next = open_folder(dirfd(dir), "..");
        }
        rc = next < 0 && depth >= 0 ? next : 0;
        closedir(dir);
        fd = next;
    }
    return rc;
}

int tote_tree_remove(int parent, const char *name)
{
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
        return 0;
    if (errno != ENOTEMPTY && errno != EEXIST)
        return -errno;
    int fd = open_folder(parent, name);
    int rc = fd < 0 ? fd : empty_tree(fd);
    if (rc == 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0)
        rc = -errno;
    return rc;
}
