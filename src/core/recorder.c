/* SPDX-License-Identifier: MIT */
/* recorder.c: a sparse bitmap of the tasks that have a result (recorder.h). */
#include "core/recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct tote_recorder_page {
    uint32_t n;     /* tasks of this page that have a result */
    uint64_t *bits; /* null while n is 0, and again once the page is full */
};

int tote_recorder_init(struct tote_recorder *recorder, uint64_t tasks,
                       struct tote_error *err)
{
    *recorder = (struct tote_recorder){0};
    return tote_recorder_grow(recorder, tasks, err);
}

/* Half as many again, so that a bag which grows by one task a time is not copied at
 * each page. */
static size_t pages_wanted(const struct tote_recorder *recorder, uint64_t tasks)
{
    size_t need = tasks / TOTE_RECORDER_PAGE + 1;
    size_t more = recorder->n_pages + recorder->n_pages / 2;
    return need > more ? need : more;
}

int tote_recorder_grow(struct tote_recorder *recorder, uint64_t tasks,
                       struct tote_error *err)
{
    if (tasks < recorder->tasks)
        return tote_error_set(err, -EINVAL,
                              "a bag of %" PRIu64 " tasks cannot shrink to %" PRIu64,
                              recorder->tasks, tasks);
    if (tasks / TOTE_RECORDER_PAGE >= recorder->n_pages) {
        size_t n = pages_wanted(recorder, tasks);
        struct tote_recorder_page *pages = calloc(n, sizeof *pages);
        if (!pages)
            return tote_error_set(err, -ENOMEM, "out of memory for %" PRIu64 " tasks",
                                  tasks);
        if (recorder->pages)
            memcpy(pages, recorder->pages, recorder->n_pages * sizeof *pages);
        free(recorder->pages);
        recorder->pages = pages;
        recorder->n_pages = n;
    }
    recorder->tasks = tasks;
    return 0;
}

void tote_recorder_finish(struct tote_recorder *recorder)
{
    for (size_t i = 0; i < recorder->n_pages; i++)
        free(recorder->pages[i].bits);
    free(recorder->pages);
    *recorder = (struct tote_recorder){0};
}

/* 1 if the bit was clear and is set now, 0 if it was set; -ENOMEM. */
static int page_set(struct tote_recorder_page *page, uint32_t at)
{
    if (page->n == TOTE_RECORDER_PAGE)
        return 0;
    if (!page->bits) {
        page->bits = calloc(TOTE_RECORDER_PAGE / 64, sizeof *page->bits);
        if (!page->bits)
            return -ENOMEM;
    }
    uint64_t bit = UINT64_C(1) << (at % 64);
    if (page->bits[at / 64] & bit)
        return 0;
    page->bits[at / 64] |= bit;
    if (++page->n == TOTE_RECORDER_PAGE) {
        free(page->bits);
        page->bits = NULL;
    }
    return 1;
}

bool tote_recorder_has(const struct tote_recorder *recorder, uint64_t task)
{
    if (task >= recorder->tasks)
        return false;
    const struct tote_recorder_page *page = &recorder->pages[task / TOTE_RECORDER_PAGE];
    uint64_t at = task % TOTE_RECORDER_PAGE;
    return page->n == TOTE_RECORDER_PAGE ||
           (page->bits && (page->bits[at / 64] >> (at % 64) & 1));
}

static uint64_t page_end(uint64_t task)
{
    return (task / TOTE_RECORDER_PAGE + 1) * TOTE_RECORDER_PAGE;
}

/* The first task from there on, in the same page, that has no result; or the page's
 * end. */
static uint64_t page_gap(const struct tote_recorder_page *page, uint64_t task)
{
    uint64_t end = page_end(task);
    if (page->n == TOTE_RECORDER_PAGE)
        return end;
    while (page->bits && task < end) {
        uint64_t word = page->bits[task % TOTE_RECORDER_PAGE / 64] >> (task % 64);
        if (word == UINT64_MAX) /* a whole one, since the shift brings zeros */
            task += 64;
        else if (word & 1)
            task++;
        else
            break;
    }
    return task;
}

uint64_t tote_recorder_gap(const struct tote_recorder *recorder, uint64_t from)
{
    while (from < recorder->tasks) {
        uint64_t end = page_end(from);
        from = page_gap(&recorder->pages[from / TOTE_RECORDER_PAGE], from);
        if (from < end)
            break;
    }
    return from < recorder->tasks ? from : recorder->tasks;
}

uint32_t tote_recorder_run(const struct tote_recorder *recorder, uint64_t from,
                           uint32_t most)
{
    uint64_t left = from < recorder->tasks ? recorder->tasks - from : 0;
    uint64_t end = from + (most < left ? most : left), at = from;
    while (at < end) {
        if (recorder->pages[at / TOTE_RECORDER_PAGE].n == 0)
            at = page_end(at);
        else if (!tote_recorder_has(recorder, at))
            at++;
        else
            break;
    }
    return (uint32_t)((at < end ? at : end) - from);
}

/* 1 if the task had no result and has one now, 0 if it had one; -ERANGE, -ENOMEM. */
static int recorder_set(struct tote_recorder *recorder, uint64_t task, bool is_ok,
                        struct tote_error *err)
{
    if (task >= recorder->tasks)
        return tote_error_set(err, -ERANGE,
                              "a record names task %" PRIu64 " of a bag of %" PRIu64,
                              task, recorder->tasks);
    int is_new = page_set(&recorder->pages[task / TOTE_RECORDER_PAGE],
                          (uint32_t)(task % TOTE_RECORDER_PAGE));
    if (is_new < 0)
        return tote_error_set(err, is_new, "out of memory for task %" PRIu64, task);
    recorder->recorded += is_new > 0;
    recorder->ok += is_new > 0 && is_ok;
    return is_new;
}

int tote_recorder_add(struct tote_recorder *recorder, const struct tote_record *record,
                      struct tote_error *err)
{
    int is_new =
        recorder_set(recorder, record->task, record->outcome == TOTE_OUTCOME_OK, err);
    recorder->duplicate += is_new == 0;
    return is_new;
}

int tote_recorder_skip(struct tote_recorder *recorder, uint64_t task, bool is_ok,
                       struct tote_error *err)
{
    return recorder_set(recorder, task, is_ok, err);
}
