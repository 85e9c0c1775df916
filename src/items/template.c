/* SPDX-License-Identifier: MIT */
/* template.c: parses an argv template (template.h). Not for what comes of it with an
 * item (expand.c). */
#include "items/template.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "items/placeholder.h"
#include "items/shell.h"
#include "items/shown.h"

struct parser {
    struct tote_template *template;
    struct tote_names names;
    struct tote_shell shell; /* where in the shell's grammar the next byte is */
    size_t text_from;        /* a text among the parts before it does not go on */
    const char *at;
    struct tote_error *err;
};

static int parse_parts(struct parser *p, bool is_path);

static struct tote_part *add_part(struct parser *p, struct tote_part part)
{
    p->template->parts[p->template->n_parts] = part;
    return &p->template->parts[p->template->n_parts++];
}

/* One byte that stands for itself. */
static void add_byte(struct parser *p, char byte)
{
    struct tote_template *t = p->template;
    if (t->n_parts == p->text_from)
        add_part(p, (struct tote_part){TOTE_PART_TEXT, t->n_text, 0});
    t->text[t->n_text++] = byte;
    t->parts[t->n_parts - 1].n++;
}

/* --- files --- */

static bool is_same(const struct tote_template_file *a,
                    const struct tote_template_file *b)
{
    return a->is_out == b->is_out && a->n_source == b->n_source &&
           !memcmp(a->source, b->source, a->n_source);
}

/* The number of the file, which is an earlier one's if that was written alike. */
static size_t add_file(struct tote_template *t, const struct tote_template_file *file)
{
    size_t i = 0;
    while (i < t->n_files && !is_same(&t->files[i], file))
        i++;
    if (i == t->n_files) {
        t->files[t->n_files++] = *file;
        t->n_ins += !file->is_out;
    }
    return i;
}

static int parse_file(struct parser *p, bool is_out)
{
    struct tote_template *t = p->template;
    size_t at = t->n_parts;
    p->at += is_out ? strlen("{out:") : strlen("{in:");
    const char *source = p->at;
    add_part(p, (struct tote_part){.kind = TOTE_PART_FILE});
    int rc = parse_parts(p, true);
    if (rc < 0)
        return rc;
    struct tote_template_file file = {.is_out = is_out,
                                      .path = {at + 1, t->n_parts - at - 1},
                                      .source = source,
                                      .n_source = (size_t)(p->at - source)};
    p->at++;
    if (file.path.n == 0)
        return tote_error_set(p->err, -EINVAL, "{%s:} has no path",
                              is_out ? "out" : "in");
    t->parts[at].at = add_file(t, &file);
    t->parts[at].n = file.path.n;
    if (t->n_files > TOTE_FILES_MAX)
        return tote_error_set(p->err, -EINVAL, "more than %u files", TOTE_FILES_MAX);
    return 0;
}

/* --- words --- */

static int fail_open(struct parser *p)
{
    return tote_error_set(p->err, -EINVAL,
                          "a '{' without its '}'; a brace itself is written twice");
}

static int parse_placeholder(struct parser *p, bool is_path)
{
    bool is_out = !strncmp(p->at, "{out:", 5), is_in = !strncmp(p->at, "{in:", 4);
    p->template->adds_columns = false;
    if (p->template->has_shell && !is_path && tote_shell_is_quoted(&p->shell))
        return tote_error_set(
            p->err, -EINVAL,
            "a placeholder between quotes, or behind a '\\', a '$' or "
            "a '#': with --shell its value comes with quotes of its "
            "own, which must stand alone");
    if (is_path && (is_in || is_out))
        return tote_error_set(p->err, -EINVAL,
                              "{in:} and {out:} cannot stand within one another");
    if (is_in || is_out)
        return parse_file(p, is_out);
    const char *name = p->at + 1;
    size_t n = strcspn(name, "{}");
    if (name[n] == '\0' || (name[n] == '{' && !memchr(name, ':', n)))
        return fail_open(p);
    struct tote_part part;
    int rc = tote_placeholder_parse(&p->names, name, n, &part, p->err);
    if (rc < 0)
        return rc;
    add_part(p, part);
    p->at = name + n + 1;
    return 0;
}

static int parse_byte(struct parser *p, bool is_path)
{
    bool is_brace = *p->at == '{' || *p->at == '}';
    if (is_brace && p->at[1] != *p->at) {
        if (*p->at == '{') {
            int rc = parse_placeholder(p, is_path);
            p->text_from = p->template->n_parts;
            if (!is_path)
                tote_shell_feed(&p->shell, 'x'); /* any plain byte */
            return rc;
        }
        return tote_error_set(p->err, -EINVAL,
                              "a '}' without its '{'; a brace itself is written twice");
    }
    add_byte(p, *p->at);
    if (!is_path)
        tote_shell_feed(&p->shell, *p->at);
    p->at += is_brace ? 2 : 1;
    return 0;
}

/* To the word's end, or to the brace that ends a path. */
static int parse_parts(struct parser *p, bool is_path)
{
    int rc = 0;
    p->text_from = p->template->n_parts;
    while (rc == 0 && *p->at) {
        if (is_path && p->at[0] == '}' && p->at[1] != '}')
            return 0;
        rc = parse_byte(p, is_path);
    }
    if (rc < 0)
        return rc;
    return is_path ? fail_open(p) : 0;
}

static int parse_words(struct parser *p, const char *const *words, size_t n)
{
    struct tote_template *t = p->template;
    for (size_t i = 0; i < n; i++) {
        size_t first = t->n_parts;
        p->at = words[i];
        if (i > 0)
            tote_shell_feed(&p->shell, ' ');
        int rc = parse_parts(p, false);
        if (rc < 0) {
            tote_error_prefix(p->err, "word %zu of the command, '%.60s'", i + 1,
                              tote_shown_of(words[i], strlen(words[i])).text);
            return rc;
        }
        t->words[t->n_words++] = (struct tote_parts){first, t->n_parts - first};
    }
    return 0;
}

/* --- the template --- */

/* Room for whatever the words can hold: each '{' begins at most a placeholder, a text
 * within it and one behind it. */
static int reserve(struct tote_template *t, const char *const *words, size_t n)
{
    size_t bytes = 0, braces = 0;
    for (size_t i = 0; i < n; i++) {
        bytes += strlen(words[i]);
        for (const char *at = words[i]; *at; at++)
            braces += *at == '{';
    }
    t->text = malloc(bytes + 1);
    t->parts = calloc(n + 3 * braces + 1, sizeof *t->parts);
    t->words = calloc(n, sizeof *t->words);
    t->files = calloc(braces + 1, sizeof *t->files);
    return t->text && t->parts && t->words && t->files ? 0 : -ENOMEM;
}

static int check_sizes(const char *const *words, size_t n, size_t n_columns,
                       struct tote_error *err)
{
    size_t bytes = 0;
    if (n == 0)
        return tote_error_set(err, -EINVAL, "no command: it has no words");
    if (n_columns > TOTE_COLUMNS_MAX)
        return tote_error_set(err, -EINVAL, "%zu columns: %u is the most", n_columns,
                              TOTE_COLUMNS_MAX);
    for (size_t i = 0; i < n; i++)
        bytes += strlen(words[i]) + 1;
    if (bytes > TOTE_ARGS_BYTES_MAX || n > TOTE_ARGS_N_MAX - TOTE_COLUMNS_MAX)
        return tote_error_set(err, -EINVAL,
                              "the command has %zu words of %zu bytes: %u and %u are "
                              "the most",
                              n, bytes, TOTE_ARGS_N_MAX - TOTE_COLUMNS_MAX,
                              TOTE_ARGS_BYTES_MAX);
    return 0;
}

int tote_template_parse(const char *const *words, size_t n, const char *const *columns,
                        size_t n_columns, bool has_shell,
                        struct tote_template **ret_template, struct tote_error *err)
{
    int rc = check_sizes(words, n, n_columns, err);
    if (rc < 0)
        return rc;
    struct tote_template *t = calloc(1, sizeof *t);
    if (!t || reserve(t, words, n) < 0) {
        tote_template_destroy(t);
        return tote_error_set(err, -ENOMEM, "out of memory");
    }
    t->n_columns = n_columns;
    t->has_shell = has_shell;
    t->adds_columns = true;
    struct parser parser = {.template = t,
                            .names = {columns, n_columns},
                            .shell = {.last = '\n'},
                            .err = err};
    rc = parse_words(&parser, words, n);
    if (rc < 0) {
        tote_template_destroy(t);
        return rc;
    }
    *ret_template = t;
    return 0;
}

void tote_template_destroy(struct tote_template *template)
{
    if (!template)
        return;
    free(template->text);
    free(template->parts);
    free(template->words);
    free(template->files);
    free(template);
}

bool tote_template_has_ins(const struct tote_template *template)
{
    return template->n_ins > 0;
}

bool tote_template_has_outs(const struct tote_template *template)
{
    return template->n_files > template->n_ins;
}
