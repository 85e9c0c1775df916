/* SPDX-License-Identifier: MIT */
/* html_failures.c: the first tasks that failed, why, and what they said (html.h). */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/failure.h"
#include "report/html.h"
#include "store/commands.h"

#define SAID_MAX 2000 /* bytes of a stream's end that are shown */

static bool is_there(const struct tote_page *page)
{
    if (!page->summary->is_experiment)
        return page->summary->bag.n_failures > 0;
    for (size_t i = 0; i < page->summary->n_runs; i++) {
        if (page->summary->runs[i].n_failures > 0)
            return true;
    }
    return false;
}

static void put_failure(struct tote_page *page, const char *label,
                        const struct tote_failure *failure)
{
    char text[TOTE_FAILURE_TEXT_MAX];
    tote_failure_text(failure, text);
    tote_mask_text(text, TOTE_MASK_CONTROLS); /* it may have been cut */
    tote_html_row(page, label);
    tote_html_count(page, failure->task);
    tote_html_count(page, failure->attempt);
    tote_html_cell(page, text);
    tote_html_end_row(page);
}

/* Line by line, so that only line ends are left of what could move a cursor. */
static int put_lines(struct tote_page *page, const struct tote_span *said)
{
    size_t n = said->size < SAID_MAX ? said->size : SAID_MAX;
    char *text = malloc(n + 1);
    if (!text)
        return -ENOMEM;
    memcpy(text, (const char *)said->data + said->size - n, n);
    text[n] = '\0';
    for (size_t i = 0; i < n; i++)
        text[i] = text[i] ? text[i] : '?';
    fputs("<pre tabindex=\"0\">", page->out);
    if (n < said->size)
        fputs("...", page->out);
    for (char *line = text, *end; line; line = end) {
        end = strchr(line, '\n');
        if (end)
            *end++ = '\0';
        tote_mask_text(line, TOTE_MASK_CONTROLS);
        tote_html_text(page, line);
        fputs(end ? "\n" : "", page->out);
    }
    fputs("</pre>\n", page->out);
    free(text);
    return 0;
}

static int put_said(struct tote_page *page, const struct tote_failure *failure)
{
    struct tote_record record;
    struct tote_result result;
    int64_t run;
    void *memory = NULL;
    int rc = tote_store_result(page->store, failure->task, &record, &result, &run,
                               &memory, page->err);
    if (rc > 0 && record.attempt == failure->attempt &&
        result.streams[TOTE_STDERR].size > 0) {
        fprintf(page->out, "<h3>Task %" PRIu64 " said on its stderr</h3>\n",
                failure->task);
        rc = put_lines(page, &result.streams[TOTE_STDERR]);
    }
    free(memory);
    return rc < 0 ? rc : 0;
}

static void put_of_run(struct tote_page *page, const struct tote_run_summary *run)
{
    char label[300];
    snprintf(label, sizeof label, "%.200s, block %" PRId64, run->row.label,
             run->row.block);
    tote_mask_text(label, TOTE_MASK_CONTROLS); /* it may have been cut */
    for (size_t i = 0; i < run->n_failures; i++)
        put_failure(page, label, &run->failures[i]);
}

static int write(struct tote_page *page)
{
    static const char *const heads[] = {"run", ">task", ">attempt", "why"};
    const struct tote_summary *summary = page->summary;
    const struct tote_bag_summary *bag = &summary->bag;
    int rc = 0;
    tote_html_table(page, "Tasks that failed, the first ones", heads, 4);
    for (size_t i = 0; summary->is_experiment && i < summary->n_runs; i++)
        put_of_run(page, &summary->runs[i]);
    for (size_t i = 0; !summary->is_experiment && i < bag->n_failures; i++)
        put_failure(page, tote_gather_run(summary)->row.label, &bag->failures[i]);
    tote_html_end_table(page);
    for (size_t i = 0; rc == 0 && summary->is_commands && i < bag->n_failures; i++)
        rc = put_said(page, &bag->failures[i]);
    return rc;
}

const struct tote_html_section tote_html_failures = {"failures", "Failures", is_there,
                                                     write, false};
