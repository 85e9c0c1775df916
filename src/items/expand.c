/* SPDX-License-Identifier: MIT */
/* expand.c: makes a task's argv and files of a template and an item (template.h), and
 * its key. All texts grow in one buffer, whose place may move, so they are known by
 * offsets until the end. */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_STATIC_LINKING_ONLY /* a state of known size: a key must not fail */
#include <xxhash.h>

#include "base/quote.h"
#include "items/path.h"
#include "items/placeholder.h"
#include "items/shown.h"

enum {
    TEXT_LEAST = 256,
    TEXT_MOST = 8 << 20, /* an item, its argv and the paths of its files fit */
};

struct file {
    size_t path;         /* where its text begins */
    size_t name, n_name; /* what stands in the argv */
    size_t number;       /* among the ins, or the outs */
    bool is_again;       /* another {in:} has named it before */
};

struct expansion {
    const struct tote_template *template;
    const char *const *columns;
    size_t n_columns;
    uint64_t index;
    const struct tote_places *places;
    struct tote_error *err;
    struct tote_path_pieces item; /* of the first text, which is the item */
    size_t n_item;
    struct file *files;
    size_t n_ins, n_outs;
    size_t *args;
    size_t n_args;
    char *text;
    size_t n, size;
    int rc; /* the first failure of an append */
};

/* --- texts --- */

static bool reserve(struct expansion *x, size_t n)
{
    if (x->rc < 0)
        return false;
    if (n <= x->size - x->n)
        return true;
    size_t size = x->size ? x->size : TEXT_LEAST;
    while (size < x->n + n)
        size *= 2;
    if (n > TEXT_MOST || size > TEXT_MOST) {
        x->rc = -E2BIG;
        return false;
    }
    char *text = realloc(x->text, size);
    if (!text) {
        x->rc = -ENOMEM;
        return false;
    }
    x->text = text;
    x->size = size;
    return true;
}

static void append(struct expansion *x, const char *text, size_t n)
{
    if (n == 0 || !reserve(x, n))
        return;
    memcpy(x->text + x->n, text, n);
    x->n += n;
}

static void append_text(struct expansion *x, const char *text)
{
    append(x, text, strlen(text));
}

/* What has been written before, once more. */
static void append_again(struct expansion *x, struct tote_path_piece piece)
{
    if (piece.n == 0 || !reserve(x, piece.n))
        return;
    memcpy(x->text + x->n, x->text + piece.at, piece.n);
    x->n += piece.n;
}

static void append_number(struct expansion *x, uint64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, number);
    append_text(x, digits);
}

/* Ends the text that began at `from`. */
static size_t end_text(struct expansion *x, size_t from)
{
    append(x, "", 1);
    return from;
}

/* Puts what was written since `from` into quotes. */
static void enclose(struct expansion *x, size_t from)
{
    size_t n = x->n - from, room = TOTE_QUOTED_MAX(n);
    if (!reserve(x, room))
        return;
    /* The quoted text is written behind the plain one, then takes its place. */
    size_t n_quoted = tote_quote_enclose(x->text + from, n, x->text + x->n);
    memmove(x->text + from, x->text + x->n, n_quoted);
    x->n = from + n_quoted;
}

/* --- parts --- */

static void append_value(struct expansion *x, const struct tote_part *part)
{
    switch (part->kind) {
    case TOTE_PART_ITEM:
        append_again(x, (struct tote_path_piece){0, x->n_item});
        break;
    case TOTE_PART_INDEX:
        append_number(x, x->index);
        break;
    case TOTE_PART_BASE:
        append_again(x, x->item.base);
        break;
    case TOTE_PART_STEM:
        append_again(x, x->item.stem);
        break;
    case TOTE_PART_EXT:
        append_again(x, x->item.ext);
        break;
    case TOTE_PART_DIR:
        if (x->item.dir.n == 0)
            append_text(x, ".");
        append_again(x, x->item.dir);
        break;
    case TOTE_PART_COLUMN:
        append_text(x, x->columns[part->at]);
        break;
    case TOTE_PART_TEXT:
        append(x, x->template->text + part->at, part->n);
        break;
    case TOTE_PART_FILE:
        append_again(x, (struct tote_path_piece){x->files[part->at].name,
                                                 x->files[part->at].n_name});
        break;
    }
}

/* A path: values as they are. */
static void append_path(struct expansion *x, const struct tote_parts *path)
{
    for (size_t i = 0; i < path->n; i++)
        append_value(x, &x->template->parts[path->first + i]);
}

/* A word: with a shell, values in quotes. */
static void append_word(struct expansion *x, const struct tote_parts *word)
{
    for (size_t i = 0; i < word->n; i++) {
        const struct tote_part *part = &x->template->parts[word->first + i];
        size_t from = x->n;
        append_value(x, part);
        if (x->template->has_shell && part->kind != TOTE_PART_TEXT)
            enclose(x, from);
        if (part->kind == TOTE_PART_FILE)
            i += part->n;
    }
}

/* --- item --- */

static void append_item(struct expansion *x)
{
    for (size_t i = 0; i < x->n_columns; i++) {
        if (i > 0)
            append_text(x, " ");
        append_text(x, x->columns[i]);
    }
    x->n_item = x->n;
    end_text(x, 0);
    if (x->rc == 0)
        x->item = tote_path_split(x->text, x->n_item);
}

/* --- files --- */

static int fail_file(struct expansion *x, bool is_out, size_t path, const char *why)
{
    return tote_error_set(x->err, -EINVAL, "task %" PRIu64 ": {%s:} '%s' %s", x->index,
                          is_out ? "out" : "in",
                          tote_shown_of(x->text + path, strlen(x->text + path)).text,
                          why);
}

/* The file before number i that has the same path, or i. */
static size_t find_file(const struct expansion *x, size_t i)
{
    const struct tote_template_file *files = x->template->files;
    size_t k = 0;
    while (k < i && (files[k].is_out != files[i].is_out || x->files[k].is_again ||
                     strcmp(x->text + x->files[k].path, x->text + x->files[i].path)))
        k++;
    return k;
}

/* Ends the name of file i, which began at `from`. */
static void end_name(struct expansion *x, size_t i, size_t from)
{
    x->files[i].name = from;
    x->files[i].n_name = x->n - from;
    end_text(x, from);
}

/* Why an earlier {out:} and number i cannot both be made, or null. */
static const char *clash(const struct expansion *x, size_t i)
{
    const char *path = x->text + x->files[i].path;
    if (find_file(x, i) < i)
        return "is named by two {out:}";
    for (size_t k = 0; k < i; k++) {
        const char *other = x->text + x->files[k].path;
        if (!x->template->files[k].is_out)
            continue;
        if (tote_path_is_below(path, other))
            return "lies in what another {out:} makes as a file";
        if (tote_path_is_below(other, path))
            return "would be a file, and the folder of another {out:}";
    }
    return NULL;
}

/* What a command would take for an option is written so that it does not. */
static void append_out(struct expansion *x, struct tote_path_piece path)
{
    if (x->places->attempt) {
        append_text(x, x->places->attempt);
        append_text(x, "/");
    } else if (x->text[path.at] == '-') {
        append_text(x, "./");
    }
    append_again(x, path);
}

static int expand_out(struct expansion *x, size_t i)
{
    struct file *file = &x->files[i];
    file->path = (size_t)(tote_path_plain(x->text + file->path) - x->text);
    const char *why = tote_path_refuse_out(x->text + file->path);
    if (why)
        return fail_file(x, true, file->path, why);
    why = clash(x, i);
    if (why)
        return fail_file(x, true, file->path, why);
    file->number = x->n_outs++;
    size_t from = x->n, n_path = strlen(x->text + file->path);
    append_out(x, (struct tote_path_piece){file->path, n_path});
    end_name(x, i, from);
    return x->rc;
}

static void name_staged(struct expansion *x, size_t i)
{
    size_t from = x->n, path = x->files[i].path;
    struct tote_path_pieces pieces =
        tote_path_split(x->text + path, strlen(x->text + path));
    append_text(x, "in-");
    append_number(x, x->files[i].number);
    append_text(x, "/");
    pieces.base.at += path;
    append_again(x, pieces.base);
    end_name(x, i, from);
}

static int expand_in(struct expansion *x, size_t i)
{
    struct file *file = &x->files[i];
    const char *why = tote_path_refuse_in(x->text + file->path);
    if (why)
        return fail_file(x, false, file->path, why);
    size_t before = find_file(x, i);
    if (before < i) {
        *file = x->files[before];
        file->is_again = true;
        return 0;
    }
    file->number = x->n_ins++;
    file->name = file->path;
    file->n_name = strlen(x->text + file->path);
    if (x->places->is_staged)
        name_staged(x, i);
    return x->rc;
}

static int expand_file(struct expansion *x, size_t i)
{
    const struct tote_template_file *file = &x->template->files[i];
    size_t from = x->n;
    append_path(x, &file->path);
    end_text(x, from);
    if (x->rc < 0)
        return x->rc;
    x->files[i].path = from;
    if (file->is_out)
        return expand_out(x, i);
    if (x->places->start && x->text[from] != '/' && x->text[from] != '\0') {
        x->files[i].path = x->n;
        append_text(x, x->places->start);
        append_text(x, "/");
        append_again(x, (struct tote_path_piece){from, strlen(x->text + from) + 1});
        if (x->rc < 0)
            return x->rc;
    }
    return expand_in(x, i);
}

/* --- words --- */

static void expand_plain(struct expansion *x)
{
    const struct tote_template *t = x->template;
    for (size_t i = 0; i < t->n_words; i++) {
        size_t from = x->n;
        append_word(x, &t->words[i]);
        x->args[x->n_args++] = end_text(x, from);
    }
    for (size_t i = 0; t->adds_columns && i < x->n_columns; i++) {
        size_t from = x->n;
        append_text(x, x->columns[i]);
        x->args[x->n_args++] = end_text(x, from);
    }
}

static void expand_shell(struct expansion *x)
{
    const struct tote_template *t = x->template;
    static const char *const words[] = {"/bin/sh", "-c"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t from = x->n;
        append_text(x, words[i]);
        x->args[x->n_args++] = end_text(x, from);
    }
    size_t from = x->n;
    for (size_t i = 0; i < t->n_words; i++) {
        if (i > 0)
            append_text(x, " ");
        append_word(x, &t->words[i]);
    }
    for (size_t i = 0; t->adds_columns && i < x->n_columns; i++) {
        append_text(x, " ");
        size_t value = x->n;
        append_text(x, x->columns[i]);
        enclose(x, value);
    }
    x->args[x->n_args++] = end_text(x, from);
}

/* --- the whole --- */

static int fail_append(struct expansion *x)
{
    if (x->rc == -E2BIG)
        return tote_error_set(
            x->err, -E2BIG, "task %" PRIu64 ": its arguments are longer than %u bytes",
            x->index, TOTE_ARGS_BYTES_MAX);
    return tote_error_set(x->err, x->rc, "out of memory");
}

static int expand_all(struct expansion *x)
{
    const struct tote_template *t = x->template;
    x->args = calloc(t->n_words + t->n_columns + 3, sizeof *x->args);
    x->files = calloc(t->n_files + 1, sizeof *x->files);
    if (!x->args || !x->files)
        x->rc = -ENOMEM;
    append_item(x);
    for (size_t i = 0; i < t->n_files && x->rc == 0; i++) {
        int rc = expand_file(x, i);
        if (rc < 0 && x->rc == 0)
            return rc;
    }
    if (x->rc < 0)
        return fail_append(x);
    size_t from = x->n;
    if (t->has_shell)
        expand_shell(x);
    else
        expand_plain(x);
    if (x->rc == 0 && x->n - from > TOTE_ARGS_BYTES_MAX)
        x->rc = -E2BIG;
    return x->rc < 0 ? fail_append(x) : 0;
}

static void place_files(const struct expansion *x, struct tote_slice_file *ins,
                        struct tote_slice_file *outs, const char *text)
{
    for (size_t i = 0; i < x->template->n_files; i++) {
        const struct file *file = &x->files[i];
        bool is_out = x->template->files[i].is_out;
        struct tote_slice_file *to = (is_out ? outs : ins) + file->number;
        if (file->is_again)
            continue;
        to->path = text + file->path;
        to->as = is_out ? "" : text + file->name;
    }
}

/* One block: argv, files, texts. */
static int place(const struct expansion *x, struct tote_expanded *ret_expanded)
{
    size_t n_files = x->n_ins + x->n_outs;
    struct tote_slice_file *files =
        malloc(n_files * sizeof *files + x->n_args * sizeof(char *) + x->n);
    if (!files)
        return -ENOMEM;
    const char **args = (const char **)(files + n_files);
    char *text = (char *)(args + x->n_args);
    memcpy(text, x->text, x->n);
    for (size_t i = 0; i < x->n_args; i++)
        args[i] = text + x->args[i];
    place_files(x, files, files + x->n_ins, text);
    *ret_expanded = (struct tote_expanded){
        .command = {.task = x->index,
                    .item = text,
                    .args = args,
                    .n_args = x->n_args,
                    .ins = files,
                    .outs = files + x->n_ins,
                    .n_ins = x->n_ins,
                    .n_outs = x->n_outs},
        .memory = files,
    };
    return 0;
}

int tote_template_expand(const struct tote_template *template,
                         const char *const *columns, size_t n, uint64_t index,
                         const struct tote_places *places,
                         struct tote_expanded *ret_expanded, struct tote_error *err)
{
    static const struct tote_places as_written = {0};
    if (n != template->n_columns)
        return tote_error_set(err, -EINVAL,
                              "task %" PRIu64 ": its item has %zu columns, not %zu",
                              index, n, template->n_columns);
    struct expansion x = {.template = template,
                          .columns = columns,
                          .n_columns = n,
                          .index = index,
                          .places = places ? places : &as_written,
                          .err = err};
    int rc = expand_all(&x);
    if (rc == 0 && place(&x, ret_expanded) < 0)
        rc = tote_error_set(err, -ENOMEM, "out of memory");
    free(x.args);
    free(x.files);
    free(x.text);
    return rc;
}

void tote_expanded_finish(struct tote_expanded *expanded)
{
    free(expanded->memory);
    *expanded = (struct tote_expanded){0};
}

struct tote_digest tote_template_key(const struct tote_command *command,
                                     const struct tote_digest *inputs, size_t n)
{
    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    XXH3_128bits_reset(&state);
    for (size_t i = 0; i < command->n_args; i++)
        XXH3_128bits_update(&state, command->args[i], strlen(command->args[i]) + 1);
    for (size_t i = 0; i < n; i++) {
        XXH128_canonical_t bytes;
        XXH128_canonicalFromHash(
            &bytes, (XXH128_hash_t){.high64 = inputs[i].high, .low64 = inputs[i].low});
        XXH3_128bits_update(&state, bytes.digest, sizeof bytes.digest);
    }
    XXH128_hash_t hash = XXH3_128bits_digest(&state);
    return (struct tote_digest){.high = hash.high64, .low = hash.low64};
}
