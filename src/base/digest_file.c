/* SPDX-License-Identifier: MIT */
/* digest_file.c: hashes a file as it is read (digest_file.h). */
#include "base/digest_file.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <xxhash.h>

#define BLOCK 65536u

static int feed(int fd, char *block, XXH3_state_t *state, uint64_t *size)
{
    for (;;) {
        ssize_t n = read(fd, block, BLOCK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return 0;
        XXH3_128bits_update(state, block, (size_t)n);
        *size += (uint64_t)n;
    }
}

int tote_digest_of_file(int fd, uint64_t *ret_size, struct tote_digest *ret_digest)
{
    uint64_t size = 0;
    char *block = malloc(BLOCK);
    XXH3_state_t *state = block ? XXH3_createState() : NULL;
    int rc = -ENOMEM;
    if (state) {
        XXH3_128bits_reset(state);
        rc = feed(fd, block, state, &size);
    }
    if (rc == 0) {
        XXH128_hash_t hash = XXH3_128bits_digest(state);
        *ret_digest = (struct tote_digest){.high = hash.high64, .low = hash.low64};
        if (ret_size)
            *ret_size = size;
    }
    XXH3_freeState(state);
    free(block);
    return rc;
}
