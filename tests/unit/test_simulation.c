/* SPDX-License-Identifier: MIT */
/* test_simulation.c: seeded engines that lose, repeat, delay and reorder, and a store
 * that lags, drive the real dispatcher, planner and recorder over virtual time. Each
 * seed is one history; after it, whatever must hold in every history is checked.
 *
 *     TOTE_SIM_HISTORIES=1000000 test_simulation         more histories
 *     TOTE_SIM_SEED=4711 TOTE_SIM_HISTORIES=1 ...        one again, with a trace on
 * stderr
 *
 * Not for I/O: pipes, boxes and SQLite have tests of their own. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/dispatcher.h"
#include "random.h"

#define TASKS_MAX 4000
#define SLOTS_MAX 9
#define LATE_MAX  3 /* repetitions of one answer */
#define GROUP_MAX 5000

/* --- one history --- */

enum kind { READY, FREE, DONE, LOST, COMMIT, USER_STOP, DEATH, GONE };

struct event {
    tote_ns_t at;
    uint64_t order; /* of equal times: first come, first served */
    enum kind kind;
    size_t slot;
    struct tote_batch batch;
    uint64_t worker;
    struct tote_record *records; /* owned */
    size_t n;
    bool is_wrong; /* must be refused */
};

/* What this history's engine and store do; probabilities but for the times. */
struct nature {
    tote_ns_t task_ns, spread_ns, delay_ns, commit_ns;
    double lose_before, lose_after, late, repeat, wrong, fail, killer, shuffle;
    uint64_t store_room, group;
};

struct slot {
    uint64_t worker; /* id; a new one after each death */
    double slowness;
    tote_ns_t offset_ns; /* of its clock */
    bool is_busy;
};

struct sim {
    uint64_t seed, random;
    bool is_traced;
    struct nature nature;
    tote_ns_t now;
    struct event *heap;
    size_t n_heap, heap_capacity;
    uint64_t n_events, last_order;

    struct slot slots[SLOTS_MAX];
    uint32_t n_slots, fixed;
    uint64_t last_worker;
    struct tote_batch *fifo; /* handed out and not begun */
    size_t fifo_at, fifo_n, fifo_capacity;

    /* What must come out, kept without the code under test. */
    struct tote_bag bag;
    uint32_t attempt[TASKS_MAX];    /* last handed out */
    uint32_t lost_alone[TASKS_MAX]; /* in a row of single batches */
    bool is_expected[TASKS_MAX];    /* a result was taken */
    bool is_stored[TASKS_MAX];
    enum tote_outcome outcome[TASKS_MAX];
    uint64_t expected, stored, durable, duplicates, lost, out;
    tote_ns_t first_ns;
    bool was_stopped, was_asked, was_killed, is_gone, is_commit_coming;

    struct tote_dispatcher dispatcher;
};

static void require(const struct sim *sim, bool is_true, const char *what, int line)
{
    if (!is_true)
        fail_msg("line %d: %s; again: TOTE_SIM_SEED=%" PRIu64 " TOTE_SIM_HISTORIES=1",
                 line, what, sim->seed);
}
#define REQUIRE(condition) require(sim, condition, #condition, __LINE__)

static void trace(const struct sim *sim, const char *what, uint64_t batch,
                  uint64_t first, uint64_t count)
{
    if (sim->is_traced)
        fprintf(stderr,
                "%12" PRId64 " %-10s batch %" PRIu64 " [%" PRIu64 "+%" PRIu64 "]\n",
                sim->now, what, batch, first, count);
}

/* --- the queue of what will happen --- */

static bool is_before(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void swap(struct event *a, struct event *b)
{
    struct event kept = *a;
    *a = *b;
    *b = kept;
}

static void schedule(struct sim *sim, tote_ns_t in_ns, struct event event)
{
    if (sim->n_heap == sim->heap_capacity) {
        sim->heap_capacity = sim->heap_capacity * 2 + 64;
        sim->heap = realloc(sim->heap, sim->heap_capacity * sizeof *sim->heap);
        assert_non_null(sim->heap);
    }
    event.at = sim->now + in_ns;
    event.order = ++sim->last_order;
    size_t at = sim->n_heap++;
    sim->heap[at] = event;
    for (; at > 0 && is_before(&sim->heap[at], &sim->heap[(at - 1) / 2]);
         at = (at - 1) / 2)
        swap(&sim->heap[at], &sim->heap[(at - 1) / 2]);
}

static struct event take_next(struct sim *sim)
{
    struct event first = sim->heap[0];
    sim->heap[0] = sim->heap[--sim->n_heap];
    for (size_t at = 0, child; (child = 2 * at + 1) < sim->n_heap; at = child) {
        if (child + 1 < sim->n_heap &&
            is_before(&sim->heap[child + 1], &sim->heap[child]))
            child++;
        if (!is_before(&sim->heap[child], &sim->heap[at]))
            break;
        swap(&sim->heap[child], &sim->heap[at]);
    }
    return first;
}

static tote_ns_t some_delay(struct sim *sim)
{
    return (tote_ns_t)random_below(&sim->random, (uint64_t)sim->nature.delay_ns + 1);
}

/* --- the engine --- */

static bool is_killer(const struct sim *sim, uint64_t task)
{
    uint64_t state = sim->seed * 31 + task;
    return random_is(&state, sim->nature.killer);
}

static struct tote_record *make_records(struct sim *sim, const struct slot *slot,
                                        const struct tote_batch *batch, tote_ns_t took)
{
    struct tote_record *records = calloc(batch->count + 1, sizeof *records);
    assert_non_null(records);
    tote_ns_t start = sim->now + slot->offset_ns, each = took / batch->count;
    for (uint32_t i = 0; i < batch->count; i++)
        records[i] = (struct tote_record){
            .task = batch->first + i,
            .attempt = batch->attempt,
            .start_ns = start + i * each,
            .end_ns = start + (i + 1) * each,
            .outcome = random_is(&sim->random, sim->nature.fail) ? TOTE_OUTCOME_FAILED
                                                                 : TOTE_OUTCOME_OK,
        };
    for (uint32_t i = batch->count;
         random_is(&sim->random, sim->nature.shuffle) && i > 1; i--) {
        size_t j = random_below(&sim->random, i);
        struct tote_record kept = records[i - 1];
        records[i - 1] = records[j];
        records[j] = kept;
    }
    return records;
}

static struct event copy_of(const struct event *event)
{
    struct event copy = *event;
    copy.records = calloc(event->n + 1, sizeof *copy.records);
    assert_non_null(copy.records);
    memcpy(copy.records, event->records, event->n * sizeof *copy.records);
    return copy;
}

/* Breaks one answer so that nobody may believe it. */
static void make_wrong(struct sim *sim, struct event *done)
{
    struct tote_record *one = &done->records[random_below(&sim->random, done->n)];
    done->is_wrong = true;
    switch (random_below(&sim->random, 6)) {
    case 0: /* one is missing */
        done->n--;
        break;
    case 1: /* one too many */
        done->records[done->n] = *one;
        done->n++;
        break;
    case 2: /* twice the same, or somebody else's */
        one->task = one->task == done->batch.first ? one->task + done->batch.count
                                                   : one->task - 1;
        break;
    case 3:
        one->attempt += 1 + (uint32_t)random_below(&sim->random, 2) * 1000;
        break;
    case 4:
        one->task = UINT64_MAX - random_below(&sim->random, 3);
        break;
    default: /* a batch that was never given */
        done->batch.id += 1000000;
    }
}

/* The answer of a batch that was worked through: on time, late after a loss, repeated,
 * or wrong. */
static void answer(struct sim *sim, const struct slot *slot,
                   const struct tote_batch *batch, tote_ns_t took)
{
    struct nature *nature = &sim->nature;
    struct event done = {.kind = DONE,
                         .batch = *batch,
                         .worker = slot->worker,
                         .records = make_records(sim, slot, batch, took),
                         .n = batch->count};
    tote_ns_t in = took + some_delay(sim);
    if (random_is(&sim->random, nature->lose_after)) {
        schedule(sim, in, (struct event){.kind = LOST, .batch = *batch});
        if (!random_is(&sim->random, nature->late)) {
            free(done.records);
            return;
        }
        in += 1 + some_delay(sim) * 2;
    } else if (random_is(&sim->random, nature->wrong)) {
        make_wrong(sim, &done);
    }
    for (int i = 0; i < LATE_MAX && !done.is_wrong; i++)
        if (random_is(&sim->random, nature->repeat))
            schedule(sim, in + 1 + some_delay(sim) * 3, copy_of(&done));
    schedule(sim, in, done);
}

static void hire(struct sim *sim, struct slot *slot)
{
    *slot = (struct slot){
        .worker = ++sim->last_worker,
        .slowness = 0.5 + random_unit(&sim->random) * 2,
        .offset_ns = (tote_ns_t)random_below(&sim->random, 1u << 30),
    };
}

/* How long the worker lives with this batch: to its first killer, if it has one. */
static tote_ns_t work_of(struct sim *sim, const struct slot *slot,
                         const struct tote_batch *batch, bool *ret_is_killed)
{
    double took = 1;
    *ret_is_killed = false;
    for (uint32_t i = 0; i < batch->count && !*ret_is_killed; i++) {
        *ret_is_killed = is_killer(sim, batch->first + i);
        took += slot->slowness *
                ((double)sim->nature.task_ns +
                 random_unit(&sim->random) * (double)sim->nature.spread_ns);
    }
    return (tote_ns_t)took + batch->count;
}

static void work(struct sim *sim, size_t at, const struct tote_batch *batch)
{
    struct slot *slot = &sim->slots[at];
    bool is_killed;
    tote_ns_t took = work_of(sim, slot, batch, &is_killed);
    slot->is_busy = true;
    if (is_killed || random_is(&sim->random, sim->nature.lose_before)) {
        schedule(sim, took + some_delay(sim),
                 (struct event){.kind = LOST, .batch = *batch, .worker = slot->worker});
        hire(sim, slot);
        slot->is_busy = true;
    } else {
        answer(sim, slot, batch, took);
    }
    schedule(sim, took, (struct event){.kind = FREE, .slot = at});
}

static void feed_slots(struct sim *sim)
{
    for (size_t i = 0; i < sim->n_slots && !sim->is_gone; i++)
        if (!sim->slots[i].is_busy && sim->fifo_at < sim->fifo_n && !sim->was_asked)
            work(sim, i, &sim->fifo[sim->fifo_at++]);
}

/* --- the dispatcher's way out --- */

static tote_ns_t sim_now(void *context)
{
    return ((struct sim *)context)->now;
}

static void check_batch(struct sim *sim, const struct tote_batch *batch)
{
    REQUIRE(!sim->was_asked);
    REQUIRE(sim->stored - sim->durable <= sim->nature.store_room);
    REQUIRE(batch->count > 0 && batch->count <= TOTE_BATCH_MAX);
    REQUIRE(!sim->fixed || batch->count <= sim->fixed);
    REQUIRE(batch->first < sim->bag.tasks);
    REQUIRE(batch->count <= sim->bag.tasks - batch->first);
    REQUIRE(sim->out < (uint64_t)sim->n_slots * TOTE_WINDOW);
    REQUIRE(sim->expected < sim->bag.tasks);
    for (uint32_t i = 0; i < batch->count; i++) {
        uint32_t *attempt = &sim->attempt[batch->first + i];
        REQUIRE(batch->attempt == *attempt + 1);
        *attempt = batch->attempt;
    }
}

static int sim_run(void *context, const struct tote_batch *batch,
                   struct tote_error *err)
{
    (void)err;
    struct sim *sim = context;
    trace(sim, "run", batch->id, batch->first, batch->count);
    check_batch(sim, batch);
    sim->out++;
    if (sim->fifo_n == sim->fifo_capacity) {
        sim->fifo_capacity = sim->fifo_capacity * 2 + 64;
        sim->fifo = realloc(sim->fifo, sim->fifo_capacity * sizeof *sim->fifo);
        assert_non_null(sim->fifo);
    }
    sim->fifo[sim->fifo_n++] = *batch;
    return 0;
}

static int sim_stop(void *context, struct tote_error *err)
{
    (void)err;
    struct sim *sim = context;
    trace(sim, "stop", 0, 0, 0);
    REQUIRE(!sim->was_asked);
    sim->was_asked = true;
    schedule(sim, 1 + some_delay(sim), (struct event){.kind = GONE});
    return 0;
}

static int sim_record(void *context, uint64_t worker, const struct tote_record *records,
                      size_t n, struct tote_error *err)
{
    (void)worker;
    (void)err;
    struct sim *sim = context;
    REQUIRE(n > 0);
    for (size_t i = 0; i < n; i++) {
        uint64_t task = records[i].task;
        REQUIRE(task < sim->bag.tasks && !sim->is_stored[task]);
        REQUIRE(records[i].attempt > 0 && records[i].attempt <= sim->attempt[task]);
        sim->is_stored[task] = true;
        sim->outcome[task] = records[i].outcome;
    }
    sim->stored += n;
    return 0;
}

static int sim_back(void *context, const struct tote_batch *batch, uint64_t worker,
                    tote_ns_t sent_ns, tote_ns_t back_ns, const char *why,
                    struct tote_error *err)
{
    (void)worker;
    (void)err;
    struct sim *sim = context;
    trace(sim, why ? "lost" : "back", batch->id, batch->first, batch->count);
    REQUIRE(sent_ns <= back_ns && back_ns == sim->now);
    return 0;
}

static bool sim_is_full(void *context)
{
    const struct sim *sim = context;
    return sim->stored - sim->durable > sim->nature.store_room;
}

static const struct tote_dispatch_ops sim_ops = {
    .now = sim_now,
    .run = sim_run,
    .stop = sim_stop,
    .record = sim_record,
    .back = sim_back,
    .is_full = sim_is_full,
};

/* --- events --- */

/* Counts down the first time: batches are numbered from 1 without gaps, so the queue
 * can remember it. */
static void was_out(struct sim *sim, uint64_t id)
{
    uint64_t *flag = &sim->fifo[id - 1].id;
    sim->out -= *flag != 0;
    *flag = 0;
}

/* A result of this task has come: the first counts. */
static void expect(struct sim *sim, uint64_t task)
{
    sim->duplicates += sim->is_expected[task];
    sim->expected += !sim->is_expected[task];
    sim->is_expected[task] = true;
    if (!sim->first_ns)
        sim->first_ns = sim->now;
}

static int on_done(struct sim *sim, const struct event *event, struct tote_error *err)
{
    trace(sim, event->is_wrong ? "wrong" : "done", event->batch.id, event->batch.first,
          event->n);
    if (!event->is_wrong) {
        was_out(sim, event->batch.id);
        for (size_t i = 0; i < event->n; i++)
            expect(sim, event->records[i].task);
    }
    return tote_dispatcher_done(&sim->dispatcher, event->batch.id, event->worker,
                                event->records, event->n, err);
}

static int on_lost(struct sim *sim, const struct event *event, struct tote_error *err)
{
    const struct tote_batch *batch = &event->batch;
    was_out(sim, batch->id);
    sim->lost++;
    if (batch->count == 1 && ++sim->lost_alone[batch->first] == TOTE_LOST_ALONE_MAX)
        expect(sim, batch->first);
    return tote_dispatcher_lost(&sim->dispatcher, batch->id, event->worker,
                                "it vanished", err);
}

static void schedule_commit(struct sim *sim)
{
    if (sim->is_commit_coming || sim->stored == sim->durable)
        return;
    sim->is_commit_coming = true;
    uint64_t wait = random_below(&sim->random, (uint64_t)sim->nature.commit_ns);
    schedule(sim, 1 + (tote_ns_t)wait, (struct event){.kind = COMMIT});
}

static int on_commit(struct sim *sim, struct tote_error *err)
{
    uint64_t waiting = sim->stored - sim->durable;
    uint64_t group = 1 + random_below(&sim->random, sim->nature.group);
    sim->durable += group < waiting ? group : waiting;
    sim->is_commit_coming = false;
    schedule_commit(sim);
    return tote_dispatcher_durable(&sim->dispatcher, sim->durable, err);
}

static int handle(struct sim *sim, const struct event *event, struct tote_error *err)
{
    switch (event->kind) {
    case READY:
        return tote_dispatcher_ready(&sim->dispatcher, err);
    case FREE:
        sim->slots[event->slot].is_busy = false;
        return 0;
    case DONE:
        return on_done(sim, event, err);
    case LOST:
        return on_lost(sim, event, err);
    case COMMIT:
        return on_commit(sim, err);
    case USER_STOP:
        trace(sim, "user stop", 0, 0, 0);
        sim->was_stopped |= !sim->was_asked;
        return tote_dispatcher_stop(&sim->dispatcher, err);
    case DEATH:
        trace(sim, "death", 0, 0, 0);
        sim->was_killed |= !sim->was_asked;
        /* fall through */
    case GONE:
        sim->is_gone = true;
        return tote_dispatcher_gone(&sim->dispatcher, err);
    }
    return 0;
}

/* --- a whole history --- */

static tote_ns_t some_time(struct sim *sim)
{
    tote_ns_t most = TOTE_NS_PER_US;
    for (uint64_t n = random_below(&sim->random, 6); n > 0; n--)
        most *= 10;
    return (tote_ns_t)random_below(&sim->random, (uint64_t)most);
}

/* Zero in most histories, so that each trouble is also seen alone. */
static double some_chance(struct sim *sim, double most)
{
    return random_is(&sim->random, 0.6) ? 0 : random_unit(&sim->random) * most;
}

static void choose_nature(struct sim *sim)
{
    sim->nature = (struct nature){
        .task_ns = some_time(sim),
        .spread_ns = some_time(sim),
        .delay_ns = some_time(sim),
        .commit_ns = 1 + some_time(sim),
        .lose_before = some_chance(sim, 0.3),
        .lose_after = some_chance(sim, 0.3),
        .late = some_chance(sim, 1),
        .repeat = some_chance(sim, 0.3),
        .wrong = some_chance(sim, 0.05),
        .fail = some_chance(sim, 0.5),
        .killer = some_chance(sim, 0.1),
        .shuffle = some_chance(sim, 1),
        .store_room = random_is(&sim->random, 0.5) ? UINT64_MAX
                                                   : random_below(&sim->random, 2000),
        .group = 1 + random_below(&sim->random, GROUP_MAX),
    };
}

static void choose_bag(struct sim *sim)
{
    static const uint64_t most[] = {3, 3, 20, 20, 200, 200, 200, TASKS_MAX};
    sim->bag.tasks = random_below(&sim->random, most[random_below(&sim->random, 8)]);
    sim->n_slots = 1 + (uint32_t)random_below(&sim->random, SLOTS_MAX);
    if (random_is(&sim->random, 0.5))
        sim->fixed =
            1 + (uint32_t)random_below(
                    &sim->random, random_is(&sim->random, 0.5) ? 4 : TOTE_BATCH_MAX);
    for (size_t i = 0; i < sim->n_slots; i++)
        hire(sim, &sim->slots[i]);
}

static void sim_init(struct sim *sim, uint64_t seed, bool is_traced)
{
    *sim =
        (struct sim){.seed = seed, .random = seed, .is_traced = is_traced, .now = 1000};
    choose_nature(sim);
    choose_bag(sim);
    struct tote_error err = {0};
    REQUIRE(tote_dispatcher_init(&sim->dispatcher, &sim->bag, sim->n_slots, sim->fixed,
                                 &sim_ops, sim, &err) == 0);
    schedule(sim, some_delay(sim), (struct event){.kind = READY});
    tote_ns_t whole =
        (tote_ns_t)sim->bag.tasks * (sim->nature.task_ns + sim->nature.spread_ns) +
        sim->nature.delay_ns * 4 + 2;
    if (random_is(&sim->random, 0.15))
        schedule(sim, (tote_ns_t)random_below(&sim->random, (uint64_t)whole),
                 (struct event){.kind = USER_STOP});
    if (random_is(&sim->random, 0.1))
        schedule(sim, (tote_ns_t)random_below(&sim->random, (uint64_t)whole),
                 (struct event){.kind = DEATH});
}

static void sim_finish(struct sim *sim)
{
    for (size_t i = 0; i < sim->n_heap; i++)
        free(sim->heap[i].records);
    free(sim->heap);
    free(sim->fifo);
    tote_dispatcher_finish(&sim->dispatcher);
}

/* Each task can be lost four times on the way to being alone and three times there;
 * each answer may be repeated; commits go on all the while. */
static uint64_t events_allowed(const struct sim *sim)
{
    return 1000 + sim->bag.tasks * (7 + TOTE_LOST_ALONE_MAX) * (LATE_MAX + 3);
}

/* Runs until the engine is gone or the dispatcher gives it up; returns what it said. */
static int live(struct sim *sim)
{
    int rc = 0;
    while (rc == 0 && !sim->is_gone) {
        REQUIRE(sim->n_heap > 0);
        struct event event = take_next(sim);
        sim->now = event.at;
        sim->n_events += event.kind != COMMIT;
        REQUIRE(sim->n_events <= events_allowed(sim));
        struct tote_error err = {0};
        rc = handle(sim, &event, &err);
        free(event.records);
        REQUIRE(rc == 0 || err.text[0]);
        if (rc < 0 && sim->is_traced)
            fprintf(stderr, "refused: %s\n", err.text);
        REQUIRE(!event.is_wrong || rc == -EPROTO);
        if (event.is_wrong)
            return 0; /* that was the point of it */
        feed_slots(sim);
        schedule_commit(sim);
    }
    return rc;
}

static void check_tasks(const struct sim *sim, bool is_whole)
{
    for (uint64_t task = 0; task < sim->bag.tasks; task++) {
        REQUIRE(sim->is_stored[task] == sim->is_expected[task]);
        REQUIRE(!is_whole || sim->is_stored[task]);
        if (!sim->is_stored[task])
            continue;
        bool is_lost = sim->outcome[task] == TOTE_OUTCOME_LOST;
        REQUIRE(!is_lost || sim->lost_alone[task] >= TOTE_LOST_ALONE_MAX);
        REQUIRE(is_lost || !is_killer(sim, task));
    }
}

static void check_end(struct sim *sim, int rc)
{
    const struct tote_dispatcher *d = &sim->dispatcher;
    uint64_t ok = 0;
    for (uint64_t task = 0; task < sim->bag.tasks; task++)
        ok += sim->is_stored[task] && sim->outcome[task] == TOTE_OUTCOME_OK;
    REQUIRE(d->recorder.ok == ok);
    REQUIRE(d->recorder.recorded == sim->stored);
    REQUIRE(d->recorder.duplicate == sim->duplicates);
    REQUIRE(d->lost == sim->lost);
    REQUIRE(d->first_ns == sim->first_ns);
    REQUIRE(rc == (sim->was_killed ? -EPROTO : 0));

    bool is_whole = sim->is_gone && !sim->was_stopped && !sim->was_killed;
    check_tasks(sim, is_whole);
    if (!is_whole)
        return;
    REQUIRE(d->phase == TOTE_PHASE_OVER && sim->was_asked);
    REQUIRE(tote_dispatcher_is_complete(d) && sim->durable == sim->bag.tasks);
    REQUIRE(d->ready_ns > 0 && d->last_ns >= d->ready_ns);
    REQUIRE(sim->bag.tasks == 0 ||
            (d->first_ns >= d->ready_ns && d->fed_ns >= d->ready_ns &&
             d->first_ns <= d->last_ns && d->fed_ns <= d->last_ns));
}

static uint64_t from_environment(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    return text && text[0] ? strtoull(text, NULL, 10) : fallback;
}

static void every_history_holds(void **state)
{
    (void)state;
    uint64_t first = from_environment("TOTE_SIM_SEED", 1);
    uint64_t n = from_environment("TOTE_SIM_HISTORIES", 5000);
    struct sim *sim = malloc(sizeof *sim);
    assert_non_null(sim);
    for (uint64_t seed = first; seed < first + n; seed++) {
        sim_init(sim, seed, n == 1);
        check_end(sim, live(sim));
        sim_finish(sim);
    }
    free(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_history_holds)};
    return cmocka_run_group_tests_name("simulation", tests, NULL, NULL);
}
