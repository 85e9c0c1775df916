/* SPDX-License-Identifier: MIT */
/* test_dispatcher.c: one event at a time, and what the dispatcher makes of it. What
 * holds over long and mixed histories is test_simulation.c's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/dispatcher.h"

#define OUT_MAX 2048

/* An engine and a store that do as they are told. */
struct world {
    struct tote_dispatcher d;
    struct tote_batch out[OUT_MAX]; /* handed out, by id - 1 */
    size_t n_out, n_stops, n_back, n_lost;
    uint64_t n_stored;
    struct tote_record stored; /* the last */
    bool is_full;
    uint32_t fit; /* tasks of a batch at most */
    int run_fails, record_fails;
    tote_ns_t now;
};

static tote_ns_t world_now(void *context)
{
    return ++((struct world *)context)->now;
}

static int world_run(void *context, const struct tote_batch *batch,
                     struct tote_error *err)
{
    struct world *w = context;
    assert_true(w->n_out < OUT_MAX);
    w->out[w->n_out++] = *batch;
    return w->run_fails ? tote_error_set(err, w->run_fails, "the pipe broke") : 0;
}

static int world_stop(void *context, struct tote_error *err)
{
    (void)err;
    ((struct world *)context)->n_stops++;
    return 0;
}

static int world_record(void *context, uint64_t worker,
                        const struct tote_record *records, size_t n,
                        struct tote_error *err)
{
    (void)worker;
    struct world *w = context;
    w->n_stored += n;
    w->stored = records[n - 1];
    return w->record_fails ? tote_error_set(err, w->record_fails, "the disk is full")
                           : 0;
}

static int world_back(void *context, const struct tote_batch *batch, uint64_t worker,
                      tote_ns_t sent_ns, tote_ns_t back_ns, const char *why,
                      struct tote_error *err)
{
    (void)batch;
    (void)worker;
    (void)err;
    struct world *w = context;
    assert_true(sent_ns < back_ns);
    w->n_back += !why;
    w->n_lost += why != NULL;
    return 0;
}

static bool world_is_full(void *context)
{
    return ((struct world *)context)->is_full;
}

static uint32_t world_fit(void *context, uint64_t first, uint32_t count)
{
    (void)first;
    const struct world *w = context;
    return w->fit && w->fit < count ? w->fit : count;
}

static const struct tote_dispatch_ops world_ops = {
    .now = world_now,
    .run = world_run,
    .stop = world_stop,
    .record = world_record,
    .back = world_back,
    .is_full = world_is_full,
    .fit = world_fit,
};

static struct world *world_create(uint64_t tasks, uint32_t slots, uint32_t batch)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    struct tote_bag bag = {.tasks = tasks};
    assert_int_equal(
        tote_dispatcher_init(&w->d, &bag, slots, batch, &world_ops, w, NULL), 0);
    return w;
}

static void world_destroy(struct world *w)
{
    tote_dispatcher_finish(&w->d);
    free(w);
}

static struct tote_record records[TOTE_BATCH_MAX + 1]; /* of the last done() */

static int done_as(struct world *w, uint64_t id, enum tote_outcome outcome,
                   struct tote_error *err)
{
    const struct tote_batch *batch = &w->out[id - 1];
    for (uint32_t i = 0; i < batch->count; i++)
        records[i] = (struct tote_record){.task = batch->first + i,
                                          .attempt = batch->attempt,
                                          .start_ns = 1,
                                          .end_ns = 2,
                                          .outcome = outcome};
    return tote_dispatcher_done(&w->d, id, 1, records, batch->count, err);
}

static int done(struct world *w, uint64_t id, struct tote_error *err)
{
    return done_as(w, id, TOTE_OUTCOME_OK, err);
}

/* Lets the time come at which a lost task may go out again; returns how long it was. */
static tote_ns_t wake(struct world *w)
{
    tote_ns_t at = tote_dispatcher_wake_ns(&w->d), before = w->now;
    assert_true(at > w->now);
    w->now = at - 1;
    assert_int_equal(tote_dispatcher_tick(&w->d, NULL), 0);
    return at - before;
}

static int lost(struct world *w, uint64_t id, struct tote_error *err)
{
    return tote_dispatcher_lost(&w->d, id, 1, "gone", err);
}

#define assert_says(code, wanted, err, part)                                           \
    do {                                                                               \
        assert_int_equal(code, wanted);                                                \
        if (!strstr((err).text, part))                                                 \
            fail_msg("'%s' does not say '%s'", (err).text, part);                      \
    } while (0)

/* --- the straight way --- */

static void one_bag_from_ready_to_gone(void **state)
{
    (void)state;
    struct world *w = world_create(10, 1, 4);
    assert_int_equal(w->n_out, 0);
    assert_int_equal(tote_dispatcher_ready(&w->d, NULL), 0);
    assert_int_equal(w->n_out, 3);
    assert_int_equal(w->out[2].count, 2);
    for (uint64_t id = 1; id <= 3; id++)
        assert_int_equal(done(w, id, NULL), 0);
    assert_true(tote_dispatcher_is_recorded(&w->d));
    assert_false(tote_dispatcher_is_complete(&w->d));
    assert_int_equal(w->n_stops, 0); /* nothing is durable yet */
    assert_int_equal(tote_dispatcher_durable(&w->d, 9, NULL), 0);
    assert_int_equal(w->n_stops, 0);
    assert_int_equal(tote_dispatcher_durable(&w->d, 10, NULL), 0);
    assert_int_equal(w->n_stops, 1);
    assert_int_equal(w->d.phase, TOTE_PHASE_STOPPING);
    assert_int_equal(tote_dispatcher_gone(&w->d, NULL), 0);
    assert_int_equal(w->d.phase, TOTE_PHASE_OVER);
    assert_true(w->d.ready_ns < w->d.fed_ns && w->d.fed_ns < w->d.first_ns &&
                w->d.first_ns < w->d.last_ns);
    world_destroy(w);
}

static void an_empty_bag_ends_when_the_engine_is_ready(void **state)
{
    (void)state;
    struct world *w = world_create(0, 3, 0);
    assert_int_equal(tote_dispatcher_ready(&w->d, NULL), 0);
    assert_int_equal(w->n_out, 0);
    assert_int_equal(w->n_stops, 1);
    assert_true(w->d.last_ns > 0);
    assert_int_equal(tote_dispatcher_gone(&w->d, NULL), 0);
    world_destroy(w);
}

static void the_window_is_bounded(void **state)
{
    (void)state;
    struct world *w = world_create(1000, 3, 1);
    assert_int_equal(tote_dispatcher_ready(&w->d, NULL), 0);
    assert_int_equal(w->n_out, 3 * TOTE_WINDOW);
    assert_int_equal(done(w, 5, NULL), 0);
    assert_int_equal(w->n_out, 3 * TOTE_WINDOW + 1);
    world_destroy(w);
}

static void a_full_store_holds_work_back(void **state)
{
    (void)state;
    struct world *w = world_create(1000, 1, 1);
    w->is_full = true;
    assert_int_equal(tote_dispatcher_ready(&w->d, NULL), 0);
    assert_int_equal(w->n_out, 0);
    w->is_full = false;
    assert_int_equal(tote_dispatcher_durable(&w->d, 0, NULL), 0);
    assert_int_equal(w->n_out, TOTE_WINDOW);
    world_destroy(w);
}

/* --- twice, late, lost --- */

static void an_answer_given_twice_counts_as_duplicates(void **state)
{
    (void)state;
    struct world *w = world_create(8, 1, 4);
    tote_dispatcher_ready(&w->d, NULL);
    assert_int_equal(tote_dispatcher_running(&w->d), 8);
    assert_int_equal(done(w, 1, NULL), 0);
    assert_int_equal(tote_dispatcher_running(&w->d), 4);
    assert_int_equal(tote_dispatcher_expects(&w->d, 1, records, 4, NULL), 0);
    assert_int_equal(done(w, 1, NULL), 0);
    assert_int_equal(w->d.recorder.recorded, 4);
    assert_int_equal(w->d.recorder.duplicate, 4);
    assert_int_equal(w->n_stored, 4);
    world_destroy(w);
}

static void a_late_answer_wins_and_its_retry_is_a_duplicate(void **state)
{
    (void)state;
    struct world *w = world_create(1, 1, 4);
    tote_dispatcher_ready(&w->d, NULL);
    assert_int_equal(lost(w, 1, NULL), 0);
    wake(w);
    assert_int_equal(w->n_out, 2);
    assert_int_equal(w->out[1].attempt, 2);
    assert_int_equal(done(w, 1, NULL), 0);
    assert_int_equal(w->n_stored, 1);
    assert_int_equal(done(w, 2, NULL), 0);
    assert_int_equal(w->n_stored, 1);
    assert_int_equal(w->d.recorder.duplicate, 1);
    world_destroy(w);
}

/* A late answer brought the last results while its lost pieces still wait. */
static void nothing_goes_out_once_all_is_recorded(void **state)
{
    (void)state;
    struct world *w = world_create(64, 1, 64);
    tote_dispatcher_ready(&w->d, NULL);
    assert_int_equal(lost(w, 1, NULL), 0);
    wake(w);
    assert_int_equal(w->n_out, 1 + TOTE_WINDOW);
    assert_int_equal(done(w, 1, NULL), 0);
    assert_int_equal(tote_dispatcher_wake_ns(&w->d), 0);
    assert_int_equal(done(w, 2, NULL), 0);
    assert_int_equal(w->n_out, 1 + TOTE_WINDOW);
    assert_int_equal(tote_dispatcher_durable(&w->d, 64, NULL), 0);
    assert_int_equal(w->n_stops, 1);
    world_destroy(w);
}

static void a_killer_ends_as_one_lost_outcome(void **state)
{
    (void)state;
    struct world *w = world_create(1, 1, 1);
    tote_dispatcher_ready(&w->d, NULL);
    for (uint64_t id = 1; id <= TOTE_LOST_ALONE_MAX; id++) {
        assert_int_equal(lost(w, id, NULL), 0);
        if (id < TOTE_LOST_ALONE_MAX)
            wake(w);
    }
    assert_int_equal(w->n_out, TOTE_LOST_ALONE_MAX);
    assert_int_equal(w->d.recorder.recorded, 1);
    assert_int_equal(w->d.recorder.ok, 0);
    assert_int_equal(w->d.quarantined, 1);
    assert_int_equal(w->d.run_failed, 1);
    assert_int_equal(w->stored.outcome, TOTE_OUTCOME_LOST);
    assert_int_equal(w->stored.attempt, TOTE_LOST_ALONE_MAX);
    assert_int_equal(w->n_lost, TOTE_LOST_ALONE_MAX);
    assert_int_equal(tote_dispatcher_durable(&w->d, 1, NULL), 0);
    assert_int_equal(w->n_stops, 1);
    world_destroy(w);
}

/* All that is out at once, when the one host with all the workers goes, is no proof
 * against an engine, however many slots it has. */
static void a_lost_site_is_survived(void **state)
{
    (void)state;
    struct world *w = world_create(100000, 100, 32);
    struct tote_error err = {0};
    tote_dispatcher_ready(&w->d, NULL);
    size_t n = w->n_out;
    assert_int_equal(n, 400);
    for (uint64_t id = 1; id <= n; id++)
        assert_int_equal(lost(w, id, &err), 0);
    for (uint64_t id = n + 1; id <= 2 * n; id++)
        assert_int_equal(done(w, id, &err), 0);
    world_destroy(w);
}

static void an_engine_that_loses_everything_is_given_up(void **state)
{
    (void)state;
    struct world *w = world_create(100000, 1, 1);
    struct tote_error err = {0};
    int rc = 0;
    tote_dispatcher_ready(&w->d, NULL);
    uint64_t id = 0;
    while (rc == 0 && id < 1000)
        rc = lost(w, ++id, &err);
    assert_says(rc, -EPROTO, err, "batches in a row, the last because: gone");
    assert_true(id >= TOTE_LOST_ROW_MAX && id < 2 * TOTE_LOST_ROW_MAX);
    world_destroy(w);
}

/* --- lies --- */

static void records_must_be_those_of_the_batch(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        uint64_t task;
        uint32_t attempt;
        const char *part;
    } rows[] = {
        {0, 8, 1, "batch 3 of 4 tasks with 0 records"},
        {3, 8, 1, "batch 3 of 4 tasks with 3 records"},
        {5, 8, 1, "batch 3 of 4 tasks with 5 records"},
        {4, 7, 1, "a record of task 7, attempt 1"},
        {4, 12, 1, "a record of task 12, attempt 1"},
        {4, 9, 1, "a record of task 9, attempt 1"}, /* is there already */
        {4, UINT64_MAX, 1, "a record of task 18446744073709551615"},
        {4, 8, 0, "attempt 0"},
        {4, 8, 2, "attempt 2"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world *w = world_create(20, 2, 4);
        struct tote_error err = {0};
        tote_dispatcher_ready(&w->d, NULL);
        for (uint32_t j = 0; j < 5; j++)
            records[j] = (struct tote_record){.task = 8 + j, .attempt = 1};
        records[0].task = rows[i].task;
        records[0].attempt = rows[i].attempt;
        int rc = tote_dispatcher_done(&w->d, 3, 1, records, rows[i].n, &err);
        assert_says(rc, -EPROTO, err, rows[i].part);
        assert_int_equal(w->n_stored, 0);
        world_destroy(w);
    }
}

static void a_late_answer_brings_nothing_of_its_own(void **state)
{
    (void)state;
    struct world *w = world_create(1000, 1, 4);
    struct tote_error err = {0}, third = {0}, fourth = {0};
    tote_dispatcher_ready(&w->d, NULL);
    assert_int_equal(done(w, 1, NULL), 0);
    size_t stored = w->n_stored;
    /* Task 5 is out in batch 2: an answer to batch 1 may not bring it. */
    records[0] = (struct tote_record){.task = 5, .attempt = 1};
    assert_says(tote_dispatcher_done(&w->d, 1, 1, records, 1, &err), -EPROTO, err,
                "batch 1 again, now with a record of task 5");
    assert_says(tote_dispatcher_done(&w->d, 99, 1, records, 1, &third), -EPROTO, third,
                "batch 99, which it was never given");
    assert_says(tote_dispatcher_done(&w->d, 0, 1, records, 1, &fourth), -EPROTO, fourth,
                "never given");
    assert_int_equal(w->n_stored, stored);
    world_destroy(w);
}

static void a_lost_batch_may_come_late_but_only_as_it_was(void **state)
{
    (void)state;
    struct world *w = world_create(1000, 1, 4);
    struct tote_error err = {0};
    tote_dispatcher_ready(&w->d, NULL);
    assert_int_equal(lost(w, 2, NULL), 0); /* tasks 4 to 7 */
    for (uint32_t i = 0; i < 4; i++)
        records[i] = (struct tote_record){.task = 8 + i, .attempt = 1};
    assert_says(tote_dispatcher_done(&w->d, 2, 1, records, 4, &err), -EPROTO, err,
                "batch 2 with a record of task 8");
    for (uint32_t i = 0; i < 4; i++)
        records[i] = (struct tote_record){.task = 4 + i, .attempt = 1};
    assert_int_equal(tote_dispatcher_expects(&w->d, 2, records, 4, NULL), 1);
    assert_int_equal(tote_dispatcher_done(&w->d, 2, 1, records, 4, NULL), 0);
    assert_int_equal(w->n_stored, 4);
    assert_int_equal(tote_dispatcher_done(&w->d, 2, 1, records, 4, NULL), 0);
    assert_int_equal(w->n_stored, 4);
    assert_int_equal(w->d.recorder.duplicate, 4);
    world_destroy(w);
}

static void a_loss_after_the_answer_means_nothing(void **state)
{
    (void)state;
    struct world *w = world_create(1000, 1, 4);
    tote_dispatcher_ready(&w->d, NULL);
    assert_int_equal(done(w, 1, NULL), 0);
    assert_int_equal(lost(w, 1, NULL), 0);
    assert_int_equal(w->d.lost, 0);
    world_destroy(w);
}

static void events_come_in_their_order(void **state)
{
    (void)state;
    struct world *w = world_create(10, 1, 4);
    struct tote_error early = {0}, not_out = {0}, twice = {0}, end = {0};
    assert_says(tote_dispatcher_done(&w->d, 1, 1, records, 0, &early), -EPROTO, early,
                "done before ready");
    assert_int_equal(tote_dispatcher_ready(&w->d, NULL), 0);
    assert_says(lost(w, 77, &not_out), -EPROTO, not_out, "which it was never given");
    assert_says(tote_dispatcher_ready(&w->d, &twice), -EPROTO, twice, "ready twice");
    assert_says(tote_dispatcher_gone(&w->d, &end), -EPROTO, end, "ended by itself");
    world_destroy(w);
}

static void the_store_cannot_have_more_than_it_got(void **state)
{
    (void)state;
    struct world *w = world_create(10, 1, 4);
    struct tote_error more = {0}, less = {0};
    tote_dispatcher_ready(&w->d, NULL);
    done(w, 1, NULL);
    assert_says(tote_dispatcher_durable(&w->d, 5, &more), -EIO, more, "5 of 4");
    assert_int_equal(tote_dispatcher_durable(&w->d, 4, NULL), 0);
    assert_says(tote_dispatcher_durable(&w->d, 3, &less), -EIO, less, "3 of 4");
    world_destroy(w);
}

/* --- budgets --- */

static void failures_use_the_retries(void **state)
{
    (void)state;
    for (uint32_t retries = 0; retries < 4; retries++) {
        struct world *w = world_create(3, 1, 3);
        tote_dispatcher_set_budget(
            &w->d, &(struct tote_budget){.retries = retries, .attempts_before = 7});
        tote_dispatcher_ready(&w->d, NULL);
        assert_int_equal(w->n_out, 1);
        assert_int_equal(w->out[0].attempt, 8);
        for (uint64_t id = 1; id <= w->n_out; id++)
            assert_int_equal(done_as(w, id, TOTE_OUTCOME_FAILED, NULL), 0);
        assert_int_equal(w->n_out, 1 + 3 * retries);
        assert_int_equal(w->out[w->n_out - 1].attempt, 8 + retries);
        assert_int_equal(w->out[w->n_out - 1].failures, retries);
        assert_int_equal(w->d.retried, 3 * retries);
        assert_int_equal(w->n_stored, 3 + 3 * retries);
        assert_int_equal(w->d.stored, w->n_stored);
        assert_int_equal(w->d.run_failed, 3);
        assert_int_equal(w->d.recorder.duplicate, 0);
        assert_int_equal(tote_dispatcher_durable(&w->d, w->n_stored, NULL), 0);
        assert_int_equal(w->n_stops, 1);
        world_destroy(w);
    }
}

static void a_retry_that_is_right_makes_the_task_right(void **state)
{
    (void)state;
    struct world *w = world_create(1, 1, 1);
    tote_dispatcher_set_budget(&w->d, &(struct tote_budget){.retries = 1});
    tote_dispatcher_ready(&w->d, NULL);
    assert_int_equal(done_as(w, 1, TOTE_OUTCOME_WRONG, NULL), 0);
    assert_int_equal(w->d.recorder.recorded, 0);
    assert_int_equal(done_as(w, 1, TOTE_OUTCOME_WRONG, NULL), 0); /* said twice */
    assert_int_equal(w->d.recorder.duplicate, 1);
    assert_int_equal(w->n_out, 2);
    assert_int_equal(done(w, 2, NULL), 0);
    assert_int_equal(w->d.recorder.ok, 1);
    assert_int_equal(w->d.run_ok, 1);
    assert_int_equal(w->d.run_failed, 0);
    assert_int_equal(w->n_stored, 2);
    world_destroy(w);
}

/* The next attempt is under way: it must not be taken for the failure of that. */
static void a_late_failure_is_a_duplicate(void **state)
{
    (void)state;
    struct world *w = world_create(1, 1, 1);
    tote_dispatcher_ready(&w->d, NULL);
    assert_int_equal(lost(w, 1, NULL), 0);
    assert_int_equal(done_as(w, 1, TOTE_OUTCOME_FAILED, NULL), 0);
    assert_int_equal(w->d.recorder.recorded, 0);
    assert_int_equal(w->d.recorder.duplicate, 1);
    assert_int_equal(w->n_stored, 0);
    wake(w);
    assert_int_equal(done(w, 2, NULL), 0);
    assert_int_equal(w->d.recorder.ok, 1);
    world_destroy(w);
}

static void the_back_off_doubles_and_holds_nobody_up(void **state)
{
    (void)state;
    struct world *w = world_create(20, 1, 1);
    tote_ns_t wanted = TOTE_BACKOFF_NS;
    tote_dispatcher_ready(&w->d, NULL);
    assert_int_equal(tote_dispatcher_wake_ns(&w->d), 0);
    assert_int_equal(lost(w, 1, NULL), 0);
    assert_int_equal(w->n_out, TOTE_WINDOW + 1); /* a fresh one instead */
    assert_int_equal(w->out[TOTE_WINDOW].first, TOTE_WINDOW);
    assert_int_equal(tote_dispatcher_wake_ns(&w->d), 0); /* the window is full */
    for (uint64_t id = 2; id <= 20; id++)
        assert_int_equal(done(w, id, NULL), 0);
    assert_in_range(wake(w), wanted - 1000, wanted + 1000);
    assert_int_equal(w->out[20].first, 0);
    assert_int_equal(w->out[20].losses, 1);
    assert_int_equal(lost(w, 21, NULL), 0);
    assert_in_range(wake(w), 2 * wanted - 1000, 2 * wanted + 1000);
    assert_int_equal(w->out[21].attempt, 3);
    world_destroy(w);
}

static void the_back_off_has_an_end(void **state)
{
    (void)state;
    struct tote_batch batch = {.count = 1};
    assert_int_equal(tote_budget_backoff_ns(&batch), TOTE_BACKOFF_NS);
    batch.losses = 8;
    assert_int_equal(tote_budget_backoff_ns(&batch), TOTE_BACKOFF_NS * 256);
    for (batch.losses = 9; batch.losses < 100; batch.losses++)
        assert_int_equal(tote_budget_backoff_ns(&batch), TOTE_BACKOFF_MOST_NS);
    batch.losses = UINT32_MAX;
    assert_int_equal(tote_budget_backoff_ns(&batch), TOTE_BACKOFF_MOST_NS);
}

/* Of a batch over its losses each task gets one chance more, alone. */
static void losses_have_a_budget_of_their_own(void **state)
{
    (void)state;
    struct world *w = world_create(64, 16, 64);
    tote_dispatcher_set_budget(&w->d, &(struct tote_budget){.losses = 1});
    tote_dispatcher_ready(&w->d, NULL);
    assert_int_equal(lost(w, 1, NULL), 0);
    wake(w);
    assert_int_equal(w->n_out, 1 + 8); /* one loss: as usual in pieces */
    assert_int_equal(lost(w, 2, NULL), 0);
    wake(w);
    assert_int_equal(w->n_out, 1 + 8 + 8);
    for (size_t i = 9; i < 17; i++) {
        assert_int_equal(w->out[i].count, 1);
        assert_int_equal(w->out[i].losses, 2);
        assert_int_equal(w->out[i].attempt, 3);
    }
    assert_int_equal(lost(w, 10, NULL), 0);
    assert_int_equal(w->d.quarantined, 1);
    assert_int_equal(w->stored.attempt, 3);
    assert_int_equal(tote_budget_last(&w->d.budget), 3);
    world_destroy(w);
}

static void the_last_attempt_is_known_before(void **state)
{
    (void)state;
    static const struct {
        struct tote_budget budget;
        uint32_t last;
    } rows[] = {
        {{0, 0, 0}, 2},
        {{0, 1, 0}, 3},
        {{3, 0, 0}, 5},
        {{0, 5, 0}, 7},
        {{0, 5, 7}, 14},
        {{0, UINT32_MAX, 0}, 7},
        {{2, 5, 100}, 109},
        {{UINT32_MAX, 5, 0}, UINT32_MAX},
        {{0, 0, UINT32_MAX - 1}, UINT32_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(tote_budget_last(&rows[i].budget), rows[i].last);
}

/* --- a bag that grows, and one that is resumed --- */

static void a_growing_bag_ends_only_when_it_is_whole(void **state)
{
    (void)state;
    struct world *w = world_create(0, 1, 4);
    assert_int_equal(tote_dispatcher_grow(&w->d, 0, false, NULL), 0);
    assert_int_equal(tote_dispatcher_ready(&w->d, NULL), 0);
    assert_false(tote_dispatcher_is_recorded(&w->d));
    assert_int_equal(w->n_stops, 0);
    assert_int_equal(tote_dispatcher_grow(&w->d, 2, false, NULL), 0);
    assert_int_equal(w->n_out, 1); /* does not wait for a full batch */
    assert_int_equal(w->out[0].count, 2);
    assert_int_equal(done(w, 1, NULL), 0);
    assert_int_equal(tote_dispatcher_durable(&w->d, 2, NULL), 0);
    assert_int_equal(w->n_stops, 0);
    struct tote_error less = {0}, more = {0};
    assert_says(tote_dispatcher_grow(&w->d, 1, false, &less), -EINVAL, less, "shrink");
    assert_int_equal(tote_dispatcher_grow(&w->d, 2, true, NULL), 0);
    assert_int_equal(w->n_stops, 1);
    assert_true(w->d.last_ns > 0);
    assert_says(tote_dispatcher_grow(&w->d, 3, true, &more), -EINVAL, more,
                "was whole");
    world_destroy(w);
}

static void what_is_done_is_not_handed_out(void **state)
{
    (void)state;
    struct world *w = world_create(20, 8, 4);
    for (uint64_t task = 2; task < 18; task++)
        if (task != 9)
            assert_int_equal(tote_dispatcher_skip(&w->d, task, task % 2, NULL), 0);
    assert_int_equal(tote_dispatcher_skip(&w->d, 17, true, NULL), 0); /* again */
    assert_int_equal(tote_dispatcher_skip(&w->d, 20, true, NULL), -ERANGE);
    assert_int_equal(w->d.recorder.recorded, 15);
    assert_int_equal(w->d.recorder.ok, 7);
    tote_dispatcher_ready(&w->d, NULL);
    assert_int_equal(w->n_out, 3);
    static const uint64_t first[] = {0, 9, 18};
    static const uint32_t count[] = {2, 1, 2};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(w->out[i].first, first[i]);
        assert_int_equal(w->out[i].count, count[i]);
        assert_int_equal(done(w, i + 1, NULL), 0);
    }
    assert_int_equal(w->d.run_ok, 5);
    assert_int_equal(w->d.recorder.duplicate, 0);
    assert_int_equal(tote_dispatcher_durable(&w->d, 5, NULL), 0);
    assert_int_equal(w->n_stops, 1);
    world_destroy(w);
}

static void a_bag_that_is_done_ends_when_the_engine_is_ready(void **state)
{
    (void)state;
    struct world *w = world_create(3, 1, 4);
    for (uint64_t task = 0; task < 3; task++)
        assert_int_equal(tote_dispatcher_skip(&w->d, task, true, NULL), 0);
    assert_int_equal(w->n_stops, 0);
    tote_dispatcher_ready(&w->d, NULL);
    assert_int_equal(w->n_out, 0);
    assert_int_equal(w->n_stops, 1);
    world_destroy(w);
}

static void a_late_answer_spares_its_tasks_the_next_attempt(void **state)
{
    (void)state;
    struct world *w = world_create(64, 8, 64);
    tote_dispatcher_ready(&w->d, NULL);
    assert_int_equal(lost(w, 1, NULL), 0); /* pieces of 8 */
    wake(w);
    assert_int_equal(lost(w, 2, NULL), 0); /* tasks 0 to 7, of which none is out */
    for (uint64_t id = 3; id <= 9; id++)
        assert_int_equal(done(w, id, NULL), 0);
    assert_int_equal(done(w, 2, NULL), 0);
    assert_true(tote_dispatcher_is_recorded(&w->d));
    assert_int_equal(w->n_out, 9);
    assert_int_equal(tote_dispatcher_durable(&w->d, 64, NULL), 0);
    assert_int_equal(w->n_stops, 1);
    assert_true(w->d.fed_ns > 0 && w->d.fed_ns <= w->d.last_ns);
    world_destroy(w);
}

static void what_does_not_fit_goes_out_next(void **state)
{
    (void)state;
    struct world *w = world_create(10, 1, 4);
    w->fit = 3;
    tote_dispatcher_ready(&w->d, NULL);
    assert_int_equal(w->n_out, 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(w->out[i].first, 3 * i);
    assert_int_equal(w->out[3].count, 1);
    w->fit = 2;
    assert_int_equal(lost(w, 1, NULL), 0); /* pieces of one task */
    for (uint64_t id = 2; id <= 4; id++)
        assert_int_equal(done(w, id, NULL), 0);
    wake(w);
    assert_int_equal(w->n_out, 7);
    world_destroy(w);
}

/* --- halt, drain, stop --- */

static void halt_counts_what_it_is_told(void **state)
{
    (void)state;
    static const struct {
        enum tote_halt_what what;
        uint64_t count;
        double percent;
        uint64_t ok, failed, tasks;
        bool is_due;
    } rows[] = {
        {TOTE_HALT_FAIL, 1, 0, 9, 0, 100, false},
        {TOTE_HALT_FAIL, 1, 0, 9, 1, 100, true},
        {TOTE_HALT_FAIL, 1, 0, 0, 1, 0, true}, /* also while it grows */
        {TOTE_HALT_SUCCESS, 2, 0, 1, 5, 100, false},
        {TOTE_HALT_SUCCESS, 2, 0, 2, 0, 100, true},
        {TOTE_HALT_DONE, 3, 0, 1, 1, 100, false},
        {TOTE_HALT_DONE, 3, 0, 1, 2, 100, true},
        {TOTE_HALT_FAIL, 0, 10, 50, 9, 100, false},
        {TOTE_HALT_FAIL, 0, 10, 50, 10, 100, true},
        {TOTE_HALT_FAIL, 0, 10, 50, 10, 0, false},
        {TOTE_HALT_FAIL, 0, 10, 0, 2, 10, false}, /* too few to say */
        {TOTE_HALT_FAIL, 0, 10, 1, 2, 10, true},
        {TOTE_HALT_DONE, 0, 50, 4, 0, 10, false},
        {TOTE_HALT_DONE, 0, 50, 4, 1, 10, true},
        {TOTE_HALT_SUCCESS, 0, 100, 10, 0, 10, true},
        {TOTE_HALT_SUCCESS, 0, 0, 0, 5, 10, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tote_halt halt = {TOTE_HALT_SOON, rows[i].what, rows[i].count,
                                 rows[i].percent};
        assert_int_equal(
            tote_halt_is_due(&halt, rows[i].ok, rows[i].failed, rows[i].tasks),
            rows[i].is_due);
        halt.when = TOTE_HALT_NEVER;
        assert_false(
            tote_halt_is_due(&halt, rows[i].ok, rows[i].failed, rows[i].tasks));
    }
}

static void halt_now_stops_at_once(void **state)
{
    (void)state;
    struct world *w = world_create(100, 1, 1);
    tote_dispatcher_set_halt(&w->d,
                             &(struct tote_halt){TOTE_HALT_NOW, TOTE_HALT_FAIL, 1, 0});
    tote_dispatcher_ready(&w->d, NULL);
    assert_int_equal(done(w, 1, NULL), 0);
    assert_false(w->d.has_halted);
    size_t n = w->n_out;
    assert_int_equal(done_as(w, 2, TOTE_OUTCOME_FAILED, NULL), 0);
    assert_true(w->d.has_halted);
    assert_int_equal(w->d.phase, TOTE_PHASE_STOPPING);
    assert_int_equal(w->n_stops, 1);
    assert_int_equal(w->n_out, n);
    assert_int_equal(w->d.last_ns, 0);
    world_destroy(w);
}

static void halt_soon_waits_for_what_is_out(void **state)
{
    (void)state;
    struct world *w = world_create(100, 1, 1);
    tote_dispatcher_set_halt(&w->d,
                             &(struct tote_halt){TOTE_HALT_SOON, TOTE_HALT_DONE, 1, 0});
    tote_dispatcher_ready(&w->d, NULL);
    for (uint64_t id = 1; id <= TOTE_WINDOW; id++) {
        assert_int_equal(w->n_out, TOTE_WINDOW);
        assert_int_equal(done(w, id, NULL), 0);
        assert_int_equal(w->d.phase, TOTE_PHASE_DRAINING);
    }
    assert_int_equal(tote_dispatcher_durable(&w->d, TOTE_WINDOW - 1, NULL), 0);
    assert_int_equal(w->n_stops, 0);
    assert_int_equal(tote_dispatcher_durable(&w->d, TOTE_WINDOW, NULL), 0);
    assert_int_equal(w->n_stops, 1);
    assert_true(w->d.has_halted);
    world_destroy(w);
}

static void a_bag_that_is_done_cannot_be_halted(void **state)
{
    (void)state;
    struct world *w = world_create(2, 1, 1);
    tote_dispatcher_set_halt(
        &w->d, &(struct tote_halt){TOTE_HALT_NOW, TOTE_HALT_SUCCESS, 2, 0});
    tote_dispatcher_ready(&w->d, NULL);
    assert_int_equal(done(w, 1, NULL), 0);
    assert_int_equal(done(w, 2, NULL), 0);
    assert_int_equal(w->n_stops, 0); /* not before they are durable */
    assert_int_equal(tote_dispatcher_durable(&w->d, 2, NULL), 0);
    assert_int_equal(w->n_stops, 1);
    assert_false(w->d.has_halted);
    assert_true(w->d.last_ns > 0);
    world_destroy(w);
}

static void a_drain_hands_out_nothing_and_stops_at_the_end(void **state)
{
    (void)state;
    struct world *w = world_create(100, 1, 1);
    tote_dispatcher_set_budget(&w->d, &(struct tote_budget){.retries = 9, .losses = 9});
    tote_dispatcher_ready(&w->d, NULL);
    assert_int_equal(tote_dispatcher_drain(&w->d, NULL), 0);
    assert_int_equal(w->d.phase, TOTE_PHASE_DRAINING);
    assert_int_equal(done(w, 1, NULL), 0);
    assert_int_equal(done_as(w, 2, TOTE_OUTCOME_FAILED, NULL), 0);
    assert_int_equal(lost(w, 3, NULL), 0);
    assert_int_equal(tote_dispatcher_wake_ns(&w->d), 0);
    assert_int_equal(tote_dispatcher_durable(&w->d, 2, NULL), 0);
    assert_int_equal(w->n_stops, 0);
    assert_int_equal(tote_dispatcher_drain(&w->d, NULL), 0);
    assert_int_equal(done(w, 4, NULL), 0);
    assert_int_equal(w->n_stops, 0);
    assert_int_equal(tote_dispatcher_durable(&w->d, 3, NULL), 0);
    assert_int_equal(w->n_stops, 1);
    assert_int_equal(w->n_out, TOTE_WINDOW);
    assert_false(w->d.has_halted);
    assert_int_equal(w->d.last_ns, 0);
    world_destroy(w);
}

static void a_drain_of_nothing_stops_at_once(void **state)
{
    (void)state;
    struct world *w = world_create(100, 1, 1);
    assert_int_equal(tote_dispatcher_drain(&w->d, NULL), 0); /* before ready */
    assert_int_equal(w->d.phase, TOTE_PHASE_STOPPING);
    assert_int_equal(tote_dispatcher_ready(&w->d, NULL), 0);
    assert_int_equal(w->n_out, 0);
    world_destroy(w);

    w = world_create(0, 1, 1); /* the list has shown nothing yet */
    tote_dispatcher_grow(&w->d, 0, false, NULL);
    tote_dispatcher_ready(&w->d, NULL);
    assert_int_equal(tote_dispatcher_drain(&w->d, NULL), 0);
    assert_int_equal(w->n_stops, 1);
    world_destroy(w);
}

static void stop_hands_out_nothing_more_but_still_records(void **state)
{
    (void)state;
    struct world *w = world_create(1000, 1, 1);
    tote_dispatcher_ready(&w->d, NULL);
    assert_int_equal(tote_dispatcher_stop(&w->d, NULL), 0);
    assert_int_equal(tote_dispatcher_stop(&w->d, NULL), 0);
    assert_int_equal(w->n_stops, 1);
    assert_int_equal(done(w, 1, NULL), 0);
    assert_int_equal(lost(w, 2, NULL), 0);
    assert_int_equal(tote_dispatcher_durable(&w->d, 1, NULL), 0);
    assert_int_equal(w->n_out, TOTE_WINDOW);
    assert_int_equal(w->n_stored, 1);
    assert_int_equal(tote_dispatcher_gone(&w->d, NULL), 0);
    world_destroy(w);
}

/* The engine's ready crossed our stop on the way. */
static void stop_before_ready_is_no_error(void **state)
{
    (void)state;
    struct world *w = world_create(10, 1, 1);
    assert_int_equal(tote_dispatcher_stop(&w->d, NULL), 0);
    assert_int_equal(tote_dispatcher_ready(&w->d, NULL), 0);
    assert_int_equal(w->n_out, 0);
    assert_int_equal(w->d.phase, TOTE_PHASE_STOPPING);
    assert_int_equal(tote_dispatcher_gone(&w->d, NULL), 0);
    world_destroy(w);
}

/* --- trouble of our own --- */

static void errors_of_the_way_out_come_back(void **state)
{
    (void)state;
    struct world *w = world_create(1000, 1, 1);
    struct tote_error pipe = {0}, disk = {0};
    w->run_fails = -EPIPE;
    assert_says(tote_dispatcher_ready(&w->d, &pipe), -EPIPE, pipe, "the pipe broke");
    w->run_fails = 0;
    w->record_fails = -ENOSPC;
    assert_says(done(w, 1, &disk), -ENOSPC, disk, "the disk is full");
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_bag_from_ready_to_gone),
        cmocka_unit_test(an_empty_bag_ends_when_the_engine_is_ready),
        cmocka_unit_test(the_window_is_bounded),
        cmocka_unit_test(a_full_store_holds_work_back),
        cmocka_unit_test(an_answer_given_twice_counts_as_duplicates),
        cmocka_unit_test(a_late_answer_wins_and_its_retry_is_a_duplicate),
        cmocka_unit_test(nothing_goes_out_once_all_is_recorded),
        cmocka_unit_test(a_killer_ends_as_one_lost_outcome),
        cmocka_unit_test(a_lost_site_is_survived),
        cmocka_unit_test(an_engine_that_loses_everything_is_given_up),
        cmocka_unit_test(records_must_be_those_of_the_batch),
        cmocka_unit_test(a_late_answer_brings_nothing_of_its_own),
        cmocka_unit_test(a_lost_batch_may_come_late_but_only_as_it_was),
        cmocka_unit_test(a_loss_after_the_answer_means_nothing),
        cmocka_unit_test(events_come_in_their_order),
        cmocka_unit_test(the_store_cannot_have_more_than_it_got),
        cmocka_unit_test(failures_use_the_retries),
        cmocka_unit_test(a_retry_that_is_right_makes_the_task_right),
        cmocka_unit_test(a_late_failure_is_a_duplicate),
        cmocka_unit_test(the_back_off_doubles_and_holds_nobody_up),
        cmocka_unit_test(the_back_off_has_an_end),
        cmocka_unit_test(losses_have_a_budget_of_their_own),
        cmocka_unit_test(the_last_attempt_is_known_before),
        cmocka_unit_test(a_growing_bag_ends_only_when_it_is_whole),
        cmocka_unit_test(what_is_done_is_not_handed_out),
        cmocka_unit_test(a_bag_that_is_done_ends_when_the_engine_is_ready),
        cmocka_unit_test(a_late_answer_spares_its_tasks_the_next_attempt),
        cmocka_unit_test(what_does_not_fit_goes_out_next),
        cmocka_unit_test(halt_counts_what_it_is_told),
        cmocka_unit_test(halt_now_stops_at_once),
        cmocka_unit_test(halt_soon_waits_for_what_is_out),
        cmocka_unit_test(a_bag_that_is_done_cannot_be_halted),
        cmocka_unit_test(a_drain_hands_out_nothing_and_stops_at_the_end),
        cmocka_unit_test(a_drain_of_nothing_stops_at_once),
        cmocka_unit_test(stop_hands_out_nothing_more_but_still_records),
        cmocka_unit_test(stop_before_ready_is_no_error),
        cmocka_unit_test(errors_of_the_way_out_come_back),
    };
    return cmocka_run_group_tests_name("dispatcher", tests, NULL, NULL);
}
