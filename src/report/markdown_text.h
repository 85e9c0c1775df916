/* SPDX-License-Identifier: MIT */
/* markdown_text.h: any text as GitHub-flavoured markdown that shows as that text: no
 * markup, no HTML, no link, no end of a table's cell. It has to be masked
 * (TOTE_MASK_CONTROLS), so that it has no line breaks.
 *
 *     fputs("- ", out);
 *     tote_markdown_put(sentence, out);
 *     tote_markdown_put_code(label, out);      // `local:mode=spawn` */
#ifndef TOTE_MARKDOWN_TEXT_H
#define TOTE_MARKDOWN_TEXT_H

#include <stdio.h>

/* As words of a sentence; also at the start of a line or of a list's item. */
void tote_markdown_put(const char *text, FILE *out);

/* As a code span in a cell of a table: for names that users, engines and systems give,
 * which may look like a mention or an address. Empty: nothing. */
void tote_markdown_put_code(const char *text, FILE *out);

#endif
