/* SPDX-License-Identifier: MIT */
/* wire.c: a row of bytes, written and read (wire.h). */
#include "base/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

enum { MAGIC = 8, LENGTH_AT = 12, FIRST_CAPACITY = 4096 };

static void store(unsigned char *at, uint64_t number, int width)
{
    for (int i = 0; i < width; i++)
        at[i] = (unsigned char)(number >> 8 * i);
}

static uint64_t load(const unsigned char *at, int width)
{
    uint64_t number = 0;
    for (int i = 0; i < width; i++)
        number |= (uint64_t)at[i] << 8 * i;
    return number;
}

/* --- writing --- */

/* Room for n more bytes, or null. */
static unsigned char *reserve(struct tote_wire_out *out, size_t n)
{
    if (!out->failed && n > out->most - out->n)
        out->failed = -E2BIG;
    if (out->failed)
        return NULL;
    if (n > out->capacity - out->n) {
        size_t capacity = out->capacity ? out->capacity : FIRST_CAPACITY;
        while (capacity - out->n < n)
            capacity *= 2;
        unsigned char *larger = realloc(out->bytes, capacity);
        if (!larger) {
            out->failed = -ENOMEM;
            return NULL;
        }
        out->bytes = larger;
        out->capacity = capacity;
    }
    unsigned char *at = out->bytes + out->n;
    out->n += n;
    return at;
}

void tote_wire_begin(struct tote_wire_out *out, const char magic[static 8],
                     uint32_t version, size_t most)
{
    *out = (struct tote_wire_out){.most = most};
    tote_wire_put_bytes(out, magic, MAGIC);
    tote_wire_put(out, version, 4);
    tote_wire_put(out, 0, 8); /* the length: see end */
}

void tote_wire_put(struct tote_wire_out *out, uint64_t number, int width)
{
    unsigned char *at = reserve(out, (size_t)width);
    if (at)
        store(at, number, width);
}

void tote_wire_put_text(struct tote_wire_out *out, const char *text)
{
    size_t n = strlen(text);
    tote_wire_put(out, n, 4);
    tote_wire_put_bytes(out, text, n + 1);
}

void tote_wire_put_bytes(struct tote_wire_out *out, const void *bytes, size_t n)
{
    unsigned char *at = reserve(out, n);
    if (at && n > 0)
        memcpy(at, bytes, n);
}

int tote_wire_end(struct tote_wire_out *out, void **ret_bytes, size_t *ret_n)
{
    unsigned char *at = reserve(out, TOTE_WIRE_TAIL);
    int failed = out->failed;
    if (at) {
        store(out->bytes + LENGTH_AT, out->n, 8);
        store(at, XXH3_64bits(out->bytes, out->n - TOTE_WIRE_TAIL), 8);
        *ret_bytes = out->bytes;
        *ret_n = out->n;
    } else {
        free(out->bytes);
    }
    *out = (struct tote_wire_out){.failed = failed};
    return failed;
}

/* --- reading --- */

const char *tote_wire_open(struct tote_wire_in *in, const char magic[static 8],
                           uint32_t version, const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    *in = (struct tote_wire_in){.is_bad = true};
    if (n < TOTE_WIRE_HEAD + TOTE_WIRE_TAIL)
        return "it is too short";
    if (memcmp(at, magic, MAGIC) != 0)
        return "it does not begin as one";
    if (load(at + MAGIC, 4) != version)
        return "it is of another version of tote";
    if (load(at + LENGTH_AT, 8) != n)
        return "it is cut";
    if (load(at + n - TOTE_WIRE_TAIL, 8) != XXH3_64bits(at, n - TOTE_WIRE_TAIL))
        return "its bytes have changed";
    *in = (struct tote_wire_in){.at = at + TOTE_WIRE_HEAD,
                                .end = at + n - TOTE_WIRE_TAIL};
    return NULL;
}

const void *tote_wire_take_bytes(struct tote_wire_in *in, size_t n)
{
    if (in->is_bad || n > (size_t)(in->end - in->at)) {
        in->is_bad = true;
        return NULL;
    }
    const unsigned char *at = in->at;
    in->at += n;
    return at;
}

uint64_t tote_wire_take(struct tote_wire_in *in, int width)
{
    const unsigned char *at = tote_wire_take_bytes(in, (size_t)width);
    return at ? load(at, width) : 0;
}

uint64_t tote_wire_take_most(struct tote_wire_in *in, int width, uint64_t most)
{
    uint64_t number = tote_wire_take(in, width);
    if (number <= most)
        return number;
    in->is_bad = true;
    return 0;
}

const char *tote_wire_take_text(struct tote_wire_in *in, size_t most)
{
    size_t n = (size_t)tote_wire_take_most(in, 4, most);
    const char *text = tote_wire_take_bytes(in, n + 1);
    if (text && memchr(text, '\0', n + 1) == text + n)
        return text;
    in->is_bad = true;
    return "";
}

bool tote_wire_is_done(const struct tote_wire_in *in)
{
    return !in->is_bad && in->at == in->end;
}
