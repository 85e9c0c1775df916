/* SPDX-License-Identifier: MIT */
/* tally.c: see tally.h. */
#include "cli/tally.h"

#include <stdlib.h>

#include "store/kept.h"

static uint64_t tasks_of_kernel(struct tote_store *store, bool *ret_is_known)
{
    char *tasks = tote_store_get(store, "tasks");
    uint64_t n = tasks ? strtoull(tasks, NULL, 10) : 0;
    *ret_is_known = tasks != NULL;
    free(tasks);
    return n;
}

static int take(struct tote_store *store, bool is_commands,
                struct tote_tally *ret_tally, struct tote_error *err)
{
    struct tote_standing standing;
    struct tote_tally tally = {0};
    int rc = tote_store_standing(store, 0, &standing, err);
    if (rc < 0)
        return rc;
    if (is_commands) {
        tally.total = standing.listed;
        tally.is_whole = tote_kept_is_whole(store);
    } else {
        tally.total = tasks_of_kernel(store, &tally.is_whole);
    }
    tally.done = standing.of[TOTE_OUTCOME_OK];
    tally.quarantined = standing.of[TOTE_OUTCOME_LOST];
    tally.failed = standing.of[TOTE_OUTCOME_FAILED] + tally.quarantined;
    if (!is_commands) /* of commands it is taken back, since a file is gone: runs again
                       */
        tally.failed += standing.of[TOTE_OUTCOME_WRONG];
    tally.last_ns = standing.last_ns;
    *ret_tally = tally;
    return 0;
}

int tote_tally_take(struct tote_store *store, struct tote_tally *ret_tally,
                    struct tote_error *err)
{
    char *command = tote_store_get(store, "command");
    int rc = tote_store_freeze(store, err);
    if (rc == 0) {
        rc = take(store, command != NULL, ret_tally, err);
        tote_store_thaw(store);
    }
    free(command);
    return rc;
}
