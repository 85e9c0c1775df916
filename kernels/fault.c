/* SPDX-License-Identifier: MIT */
/* fault.c: a noop that fails or dies on chosen tasks, to test engines. The one kernel
 * that acts on its own process. Not for real bags. */
#include "tote/kernel.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

struct fault {
    uint64_t fail, kill, wrong, exit, hang; /* task index, or TOTE_OPTION_NONE */
    uint64_t attempts;
    bool last_is_wrong; /* verify is not told which task it looks at */
};

#define FAULT_TASK(field, text)                                                        \
    {                                                                                  \
        .name = #field, .type = TOTE_OPTION_UINT,                                      \
        .offset = offsetof(struct fault, field), .fallback = "none", .max = 0x1p53,    \
        .help = text                                                                   \
    }

static const struct tote_option fault_options[] = {
    FAULT_TASK(fail, "index of the task that fails"),
    FAULT_TASK(kill, "index of the task that kills its process with SIGKILL"),
    FAULT_TASK(wrong, "index of the task whose output verify refuses"),
    FAULT_TASK(exit, "index of the task that ends its process with status 3"),
    FAULT_TASK(hang, "index of the task that never ends"),
    {.name = "attempts",
     .type = TOTE_OPTION_UINT,
     .offset = offsetof(struct fault, attempts),
     .fallback = "0",
     .max = UINT32_MAX,
     .help = "misbehave only up to this attempt; 0: always"},
};

static size_t fault_bound(const void *state, uint64_t size)
{
    (void)state;
    (void)size;
    return 0;
}

static int fault_run(void *state, const struct tote_task_id *id, struct tote_span in,
                     struct tote_buffer *out, struct tote_error *err)
{
    (void)in;
    struct fault *fault = state;
    out->size = 0;
    fault->last_is_wrong = false;
    if (fault->attempts && id->attempt > fault->attempts)
        return 0;
    if (id->task == fault->kill)
        kill(getpid(), SIGKILL);
    if (id->task == fault->exit)
        _exit(3);
    while (id->task == fault->hang)
        pause();
    if (id->task == fault->fail)
        return tote_error_set(err, -EIO, "task %" PRIu64 " fails as it was told to",
                              id->task);
    fault->last_is_wrong = id->task == fault->wrong;
    return 0;
}

static int fault_verify(void *state, struct tote_span in, struct tote_span out,
                        struct tote_error *err)
{
    (void)in;
    const struct fault *fault = state;
    if (fault->last_is_wrong)
        return tote_error_set(err, -EBADMSG, "the output is refused as it was told to");
    if (out.size)
        return tote_error_set(err, -EBADMSG, "the output is not empty");
    return 0;
}

const struct tote_kernel tote_kernel_fault = {
    .name = "fault",
    .summary = "a noop that fails or dies on chosen tasks, to test engines",
    .options = fault_options,
    .n_options = sizeof fault_options / sizeof fault_options[0],
    .state_size = sizeof(struct fault),
    .bound = fault_bound,
    .run = fault_run,
    .verify = fault_verify,
};
