/* SPDX-License-Identifier: MIT */
/* counting.h: counts what one transaction adds, and writes it into `standing` with it.
 *
 *     tote_counting_open(&counting, &db, &err);
 *     tote_counting_add_record(&counting, run, &record, &err);   // each that goes in
 *     tote_counting_flush(&counting, &err);                      // before the commit
 *     tote_counting_close(&counting);
 *
 * Private to src/store; part of insert.h. */
#ifndef TOTE_COUNTING_H
#define TOTE_COUNTING_H

#include "store/db.h"
#include "store/store.h"

struct tote_counting {
    const struct tote_db *db; /* borrowed */
    sqlite3_stmt *get, *put, *has_doubts, *of_others, *of_own;
    int64_t run;                       /* that the records are of; 0: none yet */
    bool others_doubt;                 /* another run has tasks that are not ok */
    bool own_doubts;                   /* this one has */
    uint32_t attempt_from, attempt_to; /* of its records so far; 0, 0: none yet */
    bool has_changed;                  /* since the last flush */
    struct tote_standing own, all;     /* what is added to that of the run, and to row
                                        * 0; less is added modulo 2^64 */
};

int tote_counting_open(struct tote_counting *counting, const struct tote_db *db,
                       struct tote_error *err);
/* A task that goes in, of list `listed`. */
void tote_counting_add_task(struct tote_counting *counting, uint32_t listed);
/* Before it goes in. */
int tote_counting_add_record(struct tote_counting *counting, int64_t run,
                             const struct tote_record *record, struct tote_error *err);
int tote_counting_flush(struct tote_counting *counting, struct tote_error *err);
void tote_counting_close(struct tote_counting *counting); /* a zeroed one is accepted */

#endif
