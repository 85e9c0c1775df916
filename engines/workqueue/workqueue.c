/* SPDX-License-Identifier: MIT */
/* workqueue.c: the engine program for Work Queue, of the Cooperative Computing Tools
 * (CCTools). Not for what every engine does: that is in helper/.
 *
 * Our source is under the MIT licence. The program links libwork_queue and libdttools,
 * which are under the GNU General Public License, version 2: so the linked program, and
 * only this one of tote's, is under that licence. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "manager.h"
#include "tote/engine.h"
#include "workers.h"

#define DEATHS_MAX     32 /* of workers in a row, with nothing done: not an accident */
#define LOOK_MS        2  /* between two looks while own workers connect */
#define LOOK_SELDOM_MS 50 /* and while we wait for strangers */
#define DEATH_NEWS_MS                                                                  \
    20 /* the socket of a dying worker closes before its parent hears */
#define PATH_ROOM      4096
#define GIVEN_BACK_MAX 3 /* batches in a row, by workers that are well: not theirs */
#define MB             1e6

struct options {
    uint64_t port;
    bool external_workers;
    char password_file[TOTE_OPTION_TEXT_MAX];
    char manager_log[TOTE_OPTION_TEXT_MAX], workers_log[TOTE_OPTION_TEXT_MAX];
};

static const struct tote_option options[] = {
    {.name = "port",
     .type = TOTE_OPTION_UINT,
     .offset = offsetof(struct options, port),
     .fallback = "0",
     .max = 65535,
     .help = "TCP port of the manager; 0: any that is free"},
    {.name = "external-workers",
     .type = TOTE_OPTION_BOOL,
     .offset = offsetof(struct options, external_workers),
     .fallback = "no",
     .help = "start no workers, wait until others have brought the cores"},
    {.name = "password-file",
     .type = TOTE_OPTION_TEXT,
     .offset = offsetof(struct options, password_file),
     .is_path = true,
     .help = "file that manager and workers share; made if it is not there"},
    {.name = "manager-log",
     .type = TOTE_OPTION_TEXT,
     .offset = offsetof(struct options, manager_log),
     .is_path = true,
     .help = "file for Work Queue's own log of transactions"},
    {.name = "workers-log",
     .type = TOTE_OPTION_TEXT,
     .offset = offsetof(struct options, workers_log),
     .is_path = true,
     .help = "file for what the workers print"},
};

/* Of the program, since cleanup must find it. */
static struct program {
    struct options options;
    struct tote_engine *engine;
    const struct tote_engine_hello *hello;
    struct workers workers;
    struct tote_engine_command early; /* a batch that came before ready */
    bool has_early;
    int64_t batches, lost;
    uint32_t deaths;     /* since a batch was last done */
    uint32_t given_back; /* by workers that live; since then, too */
    bool has_said_stuck; /* and it still is */
    uint64_t
        last_dead; /* worker to blame for the next batch that vanishes; 0: unknown */
} program;

static const char *find(const char **ret_why, const char **ret_mend)
{
    if (workers_program())
        return manager_version();
    *ret_why = "work_queue_worker is not installed";
    *ret_mend = "sudo apt-get install coop-computing-tools";
    return NULL;
}

static void end_workers(void)
{
    workers_end(&program.workers);
}

/* --- coming up --- */

static const char *password_file(void)
{
    static char path[PATH_ROOM];
    const char *named = program.options.password_file;
    if (program.options.external_workers && !named[0])
        tote_engine_die(2, "external-workers=yes needs password-file=FILE, to give the "
                           "same file to the workers");
    if (named[0])
        snprintf(path, sizeof path, "%s", named);
    else
        snprintf(path, sizeof path, "%s/password", program.hello->scratch);
    workers_make_password(path);
    return path;
}

static int open_workers_log(void)
{
    char path[PATH_ROOM];
    const char *named = program.options.workers_log;
    if (named[0])
        snprintf(path, sizeof path, "%s", named);
    else
        snprintf(path, sizeof path, "%s/workers.log", program.hello->scratch);
    int log = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0)
        tote_engine_die(1, "cannot write the workers' log '%s': %s", path,
                        strerror(errno));
    return log;
}

static void die_of_workers(const char *how)
{
    char words[TOTE_WHY_MAX / 2];
    workers_last_words(&program.workers, words, sizeof words);
    tote_engine_die(1, "a Work Queue worker %s; the workers' last words: %s", how,
                    words);
}

/* What tote says before ready; a batch stays in `early`, later lines unread. */
static enum tote_engine_verb look_at_tote(int pause_ms)
{
    if (program.has_early) {
        poll(NULL, 0, pause_ms);
        return TOTE_ENGINE_RUN;
    }
    enum tote_engine_verb verb =
        tote_engine_next(program.engine, pause_ms, &program.early);
    program.has_early = verb == TOTE_ENGINE_RUN;
    return verb;
}

/* False: stop came first. Work Queue lets workers in only while it is called, and does
 * not say when one knocks. */
static bool wait_for_workers(void)
{
    int pause_ms = program.options.external_workers ? LOOK_SELDOM_MS : LOOK_MS;
    while (manager_cores() < program.hello->slots) {
        char how[TOTE_WHY_MAX];
        uint32_t place;
        if (look_at_tote(pause_ms) == TOTE_ENGINE_STOP)
            return false;
        if (workers_reap(&program.workers, &place, how))
            die_of_workers(how);
    }
    return true;
}

/* Scratch is memory. Files that commands read and make belong on a disk. */
static const char *workers_folder(void)
{
    const struct tote_engine_hello *hello = program.hello;
    return hello->slices && hello->is_staged ? hello->slices : hello->scratch;
}

static void start_own_workers(const char *password, int port)
{
    const char *worker = workers_program();
    if (!worker)
        tote_engine_die(1, "work_queue_worker is not installed: "
                           "sudo apt-get install coop-computing-tools");
    program.workers = (struct workers){.program = worker,
                                       .folder = workers_folder(),
                                       .password_file = password,
                                       .port = port,
                                       .log = open_workers_log(),
                                       .has_keepers = program.hello->slices != NULL};
    workers_start(&program.workers, program.hello->slots);
}

static void say_ready(void)
{
    static struct tote_engine_worker list[TOTE_WORKERS_MAX];
    uint32_t n = program.workers.n;
    for (uint32_t i = 0; i < n; i++)
        list[i] = workers_about(&program.workers, i);
    if (n == 0) /* strangers are not told apart */
        list[n++] = (struct tote_engine_worker){
            .id = 1, .host = "external", .slots = program.hello->slots};
    tote_engine_ready(program.engine, manager_version(), "C API", list, n);
}

static void come_up(void)
{
    const char *password = password_file();
    int port = manager_open(program.hello, (int)program.options.port, password,
                            program.options.manager_log);
    if (program.options.external_workers)
        fprintf(stderr,
                "waiting for %u cores of workers: "
                "work_queue_worker -P '%s' THIS-HOST %d\n",
                program.hello->slots, password, port);
    else
        start_own_workers(password, port);
    if (!wait_for_workers())
        return;
    say_ready();
    manager_watch(tote_engine_fd(program.engine));
    if (program.has_early)
        manager_submit(&program.early);
}

/* --- running --- */

static void replace_dead_workers(void)
{
    char how[TOTE_WHY_MAX];
    uint32_t place;
    while (workers_reap(&program.workers, &place, how)) {
        uint64_t id = workers_about(&program.workers, place).id;
        program.last_dead = program.last_dead == 0 ? id : 0; /* of two, none is sure */
        tote_engine_left(program.engine, id, how);
        if (++program.deaths == DEATHS_MAX)
            die_of_workers(how);
        workers_replace(&program.workers, place);
        struct tote_engine_worker worker = workers_about(&program.workers, place);
        tote_engine_joined(program.engine, &worker);
    }
}

/* A worker that has no room for a file, or from which one cannot be fetched for lack of
 * room, drops the connection and says nothing. All of ours are on one disk: if it
 * happens again and again, the batches are not to blame, and no other worker has more.
 */
static void judge_given_back(const struct manager_answer *answer)
{
    char why[TOTE_WHY_MAX];
    snprintf(why, sizeof why,
             "%.150s; perhaps the disk is full: files of %.1f MB were to go there, and "
             "%.1f MB are free in %.300s",
             answer->why, (double)answer->bytes / MB,
             (double)workers_room(&program.workers) / MB, program.workers.folder);
    if (++program.given_back == GIVEN_BACK_MAX)
        tote_engine_die(1, "%d batches in a row: %s", GIVEN_BACK_MAX, why);
    tote_engine_lost(program.engine, answer->batch, 0, "%s", why);
}

static void pass_on(const struct manager_answer *answer)
{
    if (!answer->why[0]) {
        uint64_t worker = program.options.external_workers ? 1 : answer->worker;
        tote_engine_done(program.engine, answer->batch, worker, answer->lines,
                         answer->n);
        program.batches++;
        program.deaths = 0;
        program.given_back = 0;
        return;
    }
    uint64_t worker = answer->worker;
    if (worker == 0 && program.workers.n > 0) {
        workers_kill_stopped(&program.workers);
        if (program.last_dead == 0)
            poll(NULL, 0, DEATH_NEWS_MS); /* a signal ends it */
        replace_dead_workers();
        worker = program.last_dead;
        program.last_dead = 0;
    }
    program.lost++;
    if (answer->was_given_back && program.deaths == 0 && program.workers.n > 0)
        judge_given_back(answer);
    else
        tote_engine_lost(program.engine, answer->batch, worker, "%s", answer->why);
}

/* Of ours, if the disk is the reason, no one will ever take a batch. Others may. */
static void look_if_stuck(void)
{
    char why[TOTE_WHY_MAX];
    bool is_stuck = manager_is_stuck(why);
    if (is_stuck && program.workers.n > 0 &&
        workers_room(&program.workers) < (uint64_t)MANAGER_DISK_MB << 20)
        tote_engine_die(
            1,
            "the disk with %.300s is full: workers with less than %d MB are "
            "given no batch",
            program.workers.folder, MANAGER_DISK_MB);
    if (is_stuck && !program.has_said_stuck)
        fprintf(stderr, "%s\n", why);
    program.has_said_stuck = is_stuck;
}

/* False: stop. */
static bool take_commands(void)
{
    struct tote_engine_command command;
    enum tote_engine_verb verb;
    while ((verb = tote_engine_next(program.engine, 0, &command)) == TOTE_ENGINE_RUN)
        manager_submit(&command);
    return verb != TOTE_ENGINE_STOP;
}

static int come_down(void)
{
    struct tote_engine_count counts[MANAGER_COUNTS_MAX + 2];
    size_t n = manager_counts(counts);
    counts[n++] = (struct tote_engine_count){"batches", program.batches};
    counts[n++] = (struct tote_engine_count){"lost", program.lost};
    end_workers();
    return tote_engine_bye(program.engine, counts, n);
}

int main(int argc, char **argv)
{
    static const char *const data[] = {"shared", "staged", NULL};
    static const char *const network_options[] = {"port", "external-workers", NULL};
    static const struct tote_engine_about about = {
        .name = "workqueue",
        .summary = "Work Queue of CCTools, with real workers",
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .options_size = sizeof(struct options),
        .network_options = network_options,
        .data = data,
        .find = find,
        .cleanup = end_workers,
    };
    program.engine = tote_engine_open(&about, argc, argv, &program.options);
    program.hello = tote_engine_hello(program.engine);
    come_up();
    while (take_commands()) {
        struct manager_answer answer;
        if (manager_wait(&answer))
            pass_on(&answer);
        else
            look_if_stuck();
        if (manager_child_ended())
            replace_dead_workers();
    }
    return come_down();
}
