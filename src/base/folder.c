/* SPDX-License-Identifier: MIT */
/* folder.c: opens, makes and removes folders (folder.h). */
#include "base/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/slice.h"

#define READ_FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define LIFTS_MAX   65536u /* names tried for a folder that is lifted */

int tote_folder_open(int parent, const char *name)
{
    int fd = openat(parent, name, READ_FOLDER);
    if (fd < 0 && errno == EACCES &&
        fchmodat(parent, name, 0700, AT_SYMLINK_NOFOLLOW) == 0)
        fd = openat(parent, name, READ_FOLDER);
    if (fd < 0)
        return -errno;
    struct stat info;
    if (fstat(fd, &info) == 0 && (info.st_mode & 0700) != 0700)
        (void)fchmod(fd, (info.st_mode & 07777) | 0700);
    return fd;
}

bool tote_folder_is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

int tote_folder_make_parents(int folder, const char *path)
{
    char part[TOTE_FILE_NAME_MAX];
    for (const char *slash = path; (slash = strchr(slash, '/')); slash++) {
        size_t n = (size_t)(slash - path);
        memcpy(part, path, n);
        part[n] = '\0';
        if (mkdirat(folder, part, 0700) < 0 && errno != EEXIST)
            return -errno;
    }
    return 0;
}

/* --- removing --- */

/* A tree is not walked down, it is lifted up: folders within a folder of the top one
 * are moved to the top, until there is only one level. So depth costs no descriptors.
 */
struct removal {
    int top;
    uint64_t n_lifted;
};

/* Moves the folder name of parent to the top, under a name that is free there. */
static bool lift(struct removal *removal, int parent, const char *name)
{
    int fd = tote_folder_open(parent, name); /* to be moved it must be writable */
    if (fd >= 0)
        close(fd);
    for (unsigned i = 0; i < LIFTS_MAX; i++) {
        char to[32];
        snprintf(to, sizeof to, ".%" PRIu64, removal->n_lifted++);
        if (renameat(parent, name, removal->top, to) == 0)
            return true;
        if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
            return false;
    }
    return false;
}

/* Whether an entry went: a file, or a folder that is empty. */
static bool remove_entry(int parent, const char *name)
{
    if (unlinkat(parent, name, 0) == 0)
        return true;
    return (errno == EISDIR || errno == EPERM) &&
           unlinkat(parent, name, AT_REMOVEDIR) == 0;
}

/* Removes what is in a folder of the top one and lifts the folders in it, then the
 * folder. Whether anything came of it. */
static bool clear_child(struct removal *removal, const char *name)
{
    int fd = tote_folder_open(removal->top, name);
    DIR *child = fd >= 0 ? fdopendir(fd) : NULL;
    bool has_gone_on = false;
    if (!child) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    for (struct dirent *entry; (entry = readdir(child));) {
        if (tote_folder_is_dots(entry->d_name))
            continue;
        has_gone_on |=
            remove_entry(fd, entry->d_name) || lift(removal, fd, entry->d_name);
    }
    closedir(child);
    has_gone_on |= unlinkat(removal->top, name, AT_REMOVEDIR) == 0;
    return has_gone_on;
}

/* One pass over the top folder; false: nothing more can be done. */
static bool sweep(struct removal *removal, DIR *top)
{
    bool has_gone_on = false;
    rewinddir(top);
    for (struct dirent *entry; (entry = readdir(top));) {
        if (tote_folder_is_dots(entry->d_name))
            continue;
        has_gone_on |= remove_entry(removal->top, entry->d_name) ||
                       clear_child(removal, entry->d_name);
    }
    return has_gone_on;
}

int tote_folder_remove_at(int parent, const char *name)
{
    if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
        return 0;
    int code = errno;
    int fd = tote_folder_open(parent, name);
    DIR *top = fd >= 0 ? fdopendir(fd) : NULL;
    struct removal removal = {.top = fd};
    while (top && code && sweep(&removal, top))
        code = unlinkat(parent, name, AT_REMOVEDIR) < 0 ? errno : 0;
    if (top)
        closedir(top);
    else if (fd >= 0)
        close(fd);
    return -code;
}

int tote_folder_remove(const char *path)
{
    return tote_folder_remove_at(AT_FDCWD, path);
}
