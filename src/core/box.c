/* SPDX-License-Identifier: MIT */
/* box.c: tote's side of a box: pipes, the start of its init, its end (box.h). What runs
 * inside is box_init.c. */
#include "core/box.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/box_init.h"

/* Where a box mounts its own tmpfs. Commands of a user's may keep data in /dev/shm, so
 * theirs is mounted where the least is looked for on a running machine: what is below
 * /boot is hidden from them. */
#define TMPFS         "/dev/shm"
#define TMPFS_AT_BOOT "/boot"

/* --- pipes --- */

enum { END_IN, END_OUT, END_ERR, END_LIFE, END_STATUS, END_TALLY, END_MAPS, N_ENDS };

/* The descriptors of a box while it starts: ours and the init's ends. */
struct ends {
    int ours[N_ENDS], theirs[N_ENDS];
};

/* Which end of each pipe tote keeps: 1 writes, 0 reads. */
static const int ours_at[N_ENDS] = {[END_IN] = 1, [END_LIFE] = 1, [END_MAPS] = 1};

static void close_all(int *fds, int n)
{
    for (int i = 0; i < n; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
        fds[i] = -1;
    }
}

static int open_ends(struct ends *ends, struct tote_error *err)
{
    for (int i = 0; i < N_ENDS; i++)
        ends->ours[i] = ends->theirs[i] = -1;
    for (int i = 0; i < N_ENDS; i++) {
        int fds[2];
        if (pipe2(fds, O_CLOEXEC) < 0) {
            int code = -errno;
            close_all(ends->ours, N_ENDS);
            close_all(ends->theirs, N_ENDS);
            return tote_error_set(err, code, "cannot make a pipe for an engine: %s",
                                  strerror(-code));
        }
        ends->ours[i] = fds[ours_at[i]];
        ends->theirs[i] = fds[!ours_at[i]];
    }
    return 0;
}

static void set_nonblocking(int fd)
{
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* --- environment --- */

/* The caller's environment with TMPDIR set to the scratch directory: a new array; the
 * strings are borrowed, but for tmpdir, which the caller owns. */
static char **environment(char *tmpdir)
{
    size_t n = 0;
    while (environ[n])
        n++;
    char **env = calloc(n + 2, sizeof *env);
    if (!env)
        return NULL;
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], "TMPDIR=", 7) != 0)
            env[kept++] = environ[i];
    env[kept] = tmpdir;
    return env;
}

/* --- start --- */

static const char *tmpfs_of(const struct tote_box_config *config)
{
    bool is_at_boot = config->keeps_shm && access(TMPFS_AT_BOOT, F_OK) == 0;
    return is_at_boot ? TMPFS_AT_BOOT : TMPFS;
}

static int make_scratch(const struct tote_box_config *config, struct tote_box *box,
                        struct tote_error *err)
{
    if (box->is_full) {
        snprintf(box->scratch, sizeof box->scratch, "%s/tote", tmpfs_of(config));
        return 0;
    }
    const char *parent = getenv("TMPDIR");
    int n = snprintf(box->scratch, sizeof box->scratch, "%s/tote-XXXXXX",
                     parent && parent[0] ? parent : "/tmp");
    if (n < 0 || (size_t)n >= sizeof box->scratch || !mkdtemp(box->scratch)) {
        int code = -errno;
        return tote_error_set(err, code, "cannot make a scratch directory %s: %s",
                              box->scratch, strerror(-code));
    }
    return 0;
}

/* Reads how the start went: nothing if the engine runs. */
static struct tote_box_failure read_status(int fd)
{
    struct tote_box_failure failure = {.step = TOTE_BOX_STEP_NONE};
    ssize_t n;
    do
        n = read(fd, &failure, sizeof failure);
    while (n < 0 && errno == EINTR);
    return failure;
}

/* Every id that we know, as itself: of lines "inside outside count" the first and the
 * last. 0: done. */
static int map_like_ours(const char *ours, const char *theirs)
{
    char text[TOTE_BOX_TEXT_MAX], line[64];
    size_t n = 0;
    FILE *file = fopen(ours, "re");
    while (file && fgets(line, sizeof line, file)) {
        unsigned long inside, count;
        char *end;
        inside = strtoul(line, &end, 10);
        strtoul(end, &end, 10);
        count = strtoul(end, NULL, 10);
        int wrote =
            snprintf(text + n, sizeof text - n, "%lu %lu %lu\n", inside, inside, count);
        if (wrote < 0 || (size_t)wrote >= sizeof text - n)
            break; /* so many ranges: these have to do */
        n += (size_t)wrote;
    }
    if (file)
        fclose(file);
    int fd = n > 0 ? open(theirs, O_WRONLY | O_CLOEXEC) : -1;
    bool is_written = fd >= 0 && write(fd, text, n) == (ssize_t)n;
    if (fd >= 0)
        close(fd);
    return is_written ? 0 : -1;
}

/* Root's tasks read its users' files too; that only root itself can give to a new
 * namespace, from outside. Tells the init whether it has to map its one id itself. */
static void map_ids(const struct tote_box *box, int fd)
{
    char path[64], is_mapped = 0;
    if (box->is_full && geteuid() == 0) {
        snprintf(path, sizeof path, "/proc/%d/uid_map", (int)box->init);
        is_mapped = map_like_ours("/proc/self/uid_map", path) == 0;
        snprintf(path, sizeof path, "/proc/%d/gid_map", (int)box->init);
        is_mapped = is_mapped && map_like_ours("/proc/self/gid_map", path) == 0;
    }
    ssize_t ignored = write(fd, &is_mapped, 1);
    (void)ignored; /* an init that has died says so by its status */
}

static pid_t start_init(const struct tote_box_config *config, struct tote_box *box,
                        const struct ends *ends, char **env)
{
    unsigned long flags = SIGCHLD;
    if (box->is_full)
        flags |= CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS;
    if (box->is_full && !config->has_host_network)
        flags |= CLONE_NEWNET;
    struct tote_box_plan plan = {
        .argv = config->argv,
        .env = env,
        .tmpfs = tmpfs_of(config),
        .scratch = box->scratch,
        .is_full = box->is_full,
        .has_host_network = config->has_host_network,
        .uid = geteuid(),
        .gid = getegid(),
        .in = ends->theirs[END_IN],
        .out = ends->theirs[END_OUT],
        .err = ends->theirs[END_ERR],
        .life = ends->theirs[END_LIFE],
        .status = ends->theirs[END_STATUS],
        .tally = ends->theirs[END_TALLY],
        .maps = ends->theirs[END_MAPS],
    };
    /* As fork, with namespaces: a null stack shares nothing but a copy of the memory.
     */
    pid_t pid = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
    if (pid == 0) {
        for (int i = 0; i < N_ENDS; i++)
            close(ends->ours[i]);
        tote_box_init_main(&plan);
    }
    return pid;
}

/* One try, full or plain as box->is_full says. On failure nothing is left, and
 * *ret_step tells how far it came. */
static int try_start(const struct tote_box_config *config, struct tote_box *box,
                     enum tote_box_step *ret_step, struct tote_error *err)
{
    *ret_step = TOTE_BOX_STEP_CLONE;
    struct ends ends;
    int rc = make_scratch(config, box, err);
    if (rc < 0)
        return rc;
    rc = open_ends(&ends, err);
    if (rc < 0) {
        if (!box->is_full)
            rmdir(box->scratch);
        return rc;
    }

    char tmpdir[TOTE_BOX_PATH_MAX + 8];
    snprintf(tmpdir, sizeof tmpdir, "TMPDIR=%s", box->scratch);
    char **env = environment(tmpdir);
    box->init = env ? start_init(config, box, &ends, env) : -1;
    int code = box->init < 0 ? -errno : 0;
    free(env);
    if (code == 0) /* while we still hold its end too: no signal if the init has died */
        map_ids(box, ends.ours[END_MAPS]);
    close_all(ends.theirs, N_ENDS);
    if (code == 0) {
        struct tote_box_failure failure = read_status(ends.ours[END_STATUS]);
        *ret_step = failure.step;
        code = -failure.error;
        if (code < 0)
            waitpid(box->init, NULL, 0);
    }
    close_all(&ends.ours[END_STATUS], 1);
    close_all(&ends.ours[END_MAPS], 1);
    if (code < 0) {
        close_all(ends.ours, N_ENDS);
        if (!box->is_full)
            rmdir(box->scratch);
        return tote_error_set(err, code, "cannot run %s: %s", config->argv[0],
                              strerror(-code));
    }
    box->to_engine = ends.ours[END_IN];
    box->from_engine = ends.ours[END_OUT];
    box->errors = ends.ours[END_ERR];
    box->life = ends.ours[END_LIFE];
    box->tally = ends.ours[END_TALLY];
    return 0;
}

static void say_what_is_missing(struct tote_box *box, enum tote_box_step step,
                                int error)
{
    snprintf(
        box->missing, sizeof box->missing,
        "no namespaces (%s: %s): the engine can use the network, and its processes "
        "end with tote unless the box's own process is killed too",
        step == TOTE_BOX_STEP_CLONE ? "clone" : "their setup", strerror(error));
}

int tote_box_start(const struct tote_box_config *config, struct tote_box *ret_box,
                   struct tote_error *err)
{
    struct tote_box box = {.is_full = true,
                           .has_host_network = config->has_host_network};
    struct tote_error why = {0};
    enum tote_box_step step;
    int rc = try_start(config, &box, &step, &why);
    if (rc < 0 && step != TOTE_BOX_STEP_EXEC) {
        box = (struct tote_box){.is_full = false, .has_host_network = true};
        say_what_is_missing(&box, step, -rc);
        why = (struct tote_error){0};
        rc = try_start(config, &box, &step, &why);
    }
    if (rc < 0)
        return tote_error_set(err, rc, "%s", why.text);
    set_nonblocking(box.to_engine);
    set_nonblocking(box.from_engine);
    set_nonblocking(box.errors);
    *ret_box = box;
    return 0;
}

/* --- end --- */

void tote_box_kill(const struct tote_box *box)
{
    kill(box->init,
         SIGTERM); /* the init's word for: kill and reap everything, then end */
}

static tote_ns_t ns_of(struct timeval time)
{
    return (tote_ns_t)time.tv_sec * TOTE_NS_PER_S +
           (tote_ns_t)time.tv_usec * TOTE_NS_PER_US;
}

int tote_box_end(struct tote_box *box, struct tote_box_usage *ret_usage)
{
    int fds[] = {box->to_engine, box->from_engine, box->errors};
    close_all(fds, 3);
    struct rusage usage = {0};
    int status = 0;
    pid_t pid;
    do
        pid = wait4(box->init, &status, 0, &usage);
    while (pid < 0 && errno == EINTR);
    unsigned survivors = 0;
    if (read(box->tally, &survivors, sizeof survivors) != sizeof survivors)
        survivors = 0; /* the init was killed, or told to kill: there is no count */
    close(box->life);
    close(box->tally);
    *ret_usage = (struct tote_box_usage){.user_ns = ns_of(usage.ru_utime),
                                         .sys_ns = ns_of(usage.ru_stime),
                                         .survivors = survivors};
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
