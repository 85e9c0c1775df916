/* SPDX-License-Identifier: MIT */
/* commands.c: from a row of the store to the command that it stands for (commands.h).
 * What a template makes of an item is src/items'. */
#include "core/commands.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void tote_commands_attempt_name(uint64_t task, uint32_t attempt,
                                char into[static TOTE_ATTEMPT_NAME_MAX])
{
    snprintf(into, TOTE_ATTEMPT_NAME_MAX, "%" PRIu64 ".%" PRIu32, task, attempt);
}

static size_t count_columns(const struct tote_task_row *row)
{
    size_t n = 0;
    for (size_t i = 0; i < row->item_n; i++)
        n += row->item[i] == '\0';
    return n;
}

int tote_commands_expand(const struct tote_template *template,
                         const struct tote_task_row *row,
                         const struct tote_places *places,
                         struct tote_expanded *ret_expanded, struct tote_error *err)
{
    const char *columns[TOTE_COLUMNS_MAX];
    size_t n = count_columns(row);
    if (n > TOTE_COLUMNS_MAX || (row->item_n > 0 && row->item[row->item_n - 1] != '\0'))
        return tote_error_set(err, -EBADMSG, "task %" PRIu64 ": its item is damaged",
                              row->task);
    const char *at = row->item;
    for (size_t i = 0; i < n; i++, at += strlen(at) + 1)
        columns[i] = at;
    int rc = tote_template_expand(template, columns, n, row->place, places,
                                  ret_expanded, err);
    if (rc == 0)
        ret_expanded->command.task = row->task;
    return rc;
}
