/* SPDX-License-Identifier: MIT */
/* items_values.c: the product of the lists on a command line, one item at a time: a
 * counter for each list, never the product itself (sources.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "items/sources.h"
#include "items/template.h"
#include "tote/limits.h"

/* A list and those linked to it go together: lists first .. end - 1, of n values. */
struct group {
    size_t first, end, n;
};

/* The group whose last list is end - 1. */
static struct group group_before(const struct tote_values *values, size_t end)
{
    struct group group = {end - 1, end, values->lists[end - 1].n};
    while (values->lists[group.first].is_linked) {
        group.first--;
        if (values->lists[group.first].n < group.n)
            group.n = values->lists[group.first].n;
    }
    return group;
}

static int count(struct tote_values *values, struct tote_error *err)
{
    values->count = 1;
    for (size_t end = values->n_lists; end > 0;) {
        struct group group = group_before(values, end);
        if (group.n > 0 && values->count > TOTE_BAG_MAX / group.n)
            return tote_error_set(err, -EINVAL,
                                  "the product of the lists has more than %llu items",
                                  (unsigned long long)TOTE_BAG_MAX);
        values->count *= group.n;
        end = group.first;
    }
    return 0;
}

int tote_values_open(struct tote_values *values, const struct tote_items_source *source,
                     struct tote_error *err)
{
    size_t n = source->n_lists;
    if (n == 0)
        return tote_error_set(err, -EINVAL, "no list of items");
    if (source->lists[0].is_linked)
        return tote_error_set(err, -EINVAL,
                              "the first list is linked (:::+), but none is before it");
    if (n > TOTE_COLUMNS_MAX)
        return tote_error_set(err, -EINVAL, "%zu lists: %u is the most", n,
                              TOTE_COLUMNS_MAX);
    values->lists = source->lists;
    values->n_lists = n;
    values->places = calloc(n, sizeof *values->places);
    values->values = calloc(n, sizeof *values->values);
    if (!values->places || !values->values)
        return tote_error_set(err, -ENOMEM, "out of memory");
    return count(values, err);
}

void tote_values_close(struct tote_values *values)
{
    free(values->places);
    free(values->values);
}

/* As an odometer: the last group goes on; one that is through begins again, and the
 * group before it goes on. */
static void go_on(struct tote_values *values)
{
    for (size_t end = values->n_lists; end > 0;) {
        struct group group = group_before(values, end);
        size_t place = values->places[group.first] + 1;
        for (size_t i = group.first; i < group.end; i++)
            values->places[i] = place < group.n ? place : 0;
        if (place < group.n)
            return;
        end = group.first;
    }
}

int tote_values_next(struct tote_values *values, struct tote_item *ret_item,
                     struct tote_error *err)
{
    size_t bytes = 0;
    if (values->given == values->count)
        return TOTE_ITEMS_END;
    for (size_t i = 0; i < values->n_lists; i++) {
        values->values[i] = values->lists[i].values[values->places[i]];
        bytes += strlen(values->values[i]);
    }
    if (bytes > TOTE_ITEM_BYTES_MAX)
        return tote_error_set(err, -EINVAL, "item %llu is longer than %u bytes",
                              (unsigned long long)values->given + 1,
                              TOTE_ITEM_BYTES_MAX);
    values->given++;
    go_on(values);
    *ret_item = (struct tote_item){values->values, values->n_lists};
    return TOTE_ITEMS_ONE;
}
