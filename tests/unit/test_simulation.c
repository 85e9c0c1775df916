/* SPDX-License-Identifier: MIT */
/* test_simulation.c: seeded engines that lose, repeat, delay and reorder, tasks that
 * fail and kill, bags that grow, and a store that lags, drive the real dispatcher,
 * planner and recorder over virtual time. Each seed is one history of one or more runs:
 * one that ends before its bag is resumed by the next, from what was durable. During
 * each and after it, whatever must hold in every history is checked against a model
 * that is kept without the code under test.
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
#define RUNS_MAX  8
#define GROWS_MAX 20

/* --- one history --- */

enum kind { READY, FREE, DONE, LOST, COMMIT, GROW, DRAIN, STOP, DEATH, KILL, GONE };

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

/* What this run's engine and store do; probabilities but for the times. */
struct nature {
    tote_ns_t task_ns, spread_ns, delay_ns, commit_ns, grow_ns;
    double lose_before, lose_after, late, repeat, wrong, shuffle, cut;
    uint64_t store_room, group;
};

struct slot {
    uint64_t worker; /* id; a new one after each death */
    double slowness;
    tote_ns_t offset_ns; /* of its clock */
    bool is_busy;
};

enum state { OUT, AWAY, BACK }; /* of a batch: AWAY was lost and has not come late */

struct given {
    struct tote_batch batch;
    enum state state;
};

/* What must be true of a task in this run. */
struct task {
    uint32_t failures, losses, lost_alone;
    tote_ns_t not_before_ns;
    bool must_be_alone;
    bool has_result; /* also from an earlier run */
    enum tote_outcome outcome;
};

struct stored {
    uint64_t task;
    enum tote_outcome outcome;
    bool is_result;
};

struct sim {
    uint64_t seed, random;
    bool is_traced;

    /* The whole history. */
    uint64_t tasks, known; /* of the bag, and how many of them were announced */
    double fail, killer;
    uint32_t attempt[TASKS_MAX]; /* highest handed out, over all runs */
    bool is_kept[TASKS_MAX];     /* has a durable result */
    enum tote_outcome kept[TASKS_MAX];
    uint32_t attempts_before;
    uint32_t n_runs;

    /* One run. */
    struct nature nature;
    tote_ns_t now;
    struct event *heap;
    size_t n_heap, heap_capacity;
    uint64_t n_events, last_order;
    struct slot slots[SLOTS_MAX];
    uint32_t n_slots, fixed;
    uint64_t last_worker;
    struct given *given; /* by id - 1 */
    size_t n_begun, n_given, given_capacity;
    uint64_t fit_first;
    uint32_t fit_count;
    struct tote_budget budget;
    struct tote_halt halt;

    /* What must come of it. */
    struct task model[TASKS_MAX];
    bool is_whole;
    struct stored *log; /* what the store was given */
    uint64_t n_log, log_capacity, durable;
    uint64_t recorded, run_ok, run_failed, duplicates, retried, quarantined, lost, out;
    uint32_t lost_row;
    tote_ns_t first_ns;
    bool was_drained, was_stopped, was_asked, has_died, was_killed, is_gone;
    bool is_commit_coming;

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
    return random_is(&state, sim->killer);
}

static enum tote_outcome outcome_of(const struct sim *sim, uint64_t task,
                                    uint32_t attempt)
{
    uint64_t state = (sim->seed * 1000003 + task) * 1000003 + attempt;
    if (!random_is(&state, sim->fail))
        return TOTE_OUTCOME_OK;
    return random_is(&state, 0.5) ? TOTE_OUTCOME_FAILED : TOTE_OUTCOME_WRONG;
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
            .outcome = outcome_of(sim, batch->first + i, batch->attempt),
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
        if (!sim->slots[i].is_busy && sim->n_begun < sim->n_given && !sim->was_asked) {
            struct tote_batch batch = sim->given[sim->n_begun++].batch;
            work(sim, i, &batch);
        }
}

/* --- the model --- */

static bool is_all_recorded(const struct sim *sim)
{
    return sim->is_whole && sim->recorded == sim->tasks;
}

static bool must_halt(const struct sim *sim)
{
    uint64_t n = sim->halt.what == TOTE_HALT_FAIL      ? sim->run_failed
                 : sim->halt.what == TOTE_HALT_SUCCESS ? sim->run_ok
                                                       : sim->run_failed + sim->run_ok;
    if (sim->halt.when == TOTE_HALT_NEVER || n == 0 || is_all_recorded(sim))
        return false;
    if (sim->halt.count)
        return n >= sim->halt.count;
    return sim->is_whole && (double)n * 100 >= sim->halt.percent * (double)sim->tasks &&
           (sim->halt.what != TOTE_HALT_FAIL || sim->run_failed + sim->run_ok >= 3);
}

static void model_result(struct sim *sim, uint64_t at, enum tote_outcome outcome)
{
    struct task *task = &sim->model[at];
    task->has_result = true;
    task->outcome = outcome;
    sim->recorded++;
    sim->run_ok += outcome == TOTE_OUTCOME_OK;
    sim->run_failed += outcome != TOTE_OUTCOME_OK;
    if (!sim->first_ns)
        sim->first_ns = sim->now;
}

static void model_record(struct sim *sim, const struct tote_record *record,
                         enum state state)
{
    struct task *task = &sim->model[record->task];
    bool is_ok = record->outcome == TOTE_OUTCOME_OK;
    if (task->has_result || (!is_ok && state != OUT)) {
        sim->duplicates++;
    } else if (!is_ok && task->failures < sim->budget.retries) {
        task->failures++;
        task->not_before_ns = 0;
        sim->retried++;
        if (!sim->first_ns)
            sim->first_ns = sim->now;
    } else {
        REQUIRE(state != BACK);
        model_result(sim, record->task, record->outcome);
    }
}

static void model_loss(struct sim *sim, const struct tote_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        struct task *task = &sim->model[batch->first + i];
        tote_ns_t wait = 100 * TOTE_NS_PER_MS;
        for (uint32_t n = 0; n < task->losses && wait < 30 * TOTE_NS_PER_S; n++)
            wait *= 2;
        task->losses++;
        task->not_before_ns =
            sim->now + (wait < 30 * TOTE_NS_PER_S ? wait : 30 * TOTE_NS_PER_S);
        bool is_over = task->losses > sim->budget.losses;
        task->must_be_alone |= is_over;
        if (batch->count > 1)
            continue;
        task->lost_alone++;
        if ((is_over || task->lost_alone >= 3) && !task->has_result) {
            sim->quarantined++;
            model_result(sim, batch->first, TOTE_OUTCOME_LOST);
        }
    }
}

/* --- the dispatcher's way out --- */

static tote_ns_t sim_now(void *context)
{
    return ((struct sim *)context)->now;
}

static bool sim_is_full(void *context)
{
    const struct sim *sim = context;
    return sim->n_log - sim->durable > sim->nature.store_room;
}

static uint32_t sim_fit(void *context, uint64_t first, uint32_t count)
{
    struct sim *sim = context;
    sim->fit_first = first;
    sim->fit_count = count;
    if (random_is(&sim->random, sim->nature.cut))
        sim->fit_count = 1 + (uint32_t)random_below(&sim->random, count);
    return sim->fit_count;
}

static void check_task(struct sim *sim, const struct tote_batch *batch, uint64_t at)
{
    const struct task *task = &sim->model[at];
    REQUIRE(!task->has_result);
    REQUIRE(task->not_before_ns <= sim->now);
    REQUIRE(!task->must_be_alone || batch->count == 1);
    REQUIRE(batch->failures == task->failures && batch->losses == task->losses);
    REQUIRE(batch->count > 1 || batch->lost_alone == task->lost_alone);
    REQUIRE(batch->attempt == sim->attempts_before + 1 + task->failures + task->losses);
    REQUIRE(batch->attempt > sim->attempt[at]);
    sim->attempt[at] = batch->attempt;
}

static void check_batch(struct sim *sim, const struct tote_batch *batch)
{
    REQUIRE(!sim->was_asked && !sim->was_drained && !must_halt(sim));
    REQUIRE(!sim_is_full(sim));
    REQUIRE(batch->id == sim->n_given + 1);
    REQUIRE(batch->count > 0 && batch->count <= TOTE_BATCH_MAX);
    REQUIRE(!sim->fixed || batch->count <= sim->fixed);
    REQUIRE(batch->first < sim->known && batch->count <= sim->known - batch->first);
    REQUIRE(batch->first == sim->fit_first && batch->count == sim->fit_count);
    REQUIRE(sim->out < (uint64_t)sim->n_slots * TOTE_WINDOW);
    REQUIRE(batch->attempt <= tote_budget_last(&sim->budget));
    for (uint32_t i = 0; i < batch->count; i++)
        check_task(sim, batch, batch->first + i);
}

static int sim_run(void *context, const struct tote_batch *batch,
                   struct tote_error *err)
{
    (void)err;
    struct sim *sim = context;
    trace(sim, "run", batch->id, batch->first, batch->count);
    check_batch(sim, batch);
    sim->out++;
    if (sim->n_given == sim->given_capacity) {
        sim->given_capacity = sim->given_capacity * 2 + 64;
        sim->given = realloc(sim->given, sim->given_capacity * sizeof *sim->given);
        assert_non_null(sim->given);
    }
    sim->given[sim->n_given++] = (struct given){.batch = *batch, .state = OUT};
    return 0;
}

static int sim_stop(void *context, struct tote_error *err)
{
    (void)err;
    struct sim *sim = context;
    trace(sim, "stop", 0, 0, 0);
    REQUIRE(!sim->was_asked);
    bool is_now = must_halt(sim) && sim->halt.when == TOTE_HALT_NOW;
    bool is_soon = must_halt(sim) || sim->was_drained;
    if (!sim->was_stopped && !is_now) {
        REQUIRE(sim->durable == sim->n_log);
        REQUIRE(is_all_recorded(sim) || (is_soon && sim->out == 0));
    }
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
        if (sim->n_log == sim->log_capacity) {
            sim->log_capacity = sim->log_capacity * 2 + 64;
            sim->log = realloc(sim->log, sim->log_capacity * sizeof *sim->log);
            assert_non_null(sim->log);
        }
        uint64_t task = records[i].task;
        REQUIRE(task < sim->known && !sim->is_kept[task]);
        REQUIRE(records[i].attempt > sim->attempts_before);
        REQUIRE(records[i].attempt <= sim->attempt[task]);
        sim->log[sim->n_log++] = (struct stored){
            .task = task,
            .outcome = records[i].outcome,
            .is_result = tote_recorder_has(&sim->dispatcher.recorder, task),
        };
    }
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

static const struct tote_dispatch_ops sim_ops = {
    .now = sim_now,
    .run = sim_run,
    .stop = sim_stop,
    .record = sim_record,
    .back = sim_back,
    .is_full = sim_is_full,
    .fit = sim_fit,
};

/* --- events --- */

static int on_done(struct sim *sim, const struct event *event, struct tote_error *err)
{
    trace(sim, event->is_wrong ? "wrong" : "done", event->batch.id, event->batch.first,
          event->n);
    int expects = tote_dispatcher_expects(&sim->dispatcher, event->batch.id,
                                          event->records, event->n, NULL);
    REQUIRE(!event->is_wrong || expects == -EPROTO);
    if (!event->is_wrong) {
        struct given *given = &sim->given[event->batch.id - 1];
        REQUIRE(expects == (given->state != BACK));
        for (size_t i = 0; i < event->n; i++)
            model_record(sim, &event->records[i], given->state);
        if (given->state == OUT) {
            sim->out--;
            sim->lost_row = 0;
        }
        given->state = BACK;
    }
    return tote_dispatcher_done(&sim->dispatcher, event->batch.id, event->worker,
                                event->records, event->n, err);
}

static int on_lost(struct sim *sim, const struct event *event, struct tote_error *err)
{
    struct given *given = &sim->given[event->batch.id - 1];
    REQUIRE(given->state == OUT);
    sim->lost_row += event->batch.lost_alone == 0;
    model_loss(sim, &event->batch);
    given->state = AWAY;
    sim->out--;
    sim->lost++;
    return tote_dispatcher_lost(&sim->dispatcher, event->batch.id, event->worker,
                                "it vanished", err);
}

static void schedule_commit(struct sim *sim)
{
    if (sim->is_commit_coming || sim->n_log == sim->durable)
        return;
    sim->is_commit_coming = true;
    uint64_t wait = random_below(&sim->random, (uint64_t)sim->nature.commit_ns);
    schedule(sim, 1 + (tote_ns_t)wait, (struct event){.kind = COMMIT});
}

static int on_commit(struct sim *sim, struct tote_error *err)
{
    uint64_t waiting = sim->n_log - sim->durable;
    uint64_t group = 1 + random_below(&sim->random, sim->nature.group);
    sim->durable += group < waiting ? group : waiting;
    sim->is_commit_coming = false;
    schedule_commit(sim);
    return tote_dispatcher_durable(&sim->dispatcher, sim->durable, err);
}

/* The list goes on; its end is sometimes known with its last task, sometimes later. */
static int on_grow(struct sim *sim, struct tote_error *err)
{
    uint64_t left = sim->tasks - sim->known;
    uint64_t more = 1 + random_below(&sim->random, sim->tasks / (GROWS_MAX / 4) + 1);
    sim->known += more < left ? more : left;
    sim->is_whole = left == 0 || (more >= left && random_is(&sim->random, 0.5));
    trace(sim, sim->is_whole ? "whole" : "grow", 0, 0, sim->known);
    if (!sim->is_whole)
        schedule(
            sim,
            1 + (tote_ns_t)random_below(&sim->random, (uint64_t)sim->nature.grow_ns),
            (struct event){.kind = GROW});
    return tote_dispatcher_grow(&sim->dispatcher, sim->known, sim->is_whole, err);
}

static int handle_end(struct sim *sim, enum kind kind, struct tote_error *err)
{
    trace(sim, kind == KILL ? "kill" : kind == DEATH ? "death" : "end", 0, 0, 0);
    sim->was_killed |= kind == KILL;
    sim->has_died |= kind == DEATH && !sim->was_asked;
    sim->is_gone = true;
    return kind == KILL ? 0 : tote_dispatcher_gone(&sim->dispatcher, err);
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
    case GROW:
        return on_grow(sim, err);
    case DRAIN:
        trace(sim, "drain", 0, 0, 0);
        sim->was_drained = true;
        return tote_dispatcher_drain(&sim->dispatcher, err);
    case STOP:
        trace(sim, "user stop", 0, 0, 0);
        sim->was_stopped |= !sim->was_asked;
        return tote_dispatcher_stop(&sim->dispatcher, err);
    default:
        return handle_end(sim, event->kind, err);
    }
}

/* --- a run --- */

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
        .grow_ns = 1 + some_time(sim),
        .lose_before = some_chance(sim, 0.3),
        .lose_after = some_chance(sim, 0.3),
        .late = some_chance(sim, 1),
        .repeat = some_chance(sim, 0.3),
        .wrong = some_chance(sim, 0.05),
        .shuffle = some_chance(sim, 1),
        .cut = some_chance(sim, 1),
        .store_room = random_is(&sim->random, 0.5) ? UINT64_MAX
                                                   : random_below(&sim->random, 2000),
        .group = 1 + random_below(&sim->random, GROUP_MAX),
    };
}

static void hire_all(struct sim *sim)
{
    sim->n_slots = 1 + (uint32_t)random_below(&sim->random, SLOTS_MAX);
    sim->fixed = 0;
    if (random_is(&sim->random, 0.5))
        sim->fixed =
            1 + (uint32_t)random_below(
                    &sim->random, random_is(&sim->random, 0.5) ? 4 : TOTE_BATCH_MAX);
    for (size_t i = 0; i < sim->n_slots; i++)
        hire(sim, &sim->slots[i]);
}

static void choose_budget(struct sim *sim)
{
    sim->budget = (struct tote_budget){.losses = 5};
    if (random_is(&sim->random, 0.5))
        sim->budget.losses = (uint32_t)random_below(&sim->random, 9);
    if (random_is(&sim->random, 0.5))
        sim->budget.retries = (uint32_t)random_below(&sim->random, 5);
    sim->budget.attempts_before = sim->attempts_before;
}

static void choose_halt(struct sim *sim)
{
    sim->halt = (struct tote_halt){
        .when = random_is(&sim->random, 0.5) ? TOTE_HALT_SOON : TOTE_HALT_NOW,
        .what = (enum tote_halt_what)random_below(&sim->random, 3),
    };
    if (random_is(&sim->random, 0.5))
        sim->halt.count = 1 + random_below(&sim->random, sim->tasks + 1);
    else
        sim->halt.percent = random_unit(&sim->random) * 100;
}

/* How a run may end before its bag; the last of a history does not. */
static void choose_end(struct sim *sim)
{
    static const enum kind kinds[] = {DRAIN, STOP, DEATH, KILL};
    sim->halt = (struct tote_halt){.when = TOTE_HALT_NEVER};
    if (sim->n_runs == RUNS_MAX) {
        sim->nature.wrong = sim->killer = 0;
        return;
    }
    if (random_is(&sim->random, 0.2))
        choose_halt(sim);
    tote_ns_t whole =
        (tote_ns_t)sim->tasks * (sim->nature.task_ns + sim->nature.spread_ns) +
        sim->nature.delay_ns * 4 + 2;
    for (size_t i = 0; i < 4; i++)
        if (random_is(&sim->random, 0.12))
            schedule(sim, (tote_ns_t)random_below(&sim->random, (uint64_t)whole),
                     (struct event){.kind = kinds[i]});
}

/* What is durable is skipped; what failed sometimes runs again. */
static void skip_kept(struct sim *sim)
{
    bool is_again = random_is(&sim->random, 0.3) && sim->n_runs < RUNS_MAX;
    for (uint64_t i = 0; i < sim->known; i++) {
        sim->model[i] = (struct task){0};
        bool is_ok = sim->kept[i] == TOTE_OUTCOME_OK;
        if (is_again && !is_ok)
            sim->is_kept[i] = false;
        if (!sim->is_kept[i])
            continue;
        sim->model[i].has_result = true;
        sim->model[i].outcome = sim->kept[i];
        sim->recorded++;
        REQUIRE(tote_dispatcher_skip(&sim->dispatcher, i, is_ok, NULL) == 0);
    }
    for (uint64_t i = sim->known; i < sim->tasks; i++)
        sim->model[i] = (struct task){0};
}

static void run_clear(struct sim *sim)
{
    sim->now = 1000;
    sim->n_heap = sim->n_begun = sim->n_given = 0;
    sim->n_events = sim->last_order = sim->n_log = sim->durable = 0;
    sim->recorded = sim->run_ok = sim->run_failed = sim->duplicates = 0;
    sim->retried = sim->quarantined = sim->lost = sim->out = 0;
    sim->first_ns = 0;
    sim->lost_row = 0;
    sim->was_drained = sim->was_stopped = sim->was_asked = sim->has_died = false;
    sim->was_killed = sim->is_gone = sim->is_commit_coming = false;
}

static void run_begin(struct sim *sim)
{
    run_clear(sim);
    sim->n_runs++;
    choose_nature(sim);
    hire_all(sim);
    choose_budget(sim);
    choose_end(sim);
    sim->is_whole = sim->known == sim->tasks && random_is(&sim->random, 0.9);
    struct tote_error err = {0};
    struct tote_bag bag = {.tasks = sim->known};
    struct tote_dispatcher *d = &sim->dispatcher;
    REQUIRE(tote_dispatcher_init(d, &bag, sim->n_slots, sim->fixed, &sim_ops, sim,
                                 &err) == 0);
    tote_dispatcher_set_budget(d, &sim->budget);
    tote_dispatcher_set_halt(d, &sim->halt);
    skip_kept(sim);
    if (!sim->is_whole) {
        REQUIRE(tote_dispatcher_grow(d, sim->known, false, &err) == 0);
        schedule(sim, some_delay(sim), (struct event){.kind = GROW});
    }
    schedule(sim, some_delay(sim), (struct event){.kind = READY});
}

/* Each attempt of each task can be a batch; each answer may be repeated; commits go on
 * all the while. */
static uint64_t events_allowed(const struct sim *sim)
{
    uint64_t attempts = tote_budget_last(&sim->budget) - sim->attempts_before;
    return 1000 + sim->tasks * attempts * (LATE_MAX + 3);
}

/* Virtual time jumps to what comes next: an event, or the end of a back-off. */
static int step(struct sim *sim, bool *ret_is_over, struct tote_error *err)
{
    tote_ns_t wake = tote_dispatcher_wake_ns(&sim->dispatcher);
    if (wake > 0 && (sim->n_heap == 0 || wake <= sim->heap[0].at)) {
        REQUIRE(wake > sim->now);
        sim->now = wake;
        return tote_dispatcher_tick(&sim->dispatcher, err);
    }
    REQUIRE(sim->n_heap > 0);
    struct event event = take_next(sim);
    sim->now = event.at;
    sim->n_events += event.kind != COMMIT;
    REQUIRE(sim->n_events <= events_allowed(sim));
    int rc = handle(sim, &event, err);
    free(event.records);
    REQUIRE(!event.is_wrong || rc == -EPROTO);
    *ret_is_over = event.is_wrong; /* that was the point of it */
    return event.is_wrong ? 0 : rc;
}

static void check_step(const struct sim *sim)
{
    const struct tote_dispatcher *d = &sim->dispatcher;
    REQUIRE(d->n_flights == sim->out && tote_dispatcher_running(d) >= sim->out);
    REQUIRE(tote_dispatcher_is_recorded(d) == is_all_recorded(sim));
    if (d->phase == TOTE_PHASE_RUNNING)
        REQUIRE(!must_halt(sim) && !sim->was_drained);
}

/* Runs until the engine is gone or the dispatcher gives it up; returns what it said. */
static int live(struct sim *sim)
{
    int rc = 0;
    bool is_over = false;
    while (rc == 0 && !sim->is_gone && !is_over) {
        struct tote_error err = {0};
        rc = step(sim, &is_over, &err);
        REQUIRE(rc == 0 || err.text[0]);
        if (err.text[0] && sim->is_traced)
            fprintf(stderr, "refused: %s\n", err.text);
        if (rc < 0 || is_over)
            break;
        check_step(sim);
        feed_slots(sim);
        schedule_commit(sim);
    }
    return rc;
}

/* --- its end --- */

static void check_tasks(const struct sim *sim)
{
    for (uint64_t i = 0; i < sim->known; i++) {
        const struct task *task = &sim->model[i];
        REQUIRE(task->has_result == tote_recorder_has(&sim->dispatcher.recorder, i));
        REQUIRE(task->failures <= sim->budget.retries);
        if (!task->has_result || sim->is_kept[i])
            continue;
        bool is_lost = task->outcome == TOTE_OUTCOME_LOST;
        REQUIRE(!is_lost || task->lost_alone >= TOTE_LOST_ALONE_MAX ||
                task->losses > sim->budget.losses);
        REQUIRE(is_lost || !is_killer(sim, i));
    }
}

/* Of what earlier runs gave up for good there may be so many that they are a row. */
static bool is_given_up(const struct sim *sim)
{
    return sim->lost_row >= TOTE_LOST_ROW_MAX + TOTE_LOST_ROW_SPLITS * TOTE_WINDOW *
                                                    (uint64_t)sim->n_slots;
}

static void check_end(const struct sim *sim, int rc)
{
    const struct tote_dispatcher *d = &sim->dispatcher;
    if (is_given_up(sim)) {
        REQUIRE(rc == -EPROTO && sim->n_runs < RUNS_MAX);
        return;
    }
    REQUIRE(rc == (sim->has_died ? -EPROTO : 0));
    REQUIRE(d->recorder.recorded == sim->recorded);
    REQUIRE(d->run_ok == sim->run_ok && d->run_failed == sim->run_failed);
    REQUIRE(d->recorder.duplicate == sim->duplicates);
    REQUIRE(d->lost == sim->lost && d->retried == sim->retried);
    REQUIRE(d->quarantined == sim->quarantined);
    REQUIRE(d->stored == sim->n_log);
    REQUIRE(sim->n_log == sim->run_ok + sim->run_failed + sim->retried);
    REQUIRE(d->first_ns == sim->first_ns);
    check_tasks(sim);
    if (!d->last_ns)
        return;
    REQUIRE(sim->was_asked && is_all_recorded(sim) && tote_dispatcher_is_complete(d));
    REQUIRE(d->ready_ns > 0 && d->last_ns >= d->ready_ns);
    REQUIRE(sim->n_log == 0 ||
            (d->first_ns >= d->ready_ns && d->fed_ns >= d->ready_ns &&
             d->first_ns <= d->last_ns && d->fed_ns <= d->last_ns));
}

/* What the store holds afterwards: after an end in order all that it got, after a kill
 * at least what it has acknowledged. */
static void keep_durable(struct sim *sim)
{
    uint64_t n = sim->n_log;
    if (sim->was_killed)
        n = sim->durable + random_below(&sim->random, n - sim->durable + 1);
    for (uint64_t i = 0; i < n; i++) {
        const struct stored *stored = &sim->log[i];
        REQUIRE(!sim->is_kept[stored->task]);
        if (!stored->is_result)
            continue;
        REQUIRE(stored->outcome == sim->model[stored->task].outcome);
        sim->is_kept[stored->task] = true;
        sim->kept[stored->task] = stored->outcome;
    }
}

static void run_end(struct sim *sim, int rc)
{
    check_end(sim, rc);
    keep_durable(sim);
    sim->attempts_before = tote_budget_last(&sim->budget);
    for (size_t i = 0; i < sim->n_heap; i++)
        free(sim->heap[i].records);
    tote_dispatcher_finish(&sim->dispatcher);
}

/* --- a history --- */

static void choose_bag(struct sim *sim)
{
    static const uint64_t most[] = {3, 20, 20, 200};
    sim->tasks = random_below(&sim->random, random_is(&sim->random, 0.02)
                                                ? TASKS_MAX
                                                : most[random_below(&sim->random, 4)]);
    sim->known = sim->tasks;
    if (random_is(&sim->random, 0.3))
        sim->known = random_below(&sim->random, sim->tasks + 1);
    sim->fail = some_chance(sim, 0.5);
    sim->killer = some_chance(sim, 0.1);
    for (uint64_t i = 0; i < sim->tasks; i++) {
        sim->attempt[i] = 0;
        sim->is_kept[i] = false;
    }
}

static bool is_done(const struct sim *sim)
{
    for (uint64_t i = 0; i < sim->tasks; i++)
        if (!sim->is_kept[i])
            return false;
    return true;
}

static void live_through(struct sim *sim, uint64_t seed, bool is_traced)
{
    sim->seed = sim->random = seed;
    sim->is_traced = is_traced;
    sim->attempts_before = sim->n_runs = 0;
    choose_bag(sim);
    do {
        trace(sim, "--- run", sim->n_runs + 1, 0, sim->tasks);
        run_begin(sim);
        run_end(sim, live(sim));
    } while (!is_done(sim) && sim->n_runs < RUNS_MAX);
    REQUIRE(is_done(sim));
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
    uint64_t n = from_environment("TOTE_SIM_HISTORIES", 20000), runs = 0;
    struct sim *sim = calloc(1, sizeof *sim);
    assert_non_null(sim);
    for (uint64_t seed = first; seed < first + n; seed++) {
        live_through(sim, seed, n == 1);
        runs += sim->n_runs;
    }
    fprintf(stderr, "# %" PRIu64 " histories of %" PRIu64 " runs\n", n, runs);
    free(sim->heap);
    free(sim->given);
    free(sim->log);
    free(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_history_holds)};
    return cmocka_run_group_tests_name("simulation", tests, NULL, NULL);
}
