/* SPDX-License-Identifier: MIT */
/* formats.h: the forms in which a summary can be written: one file and one function
 * each, and one row of the table in report.c. All return 0 or -ENOMEM and leave it to
 * the caller to look whether the stream took everything. */
#ifndef TOTE_FORMATS_H
#define TOTE_FORMATS_H

#include <stdio.h>

#include "report/gather.h"

/* For people. The summary's texts have to be masked (TOTE_MASK_CONTROLS). */
int tote_text_write(const struct tote_summary *summary, FILE *out);

/* Parts of it, once there are prices: lines of a run, the table of a point;
 * -ENOMEM. */
void tote_cost_write_run(const struct tote_run_summary *run,
                         const struct tote_price *price, FILE *out);
int tote_cost_write_cells(const struct tote_point_summary *point,
                          const struct tote_price *price, FILE *out);

/* The same of a summary of metg alone. */
int tote_metg_text_write(const struct tote_summary *summary, FILE *out);
int tote_metg_json_write(const struct tote_summary *summary, FILE *out);

/* One document of docs/schemas/. Texts have to be UTF-8 (TOTE_MASK_BYTES). */
int tote_json_write(const struct tote_summary *summary, FILE *out);

/* A line of names, then a line a run and a line a pass of the limit; RFC 4180 but for
 * line ends, which are newlines. */
int tote_csv_write(const struct tote_summary *summary, FILE *out);

/* One page for people, self-contained. Reads records too, a sample of which it draws:
 * also the store's error. Texts as for people. */
int tote_html_write(struct tote_store *store, const struct tote_summary *summary,
                    FILE *out, struct tote_error *err);

/* GitHub-flavoured markdown, to be pasted into issues and papers. Texts have to be
 * masked (TOTE_MASK_CONTROLS). */
int tote_markdown_write(const struct tote_summary *summary, FILE *out);

#endif
