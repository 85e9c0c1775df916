/* SPDX-License-Identifier: MIT */
/* known_engine.c: an engine whose overhead is known: from the end of a batch to the
 * begin of the next its slot waits for a set time, in which there is room for all that
 * has to be said and read, also on a busy machine. A thread a slot runs tasks by the
 * task library's own code. For tests/e2e/test_metg.py: METG(50 %) of tasks in batches
 * of b is then overhead / b. */
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "tote/clock.h"
#include "tote/engine.h"
#include "tote/record.h"
#include "tote/task.h"

#define ANSWER_MAX  (TOTE_BATCH_MAX * TOTE_RECORD_MAX + 1)
#define WAITING_MAX 4096

struct options {
    uint64_t us;
};

static const struct tote_option option_table[] = {
    {.name = "us",
     .type = TOTE_OPTION_UINT,
     .offset = offsetof(struct options, us),
     .fallback = "1000",
     .max = 1e9,
     .help = "what a batch costs its slot before its tasks begin"},
};

static const struct tote_engine_about about = {
    .name = "known",
    .summary = "costs a known time",
    .options = option_table,
    .n_options = 1,
    .options_size = sizeof(struct options),
};

struct slot {
    pthread_t thread;
    uint64_t worker;
    const struct tote_engine_hello *hello;
    uint64_t us;
    int orders[2], answers[2]; /* pipes: commands to it; one byte when it is done */
    struct tote_engine_command command;
    char *lines;
    ssize_t n_lines;
    bool is_busy;
};

/* Until a time that has been set, so that what came late before is not added up. */
static void wait_until(int timer, tote_ns_t end)
{
    struct itimerspec at = {
        .it_value = {.tv_sec = end / TOTE_NS_PER_S, .tv_nsec = end % TOTE_NS_PER_S}};
    uint64_t times;
    if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL) < 0 ||
        read(timer, &times, sizeof times) != sizeof times)
        abort();
}

static void *work(void *context)
{
    struct slot *slot = context;
    struct tote_error err = {0};
    struct tote_task *task;
    char byte;
    const struct tote_engine_bag *bag = &slot->hello->bag;
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    if (timer < 0 ||
        tote_task_open(bag->kernel, bag->size, bag->seed, 0, &task, &err) < 0)
        abort();
    tote_ns_t free_ns = tote_clock_monotonic();
    while (read(slot->orders[0], &byte, 1) == 1) {
        const struct tote_engine_command *command = &slot->command;
        wait_until(timer, free_ns + (tote_ns_t)slot->us * TOTE_NS_PER_US);
        slot->n_lines = tote_task_run(task, command->first, command->count,
                                      command->attempt, slot->lines, ANSWER_MAX, &err);
        free_ns = tote_clock_monotonic();
        if (write(slot->answers[1], "x", 1) != 1)
            abort();
    }
    tote_task_close(task);
    close(timer);
    return NULL;
}

static void start(struct slot *slot)
{
    slot->lines = malloc(ANSWER_MAX);
    if (!slot->lines || pipe(slot->orders) < 0 || pipe(slot->answers) < 0 ||
        pthread_create(&slot->thread, NULL, work, slot) != 0)
        tote_engine_die(1, "cannot start a slot");
}

static struct slot *find_idle(struct slot *slots, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!slots[i].is_busy)
            return &slots[i];
    return NULL;
}

static void order(struct slot *slot, const struct tote_engine_command *command)
{
    slot->command = *command;
    slot->is_busy = true;
    if (write(slot->orders[1], "x", 1) != 1)
        tote_engine_die(1, "a slot is gone");
}

static void take(struct tote_engine *engine, struct slot *slot)
{
    char byte;
    if (read(slot->answers[0], &byte, 1) != 1)
        tote_engine_die(1, "a slot is gone");
    slot->is_busy = false;
    tote_engine_done(engine, slot->command.batch, slot->worker, slot->lines,
                     (size_t)slot->n_lines);
}

/* What waits, in the order in which it came. */
static struct {
    struct tote_engine_command at[WAITING_MAX];
    size_t first, n;
} waiting;

static void put(const struct tote_engine_command *command)
{
    if (waiting.n == WAITING_MAX)
        tote_engine_die(1, "more than %d batches", WAITING_MAX);
    waiting.at[(waiting.first + waiting.n++) % WAITING_MAX] = *command;
}

static void feed(struct slot *slots, uint32_t n)
{
    struct slot *slot;
    while (waiting.n > 0 && (slot = find_idle(slots, n)) != NULL) {
        order(slot, &waiting.at[waiting.first]);
        waiting.first = (waiting.first + 1) % WAITING_MAX;
        waiting.n--;
    }
}

static void loop(struct tote_engine *engine, struct slot *slots, uint32_t n)
{
    struct pollfd *fds = calloc(n + 1, sizeof *fds);
    if (!fds)
        tote_engine_die(1, "out of memory");
    for (;;) {
        struct tote_engine_command command;
        enum tote_engine_verb verb;
        while ((verb = tote_engine_next(engine, 0, &command)) == TOTE_ENGINE_RUN)
            put(&command);
        if (verb == TOTE_ENGINE_STOP)
            break;
        feed(slots, n);
        for (uint32_t i = 0; i < n; i++)
            fds[i] = (struct pollfd){.fd = slots[i].answers[0], .events = POLLIN};
        fds[n] = (struct pollfd){.fd = tote_engine_fd(engine), .events = POLLIN};
        poll(fds, n + 1, -1);
        for (uint32_t i = 0; i < n; i++)
            if (fds[i].revents)
                take(engine, &slots[i]);
        feed(slots, n);
    }
    free(fds);
}

int main(int argc, char **argv)
{
    struct options options;
    struct tote_engine *engine = tote_engine_open(&about, argc, argv, &options);
    const struct tote_engine_hello *hello = tote_engine_hello(engine);
    struct slot *slots = calloc(hello->slots, sizeof *slots);
    struct tote_engine_worker *workers = calloc(hello->slots, sizeof *workers);
    if (!slots || !workers)
        tote_engine_die(1, "out of memory");
    for (uint32_t i = 0; i < hello->slots; i++) {
        slots[i] = (struct slot){.worker = i + 1, .hello = hello, .us = options.us};
        workers[i] = (struct tote_engine_worker){i + 1, "here", getpid(), 1};
        start(&slots[i]);
    }
    tote_engine_ready(engine, "1", "thread", workers, hello->slots);
    loop(engine, slots, hello->slots);
    for (uint32_t i = 0; i < hello->slots; i++) {
        close(slots[i].orders[1]);
        pthread_join(slots[i].thread, NULL);
        close(slots[i].orders[0]);
        close(slots[i].answers[0]);
        close(slots[i].answers[1]);
        free(slots[i].lines);
    }
    free(slots);
    free(workers);
    return tote_engine_bye(engine, NULL, 0);
}
