/* SPDX-License-Identifier: MIT */
/* argv.h: what a task of a store runs, as one line for a shell; also of lists that are
 * not the last one. Reads the store only. */
#ifndef TOTE_ARGV_H
#define TOTE_ARGV_H

#include <stdint.h>

#include "store/store.h"

struct tote_argv;

/* store is borrowed. -ENODATA: it holds no bag of commands. */
int tote_argv_open(struct tote_store *store, struct tote_argv **ret_argv,
                   struct tote_error *err);
void tote_argv_close(struct tote_argv *argv); /* null is accepted */

/* New text; null and a sentence. */
char *tote_argv_text(struct tote_argv *argv, uint64_t task, struct tote_error *err);

/* The same, at most `most` bytes of one line of a terminal: cut, and without control
 * characters. Of a task that cannot be read: "task N". New text; null: no memory. */
char *tote_argv_shown(struct tote_argv *argv, uint64_t task, size_t most);

#endif
