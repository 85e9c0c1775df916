/* SPDX-License-Identifier: MIT */
/* recorder.c: a sparse bitmap of the tasks that have a result (recorder.h). */
#include "core/recorder.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

struct tote_recorder_page {
    uint32_t n;     /* tasks of this page that have a result */
    uint64_t *bits; /* null while n is 0, and again once the page is full */
};

int tote_recorder_init(struct tote_recorder *recorder, uint64_t tasks,
                       struct tote_error *err)
{
    *recorder = (struct tote_recorder){.tasks = tasks};
    size_t n_pages = tasks / TOTE_RECORDER_PAGE + 1;
    recorder->pages = calloc(n_pages, sizeof *recorder->pages);
    if (!recorder->pages)
        return tote_error_set(err, -ENOMEM, "out of memory for %" PRIu64 " tasks",
                              tasks);
    recorder->n_pages = n_pages;
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

int tote_recorder_add(struct tote_recorder *recorder, const struct tote_record *record,
                      struct tote_error *err)
{
    if (record->task >= recorder->tasks)
        return tote_error_set(err, -ERANGE,
                              "a record names task %" PRIu64 " of a bag of %" PRIu64,
                              record->task, recorder->tasks);
    int is_new = page_set(&recorder->pages[record->task / TOTE_RECORDER_PAGE],
                          (uint32_t)(record->task % TOTE_RECORDER_PAGE));
    if (is_new < 0)
        return tote_error_set(err, is_new, "out of memory for task %" PRIu64,
                              record->task);
    recorder->recorded += is_new > 0;
    recorder->ok += is_new > 0 && record->outcome == TOTE_OUTCOME_OK;
    recorder->duplicate += is_new == 0;
    return is_new;
}
