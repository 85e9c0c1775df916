/* SPDX-License-Identifier: MIT */
/* tally.h: what a store holds by now, as its writer has counted: also of one that is
 * being written. Takes no time, however many results there are. */
#ifndef TOTE_TALLY_H
#define TOTE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

struct tote_tally {
    uint64_t total, done, failed, quarantined; /* failed holds quarantined */
    bool is_whole;     /* total is all: the list was read to its end */
    tote_ns_t last_ns; /* end of the last attempt, by the clock of its host; 0: none */
};

/* Of the tasks of the last list. */
int tote_tally_take(struct tote_store *store, struct tote_tally *ret_tally,
                    struct tote_error *err);

#endif
