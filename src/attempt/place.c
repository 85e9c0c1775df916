/* SPDX-License-Identifier: MIT */
/* place.c: makes and clears the folder of an attempt (place.h). */
#include "attempt/place.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attempt/copy.h"
#include "base/folder.h"

#define ATTEMPTS "attempts"

/* --- opening --- */

static int fail_attempts(const char *path, int code, struct tote_error *err)
{
    return tote_error_set(
        err, -code,
        "this worker cannot use the folder %.200s: %s; the work folder must lie on a "
        "filesystem that all workers share and may write, or the files travel with the "
        "tasks: --data staged",
        path, strerror(code));
}

static int open_folder_at(int parent, const char *path)
{
    int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int open_shared(struct tote_place *place, const char *attempts,
                       struct tote_error *err)
{
    place->attempts = open_folder_at(AT_FDCWD, attempts);
    if (place->attempts < 0)
        return fail_attempts(attempts, -place->attempts, err);
    /* Not EROFS: a full or read-only disk is said of each task, as it comes and goes.
     */
    if (faccessat(place->attempts, ".", W_OK | X_OK, AT_EACCESS) < 0 && errno == EACCES)
        return fail_attempts(attempts, errno, err);
    return 0;
}

static int open_staged(struct tote_place *place, struct tote_error *err)
{
    place->staged = getcwd(NULL, 0);
    place->here = open_folder_at(AT_FDCWD, ".");
    if (!place->staged || place->here < 0)
        return tote_error_set(err, -errno, "cannot tell the working directory: %s",
                              strerror(errno));
    int failed =
        mkdirat(place->here, ATTEMPTS, 0700) < 0 && errno != EEXIST ? errno : 0;
    if (!failed)
        place->attempts = open_folder_at(place->here, ATTEMPTS);
    if (!failed && place->attempts < 0)
        failed = -place->attempts;
    return failed
               ? tote_error_set(err, -failed, "cannot make the folder %s in %.200s: %s",
                                ATTEMPTS, place->staged, strerror(failed))
               : 0;
}

static int make_path(struct tote_place *place, const struct tote_rules *rules,
                     struct tote_error *err)
{
    const char *root = rules->is_staged ? place->staged : rules->attempts;
    size_t n = strlen(root) + sizeof ATTEMPTS + TOTE_PLACE_NAME_MAX + 2;
    place->path = malloc(n);
    if (!place->path)
        return tote_error_set(err, -ENOMEM, "no memory for a path");
    int used =
        snprintf(place->path, n, "%s/%s", root, rules->is_staged ? ATTEMPTS "/" : "");
    place->name = place->path + used;
    return 0;
}

int tote_place_open(struct tote_place *place, const struct tote_rules *rules,
                    struct tote_error *err)
{
    *place = (struct tote_place){.attempts = -1, .here = -1, .folder = -1};
    int failed = rules->is_staged ? open_staged(place, err)
                                  : open_shared(place, rules->attempts, err);
    return failed ? failed : make_path(place, rules, err);
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void drop_spare(struct tote_place *place)
{
    if (place->is_spare)
        unlinkat(place->attempts, place->spare_name, AT_REMOVEDIR);
    if (place->spare)
        closedir(place->spare);
    place->is_spare = false;
    place->spare = NULL;
}

void tote_place_close(struct tote_place *place)
{
    drop_spare(place);
    close_one(&place->folder);
    close_one(&place->attempts);
    close_one(&place->here);
    free(place->path);
    free(place->staged);
    place->path = place->staged = NULL;
}

/* --- making --- */

static enum tote_cause fail_make(const struct tote_place *place, int code,
                                 struct tote_error *why)
{
    tote_error_set(why, -code, "cannot make the attempt's folder %.300s: %s",
                   place->path, strerror(code));
    return TOTE_CAUSE_FOLDER;
}

/* The input as the worker finds it. */
static int look_at_input(const struct tote_place *place, const char *path,
                         uint64_t *bytes_in)
{
    struct stat info;
    int at = place->here >= 0 ? place->here : AT_FDCWD;
    if (fstatat(at, path, &info, 0) < 0)
        return errno;
    if (S_ISDIR(info.st_mode))
        return EISDIR;
    if (faccessat(at, path, R_OK, AT_EACCESS) < 0)
        return errno;
    *bytes_in += (uint64_t)info.st_size;
    return 0;
}

/* Of what is staged a copy: many a tool refuses a symbolic link or a file with a second
 * name, and what a command writes into must be nobody else's. */
static int give_input(const struct tote_place *place,
                      const struct tote_slice_file *file)
{
    int code = file->as[0] ? -tote_folder_make_parents(place->folder, file->as) : 0;
    if (code || !file->as[0])
        return code;
    if (place->staged)
        return tote_copy_file(place->here, file->path, place->folder, file->as);
    return symlinkat(file->path, place->folder, file->as) < 0 ? errno : 0;
}

static enum tote_cause give_inputs(const struct tote_place *place,
                                   const struct tote_command *command,
                                   uint64_t *bytes_in, struct tote_error *why)
{
    for (size_t i = 0; i < command->n_ins; i++) {
        const struct tote_slice_file *file = &command->ins[i];
        int code = look_at_input(place, file->path, bytes_in);
        if (code) {
            tote_error_set(why, -code, "cannot read its input %.300s: %s",
                           place->staged ? file->as : file->path, strerror(code));
            return TOTE_CAUSE_INPUT;
        }
        code = give_input(place, file);
        if (code) {
            tote_error_set(why, -code,
                           "cannot put its input %.300s into the attempt's folder: %s",
                           file->as, strerror(code));
            return TOTE_CAUSE_FOLDER;
        }
    }
    return TOTE_CAUSE_NONE;
}

/* 0 or errno. NOREPLACE, since a folder that is there must be found out; a filesystem
 * that cannot do it gets a new folder each time. */
static int make_folder(struct tote_place *place, bool may_be_spare)
{
    if (place->is_spare && may_be_spare) {
        place->is_spare = false;
        if (renameat2(place->attempts, place->spare_name, place->attempts, place->name,
                      RENAME_NOREPLACE) == 0)
            return 0;
        place->is_spare = true;
    }
    drop_spare(place);
    return mkdirat(place->attempts, place->name, 0700) < 0 ? errno : 0;
}

enum tote_cause tote_place_make(struct tote_place *place,
                                const struct tote_command *command, uint32_t number,
                                uint64_t *bytes_in, struct tote_error *why)
{
    place->is_made = false;
    place->command = command;
    place->left = 0;
    place->left_name[0] = '\0';
    snprintf(place->name, TOTE_PLACE_NAME_MAX, "%" PRIu64 ".%" PRIu32, command->task,
             number);
    bool has_files = command->n_ins + command->n_outs > 0;
    int code = make_folder(place, !has_files);
    if (code)
        return fail_make(place, code, why);
    place->is_made = true;
    if (!has_files)
        return TOTE_CAUSE_NONE;
    place->folder = open_folder_at(place->attempts, place->name);
    code = place->folder < 0 ? -place->folder : 0;
    for (size_t i = 0; !code && i < command->n_outs; i++)
        code = -tote_folder_make_parents(place->folder, command->outs[i].path);
    if (code)
        return fail_make(place, code, why);
    return give_inputs(place, command, bytes_in, why);
}

/* --- clearing --- */

static bool begins(const char *path, const char *name)
{
    size_t n = strlen(name);
    return strncmp(path, name, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/* Of a file that it reads or makes: its name, or that of a folder above it. */
static bool is_asked_for(const struct tote_command *command, const char *name)
{
    for (size_t i = 0; i < command->n_outs; i++)
        if (begins(command->outs[i].path, name))
            return true;
    for (size_t i = 0; i < command->n_ins; i++)
        if (begins(command->ins[i].as, name))
            return true;
    return false;
}

static void note_left(struct tote_place *place, const char *name)
{
    if (place->left == 0 || strcmp(name, place->left_name) < 0)
        snprintf(place->left_name, sizeof place->left_name, "%.255s", name);
    if (place->left < UINT32_MAX)
        place->left++;
}

/* Within a folder that was made for a file: many a tool writes beside what it reads. No
 * deeper, so that this stays cheap. */
static void look_below(struct tote_place *place, int parent, const char *folder)
{
    struct dirent *entry;
    char name[2 * (TOTE_LEFT_NAME_MAX + 1)];
    int fd = openat(parent, folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        close_one(&fd);
    while (dir && (entry = readdir(dir))) {
        snprintf(name, sizeof name, "%.255s/%.255s", folder, entry->d_name);
        if (!tote_folder_is_dots(entry->d_name) && !is_asked_for(place->command, name))
            note_left(place, name);
    }
    if (dir)
        closedir(dir);
}

/* How much is in the folder itself; notes what of it, and below, nobody has asked for.
 */
static size_t look_through(struct tote_place *place, DIR *dir)
{
    size_t n = 0;
    struct dirent *entry;
    place->left = 0;
    place->left_name[0] = '\0';
    rewinddir(dir);
    while ((entry = readdir(dir))) {
        if (tote_folder_is_dots(entry->d_name))
            continue;
        n++;
        if (!is_asked_for(place->command, entry->d_name))
            note_left(place, entry->d_name);
        else if (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN)
            look_below(place, dirfd(dir), entry->d_name);
    }
    return n;
}

static DIR *open_dir(int parent, const char *name)
{
    int fd = open_folder_at(parent, name);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        close_one(&fd);
    return dir;
}

/* True if the attempt's folder is as good as new: empty, with its mode, and still the
 * one that was made, whatever the command has done with names. */
static bool is_like_new(struct tote_place *place)
{
    struct stat named, opened;
    if (!place->spare)
        place->spare = open_dir(place->attempts, place->name);
    return place->spare && look_through(place, place->spare) == 0 &&
           fstatat(place->attempts, place->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstat(dirfd(place->spare), &opened) == 0 && named.st_ino == opened.st_ino &&
           named.st_dev == opened.st_dev && named.st_mode == (S_IFDIR | 0700) &&
           named.st_uid == geteuid();
}

/* In the folder of a command with files. One that cannot be read counts as empty, and
 * is emptied all the same. */
static size_t count_all(struct tote_place *place)
{
    DIR *dir = open_dir(place->folder, ".");
    size_t n = dir ? look_through(place, dir) : 0;
    if (dir)
        closedir(dir);
    return n;
}

void tote_place_clear(struct tote_place *place)
{
    bool has_files = place->folder >= 0;
    if (has_files)
        count_all(place);
    close_one(&place->folder);
    if (!place->is_made)
        return;
    place->is_spare = !has_files && is_like_new(place);
    if (place->is_spare)
        memcpy(place->spare_name, place->name, strlen(place->name) + 1);
    else
        drop_spare(place);
    if (!place->is_spare)
        tote_folder_remove_at(place->attempts, place->name);
}

/* True if the folder holds nothing but the outputs, which lie in it itself. */
static bool holds_only(struct tote_place *place)
{
    const struct tote_command *command = place->command;
    size_t n = count_all(place);
    for (size_t i = 0; i < command->n_outs; i++)
        if (strchr(command->outs[i].path, '/'))
            return false;
    return n == command->n_outs;
}

static int move_outputs(int from, int to, const struct tote_command *command)
{
    for (size_t i = 0; i < command->n_outs; i++) {
        const char *path = command->outs[i].path;
        int code = -tote_folder_make_parents(to, path);
        if (!code && renameat(from, path, to, path) < 0)
            code = errno;
        if (code)
            return code;
    }
    return 0;
}

/* The outputs go into a new folder of the old name, and the old one goes. */
int tote_place_keep(struct tote_place *place, struct tote_error *why)
{
    if (holds_only(place)) {
        close_one(&place->folder);
        return 0;
    }
    char rest[TOTE_PLACE_NAME_MAX + 8];
    int to = -1, code = 0;
    snprintf(rest, sizeof rest, "%s.rest", place->name);
    if (renameat(place->attempts, place->name, place->attempts, rest) < 0 ||
        mkdirat(place->attempts, place->name, 0700) < 0)
        code = errno;
    if (!code && (to = open_folder_at(place->attempts, place->name)) < 0)
        code = -to;
    if (!code)
        code = move_outputs(place->folder, to, place->command);
    close_one(&to);
    close_one(&place->folder);
    tote_folder_remove_at(place->attempts, rest);
    return code ? tote_error_set(why, -code, "cannot keep what it made in %.300s: %s",
                                 place->path, strerror(code))
                : 0;
}
