/* SPDX-License-Identifier: MIT */
/* digest.c: XXH3-128 of outputs and of bags (digest.h). */
#include "base/digest.h"

#include <stdlib.h>

#include <xxhash.h>

struct tote_bag_digest {
    XXH3_state_t *state;
};

static struct tote_digest digest_from(XXH128_hash_t hash)
{
    return (struct tote_digest){.high = hash.high64, .low = hash.low64};
}

struct tote_digest tote_digest_of(const void *data, size_t n)
{
    return digest_from(XXH3_128bits(data, n));
}

struct tote_bag_digest *tote_bag_digest_create(void)
{
    struct tote_bag_digest *bag = calloc(1, sizeof *bag);
    if (!bag)
        return NULL;
    bag->state = XXH3_createState();
    if (!bag->state) {
        free(bag);
        return NULL;
    }
    XXH3_128bits_reset(bag->state);
    return bag;
}

void tote_bag_digest_add(struct tote_bag_digest *bag, const struct tote_digest *task)
{
    XXH128_canonical_t bytes;
    XXH128_canonicalFromHash(&bytes,
                             (XXH128_hash_t){.high64 = task->high, .low64 = task->low});
    XXH3_128bits_update(bag->state, bytes.digest, sizeof bytes.digest);
}

struct tote_digest tote_bag_digest_get(const struct tote_bag_digest *bag)
{
    return digest_from(XXH3_128bits_digest(bag->state));
}

void tote_bag_digest_destroy(struct tote_bag_digest *bag)
{
    if (!bag)
        return;
    XXH3_freeState(bag->state);
    free(bag);
}
