/* SPDX-License-Identifier: MIT */
/* option.h: option tables, beside the struct that they fill.
 *
 *     struct spin { uint64_t us; };
 *     static const struct tote_option spin_options[] = {
 *         {.name = "us", .type = TOTE_OPTION_UINT, .offset = offsetof(struct spin, us),
 *          .fallback = "1000", .max = 60e6, .help = "CPU microseconds of a task"},
 *     };
 *     tote_options_parse(spin_options, 1, "us=50", &state, &err);
 *
 * One table serves parser, help, listing and manual, so they cannot disagree. Kernels,
 * engines and the command line all use it. Not for positional arguments. */
#ifndef TOTE_OPTION_H
#define TOTE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tote/error.h"

#define TOTE_OPTION_TEXT_MAX 1024 /* bytes of a text value, terminator included */
#define TOTE_OPTION_SPEC_MAX 4096 /* bytes of "a=1,b=2", terminator included */

#define TOTE_OPTION_TABLE_MAX 64         /* rows of a table */
#define TOTE_OPTION_NONE      UINT64_MAX /* a UINT that is unset; see fallback "none" */

enum tote_option_type {
    TOTE_OPTION_UINT,   /* uint64_t; decimal, within min..max; with fallback "none" also
                         * the text none, which is TOTE_OPTION_NONE */
    TOTE_OPTION_DOUBLE, /* double, finite, within min..max; NaN while unset */
    TOTE_OPTION_BOOL,   /* bool; yes, no */
    TOTE_OPTION_CHOICE, /* int: index into choices */
    TOTE_OPTION_SECONDS, /* double; "250ms", "60s", "2m", "1h"; a bare number is
                          * seconds, and so are min and max; NaN while unset */
    TOTE_OPTION_TEXT,    /* char[TOTE_OPTION_TEXT_MAX] */
    TOTE_OPTION_SIZE,    /* uint64_t, bytes; decimal, with K, M, G or T behind it for
                          * powers of 1024; within min..max as of a UINT */
};

struct tote_option {
    const char *name; /* as the user writes it */
    enum tote_option_type type;
    size_t offset;        /* of the field in the struct that is filled */
    const char *fallback; /* the default, as text; null: left unset */
    double min, max;      /* for numbers; max 0 means the type's largest. Of a UINT
                           * 2^53 or more is not exact, but for two values: 0x1p53,
                           * and 0x1p63, which stands for 2^63 - 1 */
    const char *const *choices; /* for CHOICE: null-terminated */
    const char *help;           /* one line, with the unit */
    bool is_path; /* of a TEXT: names a file of the user's, so a bag file from somebody
                   * else may not set it; its metavar is FILE */
    char letter;  /* its short name on a command line, "-n"; 0: none */
    const char *metavar; /* what help calls its value; null: by its type */
};

/* Fills every field of the table with its fallback (numbers without one: 0, or NaN for
 * DOUBLE and SECONDS; text: empty). Fails only if a fallback does not parse. */
int tote_options_defaults(const struct tote_option *table, size_t n, void *into,
                          struct tote_error *err);

/* Sets one option from text. -EINVAL: unknown name (the sentence suggests the nearest
 * or lists all) or a value that is out of range or of the wrong type. */
int tote_options_set(const struct tote_option *table, size_t n, const char *name,
                     const char *value, void *into, struct tote_error *err);

/* Defaults, then "name=value,name=value"; spec may be null or empty. A name given twice
 * is an error. */
int tote_options_parse(const struct tote_option *table, size_t n, const char *spec,
                       void *into, struct tote_error *err);

/* Splits "NAME:opt=val,opt=val" into a caller's buffer and a pointer to the options
 * within text (borrowed; empty string if there are none). -EINVAL: no name, or one of
 * name_size bytes or more. */
int tote_options_split(const char *text, char *name, size_t name_size,
                       const char **ret_options, struct tote_error *err);

/* The candidate nearest to word (edit distance at most a third of its length; two
 * letters swapped are one edit), or null. Candidates are a null-terminated array; the
 * result is one of them. */
const char *tote_option_suggest(const char *word, const char *const *candidates);

/* Text of a number type's unit or of a CHOICE's choices for help: "yes|no",
 * "serve|spawn", "N", "N|none", "X", "SECONDS", "SIZE", "TEXT", "FILE". Writes at most
 * size bytes. */
void tote_option_metavar(const struct tote_option *option, char *into, size_t size);

#endif
