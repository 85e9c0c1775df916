/* SPDX-License-Identifier: MIT */
/* sampler.h: what a box costs while it lives: a thread that reads its processes from
 * /proc now and then. Not for the machine around it (reading.h), nor for whose time it
 * was (tree.h).
 *
 *     struct tote_sampler *sampler = tote_sampler_start(&config);   // after the box
 *     tote_sampler_announce(sampler, pid);
 *     tote_sampler_stop(sampler);                 // just before the engine hears stop
 *     ... the box ends ...
 *     tote_sampler_finish(sampler, &usage);       // before the next box
 *
 * What can be read later is read later: CPU times of processes that ended are in those
 * of their parents. So it need not be quick, and takes its time by what it costs
 * itself: at most TOTE_SAMPLER_SHARE of one core.
 *
 * All but start accept null, which stands for no accounting, and belong to the thread
 * that started it. */
#ifndef TOTE_SAMPLER_H
#define TOTE_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "store/usage.h"

#define TOTE_SAMPLER_PERIOD_MS 100   /* from one reading of the processes to the next */
#define TOTE_SAMPLER_MEMORY_MS 500   /* and of their memory and descriptors; or more: */
#define TOTE_SAMPLER_SHARE     0.002 /* each takes at most this part of the time; once */
#define TOTE_SAMPLER_DEAR      0.004 /* both took more than this part of the box's CPU */
#define TOTE_SAMPLER_REST_MS   1000  /* time, they come no more often than that */

struct tote_sampler_config {
    pid_t init;          /* of the box */
    bool has_namespaces; /* pids in the box are its own */
    bool has_own_network;
};

struct tote_sampler;

/* Null: no thread, no memory or no /proc: there is no accounting then. */
struct tote_sampler *tote_sampler_start(const struct tote_sampler_config *config);

/* The engine calls this process, by its pid inside the box, a worker. */
void tote_sampler_announce(struct tote_sampler *sampler, int64_t pid);

/* Reads everything once more and returns when that is done. What is used afterwards is
 * teardown. */
void tote_sampler_stop(struct tote_sampler *sampler);

/* After the box has ended, which used box_ns. Fills all of the row but run and tote_ns,
 * unknown where that is so, and frees the sampler. */
void tote_sampler_finish(struct tote_sampler *sampler, tote_ns_t box_ns,
                         struct tote_usage_row *ret_row);

#endif
