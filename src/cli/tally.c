/* SPDX-License-Identifier: MIT */
/* tally.c: see tally.h. */
#include "cli/tally.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/kept.h"
#include "store/commands.h"

struct counting {
    struct tote_tally tally;
    bool is_commands;
    uint32_t list;
    uint64_t n;      /* tasks of the store */
    uint8_t *listed; /* a bit a task; null: all are */
};

static bool is_listed(const struct counting *counting, uint64_t task)
{
    return !counting->listed ||
           (task < counting->n && (counting->listed[task / 8] >> (task % 8) & 1));
}

static int mark_listed(void *context, const struct tote_task_row *row)
{
    struct counting *counting = context;
    if (row->listed != counting->list || row->task >= counting->n)
        return 0;
    counting->listed[row->task / 8] |= (uint8_t)(1U << (row->task % 8));
    counting->tally.total++;
    return 0;
}

static int count_record(void *context, const struct tote_record *record,
                        uint64_t worker)
{
    struct counting *counting = context;
    struct tote_tally *tally = &counting->tally;
    (void)worker;
    if (record->end_ns > tally->last_ns)
        tally->last_ns = record->end_ns;
    /* One whose files are gone is taken back: it runs again. */
    bool is_taken_back = counting->is_commands && record->outcome == TOTE_OUTCOME_WRONG;
    if (is_taken_back || !is_listed(counting, record->task))
        return 0;
    tally->done += record->outcome == TOTE_OUTCOME_OK;
    tally->failed += record->outcome != TOTE_OUTCOME_OK;
    tally->quarantined += record->outcome == TOTE_OUTCOME_LOST;
    return 0;
}

static int count_commands(struct counting *counting, struct tote_store *store,
                          struct tote_error *err)
{
    int rc = tote_store_task_count(store, &counting->n, err);
    counting->list = tote_kept_list(store);
    counting->tally.is_whole = tote_kept_is_whole(store);
    counting->tally.total = counting->n;
    if (rc < 0 || counting->list <= 1)
        return rc;
    counting->tally.total = 0;
    counting->listed = calloc(counting->n / 8 + 1, 1);
    if (!counting->listed)
        return tote_error_set(err, -ENOMEM, "out of memory for the tasks");
    return tote_store_each_task(store, 0, counting->n, mark_listed, counting, err);
}

static void count_kernel(struct counting *counting, struct tote_store *store)
{
    char *tasks = tote_store_get(store, "tasks");
    counting->tally.total = tasks ? strtoull(tasks, NULL, 10) : 0;
    counting->tally.is_whole = tasks != NULL;
    free(tasks);
}

int tote_tally_take(struct tote_store *store, struct tote_tally *ret_tally,
                    struct tote_error *err)
{
    char *command = tote_store_get(store, "command");
    struct counting counting = {.is_commands = command != NULL};
    int rc = tote_store_freeze(store, err);
    if (rc == 0) {
        if (command)
            rc = count_commands(&counting, store, err);
        else
            count_kernel(&counting, store);
        if (rc == 0)
            rc = tote_store_each_result(store, count_record, &counting, err);
        tote_store_thaw(store);
    }
    free(command);
    free(counting.listed);
    if (rc == 0)
        *ret_tally = counting.tally;
    return rc;
}
