/* SPDX-License-Identifier: MIT */
/* zfp.c: compresses a 1-D array of float32 with libzfp, as zfpy.compress_numpy(a,
 * tolerance=1e-3) and `zfp -f -1 N -a 1e-3 -h` do; the same bytes up to the zero
 * padding of the last stream word, whose width is chosen when libzfp is built.
 *
 * zfp knows no empty array: an empty input gives an empty output. */
#include "tote/kernel.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <zfp.h>

enum { HEADER_FULL, HEADER_NONE };

struct zfp {
    double accuracy, rate; /* NaN: not chosen */
    uint64_t precision;    /* 0: not chosen */
    bool reversible;
    int header;

    uint64_t size; /* most values of an input */
    zfp_stream *stream;
    zfp_field *field;
    bitstream *bits; /* over bits_data, kept from task to task */
    const void *bits_data;
    void *copy;     /* verify: the output, with zeros up to what a decoder may read */
    float *decoded; /* verify: what comes out of it */
};

static const char *const zfp_headers[] = {
    [HEADER_FULL] = "full", [HEADER_NONE] = "none", NULL};

static const struct tote_option zfp_options[] = {
    {.name = "accuracy",
     .type = TOTE_OPTION_DOUBLE,
     .offset = offsetof(struct zfp, accuracy),
     .min = -DBL_MAX, /* open says more about those that zfp refuses */
     .help = "largest error of a value; 1e-3 unless another mode is chosen"},
    {.name = "rate",
     .type = TOTE_OPTION_DOUBLE,
     .offset = offsetof(struct zfp, rate),
     .min = 2.25, /* zfp rounds lower ones up without a word: 9 bits for 4 values */
     .max = 64,
     .help = "bits per value, instead of accuracy"},
    {.name = "precision",
     .type = TOTE_OPTION_UINT,
     .offset = offsetof(struct zfp, precision),
     .min = 1,
     .max = 32,
     .help = "bit planes kept, instead of accuracy"},
    {.name = "reversible",
     .type = TOTE_OPTION_BOOL,
     .offset = offsetof(struct zfp, reversible),
     .fallback = "no",
     .help = "lossless, instead of accuracy"},
    {.name = "header",
     .type = TOTE_OPTION_CHOICE,
     .offset = offsetof(struct zfp, header),
     .fallback = "full",
     .choices = zfp_headers,
     .help = "full: the stream says what it holds"},
};

/* --- settings --- */

static int zfp_choose_mode(struct zfp *zfp, struct tote_error *err)
{
    int chosen = !isnan(zfp->accuracy) + !isnan(zfp->rate) + (zfp->precision > 0) +
                 zfp->reversible;
    if (chosen > 1)
        return tote_error_set(err, -EINVAL,
                              "accuracy, rate, precision and reversible exclude each "
                              "other; give one of them");
    if (chosen == 0)
        zfp->accuracy = 1e-3;
    if (zfp->accuracy <= 0)
        return tote_error_set(err, -EINVAL,
                              "zfp takes no accuracy of %.15g; give one above 0, or "
                              "reversible=yes for no error at all",
                              zfp->accuracy);
    return 0;
}

static void zfp_apply_mode(const struct zfp *zfp)
{
    if (zfp->reversible)
        zfp_stream_set_reversible(zfp->stream);
    else if (zfp->precision > 0)
        zfp_stream_set_precision(zfp->stream, (unsigned)zfp->precision);
    else if (!isnan(zfp->rate))
        zfp_stream_set_rate(zfp->stream, zfp->rate, zfp_type_float, 1, zfp_false);
    else
        zfp_stream_set_accuracy(zfp->stream, zfp->accuracy);
}

static int zfp_kernel_open(void *state, uint64_t size, struct tote_error *err)
{
    struct zfp *zfp = state;
    int failed = zfp_choose_mode(zfp, err);
    if (failed)
        return failed;
    zfp->size = size;
    zfp->stream = zfp_stream_open(NULL);
    zfp->field = zfp_field_1d(NULL, zfp_type_float, (size_t)size);
    if (!zfp->stream || !zfp->field)
        return tote_error_set(err, -ENOMEM, "no memory for a zfp stream");
    zfp_apply_mode(zfp);
    return 0;
}

static void zfp_kernel_close(void *state)
{
    struct zfp *zfp = state;
    if (zfp->field)
        zfp_field_free(zfp->field);
    if (zfp->stream)
        zfp_stream_close(zfp->stream);
    if (zfp->bits)
        stream_close(zfp->bits);
    free(zfp->copy);
    free(zfp->decoded);
}

static size_t zfp_kernel_bound(const void *state, uint64_t size)
{
    const struct zfp *zfp = state;
    (void)size; /* the field has it since open */
    return zfp->size ? zfp_stream_maximum_size(zfp->stream, zfp->field) : 0;
}

/* --- one task --- */

/* Points the stream at out, which is the same memory from task to task. */
static int zfp_aim(struct zfp *zfp, const struct tote_buffer *out)
{
    if (!zfp->bits || zfp->bits_data != out->data) {
        if (zfp->bits)
            stream_close(zfp->bits);
        zfp->bits = stream_open(out->data, out->capacity);
        zfp->bits_data = out->data;
        if (!zfp->bits)
            return -ENOMEM;
        zfp_stream_set_bit_stream(zfp->stream, zfp->bits);
    }
    zfp_stream_rewind(zfp->stream);
    return 0;
}

static int zfp_kernel_run(void *state, const struct tote_task_id *id,
                          struct tote_span in, struct tote_buffer *out,
                          struct tote_error *err)
{
    (void)id;
    struct zfp *zfp = state;
    if (in.size != zfp->size * sizeof(float))
        return tote_error_set(err, -EINVAL, "the input is not of the size announced");
    out->size = 0;
    if (in.size == 0)
        return 0;
    if (zfp_aim(zfp, out) < 0)
        return tote_error_set(err, -ENOMEM, "no memory for a bit stream");
    zfp_field_set_pointer(zfp->field, (void *)in.data); /* zfp only reads it */
    if (zfp->header == HEADER_FULL &&
        !zfp_write_header(zfp->stream, zfp->field, ZFP_HEADER_FULL))
        return tote_error_set(err, -EINVAL,
                              "zfp cannot write a header for these settings");
    out->size = zfp_compress(zfp->stream, zfp->field);
    if (out->size == 0)
        return tote_error_set(err, -EIO, "zfp could not compress the input");
    return 0;
}

/* --- verify --- */

/* The largest error that the settings allow, for values of magnitude below 2^exponent.
 *
 * accuracy: the tolerance. precision: zfp itself keeps a tolerance of 2^e in a block of
 * exponent E with E - e + 4 bit planes of 1-D data, so p planes hold 2^(E + 4 - p).
 * rate: as many planes as surely fit into a block's bits: a plane of 4 values takes at
 * most 4 bits and one failed group test, and all planes together 4 successful tests.
 * That says
 * nothing below about 12 bits per value, since zfp promises nothing there: what remains
 * is that the stream decodes to its end.
 *
 * Below 2^-20 of the largest value no mode but reversible keeps what it says: values
 * pass through 32-bit integers and back into 24-bit fractions. */
static double zfp_error_bound(const struct zfp *zfp, int exponent)
{
    double bound = zfp->accuracy;
    if (zfp->precision > 0) {
        bound = ldexp(1, exponent + 4 - (int)zfp->precision);
    } else if (!isnan(zfp->rate)) {
        int bits = (int)zfp->stream->maxbits - 9 - 4; /* 1 + 8 bits: the exponent */
        bound = ldexp(1, exponent + 4 - (bits > 0 ? bits / 5 : 0));
    }
    return fmax(bound, ldexp(1, exponent - 20));
}

static int zfp_compare(const struct zfp *zfp, const float *values,
                       struct tote_error *err)
{
    if (zfp->reversible)
        return memcmp(values, zfp->decoded, zfp->size * sizeof(float))
                   ? tote_error_set(err, -EBADMSG,
                                    "the decoded values are not the input")
                   : 0;
    double largest = 0;
    for (uint64_t i = 0; i < zfp->size; i++)
        largest = fmax(largest, fabs((double)values[i]));
    int exponent;
    frexp(largest, &exponent);
    double bound = zfp_error_bound(zfp, exponent);
    for (uint64_t i = 0; i < zfp->size; i++) {
        double error = fabs((double)values[i] - (double)zfp->decoded[i]);
        if (!(error <= bound)) /* a NaN is refused, too */
            return tote_error_set(err, -EBADMSG,
                                  "value %llu is off by %g, more than %g",
                                  (unsigned long long)i, error, bound);
    }
    return 0;
}

/* A decoder trusts its stream and reads on past the end of a damaged one; but never
 * past the most that these settings can make, so that much is there. */
static int zfp_copy(struct zfp *zfp, struct tote_span out, struct tote_error *err)
{
    size_t room = zfp_stream_maximum_size(zfp->stream, zfp->field);
    if (out.size > room)
        return tote_error_set(err, -EBADMSG, "the stream is longer than it can be");
    if (!zfp->copy)
        zfp->copy = malloc(room);
    if (!zfp->decoded)
        zfp->decoded = malloc(zfp->size * sizeof(float));
    if (!zfp->copy || !zfp->decoded)
        return tote_error_set(err, -ENOMEM, "no memory to decode into");
    memcpy(zfp->copy, out.data, out.size);
    memset((char *)zfp->copy + out.size, 0, room - out.size);
    return 0;
}

/* Decodes the copy of a stream of n bytes. The header must say what we would have said,
 * or the decoder would be let loose with other settings. */
static int zfp_decode(const struct zfp *zfp, zfp_stream *reader, zfp_field *field,
                      size_t n, struct tote_error *err)
{
    if (zfp->header == HEADER_FULL) {
        if (!zfp_read_header(reader, field, ZFP_HEADER_FULL) ||
            zfp_field_metadata(field) != zfp_field_metadata(zfp->field) ||
            zfp_stream_mode(reader) != zfp_stream_mode(zfp->stream))
            return tote_error_set(err, -EBADMSG, "the stream's header is not right");
    } else {
        zfp_field_set_type(field, zfp_type_float);
        zfp_field_set_size_1d(field, (size_t)zfp->size);
        zfp_stream_set_params(reader, zfp->stream->minbits, zfp->stream->maxbits,
                              zfp->stream->maxprec, zfp->stream->minexp);
    }
    zfp_field_set_pointer(field, zfp->decoded);
    if (zfp_decompress(reader, field) != n)
        return tote_error_set(err, -EBADMSG, "the stream does not end where it should");
    return 0;
}

static int zfp_kernel_verify(void *state, struct tote_span in, struct tote_span out,
                             struct tote_error *err)
{
    struct zfp *zfp = state;
    if (in.size == 0)
        return out.size ? tote_error_set(err, -EBADMSG, "the output is not empty") : 0;
    int failed = zfp_copy(zfp, out, err);
    if (failed)
        return failed;
    bitstream *bits =
        stream_open(zfp->copy, zfp_stream_maximum_size(zfp->stream, zfp->field));
    zfp_stream *reader = zfp_stream_open(bits);
    zfp_field *field = zfp_field_alloc();
    if (bits && reader && field)
        failed = zfp_decode(zfp, reader, field, out.size, err);
    else
        failed = tote_error_set(err, -ENOMEM, "no memory for a zfp stream");
    if (!failed)
        failed = zfp_compare(zfp, in.data, err);
    if (field)
        zfp_field_free(field);
    if (reader)
        zfp_stream_close(reader);
    if (bits)
        stream_close(bits);
    return failed;
}

const struct tote_kernel tote_kernel_zfp = {
    .name = "zfp",
    .summary = "compresses random float32 values with zfp, lossy unless reversible",
    .options = zfp_options,
    .n_options = sizeof zfp_options / sizeof zfp_options[0],
    .state_size = sizeof(struct zfp),
    .reads_input = true,
    .open = zfp_kernel_open,
    .bound = zfp_kernel_bound,
    .run = zfp_kernel_run,
    .verify = zfp_kernel_verify,
    .close = zfp_kernel_close,
};
