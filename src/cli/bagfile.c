/* SPDX-License-Identifier: MIT */
/* bagfile.c: reads and writes BAG.yaml over libyaml (bagfile.h). The settings are one
 * flat table that the command line shares, so libyaml's document fits better than a
 * schema. */
#include "cli/bagfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

#include "tote/limits.h"

/* What is being read, for the sentences. */
struct source {
    const char *name;
    yaml_document_t *document;
    const struct tote_bagfile_keys *keys;
    void *into;
};

static int wrong(const struct source *source, yaml_mark_t mark, const char *why,
                 struct tote_error *err)
{
    return tote_error_set(err, -EINVAL, "%s:%zu:%zu: %s", source->name, mark.line + 1,
                          mark.column + 1, why);
}

/* --- values --- */

static int append(char *into, size_t size, size_t *n, const char *text, size_t n_text)
{
    if (*n + n_text >= size || memchr(text, '\0', n_text))
        return -EINVAL;
    memcpy(into + *n, text, n_text);
    *n += n_text;
    into[*n] = '\0';
    return 0;
}

/* The text of a scalar, or of a list of scalars with commas between. */
static int value_text(const struct source *source, const yaml_node_t *value, char *into,
                      size_t size)
{
    size_t n = 0;
    into[0] = '\0';
    if (value->type == YAML_SCALAR_NODE)
        return append(into, size, &n, (const char *)value->data.scalar.value,
                      value->data.scalar.length);
    if (value->type != YAML_SEQUENCE_NODE)
        return -EINVAL;
    for (yaml_node_item_t *item = value->data.sequence.items.start;
         item < value->data.sequence.items.top; item++) {
        const yaml_node_t *node = yaml_document_get_node(source->document, *item);
        if (!node || node->type != YAML_SCALAR_NODE ||
            (n > 0 && append(into, size, &n, ",", 1) < 0) ||
            append(into, size, &n, (const char *)node->data.scalar.value,
                   node->data.scalar.length) < 0)
            return -EINVAL;
    }
    return 0;
}

/* The words of a list that stays one: any length, any text but NUL. */
static int value_words(const struct source *source, const yaml_node_t *value,
                       struct tote_words *words)
{
    if (value->type != YAML_SEQUENCE_NODE)
        return -EINVAL;
    for (yaml_node_item_t *item = value->data.sequence.items.start;
         item < value->data.sequence.items.top; item++) {
        const yaml_node_t *node = yaml_document_get_node(source->document, *item);
        if (!node || node->type != YAML_SCALAR_NODE ||
            memchr(node->data.scalar.value, '\0', node->data.scalar.length))
            return -EINVAL;
        int rc = tote_words_add(words, (const char *)node->data.scalar.value,
                                node->data.scalar.length);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int set_list(const struct source *source, const struct tote_bagfile_list *list,
                    const yaml_node_t *value, struct tote_error *err)
{
    int rc = value_words(source, value, list->words);
    if (rc == -ENOMEM)
        return tote_error_set(err, rc, "out of memory for %s", source->name);
    if (rc == 0 && list->words->n == 0) /* else another default would stand for it */
        return wrong(source, value->start_mark, "this list is empty", err);
    return rc < 0
               ? wrong(
                     source, value->start_mark,
                     "this value must be a list of words, each with braces in quotes: "
                     "[cp, \"{item}\", to/]",
                     err)
               : 0;
}

static const struct tote_bagfile_list *find_list(const struct tote_bagfile_keys *keys,
                                                 const char *name)
{
    for (size_t i = 0; i < keys->n_lists; i++)
        if (strcmp(keys->lists[i].name, name) == 0)
            return &keys->lists[i];
    return NULL;
}

/* The option of a key, which may have '_' for '-'; null: there is none. */
static const struct tote_option *find_in(const struct tote_option *table, size_t n,
                                         const char *name)
{
    char dashed[TOTE_NAME_MAX];
    snprintf(dashed, sizeof dashed, "%s", name);
    for (char *at = strchr(dashed, '_'); at; at = strchr(at, '_'))
        *at = '-';
    for (size_t i = 0; i < n; i++)
        if (strcmp(table[i].name, name) == 0 || strcmp(table[i].name, dashed) == 0)
            return &table[i];
    return NULL;
}

static const struct tote_option *find_option(const struct tote_bagfile_keys *keys,
                                             const char *name)
{
    const struct tote_option *option = find_in(keys->table, keys->n, name);
    for (size_t i = 0; !option && i < keys->n_more; i++)
        option = find_in(keys->more[i].table, keys->more[i].n, name);
    return option;
}

static const struct tote_bagfile_section *
find_section(const struct tote_bagfile_keys *keys, const char *name)
{
    for (size_t i = 0; i < keys->n_sections; i++)
        if (strcmp(keys->sections[i].name, name) == 0)
            return &keys->sections[i];
    return NULL;
}

enum { KEYS_MAX = 128 };

static size_t collect_names(const struct tote_bagfile_keys *keys,
                            const char *names[static KEYS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < keys->n_lists && n < KEYS_MAX; i++)
        names[n++] = keys->lists[i].name;
    for (size_t i = 0; i < keys->n_sections && n < KEYS_MAX; i++)
        names[n++] = keys->sections[i].name;
    for (size_t i = 0; i < keys->n && n < KEYS_MAX; i++)
        names[n++] = keys->table[i].name;
    for (size_t i = 0; i < keys->n_more; i++)
        for (size_t k = 0; k < keys->more[i].n && n < KEYS_MAX; k++)
            names[n++] = keys->more[i].table[k].name;
    return n;
}

/* Says the nearest key, be it an option's or a list's, or where the key belongs. */
static int unknown_key(const struct source *source, const yaml_node_t *key,
                       struct tote_error *err)
{
    const struct tote_bagfile_keys *keys = source->keys;
    const char *names[KEYS_MAX + 1] = {0}, *name = (const char *)key->data.scalar.value;
    struct tote_error why = {0};
    for (size_t i = 0; i < keys->n_sections; i++) {
        if (find_option(keys->sections[i].keys, name)) {
            tote_error_set(&why, -EINVAL, "option '%.60s' belongs below '%s:'", name,
                           keys->sections[i].name);
            return wrong(source, key->start_mark, why.text, err);
        }
    }
    collect_names(keys, names);
    const char *near = tote_option_suggest(name, names);
    bool is_top = keys->n_lists > 0;
    tote_error_set(&why, -EINVAL, "unknown option '%.60s'%s%s%s", name,
                   near     ? "; did you mean '"
                   : is_top ? "; it may hold command, items and most "
                            : "",
                   near     ? near
                   : is_top ? "options that 'tote help run' lists"
                            : "",
                   near ? "'?" : "");
    return wrong(source, key->start_mark, why.text, err);
}

static int set_option(const struct source *source, const yaml_node_t *key,
                      const yaml_node_t *value, struct tote_error *err)
{
    char text[TOTE_OPTION_TEXT_MAX];
    if (value_text(source, value, text, sizeof text) < 0)
        return wrong(
            source, value->start_mark,
            "a value must be a text, a number or a list of such, below 1024 bytes",
            err);
    struct tote_error why = {0};
    const struct tote_option *option =
        find_option(source->keys, (const char *)key->data.scalar.value);
    if (!option)
        return unknown_key(source, key, err);
    if (tote_options_set(option, 1, option->name, text, source->into, &why) == 0)
        return 0;
    return wrong(source, value->start_mark, why.text, err);
}

static int set_all(const struct source *source, const yaml_node_t *root,
                   struct tote_error *err);

static int set_section(const struct source *source,
                       const struct tote_bagfile_section *section,
                       const yaml_node_t *value, struct tote_error *err)
{
    struct source inner = *source;
    inner.keys = section->keys;
    if (value->type == YAML_MAPPING_NODE)
        return set_all(&inner, value, err);
    struct tote_error why = {0};
    tote_error_set(&why, -EINVAL, "'%s:' is a mapping, NAME: VALUE", section->name);
    return wrong(source, value->start_mark, why.text, err);
}

static int set_pair(const struct source *source, const yaml_node_t *key,
                    const yaml_node_t *value, struct tote_error *err)
{
    if (key->type != YAML_SCALAR_NODE ||
        strlen((const char *)key->data.scalar.value) != key->data.scalar.length)
        return wrong(source, key->start_mark, "a key must be the name of a setting",
                     err);
    const char *name = (const char *)key->data.scalar.value;
    const struct tote_bagfile_list *list = find_list(source->keys, name);
    const struct tote_bagfile_section *section = find_section(source->keys, name);
    return list      ? set_list(source, list, value, err)
           : section ? set_section(source, section, value, err)
                     : set_option(source, key, value, err);
}

static bool is_repeated(const struct source *source, const yaml_node_t *mapping,
                        const yaml_node_pair_t *until, const yaml_node_t *key)
{
    for (yaml_node_pair_t *pair = mapping->data.mapping.pairs.start; pair < until;
         pair++) {
        const yaml_node_t *other = yaml_document_get_node(source->document, pair->key);
        if (other && other->type == YAML_SCALAR_NODE && key->type == YAML_SCALAR_NODE &&
            strcmp((const char *)other->data.scalar.value,
                   (const char *)key->data.scalar.value) == 0)
            return true;
    }
    return false;
}

static int set_all(const struct source *source, const yaml_node_t *root,
                   struct tote_error *err)
{
    if (root->type != YAML_MAPPING_NODE)
        return wrong(source, root->start_mark, "a bag file is a mapping, NAME: VALUE",
                     err);
    for (yaml_node_pair_t *pair = root->data.mapping.pairs.start;
         pair < root->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = yaml_document_get_node(source->document, pair->key);
        const yaml_node_t *value =
            yaml_document_get_node(source->document, pair->value);
        if (is_repeated(source, root, pair, key))
            return wrong(source, key->start_mark, "this key was there before", err);
        int rc = set_pair(source, key, value, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* --- documents --- */

/* The reader of bytes, unlike the parser, gives only an offset. */
static yaml_mark_t problem_mark(const yaml_parser_t *parser, const char *text)
{
    if (parser->error != YAML_READER_ERROR)
        return parser->problem_mark;
    yaml_mark_t mark = {0};
    for (size_t i = 0; i < parser->problem_offset; i++) {
        bool is_line = text[i] == '\n';
        mark.line += is_line;
        mark.column = is_line ? 0 : mark.column + ((text[i] & 0xc0) != 0x80);
    }
    return mark;
}

static int wrong_yaml(const struct source *source, const yaml_parser_t *parser,
                      const char *text, struct tote_error *err)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return tote_error_set(err, -ENOMEM, "out of memory for %s", source->name);
    return wrong(source, problem_mark(parser, text),
                 parser->problem ? parser->problem : "not YAML", err);
}

/* Reads one document; *ret_is_end if there was none left. */
static int set_document(struct source *source, yaml_parser_t *parser, const char *text,
                        bool is_first, bool *ret_is_end, struct tote_error *err)
{
    yaml_document_t document;
    if (!yaml_parser_load(parser, &document))
        return wrong_yaml(source, parser, text, err);
    source->document = &document;
    const yaml_node_t *root = yaml_document_get_root_node(&document);
    *ret_is_end = !root;
    int rc = 0;
    if (root)
        rc = is_first
                 ? set_all(source, root, err)
                 : wrong(source, document.start_mark,
                         "a bag file is one document, and here begins another", err);
    yaml_document_delete(&document);
    return rc;
}

int tote_bagfile_parse(const char *name, const char *text, size_t size,
                       const struct tote_bagfile_keys *keys, void *into,
                       struct tote_error *err)
{
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return tote_error_set(err, -ENOMEM, "out of memory for %s", name);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    struct source source = {.name = name, .keys = keys, .into = into};
    bool is_end = false;
    int rc = set_document(&source, &parser, text, true, &is_end, err);
    if (rc == 0 && !is_end) /* an empty file sets nothing */
        rc = set_document(&source, &parser, text, false, &is_end, err);
    yaml_parser_delete(&parser);
    return rc;
}

static int read_all(int fd, char *into, size_t size, size_t *ret_n)
{
    size_t n = 0;
    while (n < size) {
        ssize_t got = read(fd, into + n, size - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        n += (size_t)got;
    }
    *ret_n = n;
    return n == size ? -EFBIG : 0;
}

int tote_bagfile_load(const char *path, const struct tote_bagfile_keys *keys,
                      void *into, struct tote_error *err)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return tote_error_set(err, -EINVAL, "cannot read bag file %s: %s", path,
                              strerror(errno));
    size_t size = 0;
    char *text = malloc(TOTE_BAGFILE_MAX);
    int rc = text ? read_all(fd, text, TOTE_BAGFILE_MAX, &size) : -ENOMEM;
    if (!is_stdin)
        close(fd);
    if (rc < 0)
        rc = tote_error_set(err, -EINVAL, "cannot read bag file %s: %s%s", path,
                            strerror(-rc),
                            rc == -EFBIG ? "; a long list of items has a file of its "
                                           "own, items_file: FILE"
                                         : "");
    else
        rc = tote_bagfile_parse(is_stdin ? "standard input" : path, text, size, keys,
                                into, err);
    free(text);
    return rc;
}

/* --- writing --- */

bool tote_bagfile_text(const struct tote_option *option, const void *from, char *into,
                       size_t size)
{
    const char *at = (const char *)from + option->offset;
    switch (option->type) {
    case TOTE_OPTION_SIZE:
    case TOTE_OPTION_UINT: {
        uint64_t value = *(const uint64_t *)(const void *)at;
        snprintf(into, size, "%" PRIu64, value);
        return value != TOTE_OPTION_NONE;
    }
    case TOTE_OPTION_DOUBLE:
    case TOTE_OPTION_SECONDS: {
        double value = *(const double *)(const void *)at;
        snprintf(into, size, "%.17g", value);
        return !isnan(value);
    }
    case TOTE_OPTION_BOOL:
        snprintf(into, size, "%s", *(const bool *)at ? "yes" : "no");
        return true;
    case TOTE_OPTION_CHOICE:
        snprintf(into, size, "%s", option->choices[*(const int *)(const void *)at]);
        return true;
    case TOTE_OPTION_TEXT:
        snprintf(into, size, "%s", at);
        return at[0] != '\0';
    }
    return false;
}

static bool emit_scalar(yaml_emitter_t *emitter, const char *text)
{
    yaml_event_t event;
    return yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text,
                                        (int)strlen(text), 1, 1,
                                        YAML_ANY_SCALAR_STYLE) &&
           yaml_emitter_emit(emitter, &event);
}

static bool emit_list(yaml_emitter_t *emitter, const struct tote_bagfile_list *list)
{
    yaml_event_t event;
    bool good = emit_scalar(emitter, list->name) &&
                yaml_sequence_start_event_initialize(&event, NULL, NULL, 1,
                                                     YAML_FLOW_SEQUENCE_STYLE) &&
                yaml_emitter_emit(emitter, &event);
    for (size_t i = 0; good && i < list->words->n; i++)
        good = emit_scalar(emitter, list->words->at[i]);
    return good && yaml_sequence_end_event_initialize(&event) &&
           yaml_emitter_emit(emitter, &event);
}

static bool emit_option(yaml_emitter_t *emitter, const struct tote_option *option,
                        const char *name, const void *from)
{
    char text[TOTE_OPTION_TEXT_MAX];
    return !tote_bagfile_text(option, from, text, sizeof text) ||
           (emit_scalar(emitter, name) && emit_scalar(emitter, text));
}

static bool emit_table(yaml_emitter_t *emitter, const struct tote_option *table,
                       size_t n, const void *from)
{
    bool good = true;
    for (size_t i = 0; good && i < n; i++)
        good = emit_option(emitter, &table[i], table[i].name, from);
    return good;
}

/* With '_' for '-'. */
static bool emit_more(yaml_emitter_t *emitter, const struct tote_bagfile_keys *keys,
                      const void *from)
{
    bool good = true;
    for (size_t i = 0; i < keys->n_more; i++) {
        for (size_t k = 0; good && k < keys->more[i].n; k++) {
            char name[TOTE_NAME_MAX];
            const struct tote_option *option = &keys->more[i].table[k];
            snprintf(name, sizeof name, "%s", option->name);
            for (char *at = strchr(name, '-'); at; at = strchr(at, '-'))
                *at = '_';
            good = emit_option(emitter, option, name, from);
        }
    }
    return good;
}

static bool emit_keys(yaml_emitter_t *emitter, const struct tote_bagfile_keys *keys,
                      const void *from);

/* Has the section an option that is set? */
static bool has_any(const struct tote_bagfile_keys *keys, const void *from)
{
    char text[TOTE_OPTION_TEXT_MAX];
    for (size_t i = 0; i < keys->n; i++)
        if (tote_bagfile_text(&keys->table[i], from, text, sizeof text))
            return true;
    return keys->n_more > 0;
}

static bool emit_pairs(yaml_emitter_t *emitter, const struct tote_bagfile_keys *keys,
                       const void *from)
{
    bool good = true;
    for (size_t i = 0; good && i < keys->n_lists; i++)
        if (keys->lists[i].words->n > 0)
            good = emit_list(emitter, &keys->lists[i]);
    good = good && emit_table(emitter, keys->table, keys->n, from) &&
           emit_more(emitter, keys, from);
    for (size_t i = 0; good && i < keys->n_sections; i++)
        if (has_any(keys->sections[i].keys, from))
            good = emit_scalar(emitter, keys->sections[i].name) &&
                   emit_keys(emitter, keys->sections[i].keys, from);
    return good;
}

static bool emit_keys(yaml_emitter_t *emitter, const struct tote_bagfile_keys *keys,
                      const void *from)
{
    yaml_event_t event;
    return yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
                                               YAML_BLOCK_MAPPING_STYLE) &&
           yaml_emitter_emit(emitter, &event) && emit_pairs(emitter, keys, from) &&
           yaml_mapping_end_event_initialize(&event) &&
           yaml_emitter_emit(emitter, &event);
}

static bool emit_all(yaml_emitter_t *emitter, const struct tote_bagfile_keys *keys,
                     const void *from)
{
    yaml_event_t event;
    return yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) &&
           yaml_emitter_emit(emitter, &event) &&
           yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1) &&
           yaml_emitter_emit(emitter, &event) && emit_keys(emitter, keys, from) &&
           yaml_document_end_event_initialize(&event, 1) &&
           yaml_emitter_emit(emitter, &event) &&
           yaml_stream_end_event_initialize(&event) &&
           yaml_emitter_emit(emitter, &event);
}

int tote_bagfile_print(const struct tote_bagfile_keys *keys, const void *from,
                       FILE *out, struct tote_error *err)
{
    yaml_emitter_t emitter;
    if (!yaml_emitter_initialize(&emitter))
        return tote_error_set(err, -ENOMEM, "out of memory for the configuration");
    yaml_emitter_set_output_file(&emitter, out);
    yaml_emitter_set_width(&emitter, -1);
    bool good = emit_all(&emitter, keys, from);
    yaml_emitter_delete(&emitter);
    return good ? 0 : tote_error_set(err, -EIO, "cannot write the configuration");
}
