/* SPDX-License-Identifier: MIT */
/* args.h: splits a command line into options and arguments, by option tables. */
#ifndef TOTE_ARGS_H
#define TOTE_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "tote/error.h"
#include "tote/option.h"

#define TOTE_ARGS_MAX 64 /* options given, and arguments, of one command line */

/* Several tables that fill one struct. */
struct tote_option_list {
    const struct tote_option *table;
    size_t n;
    const char *title; /* above them in the help; null: they go on from those before */
};

struct tote_args {
    struct {
        const char *name, *value; /* borrowed from argv */
    } options[TOTE_ARGS_MAX];
    size_t n_options;
    const char *arguments[TOTE_ARGS_MAX];
    size_t n_arguments;
    bool takes_rest;         /* as parse was told */
    bool has_rest;           /* there was a "--" before words that are not ours */
    const char *const *rest; /* these words, however many; borrowed from argv */
    size_t n_rest;
    bool wants_help;
    bool wants_json; /* errors are JSON too */
};

/* One table of all lists, in order: into has room for TOTE_ARGS_MAX. -E2BIG: they are
 * more, which is a mistake of tote's own; none is left out unsaid. */
int tote_args_merge(const struct tote_option_list *lists, size_t n,
                    struct tote_option *into, size_t *ret_n, struct tote_error *err);

/* "--name value", "--name=value", "--flag", "-h", and by its letter "-a value",
 * "-avalue", "-n"; "--" ends the options. What follows it are arguments, or, if
 * takes_rest, words of another program, which are not counted. -EINVAL for an unknown
 * option (with a suggestion), a missing value, or more than most arguments; what was
 * read until then is in ret_args. Values are not looked at. wants_json is right also on
 * failure. */
int tote_args_parse(int argc, char **argv, const struct tote_option_list *lists,
                    size_t n, size_t most, bool takes_rest, struct tote_args *ret_args,
                    struct tote_error *err);

/* Does the line ask for JSON? For a line that cannot be parsed: looks for the word
 * --json wherever it is. */
bool tote_args_want_json(int argc, char **argv);

/* The value of the option that counts, the last one; null if it was not given. */
const char *tote_args_find(const struct tote_args *args, const char *name);

/* Fills the struct that the lists describe with what was given. -EINVAL for a bad
 * value. */
int tote_args_apply(const struct tote_args *args, const struct tote_option_list *lists,
                    size_t n, void *into, struct tote_error *err);

#endif
