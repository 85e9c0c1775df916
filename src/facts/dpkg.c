/* SPDX-License-Identifier: MIT */
/* dpkg.c: reads dpkg's status file and follows dependencies (dpkg.h). */
#include "facts/dpkg.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum mark { UNSEEN, BASE, COUNTED };

struct package {
    char *name, *depends, *provides; /* null: none */
    double kib;
    bool is_installed, is_base;
    enum mark mark;
};

/* A name that stands for a package: its own, or one that it provides. */
struct alias {
    const char *name; /* ends at a blank, a comma or the end of the text */
    size_t n, package;
};

struct world {
    struct package *packages;
    size_t n;
    struct alias *aliases; /* by name */
    size_t n_aliases;
    size_t *stack;
    size_t n_stack;
};

/* --- the list --- */

/* The value of a line "Key: value", or null. */
static const char *value_of(const char *line, const char *key)
{
    size_t n = strlen(key);
    return strncmp(line, key, n) == 0 && line[n] == ':'
               ? line + n + 1 + (line[n + 1] == ' ')
               : NULL;
}

/* Appends to what is there already, with a comma between. */
static int join(char **text, const char *more)
{
    char *all = NULL;
    if (asprintf(&all, "%s%s%s", *text ? *text : "", *text ? ", " : "", more) < 0)
        return -ENOMEM;
    free(*text);
    *text = all;
    return 0;
}

static int take_line(struct package *package, const char *line)
{
    const char *value;
    if ((value = value_of(line, "Package")))
        return join(&package->name, value);
    if ((value = value_of(line, "Depends")) || (value = value_of(line, "Pre-Depends")))
        return join(&package->depends, value);
    if ((value = value_of(line, "Provides")))
        return join(&package->provides, value);
    if ((value = value_of(line, "Installed-Size")))
        package->kib = strtod(value, NULL);
    if ((value = value_of(line, "Status")))
        package->is_installed = strcmp(value, "install ok installed") == 0 ||
                                strcmp(value, "hold ok installed") == 0;
    if ((value = value_of(line, "Essential")) && strcmp(value, "yes") == 0)
        package->is_base = true;
    if ((value = value_of(line, "Priority")) &&
        (strcmp(value, "required") == 0 || strcmp(value, "important") == 0))
        package->is_base = true;
    return 0;
}

static void finish_package(struct package *package)
{
    free(package->name);
    free(package->depends);
    free(package->provides);
    *package = (struct package){0};
}

/* Takes the package, unless it is not installed. */
static int add_package(struct world *world, struct package *package)
{
    if (!package->name || !package->is_installed) {
        finish_package(package);
        return 0;
    }
    struct package *more = reallocarray(world->packages, world->n + 1, sizeof *more);
    if (!more)
        return -ENOMEM;
    world->packages = more;
    world->packages[world->n++] = *package;
    *package = (struct package){0};
    return 0;
}

static int read_list(struct world *world, FILE *list)
{
    char *line = NULL;
    size_t size = 0;
    struct package package = {0};
    int rc = 0;
    for (ssize_t n; rc == 0 && (n = getline(&line, &size, list)) >= 0;) {
        if (n > 0 && line[n - 1] == '\n')
            line[n - 1] = '\0';
        rc = line[0] ? take_line(&package, line) : add_package(world, &package);
    }
    if (rc == 0)
        rc = ferror(list) ? -EIO : add_package(world, &package);
    finish_package(&package);
    free(line);
    return rc;
}

/* --- names --- */

/* The name at text: without blanks before it, and without ":any" or a version. */
static struct alias name_at(const char *text)
{
    text += strspn(text, " ");
    return (struct alias){.name = text, .n = strcspn(text, " ,|:(")};
}

static int compare_aliases(const void *a, const void *b)
{
    const struct alias *x = a, *y = b;
    size_t n = x->n < y->n ? x->n : y->n;
    int order = strncmp(x->name, y->name, n);
    return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

static int add_alias(struct world *world, const char *text, size_t package)
{
    struct alias *more =
        reallocarray(world->aliases, world->n_aliases + 1, sizeof *more);
    if (!more)
        return -ENOMEM;
    world->aliases = more;
    more[world->n_aliases] = name_at(text);
    more[world->n_aliases++].package = package;
    return 0;
}

static int make_aliases(struct world *world)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < world->n; i++) {
        const struct package *package = &world->packages[i];
        rc = add_alias(world, package->name, i);
        for (const char *at = package->provides; rc == 0 && at;
             at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
            rc = add_alias(world, at, i);
    }
    if (world->n_aliases > 0)
        qsort(world->aliases, world->n_aliases, sizeof *world->aliases,
              compare_aliases);
    return rc;
}

/* Null: nothing of that name is installed. */
static struct package *find(const struct world *world, const char *text)
{
    const struct alias key = name_at(text);
    const struct alias *found = world->n_aliases > 0
                                    ? bsearch(&key, world->aliases, world->n_aliases,
                                              sizeof key, compare_aliases)
                                    : NULL;
    return found ? &world->packages[found->package] : NULL;
}

/* --- dependencies --- */

/* Each package gets on the stack once, which has room for all. */
static void push(struct world *world, struct package *package, enum mark mark)
{
    if (package->mark != UNSEEN)
        return;
    package->mark = mark;
    world->stack[world->n_stack++] = (size_t)(package - world->packages);
}

/* "a | b": the first that is installed. */
static void push_one_of(struct world *world, const char *clause, size_t n,
                        enum mark mark)
{
    for (const char *at = clause; at && at < clause + n;) {
        struct package *package = find(world, at);
        if (package) {
            push(world, package, mark);
            return;
        }
        at = memchr(at, '|', (size_t)(clause + n - at));
        at = at ? at + 1 : NULL;
    }
}

/* Marks all that those on the stack depend on. */
static void follow(struct world *world, enum mark mark)
{
    while (world->n_stack > 0) {
        const char *at = world->packages[world->stack[--world->n_stack]].depends;
        while (at) {
            size_t n = strcspn(at, ",");
            push_one_of(world, at, n, mark);
            at = at[n] ? at + n + 1 : NULL;
        }
    }
}

static int mark_all(struct world *world, const json_t *names, struct tote_error *err)
{
    for (size_t i = 0; i < world->n; i++)
        if (world->packages[i].is_base)
            push(world, &world->packages[i], BASE);
    follow(world, BASE);
    size_t i;
    const json_t *name;
    json_array_foreach(names, i, name)
    {
        struct package *package = find(world, json_string_value(name));
        if (!package)
            return tote_error_set(err, -ENOENT, "package %s is not installed",
                                  json_string_value(name));
        push(world, package, COUNTED);
        follow(world, COUNTED);
    }
    return 0;
}

static int sum_up(struct world *world, const json_t *names, struct tote_dpkg_sum *ret,
                  struct tote_error *err)
{
    world->stack = calloc(world->n + 1, sizeof *world->stack);
    int rc = world->stack ? make_aliases(world) : -ENOMEM;
    if (rc == 0)
        rc = mark_all(world, names, err);
    *ret = (struct tote_dpkg_sum){0};
    for (size_t i = 0; rc == 0 && i < world->n; i++) {
        if (world->packages[i].mark != COUNTED)
            continue;
        ret->packages++;
        ret->kib += world->packages[i].kib;
    }
    return rc;
}

int tote_dpkg_sum(const char *status, const json_t *names, struct tote_dpkg_sum *ret,
                  struct tote_error *err)
{
    struct world world = {0};
    FILE *list = fopen(status, "re");
    if (!list)
        return tote_error_set(err, -errno, "cannot read dpkg's list %s: %s", status,
                              strerror(errno));
    int rc = read_list(&world, list);
    fclose(list);
    if (rc == 0)
        rc = sum_up(&world, names, ret, err);
    for (size_t i = 0; i < world.n; i++)
        finish_package(&world.packages[i]);
    free(world.packages);
    free(world.aliases);
    free(world.stack);
    return rc == 0 ? 0 : tote_error_set(err, rc, "dpkg's list: %s", strerror(-rc));
}
