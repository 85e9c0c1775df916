/* SPDX-License-Identifier: MIT */
/* facts_document.h: the document of `tote engines facts --json`, read again for a page.
 * Facts are of the machine and the day on which they were measured, so no store holds
 * them. */
#ifndef TOTE_FACTS_DOCUMENT_H
#define TOTE_FACTS_DOCUMENT_H

#include <jansson.h>

#include "tote/error.h"

#define TOTE_FACTS_DOCUMENT_MAX (4 << 20) /* bytes of a file */

struct tote_facts_document {
    json_t *root;
};

/* -errno of the file; -EBADMSG: it is another document, or none. Its texts are as they
 * stand there: nothing is masked. */
int tote_facts_document_read(const char *path, struct tote_facts_document *ret,
                             struct tote_error *err);
void tote_facts_document_finish(struct tote_facts_document *document); /* zeroed: ok */

/* Engines, at least one; each has "engine", a text, and "facts", an object. */
json_t *tote_facts_document_engines(const struct tote_facts_document *document);

/* What stands under a name, or null. */
json_t *tote_facts_document_fact(json_t *engine, const char *name);

#endif
