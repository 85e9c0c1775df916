/* SPDX-License-Identifier: MIT */
/* intake.c: from items to tasks of the store (intake.h). */
#include "core/intake.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/inputs.h"

#define LOOK_EVERY 1024 /* items between two looks at signals, where they are quick */

bool tote_intake_is_whole(const struct tote_commands *commands, bool goes_on)
{
    return goes_on || tote_template_has_ins(commands->template) ||
           tote_template_has_outs(commands->template);
}

/* --- a row of an item --- */

/* Columns, each ended by NUL. */
static char *pack_item(const struct tote_item *item, size_t *ret_n)
{
    size_t n = 0;
    for (size_t i = 0; i < item->n; i++)
        n += strlen(item->columns[i]) + 1;
    char *text = malloc(n + 1), *at = text;
    for (size_t i = 0; text && i < item->n; i++) {
        size_t length = strlen(item->columns[i]) + 1;
        memcpy(at, item->columns[i], length);
        at += length;
    }
    *ret_n = n;
    return text;
}

/* A row, and what it borrows from. */
struct taken {
    struct tote_task_row row;
    char *item;
    struct tote_expanded expanded;
    const char *outs[TOTE_FILES_MAX];
};

static void taken_finish(struct taken *taken)
{
    tote_expanded_finish(&taken->expanded);
    free(taken->item);
    *taken = (struct taken){.item = NULL};
}

static bool is_utf8(const char *text)
{
    json_t *value = json_string(text);
    json_decref(value);
    return value != NULL;
}

/* The names of staged files go to the engine, as JSON. */
static int check_names(const struct tote_commands *commands,
                       const struct tote_command *command, struct tote_error *err)
{
    const char *bad = NULL;
    for (size_t i = 0; commands->rules.is_staged && i < command->n_ins; i++)
        bad = is_utf8(command->ins[i].path) ? bad : command->ins[i].path;
    for (size_t i = 0; commands->rules.is_staged && i < command->n_outs; i++)
        bad = is_utf8(command->outs[i].path) ? bad : command->outs[i].path;
    if (!bad)
        return 0;
    return tote_error_set(
        err, -EINVAL,
        "item '%.100s' names '%.200s', which is not UTF-8: such files "
        "cannot be staged; --data shared takes any name",
        command->item, bad);
}

/* Expands it, looks at its inputs, and makes its key. old, if not null, is a row with
 * the same item whose inputs may be as they were. */
static int take(struct tote_commands *commands, struct taken *taken,
                const struct tote_task_row *old, struct tote_error *err)
{
    int rc = tote_commands_expand(commands->template, &taken->row,
                                  &(struct tote_places){0}, &taken->expanded, err);
    if (rc < 0)
        return rc;
    const struct tote_command *command = &taken->expanded.command;
    struct tote_digest digests[TOTE_FILES_MAX];
    for (size_t i = 0; i < command->n_outs; i++)
        taken->outs[i] = command->outs[i].path;
    taken->row.outs = taken->outs;
    taken->row.n_outs = command->n_outs;
    rc = check_names(commands, command, err);
    if (rc == 0)
        rc = tote_inputs_stat(commands->start, command, &taken->row.inputs, err);
    if (rc < 0)
        return rc;
    bool is_same =
        old && memcmp(&old->inputs, &taken->row.inputs, sizeof old->inputs) == 0;
    if (is_same) {
        taken->row.key = old->key;
        return 0;
    }
    rc = tote_inputs_digest(commands->start, command, digests, err);
    if (rc == 0)
        taken->row.key = tote_template_key(command, digests, command->n_ins);
    return rc;
}

static int take_item(struct tote_commands *commands, const struct tote_item *item,
                     uint64_t place, struct taken *taken, struct tote_error *err)
{
    *taken = (struct taken){.row = {.place = place, .listed = commands->list}};
    taken->item = pack_item(item, &taken->row.item_n);
    if (!taken->item)
        return tote_error_set(err, -ENOMEM, "out of memory for item %" PRIu64, place);
    taken->row.item = taken->item;
    return take(commands, taken, NULL, err);
}

/* --- whole --- */

struct listing {
    struct tote_commands *commands;
    struct tote_publisher *publisher;
    struct tote_store *store;
    const struct tote_interrupt *interrupt;
    uint64_t next; /* number of the next new task */
    struct tote_error *err;
};

static int same_output(uint64_t place, const char *path, uint64_t other,
                       struct tote_error *err)
{
    return tote_error_set(err, -EINVAL,
                          "items %" PRIu64 " and %" PRIu64
                          " would both make '%.200s': name outputs apart, for example "
                          "by {index}",
                          other, place, path);
}

/* A file of this bag's that another task is to replace may not have become the user's.
 * Of a task that had it all the time, resume looks at it if it is done, and publishing
 * if not. */
static int check_replaced(struct listing *listing, const struct tote_output_row *there,
                          bool is_kept)
{
    if (is_kept)
        return 0;
    return tote_publisher_check(listing->publisher, there->path, there->size,
                                &there->digest, listing->err);
}

/* Nothing in the results folder may be in the way but what this bag has made. */
static int check_way(struct listing *listing, const struct tote_task_row *row,
                     bool is_kept)
{
    for (size_t i = 0; i < row->n_outs; i++) {
        struct tote_output_row there = {0};
        int known =
            tote_store_output(listing->store, row->outs[i], &there, listing->err);
        if (known < 0)
            return known;
        int way =
            tote_publisher_check_way(listing->publisher, row->outs[i], listing->err);
        if (way < 0)
            return way;
        if (listing->commands->may_overwrite)
            continue;
        if (known > 0 && there.attempt > 0) {
            int rc = check_replaced(listing, &there, is_kept);
            if (rc < 0)
                return rc;
            continue;
        }
        if (tote_publisher_is_taken(listing->publisher, row->outs[i]))
            return tote_error_set(
                listing->err, -EINVAL,
                "'%.200s' is in %.200s already, and this bag did not make it: move it "
                "away, name another folder with --results, or give --force",
                row->outs[i], listing->commands->results);
    }
    return 0;
}

static int add_row(struct listing *listing, struct tote_task_row *row,
                   uint64_t *ret_other)
{
    row->task = listing->next;
    int rc = check_way(listing, row, false);
    if (rc == 0)
        rc = tote_store_list_add(listing->store, row, ret_other, listing->err);
    listing->next += rc == 0;
    return rc;
}

static int list_row(struct listing *listing, struct tote_task_row *row)
{
    uint64_t other = 0;
    int claim = tote_store_list_claim(listing->store, row, &other, listing->err);
    int rc = claim;
    if (claim == 0)
        rc = add_row(listing, row, &other);
    else if (claim > 0)
        rc = check_way(listing, row, claim == TOTE_CLAIM_KEPT);
    if (rc != -EEXIST)
        return rc;
    *listing->err = (struct tote_error){0};
    return same_output(row->place, row->n_outs ? row->outs[0] : "", other,
                       listing->err);
}

static int begin_listing(struct listing *listing)
{
    int rc = tote_store_task_count(listing->store, &listing->next, listing->err);
    return rc < 0 ? rc
                  : tote_store_list_begin(listing->store, listing->commands->list,
                                          listing->err);
}

/* Of two tasks: within one, the template says so. */
static int check_folders(struct listing *listing)
{
    struct tote_list_clash clash;
    int rc = tote_store_list_clash(listing->store, listing->commands->list, &clash,
                                   listing->err);
    if (rc <= 0)
        return rc;
    return tote_error_set(listing->err, -EINVAL,
                          "items %" PRIu64 " and %" PRIu64
                          ": '%.200s' would be a file and a folder: name outputs "
                          "apart, for example by {index}",
                          clash.file, clash.below, clash.folder);
}

int tote_intake_note(const struct tote_commands *commands, struct tote_store *store,
                     bool is_whole, struct tote_error *err)
{
    char number[16];
    snprintf(number, sizeof number, "%" PRIu32, commands->list);
    int rc = tote_store_set(store, "list", number, err);
    return rc < 0 ? rc
                  : tote_store_set(store, "list_whole", is_whole ? "yes" : "no", err);
}

/* The number, and what the list brings along, go into the same transaction: a kill
 * between the two would leave tasks of a list that nobody knows of, and the next one of
 * that number could not claim them.
 */
static int end_listing(struct listing *listing, int rc)
{
    if (rc == 0)
        rc = check_folders(listing);
    if (rc == 0)
        rc = tote_intake_note(listing->commands, listing->store, true, listing->err);
    if (rc == 0 && listing->commands->note)
        rc = listing->commands->note(listing->commands->context, listing->store,
                                     listing->err);
    if (rc == 0)
        return tote_store_list_commit(listing->store, listing->err);
    tote_store_list_cancel(listing->store);
    return rc;
}

/* An input is hashed, which takes its time; a name alone does not. */
static int check_interrupt(const struct listing *listing, uint64_t place)
{
    bool is_slow = tote_template_has_ins(listing->commands->template);
    if (!is_slow && place % LOOK_EVERY != 0)
        return 0;
    return tote_interrupt_check(listing->interrupt, "the list was read", listing->err);
}

static int list_item(struct listing *listing, const struct tote_item *item,
                     uint64_t place)
{
    struct taken taken;
    int rc = take_item(listing->commands, item, place, &taken, listing->err);
    if (rc == 0)
        rc = list_row(listing, &taken.row);
    taken_finish(&taken);
    return rc;
}

static int list_items(struct listing *listing)
{
    struct tote_items *items = listing->commands->items;
    struct tote_item item;
    uint64_t place = 0;
    int rc;
    while ((rc = tote_items_next(items, &item, listing->err)) > TOTE_ITEMS_END) {
        bool is_item = rc == TOTE_ITEMS_ONE;
        rc = is_item ? check_interrupt(listing, place)
                     : tote_interrupt_wait(listing->interrupt, tote_items_fd(items),
                                           listing->err);
        if (rc == 0 && is_item)
            rc = list_item(listing, &item, place++);
        if (rc < 0)
            return rc;
    }
    return rc;
}

/* Takes a list in, by one of the two ways there are, in one transaction. */
static int take_in(struct listing *listing, int (*list)(struct listing *listing))
{
    int rc = begin_listing(listing);
    return rc < 0 ? rc : end_listing(listing, list(listing));
}

int tote_intake_whole(struct tote_commands *commands, struct tote_publisher *publisher,
                      struct tote_store *store, const struct tote_interrupt *interrupt,
                      struct tote_error *err)
{
    struct listing listing = {.commands = commands,
                              .publisher = publisher,
                              .store = store,
                              .interrupt = interrupt,
                              .err = err};
    return take_in(&listing, list_items);
}

/* --- the store's own list again --- */

enum { PAGE = 1024 };

struct page {
    struct tote_task_row rows[PAGE];
    size_t n;
};

static int copy_row(void *context, const struct tote_task_row *row)
{
    struct page *page = context;
    struct tote_task_row *copy = &page->rows[page->n];
    *copy = *row;
    copy->item = malloc(row->item_n + 1);
    if (!copy->item)
        return -ENOMEM;
    memcpy((char *)(uintptr_t)copy->item, row->item, row->item_n);
    page->n++;
    return 0;
}

/* What is done needs its inputs no more: they may have been cleared away. */
static bool is_done(const struct listing *listing, uint64_t task)
{
    struct tote_record record = {0};
    struct tote_result result = {0};
    int64_t run;
    void *memory = NULL;
    int found =
        tote_store_result(listing->store, task, &record, &result, &run, &memory, NULL);
    free(memory);
    return found > 0 && record.outcome == TOTE_OUTCOME_OK;
}

static int list_again(struct listing *listing, const struct tote_task_row *old)
{
    if (old->listed + 1 != listing->commands->list)
        return 0; /* dropped from the list before */
    struct taken taken = {.row = *old};
    taken.row.listed = listing->commands->list;
    taken.row.inputs = (struct tote_digest){0};
    struct tote_error why = {0};
    int rc = take(listing->commands, &taken, old, &why);
    if (rc == -EINVAL && is_done(listing, old->task)) {
        taken.row.key = old->key;
        taken.row.inputs = old->inputs;
        rc = 0;
    }
    if (rc < 0)
        tote_error_set(listing->err, rc, "%s", why.text);
    if (rc == 0)
        rc = list_row(listing, &taken.row);
    taken_finish(&taken);
    return rc;
}

static int list_page(struct listing *listing, struct page *page, uint64_t first,
                     uint64_t count)
{
    page->n = 0;
    int rc = tote_store_each_task(listing->store, first, count, copy_row, page,
                                  listing->err);
    for (size_t i = 0; i < page->n; i++) {
        if (rc == 0)
            rc = check_interrupt(listing, first + i);
        if (rc == 0)
            rc = list_again(listing, &page->rows[i]);
        free((char *)(uintptr_t)page->rows[i].item);
    }
    return rc;
}

static int list_pages(struct listing *listing)
{
    uint64_t n = listing->next; /* what is new comes behind */
    struct page *page = malloc(sizeof *page);
    int rc =
        page ? 0 : tote_error_set(listing->err, -ENOMEM, "out of memory for the list");
    for (uint64_t first = 0; rc == 0 && first < n; first += PAGE)
        rc = list_page(listing, page, first, n - first < PAGE ? n - first : PAGE);
    free(page);
    return rc;
}

int tote_intake_again(struct tote_commands *commands, struct tote_publisher *publisher,
                      struct tote_store *store, const struct tote_interrupt *interrupt,
                      struct tote_error *err)
{
    struct listing listing = {.commands = commands,
                              .publisher = publisher,
                              .store = store,
                              .interrupt = interrupt,
                              .err = err};
    return take_in(&listing, list_pages);
}

/* --- streamed --- */

int tote_intake_pull(struct tote_commands *commands, struct tote_writer *writer,
                     uint64_t *places, bool *ret_has_ended, struct tote_error *err)
{
    struct taken taken[TOTE_INTAKE_MOST];
    struct tote_task_row rows[TOTE_INTAKE_MOST];
    struct tote_item item;
    size_t n = 0;
    int state = TOTE_ITEMS_ONE, rc = 0;
    while (rc == 0 && n < TOTE_INTAKE_MOST &&
           (state = tote_items_next(commands->items, &item, err)) == TOTE_ITEMS_ONE) {
        rc = take_item(commands, &item, *places + n, &taken[n], err);
        rows[n] = taken[n].row;
        rows[n].task = *places + n;
        if (rc == 0)
            n++;
        else
            taken_finish(&taken[n]);
    }
    int put = tote_writer_put_tasks(writer, rows, n, err);
    for (size_t i = 0; i < n; i++)
        taken_finish(&taken[i]);
    *places += n;
    *ret_has_ended = state == TOTE_ITEMS_END;
    if (put < 0)
        return put == -EINVAL ? -EIO : put;
    return rc < 0 ? rc : state < 0 ? state : state == TOTE_ITEMS_ONE;
}
