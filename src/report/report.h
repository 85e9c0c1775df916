/* SPDX-License-Identifier: MIT */
/* report.h: shows what a store holds. Reads the store only, so that what a command
 * prints at its end and what `tote report` prints a year later are the same text.
 *
 *     struct tote_store *store;
 *     tote_store_open("bag.tote", &store, &err);
 *     tote_report_write(store, TOTE_REPORT_JSON, stdout, &verdict, &err);
 *
 * The store's setting "kind" says what it is: "run" (one bag, its first launch
 * and each that went on with it: the last is shown, and the bag over all) "compare"
 * (cells at one point) or "sweep" (at many).
 *
 * What the numbers mean (docs/method.md). All stamps are of tote's one monotonic clock.
 *     start         launch to ready
 *     first_result  ready to the first record received
 *     steady        first record received to the last batch handed out, at least 0
 *     drain         the later of these two to the last record durable
 *     stop          last record durable to the engine and its box gone
 *     wall          launch to the last record durable
 *     tasks_per_s         tasks with a result, good or failed, over wall
 *     steady_tasks_per_s  the same over ready to the last record durable: the rate
 * after start-up, its ramp and its tail included, nothing trimmed.
 *
 * A number that is not available is null in JSON, empty in CSV, "-" in text; never 0.
 * Medians and intervals are of complete runs only; below n = 6 there is no interval. */
#ifndef TOTE_REPORT_H
#define TOTE_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "store/store.h"
#include "tote/error.h"

#define TOTE_REPORT_SCHEMA 1 /* schema_version of the JSON documents */

enum tote_report_format {
    TOTE_REPORT_TEXT,
    TOTE_REPORT_JSON,
    TOTE_REPORT_CSV,
    TOTE_REPORT_HTML,
    TOTE_REPORT_MARKDOWN,
};

/* What the exit code depends on. */
struct tote_verdict {
    bool has_failed; /* a run of a comparison has tasks that failed; of a bag that went
                      * on, the last result of a task is not good */
    bool has_differed; /* runs of the same bag have different digests */
};

struct tote_price;          /* cost.h */
struct tote_facts_document; /* facts_document.h */

/* What a reader brings to a report; each may be null, and is borrowed. */
struct tote_report_extras {
    const struct tote_price *price;          /* text and JSON show money */
    const struct tote_facts_document *facts; /* a page shows them */
};

/* Writes the report of an open store and gives its verdict, which may be null. The
 * memory that it needs does not depend on the number of records. -EIO: the output
 * cannot be written; -ENODATA: the store holds no run; -EBADMSG: it is damaged; else
 * the store's error. */
int tote_report_write(struct tote_store *store, enum tote_report_format format,
                      FILE *out, struct tote_verdict *ret_verdict,
                      struct tote_error *err);

/* The same with what the reader brings. */
int tote_report_write_with(struct tote_store *store, enum tote_report_format format,
                           const struct tote_report_extras *extras, FILE *out,
                           struct tote_verdict *ret_verdict, struct tote_error *err);

#endif
