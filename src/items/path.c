/* SPDX-License-Identifier: MIT */
/* path.c: paths of items, of files that are read and of files that are made (path.h).
 */
#include "items/path.h"

#include <stdbool.h>
#include <string.h>

#include "base/slice.h"

enum { COMPONENT_MAX = 255 }; /* bytes of a name on Linux filesystems */

struct tote_path_pieces tote_path_split(const char *path, size_t n)
{
    const char *slash = n ? memrchr(path, '/', n) : NULL;
    size_t base = slash ? (size_t)(slash - path) + 1 : 0;
    const char *dot = n > base ? memrchr(path + base, '.', n - base) : NULL;
    size_t end = dot ? (size_t)(dot - path) : n;
    if (end == base || end + 1 >= n)
        end = n; /* ".profile", "odd." */
    struct tote_path_pieces pieces = {
        .base = {base, n - base},
        .stem = {base, end - base},
        .ext = {end < n ? end + 1 : n, end < n ? n - end - 1 : 0},
        .dir = {0, base > 1 ? base - 1 : base}, /* of "/x": "/" */
    };
    return pieces;
}

static bool has_control(const char *path)
{
    for (; *path; path++)
        if ((unsigned char)*path < ' ' || *path == 0x7f)
            return true;
    return false;
}

static bool is_component(const char *at, size_t n, const char *name)
{
    return n == strlen(name) && !memcmp(at, name, n);
}

static const char *refuse_component(const char *at, size_t n)
{
    if (n == 0)
        return "has an empty part";
    if (is_component(at, n, "."))
        return "has a part '.'";
    if (is_component(at, n, ".."))
        return "has a part '..': it could lead out of the folder";
    if (n > COMPONENT_MAX)
        return "has a part of more than 255 bytes";
    if (!strncmp(at, ".tote-", strlen(".tote-")))
        return "has a part that begins with '.tote-', which is tote's own";
    return NULL;
}

const char *tote_path_refuse_out(const char *path)
{
    if (!*path)
        return "is empty";
    if (*path == '/')
        return "is absolute: write it relative to the results folder";
    if (strlen(path) >= TOTE_FILE_NAME_MAX)
        return "is longer than 4095 bytes";
    if (has_control(path))
        return "has a control character: name outputs by {index}";
    for (const char *at = path; at; at = strchr(at, '/')) {
        at += at != path; /* behind the slash */
        const char *why = refuse_component(at, strcspn(at, "/"));
        if (why)
            return why;
    }
    return NULL;
}

/* "./" alone and ".//x" are left: refuse_out says what is wrong with them. */
const char *tote_path_plain(const char *path)
{
    while (path[0] == '.' && path[1] == '/' && path[2] && path[2] != '/')
        path += 2;
    return path;
}

bool tote_path_is_below(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    return !strncmp(path, folder, n) && path[n] == '/';
}

const char *tote_path_refuse_in(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    if (!*path)
        return "is empty";
    if (strlen(path) >= TOTE_FILE_NAME_MAX)
        return "is longer than 4095 bytes";
    if (!*base || !strcmp(base, ".") || !strcmp(base, ".."))
        return "names a folder, not a file";
    return NULL;
}
