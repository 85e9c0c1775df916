/* SPDX-License-Identifier: MIT */
/* digest.h: XXH3-128 of an output, and the bag digest over the digests of its tasks. */
#ifndef TOTE_DIGEST_H
#define TOTE_DIGEST_H

#include <stddef.h>

#include "tote/record.h"

struct tote_digest tote_digest_of(const void *data, size_t n);

/* The bag digest: XXH3-128 over the 16 canonical (big-endian) bytes of each task's
 * digest, fed in task order. */
struct tote_bag_digest; /* heap: xxHash's state wants 64-byte alignment */
struct tote_bag_digest *tote_bag_digest_create(void); /* null: out of memory */
void tote_bag_digest_add(struct tote_bag_digest *bag, const struct tote_digest *task);
struct tote_digest tote_bag_digest_get(const struct tote_bag_digest *bag);
void tote_bag_digest_destroy(struct tote_bag_digest *bag); /* null is accepted */

#endif
