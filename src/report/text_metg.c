/* SPDX-License-Identifier: MIT */
/* text_metg.c: METG for people (formats.h): one table, and what batching buys. */
#include <errno.h>

#include "report/formats.h"
#include "report/lines.h"
#include "report/metg_words.h"
#include "report/notes.h"
#include "report/table.h"

#define WIDTH 110 /* of the table, in characters */

static int write_table(FILE *out, const struct tote_metg_summary *metg)
{
    struct tote_lines lines;
    int rc = tote_lines_metg(metg, &lines);
    if (rc < 0)
        return rc;
    tote_table_write(out, lines.columns, lines.n_columns, lines.cells, lines.n, WIDTH);
    tote_lines_finish(&lines);
    return 0;
}

static int write_notes(FILE *out, const struct tote_summary *summary)
{
    struct tote_notes notes;
    int rc = tote_notes_make(summary, &notes);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < notes.n; i++)
        fprintf(out, "%sNote: %s\n", i == 0 ? "\n" : "", notes.texts[i]);
    tote_notes_finish(&notes);
    return 0;
}

int tote_metg_text_write(const struct tote_summary *summary, FILE *out)
{
    tote_metg_words_subject(summary, out);
    fputs("\n\n", out);
    int rc = write_table(out, summary->metg);
    fputc('\n', out);
    tote_metg_words_gains(summary->metg, out);
    fputc('\n', out);
    tote_metg_words_end(summary, out);
    if (rc == 0)
        rc = write_notes(out, summary);
    fprintf(out, "\nStore: %s\n", summary->store);
    return rc;
}
