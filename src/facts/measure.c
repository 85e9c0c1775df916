/* SPDX-License-Identifier: MIT */
/* measure.c: launches an engine to time its first result and to look at it while it
 * works (measure.h). */
#include "facts/measure.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "check/probe.h"
#include "facts/factsfile.h"
#include "facts/installed.h"
#include "facts/look.h"
#include "tote/clock.h"

#define LOOK_EVERY_MS 50
#define LOOKS_MAX     200 /* then what has been seen is all */

/* --- one launch --- */

/* Ready, with nothing given to it yet. */
static int launch(struct tote_probe *probe, const struct tote_engine_spec *spec,
                  const struct tote_conformance_config *config,
                  const struct tote_bag *bag, struct tote_error *err)
{
    int rc = tote_probe_open(probe, spec, config, bag, NULL, err);
    if (rc == 0)
        rc = tote_probe_hello(probe, NULL, err);
    return rc < 0 ? rc : tote_probe_await_ready(probe, err);
}

static int end(struct tote_probe *probe, struct tote_error *err)
{
    struct tote_probe_end how;
    int rc = tote_probe_stop(probe, NULL, err);
    return rc < 0 ? rc : tote_probe_await_end(probe, &how, err);
}

/* Seconds from the launch to the answer to one task. */
static int time_first(const struct tote_engine_spec *spec,
                      const struct tote_conformance_config *config,
                      const struct tote_bag *bag, double *ret_s, struct tote_error *err)
{
    static const struct tote_batch one = {.count = 1, .attempt = 1};
    struct tote_probe probe = {0};
    int rc = launch(&probe, spec, config, bag, err);
    tote_ns_t from = probe.launch.launch_ns;
    if (rc == 0)
        rc = tote_probe_run(&probe, &one, NULL, err);
    if (rc == 0)
        rc = tote_probe_await_answers(&probe, err);
    if (rc == 0 && probe.batches[0].answer != TOTE_PROBE_DONE)
        rc = tote_error_set(err, -EPROTO, "it lost its first task");
    *ret_s = (double)(probe.batches[0].answer_ns - from) / (double)TOTE_NS_PER_S;
    if (rc == 0)
        rc = end(&probe, err);
    tote_probe_close(&probe);
    return rc;
}

static int time_all(const struct tote_engine_spec *spec,
                    const struct tote_facts_config *config,
                    const struct tote_conformance_config *probing,
                    struct tote_fact *fact, struct tote_error *err)
{
    double seconds[TOTE_FACTS_LAUNCHES_MAX];
    struct tote_interval interval;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < config->launches; i++)
        rc = time_first(spec, probing, &config->quick, &seconds[i], err);
    if (rc == 0)
        rc = tote_stats_interval(seconds, config->launches, &interval);
    if (rc < 0)
        return tote_error_set(err, rc, "statistics: %s", strerror(-rc));
    tote_fact_measured(fact, interval.median, NULL,
                       "launch to the answer to one task of %s, median of n=%zu "
                       "launches",
                       config->quick.kernel, interval.n);
    fact->interval = interval;
    return 0;
}

/* --- looking --- */

/* Gives every slot a task. */
static int give_work(struct tote_probe *probe, uint32_t slots, struct tote_error *err)
{
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < slots && i < TOTE_PROBE_BATCHES_MAX; i++) {
        struct tote_batch batch = {.first = i, .count = 1, .attempt = 1};
        rc = tote_probe_run(probe, &batch, NULL, err);
    }
    return rc;
}

/* Until it says something, which is that a task is done. */
static int look_at_work(struct tote_probe *probe, struct tote_look *look,
                        struct tote_error *err)
{
    struct tote_link *link = &probe->launch.link;
    struct pollfd fds[] = {{.fd = link->from_engine, .events = POLLIN},
                           {.fd = link->errors, .events = POLLIN},
                           {.fd = probe->config->signal_fd, .events = POLLIN}};
    int rc = 0;
    for (int i = 0; rc == 0 && i < LOOKS_MAX; i++) {
        rc = tote_look_take(look, probe->launch.box.init, err);
        if (tote_link_has_output(link))
            tote_link_flush(link);
        poll(fds, 3, LOOK_EVERY_MS);
        if (fds[1].revents)
            tote_link_fill_errors(link);
        if (link->has_errors_ended)
            fds[1].fd = -1;
        if (fds[0].revents || fds[2].revents)
            break;
    }
    return rc;
}

static void take_look(struct tote_look *look, const struct tote_facts_config *config,
                      bool has_own_network, struct tote_facts *facts)
{
    tote_fact_measured(&facts->at[TOTE_FACT_PROCESSES], (double)look->n_processes,
                       json_incref(look->processes),
                       "most at once in %zu looks at a launch with %" PRIu32
                       " workers, all busy; tote itself is not counted",
                       look->n_looks, config->slots);
    tote_fact_measured(&facts->at[TOTE_FACT_PORTS],
                       (double)json_array_size(look->ports), json_incref(look->ports),
                       "TCP sockets of these processes that listen, in %s",
                       has_own_network ? "a network of the box's own, which has "
                                         "loopback only"
                                       : "the network of the host");
    struct tote_fact *descriptors = &facts->at[TOTE_FACT_DESCRIPTORS];
    if (look->lacks_descriptors)
        tote_fact_not_measured(descriptors,
                               "those of some process may not be looked at");
    else
        tote_fact_measured(descriptors, (double)look->n_descriptors, NULL,
                           "most at once, of all these processes");
}

static int look_inside(const struct tote_engine_spec *spec,
                       const struct tote_facts_config *config,
                       const struct tote_conformance_config *probing,
                       struct tote_facts *facts, struct tote_error *err)
{
    struct tote_probe probe = {0};
    struct tote_look look = {0};
    int rc = launch(&probe, spec, probing, &config->busy, err);
    bool has_own_network =
        probe.launch.box.is_full && !probe.launch.box.has_host_network;
    if (rc == 0)
        rc = give_work(&probe, config->slots, err);
    if (rc == 0)
        rc = look_at_work(&probe, &look, err);
    if (rc == 0)
        rc = tote_probe_await_answers(&probe, err);
    if (rc == 0)
        rc = end(&probe, err);
    tote_probe_close(&probe);
    if (rc == 0)
        take_look(&look, config, has_own_network, facts);
    tote_look_finish(&look);
    return rc;
}

/* --- outside --- */

int tote_facts_read(const char *program, const char *data, struct tote_facts *facts,
                    struct tote_error *err)
{
    struct tote_installed installed;
    int rc = tote_factsfile_load(program, facts, &installed, err);
    if (rc == 0)
        tote_installed_measure(&installed, program, data, facts);
    tote_installed_finish(&installed);
    return rc;
}

int tote_facts_measure(const struct tote_engine_spec *spec,
                       const struct tote_facts_config *config, struct tote_facts *facts,
                       struct tote_error *err)
{
    const struct tote_conformance_config probing = {
        .slots = config->slots,
        .ready_s = config->ready_s,
        .answer_s = config->answer_s,
        .signal_fd = config->signal_fd,
        .log_fd = -1,
    };
    int rc = time_all(spec, config, &probing, &facts->at[TOTE_FACT_FIRST_RESULT], err);
    if (rc == 0)
        rc = look_inside(spec, config, &probing, facts, err);
    return rc;
}
