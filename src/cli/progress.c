/* SPDX-License-Identifier: MIT */
/* progress.c: the progress line (progress.h). The one state of this file is what is on
 * the screen, and how fast results came. */
#include "cli/progress.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/rate.h"

#define PROGRESS_EVERY_NS (100 * TOTE_NS_PER_MS)

enum { LINE_MAX_BYTES = 512 };

static struct {
    bool is_line, is_jsonl;
    bool is_shown;
    tote_ns_t drawn_ns;
    struct tote_rate rate;
} screen;

void tote_progress_choose(enum tote_telling how)
{
    screen.is_line = how == TOTE_TELL_AUTO && isatty(STDERR_FILENO);
    screen.is_jsonl = how == TOTE_TELL_JSONL;
}

void tote_progress_clear(void)
{
    if (screen.is_shown)
        fprintf(stderr, "\r\033[K");
    screen.is_shown = false;
}

/* Results of this run; a new launch begins from nothing. */
static void note_rate(const struct tote_progress *progress)
{
    uint64_t results = progress->done + progress->failed - progress->before;
    if (progress->elapsed_ns < screen.rate.now.at_ns || results < screen.rate.now.count)
        screen.rate = (struct tote_rate){.n = 0};
    if (progress->elapsed_ns > 0)
        tote_rate_note(&screen.rate, progress->elapsed_ns, results);
}

static struct tote_rate_left left_of(const struct tote_progress *progress)
{
    uint64_t recorded = progress->done + progress->failed;
    if (!progress->is_whole || recorded > progress->tasks)
        return (struct tote_rate_left){.is_known = false};
    return tote_rate_left(&screen.rate, progress->tasks - recorded);
}

/* --- the line --- */

struct line {
    char text[LINE_MAX_BYTES];
    size_t n;
};

static void add(struct line *line, const char *format, ...) TOTE_PRINTF(2, 3);
static void add(struct line *line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line->text + line->n, sizeof line->text - line->n, format, args);
    va_end(args);
    if (n > 0)
        line->n += (size_t)n < sizeof line->text - line->n
                       ? (size_t)n
                       : sizeof line->text - line->n - 1;
}

static void add_count(struct line *line, const char *name, uint64_t n)
{
    if (n > 0)
        add(line, "  %s %" PRIu64, name, n);
}

static void add_left(struct line *line, const struct tote_progress *progress)
{
    struct tote_rate_left left = left_of(progress);
    char text[24], low[24], high[24];
    if (!left.is_known || progress->is_last)
        return;
    tote_rate_text(left.s, text);
    add(line, "  ETA %s", text);
    if (!left.has_range)
        return;
    tote_rate_text(left.low_s, low);
    tote_rate_text(left.high_s, high);
    add(line, " (%s to %s)", low, high);
}

static void fill_line(struct line *line, const char *cell,
                      const struct tote_progress *progress)
{
    add(line, "%s  ", cell);
    if (progress->elapsed_ns == 0) {
        add(line, "starting");
        return;
    }
    add(line, "tasks %" PRIu64 "/", progress->done + progress->failed);
    if (progress->is_whole)
        add(line, "%" PRIu64, progress->tasks);
    else
        add(line, "?");
    add_count(line, "failed", progress->failed);
    add_count(line, "retried", progress->retried);
    add_count(line, "running", progress->running);
    double per_s = tote_rate_per_s(&screen.rate);
    add(line, per_s < 10 ? "  %.2f tasks/s" : "  %.0f tasks/s", per_s);
    add_left(line, progress);
    if (progress->is_draining)
        add(line, "  ending");
}

/* Columns of the terminal, but for the last. */
static int width(void)
{
    struct winsize size;
    bool is_known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
    return is_known ? size.ws_col - 1 : LINE_MAX_BYTES;
}

static void show_line(const char *cell, const struct tote_progress *progress,
                      tote_ns_t now)
{
    bool is_due = screen.is_line &&
                  !(screen.is_shown && now - screen.drawn_ns < PROGRESS_EVERY_NS);
    bool is_wanted = progress->is_forced && (screen.is_line || !progress->signal);
    if (!is_due && !is_wanted)
        return;
    struct line line = {.n = 0};
    fill_line(&line, cell, progress);
    tote_progress_clear();
    if (is_wanted)
        fprintf(stderr, "%s\n", line.text);
    if (screen.is_line) {
        fprintf(stderr, "%.*s", width(), line.text);
        screen.is_shown = true;
        screen.drawn_ns = now;
    }
    fflush(stderr);
}

/* --- objects --- */

static json_t *real_or_null(bool is_known, double value)
{
    return is_known && isfinite(value) ? json_real(value) : json_null();
}

static void show_object(const struct tote_progress *progress, tote_ns_t now)
{
    bool is_due = screen.drawn_ns == 0 || now - screen.drawn_ns >= TOTE_NS_PER_S;
    if (!is_due && !progress->is_last && !progress->is_forced)
        return;
    screen.drawn_ns = now;
    struct tote_rate_left left = left_of(progress);
    json_t *object = json_pack(
        "{s:f, s:I, s:I, s:o, s:I, s:I, s:I, s:f, s:o, s:o, s:o, s:b, s:b}", "seconds",
        (double)progress->elapsed_ns / (double)TOTE_NS_PER_S, "done",
        (json_int_t)progress->done, "failed", (json_int_t)progress->failed, "total",
        progress->is_whole ? json_integer((json_int_t)progress->tasks) : json_null(),
        "retried", (json_int_t)progress->retried, "lost_batches",
        (json_int_t)progress->lost, "running", (json_int_t)progress->running,
        "tasks_per_s", tote_rate_per_s(&screen.rate), "left_s",
        real_or_null(left.is_known, left.s), "left_low_s",
        real_or_null(left.has_range, left.low_s), "left_high_s",
        real_or_null(left.has_range, left.high_s), "ending", (int)progress->is_draining,
        "last", (int)progress->is_last);
    if (object) {
        json_dumpf(object, stderr, JSON_COMPACT | JSON_REAL_PRECISION(6));
        fprintf(stderr, "\n");
    }
    json_decref(object);
    fflush(stderr);
}

void tote_progress_show(const char *cell, const struct tote_progress *progress)
{
    tote_ns_t now = tote_clock_monotonic();
    note_rate(progress);
    if (screen.is_jsonl)
        show_object(progress, now);
    else
        show_line(cell, progress, now);
}
