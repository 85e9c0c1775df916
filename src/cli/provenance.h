/* SPDX-License-Identifier: MIT */
/* provenance.h: notes in a store which programs and libraries measured it, so that two
 * experiments can be told apart by what ran. Not for the machine (environment.h). */
#ifndef TOTE_PROVENANCE_H
#define TOTE_PROVENANCE_H

#include <stddef.h>

#include "core/program.h"
#include "store/store.h"

/* Sets environment.digest.NAME to the XXH3-128 of each file: tote, tote-task, the
 * programs of n engines, and the libraries that the dynamic linker loads for them, by
 * the names to which their links lead (libzfp.so.1.0.0; a second file of one name is
 * NAME#2). What cannot be read or listed
 * is left out. -EINVAL: the store goes on, and one is not what it was; or the store's
 * error. */
int tote_provenance_note(struct tote_store *store,
                         const struct tote_engine_spec *engines, size_t n,
                         struct tote_error *err);

#endif
