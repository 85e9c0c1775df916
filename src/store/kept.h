/* SPDX-License-Identifier: MIT */
/* kept.h: what a store says of each of its lists: the command, where its items come
 * from, where tote was started. Those of the first list have plain names, "command";
 * those of list N, if they are others, end with its number, "command.N"; a list that
 * has none is that of the list before, read again. */
#ifndef TOTE_KEPT_H
#define TOTE_KEPT_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"
#include "store/words.h"

/* Number of the last list that is in the store; 0: none yet. */
uint32_t tote_kept_list(struct tote_store *store);
/* It was read to its end. */
bool tote_kept_is_whole(struct tote_store *store);

/* The list whose settings hold for `list`: itself, or one before it. */
uint32_t tote_kept_origin(struct tote_store *store, uint32_t list);

/* The last list was not read to its end and cannot be read again: it came by a pipe. */
bool tote_kept_is_gone(struct tote_store *store);

/* Of an origin. New text, null: there is none. */
char *tote_kept_get(struct tote_store *store, uint32_t origin, const char *name);
/* The columns of its items: how many, and their names, if they have any. -EBADMSG. */
int tote_kept_columns(struct tote_store *store, uint32_t origin,
                      struct tote_words *names, size_t *ret_n, struct tote_error *err);
int tote_kept_set_columns(struct tote_store *store, uint32_t list,
                          const struct tote_words *names, size_t n,
                          struct tote_error *err);

int tote_kept_set(struct tote_store *store, uint32_t list, const char *name,
                  const char *value, struct tote_error *err);

#endif
