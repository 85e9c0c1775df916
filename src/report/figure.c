/* SPDX-License-Identifier: MIT */
/* figure.c: rounds and writes numbers for people (figure.h). */
#include "report/figure.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "stats/bootstrap.h"
#include "stats/stats.h"

static const char *write_digits(double value, int decimals, const char *unit,
                                char text[static TOTE_FIGURE_MAX])
{
    if (!isfinite(value))
        snprintf(text, TOTE_FIGURE_MAX, "-");
    else if (fabs(value) >= 1e15) /* no sane figure, but no endless one either */
        snprintf(text, TOTE_FIGURE_MAX, "%.3g%s", value, unit);
    else
        snprintf(text, TOTE_FIGURE_MAX, "%.*f%s", decimals, value, unit);
    return text;
}

/* Decimals that leave three digits, counted after rounding: 9.996 is 10.0, not 10.00.
 */
static int decimals_for(double value)
{
    double size = fabs(value);
    return size < 0.0995   ? 4
           : size < 0.9995 ? 3
           : size < 9.995  ? 2
           : size < 99.95  ? 1
                           : 0;
}

const char *tote_figure_rate(double value, char text[static TOTE_FIGURE_MAX])
{
    if (value >= 999500)
        return write_digits(value / 1e6, decimals_for(value / 1e6), "M", text);
    if (value >= 9999.5)
        return write_digits(value / 1e3, decimals_for(value / 1e3), "k", text);
    return write_digits(value, decimals_for(value), "", text);
}

const char *tote_figure_bounds(const struct tote_interval *interval,
                               char text[static TOTE_FIGURE_MAX])
{
    char low[TOTE_FIGURE_MAX], high[TOTE_FIGURE_MAX];
    text[0] = '\0';
    if (interval->has_bounds)
        snprintf(text, TOTE_FIGURE_MAX, "[%.20s, %.20s]",
                 tote_figure_rate(interval->low, low),
                 tote_figure_rate(interval->high, high));
    return text;
}

const char *tote_figure_seconds(double value, char text[static TOTE_FIGURE_MAX])
{
    int decimals = value < 0.09995 ? 4 : value < 9.9995 ? 3 : value < 99.995 ? 2 : 1;
    return write_digits(value, decimals, "", text);
}

const char *tote_figure_duration(double value, char text[static TOTE_FIGURE_MAX])
{
    static const struct {
        double below, factor;
        const char *unit;
    } rows[] = {{0.9995e-6, 1e9, " ns"},
                {0.9995e-3, 1e6, " us"},
                {0.9995, 1e3, " ms"},
                {INFINITY, 1, " s"}};
    size_t i = 0;
    while (i < 3 && !(fabs(value) < rows[i].below))
        i++;
    double scaled = value * rows[i].factor;
    return write_digits(scaled, i == 0 ? 0 : decimals_for(scaled), rows[i].unit, text);
}

const char *tote_figure_fraction(double value, char text[static TOTE_FIGURE_MAX])
{
    if (value < 0.00095)
        snprintf(text, TOTE_FIGURE_MAX, "<0.001");
    else
        write_digits(value, value < 0.0995 ? 3 : 2, "", text);
    return text;
}

static const char *write_times(double value, const char *unit,
                               char text[static TOTE_FIGURE_MAX])
{
    int decimals = value < 1.005 ? 3 : value < 1.995 ? 2 : value < 9.95 ? 1 : 0;
    if (value >= 99.5 && isfinite(value)) {
        double scale = pow(10, floor(log10(value)) - 1);
        value = round(value / scale) * scale;
    }
    return write_digits(value, decimals, unit, text);
}

const char *tote_figure_times(double value, char text[static TOTE_FIGURE_MAX])
{
    return write_times(value, "x", text);
}

const char *tote_figure_workers(uint32_t n, char text[static TOTE_FIGURE_MAX])
{
    snprintf(text, TOTE_FIGURE_MAX, "%" PRIu32 " worker%s", n, n == 1 ? "" : "s");
    return text;
}

const char *tote_figure_blocks(size_t n, uint64_t least, uint64_t most,
                               char text[static TOTE_FIGURE_MAX])
{
    if (least == most)
        snprintf(text, TOTE_FIGURE_MAX, "%zu of %" PRIu64 " blocks", n, most);
    else
        snprintf(text, TOTE_FIGURE_MAX, "%zu of %" PRIu64 " to %" PRIu64 " blocks", n,
                 least, most);
    return text;
}

const char *tote_figure_times_bounds(const struct tote_estimate *estimate,
                                     char text[static TOTE_FIGURE_MAX])
{
    char low[TOTE_FIGURE_MAX], high[TOTE_FIGURE_MAX];
    text[0] = '\0';
    if (estimate->has_bounds)
        snprintf(text, TOTE_FIGURE_MAX, "[%.20s, %.20s]",
                 write_times(estimate->low, "", low),
                 write_times(estimate->high, "", high));
    return text;
}

const char *tote_figure_p(double p, char text[static TOTE_FIGURE_MAX])
{
    if (p < 0.00095)
        snprintf(text, TOTE_FIGURE_MAX, "<0.001");
    else
        write_digits(p, p < 0.0995 ? 3 : 2, "", text);
    return text;
}

const char *tote_figure_floor(double floor, char text[static TOTE_FIGURE_MAX])
{
    return write_digits(100 * expm1(floor), 2, " %", text);
}

const char *tote_figure_bytes(double value, char text[static TOTE_FIGURE_MAX])
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
    enum { UNITS = sizeof units / sizeof *units };
    int unit = 0;
    if (isnan(value)) {
        snprintf(text, TOTE_FIGURE_MAX, "-");
        return text;
    }
    for (; value >= 999.5 && unit < UNITS - 1; unit++)
        value /= 1000;
    int digits = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    snprintf(text, TOTE_FIGURE_MAX, "%.*f %s", digits, value, units[unit]);
    return text;
}
