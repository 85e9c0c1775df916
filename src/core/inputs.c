/* SPDX-License-Identifier: MIT */
/* inputs.c: looks at and hashes the files that a command reads (inputs.h). */
#include "core/inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/digest_file.h"

/* What is hashed of a stat; no padding. */
struct seen {
    uint64_t device, inode, size, changed_s, changed_ns, made_s, made_ns;
};

static int bad_input(const char *start, const struct tote_command *command,
                     const char *path, const char *why, struct tote_error *err)
{
    return tote_error_set(err, -EINVAL, "item '%.100s' reads '%.200s'%s%.100s: %s",
                          command->item, path, path[0] == '/' ? "" : " below ",
                          path[0] == '/' ? "" : start, why);
}

static char *full_path(const char *start, const char *path)
{
    if (path[0] == '/')
        return strdup(path);
    size_t n = strlen(start) + strlen(path) + 2;
    char *full = malloc(n);
    if (full)
        snprintf(full, n, "%s/%s", start, path);
    return full;
}

static int look(const char *start, const struct tote_command *command, const char *path,
                struct seen *ret_seen, struct tote_error *err)
{
    char *full = full_path(start, path);
    if (!full)
        return tote_error_set(err, -ENOMEM, "out of memory for a path");
    struct stat info;
    int code = stat(full, &info) < 0 || access(full, R_OK) < 0 ? errno : 0;
    free(full);
    if (code)
        return bad_input(start, command, path, strerror(code), err);
    if (!S_ISREG(info.st_mode))
        return bad_input(start, command, path, "not a regular file", err);
    *ret_seen = (struct seen){
        .device = (uint64_t)info.st_dev,
        .inode = (uint64_t)info.st_ino,
        .size = (uint64_t)info.st_size,
        .changed_s = (uint64_t)info.st_mtim.tv_sec,
        .changed_ns = (uint64_t)info.st_mtim.tv_nsec,
        .made_s = (uint64_t)info.st_ctim.tv_sec,
        .made_ns = (uint64_t)info.st_ctim.tv_nsec,
    };
    return 0;
}

int tote_inputs_stat(const char *start, const struct tote_command *command,
                     struct tote_digest *ret_digest, struct tote_error *err)
{
    struct seen seen[TOTE_FILES_MAX];
    *ret_digest = (struct tote_digest){0};
    for (size_t i = 0; i < command->n_ins; i++) {
        int rc = look(start, command, command->ins[i].path, &seen[i], err);
        if (rc < 0)
            return rc;
    }
    if (command->n_ins > 0)
        *ret_digest = tote_digest_of(seen, command->n_ins * sizeof *seen);
    return 0;
}

static int hash_file(const char *start, const char *path,
                     struct tote_digest *ret_digest)
{
    char *full = full_path(start, path);
    if (!full)
        return ENOMEM;
    int fd = open(full, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    int code = fd < 0 ? errno : -tote_digest_of_file(fd, NULL, ret_digest);
    if (fd >= 0)
        close(fd);
    free(full);
    return code;
}

int tote_inputs_digest(const char *start, const struct tote_command *command,
                       struct tote_digest *digests, struct tote_error *err)
{
    for (size_t i = 0; i < command->n_ins; i++) {
        const char *path = command->ins[i].path;
        int code = hash_file(start, path, &digests[i]);
        if (code)
            return bad_input(start, command, path, strerror(code), err);
    }
    return 0;
}
