/* SPDX-License-Identifier: MIT */
/* html_verdict.c: what the page says first: the verdict, the ranked table, what the
 * claim does not cover, and the warnings (html.h). */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "report/figure.h"
#include "report/html.h"
#include "report/notes.h"
#include "report/verdict.h"

static int write(struct tote_page *page)
{
    char *verdict = tote_verdict_sentence(page->summary);
    if (!verdict)
        return -ENOMEM;
    fputs("<p class=\"verdict\">", page->out);
    tote_html_text(page, verdict);
    fputs("</p>\n", page->out);
    free(verdict);
    return 0;
}

const struct tote_html_section tote_html_verdict = {"verdict", "Verdict", NULL, write};
