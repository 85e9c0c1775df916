/* SPDX-License-Identifier: MIT */
/* outputs.c: opens, hashes and syncs what a command has made (outputs.h). */
#include "attempt/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/digest_file.h"

/* Null, or why it is no output. */
static const char *judge(int fd, struct stat *info)
{
    if (fstat(fd, info) < 0)
        return strerror(errno);
    if (S_ISDIR(info->st_mode))
        return "it is a folder";
    if (!S_ISREG(info->st_mode))
        return "it is no regular file";
    return info->st_nlink != 1 ? "it has a second name (a hard link)" : NULL;
}

/* Null, or what went wrong. */
static const char *hash(int fd, struct tote_result_file *ret_file)
{
    int rc = tote_digest_of_file(fd, &ret_file->size, &ret_file->digest);
    if (rc == 0 && fsync(fd) < 0)
        rc = -errno;
    return rc < 0 ? strerror(-rc) : NULL;
}

static int fail_open(const char *path, int code, struct tote_error *why)
{
    if (code == ENOENT || code == ENOTDIR)
        return tote_error_set(why, -code, "it made no file %.300s", path);
    return tote_error_set(why, -code, "the file %.300s that it made: %s", path,
                          code == ELOOP ? "it is a symbolic link, or behind one"
                                        : strerror(code));
}

static int check_one(int folder, const char *path, struct tote_result_file *ret_file,
                     struct tote_error *why)
{
    struct stat info;
    int fd = tote_beneath_open_near(folder, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return fail_open(path, -fd, why);
    const char *wrong = judge(fd, &info);
    if (!wrong)
        wrong = hash(fd, ret_file);
    if (!wrong)
        ret_file->mode = (uint16_t)(info.st_mode & TOTE_FILE_MODES);
    close(fd);
    return wrong ? tote_error_set(why, -EBADMSG, "the file %.300s that it made: %s",
                                  path, wrong)
                 : 0;
}

int tote_outputs_check(int folder, const struct tote_command *command,
                       struct tote_result_file *ret_files, struct tote_error *why)
{
    int failed = 0;
    for (size_t i = 0; !failed && i < command->n_outs; i++)
        failed = check_one(folder, command->outs[i].path, &ret_files[i], why);
    return failed;
}

int tote_outputs_move(int folder, int here, const struct tote_command *command,
                      struct tote_error *why)
{
    for (size_t i = 0; i < command->n_outs; i++) {
        const struct tote_slice_file *file = &command->outs[i];
        if (renameat(folder, file->path, here, file->as) == 0)
            continue;
        int code = errno;
        while (i-- > 0)
            unlinkat(here, command->outs[i].as, 0);
        return tote_error_set(why, -code,
                              "cannot move the file %.300s that it made: %s",
                              file->path, strerror(code));
    }
    return 0;
}
