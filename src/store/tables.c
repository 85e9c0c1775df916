/* SPDX-License-Identifier: MIT */
/* tables.c: rows to columns and back (tables.h). */
#include "store/tables.h"

#include "store/seal.h"

/* --- task --- */

void tote_tables_bind_task(struct tote_bind *bind, const struct tote_task_row *row)
{
    tote_bind_uint(bind, row->task);
    tote_bind_uint(bind, row->listed);
    tote_bind_uint(bind, row->place);
    tote_bind_digest(bind, &row->key);
    tote_bind_digest(bind, &row->inputs);
    tote_bind_int(bind, tote_seal_task(row));
    tote_bind_blob(bind, row->item, row->item_n);
}

int64_t tote_tables_read_task(struct tote_columns *columns,
                              struct tote_task_row *ret_row)
{
    *ret_row = (struct tote_task_row){.task = tote_columns_count(columns)};
    ret_row->listed = tote_columns_uint32(columns);
    ret_row->place = tote_columns_count(columns);
    tote_columns_digest(columns, false, &ret_row->key);
    tote_columns_digest(columns, false, &ret_row->inputs);
    int64_t seal = tote_columns_int(columns, 0, INT64_MAX);
    ret_row->item = tote_columns_blob(columns, &ret_row->item_n);
    return seal;
}

/* --- output --- */

void tote_tables_bind_output(struct tote_bind *bind, const struct tote_output_row *row)
{
    tote_bind_text(bind, row->path);
    tote_bind_uint(bind, row->task);
    tote_bind_uint(bind, row->attempt);
    tote_bind_uint(bind, row->size);
    tote_bind_digest(bind, &row->digest);
    tote_bind_int(bind, tote_seal_output(row));
}

int64_t tote_tables_read_output(struct tote_columns *columns,
                                struct tote_output_row *ret_row)
{
    *ret_row = (struct tote_output_row){.path = tote_columns_text(columns)};
    ret_row->task = tote_columns_count(columns);
    ret_row->attempt = tote_columns_uint32(columns);
    ret_row->size = tote_columns_count(columns);
    tote_columns_digest(columns, false, &ret_row->digest);
    return tote_columns_int(columns, 0, INT64_MAX);
}

/* --- record --- */

void tote_tables_bind_record(struct tote_bind *bind, int64_t run, uint64_t worker,
                             const struct tote_record *record)
{
    tote_bind_int(bind, run);
    tote_bind_uint(bind, record->task);
    tote_bind_uint(bind, record->attempt);
    tote_bind_uint(bind, worker);
    tote_bind_int(bind, record->start_ns);
    tote_bind_int(bind, record->end_ns);
    tote_bind_int(bind, record->cpu_ns);
    tote_bind_uint(bind, record->bytes_in);
    tote_bind_uint(bind, record->bytes_out);
    tote_bind_int(bind, record->outcome);
    tote_bind_digest(bind, &record->digest);
    tote_bind_int(bind, tote_seal_record(run, worker, record));
}

int64_t tote_tables_read_record(struct tote_columns *columns, int64_t *ret_run,
                                uint64_t *ret_worker, struct tote_record *ret_record)
{
    *ret_run = tote_columns_int(columns, 0, INT64_MAX);
    *ret_record = (struct tote_record){.task = tote_columns_count(columns)};
    ret_record->attempt = tote_columns_uint32(columns);
    *ret_worker = tote_columns_count(columns);
    ret_record->start_ns = tote_columns_int(columns, 0, INT64_MAX);
    ret_record->end_ns = tote_columns_int(columns, 0, INT64_MAX);
    ret_record->cpu_ns = tote_columns_int(columns, 0, INT64_MAX);
    ret_record->bytes_in = tote_columns_count(columns);
    ret_record->bytes_out = tote_columns_count(columns);
    ret_record->outcome =
        (enum tote_outcome)tote_columns_int(columns, 0, TOTE_OUTCOME_LOST);
    tote_columns_digest(columns, false, &ret_record->digest);
    return tote_columns_int(columns, 0, INT64_MAX);
}

/* --- result --- */

void tote_tables_bind_result(struct tote_bind *bind, int64_t run, uint32_t attempt,
                             const struct tote_result *result, const void *outs)
{
    size_t outs_n = result->n_outs * TOTE_OUT_BYTES;
    tote_bind_int(bind, run);
    tote_bind_uint(bind, result->task);
    tote_bind_uint(bind, attempt);
    tote_bind_int(bind, result->cause);
    tote_bind_uint(bind, result->status);
    tote_bind_uint(bind, result->signal);
    tote_bind_uint(bind, result->max_rss);
    for (int i = 0; i < TOTE_STREAMS; i++)
        tote_bind_uint(bind, result->stream_bytes[i]);
    tote_bind_int(bind, tote_seal_result(run, attempt, result, outs, outs_n));
    tote_bind_text(bind, result->why);
    tote_bind_blob(bind, outs, outs_n);
    for (int i = 0; i < TOTE_STREAMS; i++)
        tote_bind_blob(bind, result->streams[i].data, result->streams[i].size);
}

int64_t tote_tables_read_result(struct tote_columns *columns, int64_t *ret_run,
                                uint32_t *ret_attempt, struct tote_result *ret_result,
                                struct tote_span *ret_outs)
{
    *ret_run = tote_columns_int(columns, 0, INT64_MAX);
    *ret_result = (struct tote_result){.task = tote_columns_count(columns)};
    *ret_attempt = tote_columns_uint32(columns);
    ret_result->cause = (enum tote_cause)tote_columns_int(columns, 0, TOTE_CAUSE_N - 1);
    ret_result->status = (uint8_t)tote_columns_int(columns, 0, UINT8_MAX);
    ret_result->signal = (uint8_t)tote_columns_int(columns, 0, UINT8_MAX);
    ret_result->max_rss = tote_columns_count(columns);
    for (int i = 0; i < TOTE_STREAMS; i++)
        ret_result->stream_bytes[i] = tote_columns_count(columns);
    int64_t seal = tote_columns_int(columns, 0, INT64_MAX);
    ret_result->why = tote_columns_text(columns);
    ret_outs->data = tote_columns_blob(columns, &ret_outs->size);
    ret_result->n_outs = ret_outs->size / TOTE_OUT_BYTES;
    if (ret_outs->size % TOTE_OUT_BYTES != 0)
        columns->bad = true;
    for (int i = 0; i < TOTE_STREAMS; i++)
        ret_result->streams[i].data =
            tote_columns_blob(columns, &ret_result->streams[i].size);
    return seal;
}

static unsigned char *put_uint(unsigned char *to, uint64_t value)
{
    for (int i = 7; i >= 0; i--, value >>= 8)
        to[i] = (unsigned char)value;
    return to + 8;
}

static uint64_t get_uint(const unsigned char *from)
{
    uint64_t value = 0;
    for (int i = 0; i < 8; i++)
        value = value << 8 | from[i];
    return value;
}

void tote_tables_put_outs(const struct tote_result_file *files, size_t n, void *bytes)
{
    unsigned char *to = bytes;
    for (size_t i = 0; i < n; i++) {
        to = put_uint(to, files[i].size);
        to = put_uint(to, files[i].digest.high);
        to = put_uint(to, files[i].digest.low);
    }
}

void tote_tables_get_outs(const void *bytes, size_t n, struct tote_result_file *files)
{
    const unsigned char *from = bytes;
    for (size_t i = 0; i < n; i++, from += TOTE_OUT_BYTES)
        files[i] = (struct tote_result_file){
            .size = get_uint(from),
            .digest = {get_uint(from + 8), get_uint(from + 16)},
        };
}
