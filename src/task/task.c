/* SPDX-License-Identifier: MIT */
/* task.c: one opened kernel, its buffers, and the stamped way of a task through it
 * (tote/task.h). All engines run this code. Not for reading arguments or writing files.
 */
#include "tote/task.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "task/input.h"
#include "tote/clock.h"
#include "tote/limits.h"

enum { KERNELS_MAX = 64, CACHE_LINE = 64 };

struct tote_task {
    const struct tote_kernel *kernel;
    void *state; /* null if the kernel has none */
    uint64_t seed;
    unsigned flags;
    float *values; /* the input, made anew for each task */
    size_t n_values;
    struct tote_buffer out;
};

static int fail_unknown_kernel(const char *name, struct tote_error *err)
{
    const char *names[KERNELS_MAX + 1] = {0};
    char list[TOTE_ERROR_MAX / 2] = "";
    for (size_t i = 0; tote_kernels[i] && i < KERNELS_MAX; i++) {
        names[i] = tote_kernels[i]->name;
        size_t used = strlen(list), n = strlen(names[i]);
        if (used + n + 3 > sizeof list)
            continue;
        memcpy(list + used, ", ", 2);
        memcpy(list + used + 2, names[i], n + 1);
    }
    const char *near = tote_option_suggest(name, names);
    if (near)
        return tote_error_set(err, -EINVAL, "unknown kernel '%s'; did you mean '%s'?",
                              name, near);
    return tote_error_set(err, -EINVAL, "unknown kernel '%s'; the kernels are: %s",
                          name, list + 2);
}

/* The kernel that the spec names, and its options within the spec. */
static int find_kernel(const char *spec, const struct tote_kernel **ret_kernel,
                       const char **ret_options, struct tote_error *err)
{
    char name[TOTE_NAME_MAX + 1];
    if (strlen(spec) >= TOTE_KERNEL_SPEC_MAX)
        return tote_error_set(err, -EINVAL, "the kernel's text has more than %d bytes",
                              TOTE_KERNEL_SPEC_MAX - 1);
    int failed = tote_options_split(spec, name, sizeof name, ret_options, err);
    if (failed) {
        tote_error_prefix(err, "kernel");
        return failed;
    }
    *ret_kernel = tote_kernel_find(name);
    return *ret_kernel ? 0 : fail_unknown_kernel(name, err);
}

static int open_kernel(struct tote_task *task, const char *options, uint64_t size,
                       struct tote_error *err)
{
    const struct tote_kernel *kernel = task->kernel;
    if (kernel->state_size) {
        task->state = calloc(1, kernel->state_size);
        if (!task->state)
            return tote_error_set(err, -ENOMEM, "no memory for its state");
    }
    int failed = tote_options_parse(kernel->options, kernel->n_options, options,
                                    task->state, err);
    if (!failed && kernel->open)
        failed = kernel->open(task->state, size, err);
    return failed;
}

/* At least one line, so that the pointer is never null. */
static void *allocate(size_t n)
{
    size_t rounded = (n + CACHE_LINE) / CACHE_LINE * CACHE_LINE;
    return aligned_alloc(CACHE_LINE, rounded);
}

static int make_buffers(struct tote_task *task, uint64_t size, struct tote_error *err)
{
    task->n_values = task->kernel->reads_input ? (size_t)size : 0;
    task->values = allocate(task->n_values * sizeof *task->values);
    task->out.capacity = task->kernel->bound(task->state, size);
    task->out.data = allocate(task->out.capacity);
    if (!task->values || !task->out.data)
        return tote_error_set(err, -ENOMEM, "no memory for tasks of %llu values",
                              (unsigned long long)size);
    return 0;
}

int tote_task_open(const char *kernel, uint64_t size, uint64_t seed, unsigned flags,
                   struct tote_task **ret_task, struct tote_error *err)
{
    const struct tote_kernel *found = NULL;
    const char *options = NULL;
    int failed = find_kernel(kernel, &found, &options, err);
    if (failed)
        return failed;
    if (size > TOTE_KERNEL_SIZE_MAX)
        return tote_error_set(err, -EINVAL, "a size of %llu is more than %llu values",
                              (unsigned long long)size,
                              (unsigned long long)TOTE_KERNEL_SIZE_MAX);
    struct tote_task *task = calloc(1, sizeof *task);
    if (!task)
        return tote_error_set(err, -ENOMEM, "no memory for a task handle");
    task->kernel = found;
    task->seed = seed;
    task->flags = flags;
    failed = open_kernel(task, options, size, err);
    if (!failed)
        failed = make_buffers(task, size, err);
    if (failed) {
        tote_error_prefix(err, "kernel %s", found->name);
        tote_task_close(task);
        return failed;
    }
    *ret_task = task;
    return 0;
}

void tote_task_close(struct tote_task *task)
{
    if (!task)
        return;
    if (task->state && task->kernel->close)
        task->kernel->close(task->state);
    free(task->state);
    free(task->values);
    free(task->out.data);
    free(task);
}

/* The stamped part: input, kernel, digest. Returns what the kernel returned. */
static int run_stamped(struct tote_task *task, const struct tote_task_id *id,
                       struct tote_record *record, struct tote_error *why)
{
    struct tote_span in = {task->values, task->n_values * sizeof *task->values};
    record->start_ns = tote_clock_monotonic();
    tote_ns_t cpu_ns = tote_clock_thread_cpu();
    tote_input_make(id->seed, id->task, task->values, task->n_values);
    task->out.size = 0;
    int failed = task->kernel->run(task->state, id, in, &task->out, why);
    if (!failed)
        record->digest = tote_digest_of(task->out.data, task->out.size);
    record->cpu_ns = tote_clock_thread_cpu() - cpu_ns;
    record->end_ns = tote_clock_monotonic();
    record->bytes_in = in.size;
    record->bytes_out = failed ? 0 : task->out.size;
    record->outcome = failed ? TOTE_OUTCOME_FAILED : TOTE_OUTCOME_OK;
    return failed;
}

/* After the end stamp: a check is not part of a task. */
static void check_output(struct tote_task *task, struct tote_record *record,
                         struct tote_error *why)
{
    struct tote_span in = {task->values, task->n_values * sizeof *task->values};
    struct tote_span out = {task->out.data, task->out.size};
    if (!task->kernel->verify || task->kernel->verify(task->state, in, out, why) == 0)
        return;
    record->outcome = TOTE_OUTCOME_WRONG;
    record->digest = (struct tote_digest){0};
}

int tote_task_run_one(struct tote_task *task, uint64_t index, uint32_t attempt,
                      struct tote_record *ret_record, struct tote_span *input,
                      struct tote_span *output, struct tote_error *why)
{
    struct tote_task_id id = {.seed = task->seed, .task = index, .attempt = attempt};
    struct tote_record record = {.task = index, .attempt = attempt};
    int failed = run_stamped(task, &id, &record, why);
    if (!failed && task->flags & TOTE_TASK_VERIFY)
        check_output(task, &record, why);
    if (input)
        *input = (struct tote_span){task->values, (size_t)record.bytes_in};
    if (output)
        *output = (struct tote_span){task->out.data, (size_t)record.bytes_out};
    *ret_record = record;
    return 0;
}

ssize_t tote_task_run(struct tote_task *task, uint64_t first, uint64_t count,
                      uint32_t attempt, char *lines, size_t capacity,
                      struct tote_error *err)
{
    if (attempt == 0 || first > TOTE_BAG_MAX || count > TOTE_BAG_MAX - first)
        return tote_error_set(err, -EINVAL,
                              "%llu tasks from %llu, attempt %u: a bag has at most "
                              "%llu tasks, and attempts count from 1",
                              (unsigned long long)count, (unsigned long long)first,
                              attempt, (unsigned long long)TOTE_BAG_MAX);
    if (capacity / TOTE_RECORD_MAX < count)
        return tote_error_set(err, -ENOSPC, "%zu bytes are too few for %llu records",
                              capacity, (unsigned long long)count);
    char *at = lines;
    for (uint64_t i = 0; i < count; i++) {
        struct tote_record record;
        tote_task_run_one(task, first + i, attempt, &record, NULL, NULL, NULL);
        at += tote_record_format(&record, at);
    }
    return at - lines;
}
