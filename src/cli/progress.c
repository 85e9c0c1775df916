/* SPDX-License-Identifier: MIT */
/* progress.c: the progress line (progress.h). The one state of this file is what is on
 * the screen. */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define PROGRESS_EVERY_NS (100 * TOTE_NS_PER_MS)

static struct {
    bool is_shown;
    tote_ns_t drawn_ns;
} screen;

bool tote_progress_is_wanted(void)
{
    return isatty(STDERR_FILENO);
}

void tote_progress_show(void *context, const struct tote_progress *progress)
{
    tote_ns_t now = tote_clock_monotonic();
    if (screen.is_shown && now - screen.drawn_ns < PROGRESS_EVERY_NS)
        return;
    screen.is_shown = true;
    screen.drawn_ns = now;
    const char *cell = context;
    double seconds = (double)progress->elapsed_ns / (double)TOTE_NS_PER_S;
    uint64_t recorded = progress->done + progress->failed;
    fprintf(stderr, "\r\033[K%s  ", cell);
    if (progress->elapsed_ns == 0)
        fprintf(stderr, "starting");
    else
        fprintf(stderr, "tasks %" PRIu64 "/%" PRIu64 "  %.0f tasks/s", recorded,
                progress->tasks, seconds > 0 ? (double)recorded / seconds : 0);
    if (progress->failed > 0)
        fprintf(stderr, "  failed %" PRIu64, progress->failed);
    fflush(stderr);
}

void tote_progress_clear(void)
{
    if (screen.is_shown)
        fprintf(stderr, "\r\033[K");
    screen.is_shown = false;
}
