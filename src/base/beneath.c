/* SPDX-License-Identifier: MIT */
/* beneath.c: opens what lies below a folder (beneath.h). */
#include "base/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/slice.h"

#define STEP (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static int check_component(const char *text, size_t n)
{
    if (n == 2 && text[0] == '.' && text[1] == '.')
        return -EXDEV;
    return n == 0 || n > NAME_MAX || (n == 1 && text[0] == '.') ? -EBADMSG : 0;
}

int tote_beneath_check(const char *path)
{
    if (path[0] == '/')
        return -EXDEV;
    if (strlen(path) >= TOTE_FILE_NAME_MAX)
        return -EBADMSG;
    for (;;) {
        size_t n = strcspn(path, "/");
        int rc = check_component(path, n);
        if (rc < 0 || !path[n])
            return rc;
        path += n + 1;
    }
}

/* --- where there is no openat2 --- */

/* A symlink opened as a folder without following is "not a folder": the same answer as
 * openat2's is wanted. */
static int refusal(int parent, const char *name, int code)
{
    struct stat info;
    if (code == ENOTDIR && fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISLNK(info.st_mode))
        return -ELOOP;
    return -code;
}

static int step(int parent, const char *name, int flags)
{
    int fd = openat(parent, name, flags | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return refusal(parent, name, errno);
    /* O_PATH opens a symlink itself. */
    struct stat info;
    if ((flags & O_PATH) && fstat(fd, &info) == 0 && S_ISLNK(info.st_mode)) {
        close(fd);
        return -ELOOP;
    }
    return fd;
}

static int walk(int folder, const char *path, int flags)
{
    int at = folder;
    for (;;) {
        char name[NAME_MAX + 1];
        size_t n = strcspn(path, "/");
        memcpy(name, path, n);
        name[n] = '\0';
        int fd = step(at, name, path[n] ? STEP : flags);
        if (at != folder)
            close(at);
        if (fd < 0 || !path[n])
            return fd;
        at = fd;
        path += n + 1;
    }
}

/* --- opening --- */

static int open_resolved(int folder, const char *path, int flags, unsigned more)
{
    int rc = strcmp(path, ".") == 0 ? 0 : tote_beneath_check(path);
    if (rc < 0)
        return rc;
    struct open_how how = {
        .flags = (unsigned)(flags | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | more,
    };
    long fd = syscall(SYS_openat2, folder, path, &how, sizeof how);
    if (fd >= 0)
        return (int)fd;
    /* EPERM: filters from before openat2 say so to calls that they do not know. */
    return errno == ENOSYS || errno == EPERM ? walk(folder, path, flags) : -errno;
}

int tote_beneath_open(int folder, const char *path, int flags)
{
    return open_resolved(folder, path, flags, 0);
}

int tote_beneath_open_near(int folder, const char *path, int flags)
{
    return open_resolved(folder, path, flags, RESOLVE_NO_XDEV);
}

int tote_beneath_parent(int folder, const char *path, const char **ret_name)
{
    int rc = tote_beneath_check(path);
    if (rc < 0)
        return rc;
    const char *slash = strrchr(path, '/');
    char parent[TOTE_FILE_NAME_MAX] = ".";
    if (slash) {
        memcpy(parent, path, (size_t)(slash - path));
        parent[slash - path] = '\0';
    }
    int fd = tote_beneath_open(folder, parent, O_PATH | O_DIRECTORY);
    if (fd >= 0)
        *ret_name = slash ? slash + 1 : path;
    return fd;
}
