/* SPDX-License-Identifier: MIT */
/* sweep.c: kills and reaps children until there are none (sweep.h). It kills by number
 * only what is a child not yet reaped, so that no number can have passed to a stranger.
 */
#include "attempt/sweep.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- reaping --- */

static void note(struct tote_child *child, pid_t pid, int status,
                 const struct rusage *usage)
{
    if (pid != child->pid || child->has_ended)
        return;
    child->has_ended = true;
    child->status = status;
    child->usage = *usage;
}

/* 1: one was reaped; 0: none has ended; -1: no children. */
static int reap_one(struct tote_child *child, int flags)
{
    int status;
    struct rusage usage;
    pid_t pid;
    do
        pid = wait4(-1, &status, flags | __WALL, &usage);
    while (pid < 0 && errno == EINTR);
    if (pid > 0)
        note(child, pid, status, &usage);
    return pid > 0 ? 1 : (int)pid;
}

bool tote_sweep_reap(struct tote_child *child)
{
    int rc;
    do
        rc = reap_one(child, WNOHANG);
    while (rc > 0);
    child->is_last = rc < 0 && child->has_ended;
    return rc == 0;
}

/* --- killing --- */

/* Kills the children in a text of numbers; how many. */
static int kill_listed(const char *text)
{
    int n = 0;
    char *end;
    for (long pid; (pid = strtol(text, &end, 10)) > 0 && end != text; text = end)
        n += kill((pid_t)pid, SIGKILL) == 0;
    return n;
}

/* Not all of them if there are many: the next round has the others. */
static int kill_by_list(void)
{
    char text[4096];
    int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0)
        return 0;
    text[n] = '\0';
    if (n == sizeof text - 1) { /* a number may be cut at the end */
        char *blank = strrchr(text, ' ');
        if (blank)
            *blank = '\0';
    }
    return kill_listed(text);
}

/* The parent of a process, from "PID (NAME) STATE PARENT ..."; NAME may hold anything.
 */
static pid_t parent_of(const char *pid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return -1;
    text[n] = '\0';
    const char *at = strrchr(text, ')');
    return at && strlen(at) > 4 ? (pid_t)strtol(at + 4, NULL, 10) : -1;
}

/* For a kernel without lists of children. */
static int kill_by_walk(void)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    pid_t self = getpid();
    int n = 0;
    if (!dir)
        return 0;
    while ((entry = readdir(dir)))
        if (isdigit((unsigned char)entry->d_name[0]) &&
            parent_of(entry->d_name) == self)
            n += kill((pid_t)strtol(entry->d_name, NULL, 10), SIGKILL) == 0;
    closedir(dir);
    return n;
}

bool tote_sweep(struct tote_child *child)
{
    while (!child->is_last && tote_sweep_reap(child)) {
        if (kill_by_list() == 0 && kill_by_walk() == 0)
            return !tote_sweep_reap(child);
        reap_one(child, 0); /* one was killed, so one ends */
    }
    return true;
}
