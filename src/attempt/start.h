/* SPDX-License-Identifier: MIT */
/* start.h: starts a command as a process that shares our memory until it has become the
 * program, as posix_spawn does: no page is copied. All that needs memory is prepared
 * before. Private to src/attempt. */
#ifndef TOTE_START_H
#define TOTE_START_H

#include <signal.h>
#include <sys/types.h>

#include "base/slice.h"
#include "tote/error.h"

struct tote_starter {
    const struct tote_rules *rules;
    pid_t self;
    int null;         /* /dev/null */
    sigset_t ignored; /* signals that we ignore: the command must not */
    char *stack;      /* of the child until it is the program */
    char **env;       /* the rules' words, and behind them n_own of ours */
    char **args;
    size_t n_env, args_size;
    char *own; /* texts of our words but the item's, used again */
    size_t own_size;
    char *item;        /* "TOTE_ITEM=..." */
    char *programs;    /* candidates, each with its NUL; an empty one ends them */
    char *name;        /* of the program that they are of */
    const char *found; /* the candidate that was started last; null: none yet */
    size_t item_size, programs_size, name_size;
};

int tote_starter_open(struct tote_starter *starter, const struct tote_rules *rules,
                      struct tote_error *err);
void tote_starter_close(struct tote_starter *starter);

/* The new process, which is the program already; or -errno and a sentence: then there
 * is none, or it is reaped. folder: of the attempt, absolute. */
pid_t tote_starter_start(struct tote_starter *starter,
                         const struct tote_command *command, uint32_t number,
                         const char *folder, int out, int err_out,
                         struct tote_error *why);

#endif
