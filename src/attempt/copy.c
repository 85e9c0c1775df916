/* SPDX-License-Identifier: MIT */
/* copy.c: copies a file (copy.h). First by sharing its blocks, which costs nothing;
 * then within the kernel; then by hand. What one way cannot do is the next one's, from
 * where it stopped; only the last one's word on what is wrong counts. */
#include "attempt/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define RANGE_MAX ((size_t)1 << 30) /* bytes that are asked for in one call */
#define CHUNK     65536

static bool clone_whole(int in, int out)
{
    return ioctl(out, FICLONE, in) == 0;
}

/* As much as this way goes; both descriptors stand behind it. */
static void copy_ranges(int in, int out)
{
    ssize_t n;
    do
        n = copy_file_range(in, NULL, out, NULL, RANGE_MAX, 0);
    while (n > 0 || (n < 0 && errno == EINTR));
}

static int copy_rest(int in, int out)
{
    char bytes[CHUNK];
    ssize_t n;
    int rc = 0;
    while (rc == 0 && (n = read(in, bytes, sizeof bytes)) != 0)
        rc = n > 0            ? tote_file_write(out, bytes, (size_t)n)
             : errno == EINTR ? 0
                              : -errno;
    return -rc;
}

/* Of what was opened, so that nothing can take its place meanwhile. */
static int copy_open(int in, const struct stat *info, int to_at, const char *to)
{
    const struct timespec times[] = {info->st_atim, info->st_mtim};
    int out = openat(to_at, to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out < 0)
        return errno;
    int code = 0;
    if (!clone_whole(in, out)) {
        copy_ranges(in, out);
        code = copy_rest(in, out);
    }
    if (!code && (fchmod(out, info->st_mode & 0777) < 0 || futimens(out, times) < 0))
        code = errno;
    if (close(out) < 0 && !code)
        code = errno;
    return code;
}

int tote_copy_file(int from_at, const char *from, int to_at, const char *to)
{
    struct stat info;
    /* A pipe would not be waited for. */
    int in = openat(from_at, from, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (in < 0)
        return errno;
    int code = fstat(in, &info) < 0 ? errno : S_ISREG(info.st_mode) ? 0 : EINVAL;
    if (!code)
        code = copy_open(in, &info, to_at, to);
    close(in);
    return code;
}
