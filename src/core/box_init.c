/* SPDX-License-Identifier: MIT */
/* box_init.c: the first process of a box: builds it, starts the engine, reaps, and
 * leaves nothing behind. It runs in a copy of tote's memory, made while tote has one
 * thread. */
#include "core/box_init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/close_range.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tote/clock.h"

static void tell(int fd, const void *what, size_t n)
{
    ssize_t ignored = write(fd, what, n);
    (void)ignored; /* nobody is left to tell */
}

static _Noreturn void fail(const struct tote_box_plan *plan, enum tote_box_step step)
{
    struct tote_box_failure failure = {.step = step, .error = errno};
    tell(plan->status, &failure, sizeof failure);
    _exit(1);
}

/* --- dying with tote --- */

/* In a PID namespace the kernel kills the rest when the init dies; a plain init must do
 * it itself, and so wants to be asked. The parent may have died before prctl: then the
 * pipe of which it held the other end has hung up (getppid says 0 in a new namespace).
 */
static void tie_to_parent(const struct tote_box_plan *plan)
{
    prctl(PR_SET_PDEATHSIG, plan->is_full ? SIGKILL : SIGTERM);
    struct pollfd life = {.fd = plan->life, .events = POLLIN};
    if (poll(&life, 1, 0) > 0)
        _exit(1);
}

/* --- building a full box --- */

static int write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = write(fd, text, strlen(text));
    int code = errno;
    close(fd);
    errno = code;
    return n == (ssize_t)strlen(text) ? 0 : -1;
}

static int map_id(const char *path, unsigned id)
{
    char alone[64];
    snprintf(alone, sizeof alone, "%u %u 1\n", id, id);
    return write_file(path, alone);
}

/* Our own id alone, unless tote, as root, has mapped them all. */
static int map_ids(const struct tote_box_plan *plan)
{
    char is_mapped = 0;
    ssize_t n = read(plan->maps, &is_mapped, 1);
    close(plan->maps);
    if (n != 1)
        _exit(1); /* tote is gone */
    if (is_mapped)
        return 0;
    return write_file("/proc/self/setgroups", "deny") < 0 ||
                   map_id("/proc/self/uid_map", plan->uid) < 0 ||
                   map_id("/proc/self/gid_map", plan->gid) < 0
               ? -1
               : 0;
}

static int raise_loopback(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int rc = ioctl(fd, SIOCSIFFLAGS, &request);
    close(fd);
    return rc;
}

static void build(const struct tote_box_plan *plan)
{
    const unsigned long plain = MS_NOSUID | MS_NODEV;
    if (map_ids(plan) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("proc", "/proc", "proc", plain | MS_NOEXEC, NULL) < 0 ||
        mount("tote", plan->tmpfs, "tmpfs", plain, "mode=1777") < 0 ||
        mkdir(plan->scratch, 0700) < 0)
        fail(plan, TOTE_BOX_STEP_SETUP);
    if (!plan->has_host_network && raise_loopback() < 0)
        fail(plan, TOTE_BOX_STEP_SETUP);
}

/* --- the engine --- */

static _Noreturn void exec_engine(const struct tote_box_plan *plan)
{
    setpgid(0, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int signo = 1; signo < NSIG; signo++)
        signal(signo, SIG_DFL);
    if (dup2(plan->in, 0) >= 0 && dup2(plan->out, 1) >= 0 && dup2(plan->err, 2) >= 0) {
        syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC);
        execve(plan->argv[0], plan->argv, plan->env);
    }
    fail(plan, TOTE_BOX_STEP_EXEC);
}

/* --- the end --- */

/* Kills the children that there are now; their own become ours, as we are the
 * subreaper. */
static void kill_children(void)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    while (proc && (entry = readdir(proc))) {
        char path[64], stat[512];
        long pid = strtol(entry->d_name, NULL, 10);
        if (pid <= 0)
            continue;
        snprintf(path, sizeof path, "/proc/%ld/stat", pid);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, stat, sizeof stat - 1);
        if (fd >= 0)
            close(fd);
        stat[n < 0 ? 0 : n] = '\0';
        /* The name in brackets may hold anything; the parent is the second field after.
         */
        const char *after = strrchr(stat, ')');
        if (after && strlen(after) > 4 && strtol(after + 4, NULL, 10) == getpid())
            kill((pid_t)pid, SIGKILL);
    }
    if (proc)
        closedir(proc);
}

/* An engine may kill its workers with its last breath: what is dying is not alive.
 * Returns at once when nothing is left. */
static void let_die(void)
{
    const tote_ns_t moment = 100 * TOTE_NS_PER_MS;
    tote_ns_t end = tote_clock_monotonic() + moment, left = moment;
    sigset_t child;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    while (left > 0) {
        pid_t pid;
        while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
            continue;
        if (pid < 0)
            return;
        sigtimedwait(&child, NULL, &(struct timespec){.tv_nsec = left});
        left = end - tote_clock_monotonic();
    }
}

/* Kills and reaps until nothing is left, so that all CPU time is counted. Returns how
 * many processes that were. */
static unsigned sweep(const struct tote_box_plan *plan)
{
    for (unsigned n = 0;; n++) {
        if (plan->is_full)
            kill(-1, SIGKILL);
        else
            kill_children();
        if (waitpid(-1, NULL, 0) < 0 && errno == ECHILD)
            return n;
    }
}

static int remove_entry(const char *path, const struct stat *info, int kind,
                        struct FTW *place)
{
    (void)info, (void)kind, (void)place;
    return remove(path) < 0 && errno != ENOENT;
}

/* Reaps until the engine ends, and returns its exit status; -1 if we are told to end.
 */
static int reap_until_end(pid_t engine)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigaddset(&wanted, SIGTERM);
    for (;;) {
        int status;
        pid_t pid;
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
            if (pid == engine)
                return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        if (sigwaitinfo(&wanted, NULL) == SIGTERM)
            return -1;
    }
}

/* --- the whole way --- */

static void hold_signals(void)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    signal(SIGCHLD, SIG_DFL); /* an inherited SIG_IGN would reap behind our back */
}

/* The init keeps no descriptor of the engine's pipes, or tote would never see their
 * end. */
static void close_pipes(const struct tote_box_plan *plan)
{
    close(plan->in);
    close(plan->out);
    close(plan->err);
    close(plan->status);
}

void tote_box_init_main(const struct tote_box_plan *plan)
{
    hold_signals();
    tie_to_parent(plan);
    setsid(); /* a Ctrl-C at the terminal is tote's to handle */
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    prctl(PR_SET_NAME, "tote-box");
    if (plan->is_full)
        build(plan);
    else
        close(plan->maps);

    pid_t engine = fork();
    if (engine < 0)
        fail(plan, TOTE_BOX_STEP_SETUP);
    if (engine == 0)
        exec_engine(plan);
    close_pipes(plan);
    int status = reap_until_end(engine);
    bool has_ended_itself = status >= 0;
    if (has_ended_itself)
        let_die();
    unsigned survivors = sweep(plan);
    if (has_ended_itself)
        tell(plan->tally, &survivors, sizeof survivors);
    if (!plan->is_full)
        nftw(plan->scratch, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    _exit(has_ended_itself ? status : 128 + SIGKILL);
}
