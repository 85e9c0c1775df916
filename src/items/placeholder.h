/* SPDX-License-Identifier: MIT */
/* placeholder.h: the words that stand in braces, and what a template is made of once it
 * is parsed. For the files of this room; others see template.h. */
#ifndef TOTE_ITEMS_PLACEHOLDER_H
#define TOTE_ITEMS_PLACEHOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "items/template.h"

enum tote_part_kind {
    TOTE_PART_ITEM,
    TOTE_PART_INDEX,
    TOTE_PART_BASE,
    TOTE_PART_STEM,
    TOTE_PART_EXT,
    TOTE_PART_DIR,
    TOTE_PART_NAMED, /* how many kinds have a name of their own */
    TOTE_PART_COLUMN = TOTE_PART_NAMED,
    TOTE_PART_TEXT,
    TOTE_PART_FILE,
};

/* TEXT: n bytes of the template's text. COLUMN: at is its number, from 0. FILE: at is
 * the number of the file; its path's n parts follow. */
struct tote_part {
    enum tote_part_kind kind;
    size_t at, n;
};

struct tote_parts {
    size_t first, n; /* within the template's parts */
};

struct tote_template_file {
    bool is_out;
    struct tote_parts path;
    const char *source; /* as written, n_source bytes; borrowed while parsing */
    size_t n_source;
};

struct tote_template {
    char *text;
    size_t n_text;
    struct tote_part *parts;
    size_t n_parts;
    struct tote_parts *words;
    size_t n_words;
    struct tote_template_file *files; /* those written alike are one */
    size_t n_files, n_ins;
    size_t n_columns;
    bool has_shell;
    bool adds_columns; /* it has no placeholder: values become further arguments */
};

/* The kind that a name has, or TOTE_PART_NAMED for none. */
enum tote_part_kind tote_placeholder_find(const char *name, size_t n);

/* The names that a template may use. */
struct tote_names {
    const char *const *columns; /* null: numbers only */
    size_t n_columns;
};

/* What {NAME} means: an item's part or a column. -EINVAL for an unknown one: the
 * sentence lists those that are known and suggests one that is near. */
int tote_placeholder_parse(const struct tote_names *names, const char *name, size_t n,
                           struct tote_part *ret_part, struct tote_error *err);

#endif
