/* SPDX-License-Identifier: MIT */
/* late.c: reads a time limit from its file (late.h). The commands of the bag may write
 * there: what is no number in a small file is no limit. */
#include "attempt/late.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/slice.h"

enum { BYTES_MAX = 32 };

/* Digits and a newline, and nothing else; 0: it is none. */
static tote_ns_t parse(const char *text, size_t n)
{
    tote_ns_t value = 0;
    size_t i = 0;
    for (; i < n && text[i] >= '0' && text[i] <= '9'; i++) {
        int digit = text[i] - '0';
        if (value > (TOTE_LATE_MAX - digit) / 10)
            return 0;
        value = value * 10 + digit;
    }
    return i + 1 == n && text[i] == '\n' ? value : 0;
}

tote_ns_t tote_late_read(int attempts)
{
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    struct stat info;
    char text[BYTES_MAX + 1];
    int fd = openat(attempts, "../" TOTE_LATE_NAME, flags);
    if (fd < 0)
        return 0;
    bool is_small =
        fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= BYTES_MAX;
    ssize_t n = is_small ? read(fd, text, sizeof text) : 0;
    close(fd);
    return n > 0 && n <= BYTES_MAX ? parse(text, (size_t)n) : 0;
}
