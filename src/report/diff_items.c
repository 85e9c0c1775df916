/* SPDX-License-Identifier: MIT */
/* diff_items.c: what two experiments were told and found otherwise, and what tells a
 * cell from its neighbours (diff.h). */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/diff.h"

/* --- items --- */

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

static int add_item(struct tote_diff *diff, const char *what, const char *more,
                    const char *before, const char *after)
{
    if (before && after && strcmp(before, after) == 0)
        return 0;
    struct tote_diff_item *items =
        reallocarray(diff->items, diff->n_items + 1, sizeof *items);
    if (!items)
        return -ENOMEM;
    diff->items = items;
    struct tote_diff_item *item = &items[diff->n_items++];
    *item = (struct tote_diff_item){.before = copy(before), .after = copy(after)};
    size_t size = strlen(what) + strlen(more) + 3;
    item->what = calloc(1, size);
    if (!item->what || (before && !item->before) || (after && !item->after))
        return -ENOMEM;
    snprintf(item->what, size, "%s%s%s", what, more[0] ? ", " : "", more);
    return 0;
}

/* What is another one in every experiment: it would only hide the rest. */
static bool is_of_its_own(const char *name)
{
    static const char *const names[] = {"order_seed", "cells", "environment.load"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

/* Both lists are sorted by name. */
static int compare_settings(struct tote_diff *diff)
{
    const struct tote_summary *a = diff->before, *b = diff->after;
    int rc = 0;
    for (size_t i = 0, k = 0; rc == 0 && (i < a->n_settings || k < b->n_settings);) {
        int order = i == a->n_settings ? 1
                    : k == b->n_settings
                        ? -1
                        : strcmp(a->settings[i].name, b->settings[k].name);
        const struct tote_setting *one = order <= 0 ? &a->settings[i++] : NULL;
        const struct tote_setting *two = order >= 0 ? &b->settings[k++] : NULL;
        const char *name = one ? one->name : two->name;
        if (!is_of_its_own(name))
            rc = add_item(diff, name, "", one ? one->value : NULL,
                          two ? two->value : NULL);
    }
    return rc;
}

/* As the first run of each found it. */
static int compare_engines(struct tote_diff *diff, const struct tote_diff_pair *pair)
{
    const struct tote_run_row *a = &tote_gather_shown(pair->before)->row;
    const struct tote_run_row *b = &tote_gather_shown(pair->after)->row;
    const struct {
        const char *what, *before, *after;
    } rows[] = {{"version", a->engine_version, b->engine_version},
                {"binding", a->binding, b->binding},
                {"options", a->options, b->options},
                {"box", a->box, b->box}};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof rows / sizeof *rows; i++)
        rc = add_item(diff, a->label, rows[i].what, rows[i].before, rows[i].after);
    return rc;
}

/* At another point the same engine is the same. */
static bool was_compared(const struct tote_diff *diff, size_t i)
{
    const char *label = diff->pairs[i].before->cell->label;
    for (size_t k = 0; k < i; k++) {
        const struct tote_diff_pair *pair = &diff->pairs[k];
        if (!pair->why[0] && strcmp(pair->before->cell->label, label) == 0)
            return true;
    }
    return false;
}

int tote_diff_find_items(struct tote_diff *diff)
{
    int rc = compare_settings(diff);
    for (size_t i = 0; rc == 0 && i < diff->n_pairs; i++) {
        if (!diff->pairs[i].why[0] && !was_compared(diff, i))
            rc = compare_engines(diff, &diff->pairs[i]);
    }
    return rc;
}

/* --- names --- */

struct varied {
    bool kernel, size, tasks, workers, batch;
};

static const struct tote_cell_row *row_of(const struct tote_diff_pair *pair)
{
    return pair->before ? pair->before->cell : pair->after->cell;
}

static struct varied find_varied(const struct tote_diff *diff)
{
    struct varied varied = {0};
    const struct tote_cell_row *first = row_of(&diff->pairs[0]);
    for (size_t i = 1; i < diff->n_pairs; i++) {
        const struct tote_cell_row *row = row_of(&diff->pairs[i]);
        varied.kernel |= strcmp(row->kernel, first->kernel) != 0;
        varied.size |= row->size != first->size;
        varied.tasks |= row->tasks != first->tasks;
        varied.workers |= row->workers != first->workers;
        varied.batch |= strcmp(row->batch, first->batch) != 0;
    }
    return varied;
}

const char *tote_diff_name(const struct tote_diff *diff,
                           const struct tote_diff_pair *pair,
                           char text[static TOTE_DIFF_NAME_MAX])
{
    struct varied varied = find_varied(diff);
    const struct tote_cell_row *row = row_of(pair);
    char size[40] = "", tasks[40] = "", workers[40] = "";
    if (varied.size)
        snprintf(size, sizeof size, " size=%" PRIu64, row->size);
    if (varied.tasks)
        snprintf(tasks, sizeof tasks, " tasks=%" PRIu64, row->tasks);
    if (varied.workers)
        snprintf(workers, sizeof workers, " workers=%" PRIu32, row->workers);
    snprintf(text, TOTE_DIFF_NAME_MAX, "%.600s%s%.500s%s%s%s%s%.60s", row->label,
             varied.kernel ? " " : "", varied.kernel ? row->kernel : "", size, tasks,
             workers, varied.batch ? " batch=" : "", varied.batch ? row->batch : "");
    return text;
}
