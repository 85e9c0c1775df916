/* SPDX-License-Identifier: MIT */
/* seal.c: XXH3-64 over the columns of a row (seal.h). */
#include "store/seal.h"

#include <assert.h>
#include <string.h>

#include <xxhash.h>

static void add_uint(struct tote_form *form, uint64_t value)
{
    assert(form->n + 8 <= sizeof form->bytes);
    for (int shift = 56; shift >= 0; shift -= 8)
        form->bytes[form->n++] = (unsigned char)(value >> shift);
}

void tote_form_int(struct tote_form *form, int64_t value)
{
    add_uint(form, (uint64_t)value);
}

void tote_form_digest(struct tote_form *form, const struct tote_digest *digest)
{
    add_uint(form, digest->high);
    add_uint(form, digest->low);
}

void tote_form_bytes(struct tote_form *form, const void *data, size_t n)
{
    add_uint(form, n);
    add_uint(form, XXH3_64bits(n ? data : "", n));
}

int64_t tote_form_seal(const struct tote_form *form)
{
    return (int64_t)(XXH3_64bits(form->bytes, form->n) & INT64_MAX);
}

int64_t tote_seal_task(const struct tote_task_row *row)
{
    struct tote_form form;
    form.n = 0;
    add_uint(&form, row->task);
    add_uint(&form, row->listed);
    add_uint(&form, row->place);
    tote_form_digest(&form, &row->key);
    tote_form_digest(&form, &row->inputs);
    tote_form_bytes(&form, row->item, row->item_n);
    return tote_form_seal(&form);
}

int64_t tote_seal_output(const struct tote_output_row *row)
{
    struct tote_form form;
    form.n = 0;
    tote_form_bytes(&form, row->path, strlen(row->path));
    add_uint(&form, row->task);
    add_uint(&form, row->attempt);
    add_uint(&form, row->size);
    tote_form_digest(&form, &row->digest);
    return tote_form_seal(&form);
}

int64_t tote_seal_record(int64_t run, uint64_t worker, const struct tote_record *record)
{
    struct tote_form form;
    form.n = 0;
    tote_form_int(&form, run);
    add_uint(&form, record->task);
    add_uint(&form, record->attempt);
    add_uint(&form, worker);
    tote_form_int(&form, record->start_ns);
    tote_form_int(&form, record->end_ns);
    tote_form_int(&form, record->cpu_ns);
    add_uint(&form, record->bytes_in);
    add_uint(&form, record->bytes_out);
    add_uint(&form, record->outcome);
    tote_form_digest(&form, &record->digest);
    return tote_form_seal(&form);
}

int64_t tote_seal_result(int64_t run, uint32_t attempt,
                         const struct tote_result *result, const void *outs,
                         size_t outs_n)
{
    const char *why = result->why ? result->why : "";
    struct tote_form form;
    form.n = 0;
    tote_form_int(&form, run);
    add_uint(&form, result->task);
    add_uint(&form, attempt);
    add_uint(&form, result->cause);
    add_uint(&form, result->status);
    add_uint(&form, result->signal);
    add_uint(&form, result->max_rss);
    for (int i = 0; i < TOTE_STREAMS; i++)
        add_uint(&form, result->stream_bytes[i]);
    tote_form_bytes(&form, why, strlen(why));
    tote_form_bytes(&form, outs, outs_n);
    for (int i = 0; i < TOTE_STREAMS; i++)
        tote_form_bytes(&form, result->streams[i].data, result->streams[i].size);
    return tote_form_seal(&form);
}
