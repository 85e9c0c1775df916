/* SPDX-License-Identifier: MIT */
/* lock.c: the lock file beside a store (lock.h). Not for the locks inside the database,
 * which are SQLite's, nor for what a line in it says of a process (owner.c).
 *
 * A store is in use if its lock file is locked, or if the line in it names a process
 * that lives: the first is what the kernel knows, the second holds where a filesystem
 * has no locks (SQLite then refuses the store too, so two takers that race there do no
 * harm). Closing any descriptor of a file drops all locks that the process has on it:
 * it is opened once. */
#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/owner.h"

#define SUFFIX    "-lock"
#define TRIES_MAX 1000 /* times that the file vanishes under a taker */

struct tote_lock {
    int fd;
    char *path;
};

static int write_line(const struct tote_lock *lock, struct tote_error *err)
{
    int code = tote_owner_write(lock->fd);
    return code == 0 ? 0
                     : tote_error_set(err, code, "cannot write lock file '%.200s': %s",
                                      lock->path, strerror(-code));
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
    struct tote_owner owner;
    bool is_known = tote_owner_read(lock->fd, &owner) == TOTE_OWNER_GOOD;
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
    struct tote_owner owner;
    enum tote_owner_line line = tote_owner_read(lock->fd, &owner);
    if (line == TOTE_OWNER_BAD)
        return tote_error_set(err, -EBADMSG,
                              "'%.200s' is damaged or no lock of tote's: remove it if "
                              "no tote uses the store",
                              lock->path);
    if (line == TOTE_OWNER_GOOD && tote_owner_lives(&owner))
        return fail_busy(lock, store, owner.pid, err);
    if (line == TOTE_OWNER_GOOD && !has_locks && tote_owner_is_elsewhere(&owner))
        return tote_error_set(err, -EBUSY,
                              "store '%.200s' was in use by process %ld on %s, which "
                              "cannot be seen from here: if that has ended, remove "
                              "'%.200s'",
                              store, owner.pid, owner.host, lock->path);
    *ret_was_left = line == TOTE_OWNER_GOOD;
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
    struct tote_owner owner = {0};
    long pid = 0;
    if (fd >= 0 && fstat(fd, &file) == 0 && S_ISREG(file.st_mode)) {
        bool is_known = tote_owner_read(fd, &owner) == TOTE_OWNER_GOOD;
        pid = lock_holder(fd);
        if (is_known && (pid < 0 || (pid == 0 && tote_owner_lives(&owner))))
            pid = owner.pid;
    }
    if (fd >= 0)
        close(fd);
    if (pid != 0 && ret_pid)
        *ret_pid = pid > 0 ? pid : 0;
    return pid != 0;
}
