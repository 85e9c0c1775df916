/* SPDX-License-Identifier: MIT */
/* travel.c: names of the files of a batch (travel.h). */
#include "travel.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct travel *travel_open(struct tote_engine_command *command, const char *scratch)
{
    struct travel *travel = calloc(1, sizeof *travel);
    if (!travel)
        tote_engine_die(1, "out of memory");
    travel->batch = command->batch;
    travel->scratch = scratch;
    travel->files = command->files;
    command->files = NULL;
    return travel;
}

static void input_link(const struct travel *travel, size_t i,
                       char path[static TRAVEL_PATH_MAX])
{
    snprintf(path, TRAVEL_PATH_MAX, "%s/in-%" PRIu64 "-%zu", travel->scratch,
             travel->batch, i);
}

/* A folder or a pipe must not travel, and opening one must not hold us up. */
static bool is_readable_file(const char *path)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool is_file = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    close(fd);
    return is_file;
}

bool travel_input(const struct travel *travel, size_t i,
                  char path[static TRAVEL_PATH_MAX])
{
    const char *here = travel->files->inputs[i].here;
    if (!is_readable_file(here))
        return false;
    input_link(travel, i, path);
    if (symlink(here, path) < 0)
        tote_engine_die(1, "cannot make the link '%s': %s", path, strerror(errno));
    return true;
}

void travel_output(const struct travel *travel, size_t i,
                   char path[static TRAVEL_PATH_MAX])
{
    const char *here = travel->files->outputs[i].here, *name = strrchr(here, '/') + 1;
    snprintf(path, TRAVEL_PATH_MAX, "%.*s.coming-%" PRIu64 "-%zu", (int)(name - here),
             here, travel->batch, i);
}

uint64_t travel_bytes(const struct travel *travel)
{
    uint64_t bytes = 0;
    struct stat info;
    for (size_t i = 0; i < travel->files->n_inputs; i++)
        if (stat(travel->files->inputs[i].here, &info) == 0)
            bytes += (uint64_t)info.st_size;
    return bytes;
}

/* 1: it has its name; 0: it has not come; negative errno. */
static int land(const struct travel *travel, size_t i)
{
    char path[TRAVEL_PATH_MAX];
    struct stat info;
    travel_output(travel, i, path);
    if (lstat(path, &info) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISREG(info.st_mode) || info.st_nlink != 1)
        return -EBADMSG;
    /* Work Queue makes every file executable. */
    if (chmod(path, 0600) < 0 || rename(path, travel->files->outputs[i].here) < 0)
        return -errno;
    return 1;
}

bool travel_land(const struct travel *travel, char why[static TOTE_WHY_MAX])
{
    /* The pack last: with it the batch is whole. */
    for (size_t i = travel->files->n_outputs; i-- > 0;) {
        int rc = land(travel, i);
        if (rc > 0 || (rc == 0 && i > 0))
            continue;
        snprintf(why, TOTE_WHY_MAX, "its file '%s' cannot be received: %s",
                 travel->files->outputs[i].there,
                 rc == 0 ? "it did not come" : strerror(-rc));
        return false;
    }
    return true;
}

void travel_close(struct travel *travel)
{
    char path[TRAVEL_PATH_MAX];
    if (!travel)
        return;
    for (size_t i = 0; i < travel->files->n_inputs; i++) {
        input_link(travel, i, path);
        unlink(path);
    }
    for (size_t i = 0; i < travel->files->n_outputs; i++) {
        travel_output(travel, i, path);
        unlink(path);
    }
    tote_engine_files_destroy(travel->files);
    free(travel);
}
