/* SPDX-License-Identifier: MIT */
/* limit.c: the bare thread loop (limit.h). */
#include "task/limit.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/digest.h"
#include "tote/task.h"

enum stage { STAGE_OPENING, STAGE_GO, STAGE_GIVE_UP };

struct limit {
    const struct tote_limit_order *order;
    struct tote_digest *digests; /* one a task, by index */
    atomic_uint_fast64_t next;   /* offset of the next task that nobody has taken */
    pthread_mutex_t lock;        /* over all that follows */
    pthread_cond_t changed;
    enum stage stage;
    unsigned n_ready; /* threads that have opened their kernel, or could not */
    int failed;
    struct tote_error err;
    tote_ns_t end_ns; /* the latest of all threads */
    uint64_t n_failed, n_wrong;
};

/* Says that this thread stands at the start line; true when all run. */
static bool wait_for_start(struct limit *limit, int failed,
                           const struct tote_error *err)
{
    pthread_mutex_lock(&limit->lock);
    if (failed && !limit->failed) {
        limit->failed = failed;
        limit->err = *err;
    }
    limit->n_ready++;
    pthread_cond_broadcast(&limit->changed);
    while (limit->stage == STAGE_OPENING)
        pthread_cond_wait(&limit->changed, &limit->lock);
    bool go = limit->stage == STAGE_GO;
    pthread_mutex_unlock(&limit->lock);
    return go;
}

static void run_tasks(struct limit *limit, struct tote_task *task)
{
    const struct tote_limit_order *order = limit->order;
    uint64_t n_failed = 0, n_wrong = 0, i;
    while ((i = atomic_fetch_add(&limit->next, 1)) < order->count) {
        struct tote_record record;
        tote_task_run_one(task, order->first + i, 1, &record, NULL, NULL, NULL);
        limit->digests[i] = record.digest;
        n_failed += record.outcome == TOTE_OUTCOME_FAILED;
        n_wrong += record.outcome == TOTE_OUTCOME_WRONG;
    }
    tote_ns_t end_ns = tote_clock_monotonic();
    pthread_mutex_lock(&limit->lock);
    limit->n_failed += n_failed;
    limit->n_wrong += n_wrong;
    if (end_ns > limit->end_ns)
        limit->end_ns = end_ns;
    pthread_mutex_unlock(&limit->lock);
}

/* Each thread opens its own kernel, so that its memory is its own, cache lines
 * included. */
static void *limit_thread(void *argument)
{
    struct limit *limit = argument;
    const struct tote_limit_order *order = limit->order;
    struct tote_error err = {0};
    struct tote_task *task = NULL;
    int failed = tote_task_open(order->kernel, order->size, order->seed, order->flags,
                                &task, &err);
    if (wait_for_start(limit, failed, &err))
        run_tasks(limit, task);
    tote_task_close(task);
    return NULL;
}

/* Lets the started threads go, or home if anything failed. Returns the start stamp. */
static tote_ns_t give_start(struct limit *limit, unsigned n_started)
{
    pthread_mutex_lock(&limit->lock);
    while (limit->n_ready < n_started)
        pthread_cond_wait(&limit->changed, &limit->lock);
    limit->stage = limit->failed ? STAGE_GIVE_UP : STAGE_GO;
    tote_ns_t start_ns = tote_clock_monotonic();
    limit->end_ns = start_ns;
    pthread_cond_broadcast(&limit->changed);
    pthread_mutex_unlock(&limit->lock);
    return start_ns;
}

static tote_ns_t run_threads(struct limit *limit, pthread_t *threads)
{
    unsigned n = 0;
    int failed = 0;
    while (n < limit->order->threads && !failed) {
        failed = pthread_create(&threads[n], NULL, limit_thread, limit);
        n += !failed;
    }
    if (failed) {
        pthread_mutex_lock(&limit->lock);
        limit->failed =
            tote_error_set(&limit->err, -failed, "cannot start thread %u of %u", n + 1,
                           limit->order->threads);
        pthread_mutex_unlock(&limit->lock);
    }
    tote_ns_t start_ns = give_start(limit, n);
    while (n > 0)
        pthread_join(threads[--n], NULL);
    return limit->end_ns - start_ns;
}

/* In task order, after the clock has stopped. */
static int digest_bag(const struct limit *limit, struct tote_digest *ret_digest)
{
    struct tote_bag_digest *bag = tote_bag_digest_create();
    if (!bag)
        return -ENOMEM;
    for (uint64_t i = 0; i < limit->order->count; i++)
        tote_bag_digest_add(bag, &limit->digests[i]);
    *ret_digest = tote_bag_digest_get(bag);
    tote_bag_digest_destroy(bag);
    return 0;
}

int tote_limit_run(const struct tote_limit_order *order,
                   struct tote_limit_result *ret_result, struct tote_error *err)
{
    struct limit limit = {.order = order};
    pthread_mutex_init(&limit.lock, NULL);
    pthread_cond_init(&limit.changed, NULL);
    int failed = 0;
    struct tote_limit_result result = {0};
    pthread_t *threads = calloc(order->threads, sizeof *threads);
    limit.digests = calloc(order->count + 1, sizeof *limit.digests);
    if (!threads || !limit.digests) {
        failed = tote_error_set(err, -ENOMEM, "no memory for the digests of %llu tasks",
                                (unsigned long long)order->count);
        goto out;
    }
    result.wall_ns = run_threads(&limit, threads);
    result.failed = limit.n_failed;
    result.wrong = limit.n_wrong;
    failed = limit.failed;
    if (failed)
        tote_error_set(err, failed, "%s", limit.err.text);
    else if ((failed = digest_bag(&limit, &result.digest)) < 0)
        tote_error_set(err, failed, "no memory for a digest");
    else
        *ret_result = result;
out:
    free(limit.digests);
    free(threads);
    pthread_cond_destroy(&limit.changed);
    pthread_mutex_destroy(&limit.lock);
    return failed;
}
