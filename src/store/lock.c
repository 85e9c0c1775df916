/* SPDX-License-Identifier: MIT */
/* lock.c: the lock file beside a store (lock.h). Not for the locks inside the database,
 * which are SQLite's.
 *
 * A store is in use if its lock file is locked, or if the line in it names a process
 * that lives: the first is what the kernel knows, the second holds where a filesystem
 * has no locks (SQLite then refuses the store too, so two takers that race there do no
 * harm). Closing any descriptor of a file drops all locks that the process has on it:
 * it is opened once. */
#include "store/lock.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX     "-lock"
#define TRIES_MAX  1000 /* times that the file vanishes under a taker */
#define LINE_BYTES 256  /* bytes of its line */
#define BOOT_MAX   40   /* bytes of a boot id, NUL included: a UUID */
#define HOST_MAX   65
#define UNKNOWN    "-" /* boot id or host */

struct tote_lock {
    int fd;
    char *path;
};

struct owner {
    long pid;
    unsigned long long start; /* clock ticks after the boot; 0: unknown */
    char boot[BOOT_MAX], host[HOST_MAX];
};

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

static void find_boot(char boot[static BOOT_MAX])
{
    ssize_t n = read_small("/proc/sys/kernel/random/boot_id", boot, BOOT_MAX);
    if (n > 0)
        boot[strcspn(boot, " \n")] = '\0';
    if (n <= 0 || !boot[0])
        snprintf(boot, BOOT_MAX, UNKNOWN);
}

static bool is_word(const char *text)
{
    for (const char *at = text; *at; at++) {
        if (!isgraph((unsigned char)*at))
            return false;
    }
    return text[0] != '\0';
}

static struct owner owner_self(void)
{
    struct owner self = {.pid = (long)getpid()};
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

/* Whether the process is there that wrote the line: of this boot, and not a later one
 * with the same number. */
static bool owner_lives(const struct owner *owner)
{
    struct owner self = owner_self();
    if (strcmp(owner->boot, self.boot) != 0)
        return false;
    unsigned long long start = 0;
    if (process_start(owner->pid, &start))
        return start == owner->start;
    bool sees_processes = self.start != 0;
    return !sees_processes && (kill((pid_t)owner->pid, 0) == 0 || errno == EPERM);
}

static bool is_elsewhere(const struct owner *owner)
{
    struct owner self = owner_self();
    return strcmp(owner->boot, self.boot) != 0 && strcmp(owner->host, self.host) != 0;
}

/* --- the line --- */

enum line { LINE_NONE, LINE_GOOD, LINE_BAD };

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

static bool parse_line(char *text, struct owner *ret)
{
    char *at = text;
    unsigned long long pid = 0;
    struct owner owner = {0};
    if (!parse_number(&at, INT_MAX, &pid) || pid == 0 ||
        !parse_number(&at, ULLONG_MAX, &owner.start) ||
        !parse_word(&at, ' ', owner.boot, sizeof owner.boot) ||
        !parse_word(&at, '\n', owner.host, sizeof owner.host) || *at)
        return false;
    owner.pid = (long)pid;
    *ret = owner;
    return true;
}

/* Nothing, or zeros alone, is what a taker leaves that lost its power. */
static enum line read_line(int fd, struct owner *ret)
{
    char text[LINE_BYTES + 1] = {0};
    ssize_t n = pread(fd, text, LINE_BYTES, 0);
    if (n < 0)
        return LINE_BAD;
    size_t zeros = 0;
    while (zeros < (size_t)n && !text[zeros])
        zeros++;
    if (zeros == (size_t)n)
        return LINE_NONE;
    return strlen(text) == (size_t)n && parse_line(text, ret) ? LINE_GOOD : LINE_BAD;
}

static int write_line(const struct tote_lock *lock, struct tote_error *err)
{
    struct owner self = owner_self();
    char line[LINE_BYTES];
    int n = snprintf(line, sizeof line, "%ld %llu %s %s\n", self.pid, self.start,
                     self.boot, self.host);
    ssize_t written =
        ftruncate(lock->fd, 0) < 0 ? -1 : pwrite(lock->fd, line, (size_t)n, 0);
    if (written == n)
        return 0;
    int code = written < 0 ? -errno : -ENOSPC;
    return tote_error_set(err, code, "cannot write lock file '%.200s': %s", lock->path,
                          strerror(-code));
}

/* --- the file --- */

/* Beside the file itself, not beside a symlink to it: SQLite's files lie there too. New
 * text, or null. */
static char *path_of_lock(const char *store)
{
    char *real = realpath(store, NULL); /* null also for a store that is not made yet */
    const char *base = real ? real : store;
    size_t room = strlen(base) + sizeof SUFFIX;
    char *path = malloc(room);
    if (path)
        snprintf(path, room, "%s" SUFFIX, base);
    free(real);
    return path;
}

/* What we could have made: whatever else has this name is not written to. */
static int check_file(const char *path, const struct stat *file, struct tote_error *err)
{
    const char *what = NULL;
    if (!S_ISREG(file->st_mode))
        what = "is not a plain file";
    else if (file->st_uid != geteuid())
        what = "belongs to another user";
    else if (file->st_mode & (S_IWGRP | S_IWOTH))
        what = "may be written by other users";
    else if (file->st_nlink > 1)
        what = "has another name too";
    if (!what)
        return 0;
    return tote_error_set(err, -EPERM,
                          "'%.200s' %s, so it is no lock of tote's: look at it, and "
                          "remove it if nothing else needs it",
                          path, what);
}

static int fail_open(const char *path, int code, struct tote_error *err)
{
    if (code == -ELOOP)
        return tote_error_set(err, code,
                              "'%.200s' is a symlink, so it is no lock of tote's: "
                              "look at it, and remove it",
                              path);
    return tote_error_set(err, code, "cannot open lock file '%.200s': %s%s", path,
                          strerror(-code),
                          code == -ENOENT ? " (make its folder first)" : "");
}

static int open_file(struct tote_lock *lock, struct stat *ret_file,
                     struct tote_error *err)
{
    /* Without O_NONBLOCK a pipe of that name would keep us here. */
    lock->fd = open(lock->path,
                    O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                    S_IRUSR | S_IWUSR);
    if (lock->fd < 0)
        return fail_open(lock->path, -errno, err);
    if (fstat(lock->fd, ret_file) < 0)
        return fail_open(lock->path, -errno, err);
    return check_file(lock->path, ret_file, err);
}

static void close_file(struct tote_lock *lock)
{
    if (lock->fd >= 0)
        close(lock->fd);
    lock->fd = -1;
}

static bool has_its_name(const struct tote_lock *lock, const struct stat *file)
{
    struct stat named;
    return lstat(lock->path, &named) == 0 && named.st_dev == file->st_dev &&
           named.st_ino == file->st_ino;
}

/* One that cannot be removed is emptied: it claims nothing then. */
static bool clear_file(const struct tote_lock *lock)
{
    struct stat file;
    if (fstat(lock->fd, &file) < 0 || !has_its_name(lock, &file))
        return false;
    return unlink(lock->path) == 0 || ftruncate(lock->fd, 0) == 0;
}

/* --- taking --- */

enum attempt { AGAIN, TAKEN, WITHOUT_LOCKS };

static int fail_busy(const struct tote_lock *lock, const char *store, long pid,
                     struct tote_error *err)
{
    struct owner owner;
    bool is_known = read_line(lock->fd, &owner) == LINE_GOOD;
    if (pid <= 0 && is_known)
        pid = owner.pid;
    is_known = is_known && pid == owner.pid; /* else it has not written its line yet */
    if (pid <= 0)
        return tote_error_set(err, -EBUSY,
                              "store '%.200s' is in use by another process: wait until "
                              "it has ended",
                              store);
    return tote_error_set(err, -EBUSY,
                          "store '%.200s' is in use by process %ld%s%s: wait until it "
                          "has ended, or end it with 'kill %ld'",
                          store, pid, is_known ? " on " : "",
                          is_known ? owner.host : "", pid);
}

/* The process that keeps the file locked; 0: none, -1: one that cannot be named. */
static long lock_holder(int fd)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
        return 0;
    return lock.l_pid > 0 ? (long)lock.l_pid : -1;
}

/* One enum attempt, or negative. */
static int lock_file(const struct tote_lock *lock, const char *store,
                     struct tote_error *err)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(lock->fd, F_SETLK, &whole) == 0)
        return TAKEN;
    int code = -errno;
    if (code == -EACCES || code == -EAGAIN) {
        long pid = lock_holder(lock->fd);
        return pid == 0 ? AGAIN : fail_busy(lock, store, pid, err);
    }
    if (code == -ENOLCK || code == -EOPNOTSUPP || code == -ENOSYS || code == -EINVAL)
        return WITHOUT_LOCKS;
    return code == -EINTR ? AGAIN
                          : tote_error_set(err, code, "cannot lock '%.200s': %s",
                                           lock->path, strerror(-code));
}

/* Judges the line of a file that nobody keeps locked. */
static int judge_line(const struct tote_lock *lock, const char *store, bool has_locks,
                      bool *ret_was_left, struct tote_error *err)
{
    struct owner owner;
    enum line line = read_line(lock->fd, &owner);
    if (line == LINE_BAD)
        return tote_error_set(err, -EBADMSG,
                              "'%.200s' is damaged or no lock of tote's: remove it if "
                              "no tote uses the store",
                              lock->path);
    if (line == LINE_GOOD && owner_lives(&owner))
        return fail_busy(lock, store, owner.pid, err);
    if (line == LINE_GOOD && !has_locks && is_elsewhere(&owner))
        return tote_error_set(err, -EBUSY,
                              "store '%.200s' was in use by process %ld on %s, which "
                              "cannot be seen from here: if that has ended, remove "
                              "'%.200s'",
                              store, owner.pid, owner.host, lock->path);
    *ret_was_left = line == LINE_GOOD;
    return 0;
}

/* Opens and locks the file: AGAIN, with the file closed, if it was removed meanwhile by
 * the one that had it. */
static int take_once(struct tote_lock *lock, const char *store, bool *ret_was_left,
                     struct tote_error *err)
{
    struct stat file;
    int code = open_file(lock, &file, err);
    if (code < 0)
        return code;
    int attempt = lock_file(lock, store, err);
    if (attempt < 0)
        return attempt;
    if (attempt == AGAIN || !has_its_name(lock, &file)) {
        close_file(lock);
        return AGAIN;
    }
    code = judge_line(lock, store, attempt == TAKEN, ret_was_left, err);
    return code < 0 ? code : attempt;
}

static void destroy(struct tote_lock *lock)
{
    close_file(lock);
    free(lock->path);
    free(lock);
}

int tote_lock_take(const char *store, struct tote_lock **ret_lock, bool *was_left,
                   struct tote_error *err)
{
    bool left = false;
    int code = AGAIN;
    struct tote_lock *lock = calloc(1, sizeof *lock);
    if (!lock)
        return tote_error_set(err, -ENOMEM, "out of memory");
    lock->fd = -1;
    lock->path = path_of_lock(store);
    if (!lock->path)
        code = tote_error_set(err, -ENOMEM, "out of memory");
    for (int i = 0; code == AGAIN && i < TRIES_MAX; i++)
        code = take_once(lock, store, &left, err);
    if (code == AGAIN)
        code = tote_error_set(err, -EBUSY,
                              "store '%.200s' is in use by processes that come and go",
                              store);
    if (code > 0) {
        code = write_line(lock, err);
        if (code < 0)
            clear_file(lock);
    }
    if (code < 0) {
        destroy(lock);
        return code;
    }
    *ret_lock = lock;
    if (was_left)
        *was_left = left;
    return 0;
}

void tote_lock_release(struct tote_lock *lock)
{
    if (!lock)
        return;
    clear_file(lock);
    destroy(lock);
}

bool tote_lock_is_held(const char *store, long *ret_pid)
{
    char *path = path_of_lock(store);
    int fd = path
                 ? open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
                 : -1;
    free(path);
    struct stat file;
    struct owner owner = {0};
    long pid = 0;
    if (fd >= 0 && fstat(fd, &file) == 0 && S_ISREG(file.st_mode)) {
        bool is_known = read_line(fd, &owner) == LINE_GOOD;
        pid = lock_holder(fd);
        if (is_known && (pid < 0 || (pid == 0 && owner_lives(&owner))))
            pid = owner.pid;
    }
    if (fd >= 0)
        close(fd);
    if (pid != 0 && ret_pid)
        *ret_pid = pid > 0 ? pid : 0;
    return pid != 0;
}
