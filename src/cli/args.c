/* SPDX-License-Identifier: MIT */
/* args.c: reads a command line by option tables (args.h). */
#include "cli/args.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/hint.h"

int tote_args_merge(const struct tote_option_list *lists, size_t n,
                    struct tote_option *into, size_t *ret_n, struct tote_error *err)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        if (lists[i].n > TOTE_ARGS_MAX - total)
            return tote_error_set(err, -E2BIG, "a command has more than %d options",
                                  TOTE_ARGS_MAX);
        for (size_t j = 0; j < lists[i].n; j++)
            into[total++] = lists[i].table[j];
    }
    *ret_n = total;
    return 0;
}

static const struct tote_option *find(const struct tote_option *table, size_t n,
                                      const char *name, size_t n_name)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(table[i].name) == n_name && memcmp(table[i].name, name, n_name) == 0)
            return &table[i];
    return NULL;
}

/* Commands of bags come from users of GNU parallel. */
static bool known_elsewhere(const char *word, const struct tote_args *args,
                            struct tote_error *err)
{
    const char *hint = args->takes_rest ? tote_hint_find(word) : NULL;
    if (hint)
        tote_error_set(err, -EINVAL, "unknown option %s of GNU parallel: %s", word,
                       hint);
    return hint != NULL;
}

static int unknown(const struct tote_option *table, size_t n, const char *word,
                   const struct tote_args *args, struct tote_error *err)
{
    const char *names[TOTE_ARGS_MAX + 1] = {0};
    if (known_elsewhere(word, args, err))
        return -EINVAL;
    for (size_t i = 0; i < n; i++)
        names[i] = table[i].name;
    const char *near = tote_option_suggest(word + 2, names);
    if (near)
        return tote_error_set(err, -EINVAL, "unknown option %s; did you mean --%s?",
                              word, near);
    return tote_error_set(err, -EINVAL, "unknown option %s; --help lists all", word);
}

static int take_value(const struct tote_option *option, const char *value,
                      struct tote_args *args, struct tote_error *err)
{
    if (args->n_options == TOTE_ARGS_MAX)
        return tote_error_set(err, -EINVAL, "more than %d options", TOTE_ARGS_MAX);
    if (!value)
        return tote_error_set(err, -EINVAL, "option --%s wants a value", option->name);
    args->options[args->n_options].name = option->name;
    args->options[args->n_options++].value = value;
    return 0;
}

/* Takes an option whose value, if it has one, is `attached` (else null) or the word
 * after argv[at]. Returns how many words it took. */
static int take_named(char **argv, int argc, int at, const struct tote_option *option,
                      const char *attached, struct tote_args *args,
                      struct tote_error *err)
{
    const char *value = attached;
    bool is_next = !value && option->type != TOTE_OPTION_BOOL;
    if (!value)
        value = !is_next ? "yes" : at + 1 < argc ? argv[at + 1] : NULL;
    int rc = take_value(option, value, args, err);
    return rc < 0 ? rc : 1 + is_next;
}

static int take_option(char **argv, int argc, int at, const struct tote_option *table,
                       size_t n, struct tote_args *args, struct tote_error *err)
{
    const char *word = argv[at] + 2;
    size_t n_name = strcspn(word, "=");
    const struct tote_option *option = find(table, n, word, n_name);
    if (!option) {
        char name[TOTE_OPTION_TEXT_MAX];
        snprintf(name, sizeof name, "--%.*s", (int)n_name, word);
        return unknown(table, n, name, args, err);
    }
    const char *attached = word[n_name] == '=' ? word + n_name + 1 : NULL;
    return take_named(argv, argc, at, option, attached, args, err);
}

/* "-a value", "-avalue", "-n". */
static int take_letter(char **argv, int argc, int at, const struct tote_option *table,
                       size_t n, struct tote_args *args, struct tote_error *err)
{
    const char *word = argv[at];
    const struct tote_option *option = NULL;
    for (size_t i = 0; i < n && !option; i++)
        if (table[i].letter == word[1])
            option = &table[i];
    bool is_flag = option && option->type == TOTE_OPTION_BOOL;
    if (!option && known_elsewhere(word, args, err))
        return -EINVAL;
    if (!option || (is_flag && word[2] != '\0'))
        return tote_error_set(err, -EINVAL, "unknown option %s; --help lists all",
                              word);
    return take_named(argv, argc, at, option, word[2] ? word + 2 : NULL, args, err);
}

static int take_argument(const char *word, size_t most, bool takes_rest,
                         struct tote_args *args, struct tote_error *err)
{
    if (args->n_arguments == most || args->n_arguments == TOTE_ARGS_MAX)
        return tote_error_set(err, -EINVAL, "unexpected argument '%s'%s", word,
                              takes_rest ? "; a command of the bag comes after --"
                                         : "");
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

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

/* Reads the words into ret_args, which is zeroed. */
static int parse_words(int argc, char **argv, const struct tote_option *table, size_t n,
                       size_t most, bool takes_rest, struct tote_args *ret_args,
                       struct tote_error *err)
{
    bool is_open = true; /* no "--" yet */
    for (int at = 0, taken = 1; at < argc; at += taken) {
        const char *word = argv[at];
        taken = 1;
        if (is_open && strcmp(word, "--") == 0 && takes_rest) {
            ret_args->has_rest = true;
            ret_args->rest = (const char *const *)argv + at + 1;
            ret_args->n_rest = (size_t)(argc - at - 1);
            return 0;
        } else if (is_open && strcmp(word, "--") == 0) {
            is_open = false;
        } else if (is_open && is_help(word)) {
            ret_args->wants_help = true;
        } else if (is_open && strncmp(word, "--", 2) == 0) {
            taken = take_option(argv, argc, at, table, n, ret_args, err);
        } else if (is_open && word[0] == '-' && word[1] != '\0') {
            taken = take_letter(argv, argc, at, table, n, ret_args, err);
        } else {
            taken = take_argument(word, most, takes_rest, ret_args, err);
        }
        if (taken < 0)
            return taken;
    }
    return 0;
}

int tote_args_parse(int argc, char **argv, const struct tote_option_list *lists,
                    size_t n, size_t most, bool takes_rest, struct tote_args *ret_args,
                    struct tote_error *err)
{
    struct tote_option table[TOTE_ARGS_MAX];
    size_t n_table;
    *ret_args = (struct tote_args){.takes_rest = takes_rest};
    int rc = tote_args_merge(lists, n, table, &n_table, err);
    if (rc == 0)
        rc = parse_words(argc, argv, table, n_table, most, takes_rest, ret_args, err);
    const char *json = tote_args_find(ret_args, "json");
    ret_args->wants_json =
        rc < 0 ? tote_args_want_json(argc, argv) : json && strcmp(json, "no") != 0;
    return rc;
}

int tote_args_apply(const struct tote_args *args, const struct tote_option_list *lists,
                    size_t n, void *into, struct tote_error *err)
{
    struct tote_option table[TOTE_ARGS_MAX];
    size_t n_table;
    int rc = tote_args_merge(lists, n, table, &n_table, err);
    for (size_t i = 0; rc == 0 && i < args->n_options; i++)
        rc = tote_options_set(table, n_table, args->options[i].name,
                              args->options[i].value, into, err);
    return rc;
}
