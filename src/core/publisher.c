/* SPDX-License-Identifier: MIT */
/* publisher.c: checks, links and syncs the files of good attempts (publisher.h). What a
 * kill leaves is the business of publisher_recover.c; opening and looking of
 * publisher_open.c. */
#include "core/publisher.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/digest_file.h"
#include "base/folder.h"
#include "base/slice.h"
#include "core/folder_list.h"
#include "core/publisher_state.h"

#define OWN_PREFIX ".tote-" /* of tote's own names in the results folder */
/* Of an attempt's folder, once its files are being linked. */
#define MARKED_MODE 01700

/* --- sentences --- */

/* What a system call said of a path in the results folder, as one of the codes that
 * publisher.h promises. */
static int code_of(int rc)
{
    switch (rc) {
    case -ENOTDIR:
    case -EISDIR:
        return -EEXIST;
    case -ENAMETOOLONG:
    case -EILSEQ:
    case -EINVAL:
        return -EBADMSG;
    default:
        return rc;
    }
}

static int refuse(const struct tote_publisher *publisher, const char *path, int rc,
                  struct tote_error *err)
{
    int code = code_of(rc);
    const char *folder = publisher->name;
    if (code == -EEXIST)
        return tote_error_set(
            err, code, "'%.200s' is in %.200s already, and this bag did not make it",
            path, folder);
    if (code == -ELOOP)
        return tote_error_set(
            err, code,
            "'%.200s' goes through a symbolic link in %.200s, and could "
            "lead out",
            path, folder);
    if (code == -EXDEV)
        return tote_error_set(err, code,
                              "'%.200s' leads out of %.200s, or to another filesystem",
                              path, folder);
    if (code == -EOPNOTSUPP)
        return tote_error_set(err, code,
                              "the filesystem of %.200s has neither hard links nor "
                              "renames that never replace: name another with --results",
                              folder);
    return tote_error_set(err, code, "cannot publish '%.200s' in %.200s: %s", path,
                          folder, strerror(-rc));
}

/* Of a file in the attempt's folder. */
static int wrong_file(const char *path, const char *why, struct tote_error *err)
{
    return tote_error_set(err, -EBADMSG, "'%.200s', which the task made, %s", path,
                          why);
}

static int cannot_read(const char *path, int rc, struct tote_error *err)
{
    if (rc == -ENOENT || rc == -ENOTDIR)
        return wrong_file(path, "is not there", err);
    if (rc == -EACCES)
        return wrong_file(path, "cannot be read: permission denied", err);
    if (rc == -ELOOP || rc == -EXDEV)
        return tote_error_set(err, rc, "'%.200s' leads out of the task's own folder",
                              path);
    return tote_error_set(err, rc, "cannot read '%.200s', which the task made: %s",
                          path, strerror(-rc));
}

static int no_memory(struct tote_error *err)
{
    return tote_error_set(err, -ENOMEM, "out of memory while publishing");
}

static bool has_no_links(int code)
{
    return code == EPERM || code == EOPNOTSUPP || code == ENOSYS || code == EMLINK;
}

/* Before it is changed: what is changed and not noted would not be synced. */
static int note_parent(struct tote_publisher *publisher, const char *path)
{
    const char *slash = strrchr(path, '/');
    return tote_folder_list_add(&publisher->changed, path,
                                slash ? (size_t)(slash - path) : 0);
}

/* --- names --- */

static const char *read_number(const char *text, uint64_t *ret_number)
{
    uint64_t number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if ((number == 0 && at > text) || number > (UINT64_MAX - digit) / 10)
            return NULL;
        number = 10 * number + digit;
    }
    *ret_number = number;
    return at > text ? at : NULL;
}

bool tote_publisher_parse_attempt(const char *name, uint64_t *ret_task,
                                  uint32_t *ret_attempt)
{
    uint64_t task, attempt;
    const char *at = read_number(name, &task);
    if (!at || *at != '.')
        return false;
    at = read_number(at + 1, &attempt);
    if (!at || *at || attempt == 0 || attempt > UINT32_MAX)
        return false;
    *ret_task = task;
    *ret_attempt = (uint32_t)attempt;
    return true;
}

void tote_publisher_temporary(const char *attempt, const struct tote_inode *inode,
                              char into[static TOTE_PUBLISHER_TEMPORARY_MAX])
{
    snprintf(into, TOTE_PUBLISHER_TEMPORARY_MAX, OWN_PREFIX "%s-%" PRIu64, attempt,
             (uint64_t)inode->number);
}

static bool is_same(const struct stat *info, const struct tote_inode *inode)
{
    return info->st_dev == inode->device && info->st_ino == inode->number;
}

int tote_publisher_unlink_same(int folder, const char *name,
                               const struct tote_inode *inode)
{
    struct stat info;
    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!is_same(&info, inode))
        return 0;
    return unlinkat(folder, name, 0) < 0 ? -errno : 1;
}

/* --- checking what the task made --- */

/* What came from elsewhere is read whole, gets the mode that the command gave it there,
 * and is synced, since nobody did before. Some filesystems keep no modes. */
static int check_content(int fd, const struct tote_publisher_file *file,
                         struct tote_error *err)
{
    uint64_t size;
    struct tote_digest digest;
    int rc = tote_digest_of_file(fd, &size, &digest);
    if (rc == 0 && fchmod(fd, file->mode & TOTE_FILE_MODES) < 0 && !has_no_links(errno))
        rc = -errno;
    if (rc == 0 && fsync(fd) < 0)
        rc = -errno;
    if (rc < 0)
        return cannot_read(file->path, rc, err);
    if (size != file->size || digest.high != file->digest.high ||
        digest.low != file->digest.low)
        return wrong_file(file->path,
                          "is not what its worker said: it has changed on "
                          "its way here",
                          err);
    return 0;
}

static int check_entry(const struct tote_publisher *publisher, int folder,
                       const char *name, const struct tote_publisher_file *file,
                       struct tote_inode *ret_inode, struct tote_error *err)
{
    struct stat info;
    if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return cannot_read(file->path, -errno, err);
    if (!S_ISREG(info.st_mode))
        return wrong_file(file->path, "is not a regular file", err);
    if (info.st_nlink != 1)
        return wrong_file(file->path, "has another name elsewhere: a hard link", err);
    if ((uint64_t)info.st_size != file->size)
        return wrong_file(file->path, "has another size than its worker said", err);
    *ret_inode = (struct tote_inode){.device = info.st_dev, .number = info.st_ino};
    if (!publisher->is_hostile)
        return 0;
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return cannot_read(file->path, -errno, err);
    int rc = check_content(fd, file, err);
    close(fd);
    return rc;
}

static int check_file(const struct tote_publisher *publisher, int attempt,
                      const struct tote_publisher_file *file,
                      struct tote_inode *ret_inode, struct tote_error *err)
{
    if (strncmp(file->path, OWN_PREFIX, strlen(OWN_PREFIX)) == 0)
        return tote_error_set(err, -EBADMSG, "'%.200s' is a name of tote's own",
                              file->path);
    const char *name;
    int folder = tote_beneath_parent(attempt, file->path, &name);
    if (folder == -EBADMSG)
        return tote_error_set(err, folder, "'%.200s' is not a path for a result",
                              file->path);
    if (folder < 0)
        return cannot_read(file->path, folder, err);
    int rc = check_entry(publisher, folder, name, file, ret_inode, err);
    close(folder);
    return rc;
}

/* --- the way in the results folder --- */

/* Makes the folder of that path, whose parent is there, and notes it. */
static int make_folder(struct tote_publisher *publisher, const char *path)
{
    const char *name;
    int parent = tote_beneath_parent(publisher->results, path, &name);
    if (parent < 0)
        return parent;
    int rc = note_parent(publisher, path);
    if (rc == 0 && mkdirat(parent, name, 0777) < 0) {
        rc = errno == EEXIST ? 0 : -errno;
    } else if (rc == 0) {
        rc = tote_folder_list_add(&publisher->made, path, strlen(path));
        if (rc < 0)
            unlinkat(parent, name, AT_REMOVEDIR);
    }
    close(parent);
    return rc;
}

/* Opens the folder for a path; those that are missing are made. */
static int open_way(struct tote_publisher *publisher, const char *path,
                    const char **ret_name)
{
    int fd = tote_beneath_parent(publisher->results, path, ret_name);
    if (fd != -ENOENT)
        return fd;
    char prefix[TOTE_FILE_NAME_MAX];
    memcpy(prefix, path, strlen(path) + 1); /* its length has been checked */
    int rc = 0;
    for (char *slash = prefix; rc == 0 && (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        rc = make_folder(publisher, prefix);
        *slash = '/';
    }
    return rc < 0 ? rc : tote_beneath_parent(publisher->results, path, ret_name);
}

/* --- linking --- */

struct place {
    int folder;
    const char *name;
};

static int link_new(const struct place *from, const struct place *to)
{
    if (linkat(from->folder, from->name, to->folder, to->name, 0) == 0)
        return 0;
    if (!has_no_links(errno))
        return -errno;
    if (renameat2(from->folder, from->name, to->folder, to->name, RENAME_NOREPLACE) ==
        0)
        return 0;
    return errno == EINVAL ? -EOPNOTSUPP : -errno;
}

/* Over a file of this bag's, in one step. */
static int link_over(const struct place *from, const struct place *to,
                     const char *attempt, const struct tote_inode *inode)
{
    struct stat info;
    if (fstatat(to->folder, to->name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    if (!S_ISREG(info.st_mode))
        return -EEXIST;
    char temporary[TOTE_PUBLISHER_TEMPORARY_MAX];
    tote_publisher_temporary(attempt, inode, temporary);
    if (linkat(from->folder, from->name, to->folder, temporary, 0) < 0) {
        if (!has_no_links(errno))
            return -errno;
        return renameat(from->folder, from->name, to->folder, to->name) < 0 ? -errno
                                                                            : 0;
    }
    int rc = renameat(to->folder, temporary, to->folder, to->name) < 0 ? -errno : 0;
    if (rc < 0 && unlinkat(to->folder, temporary, 0) < 0 && errno != ENOENT)
        rc = -errno;
    return rc;
}

static int place_file(struct tote_publisher *publisher, int folder, const char *attempt,
                      const struct tote_publisher_file *file,
                      const struct tote_inode *inode)
{
    struct place from, to;
    to.folder = open_way(publisher, file->path, &to.name);
    if (to.folder < 0)
        return to.folder;
    from.folder = tote_beneath_parent(folder, file->path, &from.name);
    int rc = from.folder < 0 ? from.folder : note_parent(publisher, file->path);
    if (rc == 0)
        rc = link_new(&from, &to);
    if (rc == -EEXIST && file->is_ours)
        rc = link_over(&from, &to, attempt, inode);
    if (from.folder >= 0)
        close(from.folder);
    close(to.folder);
    return rc;
}

/* --- taking back --- */

static int take_back(struct tote_publisher *publisher,
                     const struct tote_publisher_file *file,
                     const struct tote_inode *inode)
{
    const char *name;
    int folder = tote_beneath_parent(publisher->results, file->path, &name);
    if (folder < 0)
        return folder == -ENOENT || folder == -ENOTDIR || folder == -ELOOP ? 0 : folder;
    int rc = tote_publisher_unlink_same(folder, name, inode);
    close(folder);
    return rc < 0 ? rc : 0;
}

/* Folders that this put has made; what is not empty stays. */
static void take_back_folders(struct tote_publisher *publisher)
{
    for (size_t i = publisher->made.n; i-- > 0;) {
        const char *path = publisher->made.paths[i], *name;
        int parent = tote_beneath_parent(publisher->results, path, &name);
        if (parent < 0)
            continue;
        if (unlinkat(parent, name, AT_REMOVEDIR) == 0)
            tote_folder_list_drop(&publisher->changed, path);
        close(parent);
    }
}

/* After the failure rc of the last of n files. What cannot be taken back is worse than
 * any failure: it may not pass as the task's own fault. */
static int take_back_all(struct tote_publisher *publisher,
                         const struct tote_publisher_file *files, size_t n, int rc,
                         struct tote_error *err)
{
    for (size_t i = n; i-- > 0;) {
        int back = take_back(publisher, &files[i], &publisher->inodes[i]);
        if (back < 0) {
            tote_error_append(err, "; and '%.100s' cannot be taken back: %s",
                              files[i].path, strerror(-back));
            publisher->failed = rc = back;
        }
    }
    take_back_folders(publisher);
    return rc;
}

/* --- putting --- */

static int make_inodes(struct tote_publisher *publisher, size_t n)
{
    if (n <= publisher->inodes_capacity)
        return 0;
    struct tote_inode *inodes = realloc(publisher->inodes, n * sizeof *inodes);
    if (!inodes)
        return -ENOMEM;
    publisher->inodes = inodes;
    publisher->inodes_capacity = n;
    return 0;
}

/* From here on a file of results that is in this folder too has been put there by us,
 * and not linked into it by the task: recover looks for the mark. A filesystem that
 * keeps no modes has no links. */
static int mark(int folder)
{
    return fchmod(folder, MARKED_MODE) == 0 || has_no_links(errno) ? 0 : -errno;
}

static int put_all(struct tote_publisher *publisher, int folder, const char *attempt,
                   const struct tote_publisher_file *files, size_t n,
                   struct tote_error *err)
{
    for (size_t i = 0; i < n; i++) {
        int rc = check_file(publisher, folder, &files[i], &publisher->inodes[i], err);
        if (rc < 0)
            return rc;
    }
    int rc = mark(folder);
    if (rc < 0)
        return refuse(publisher, files[0].path, rc, err);
    tote_folder_list_clear(&publisher->made);
    for (size_t i = 0; i < n; i++) {
        rc = place_file(publisher, folder, attempt, &files[i], &publisher->inodes[i]);
        if (rc < 0) {
            rc = refuse(publisher, files[i].path, rc, err);
            return take_back_all(publisher, files, i + 1, rc, err);
        }
    }
    return 0;
}

static int has_failed(const struct tote_publisher *publisher, struct tote_error *err)
{
    return tote_error_set(err, publisher->failed,
                          "nothing more is published in %.300s: it has failed before",
                          publisher->name);
}

int tote_publisher_put(struct tote_publisher *publisher, const char *attempt,
                       const struct tote_publisher_file *files, size_t n,
                       struct tote_error *err)
{
    uint64_t task;
    uint32_t number;
    if (publisher->failed < 0)
        return has_failed(publisher, err);
    if (n == 0)
        return 0;
    if (publisher->attempts < 0 ||
        !tote_publisher_parse_attempt(attempt, &task, &number))
        return tote_error_set(err, -EINVAL, "'%.100s' is not an attempt", attempt);
    if (make_inodes(publisher, n) < 0)
        return no_memory(err);
    int folder = tote_folder_open(publisher->attempts, attempt);
    if (folder < 0)
        return cannot_read(files[0].path, folder, err);
    int rc = put_all(publisher, folder, attempt, files, n, err);
    close(folder);
    return rc;
}

int tote_publisher_sync(struct tote_publisher *publisher, struct tote_error *err)
{
    if (publisher->failed < 0)
        return has_failed(publisher, err);
    tote_folder_list_drop_doubles(&publisher->changed);
    for (size_t i = 0; i < publisher->changed.n; i++) {
        const char *path = publisher->changed.paths[i];
        int fd = tote_beneath_open(publisher->results, path, O_RDONLY | O_DIRECTORY);
        int rc = fd < 0 ? fd : fsync(fd) < 0 && errno != EINVAL ? -errno : 0;
        if (fd >= 0)
            close(fd);
        if (rc == 0)
            continue;
        publisher->failed = rc;
        return tote_error_set(err, rc, "cannot sync the folder '%.200s' in %.200s: %s",
                              path, publisher->name, strerror(-rc));
    }
    tote_folder_list_clear(&publisher->changed);
    return 0;
}

void tote_publisher_forget(struct tote_publisher *publisher, const char *attempt)
{
    uint64_t task;
    uint32_t number;
    if (publisher->attempts >= 0 &&
        tote_publisher_parse_attempt(attempt, &task, &number))
        tote_folder_remove_at(publisher->attempts, attempt);
}
