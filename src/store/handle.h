/* SPDX-License-Identifier: MIT */
/* handle.h: what is behind a struct tote_store, for the files of src/store alone. */
#ifndef TOTE_HANDLE_H
#define TOTE_HANDLE_H

#include <stdbool.h>

#include "store/db.h"
#include "store/store.h"

struct tote_store {
    struct tote_db db;
    bool durable; /* synced, and synchronous=FULL since; false from create to first run
                   */
};

/* To be called before a change that must be durable when it returns. */
int tote_store_harden(struct tote_store *store, struct tote_error *err);

#endif
