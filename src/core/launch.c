/* SPDX-License-Identifier: MIT */
/* launch.c: starts, stops and explains one engine program (launch.h). */
#include "core/launch.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "core/protocol.h"

#define LAST_LINES 3 /* of an engine's stderr, in the sentence about its end */

/* --- deadlines --- */

static void set_deadline(struct tote_launch *launch, enum tote_launch_due due, double s)
{
    launch->due = due;
    launch->deadline_ns =
        tote_clock_monotonic() + (tote_ns_t)(s * (double)TOTE_NS_PER_S);
}

void tote_launch_expect_word(struct tote_launch *launch, bool has_work)
{
    if (has_work && launch->stall_s > 0)
        set_deadline(launch, TOTE_DUE_WORD, launch->stall_s);
    else
        launch->deadline_ns = 0;
}

int tote_launch_poll_ms(const struct tote_launch *launch, int most)
{
    if (!launch->deadline_ns)
        return most;
    tote_ns_t left = launch->deadline_ns - tote_clock_monotonic();
    int ms = left <= 0 ? 0 : (int)(left / TOTE_NS_PER_MS) + 1;
    return most >= 0 && most < ms ? most : ms;
}

int tote_launch_check(struct tote_launch *launch, struct tote_error *err)
{
    if (!launch->deadline_ns || tote_clock_monotonic() < launch->deadline_ns)
        return 0;
    launch->deadline_ns = 0;
    switch (launch->due) {
    case TOTE_DUE_READY:
        return tote_error_set(err, -ETIMEDOUT,
                              "it was not ready after %g s; give it more with "
                              "--start-timeout",
                              launch->start_s);
    case TOTE_DUE_WORD:
        return tote_error_set(err, -ETIMEDOUT,
                              "it had work and said nothing for %g s (--stall-timeout)",
                              launch->stall_s);
    case TOTE_DUE_END:
        tote_box_kill(&launch->box);
    }
    return 0;
}

/* --- start --- */

char *tote_launch_hello(const struct tote_launch *launch, const struct tote_bag *bag,
                        uint32_t slots, size_t *ret_n, struct tote_error *err)
{
    char program[PATH_MAX], library[PATH_MAX];
    if (tote_program_find("tote-task", program, err) < 0 ||
        tote_program_find("libtote-task.so", library, err) < 0)
        return NULL;
    struct tote_hello hello = {
        .bag = bag,
        .slots = slots,
        .task_program = program,
        .task_library = library,
        .scratch = launch->box.scratch,
        .options = launch->engine->options,
        .slices = launch->slices,
        .is_staged = launch->is_staged,
    };
    return tote_protocol_hello(&hello, ret_n, err);
}

int tote_launch_open(struct tote_launch *launch,
                     const struct tote_launch_config *config, struct tote_error *err)
{
    char *argv[] = {(char *)config->engine->path, NULL};
    struct tote_box_config box = {.argv = argv,
                                  .has_host_network = config->has_host_network,
                                  .keeps_shm = config->bag && config->bag->is_commands};
    *launch = (struct tote_launch){.engine = config->engine,
                                   .slices = config->slices,
                                   .is_staged = config->is_staged,
                                   .start_s = config->start_s,
                                   .stall_s = config->stall_s,
                                   .launch_ns = tote_clock_monotonic()};
    set_deadline(launch, TOTE_DUE_READY, config->start_s);
    int rc = tote_box_start(&box, &launch->box, err);
    if (rc == 0)
        rc = tote_link_init(&launch->link, &launch->box, config->log_fd, err);
    return rc;
}

int tote_launch_start(struct tote_launch *launch,
                      const struct tote_launch_config *config, struct tote_error *err)
{
    int rc = tote_launch_open(launch, config, err);
    if (rc < 0)
        return rc;
    size_t n = 0;
    char *line = tote_launch_hello(launch, config->bag, config->slots, &n, err);
    return tote_launch_send(launch, line, n, err);
}

const char *tote_launch_containment(const struct tote_launch *launch)
{
    if (!launch->box.is_full)
        return launch->box.missing;
    return launch->box.has_host_network
               ? "user, PID and mount namespace; host's network"
               : "user, PID, mount and network namespace";
}

/* --- between --- */

int tote_launch_send(struct tote_launch *launch, char *line, size_t n,
                     struct tote_error *err)
{
    if (!line)
        return -ENOMEM;
    int rc = tote_link_send(&launch->link, line, n, err);
    free(line);
    return rc;
}

int tote_launch_stop(struct tote_launch *launch, struct tote_error *err)
{
    size_t n = 0;
    char *line = tote_protocol_stop(&n, err);
    set_deadline(launch, TOTE_DUE_END, TOTE_STOP_S);
    return tote_launch_send(launch, line, n, err);
}

/* --- the end --- */

/* An engine that has closed its output is about to end, and its own status says why;
 * one that only closed it is not waited for. */
static bool is_ending(const struct tote_launch *launch)
{
    const int moment_ms = 1000;
    struct pollfd tally = {.fd = launch->box.tally, .events = POLLIN};
    return launch->link.is_ended && poll(&tally, 1, moment_ms) > 0;
}

/* Waits for the end of the box, that is of its tally and of stderr. An engine that has
 * closed its output need not have ended: the deadline of stop still holds. */
static void wait_for_end(struct tote_launch *launch, int signal_fd)
{
    struct pollfd fds[] = {{.fd = launch->box.tally, .events = POLLIN},
                           {.fd = launch->link.errors, .events = POLLIN},
                           {.fd = signal_fd, .events = POLLIN}};
    while (!fds[0].revents || !launch->link.has_errors_ended) {
        poll(fds, 3, tote_launch_poll_ms(launch, -1));
        if (fds[1].revents)
            tote_link_fill_errors(&launch->link);
        if (launch->link.has_errors_ended)
            fds[1].fd = -1;
        if (tote_launch_check(launch, NULL) < 0)
            tote_box_kill(&launch->box);
        if (fds[2].revents) {
            tote_box_kill(&launch->box);
            fds[2].fd = -1;
        }
    }
}

struct tote_launch_end tote_launch_end(struct tote_launch *launch, bool is_broken,
                                       int signal_fd)
{
    if (!launch->box.init)
        return (struct tote_launch_end){0};
    if (is_broken && !is_ending(launch))
        tote_box_kill(&launch->box);
    if (launch->link.in)
        wait_for_end(launch, signal_fd);
    struct tote_box_usage usage;
    int status = tote_box_end(&launch->box, &usage);
    return (struct tote_launch_end){.status = status,
                                    .user_ns = usage.user_ns,
                                    .sys_ns = usage.sys_ns,
                                    .end_ns = tote_clock_monotonic(),
                                    .survivors = usage.survivors};
}

/* Else it is the store's, or the user's. */
static bool is_engines_fault(int rc)
{
    return rc == -EPROTO || rc == -EPIPE || rc == -EBADMSG || rc == -E2BIG ||
           rc == -ETIMEDOUT;
}

int tote_launch_explain(const struct tote_launch *launch, int rc, int status,
                        bool was_ready, struct tote_error *err)
{
    char words[TOTE_ERROR_MAX / 2];
    tote_link_last_words(&launch->link, LAST_LINES, words, sizeof words);
    const char *name = launch->engine->name;
    if (launch->link.is_ended && rc == -EPROTO) { /* it died: what it said says more */
        *err = (struct tote_error){0};
        tote_error_set(err, -EPIPE, "engine %s %s with status %d%s%s", name,
                       was_ready ? "died" : "ended before it was ready", status,
                       words[0] ? "; it said: " : "", words);
        if (was_ready)
            return -EPIPE;
        return status == 2 ? -EINVAL : -ENOPKG;
    }
    if (is_engines_fault(rc))
        tote_error_prefix(err, "engine %s", name);
    return !was_ready && (rc == -ETIMEDOUT || rc == -EBADMSG) ? -ENOPKG : rc;
}

void tote_launch_finish(struct tote_launch *launch)
{
    tote_link_finish(&launch->link);
    *launch = (struct tote_launch){0};
}
