/* SPDX-License-Identifier: MIT */
/* manager.c: the Work Queue manager (manager.h), written against CCTools at commit
 * dd894f6da, which Debian 12 packages as 9.9.
 *
 * work_queue_wait() has no way to be woken but a task that ends. So one more task hangs
 * in the queue, the bell, which asks for a feature that no worker has. A signal (input
 * from tote, a dead child) sets its end time to the past: the poll within wait is
 * interrupted, the bell expires, wait returns it. */
#include "manager.h"

#include <cctools/cctools.h>
#include <cctools/work_queue.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tote/clock.h"
#include "travel.h"

#define COMMAND_ROOM (TOTE_KERNEL_SPEC_MAX + 512)
#define SHARE_MB     64                  /* of memory, that a task asks for */
#define STUCK_NS     (5 * TOTE_NS_PER_S) /* workers measure their disk as often */

/* Found late otherwise: a stopped or cut-off worker is noticed in half a minute, not
 * 150 s; a stranger on the port who says nothing holds the manager up for 2 s, not 5.
 */
static const struct tote_engine_count tunes[] = {
    {"keepalive-interval", 10}, {"keepalive-timeout", 20}, {"short-timeout", 2}};

#define N_TUNES (sizeof tunes / sizeof *tunes)

static struct manager {
    struct work_queue *queue;
    struct work_queue_task *done; /* the last answer */
    const struct tote_engine_hello *hello;
    bool refused[N_TUNES];
    struct travel *travels; /* of the batches of commands that are out */
    tote_ns_t idle_since;   /* batches wait and no worker takes one; 0: not so */
} manager;

static struct work_queue_task *volatile bell;
static volatile sig_atomic_t child_ended;

const char *manager_version(void)
{
    static char version[TOTE_NAME_MAX];
    char text[TOTE_WHY_MAX] = "", *at;
    FILE *stream = fmemopen(text, sizeof text - 1, "w");
    if (stream) {
        cctools_version_print(stream, "");
        fclose(stream);
    }
    at = strstr(text, "version ");
    at = at ? at + strlen("version ") : text;
    snprintf(version, sizeof version, "%.*s", (int)strcspn(at, "(\n"), at);
    for (size_t n = strlen(version); n > 0 && version[n - 1] == ' '; n--)
        version[n - 1] = '\0';
    return version;
}

/* --- opening --- */

/* A variable of the user's must not choose our port, our speed or our secrets. */
static void clear_environment(void)
{
    static const char *const prefixes[] = {"WORK_QUEUE_", "CATALOG_", "CCTOOLS_",
                                           "TCP_"};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        for (char **at = environ; at && *at;) {
            char name[TOTE_WHY_MAX];
            size_t n = strcspn(*at, "=");
            bool ours = strncmp(*at, prefixes[i], strlen(prefixes[i])) == 0;
            if (ours && n < sizeof name) {
                memcpy(name, *at, n);
                name[n] = '\0';
                unsetenv(name); /* moves the next one here */
            } else {
                at++;
            }
        }
}

/* The worker hands the command to a shell, so nothing may be in it that means something
 * there. */
static void check_kernel(const char *kernel)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789_.:=,+-";
    size_t n = strspn(kernel, safe);
    if (kernel[n] || n == 0)
        tote_engine_die(
            2,
            "Work Queue passes the kernel's settings through a shell, so they "
            "may hold letters, digits and _.:=,+- only: '%s'",
            kernel);
}

int manager_open(const struct tote_engine_hello *hello, int port,
                 const char *password_file, const char *log)
{
    check_kernel(hello->bag.kernel);
    if (access(hello->task_program, X_OK) < 0)
        tote_engine_die(1, "cannot run '%s': %s", hello->task_program, strerror(errno));
    clear_environment();
    manager.hello = hello;
    manager.queue = work_queue_create(port);
    if (!manager.queue)
        tote_engine_die(1,
                        "cannot listen on port %d: %s; choose another one, or port=0",
                        port, strerror(errno));
    if (!work_queue_specify_password_file(manager.queue, password_file))
        tote_engine_die(1, "cannot read the password file '%s', or it is empty",
                        password_file);
    if (log[0] && !work_queue_specify_transactions_log(manager.queue, log))
        tote_engine_die(1, "cannot write the log '%s'", log);
    work_queue_specify_algorithm(manager.queue, WORK_QUEUE_SCHEDULE_FCFS);
    for (size_t i = 0; i < N_TUNES; i++) {
        manager.refused[i] =
            work_queue_tune(manager.queue, tunes[i].name, (double)tunes[i].value) != 0;
        if (manager.refused[i])
            fprintf(stderr, "this Work Queue refuses to tune %s\n", tunes[i].name);
    }
    return work_queue_port(manager.queue);
}

/* --- waking --- */

/* The handler. The call below stores one number and takes no lock. */
static void ring(int signal)
{
    struct work_queue_task *task = bell;
    if (signal == SIGCHLD)
        child_ended = 1;
    if (task)
        work_queue_task_specify_end_time(task, 1);
}

static void hang_bell(void)
{
    struct work_queue_task *task = work_queue_task_create("true");
    work_queue_task_specify_feature(task, "tote-bell");
    work_queue_task_specify_priority(task, -2 * (double)TOTE_BAG_MAX); /* below all */
    work_queue_submit(manager.queue, task);
    bell = task;
}

void manager_watch(int fd)
{
    struct sigaction action = {.sa_handler = ring, .sa_flags = SA_RESTART};
    sigaction(SIGIO, &action, NULL);
    sigaction(SIGCHLD, &action, NULL);
    hang_bell();
    /* A descriptor that cannot signal (a file) is looked at every second all the same.
     */
    fcntl(fd, F_SETOWN, getpid());
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC);
    child_ended = 1; /* perhaps, before there was a handler */
}

bool manager_child_ended(void)
{
    bool ended = child_ended;
    child_ended = 0;
    return ended;
}

uint32_t manager_cores(void)
{
    struct work_queue_stats stats;
    work_queue_wait(manager.queue, 1); /* at once, since the queue is empty */
    work_queue_get_stats(manager.queue, &stats);
    return stats.total_cores > 0 ? (uint32_t)stats.total_cores : 0;
}

/* --- batches --- */

/* What Work Queue puts into the environment, which a user's command has no use for. */
#define FORGET                                                                         \
    "unset CORES MEMORY DISK GPUS TEMP TMP WORKER_TMPDIR WORK_QUEUE_SANDBOX "          \
    "TOTE_WORKER; "

/* The worker's shell gets nothing but our own words and numbers. First it says the
 * worker's name, which its environment holds. */
static void write_command(const struct tote_engine_command *command,
                          char text[static COMMAND_ROOM])
{
    const struct tote_engine_bag *bag = &manager.hello->bag;
    char input[128];
    if (command->files)
        snprintf(input, sizeof input, "--slice slice --pack pack");
    else
        snprintf(input, sizeof input, "--size %" PRIu64 " --seed %" PRIu64, bag->size,
                 bag->seed);
    /* Standard error comes back mixed with the records. That of commands is wanted: it
     * holds only tote-task's own sentence, perhaps of why there are no records. */
    snprintf(
        text, COMMAND_ROOM,
        "echo ${TOTE_WORKER:-0}; %sexec ./tote-task --kernel %s %s --first %" PRIu64
        " --count %" PRIu32 " --attempt %" PRIu32 " 2>%s",
        command->files ? FORGET : "", bag->kernel, input, command->first,
        command->count, command->attempt, command->files ? "&1" : "/dev/null");
}

static void add_file(struct work_queue_task *task, const char *here, const char *there,
                     work_queue_file_type_t type, work_queue_file_flags_t flags)
{
    if (!work_queue_task_specify_file(task, here, there, type, flags))
        tote_engine_die(1, "Work Queue does not take '%s' as a file named '%s'", here,
                        there);
}

static void add_travel(struct work_queue_task *task,
                       struct tote_engine_command *command)
{
    struct travel *travel = travel_open(command, manager.hello->scratch);
    char path[TRAVEL_PATH_MAX];
    for (size_t i = 0; i < travel->files->n_inputs; i++)
        if (travel_input(travel, i, path))
            add_file(task, path, travel->files->inputs[i].there, WORK_QUEUE_INPUT,
                     WORK_QUEUE_NOCACHE);
    for (size_t i = 0; i < travel->files->n_outputs; i++) {
        travel_output(travel, i, path);
        add_file(task, path, travel->files->outputs[i].there, WORK_QUEUE_OUTPUT,
                 WORK_QUEUE_NOCACHE);
    }
    travel->next = manager.travels;
    manager.travels = travel;
}

/* Null: the batch is not of commands. */
static struct travel *take_travel(uint64_t batch)
{
    struct travel **at = &manager.travels;
    while (*at && (*at)->batch != batch)
        at = &(*at)->next;
    struct travel *travel = *at;
    if (travel)
        *at = travel->next;
    return travel;
}

void manager_submit(struct tote_engine_command *command)
{
    char text[COMMAND_ROOM], tag[48];
    write_command(command, text);
    snprintf(tag, sizeof tag, "%" PRIu64 " %" PRIu32, command->batch, command->count);

    struct work_queue_task *task = work_queue_task_create(text);
    add_file(task, manager.hello->task_program, "tote-task", WORK_QUEUE_INPUT,
             WORK_QUEUE_CACHE);
    if (command->files)
        add_travel(task, command);
    work_queue_task_specify_tag(task, tag);
    /* Unsaid, memory and disk would be all that the worker had at its last measurement;
     * when other programs have taken a megabyte of disk since, the worker refuses the
     * task. */
    work_queue_task_specify_cores(task, 1);
    work_queue_task_specify_memory(task, SHARE_MB);
    work_queue_task_specify_disk(task, MANAGER_DISK_MB);
    /* Of equal priorities the newest goes first; we want the oldest. */
    work_queue_task_specify_priority(task, -(double)command->batch);
    /* Trying again is tote's work. The least that can be asked for is one retry, after
     * a second try; a task that counts a first try already has none left. */
    work_queue_task_specify_max_retries(task, 1);
    task->try_count = 1;
    work_queue_submit(manager.queue, task);
}

/* Bytes of the lines that begin as records do. What tote-task says for people comes
 * behind them. */
static size_t records_size(const char *text)
{
    const char *at = text, *newline;
    while (*at >= '0' && *at <= '9' && (newline = strchr(at, '\n')))
        at = newline + 1;
    return (size_t)(at - text);
}

/* The last line of an answer, which says what was wrong. */
static void quote_end(const char *text, char into[static TOTE_WHY_MAX])
{
    size_t n = strlen(text);
    while (n > 0 && text[n - 1] == '\n')
        n--;
    const char *newline = n > 0 ? memrchr(text, '\n', n) : NULL;
    const char *line = newline ? newline + 1 : text;
    size_t left = n - (size_t)(line - text);
    snprintf(into, TOTE_WHY_MAX, "%s%.*s", left ? ": " : "",
             (int)(left < TOTE_WHY_MAX / 2 ? left : TOTE_WHY_MAX / 2), line);
}

/* Takes the worker's id off the output; says in answer->why what is wrong with the
 * rest. */
static void judge(const struct work_queue_task *task, uint64_t count,
                  const struct travel *travel, struct manager_answer *answer)
{
    int status = task->return_status;
    bool status_is_fine =
        status == 0 || status == 3 || status == 4; /* records say more */
    /* Of a task that failed, the files that it should have made. */
    bool files_may_lack = travel && task->result == WORK_QUEUE_RESULT_OUTPUT_MISSING;
    char *id_end, *output = task->output ? task->output : "", end[TOTE_WHY_MAX];
    answer->worker = strtoull(output, &id_end, 10);
    answer->lines = *id_end == '\n' ? id_end + 1 : id_end;
    answer->n = travel ? records_size(answer->lines) : strlen(answer->lines);
    uint64_t lines = tote_engine_count_lines(answer->lines, answer->n);

    answer->why[0] = '\0';
    answer->was_given_back = task->result == WORK_QUEUE_RESULT_MAX_RETRIES;
    if (answer->was_given_back) {
        snprintf(answer->why, sizeof answer->why,
                 "the worker vanished with the batch, or refused it");
    } else if (task->result != WORK_QUEUE_RESULT_SUCCESS && !files_may_lack) {
        snprintf(answer->why, sizeof answer->why,
                 "Work Queue ended the task with result %d", (int)task->result);
    } else if (!status_is_fine) {
        quote_end(answer->lines, end);
        snprintf(answer->why, sizeof answer->why,
                 "the process of the batch ended with status or signal %d%.*s", status,
                 TOTE_WHY_MAX / 2, end);
    } else if (lines != count) {
        snprintf(answer->why, sizeof answer->why,
                 "%" PRIu64 " records came back for %" PRIu64 " tasks", lines, count);
    } else if (travel) {
        answer->was_given_back = !travel_land(travel, answer->why);
    }
}

bool manager_wait(struct manager_answer *ret_answer)
{
    work_queue_task_delete(manager.done); /* null is accepted */
    manager.done = NULL;
    struct work_queue_task *task = work_queue_wait(manager.queue, 1);
    if (task && task == bell) {
        bell = NULL;
        work_queue_task_delete(task);
        hang_bell();
        return false;
    }
    manager.done = task;
    if (!task)
        return false;
    char *count;
    ret_answer->batch = strtoull(task->tag, &count, 10);
    struct travel *travel = take_travel(ret_answer->batch);
    judge(task, strtoull(count, NULL, 10), travel, ret_answer);
    ret_answer->bytes = travel ? travel_bytes(travel) : 0;
    travel_close(travel);
    return true;
}

/* --- what Work Queue does not say --- */

bool manager_is_stuck(char why[static TOTE_WHY_MAX])
{
    struct work_queue_stats stats;
    tote_ns_t now = tote_clock_monotonic();
    work_queue_get_stats(manager.queue, &stats);
    /* The bell waits for ever. */
    if (stats.tasks_waiting < 2 || stats.tasks_on_workers > 0 ||
        stats.workers_connected == 0) {
        manager.idle_since = 0;
        return false;
    }
    if (manager.idle_since == 0)
        manager.idle_since = now;
    if (now - manager.idle_since < STUCK_NS)
        return false;
    snprintf(why, TOTE_WHY_MAX,
             "no worker takes a batch, which asks for 1 core, %d MB of memory and %d "
             "MB of free disk; of %d workers the roomiest has %d cores, %" PRId64
             " MB of memory and %" PRId64 " MB of disk",
             SHARE_MB, MANAGER_DISK_MB, stats.workers_connected, (int)stats.max_cores,
             (int64_t)stats.max_memory, (int64_t)stats.max_disk);
    return true;
}

/* --- the end --- */

size_t manager_counts(struct tote_engine_count *counts)
{
    struct work_queue_stats stats;
    size_t n = 0;
    work_queue_get_stats(manager.queue, &stats);
    for (size_t i = 0; i < N_TUNES; i++)
        counts[n++] = (struct tote_engine_count){
            tunes[i].name, manager.refused[i] ? -1 : tunes[i].value};
    counts[n++] = (struct tote_engine_count){"workers_joined", stats.workers_joined};
    counts[n++] = (struct tote_engine_count){"workers_removed", stats.workers_removed};
    counts[n++] =
        (struct tote_engine_count){"tasks_dispatched", stats.tasks_dispatched};
    counts[n++] = (struct tote_engine_count){"bytes_sent", stats.bytes_sent};
    return n;
}

/* --- the leak checker --- */

/* Asked by it, if one is linked in: Work Queue itself leaks a few bytes for each output
 * file that does not come. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:pattern_vmatch\n";
}
