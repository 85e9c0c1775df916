/* SPDX-License-Identifier: MIT */
/* file.c: reads and writes all bytes of a file (file.h). */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fill(int fd, char *bytes, size_t n)
{
    for (size_t used = 0; used < n;) {
        ssize_t got = read(fd, bytes + used, n - used);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : -EBADMSG;
        used += (size_t)got;
    }
    return 0;
}

int tote_file_read(int fd, size_t most, void **ret_bytes, size_t *ret_n)
{
    struct stat info;
    if (fstat(fd, &info) < 0)
        return -errno;
    if (!S_ISREG(info.st_mode))
        return -EBADMSG;
    if (info.st_size < 0 || (uint64_t)info.st_size > most)
        return -EMSGSIZE;
    size_t n = (size_t)info.st_size;
    char *bytes = malloc(n + 1);
    if (!bytes)
        return -ENOMEM;
    int rc = fill(fd, bytes, n);
    if (rc < 0) {
        free(bytes);
        return rc;
    }
    *ret_bytes = bytes;
    *ret_n = n;
    return 0;
}

int tote_file_write(int fd, const void *bytes, size_t n)
{
    const char *at = bytes;
    while (n > 0) {
        ssize_t written = write(fd, at, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        at += written;
        n -= (size_t)written;
    }
    return 0;
}

int tote_file_make(const char *path)
{
    if (unlink(path) < 0 && errno != ENOENT)
        return -errno;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : fd;
}

int tote_file_fail(const char *doing, const char *path, int code,
                   struct tote_error *err)
{
    return tote_error_set(err, -code, "cannot %s %.300s: %s", doing, path,
                          strerror(code));
}
