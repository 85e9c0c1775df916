/* SPDX-License-Identifier: MIT */
/* owner.c: processes as /proc tells them, and as one line of a lock file (owner.h). */
#include "store/owner.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES 256 /* bytes of its line */
#define UNKNOWN    "-" /* boot id or host */

/* --- processes --- */

/* Reads a small file whole; bytes without the terminator, or -1. */
static ssize_t read_small(const char *path, char *text, size_t room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, room - 1);
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n;
}

/* When a process started; false: it is not there, or dead and not yet waited for. Its
 * name, in brackets, may hold blanks and brackets: what counts begins behind the last.
 */
static bool process_start(long pid, unsigned long long *ret_start)
{
    enum { STATE = 3, START = 22 }; /* proc(5) counts from 1; the name is field 2 */
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    if (read_small(path, text, sizeof text) <= 0)
        return false;
    const char *at = strrchr(text, ')');
    for (int field = STATE; at && field <= START; field++) {
        at = strchr(at, ' ');
        if (at && field == STATE && strchr("ZXx", at[1]))
            return false;
        at = at ? at + 1 : NULL;
    }
    if (!at)
        return false;
    *ret_start = strtoull(at, NULL, 10);
    return true;
}

static void find_boot(char boot[static TOTE_OWNER_BOOT_MAX])
{
    ssize_t n =
        read_small("/proc/sys/kernel/random/boot_id", boot, TOTE_OWNER_BOOT_MAX);
    if (n > 0)
        boot[strcspn(boot, " \n")] = '\0';
    if (n <= 0 || !boot[0])
        snprintf(boot, TOTE_OWNER_BOOT_MAX, UNKNOWN);
}

static bool is_word(const char *text)
{
    for (const char *at = text; *at; at++) {
        if (!isgraph((unsigned char)*at))
            return false;
    }
    return text[0] != '\0';
}

struct tote_owner tote_owner_self(void)
{
    struct tote_owner self = {.pid = (long)getpid()};
    if (!process_start(self.pid, &self.start))
        self.start = 0;
    find_boot(self.boot);
    if (gethostname(self.host, sizeof self.host) < 0)
        self.host[0] = '\0';
    self.host[sizeof self.host - 1] = '\0';
    if (!is_word(self.host))
        snprintf(self.host, sizeof self.host, UNKNOWN);
    return self;
}

bool tote_owner_lives(const struct tote_owner *owner)
{
    struct tote_owner self = tote_owner_self();
    if (strcmp(owner->boot, self.boot) != 0)
        return false;
    unsigned long long start = 0;
    if (process_start(owner->pid, &start))
        return start == owner->start;
    bool sees_processes = self.start != 0;
    return !sees_processes && (kill((pid_t)owner->pid, 0) == 0 || errno == EPERM);
}

bool tote_owner_is_elsewhere(const struct tote_owner *owner)
{
    struct tote_owner self = tote_owner_self();
    return strcmp(owner->boot, self.boot) != 0 && strcmp(owner->host, self.host) != 0;
}

/* --- the line --- */

static bool parse_number(char **at, unsigned long long max, unsigned long long *ret)
{
    char *end = *at;
    errno = 0;
    unsigned long long value =
        isdigit((unsigned char)**at) ? strtoull(*at, &end, 10) : 0;
    if (end == *at || errno || *end != ' ' || value > max)
        return false;
    *at = end + 1;
    *ret = value;
    return true;
}

/* Copies the word up to `end`, which must come. */
static bool parse_word(char **at, char end, char *to, size_t room)
{
    char *stop = strchr(*at, end);
    if (!stop || (size_t)(stop - *at) >= room)
        return false;
    memcpy(to, *at, (size_t)(stop - *at));
    to[stop - *at] = '\0';
    *at = stop + 1;
    return is_word(to);
}

static bool parse_line(char *text, struct tote_owner *ret)
{
    char *at = text;
    unsigned long long pid = 0;
    struct tote_owner owner = {0};
    if (!parse_number(&at, INT_MAX, &pid) || pid == 0 ||
        !parse_number(&at, ULLONG_MAX, &owner.start) ||
        !parse_word(&at, ' ', owner.boot, sizeof owner.boot) ||
        !parse_word(&at, '\n', owner.host, sizeof owner.host) || *at)
        return false;
    owner.pid = (long)pid;
    *ret = owner;
    return true;
}

enum tote_owner_line tote_owner_read(int fd, struct tote_owner *ret)
{
    char text[LINE_BYTES + 1] = {0};
    ssize_t n = pread(fd, text, LINE_BYTES, 0);
    if (n < 0)
        return TOTE_OWNER_BAD;
    size_t zeros = 0;
    while (zeros < (size_t)n && !text[zeros])
        zeros++;
    if (zeros == (size_t)n)
        return TOTE_OWNER_NONE;
    return strlen(text) == (size_t)n && parse_line(text, ret) ? TOTE_OWNER_GOOD
                                                              : TOTE_OWNER_BAD;
}

int tote_owner_write(int fd)
{
    struct tote_owner self = tote_owner_self();
    char line[LINE_BYTES];
    int n = snprintf(line, sizeof line, "%ld %llu %s %s\n", self.pid, self.start,
                     self.boot, self.host);
    ssize_t written = ftruncate(fd, 0) < 0 ? -1 : pwrite(fd, line, (size_t)n, 0);
    if (written == n)
        return 0;
    return written < 0 ? -errno : -ENOSPC;
}
