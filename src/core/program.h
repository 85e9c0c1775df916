/* SPDX-License-Identifier: MIT */
/* program.h: where tote's own programs lie, and what an engine program says of itself.
 *
 * Engines are looked for beside the running tote, then in ../lib/tote from there; never
 * in the current folder or in PATH. A path (anything with a slash) is taken as it is.
 */
#ifndef TOTE_PROGRAM_H
#define TOTE_PROGRAM_H

#include <jansson.h>
#include <limits.h>

#include "core/protocol.h"
#include "tote/error.h"
#include "tote/limits.h"
#include "tote/option.h"

#define TOTE_DESCRIBE_S                                                                \
    10 /* an engine that has not described itself by then is dead                      \
        */

/* Paths of the parts that belong to this tote. -ENOENT and a sentence. */
int tote_program_find(const char *name, char into[static PATH_MAX],
                      struct tote_error *err);

/* The program of the engine of that name, or of that path. -EINVAL and a sentence (with
 * a suggestion) if there is none. */
int tote_program_find_engine(const char *name, char into[static PATH_MAX],
                             struct tote_error *err);

/* One entry of --engines: a program and its options. */
struct tote_engine_spec {
    char label[TOTE_OPTION_SPEC_MAX]; /* as the user wrote it */
    char name[PATH_MAX];              /* NAME, or the path */
    char path[PATH_MAX];              /* of the program, absolute or with a slash */
    json_t *options;                  /* object of text values; owned */
    struct tote_describe about;
    bool wants_host_network; /* an option was given that is of no use in a box */
    bool has_batch; /* "batch=..." was among the options: core's, not the engine's */
    uint32_t batch; /* tasks of a batch, 0 for auto */
};

/* Reads "auto" (0) or a number of tasks. -EINVAL and a sentence. */
int tote_batch_parse(const char *text, uint32_t *ret_batch, struct tote_error *err);

/* Parses "NAME:opt=val,..." or "PATH:opt=val", finds the program, asks it to describe
 * itself and checks the names of the options. -EINVAL: unknown engine or option (with a
 * suggestion); -ENOEXEC: it did not describe itself; -ENOPKG: it says that it is not
 * usable (the sentence has the command that mends it). */
int tote_engine_spec_init(struct tote_engine_spec *spec, const char *text,
                          struct tote_error *err);
void tote_engine_spec_finish(struct tote_engine_spec *spec); /* accepts a zeroed one */

/* The name of an option that was given and that names a file, or null; borrowed. */
const char *tote_engine_spec_path_option(const struct tote_engine_spec *spec);

/* Asks any program. */
int tote_program_describe(const char *path, struct tote_describe *ret_about,
                          struct tote_error *err);

/* Asks tote-task whether it would run such a bag: -EINVAL and its sentence if not. */
int tote_program_check_bag(const struct tote_bag *bag, struct tote_error *err);

/* Names of the engines that lie beside this tote, sorted: a new null-terminated array;
 * free each and the array. Null: out of memory. */
char **tote_program_engines(void);

#endif
