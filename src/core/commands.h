/* SPDX-License-Identifier: MIT */
/* commands.h: how the commands of a bag are run: what the list and the template are,
 * and where their files go. Plain data, filled by who reads the command line or a
 * store; read by the rooms intake, courier and resume. And what a task of them is. */
#ifndef TOTE_CORE_COMMANDS_H
#define TOTE_CORE_COMMANDS_H

#include "core/publisher.h"
#include "items/items.h"
#include "items/template.h"
#include "store/commands.h"

#define TOTE_KERNEL_COMMANDS "command" /* as tote-task and the engines know it */

struct tote_commands {
    const struct tote_template *template; /* borrowed */
    struct tote_items *items; /* the list to read; null: the store has it all */
    uint32_t list;            /* number of that list, or of the last one */
    struct tote_rules rules;  /* but for attempts, which the run fills; timeout_ns as
                               * given */
    double timeout_percent;   /* of the median of what is done; 0: none */
    const char *start;        /* where tote was started; absolute */
    const char *results;      /* absolute; where outputs are published */
    const char *work;         /* absolute; a folder of this run alone, which it makes
                               * (0700) and removes: slices/, attempts/. With outputs it
                               * lies in results, to be on its filesystem */
    bool may_overwrite;       /* --force */
    /* Called in the transaction that takes the list in whole: writes what holds of the
     * store only with it. Or null. */
    int (*note)(void *context, struct tote_store *store, struct tote_error *err);
    void *context;
};

/* Name of the folder of an attempt, as tote-task makes it: "TASK.ATTEMPT". */
#define TOTE_ATTEMPT_NAME_MAX 48
void tote_commands_attempt_name(uint64_t task, uint32_t attempt,
                                char into[static TOTE_ATTEMPT_NAME_MAX]);

/* A task's command as the user wrote it: its item, expanded. Also for who prints it. */
int tote_commands_expand(const struct tote_template *template,
                         const struct tote_task_row *row,
                         const struct tote_places *places,
                         struct tote_expanded *ret_expanded, struct tote_error *err);

#endif
