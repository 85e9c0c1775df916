/* SPDX-License-Identifier: MIT */
/* outputs.c: opens, hashes and syncs what a command has made (outputs.h). */
#include "attempt/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <xxhash.h>

enum { CHUNK = 1 << 18 };

struct tote_outputs {
    XXH3_state_t *state;
    unsigned char *bytes;
};

struct tote_outputs *tote_outputs_create(void)
{
    struct tote_outputs *outputs = calloc(1, sizeof *outputs);
    if (!outputs)
        return NULL;
    outputs->state = XXH3_createState();
    outputs->bytes = malloc(CHUNK);
    if (!outputs->state || !outputs->bytes) {
        tote_outputs_destroy(outputs);
        return NULL;
    }
    return outputs;
}

void tote_outputs_destroy(struct tote_outputs *outputs)
{
    if (!outputs)
        return;
    XXH3_freeState(outputs->state);
    free(outputs->bytes);
    free(outputs);
}

/* --- opening --- */

static const int open_flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;

/* Part after part, for a kernel without openat2; the path is relative and holds no
 * "..": see slice_rules.c. */
static int open_by_parts(int folder, const char *path)
{
    char part[256];
    int at = folder;
    for (;; path++) {
        size_t n = strcspn(path, "/");
        snprintf(part, sizeof part, "%.*s", (int)n, path);
        int flags =
            path[n] ? O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC : open_flags;
        int fd = openat(at, part, flags);
        int code = errno;
        if (at != folder)
            close(at);
        if (fd < 0)
            return -code;
        at = fd;
        path += n;
        if (*path == '\0')
            return at;
    }
}

static int open_output(int folder, const char *path)
{
    struct open_how how = {.flags = (uint64_t)open_flags,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
                                      RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV};
    long fd = syscall(SYS_openat2, folder, path, &how, sizeof how);
    if (fd >= 0)
        return (int)fd;
    return errno == ENOSYS || errno == EPERM ? open_by_parts(folder, path) : -errno;
}

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

/* --- hashing --- */

/* Null, or what went wrong. */
static const char *hash(struct tote_outputs *outputs, int fd,
                        struct tote_result_file *ret_file)
{
    ssize_t n;
    uint64_t size = 0;
    XXH3_128bits_reset(outputs->state);
    while ((n = read(fd, outputs->bytes, CHUNK)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return strerror(errno);
        XXH3_128bits_update(outputs->state, outputs->bytes, (size_t)n);
        size += (uint64_t)n;
    }
    XXH128_hash_t digest = XXH3_128bits_digest(outputs->state);
    ret_file->size = size;
    ret_file->digest = (struct tote_digest){.high = digest.high64, .low = digest.low64};
    return fsync(fd) < 0 ? strerror(errno) : NULL;
}

static int fail_open(const char *path, int code, struct tote_error *why)
{
    if (code == ENOENT || code == ENOTDIR)
        return tote_error_set(why, -code, "it made no file %.300s", path);
    return tote_error_set(why, -code, "the file %.300s that it made: %s", path,
                          code == ELOOP ? "it is a symbolic link, or behind one"
                                        : strerror(code));
}

static int check_one(struct tote_outputs *outputs, int folder, const char *path,
                     struct tote_result_file *ret_file, struct tote_error *why)
{
    struct stat info;
    int fd = open_output(folder, path);
    if (fd < 0)
        return fail_open(path, -fd, why);
    const char *wrong = judge(fd, &info);
    if (!wrong)
        wrong = hash(outputs, fd, ret_file);
    close(fd);
    return wrong ? tote_error_set(why, -EBADMSG, "the file %.300s that it made: %s",
                                  path, wrong)
                 : 0;
}

int tote_outputs_check(struct tote_outputs *outputs, int folder,
                       const struct tote_command *command,
                       struct tote_result_file *ret_files, struct tote_error *why)
{
    int failed = 0;
    for (size_t i = 0; !failed && i < command->n_outs; i++)
        failed = check_one(outputs, folder, command->outs[i].path, &ret_files[i], why);
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
