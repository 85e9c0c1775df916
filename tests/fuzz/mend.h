/* SPDX-License-Identifier: MIT */
/* mend.h: sets length and hash of a slice or a pack right, or no damage would come past
 * them. */
#ifndef MEND_H
#define MEND_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

/* A copy in a block of its own, mended if it is long enough to be one; free() it. */
static inline uint8_t *mend(const uint8_t *data, size_t size)
{
    uint8_t *bytes = malloc(size + 1);
    memcpy(bytes, data, size);
    if (size < 28)
        return bytes;
    for (int i = 0; i < 8; i++)
        bytes[12 + i] = (uint8_t)((uint64_t)size >> 8 * i);
    uint64_t hash = XXH3_64bits(bytes, size - 8);
    for (size_t i = 0; i < 8; i++)
        bytes[size - 8 + i] = (uint8_t)(hash >> 8 * i);
    return bytes;
}

#endif
