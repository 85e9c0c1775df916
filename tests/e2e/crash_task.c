/* SPDX-License-Identifier: MIT */
/* crash_task.c: a command that says when it begins and when it has ended, and makes one
 * file that tells of whom it is. For tests/e2e/crashlab.py, which knows both texts too.
 *
 *     crash-task LOG ITEM OUT
 *
 * Each line is one write to a file opened with O_APPEND: no other task's line is in it,
 * and no death of ours cuts it. The file is written in several writes, so that a death
 * in between leaves one that is not whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PARTS 4
#define LINES 16 /* of a part */

struct who {
    const char *task, *attempt, *item;
};

static int say(int log, const char *what, const struct who *who)
{
    char line[1024];
    int n = snprintf(line, sizeof line, "%s %s %s\n", what, who->task, who->attempt);
    return n > 0 && write(log, line, (size_t)n) == n ? 0 : -1;
}

static int write_part(int out, const struct who *who, int part)
{
    char text[LINES * 512];
    size_t n = 0;
    for (int line = 0; line < LINES && n < sizeof text - 512; line++)
        n += (size_t)snprintf(text + n, 512, "%d.%d task %s attempt %s %.400s\n", part,
                              line, who->task, who->attempt, who->item);
    return write(out, text, n) == (ssize_t)n ? 0 : -1;
}

static int make_file(const char *path, const struct who *who)
{
    int out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    int rc = out < 0 ? -1 : 0;
    for (int part = 0; rc == 0 && part < PARTS; part++)
        rc = write_part(out, who, part);
    if (out >= 0 && close(out) < 0)
        rc = -1;
    return rc;
}

int main(int argc, char **argv)
{
    struct who who = {getenv("TOTE_TASK"), getenv("TOTE_ATTEMPT"), getenv("TOTE_ITEM")};
    if (argc != 4 || !who.task || !who.attempt || !who.item ||
        strcmp(who.item, argv[2]) != 0) {
        fprintf(stderr, "crash-task LOG ITEM OUT, with ITEM as TOTE_ITEM\n");
        return 2;
    }
    int log = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (log < 0 || say(log, "start", &who) < 0 || make_file(argv[3], &who) < 0 ||
        say(log, "end", &who) < 0) {
        perror(argv[3]);
        return 1;
    }
    return 0;
}
