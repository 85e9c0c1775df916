/* SPDX-License-Identifier: MIT */
/* start.c: starts a command (start.h).
 *
 * clone with CLONE_VM and CLONE_VFORK is vfork with a stack of its own: the parent
 * waits until the child is the program or has given up, and sees what the child wrote.
 * So the child may do system calls and nothing else: no memory, no lock, no stdio. */
#include "attempt/start.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    STACK = 1 << 16,
    N_OWN = 5, /* TOTE_TASK, TOTE_ATTEMPT, TOTE_RUN, TMPDIR, TOTE_ITEM */
    ITEM_MAX = (128 << 10) - 16,
    FD_MAX = 65536, /* descriptors closed one by one where there is no close_range */
    CPU_GRACE_S = 1 /* from SIGXCPU to SIGKILL */
};

/* The child runs on a stack that the address sanitizer does not know. */
#if defined(__GNUC__)
#define IN_CHILD __attribute__((no_sanitize("address", "undefined")))
#else
#define IN_CHILD
#endif

/* What the child needs, and where it tells what failed. */
struct child {
    const struct tote_starter *starter;
    const char *folder, *programs;
    char *const *args;
    int out, err;
    const char *found;            /* to be tried first; null: none */
    const char *volatile started; /* the candidate that became the program */
    volatile int error;           /* errno, or 0 */
    const char *volatile what;    /* that failed; null: the program itself */
};

/* --- the environment --- */

static bool is_ours(const char *word)
{
    static const char *const names[] = {
        "TOTE_TASK=", "TOTE_ATTEMPT=", "TOTE_ITEM=", "TOTE_RUN=", "TMPDIR="};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strncmp(word, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static int copy_env(struct tote_starter *starter)
{
    const char *const *env = starter->rules->env;
    size_t n = starter->rules->n_env;
    if (!env) {
        env = (const char *const *)environ;
        for (n = 0; env && env[n];)
            n++;
    }
    starter->env = calloc(n + N_OWN + 1, sizeof *starter->env);
    if (!starter->env)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        if (!is_ours(env[i]))
            starter->env[starter->n_env++] = (char *)(uintptr_t)env[i];
    return 0;
}

/* At least n bytes in *text; what was there is lost. */
static int make_room(char **text, size_t *size, size_t n)
{
    if (n <= *size)
        return 0;
    char *larger = malloc(n);
    if (!larger)
        return -ENOMEM;
    free(*text);
    *text = larger;
    *size = n;
    return 0;
}

static int fill_env(struct tote_starter *starter, const struct tote_command *command,
                    uint32_t number, const char *folder)
{
    const char *run = starter->rules->run;
    size_t n = strlen(run) + strlen(folder) + 100, n_item = strlen(command->item);
    bool has_item = n_item <= ITEM_MAX;
    if (make_room(&starter->own, &starter->own_size, n) < 0 ||
        (has_item && make_room(&starter->item, &starter->item_size, n_item + 16) < 0))
        return -ENOMEM;
    char **word = starter->env + starter->n_env, *at = starter->own;
    *word++ = at;
    at += snprintf(at, n, "TOTE_TASK=%" PRIu64, command->task) + 1;
    *word++ = at;
    at += snprintf(at, 40, "TOTE_ATTEMPT=%" PRIu32, number) + 1;
    *word++ = at;
    at += snprintf(at, strlen(run) + 16, "TOTE_RUN=%s", run) + 1;
    *word++ = at;
    snprintf(at, strlen(folder) + 16, "TMPDIR=%s", folder);
    if (has_item) {
        snprintf(starter->item, starter->item_size, "TOTE_ITEM=%s", command->item);
        *word++ = starter->item;
    }
    *word = NULL;
    return 0;
}

/* execve wants a null behind the last word. */
static int fill_args(struct tote_starter *starter, const struct tote_command *command)
{
    if (command->n_args + 1 > starter->args_size) {
        size_t size = 2 * command->n_args + 16;
        char **larger = calloc(size, sizeof *larger);
        if (!larger)
            return -ENOMEM;
        free(starter->args);
        starter->args = larger;
        starter->args_size = size;
    }
    memcpy(starter->args, command->args, command->n_args * sizeof *starter->args);
    starter->args[command->n_args] = NULL;
    return 0;
}

/* --- the program --- */

static const char *find_path(const struct tote_starter *starter)
{
    for (size_t i = 0; i < starter->n_env; i++)
        if (strncmp(starter->env[i], "PATH=", 5) == 0)
            return starter->env[i] + 5;
    return "/bin:/usr/bin";
}

/* A name with a slash is relative to where tote was started; staged, to the command's
 * working directory. */
static int find_one(struct tote_starter *starter, const char *name)
{
    const char *start = name[0] == '/' ? "" : starter->rules->start;
    size_t n = strlen(start) + strlen(name) + 3;
    if (make_room(&starter->programs, &starter->programs_size, n) < 0)
        return -ENOMEM;
    int used =
        snprintf(starter->programs, n, "%s%s%s", start, start[0] ? "/" : "", name);
    starter->programs[used + 1] = '\0';
    return 0;
}

/* One candidate for each part of PATH; an empty part is the working directory. */
static int find_in_path(struct tote_starter *starter, const char *name)
{
    const char *path = find_path(starter);
    size_t parts = 1, n_name = strlen(name);
    for (const char *at = path; *at; at++)
        parts += *at == ':';
    size_t n = strlen(path) + parts * (n_name + 4) + 1;
    if (make_room(&starter->programs, &starter->programs_size, n) < 0)
        return -ENOMEM;
    char *to = starter->programs;
    for (;; path++) {
        size_t n_part = strcspn(path, ":");
        to += snprintf(to, n, "%.*s/%s", n_part ? (int)n_part : 1, n_part ? path : ".",
                       name) +
              1;
        path += n_part;
        if (*path == '\0')
            break;
    }
    *to = '\0';
    return 0;
}

/* Most commands of a slice start one program: it is looked for once. */
static int find_programs(struct tote_starter *starter, const char *name)
{
    if (name[0] == '\0')
        return -ENOENT;
    if (starter->found && strcmp(name, starter->name) == 0)
        return 0;
    starter->found = NULL;
    if (make_room(&starter->name, &starter->name_size, strlen(name) + 1) < 0)
        return -ENOMEM;
    memcpy(starter->name, name, strlen(name) + 1);
    return strchr(name, '/') ? find_one(starter, name) : find_in_path(starter, name);
}

/* --- in the child --- */

IN_CHILD static bool set_limit(int which, uint64_t soft, uint64_t hard)
{
    struct rlimit old, limit = {(rlim_t)soft, (rlim_t)hard};
    if (getrlimit((__rlimit_resource_t)which, &old) < 0)
        return false;
    if (old.rlim_max < limit.rlim_max)
        limit.rlim_max = old.rlim_max;
    if (limit.rlim_max < limit.rlim_cur)
        limit.rlim_cur = limit.rlim_max;
    return setrlimit((__rlimit_resource_t)which, &limit) == 0;
}

IN_CHILD static bool set_limits(const struct tote_rules *rules)
{
    const struct rlimit none = {0, 0};
    bool good = setrlimit(RLIMIT_CORE, &none) == 0;
    if (rules->memory)
        good &= set_limit(RLIMIT_AS, rules->memory, rules->memory);
    if (rules->cpu_s)
        good &= set_limit(RLIMIT_CPU, rules->cpu_s, rules->cpu_s + CPU_GRACE_S);
    if (rules->files)
        good &= set_limit(RLIMIT_NOFILE, rules->files, rules->files);
    return good;
}

/* Dispositions that are ignored, and the mask, are all that a program inherits. */
IN_CHILD static void reset_signals(const sigset_t *ignored)
{
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int i = 1; i < NSIG; i++)
        if (sigismember(ignored, i) == 1)
            sigaction(i, &action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

IN_CHILD static void close_others(void)
{
    if (close_range(STDERR_FILENO + 1, ~0u, 0) == 0)
        return;
    for (int fd = STDERR_FILENO + 1; fd < FD_MAX; fd++)
        close(fd);
}

IN_CHILD static const char *prepare(const struct child *child)
{
    const struct tote_starter *starter = child->starter;
    if (setpgid(0, 0) < 0)
        return "its process group";
    /* Should the worker have died before this call, no signal will come. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != starter->self)
        return "its end with the worker";
    if (dup2(starter->null, STDIN_FILENO) < 0 || dup2(child->out, STDOUT_FILENO) < 0 ||
        dup2(child->err, STDERR_FILENO) < 0)
        return "its streams";
    close_others();
    if (chdir(child->folder) < 0)
        return "its working directory";
    if (!set_limits(starter->rules))
        return "its limits";
    reset_signals(&starter->ignored);
    return NULL;
}

/* Returns errno; not at all if it becomes the program. */
IN_CHILD static int try_program(struct child *child, const char *path)
{
    child->started = path;
    execve(path, child->args, child->starter->env);
    return errno;
}

/* Tries the candidates as execvp does, but never a shell: a name that is not there goes
 * on to the next, one that may not be started too, and is told if no other is found. */
IN_CHILD static int try_programs(struct child *child)
{
    int denied = 0;
    if (child->found)
        try_program(child, child->found);
    for (const char *at = child->programs; *at;) {
        int code = try_program(child, at);
        if (code == EACCES)
            denied = EACCES;
        else if (code != ENOENT && code != ENOTDIR && code != ESTALE &&
                 code != ENODEV && code != ETIMEDOUT)
            return code;
        while (*at)
            at++;
        at++;
    }
    return denied ? denied : ENOENT;
}

IN_CHILD static int child_main(void *argument)
{
    struct child *child = argument;
    const char *what = prepare(child);
    child->what = what;
    child->error = what ? errno : try_programs(child);
    _exit(127);
}

/* --- in the parent --- */

/* All signals wait meanwhile: a handler of ours must not run in the child. */
static pid_t spawn(struct child *child)
{
    sigset_t all, old;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    pid_t pid = clone(child_main, child->starter->stack + STACK,
                      CLONE_VM | CLONE_VFORK | SIGCHLD, child);
    int code = errno;
    sigprocmask(SIG_SETMASK, &old, NULL);
    return pid < 0 ? -code : pid;
}

static int fail_start(const char *name, const char *what, int code,
                      struct tote_error *why)
{
    const char *more = "";
    if (code == ENOEXEC)
        more = " (a script without a first line '#!...'?)";
    else if (code == E2BIG)
        more = " (Linux takes words of at most 128 KiB)";
    if (what)
        return tote_error_set(why, -code, "cannot start %.200s: %s: %s", name, what,
                              strerror(code));
    return tote_error_set(why, -code, "cannot start %.200s: %s%s", name, strerror(code),
                          more);
}

pid_t tote_starter_start(struct tote_starter *starter,
                         const struct tote_command *command, uint32_t number,
                         const char *folder, int out, int err_out,
                         struct tote_error *why)
{
    const struct tote_rules *rules = starter->rules;
    const char *name = command->args[0];
    int failed = fill_env(starter, command, number, folder);
    if (!failed)
        failed = fill_args(starter, command);
    if (!failed)
        failed = find_programs(starter, name);
    if (failed)
        return fail_start(name, NULL, -failed, why);
    struct child child = {.starter = starter,
                          .folder = rules->stays_in_start ? rules->start : folder,
                          .programs = starter->programs,
                          .found = starter->found,
                          .args = starter->args,
                          .out = out,
                          .err = err_out};
    pid_t pid = spawn(&child);
    if (pid < 0)
        return fail_start(name, "no new process", -pid, why);
    starter->found = child.error ? NULL : child.started;
    if (!child.error)
        return pid;
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
    return fail_start(name, child.what, child.error, why);
}

static void note_ignored(sigset_t *ignored)
{
    struct sigaction action;
    sigemptyset(ignored);
    for (int i = 1; i < NSIG; i++)
        if (sigaction(i, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            sigaddset(ignored, i);
}

int tote_starter_open(struct tote_starter *starter, const struct tote_rules *rules,
                      struct tote_error *err)
{
    *starter = (struct tote_starter){.rules = rules, .self = getpid()};
    note_ignored(&starter->ignored);
    starter->stack = aligned_alloc(64, STACK);
    starter->null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (starter->null < 0)
        return tote_error_set(err, -errno, "cannot open /dev/null: %s",
                              strerror(errno));
    if (!starter->stack || copy_env(starter) < 0)
        return tote_error_set(err, -ENOMEM, "no memory to start commands");
    return 0;
}

void tote_starter_close(struct tote_starter *starter)
{
    if (starter->null > 0)
        close(starter->null);
    free(starter->stack);
    free(starter->env);
    free(starter->own);
    free(starter->item);
    free(starter->args);
    free(starter->programs);
    free(starter->name);
    *starter = (struct tote_starter){0};
}
