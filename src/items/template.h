/* SPDX-License-Identifier: MIT */
/* template.h: the argv template of a bag of commands, and what it makes of an item.
 *
 *     convert {item} -resize 50% {out:{stem}.png}
 *
 * Placeholders: {item} the columns joined by one blank; {index} the task's place in the
 * list, from 0; of item as a path {base} (after the last slash), {stem} (base without
 * its last extension), {ext} (that extension without the dot, or empty), {dir} (before
 * the last slash, "." without one); {COLUMN} a column by name; {1}, {2}, ... a column
 * by number; {in:PATH} a file the task reads; {out:PATH} a file it makes; PATH may hold
 * placeholders, not in: or out:. "{{" and "}}" are braces. A template without any
 * placeholder gets each column as one more argument. Pure: no I/O. */
#ifndef TOTE_TEMPLATE_H
#define TOTE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "tote/error.h"

#define TOTE_COLUMNS_MAX 256u

struct tote_template; /* parsed; immutable */

/* words: the template, n of them. columns: names, n_columns (null names: numbers only).
 * has_shell: the words are joined by blanks into one text for /bin/sh -c, values
 * quoted. -EINVAL and one sentence: an unknown placeholder (with the known ones and the
 * columns), a brace that is not closed or not opened, no words, in: within out:,
 * an empty path, a value within a shell's quotes, more than TOTE_COLUMNS_MAX columns,
 * TOTE_FILES_MAX files or TOTE_ARGS_BYTES_MAX bytes. Nothing given is kept. */
int tote_template_parse(const char *const *words, size_t n, const char *const *columns,
                        size_t n_columns, bool has_shell,
                        struct tote_template **ret_template, struct tote_error *err);
void tote_template_destroy(struct tote_template *template); /* null is accepted */

bool tote_template_has_ins(const struct tote_template *template);
bool tote_template_has_outs(const struct tote_template *template);

/* How files are named in the argv. All null/false: as the user wrote them (for the key,
 * --dry-run, log, joblog). */
struct tote_places {
    const char *start;   /* not null: a relative {in:} becomes START/PATH */
    const char *attempt; /* not null: {out:} becomes ATTEMPT/PATH; null: PATH, as
                          * ./PATH if it begins with "-" */
    bool is_staged;      /* {in:} number k of a task becomes "in-K/BASE" */
};

/* An expanded task. All texts are owned by it. ins[k].path is START/PATH or PATH as
 * written (staged: "in-FIRSTTASK..." names are the courier's business, left as path);
 * ins[k].as is what stands in the argv; outs[k].path is PATH, outs[k].as is "". Inputs
 * named twice appear once, in order of their first place, and so does an output whose
 * {out:} is written twice alike. */
struct tote_expanded {
    struct tote_command command;
    void *memory;
};

/* columns: n values; fewer or more than the template's columns: -EINVAL. -E2BIG above
 * TOTE_ARGS_BYTES_MAX; -EINVAL: an {out:} path that is empty, absolute, has "..", "."
 * (but "./" in front is taken off), an empty component, a control character, a
 * component above 255 bytes or one that begins with ".tote-", or is that of another
 * {out:} of the task, or of its folder; an {in:} path that is
 * empty or ends like a folder's ("x/", ".", ".."); a path of TOTE_FILE_NAME_MAX bytes.
 * Sentences name the task's index and the path, escaped. places may be null: all as
 * written. */
int tote_template_expand(const struct tote_template *template,
                         const char *const *columns, size_t n, uint64_t index,
                         const struct tote_places *places,
                         struct tote_expanded *ret_expanded, struct tote_error *err);
void tote_expanded_finish(struct tote_expanded *expanded); /* accepts a zeroed one */

/* XXH3-128 over argv as the user wrote it (NUL after each word) and the digests of the
 * inputs' content, in order: what a task is, whatever its place in the list. */
struct tote_digest tote_template_key(const struct tote_command *command,
                                     const struct tote_digest *inputs, size_t n);

/* Arguments as sh, dash and bash read them back, a blank between: each unchanged if it
 * is safe, else in single quotes. New text; null: out of memory. */
char *tote_shell_join(const char *const *args, size_t n);

#endif
