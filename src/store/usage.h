/* SPDX-License-Identifier: MIT */
/* usage.h: what runs cost and how the machine was around them, in a store: rows of the
 * tables `usage` and `reading`. Not for measuring it (src/account).
 *
 *     tote_store_add_cost(store, &usage, readings, 2, &err);   // durable when it
 * returns
 *
 * Numbers that are not available are TOTE_UNKNOWN, NULL in the store: never 0. */
#ifndef TOTE_USAGE_H
#define TOTE_USAGE_H

#include "store/store.h"

#define TOTE_UNKNOWN   (-1)
#define TOTE_HOW_MAX   16
#define TOTE_PORTS_MAX 2048

/* Of one run; CPU times as they were read from each process of the box up to the word
 * stop. */
struct tote_usage_row {
    int64_t run;
    int64_t samples;               /* how often the processes of the box were read */
    tote_ns_t control_ns;          /* of the engine, its daemons and the box's init */
    tote_ns_t worker_ns;           /* of workers and what they started */
    tote_ns_t teardown_ns;         /* of the whole box after stop was said; unknown: it
                                    * never was */
    tote_ns_t tote_ns, sampler_ns; /* of tote itself; of the measuring, apart from it */
    int64_t memory_bytes;          /* peak, of the samples */
    tote_ns_t memory_ns;           /* when that was */
    char memory_how[TOTE_HOW_MAX]; /* "pss", "rss", "pss and rss"; "": not measured */
    int64_t loopback_bytes;        /* received on lo inside the box */
    int64_t processes, threads, descriptors; /* peaks, of the samples */
    bool has_ports;
    char ports[TOTE_PORTS_MAX]; /* on which TCP connections were taken: "127.0.0.1:80
                                 * [::]:81", in this order */
};

enum tote_reading_kind { TOTE_READING_RUN, TOTE_READING_LIMIT };
enum tote_reading_moment { TOTE_READING_BEFORE, TOTE_READING_AFTER };

/* The whole machine at one moment. Totals are since it was started. */
struct tote_reading_row {
    enum tote_reading_kind kind;
    int64_t subject; /* id of the run or of the pass of the limit */
    enum tote_reading_moment moment;
    tote_ns_t at_ns;
    int64_t cores;                        /* that count in the totals */
    int64_t load_milli;                   /* of the last minute, times 1,000 */
    tote_ns_t busy_ns, idle_ns, steal_ns; /* totals over all cores */
    tote_ns_t cpu_wait_ns, memory_wait_ns, io_wait_ns; /* pressure "some", totals */
    int64_t clock_hz;  /* mean over the cores; unknown: the machine does not tell */
    tote_ns_t ours_ns; /* CPU of tote and of the box since the reading before */
};

/* Adds the usage (may be null) and n readings, all of them or none. */
int tote_store_add_cost(struct tote_store *store, const struct tote_usage_row *usage,
                        const struct tote_reading_row *readings, size_t n,
                        struct tote_error *err);

/* By run; in the order in which they were added: a new array (free it), null if there
 * are none. -EBADMSG: damaged. */
int tote_store_usages(struct tote_store *store, struct tote_usage_row **ret_rows,
                      size_t *ret_n, struct tote_error *err);
int tote_store_readings(struct tote_store *store, struct tote_reading_row **ret_rows,
                        size_t *ret_n, struct tote_error *err);

#endif
