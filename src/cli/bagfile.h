/* SPDX-License-Identifier: MIT */
/* bagfile.h: BAG.yaml: one mapping of settings, by an option table, and of lists.
 *
 *     # bag.yaml
 *     kernel: zfp:accuracy=1e-3
 *     tasks: 1000
 *     engines: [local, workqueue, ray]
 *
 * A value is a scalar, or a list of scalars that stands for them with commas between.
 * Some keys name lists of words of any length, which stay apart:
 *
 *     command: [flac, -s, -o, "{out:{stem}.flac}", "{in:{item}}"]
 *     items: [a b.wav, c.wav]
 */
#ifndef TOTE_BAGFILE_H
#define TOTE_BAGFILE_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/args.h"
#include "store/words.h"
#include "tote/error.h"
#include "tote/option.h"

/* Bytes of a bag file. All settings at their longest take 8 KiB; libyaml takes time
 * with the square of the length for some that are deep. */
#define TOTE_BAGFILE_MAX (1u << 16)

/* A key whose value is a list of words. */
struct tote_bagfile_list {
    const char *name;
    struct tote_words
        *words; /* empty before; the caller finishes it, also on failure */
};

/* A key whose value is a mapping with keys of its own; those of options have '_' for
 * '-'. */
struct tote_bagfile_keys;
struct tote_bagfile_section {
    const char *name;
    const struct tote_bagfile_keys *keys;
};

/* The keys that a bag file may hold. */
struct tote_bagfile_keys {
    const struct tote_option *table;
    size_t n;
    const struct tote_bagfile_list *lists;
    size_t n_lists;
    const struct tote_option_list *more; /* further tables */
    size_t n_more;
    const struct tote_bagfile_section *sections;
    size_t n_sections;
};

/* Fills the struct of the table, and the lists. -EINVAL: file, line and column of what
 * is wrong, or why it cannot be read; -ENOMEM. path "-" is standard input. */
int tote_bagfile_load(const char *path, const struct tote_bagfile_keys *keys,
                      void *into, struct tote_error *err);

/* The same from memory; name is for sentences. */
int tote_bagfile_parse(const char *name, const char *text, size_t size,
                       const struct tote_bagfile_keys *keys, void *into,
                       struct tote_error *err);

/* The text of an option's value in from, as a bag file has it. False if it is not set.
 */
bool tote_bagfile_text(const struct tote_option *option, const void *from, char *into,
                       size_t size);

/* Writes each list that is not empty, then each option of the table that is set, with
 * its value in from. */
int tote_bagfile_print(const struct tote_bagfile_keys *keys, const void *from,
                       FILE *out, struct tote_error *err);

#endif
