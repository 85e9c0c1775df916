/* SPDX-License-Identifier: MIT */
/* factsfile.h: the facts that an engine states of itself, in a JSON file beside its
 * program: PROGRAM.facts (docs/protocol.md, "Facts").
 *
 *     {"facts_version": 1,
 *      "installed": {"dpkg": ["some-package"], "data": "engines/mine"},
 *      "crash_steps": {"items": ["tote resume STORE"], "source": "tote help resume"},
 *      "licence": {"text": "MIT", "source": "LICENSE"}}
 *
 * Comes from strangers: every type, range and length is checked here. */
#ifndef TOTE_FACTSFILE_H
#define TOTE_FACTSFILE_H

#include <limits.h>
#include <stddef.h>

#include "facts/facts.h"
#include "tote/error.h"

#define TOTE_FACTSFILE_MAX       (1u << 16) /* bytes */
#define TOTE_FACTSFILE_ITEMS_MAX 64         /* of any list in it */
#define TOTE_FACTSFILE_NAME_MAX  256        /* bytes of a package's or a file's name */

/* Where the engine lies, so that it can be weighed. Texts are borrowed. */
struct tote_installed {
    const json_t *dpkg;  /* array of package names; null: none */
    const json_t *files; /* array of plain names beside the program; null: none */
    const char *data;    /* a folder below tote's data folder, which `engines setup`
                          * makes; null: none */
    bool is_stated;
    json_t *root; /* owns the texts; null: there is no file */
};

/* Fills what is stated into facts, which is initialised, and ret_installed, which the
 * caller finishes. -EBADMSG: file, place and what is wrong; -ENOMEM. */
int tote_factsfile_parse(const char *name, const char *text, size_t size,
                         struct tote_facts *facts, struct tote_installed *ret_installed,
                         struct tote_error *err);

/* The file of an engine's program. One that is not there states nothing. */
int tote_factsfile_load(const char *program, struct tote_facts *facts,
                        struct tote_installed *ret_installed, struct tote_error *err);

void tote_installed_finish(struct tote_installed *installed); /* accepts a zeroed one */

#endif
