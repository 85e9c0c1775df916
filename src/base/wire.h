/* SPDX-License-Identifier: MIT */
/* wire.h: numbers and texts in a row of bytes, for files that travel (slice.h).
 *
 *     struct tote_wire_out out;
 *     tote_wire_begin(&out, "TOTESLCE", 1, most);
 *     tote_wire_put(&out, 42, 8);
 *     tote_wire_put_text(&out, "a text");
 *     tote_wire_end(&out, &bytes, &n);
 *     ...
 *     tote_wire_open(&in, "TOTESLCE", 1, bytes, n);
 *     uint64_t number = tote_wire_take(&in, 8);
 *     const char *text = tote_wire_take_text(&in, 100);
 *     if (!tote_wire_is_done(&in)) ... damaged ...
 *
 * Magic, version and length come first, an XXH3-64 of all that last. Writing and
 * reading go straight on after an error, which is remembered: a reader that is bad
 * gives zeros and empty texts, so that no loop over a count may run without looking at
 * is_bad. Not for what is stored for good. */
#ifndef TOTE_WIRE_H
#define TOTE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOTE_WIRE_HEAD 20 /* bytes of magic, version and length */
#define TOTE_WIRE_TAIL 8  /* bytes of the hash */

struct tote_wire_out {
    unsigned char *bytes;
    size_t n, capacity, most;
    int failed; /* 0, or the first of -ENOMEM, -E2BIG and what the caller put here */
};

void tote_wire_begin(struct tote_wire_out *out, const char magic[static 8],
                     uint32_t version, size_t most);
void tote_wire_put(struct tote_wire_out *out, uint64_t number, int width); /* 1, 4, 8 */
/* Length, bytes and a NUL, so that a reader can point into what it was given. */
void tote_wire_put_text(struct tote_wire_out *out, const char *text);
void tote_wire_put_bytes(struct tote_wire_out *out, const void *bytes, size_t n);
/* 0 and a new array, or what failed; either way nothing is left in out. */
int tote_wire_end(struct tote_wire_out *out, void **ret_bytes, size_t *ret_n);

struct tote_wire_in {
    const unsigned char *at, *end;
    bool is_bad;
};

/* Null, or what is wrong with the frame, as the end of a sentence. */
const char *tote_wire_open(struct tote_wire_in *in, const char magic[static 8],
                           uint32_t version, const void *bytes, size_t n);
uint64_t tote_wire_take(struct tote_wire_in *in, int width);
/* A number of at most `most`. */
uint64_t tote_wire_take_most(struct tote_wire_in *in, int width, uint64_t most);
/* A text of at most `most` bytes without its NUL; points into the bytes. */
const char *tote_wire_take_text(struct tote_wire_in *in, size_t most);
const void *tote_wire_take_bytes(struct tote_wire_in *in, size_t n);
bool tote_wire_is_done(const struct tote_wire_in *in); /* all read and nothing bad */

#endif
