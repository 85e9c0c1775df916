/* SPDX-License-Identifier: MIT */
/* args.c: reads a command line by option tables (args.h). */
#include "cli/args.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

size_t tote_args_merge(const struct tote_option_list *lists, size_t n,
                       struct tote_option *into)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < lists[i].n && total < TOTE_ARGS_MAX; j++)
            into[total++] = lists[i].table[j];
    return total;
}

static const struct tote_option *find(const struct tote_option *table, size_t n,
                                      const char *name, size_t n_name)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(table[i].name) == n_name && memcmp(table[i].name, name, n_name) == 0)
            return &table[i];
    return NULL;
}

static int unknown(const struct tote_option *table, size_t n, const char *word,
                   struct tote_error *err)
{
    const char *names[TOTE_ARGS_MAX + 1] = {0};
    for (size_t i = 0; i < n; i++)
        names[i] = table[i].name;
    const char *near = tote_option_suggest(word, names);
    if (near)
        return tote_error_set(err, -EINVAL, "unknown option --%s; did you mean --%s?",
                              word, near);
    return tote_error_set(err, -EINVAL, "unknown option --%s; --help lists all", word);
}

/* Takes the option at argv[at], and its value from there or the next word. Returns how
 * many words it took. */
static int take_option(char **argv, int argc, int at, const struct tote_option *table,
                       size_t n, struct tote_args *args, struct tote_error *err)
{
    const char *word = argv[at] + 2;
    size_t n_name = strcspn(word, "=");
    const struct tote_option *option = find(table, n, word, n_name);
    if (!option) {
        char name[TOTE_OPTION_TEXT_MAX];
        snprintf(name, sizeof name, "%.*s", (int)n_name, word);
        return unknown(table, n, name, err);
    }
    if (args->n_options == TOTE_ARGS_MAX)
        return tote_error_set(err, -EINVAL, "more than %d options", TOTE_ARGS_MAX);

    int taken = 1;
    const char *value = word[n_name] == '=' ? word + n_name + 1 : NULL;
    if (!value && option->type == TOTE_OPTION_BOOL)
        value = "yes";
    if (!value && at + 1 < argc) {
        value = argv[at + 1];
        taken = 2;
    }
    if (!value)
        return tote_error_set(err, -EINVAL, "option --%s wants a value", option->name);
    args->options[args->n_options].name = option->name;
    args->options[args->n_options++].value = value;
    return taken;
}

static int take_argument(const char *word, size_t most, struct tote_args *args,
                         struct tote_error *err)
{
    if (args->n_arguments == most || args->n_arguments == TOTE_ARGS_MAX)
        return tote_error_set(err, -EINVAL, "unexpected argument '%s'", word);
    args->arguments[args->n_arguments++] = word;
    return 1;
}

bool tote_args_want_json(int argc, char **argv)
{
    bool wanted = false;
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0)
            wanted = true;
        else if (strncmp(argv[i], "--json=", 7) == 0)
            wanted = strcmp(argv[i] + 7, "no") != 0;
    }
    return wanted;
}

const char *tote_args_find(const struct tote_args *args, const char *name)
{
    for (size_t i = args->n_options; i > 0; i--)
        if (strcmp(args->options[i - 1].name, name) == 0)
            return args->options[i - 1].value;
    return NULL;
}

/* Reads the words into ret_args, which is zeroed. */
static int parse_words(int argc, char **argv, const struct tote_option *table, size_t n,
                       size_t most, struct tote_args *ret_args, struct tote_error *err)
{
    bool is_open = true; /* no "--" yet */
    for (int at = 0, taken; at < argc; at += taken) {
        const char *word = argv[at];
        if (is_open && strcmp(word, "--") == 0) {
            is_open = false;
            taken = 1;
        } else if (is_open &&
                   (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) {
            ret_args->wants_help = true;
            taken = 1;
        } else if (is_open && strncmp(word, "--", 2) == 0) {
            taken = take_option(argv, argc, at, table, n, ret_args, err);
        } else if (is_open && word[0] == '-' && word[1] != '\0') {
            taken = tote_error_set(err, -EINVAL, "unknown option %s; --help lists all",
                                   word);
        } else {
            taken = take_argument(word, most, ret_args, err);
        }
        if (taken < 0)
            return taken;
    }
    return 0;
}

int tote_args_parse(int argc, char **argv, const struct tote_option_list *lists,
                    size_t n, size_t most, struct tote_args *ret_args,
                    struct tote_error *err)
{
    struct tote_option table[TOTE_ARGS_MAX];
    size_t n_table = tote_args_merge(lists, n, table);
    *ret_args = (struct tote_args){0};
    int rc = parse_words(argc, argv, table, n_table, most, ret_args, err);
    const char *json = tote_args_find(ret_args, "json");
    ret_args->wants_json =
        rc < 0 ? tote_args_want_json(argc, argv) : json && strcmp(json, "no") != 0;
    return rc;
}

int tote_args_apply(const struct tote_args *args, const struct tote_option_list *lists,
                    size_t n, void *into, struct tote_error *err)
{
    struct tote_option table[TOTE_ARGS_MAX];
    size_t n_table = tote_args_merge(lists, n, table);
    for (size_t i = 0; i < args->n_options; i++) {
        int rc = tote_options_set(table, n_table, args->options[i].name,
                                  args->options[i].value, into, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}
