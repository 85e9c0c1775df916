/* SPDX-License-Identifier: MIT */
/* counting.c: see counting.h.
 *
 * A task that is ok runs no more. So one that has a record already has one that is not
 * ok: of another run that has any, or of an earlier attempt in this one. Where there is
 * neither nothing is looked up, and a bag whose tasks all end well pays nothing. */
#include "store/counting.h"

#include <string.h>

#include "store/standing.h"

#define DOING "count the results"

/* Of runs but ?1 that have results which a later one may replace. */
#define DOUBTS                                                                         \
    "SELECT run FROM standing WHERE run NOT IN (0, ?1) AND failed + wrong + lost > 0"

int tote_counting_open(struct tote_counting *counting, const struct tote_db *db,
                       struct tote_error *err)
{
    *counting = (struct tote_counting){.db = db};
    const struct {
        sqlite3_stmt **statement;
        const char *sql;
    } all[] = {
        {&counting->get, TOTE_STANDING_GET},
        {&counting->put, TOTE_STANDING_PUT},
        {&counting->has_doubts, "SELECT EXISTS (" DOUBTS ")"},
        {&counting->of_others,
         "SELECT attempt, outcome FROM record WHERE run IN (" DOUBTS ") AND task=?2"
         " ORDER BY outcome=0 DESC, attempt DESC, run DESC LIMIT 1"},
        {&counting->of_own, "SELECT attempt, outcome FROM record WHERE run=?1"
                            " AND task=?2"
                            " ORDER BY outcome=0 DESC, attempt DESC LIMIT 1"},
    };
    int code = 0;
    for (size_t i = 0; code == 0 && i < sizeof all / sizeof *all; i++)
        code = tote_db_prepare(db, all[i].sql, DOING, all[i].statement, err);
    if (code < 0)
        tote_counting_close(counting);
    return code;
}

void tote_counting_close(struct tote_counting *counting)
{
    sqlite3_finalize(counting->get);
    sqlite3_finalize(counting->put);
    sqlite3_finalize(counting->has_doubts);
    sqlite3_finalize(counting->of_others);
    sqlite3_finalize(counting->of_own);
    *counting = (struct tote_counting){0};
}

/* --- adding --- */

void tote_counting_add_task(struct tote_counting *counting, uint32_t listed)
{
    counting->has_changed = true;
    counting->all.listed++;
    if (listed > counting->all.list)
        counting->all.list = listed;
}

static bool has_doubts(const struct tote_standing *standing)
{
    return standing->of[TOTE_OUTCOME_FAILED] + standing->of[TOTE_OUTCOME_WRONG] +
               standing->of[TOTE_OUTCOME_LOST] >
           0;
}

static int begin_run(struct tote_counting *counting, int64_t run,
                     struct tote_error *err)
{
    struct tote_standing own;
    int code = tote_counting_flush(counting, err);
    if (code == 0)
        code = tote_standing_get(counting->db, counting->get, run, &own, err);
    if (code < 0)
        return code;
    sqlite3_bind_int64(counting->has_doubts, 1, run);
    int rc = sqlite3_step(counting->has_doubts);
    if (rc == SQLITE_ROW)
        counting->others_doubt = sqlite3_column_int(counting->has_doubts, 0) == 1;
    else
        code = tote_db_fail(counting->db, rc, DOING, err);
    sqlite3_reset(counting->has_doubts);
    counting->run = run;
    counting->own_doubts = has_doubts(&own);
    counting->attempt_from = own.attempts_to > 0; /* or 0: there is none yet */
    counting->attempt_to = own.attempts_to;
    return code;
}

/* What a task came to before; none: attempt 0. */
struct prior {
    int64_t attempt;
    int outcome;
};

static int find_prior(const struct tote_counting *counting, sqlite3_stmt *statement,
                      uint64_t task, struct prior *ret, struct tote_error *err)
{
    int code = 0;
    *ret = (struct prior){0};
    sqlite3_bind_int64(statement, 1, counting->run);
    sqlite3_bind_int64(statement, 2, (int64_t)task);
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_ROW) {
        ret->attempt = sqlite3_column_int64(statement, 0);
        ret->outcome = sqlite3_column_int(statement, 1);
        if (ret->outcome < 0 || ret->outcome >= TOTE_OUTCOMES)
            rc = SQLITE_CORRUPT;
    }
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        code = tote_db_fail(counting->db, rc, DOING, err);
    sqlite3_reset(statement);
    return code;
}

/* What counts of a task is its ok record, or its last one. */
static bool is_outdone(const struct prior *prior, enum tote_outcome outcome,
                       int64_t attempt)
{
    if (prior->attempt == 0)
        return true;
    return prior->outcome != TOTE_OUTCOME_OK &&
           (outcome == TOTE_OUTCOME_OK || attempt >= prior->attempt);
}

static void count(struct tote_standing *added, const struct prior *prior,
                  const struct tote_record *record)
{
    if (!is_outdone(prior, record->outcome, record->attempt))
        return;
    if (prior->attempt > 0)
        added->of[prior->outcome]--;
    added->of[record->outcome]++;
}

/* All its records so far have one attempt number: then a second one with that number is
 * of another task. */
static bool may_have_own(const struct tote_counting *counting, uint32_t attempt)
{
    return counting->own_doubts &&
           (counting->attempt_from != attempt || counting->attempt_to != attempt);
}

static int count_both(struct tote_counting *counting, const struct tote_record *record,
                      struct tote_error *err)
{
    struct prior own = {0}, other = {0};
    int code = 0;
    if (may_have_own(counting, record->attempt))
        code = find_prior(counting, counting->of_own, record->task, &own, err);
    if (code == 0 && counting->others_doubt)
        code = find_prior(counting, counting->of_others, record->task, &other, err);
    if (code < 0)
        return code;
    count(&counting->own, &own, record);
    bool is_own = own.attempt > 0 &&
                  is_outdone(&other, (enum tote_outcome)own.outcome, own.attempt);
    count(&counting->all, is_own ? &own : &other, record);
    return 0;
}

static void add_extremes(struct tote_standing *standing, uint32_t attempt,
                         tote_ns_t end_ns)
{
    if (attempt > standing->attempts_to)
        standing->attempts_to = attempt;
    if (end_ns > standing->last_ns)
        standing->last_ns = end_ns;
}

int tote_counting_add_record(struct tote_counting *counting, int64_t run,
                             const struct tote_record *record, struct tote_error *err)
{
    int code = run == counting->run ? 0 : begin_run(counting, run, err);
    if (code < 0)
        return code;
    code = count_both(counting, record, err);
    if (code < 0)
        return code;
    counting->has_changed = true;
    counting->own_doubts = counting->own_doubts || record->outcome != TOTE_OUTCOME_OK;
    if (counting->attempt_from == 0 || record->attempt < counting->attempt_from)
        counting->attempt_from = record->attempt;
    if (record->attempt > counting->attempt_to)
        counting->attempt_to = record->attempt;
    add_extremes(&counting->own, record->attempt, record->end_ns);
    add_extremes(&counting->all, record->attempt, record->end_ns);
    return 0;
}

/* --- writing --- */

static int add_to_row(struct tote_counting *counting, int64_t run,
                      const struct tote_standing *added, struct tote_error *err)
{
    struct tote_standing row;
    int code = tote_standing_get(counting->db, counting->get, run, &row, err);
    if (code < 0)
        return code;
    if (added->list > row.list)
        row.list = added->list;
    row.listed += added->listed;
    for (int outcome = 0; outcome < TOTE_OUTCOMES; outcome++)
        row.of[outcome] += added->of[outcome];
    add_extremes(&row, added->attempts_to, added->last_ns);
    return tote_standing_put(counting->db, counting->put, run, &row, err);
}

int tote_counting_flush(struct tote_counting *counting, struct tote_error *err)
{
    if (!counting->has_changed)
        return 0;
    int code =
        counting->run ? add_to_row(counting, counting->run, &counting->own, err) : 0;
    if (code == 0)
        code = add_to_row(counting, 0, &counting->all, err);
    counting->own = counting->all = (struct tote_standing){0};
    counting->has_changed = false;
    return code;
}
