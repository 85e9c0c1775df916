/* SPDX-License-Identifier: MIT */
/* rate.c: see rate.h. */
#include "cli/rate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double seconds_of(tote_ns_t ns)
{
    return (double)ns / (double)TOTE_NS_PER_S;
}

void tote_rate_note(struct tote_rate *rate, tote_ns_t at_ns, uint64_t count)
{
    tote_ns_t width = at_ns / 64 > TOTE_NS_PER_S ? at_ns / 64 : TOTE_NS_PER_S;
    rate->now = (struct tote_rate_mark){at_ns, count};
    if (rate->n > 0 && at_ns - rate->marks[rate->n - 1].at_ns < width)
        return;
    if (rate->n == TOTE_RATE_WINDOWS + 1) {
        memmove(rate->marks, rate->marks + 1, TOTE_RATE_WINDOWS * sizeof *rate->marks);
        rate->n--;
    }
    rate->marks[rate->n++] = rate->now;
}

static double between(const struct tote_rate_mark *a, const struct tote_rate_mark *b)
{
    double seconds = seconds_of(b->at_ns - a->at_ns);
    return seconds > 0 ? (double)(b->count - a->count) / seconds : 0;
}

double tote_rate_per_s(const struct tote_rate *rate)
{
    static const struct tote_rate_mark start;
    if (rate->n < 2) /* not a whole window yet */
        return between(rate->n == 1 ? &rate->marks[0] : &start, &rate->now);
    return between(&rate->marks[0], &rate->marks[rate->n - 1]);
}

/* Of the mean of the windows' rates. */
static double standard_error(const struct tote_rate *rate)
{
    size_t windows = rate->n - 1;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < windows; i++)
        sum += between(&rate->marks[i], &rate->marks[i + 1]);
    double mean = sum / (double)windows;
    for (size_t i = 0; i < windows; i++) {
        double off = between(&rate->marks[i], &rate->marks[i + 1]) - mean;
        squares += off * off;
    }
    return sqrt(squares / (double)(windows - 1) / (double)windows);
}

struct tote_rate_left tote_rate_left(const struct tote_rate *rate, uint64_t remaining)
{
    double mean = tote_rate_per_s(rate);
    struct tote_rate_left left = {.is_known = mean > 0 || remaining == 0};
    if (!left.is_known || remaining == 0)
        return left;
    left.s = (double)remaining / mean;
    left.has_range = rate->n > TOTE_RATE_LEAST;
    if (!left.has_range)
        return left;
    double error = 2 * standard_error(rate);
    double slow = mean - error > mean / 10 ? mean - error : mean / 10;
    left.low_s = (double)remaining / (mean + error);
    left.high_s = (double)remaining / slow;
    return left;
}

void tote_rate_text(double seconds, char into[static 24])
{
    double whole = seconds < 1e9 ? round(seconds) : 1e9;
    unsigned long s = (unsigned long)whole;
    if (s < 60)
        snprintf(into, 24, "%lu s", s);
    else if (s < 3600)
        snprintf(into, 24, "%lum%02lus", s / 60, s % 60);
    else if (s < 86400)
        snprintf(into, 24, "%luh%02lum", s / 3600, s / 60 % 60);
    else
        snprintf(into, 24, "%lud%02luh", s / 86400, s / 3600 % 24);
}
