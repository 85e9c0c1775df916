/* SPDX-License-Identifier: MIT */
/* factsfile.c: reads and checks a facts file (factsfile.h). */
#include "facts/factsfile.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "tote/option.h"

#define NUMBER_MAX 1e12

/* --- texts --- */

/* Not empty, of one line, and short enough. */
static bool is_line(const json_t *value, size_t size)
{
    const char *text = json_string_value(value);
    if (!text || !text[0] || strlen(text) != json_string_length(value) ||
        strlen(text) >= size)
        return false;
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return false;
    return true;
}

static bool is_plain(const json_t *value)
{
    return is_line(value, TOTE_FACTSFILE_NAME_MAX) &&
           !strchr(json_string_value(value), '/') &&
           json_string_value(value)[0] != '-' && json_string_value(value)[0] != '.';
}

static bool is_list(const json_t *value, bool (*is_good)(const json_t *item))
{
    size_t i;
    const json_t *item;
    if (!json_is_array(value) || json_array_size(value) > TOTE_FACTSFILE_ITEMS_MAX)
        return false;
    json_array_foreach(value, i, item)
    {
        if (!is_good(item))
            return false;
    }
    return true;
}

static bool is_item(const json_t *value)
{
    return is_line(value, TOTE_FACT_TEXT_MAX);
}

/* A relative path that leads nowhere else. */
static bool is_inside(const json_t *value)
{
    if (!is_line(value, TOTE_FACTSFILE_NAME_MAX))
        return false;
    const char *text = json_string_value(value);
    for (;;) {
        size_t n = strcspn(text, "/");
        if (n == 0 || text[0] == '.')
            return false;
        if (text[n] == '\0')
            return true;
        text += n + 1;
    }
}

/* --- keys --- */

/* Every key of object is among names, which end with a null. */
static int check_keys(const json_t *object, const char *where, const char *const *names,
                      struct tote_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value)
    {
        size_t i = 0;
        while (names[i] && strcmp(names[i], key) != 0)
            i++;
        if (names[i])
            continue;
        const char *near = tote_option_suggest(key, names);
        return tote_error_set(err, -EBADMSG, "%s has an unknown key '%.60s'%s%s%s",
                              where, key, near ? "; did you mean '" : "",
                              near ? near : "", near ? "'?" : "");
    }
    return 0;
}

/* --- one fact --- */

static int bad_fact(const char *name, const char *wants, struct tote_error *err)
{
    return tote_error_set(err, -EBADMSG, "'%s' must be an object with %s and a source",
                          name, wants);
}

static int take_number(struct tote_fact *fact, const struct tote_fact_kind *kind,
                       const json_t *object, struct tote_error *err)
{
    const json_t *value = json_object_get(object, "value"),
                 *items = json_object_get(object, "items");
    if (kind->has_items) {
        if (value || !is_list(items, is_item))
            return bad_fact(kind->name, "a list of lines, items,", err);
        fact->number = (double)json_array_size(items);
        fact->items = json_incref((json_t *)items);
        return 0;
    }
    double number = json_is_number(value) ? json_number_value(value) : NAN;
    if (items || !(number >= 0 && number <= NUMBER_MAX))
        return bad_fact(kind->name, "a value, a number from 0,", err);
    fact->number = number;
    return 0;
}

static int take_fact(struct tote_facts *facts, enum tote_fact_id id,
                     const json_t *object, struct tote_error *err)
{
    static const char *const of_number[] = {"value", "source", NULL},
                             *const of_items[] = {"items", "source", NULL},
                             *const of_text[] = {"text", "source", NULL};
    const struct tote_fact_kind *kind = &tote_fact_kinds[id];
    struct tote_fact *fact = &facts->at[id];
    bool is_text = id >= TOTE_FACT_NUMBERS;
    const json_t *source = json_object_get(object, "source"),
                 *text = json_object_get(object, "text");
    int rc = check_keys(object, kind->name,
                        is_text           ? of_text
                        : kind->has_items ? of_items
                                          : of_number,
                        err);
    if (rc == 0 && (!is_item(source) || (is_text && !is_item(text))))
        rc = bad_fact(kind->name, is_text ? "a text of one line" : "a value", err);
    if (rc == 0 && !is_text)
        rc = take_number(fact, kind, object, err);
    if (rc < 0)
        return rc;
    if (is_text)
        snprintf(fact->text, sizeof fact->text, "%s", json_string_value(text));
    snprintf(fact->how, sizeof fact->how, "%s", json_string_value(source));
    fact->source = TOTE_FACT_DOCUMENTED;
    return 0;
}

/* --- the file --- */

static int take_installed(const json_t *object, struct tote_installed *installed,
                          struct tote_error *err)
{
    static const char *const names[] = {"dpkg", "files", "data", NULL};
    const json_t *data = json_object_get(object, "data");
    if (!object)
        return 0;
    installed->dpkg = json_object_get(object, "dpkg");
    installed->files = json_object_get(object, "files");
    if (!json_is_object(object) ||
        (installed->dpkg && !is_list(installed->dpkg, is_plain)) ||
        (installed->files && !is_list(installed->files, is_plain)) ||
        (data && !is_inside(data)))
        return tote_error_set(
            err, -EBADMSG,
            "'installed' must be an object with dpkg and files, lists "
            "of plain names, and data, a folder below tote's own");
    installed->data = json_string_value(data);
    installed->is_stated = true;
    return check_keys(object, "installed", names, err);
}

static int take_root(const json_t *root, struct tote_facts *facts,
                     struct tote_installed *installed, struct tote_error *err)
{
    const char *names[TOTE_FACT_COUNT + 3] = {"facts_version", "installed"};
    for (int i = 0; i < TOTE_FACT_COUNT; i++)
        names[i + 2] = tote_fact_kinds[i].name;
    if (!json_is_object(root) ||
        json_integer_value(json_object_get(root, "facts_version")) != 1)
        return tote_error_set(err, -EBADMSG,
                              "it must be an object with \"facts_version\": 1");
    int rc = check_keys(root, "it", names, err);
    if (rc == 0)
        rc = take_installed(json_object_get(root, "installed"), installed, err);
    for (int i = 0; rc == 0 && i < TOTE_FACT_COUNT; i++) {
        const json_t *fact = json_object_get(root, tote_fact_kinds[i].name);
        if (fact)
            rc = take_fact(facts, (enum tote_fact_id)i, fact, err);
    }
    return rc;
}

int tote_factsfile_parse(const char *name, const char *text, size_t size,
                         struct tote_facts *facts, struct tote_installed *ret_installed,
                         struct tote_error *err)
{
    json_error_t why;
    *ret_installed = (struct tote_installed){
        .root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &why)};
    if (!ret_installed->root)
        return tote_error_set(err, -EBADMSG, "%s:%d:%d: %s", name, why.line, why.column,
                              why.text);
    struct tote_error what = {0};
    int rc = take_root(ret_installed->root, facts, ret_installed, &what);
    if (rc < 0) {
        tote_installed_finish(ret_installed);
        tote_facts_finish(facts);
        return tote_error_set(err, rc, "%s: %s", name, what.text);
    }
    return 0;
}

int tote_factsfile_load(const char *program, struct tote_facts *facts,
                        struct tote_installed *ret_installed, struct tote_error *err)
{
    char path[PATH_MAX];
    *ret_installed = (struct tote_installed){0};
    if (snprintf(path, sizeof path, "%s.facts", program) >= (int)sizeof path)
        return 0; /* so there is none */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? 0 : tote_file_fail("read", path, errno, err);
    void *bytes = NULL;
    size_t n = 0;
    int rc = tote_file_read(fd, TOTE_FACTSFILE_MAX, &bytes, &n);
    close(fd);
    if (rc < 0)
        return tote_file_fail("read", path, -rc, err);
    rc = tote_factsfile_parse(path, bytes, n, facts, ret_installed, err);
    free(bytes);
    return rc;
}

void tote_installed_finish(struct tote_installed *installed)
{
    json_decref(installed->root);
    *installed = (struct tote_installed){0};
}
