/* SPDX-License-Identifier: MIT */
/* workers.c: the work_queue_worker processes (workers.h). */
#include "workers.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/strays.h"

#define PATH_ROOM 4096
#define IDLE_MAX                                                                       \
    "31536000" /* seconds without a task before a worker leaves: a year                \
                */

static const struct workers *the_workers; /* whose strays are being ended */

const char *workers_program(void)
{
    static const char *const places[] = {"/usr/bin/work_queue_worker",
                                         "/usr/local/bin/work_queue_worker"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (access(places[i], X_OK) == 0)
            return places[i];
    return NULL;
}

void workers_make_password(const char *file)
{
    unsigned char bytes[32];
    char text[2 * sizeof bytes + 1];
    int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return;
    if (fd < 0)
        tote_engine_die(1, "cannot make the password file '%s': %s", file,
                        strerror(errno));
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        tote_engine_die(1, "no random bytes for a password: %s", strerror(errno));
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    /* Without a newline: Work Queue takes the file byte for byte. */
    if (write(fd, text, sizeof text - 1) != (ssize_t)(sizeof text - 1))
        tote_engine_die(1, "cannot write the password file '%s': %s", file,
                        strerror(errno));
    close(fd);
}

static void start_worker(struct workers *workers, struct workers_place *place)
{
    char folder[PATH_ROOM], port[16], name[64], temporary[PATH_ROOM + 8];
    place->id = ++workers->started;
    snprintf(folder, sizeof folder, "%s/w%" PRIu64, workers->folder, place->id);
    snprintf(temporary, sizeof temporary, "TMPDIR=%s", folder);
    snprintf(name, sizeof name, "TOTE_WORKER=%" PRIu64, place->id);
    snprintf(port, sizeof port, "%d", workers->port);
    if (mkdir(folder, 0700) < 0)
        tote_engine_die(1, "cannot make the folder '%s': %s", folder, strerror(errno));

    /* -b: the longest pause between two tries to connect; the default is a minute. */
    const char *argv[] = {workers->program,
                          "--cores=1",
                          "-b",
                          "1",
                          "-t",
                          IDLE_MAX,
                          "--parent-death",
                          "-s",
                          folder,
                          "-P",
                          workers->password_file,
                          "127.0.0.1",
                          port,
                          NULL};
    char locale[] = "LC_ALL=C", path[] = "PATH=/usr/local/bin:/usr/bin:/bin",
         threads[] = "OMP_NUM_THREADS=1";
    char *const env[] = {path, locale, threads, temporary, name, NULL};
    tote_child_start(&place->child, argv, env, workers->log);
}

void workers_start(struct workers *workers, uint32_t n)
{
    workers->places = calloc(n, sizeof *workers->places);
    if (!workers->places)
        tote_engine_die(1, "out of memory");
    /* What a killed worker leaves running becomes ours to end. */
    tote_strays_adopt();
    for (workers->n = 0; workers->n < n; workers->n++)
        start_worker(workers, &workers->places[workers->n]);
}

struct tote_engine_worker workers_about(const struct workers *workers, uint32_t place)
{
    const struct workers_place *at = &workers->places[place];
    return (struct tote_engine_worker){
        .id = at->id, .host = "localhost", .pid = at->child.pid, .slots = 1};
}

static bool is_worker(pid_t pid)
{
    for (uint32_t i = 0; i < the_workers->n; i++)
        if (the_workers->places[i].child.pid == pid)
            return true;
    return false;
}

/* Tasks whose worker is gone, and what these leave in turn. */
static void end_orphans(const struct workers *workers)
{
    the_workers = workers;
    tote_strays_end(is_worker, workers->has_keepers);
}

bool workers_reap(struct workers *workers, uint32_t *ret_place,
                  char how[static TOTE_WHY_MAX])
{
    for (uint32_t i = 0; i < workers->n; i++) {
        struct tote_child *child = &workers->places[i].child;
        siginfo_t info = {.si_pid = 0};
        if (child->pid <= 0 ||
            waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
            continue;
        if (info.si_pid == 0)
            continue;
        tote_child_end(child, 0, how);
        end_orphans(workers);
        *ret_place = i;
        return true;
    }
    return false;
}

static bool is_stopped(pid_t pid)
{
    char path[64], text[TOTE_WHY_MAX] = "", *state;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    state = n > 0 ? strrchr(text, ')') : NULL; /* the name before may hold anything */
    return state && strncmp(state, ") T", 3) == 0;
}

void workers_kill_stopped(const struct workers *workers)
{
    for (uint32_t i = 0; i < workers->n; i++) {
        pid_t pid = workers->places[i].child.pid;
        if (pid > 0 && is_stopped(pid))
            kill(pid, SIGKILL);
    }
}

uint64_t workers_room(const struct workers *workers)
{
    struct statvfs info;
    if (statvfs(workers->folder, &info) < 0)
        return UINT64_MAX;
    return (uint64_t)info.f_bavail * info.f_frsize;
}

void workers_replace(struct workers *workers, uint32_t place)
{
    start_worker(workers, &workers->places[place]);
}

void workers_last_words(const struct workers *workers, char *words, size_t size)
{
    struct stat info;
    ssize_t n = 0;
    if (workers->log >= 0 && fstat(workers->log, &info) == 0) {
        off_t from =
            info.st_size > (off_t)size - 1 ? info.st_size - (off_t)size + 1 : 0;
        n = pread(workers->log, words, size - 1, from);
    }
    words[n > 0 ? n : 0] = '\0';
    for (char *at = words; (at = strchr(at, '\n')); at++)
        *at = at[1] ? ';' : '\0';
}

void workers_end(struct workers *workers)
{
    char how[TOTE_WHY_MAX];
    if (!workers->places)
        return;
    for (uint32_t i = 0; i < workers->n; i++) /* all first, so that they end together */
        if (workers->places[i].child.pid > 0)
            kill(workers->places[i].child.pid, SIGKILL);
    for (uint32_t i = 0; i < workers->n; i++)
        tote_child_end(&workers->places[i].child, SIGKILL, how);
    end_orphans(workers);
    free(workers->places);
    workers->places = NULL;
}
