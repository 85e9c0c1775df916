/* SPDX-License-Identifier: MIT */
/* program.c: finds tote's programs and reads what an engine says of itself (program.h).
 */
#include "core/program.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/capture.h"
#include "tote/option.h"

#define ENGINE_PREFIX "tote-engine-"

/* --- places --- */

/* Relative to the folder that holds the running tote. */
static const char *const places[] = {"", "../lib/tote/"};
enum { N_PLACES = sizeof places / sizeof places[0] };

/* The folder of the running tote with its slash, then the place. */
static int place_path(int place, char into[static PATH_MAX])
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n < 0)
        return -errno;
    self[n] = '\0';
    *(strrchr(self, '/') + 1) = '\0';
    n = snprintf(into, PATH_MAX, "%s%s", self, places[place]);
    return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int tote_program_find(const char *name, char into[static PATH_MAX],
                      struct tote_error *err)
{
    for (int i = 0; i < N_PLACES; i++) {
        char folder[PATH_MAX];
        if (place_path(i, folder) < 0 ||
            snprintf(into, PATH_MAX, "%s%s", folder, name) >= PATH_MAX)
            continue;
        char *real = realpath(into, NULL);
        if (real && strlen(real) < PATH_MAX) {
            memcpy(into, real, strlen(real) + 1);
            free(real);
            return 0;
        }
        free(real);
    }
    return tote_error_set(err, -ENOENT, "%s is not installed beside tote", name);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool holds(char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* Appends a copy and a null; frees all on failure. */
static char **names_add(char **names, size_t *n, const char *name)
{
    char *copy = strdup(name);
    char **bigger = realloc(names, (*n + 2) * sizeof *names);
    if (!copy || !bigger) {
        free(copy);
        names = bigger ? bigger : names;
        for (size_t i = 0; i < *n; i++)
            free(names[i]);
        free(names);
        return NULL;
    }
    bigger[(*n)++] = copy;
    bigger[*n] = NULL;
    return bigger;
}

char **tote_program_engines(void)
{
    size_t n = 0;
    char **names = calloc(1, sizeof *names);
    for (int i = 0; names && i < N_PLACES; i++) {
        char folder[PATH_MAX];
        DIR *dir = place_path(i, folder) == 0 ? opendir(folder) : NULL;
        struct dirent *entry;
        while (dir && names && (entry = readdir(dir))) {
            const char *name = entry->d_name;
            if (strncmp(name, ENGINE_PREFIX, strlen(ENGINE_PREFIX)) != 0 ||
                strchr(name, '.') || faccessat(dirfd(dir), name, X_OK, 0) < 0)
                continue;
            name += strlen(ENGINE_PREFIX);
            if (!holds(names, n, name))
                names = names_add(names, &n, name);
        }
        if (dir)
            closedir(dir);
    }
    if (names)
        qsort(names, n, sizeof *names, compare_names);
    return names;
}

static int unknown_engine(const char *name, struct tote_error *err)
{
    char **names = tote_program_engines();
    const char *near =
        names ? tote_option_suggest(name, (const char *const *)names) : NULL;
    if (near)
        tote_error_set(err, -EINVAL, "unknown engine '%s'; did you mean '%s'?", name,
                       near);
    else
        tote_error_set(err, -EINVAL,
                       "unknown engine '%s'; 'tote engines' lists what there is", name);
    for (size_t i = 0; names && names[i]; i++)
        free(names[i]);
    free(names);
    return -EINVAL;
}

int tote_program_find_engine(const char *name, char into[static PATH_MAX],
                             struct tote_error *err)
{
    if (strchr(name, '/')) {
        if (snprintf(into, PATH_MAX, "%s", name) < PATH_MAX && access(into, X_OK) == 0)
            return 0;
        return tote_error_set(err, -EINVAL, "cannot run engine %s: %s", name,
                              strerror(strlen(name) < PATH_MAX ? errno : ENAMETOOLONG));
    }
    char file[TOTE_NAME_MAX + sizeof ENGINE_PREFIX];
    int n = snprintf(file, sizeof file, ENGINE_PREFIX "%s", name);
    if (n >= (int)sizeof file || tote_program_find(file, into, NULL) < 0)
        return unknown_engine(name, err);
    return 0;
}

/* --- describe --- */

int tote_program_describe(const char *path, struct tote_describe *ret_about,
                          struct tote_error *err)
{
    struct tote_capture *said = malloc(sizeof *said);
    if (!said)
        return tote_error_set(err, -ENOMEM, "out of memory for %s --describe", path);
    char *const argv[] = {(char *)path, (char *)"--describe", NULL};
    struct tote_capture_config config = {
        .argv = argv, .limit_ns = TOTE_DESCRIBE_S * TOTE_NS_PER_S, .signal_fd = -1};
    int rc = tote_capture_run(&config, said, err);
    if (rc == 0) {
        const char *newline = memchr(said->out, '\n', said->out_n);
        rc = newline ? tote_describe_parse(said->out, (size_t)(newline - said->out),
                                           ret_about, err)
                     : tote_error_set(err, -ENOEXEC, "it printed no line");
        if (rc < 0)
            tote_error_prefix(err, "%s --describe is not that of an engine", path);
    }
    free(said);
    return rc < 0 ? -ENOEXEC : 0;
}

int tote_program_check_bag(const struct tote_bag *bag, struct tote_error *err)
{
    char program[PATH_MAX], kernel[TOTE_KERNEL_SPEC_MAX + 16], size[32];
    int rc = tote_program_find("tote-task", program, err);
    if (rc < 0)
        return rc;
    snprintf(kernel, sizeof kernel, "--kernel=%s", bag->kernel);
    snprintf(size, sizeof size, "--size=%" PRIu64, bag->size);
    char *const argv[] = {program, kernel, size, (char *)"--check", NULL};
    struct tote_capture_config config = {
        .argv = argv, .limit_ns = TOTE_DESCRIBE_S * TOTE_NS_PER_S, .signal_fd = -1};
    struct tote_capture *said = malloc(sizeof *said);
    if (!said)
        return tote_error_set(err, -ENOMEM, "out of memory for tote-task --check");
    rc = tote_capture_run(&config, said, err);
    if (rc == 0 && said->status != 0) {
        const char *sentence = said->err;
        if (strncmp(sentence, "tote-task: ", 11) == 0)
            sentence += 11;
        tote_error_set(err, -EINVAL, "%.*s", (int)strcspn(sentence, "\n"), sentence);
        rc = -EINVAL;
    }
    free(said);
    return rc;
}

/* --- specs --- */

static int unknown_option(const struct tote_engine_spec *spec, const char *name,
                          struct tote_error *err)
{
    size_t n = json_array_size(spec->about.options);
    const char **names = calloc(n + 1, sizeof *names);
    if (!names)
        return tote_error_set(err, -ENOMEM, "out of memory for option names");
    char all[TOTE_ERROR_MAX] = "it has batch";
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        json_t *option = json_array_get(spec->about.options, i);
        names[i] = json_string_value(json_object_get(option, "name"));
        if (used < sizeof all)
            used += (size_t)snprintf(all + used, sizeof all - used, "%s%s",
                                     i ? ", " : "it has batch, ", names[i]);
    }
    const char *near = tote_option_suggest(name, names);
    if (near)
        tote_error_set(err, -EINVAL, "engine %s has no option '%s'; did you mean '%s'?",
                       spec->name, name, near);
    else
        tote_error_set(err, -EINVAL, "engine %s has no option '%s'; %s", spec->name,
                       name, all);
    free(names);
    return -EINVAL;
}

static bool is_option(const struct tote_engine_spec *spec, const char *name)
{
    size_t i;
    json_t *option;
    json_array_foreach(
        spec->about.options, i,
        option) if (strcmp(json_string_value(json_object_get(option, "name")), name) ==
                    0) return true;
    return false;
}

static bool opens_network(const struct tote_engine_spec *spec, const char *name)
{
    size_t i;
    json_t *option;
    json_array_foreach(spec->about.network_options, i,
                       option) if (strcmp(json_string_value(option), name) ==
                                   0) return true;
    return false;
}

int tote_batch_parse(const char *text, uint32_t *ret_batch, struct tote_error *err)
{
    static const struct tote_option number = {
        .name = "batch", .type = TOTE_OPTION_UINT, .min = 1, .max = TOTE_BATCH_MAX};
    uint64_t tasks = 0;
    if (strcmp(text, "auto") != 0 &&
        tote_options_set(&number, 1, "batch", text, &tasks, NULL) < 0)
        return tote_error_set(err, -EINVAL,
                              "batch must be auto or a number from 1 to %u, not '%s'",
                              TOTE_BATCH_MAX, text);
    *ret_batch = (uint32_t)tasks;
    return 0;
}

static int set_batch(struct tote_engine_spec *spec, const char *value, size_t n,
                     struct tote_error *err)
{
    char text[TOTE_NAME_MAX];
    snprintf(text, sizeof text, "%.*s", (int)n, value);
    spec->has_batch = true;
    return tote_batch_parse(text, &spec->batch, err);
}

/* Takes one "name=value" of n bytes into the object. */
static int add_option(struct tote_engine_spec *spec, const char *text, size_t n,
                      struct tote_error *err)
{
    char name[TOTE_NAME_MAX];
    const char *equals = memchr(text, '=', n);
    size_t n_name = equals ? (size_t)(equals - text) : 0;
    if (n_name == 0 || n_name >= sizeof name)
        return tote_error_set(err, -EINVAL, "'%.*s' of engine %s is not NAME=VALUE",
                              (int)n, text, spec->name);
    memcpy(name, text, n_name);
    name[n_name] = '\0';
    if (strcmp(name, "batch") == 0)
        return set_batch(spec, equals + 1, n - n_name - 1, err);
    if (!is_option(spec, name))
        return unknown_option(spec, name, err);
    if (json_object_get(spec->options, name))
        return tote_error_set(err, -EINVAL, "option '%s' of engine %s is given twice",
                              name, spec->name);
    spec->wants_host_network |= opens_network(spec, name);
    json_t *value = json_stringn(equals + 1, n - n_name - 1);
    if (!value || json_object_set_new(spec->options, name, value) < 0)
        return tote_error_set(err, -EINVAL, "option '%s' of engine %s is not UTF-8",
                              name, spec->name);
    return 0;
}

static int add_options(struct tote_engine_spec *spec, const char *text,
                       struct tote_error *err)
{
    bool has_more = *text;
    while (has_more) {
        size_t n = strcspn(text, ",");
        int rc = add_option(spec, text, n, err);
        if (rc < 0)
            return rc;
        has_more = text[n] == ',';
        text += n + has_more;
    }
    return 0;
}

static int check_usable(const struct tote_engine_spec *spec, struct tote_error *err)
{
    if (spec->about.is_usable)
        return 0;
    return tote_error_set(err, -ENOPKG, "engine %s is not usable: %s; run: %s",
                          spec->name, spec->about.why, spec->about.mend);
}

int tote_engine_spec_init(struct tote_engine_spec *spec, const char *text,
                          struct tote_error *err)
{
    *spec = (struct tote_engine_spec){.options = json_object()};
    const char *options;
    int rc = 0;
    if (!spec->options)
        rc = tote_error_set(err, -ENOMEM, "out of memory for engine options");
    else if (snprintf(spec->label, sizeof spec->label, "%s", text) >=
             (int)sizeof spec->label)
        rc = tote_error_set(err, -EINVAL,
                            "an engine's options are longer than %zu bytes",
                            sizeof spec->label - 1);
    if (rc == 0)
        rc = tote_options_split(text, spec->name, sizeof spec->name, &options, err);
    if (rc == 0)
        rc = tote_program_find_engine(spec->name, spec->path, err);
    if (rc == 0)
        rc = tote_program_describe(spec->path, &spec->about, err);
    if (rc == 0)
        rc = check_usable(spec, err); /* an engine that is absent knows no options */
    if (rc == 0)
        rc = add_options(spec, options, err);
    if (rc < 0)
        tote_engine_spec_finish(spec);
    return rc;
}

void tote_engine_spec_finish(struct tote_engine_spec *spec)
{
    json_decref(spec->options);
    tote_describe_finish(&spec->about);
    *spec = (struct tote_engine_spec){0};
}

const char *tote_engine_spec_path_option(const struct tote_engine_spec *spec)
{
    size_t i;
    json_t *option;
    json_array_foreach(spec->about.options, i, option)
    {
        const char *name = json_string_value(json_object_get(option, "name"));
        const char *metavar = json_string_value(json_object_get(option, "metavar"));
        if (strcmp(metavar, "FILE") == 0 && json_object_get(spec->options, name))
            return name;
    }
    return NULL;
}
