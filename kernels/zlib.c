/* SPDX-License-Identifier: MIT */
/* zlib.c: compresses the input with zlib; the bytes of Python's zlib.compress(a, 6). */
#include "tote/kernel.h"

#include <errno.h>
#include <string.h>

#include <zlib.h>

struct zlib {
    uint64_t level;
    z_stream deflater, inflater; /* reset for each task, not made anew */
    bool deflating, inflating;
};

static const struct tote_option zlib_options[] = {
    {.name = "level",
     .type = TOTE_OPTION_UINT,
     .offset = offsetof(struct zlib, level),
     .fallback = "6",
     .max = 9,
     .help = "0 stores, 1 is fast, 9 is small"},
};

static int zlib_open(void *state, uint64_t size, struct tote_error *err)
{
    (void)size;
    struct zlib *zlib = state;
    zlib->deflating = deflateInit(&zlib->deflater, (int)zlib->level) == Z_OK;
    if (!zlib->deflating)
        return tote_error_set(err, -ENOMEM, "no memory for a zlib stream");
    return 0;
}

static void zlib_close(void *state)
{
    struct zlib *zlib = state;
    if (zlib->deflating)
        deflateEnd(&zlib->deflater);
    if (zlib->inflating)
        inflateEnd(&zlib->inflater);
}

static size_t zlib_bound(const void *state, uint64_t size)
{
    (void)state;
    return compressBound((uLong)(size * sizeof(float)));
}

static int zlib_run(void *state, const struct tote_task_id *id, struct tote_span in,
                    struct tote_buffer *out, struct tote_error *err)
{
    (void)id;
    struct zlib *zlib = state;
    z_stream *stream = &zlib->deflater;
    deflateReset(stream);
    stream->next_in = (z_const Bytef *)in.data;
    stream->avail_in = (uInt)in.size; /* TOTE_KERNEL_SIZE_MAX values fit */
    stream->next_out = out->data;
    stream->avail_out = (uInt)out->capacity;
    int status = deflate(stream, Z_FINISH);
    out->size = stream->total_out;
    if (status != Z_STREAM_END)
        return tote_error_set(err, -EIO, "zlib could not compress the input");
    return 0;
}

static int zlib_start_inflating(struct zlib *zlib, struct tote_span out)
{
    if (zlib->inflating)
        inflateReset(&zlib->inflater);
    else
        zlib->inflating = inflateInit(&zlib->inflater) == Z_OK;
    zlib->inflater.next_in = (z_const Bytef *)out.data;
    zlib->inflater.avail_in = (uInt)out.size;
    return zlib->inflating ? 0 : -ENOMEM;
}

static int zlib_verify(void *state, struct tote_span in, struct tote_span out,
                       struct tote_error *err)
{
    struct zlib *zlib = state;
    unsigned char chunk[16384];
    size_t seen = 0;
    int status = Z_OK;
    if (zlib_start_inflating(zlib, out) < 0)
        return tote_error_set(err, -ENOMEM, "no memory for a zlib stream");
    while (status == Z_OK) {
        zlib->inflater.next_out = chunk;
        zlib->inflater.avail_out = sizeof chunk;
        status = inflate(&zlib->inflater, Z_NO_FLUSH);
        size_t n = sizeof chunk - zlib->inflater.avail_out;
        if (n > in.size - seen || (n && memcmp((const char *)in.data + seen, chunk, n)))
            return tote_error_set(err, -EBADMSG, "the decoded bytes are not the input");
        seen += n;
    }
    if (status != Z_STREAM_END || zlib->inflater.avail_in || seen != in.size)
        return tote_error_set(err, -EBADMSG, "the output is not one whole zlib stream");
    return 0;
}

const struct tote_kernel tote_kernel_zlib = {
    .name = "zlib",
    .summary = "compresses random float32 values with zlib, lossless",
    .options = zlib_options,
    .n_options = sizeof zlib_options / sizeof zlib_options[0],
    .state_size = sizeof(struct zlib),
    .reads_input = true,
    .open = zlib_open,
    .bound = zlib_bound,
    .run = zlib_run,
    .verify = zlib_verify,
    .close = zlib_close,
};
