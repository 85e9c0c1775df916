/* SPDX-License-Identifier: MIT */
/* report.c: from a store to a stream (report.h). Numbers are gather.h's, forms are
 * formats.h's. */
#include "report/report.h"

#include <errno.h>
#include <string.h>

#include "report/formats.h"

static const struct {
    enum tote_mask mask;
    int (*write)(const struct tote_summary *summary, FILE *out);
    int (*draw)(struct tote_store *store, const struct tote_summary *summary, FILE *out,
                struct tote_error *err); /* instead: of one that reads records too */
} formats[] = {
    [TOTE_REPORT_TEXT] = {TOTE_MASK_CONTROLS, tote_text_write, NULL},
    [TOTE_REPORT_JSON] = {TOTE_MASK_BYTES, tote_json_write, NULL},
    [TOTE_REPORT_CSV] = {TOTE_MASK_NOTHING, tote_csv_write, NULL}, /* to the byte */
    [TOTE_REPORT_HTML] = {TOTE_MASK_CONTROLS, NULL, tote_html_write},
    [TOTE_REPORT_MARKDOWN] = {TOTE_MASK_CONTROLS, tote_markdown_write, NULL},
};

static struct tote_verdict judge(const struct tote_summary *summary)
{
    struct tote_verdict verdict = {.has_differed = summary->outputs == TOTE_SAME_NO};
    if (!summary->is_experiment)
        verdict.has_failed = summary->bag.failed > 0;
    for (size_t i = 0; summary->is_experiment && i < summary->n_runs; i++)
        verdict.has_failed = verdict.has_failed || summary->runs[i].failed > 0;
    return verdict;
}

static int write_summary(struct tote_store *store, const struct tote_summary *summary,
                         enum tote_report_format format, FILE *out,
                         struct tote_error *err)
{
    int rc = formats[format].draw ? formats[format].draw(store, summary, out, err)
                                  : formats[format].write(summary, out);
    if (rc == -ENOMEM)
        return tote_error_set(err, rc, "out of memory for the report");
    if (rc < 0)
        return rc;
    errno = 0;
    if (fflush(out) != 0 || ferror(out))
        return tote_error_set(err, -EIO, "cannot write the report: %s",
                              errno ? strerror(errno) : "output error");
    return 0;
}

int tote_report_write_with(struct tote_store *store, enum tote_report_format format,
                           const struct tote_report_extras *extras, FILE *out,
                           struct tote_verdict *ret_verdict, struct tote_error *err)
{
    struct tote_summary summary;
    int rc = tote_gather(store, &summary, err);
    if (rc < 0)
        return rc;
    summary.price = extras->price;
    summary.facts = extras->facts;
    tote_gather_mask(&summary, formats[format].mask);
    rc = write_summary(store, &summary, format, out, err);
    if (rc == 0 && ret_verdict)
        *ret_verdict = judge(&summary);
    tote_gather_finish(&summary);
    return rc;
}

int tote_report_write(struct tote_store *store, enum tote_report_format format,
                      FILE *out, struct tote_verdict *ret_verdict,
                      struct tote_error *err)
{
    static const struct tote_report_extras none;
    return tote_report_write_with(store, format, &none, out, ret_verdict, err);
}
