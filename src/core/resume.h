/* SPDX-License-Identifier: MIT */
/* resume.h: what earlier runs of a store have done, told to the dispatcher of the next
 * one. Nothing is believed that cannot be seen: published files are hashed again. */
#ifndef TOTE_RESUME_H
#define TOTE_RESUME_H

#include "core/dispatcher.h"
#include "core/run.h"

struct tote_resume {
    uint64_t ok, failed; /* tasks of the list that have a result and keep it */
    uint64_t unlisted;   /* tasks of the store that are not of the list any more */
    uint64_t gone;       /* ok tasks that run again, since a file of theirs is gone */
};

/* The highest attempt number that runs of this store may have handed out; 0: none. */
int tote_resume_attempts(struct tote_store *store, uint32_t *ret_attempts,
                         struct tote_error *err);

/* Tells the dispatcher every task that is not to run. publisher: null without outputs.
 * -EINVAL: a published file was changed since and may not be overwritten. */
int tote_resume(const struct tote_run_config *config, struct tote_store *store,
                struct tote_publisher *publisher, struct tote_dispatcher *d,
                struct tote_resume *ret, struct tote_error *err);

#endif
