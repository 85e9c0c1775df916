/* SPDX-License-Identifier: MIT */
/* facts_document.c: reads facts of engines from a file of ours (facts_document.h). */
#include "report/facts_document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

#define HOW "tote engines facts --json > FILE"

static int read_file(const char *path, char **ret_text, size_t *ret_n,
                     struct tote_error *err)
{
    void *bytes = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int rc =
        fd < 0 ? -errno : tote_file_read(fd, TOTE_FACTS_DOCUMENT_MAX, &bytes, ret_n);
    if (fd >= 0)
        close(fd);
    if (rc < 0)
        return tote_file_fail("read the facts in", path, -rc, err);
    *ret_text = bytes;
    return 0;
}

static bool is_facts(json_t *root)
{
    const char *kind = json_string_value(json_object_get(root, "kind"));
    json_t *engines = json_object_get(root, "engines"), *engine;
    size_t i;
    if (!kind || strcmp(kind, "facts") != 0 || json_array_size(engines) == 0)
        return false;
    json_array_foreach(engines, i, engine)
    {
        if (!json_is_string(json_object_get(engine, "engine")) ||
            !json_is_object(json_object_get(engine, "facts")))
            return false;
    }
    return true;
}

int tote_facts_document_read(const char *path, struct tote_facts_document *ret,
                             struct tote_error *err)
{
    char *text = NULL;
    size_t n = 0;
    json_error_t where;
    int rc = read_file(path, &text, &n, err);
    if (rc < 0)
        return rc;
    json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, &where);
    free(text);
    if (!root)
        return tote_error_set(err, -EBADMSG,
                              "%s is not JSON in line %d: make it by " HOW, path,
                              where.line);
    if (!is_facts(root)) {
        json_decref(root);
        return tote_error_set(err, -EBADMSG,
                              "%s holds no facts of engines: make it by " HOW, path);
    }
    ret->root = root;
    return 0;
}

void tote_facts_document_finish(struct tote_facts_document *document)
{
    json_decref(document->root);
    document->root = NULL;
}

json_t *tote_facts_document_engines(const struct tote_facts_document *document)
{
    return json_object_get(document->root, "engines");
}

json_t *tote_facts_document_fact(json_t *engine, const char *name)
{
    return json_object_get(json_object_get(engine, "facts"), name);
}
