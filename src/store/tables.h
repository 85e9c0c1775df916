/* SPDX-License-Identifier: MIT */
/* tables.h: the columns of the tables whose rows are sealed, and how they become
 * structs and back. Shared by who writes, reads and checks them.
 *
 *     struct tote_columns columns = {.statement = statement}; // SELECT
 * TOTE_TASK_COLUMNS int64_t seal = tote_tables_read_task(&columns, &row);   // as
 * stored if (!columns.bad && seal == tote_seal_task(&row)) ...
 *
 * Bind takes the columns in the same order and fills in the seal. What is read is
 * borrowed from the statement until its next step; after a bad column the struct holds
 * nothing to rely on, but nothing harmful. Private to src/store. */
#ifndef TOTE_TABLES_H
#define TOTE_TABLES_H

#include "store/commands.h"
#include "store/row.h"

#define TOTE_TASK_COLUMNS   "task, listed, place, key, inputs, seal, item"
#define TOTE_OUTPUT_COLUMNS "path, task, attempt, size, digest, seal"
#define TOTE_RECORD_COLUMNS                                                            \
    "run, task, attempt, worker, start_ns, end_ns, cpu_ns, bytes_in, bytes_out, "      \
    "outcome, digest, seal"
#define TOTE_RESULT_COLUMNS                                                            \
    "run, task, attempt, cause, status, signal, max_rss, stdout_bytes, stderr_bytes, " \
    "seal, why, outs, stdout, stderr"

#define TOTE_OUT_BYTES 24 /* of a file in result.outs: its size, its digest */

void tote_tables_bind_task(struct tote_bind *bind, const struct tote_task_row *row);
int64_t tote_tables_read_task(struct tote_columns *columns,
                              struct tote_task_row *ret_row); /* outs: none */

void tote_tables_bind_output(struct tote_bind *bind, const struct tote_output_row *row);
int64_t tote_tables_read_output(struct tote_columns *columns,
                                struct tote_output_row *ret_row);

void tote_tables_bind_record(struct tote_bind *bind, int64_t run, uint64_t worker,
                             const struct tote_record *record);
int64_t tote_tables_read_record(struct tote_columns *columns, int64_t *ret_run,
                                uint64_t *ret_worker, struct tote_record *ret_record);

/* outs, result->n_outs * TOTE_OUT_BYTES of them, as tote_tables_put_outs makes them. */
void tote_tables_bind_result(struct tote_bind *bind, int64_t run, uint32_t attempt,
                             const struct tote_result *result, const void *outs);
/* The files stay as bytes: ret_result->outs is null, n_outs counts them. */
int64_t tote_tables_read_result(struct tote_columns *columns, int64_t *ret_run,
                                uint32_t *ret_attempt, struct tote_result *ret_result,
                                struct tote_span *ret_outs);

/* n files to n * TOTE_OUT_BYTES bytes and back. */
void tote_tables_put_outs(const struct tote_result_file *files, size_t n, void *bytes);
void tote_tables_get_outs(const void *bytes, size_t n, struct tote_result_file *files);

#endif
