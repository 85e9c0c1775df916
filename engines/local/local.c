/* SPDX-License-Identifier: MIT */
/* local.c: the local engine: a pool of tote-task processes on this machine, one a slot.
 * mode=serve keeps the processes and hands them ranges over pipes; mode=spawn starts
 * one process per batch, to be compared with engines that do so. Not for other
 * machines. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/child.h"
#include "helper/strays.h"
#include "tote/engine.h"
#include "tote/record.h"

#define GIVEN_MAX                                                                      \
    2 /* batches of a worker: one runs, one waits, so that it never idles */
#define ANSWER_MAX (TOTE_BATCH_MAX * TOTE_RECORD_MAX + 1)
#define DEATHS_MAX 100 /* in a row, with nothing done: the fault is not the tasks' */
#define KEEPER_NS  (3 * TOTE_NS_PER_S) /* for a keeper to end what commands started */

enum mode { SERVE, SPAWN };

static const char *const mode_names[] = {"serve", "spawn", NULL};

static const struct tote_option options[] = {
    {.name = "mode",
     .type = TOTE_OPTION_CHOICE,
     .fallback = "serve",
     .choices = mode_names,
     .help = "keep one process a slot, or start one a batch"},
};

struct slot {
    uint64_t worker;
    struct tote_child child;
    struct tote_engine_command given[GIVEN_MAX];
    uint32_t n_given;
    size_t n_answer;
    char *answer; /* ANSWER_MAX bytes, n_answer of them used */
};

/* Of the program, since cleanup must find it. */
static struct pool {
    int mode; /* the only option */
    struct tote_engine *engine;
    const struct tote_engine_hello *hello;
    struct slot *slots;
    struct pollfd *polls;
    struct tote_engine_command *waiting; /* first come, first served */
    size_t n_waiting, waiting_room;
    uint64_t workers; /* started so far; the last one's id */
    int64_t batches;  /* done */
    uint32_t deaths;  /* of workers since the last batch was done */
} pool;

static void *grown(void *array, size_t n, size_t size)
{
    void *larger = reallocarray(array, n, size);
    if (!larger)
        tote_engine_die(1, "out of memory");
    return larger;
}

/* Argument words on their way to a process. */
struct words {
    const char *argv[16];
    char texts[5][48];
    size_t n, n_texts;
};

static void add_word(struct words *words, const char *word)
{
    words->argv[words->n++] = word;
}

static void add_number(struct words *words, const char *option, uint64_t value)
{
    char *text = words->texts[words->n_texts++];
    snprintf(text, sizeof words->texts[0], "%s=%" PRIu64, option, value);
    add_word(words, text);
}

/* Where the bag comes from: numbers, or files of commands. */
static void add_bag(struct words *words, const struct tote_engine_command *batch)
{
    const struct tote_engine_bag *bag = &pool.hello->bag;
    add_word(words, "--kernel");
    add_word(words, bag->kernel);
    if (!pool.hello->slices) {
        add_number(words, "--size", bag->size);
        add_number(words, "--seed", bag->seed);
    } else if (!batch) {
        add_word(words, "--slices");
        add_word(words, pool.hello->slices);
    } else {
        add_word(words, "--slice");
        add_word(words, batch->files->inputs[0].here);
        add_word(words, "--pack");
        add_word(words, batch->files->outputs[0].here);
    }
}

/* batch: what the process runs before it exits, or null for one that serves. */
static void start_process(struct slot *slot, const struct tote_engine_command *batch)
{
    struct words words = {.n = 0};
    add_word(&words, pool.hello->task_program);
    add_bag(&words, batch);
    if (batch) {
        add_number(&words, "--first", batch->first);
        add_number(&words, "--count", batch->count);
        add_number(&words, "--attempt", batch->attempt);
    } else {
        add_word(&words, "--serve");
    }
    slot->n_answer = 0;
    tote_child_start(&slot->child, words.argv, NULL, -1);
}

/* A signal that ends a process with all it has started: that of commands has a keeper,
 * which must hear of it. */
static int end_signal(void)
{
    return pool.hello->slices ? SIGTERM : SIGKILL;
}

static struct tote_engine_worker new_worker(struct slot *slot)
{
    slot->worker = ++pool.workers;
    if (pool.mode == SERVE)
        start_process(slot, NULL);
    return (struct tote_engine_worker){
        .id = slot->worker, .host = "localhost", .pid = slot->child.pid, .slots = 1};
}

static bool is_worker(pid_t pid)
{
    for (uint32_t i = 0; i < pool.hello->slots; i++)
        if (pool.slots[i].child.pid == pid)
            return true;
    return false;
}

/* What is left of a worker whose keeper was killed, or that had none. */
static void end_strays(void)
{
    tote_strays_end(is_worker, pool.hello->slices != NULL);
}

static void start_workers(void)
{
    tote_strays_adopt();
    uint32_t n = pool.hello->slots;
    struct tote_engine_worker *workers = grown(NULL, n, sizeof *workers);
    pool.polls = grown(NULL, n + 1, sizeof *pool.polls);
    pool.slots = grown(NULL, n, sizeof *pool.slots);
    memset(pool.slots, 0, n * sizeof *pool.slots);
    for (uint32_t i = 0; i < n; i++) {
        pool.slots[i].answer = grown(NULL, 1, ANSWER_MAX);
        pool.slots[i].child.from = -1;
        workers[i] = new_worker(&pool.slots[i]);
    }
    tote_engine_ready(pool.engine, TOTE_VERSION, "pipe", workers, n);
    free(workers);
}

static void end_workers(void)
{
    char how[TOTE_WHY_MAX];
    if (!pool.slots)
        return;
    uint32_t n = pool.hello->slots;
    for (uint32_t i = 0; i < n; i++) /* all first, so that they end at the same time */
        if (pool.slots[i].child.pid > 0)
            kill(pool.slots[i].child.pid, end_signal());
    tote_ns_t deadline = tote_clock_monotonic() + KEEPER_NS;
    for (uint32_t i = 0; i < n; i++)
        tote_child_wait(&pool.slots[i].child, deadline);
    for (uint32_t i = 0; i < n; i++) {
        tote_child_end(&pool.slots[i].child, SIGKILL, how);
        for (uint32_t g = 0; g < pool.slots[i].n_given; g++)
            tote_engine_files_destroy(pool.slots[i].given[g].files);
        free(pool.slots[i].answer);
    }
    end_strays();
    for (size_t i = 0; i < pool.n_waiting; i++)
        tote_engine_files_destroy(pool.waiting[i].files);
    free(pool.slots);
    free(pool.polls);
    free(pool.waiting);
    pool.slots = NULL;
}

/* --- batches on their way to workers --- */

static void put_waiting(const struct tote_engine_command *batch, size_t at)
{
    if (pool.n_waiting == pool.waiting_room) {
        pool.waiting_room = 2 * pool.waiting_room + 64;
        pool.waiting = grown(pool.waiting, pool.waiting_room, sizeof *pool.waiting);
    }
    memmove(pool.waiting + at + 1, pool.waiting + at,
            (pool.n_waiting - at) * sizeof *pool.waiting);
    pool.waiting[at] = *batch;
    pool.n_waiting++;
}

static void give(struct slot *slot, const struct tote_engine_command *batch)
{
    slot->given[slot->n_given++] = *batch;
    if (pool.mode == SPAWN) {
        start_process(slot, batch);
        return;
    }
    char line[80];
    int n = snprintf(line, sizeof line, "%" PRIu64 " %" PRIu32 " %" PRIu32 "\n",
                     batch->first, batch->count, batch->attempt);
    /* The pipe has room for GIVEN_MAX lines; a worker that is gone shows when we read.
     */
    if (write(slot->child.to, line, (size_t)n) != n && errno != EPIPE)
        tote_engine_die(1, "cannot write to a worker: %s", strerror(errno));
}

static struct slot *least_busy(void)
{
    struct slot *least = &pool.slots[0];
    for (uint32_t i = 1; i < pool.hello->slots && least->n_given > 0; i++)
        if (pool.slots[i].n_given < least->n_given)
            least = &pool.slots[i];
    return least;
}

static void hand_out(void)
{
    /* A command may take an hour: none waits behind it while another slot is free. */
    uint32_t most = pool.mode == SPAWN || pool.hello->slices ? 1 : GIVEN_MAX;
    size_t n = 0;
    for (struct slot *slot; n < pool.n_waiting; n++) {
        slot = least_busy();
        if (slot->n_given >= most)
            break;
        give(slot, &pool.waiting[n]);
    }
    pool.n_waiting -= n;
    if (n > 0)
        memmove(pool.waiting, pool.waiting + n, pool.n_waiting * sizeof *pool.waiting);
}

/* --- what comes back --- */

/* The first n bytes of the answer belong to the oldest batch of the slot. */
static void finish_batch(struct slot *slot, size_t n)
{
    const struct tote_engine_command *batch = &slot->given[0];
    uint64_t lines = tote_engine_count_lines(slot->answer, n);
    if (lines == batch->count) {
        tote_engine_done(pool.engine, batch->batch, slot->worker, slot->answer, n);
        pool.batches++;
        pool.deaths = 0;
    } else {
        tote_engine_lost(pool.engine, batch->batch, slot->worker,
                         "%" PRIu64 " records came back for %" PRIu32 " tasks", lines,
                         batch->count);
    }
    tote_engine_files_destroy(batch->files);
    slot->given[0] = slot->given[1];
    slot->n_given--;
}

/* Takes what ends with an empty line. Bytes before `from` have been looked at. */
static void take_answers(struct slot *slot, size_t from)
{
    for (;; from = 0) {
        from -= from > 0; /* the two newlines may have come apart */
        char *end = memmem(slot->answer + from, slot->n_answer - from, "\n\n", 2);
        if (!end)
            return;
        if (slot->n_given == 0)
            tote_engine_die(1, "worker %" PRIu64 " answers what it was not asked",
                            slot->worker);
        size_t n = (size_t)(end + 1 - slot->answer);
        finish_batch(slot, n);
        slot->n_answer -= n + 1;
        memmove(slot->answer, slot->answer + n + 1, slot->n_answer);
    }
}

/* Its output has ended, and it is about to; or the output is more than records can be.
 */
static int end_process(struct slot *slot, char how[static TOTE_WHY_MAX])
{
    bool is_flooded = slot->n_answer == ANSWER_MAX;
    if (is_flooded && slot->child.pid > 0) {
        kill(slot->child.pid, end_signal());
        tote_child_wait(&slot->child, tote_clock_monotonic() + KEEPER_NS);
    }
    return tote_child_end(&slot->child, is_flooded ? SIGKILL : 0, how);
}

/* Of a dead worker's batches only the first can have begun: the other one is not lost,
 * it waits for the next worker as it did for this one. */
static void replace_worker(struct slot *slot)
{
    char how[TOTE_WHY_MAX];
    end_process(slot, how);
    end_strays();
    if (slot->n_given > 0)
        tote_engine_lost(pool.engine, slot->given[0].batch, slot->worker,
                         "the worker %s", how);
    if (slot->n_given > 1)
        put_waiting(&slot->given[1], 0);
    slot->n_given = 0;
    tote_engine_left(pool.engine, slot->worker, how);
    if (++pool.deaths == DEATHS_MAX)
        tote_engine_die(
            1, "%d workers in a row died without finishing a batch; the last %s",
            DEATHS_MAX, how);
    struct tote_engine_worker worker = new_worker(slot);
    tote_engine_joined(pool.engine, &worker);
}

/* mode=spawn: the status says whether tasks failed (3) or gave wrong outputs (4); so do
 * the records. */
static void end_batch(struct slot *slot)
{
    char how[TOTE_WHY_MAX];
    int status = end_process(slot, how);
    if (status == 0 || status == 3 || status == 4) {
        finish_batch(slot, slot->n_answer);
    } else {
        end_strays();
        tote_engine_lost(pool.engine, slot->given[0].batch, slot->worker,
                         "the process of the batch %s", how);
        tote_engine_files_destroy(slot->given[0].files);
        slot->n_given = 0;
    }
}

static void read_slot(struct slot *slot)
{
    size_t from =
        slot->n_answer; /* with a full buffer 0 bytes are read, as at an end */
    ssize_t n = read(slot->child.from, slot->answer + from, ANSWER_MAX - from);
    if (n < 0 && errno == EINTR)
        return;
    slot->n_answer += n > 0 ? (size_t)n : 0;
    if (n > 0 && pool.mode == SERVE)
        take_answers(slot, from);
    else if (n <= 0 && pool.mode == SERVE)
        replace_worker(slot);
    else if (n <= 0)
        end_batch(slot);
}

/* --- the program --- */

/* A worker sees the folder of slices: only a process of its own is told the files. */
static void take_batch(struct tote_engine_command *command)
{
    struct tote_engine_files *files = command->files;
    if (files && files->n_inputs + files->n_outputs > 2)
        tote_engine_die(1, "this engine moves no files (data: staged), and need not: "
                           "its workers are on this machine");
    if (pool.mode == SERVE) {
        tote_engine_files_destroy(files);
        command->files = NULL;
    }
    put_waiting(command, pool.n_waiting);
}

/* False: stop. */
static bool take_commands(void)
{
    struct tote_engine_command command;
    enum tote_engine_verb verb;
    while ((verb = tote_engine_next(pool.engine, 0, &command)) == TOTE_ENGINE_RUN)
        take_batch(&command);
    return verb != TOTE_ENGINE_STOP;
}

static void wait_for_something(void)
{
    uint32_t n = pool.hello->slots;
    for (uint32_t i = 0; i < n; i++)
        pool.polls[i] =
            (struct pollfd){.fd = pool.slots[i].child.from, .events = POLLIN};
    pool.polls[n] =
        (struct pollfd){.fd = tote_engine_fd(pool.engine), .events = POLLIN};
    if (poll(pool.polls, n + 1, -1) < 0)
        return;
    for (uint32_t i = 0; i < n; i++)
        if (pool.polls[i].revents)
            read_slot(&pool.slots[i]);
}

int main(int argc, char **argv)
{
    static const char *const data[] = {"shared", NULL};
    static const struct tote_engine_about about = {
        .name = "local",
        .summary = "a pool of processes on this machine",
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .options_size = sizeof pool.mode,
        .data = data,
        .cleanup = end_workers,
    };
    pool.engine = tote_engine_open(&about, argc, argv, &pool.mode);
    pool.hello = tote_engine_hello(pool.engine);
    start_workers();
    while (take_commands()) {
        hand_out();
        wait_for_something();
    }
    end_workers();
    struct tote_engine_count counts[] = {{"batches", pool.batches}};
    return tote_engine_bye(pool.engine, counts, 1);
}
