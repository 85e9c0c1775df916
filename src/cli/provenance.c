/* SPDX-License-Identifier: MIT */
/* provenance.c: see provenance.h. The dynamic linker itself says what it would load
 * (ld.so(8), LD_TRACE_LOADED_OBJECTS); a script names its interpreter, whose libraries
 * are listed then. */
#include "cli/provenance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest_file.h"
#include "core/capture.h"

#define PREFIX    "environment.digest."
#define TRACE     "LD_TRACE_LOADED_OBJECTS=1"
#define LIST_S    2 /* a static program is not listed but run: not for long */
#define OWN       "/proc/self/exe"
#define ARROW     " => "
#define MAX_NAMES 256 /* of a setting, PREFIX included */

/* The files that were noted, by the path to which links lead. */
struct notes {
    struct tote_store *store;
    struct tote_capture *said;
    char **paths;
    size_t n;
};

static const char *name_of(const char *path)
{
    return strrchr(path, '/') + 1;
}

/* *ret_same: files of that name that were noted before. */
static bool is_noted(const struct notes *notes, const char *path, size_t *ret_same)
{
    *ret_same = 0;
    for (size_t i = 0; i < notes->n; i++) {
        if (strcmp(notes->paths[i], path) == 0)
            return true;
        *ret_same += strcmp(name_of(notes->paths[i]), name_of(path)) == 0;
    }
    return false;
}

static int keep_path(struct notes *notes, const char *path, struct tote_error *err)
{
    char **paths = reallocarray(notes->paths, notes->n + 1, sizeof *paths);
    if (paths)
        notes->paths = paths;
    char *copy = paths ? strdup(path) : NULL;
    if (!copy)
        return tote_error_set(err, -ENOMEM, "out of memory for the environment");
    paths[notes->n++] = copy;
    return 0;
}

/* What went on with another program would be no experiment with one. */
static int note_digest(struct tote_store *store, const char *name, const char *text,
                       struct tote_error *err)
{
    char *before = tote_store_get(store, name);
    bool is_other = before && strcmp(before, text) != 0;
    free(before);
    if (is_other)
        return tote_error_set(err, -EINVAL,
                              "%s is not the one that %s began with: begin anew, with "
                              "another --store",
                              name + strlen(PREFIX), tote_store_path(store));
    return tote_store_set(store, name, text, err);
}

/* Under its name; a second file of that name is NAME#2. */
static int note_file(struct notes *notes, const char *path, struct tote_error *err)
{
    char real[PATH_MAX], name[MAX_NAMES], text[TOTE_DIGEST_TEXT_MAX], number[24] = "";
    struct tote_digest digest;
    size_t n_same;
    if (!realpath(path, real) || is_noted(notes, real, &n_same))
        return 0;
    int fd = open(real, O_RDONLY | O_CLOEXEC);
    int rc = fd < 0 ? -1 : tote_digest_of_file(fd, NULL, &digest);
    if (fd >= 0)
        close(fd);
    if (n_same > 0)
        snprintf(number, sizeof number, "#%zu", n_same + 1);
    int n = snprintf(name, sizeof name, PREFIX "%s%s", name_of(real), number);
    if (rc < 0 || n < 0 || (size_t)n >= sizeof name)
        return 0;
    tote_digest_format(&digest, text);
    rc = keep_path(notes, real, err);
    return rc < 0 ? rc : note_digest(notes->store, name, text, err);
}

/* Lines "\tNAME => PATH (ADDRESS)". */
static int note_listed(struct notes *notes, char *lines, struct tote_error *err)
{
    int rc = 0;
    char *rest = NULL;
    for (char *line = strtok_r(lines, "\n", &rest); rc == 0 && line;
         line = strtok_r(NULL, "\n", &rest)) {
        char *path = strstr(line, ARROW), *end = strrchr(line, '(');
        if (!path || !end || end <= path || end[-1] != ' ')
            continue;
        end[-1] = '\0';
        rc = note_file(notes, path + strlen(ARROW), err);
    }
    return rc;
}

static int note_libraries(struct notes *notes, const char *program,
                          struct tote_error *err)
{
    char *argv[] = {(char *)"/usr/bin/env", (char *)TRACE, (char *)program, NULL};
    struct tote_capture_config config = {
        .argv = argv, .limit_ns = LIST_S * TOTE_NS_PER_S, .signal_fd = -1};
    struct tote_error why = {0};
    if (tote_capture_run(&config, notes->said, &why) < 0 || notes->said->status != 0)
        return 0;
    return note_listed(notes, notes->said->out, err);
}

static int note_program(struct notes *notes, const char *path, struct tote_error *err)
{
    int rc = note_file(notes, path, err);
    return rc < 0 ? rc : note_libraries(notes, path, err);
}

static int note_all(struct notes *notes, const struct tote_engine_spec *engines,
                    size_t n, struct tote_error *err)
{
    char own[PATH_MAX], task[PATH_MAX];
    struct tote_error why = {0};
    int rc = realpath(OWN, own) ? note_program(notes, own, err) : 0;
    if (rc == 0 && tote_program_find("tote-task", task, &why) == 0)
        rc = note_program(notes, task, err);
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = note_program(notes, engines[i].path, err);
    return rc;
}

int tote_provenance_note(struct tote_store *store,
                         const struct tote_engine_spec *engines, size_t n,
                         struct tote_error *err)
{
    struct notes notes = {.store = store, .said = malloc(sizeof *notes.said)};
    int rc = notes.said
                 ? note_all(&notes, engines, n, err)
                 : tote_error_set(err, -ENOMEM, "out of memory for the environment");
    for (size_t i = 0; i < notes.n; i++)
        free(notes.paths[i]);
    free(notes.paths);
    free(notes.said);
    return rc;
}
