/* SPDX-License-Identifier: MIT */
/* html_put.c: writes text, tables and data into a page so that they stay text (html.h).
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "report/figure.h"
#include "report/html.h"

#define DIGITS 9 /* of a real number in a data set */

/* --- text --- */

void tote_html_text(struct tote_page *page, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", page->out);
            break;
        case '<':
            fputs("&lt;", page->out);
            break;
        case '>':
            fputs("&gt;", page->out);
            break;
        case '"':
            fputs("&quot;", page->out);
            break;
        case '\'':
            fputs("&#39;", page->out);
            break;
        default:
            fputc(*text, page->out);
        }
    }
}

void tote_html_say(struct tote_page *page, const char *format, ...)
{
    char *text;
    va_list list;
    va_start(list, format);
    int n = vasprintf(&text, format, list);
    va_end(list);
    if (n < 0) {
        page->has_failed = true;
        return;
    }
    tote_html_text(page, text);
    free(text);
}

/* --- tables --- */

void tote_html_table(struct tote_page *page, const char *caption,
                     const char *const *heads, size_t n)
{
    if (page->folds) {
        fputs("<details><summary>Table: ", page->out);
        tote_html_text(page, caption);
        fputs("</summary>\n", page->out);
    }
    fputs("<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"",
          page->out);
    tote_html_text(page, caption);
    fputs("\"><table><caption>", page->out);
    tote_html_text(page, caption);
    fputs("</caption><thead><tr>", page->out);
    for (size_t i = 0; i < n; i++) {
        bool is_number = heads[i][0] == '>';
        fputs(is_number ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">",
              page->out);
        tote_html_text(page, heads[i] + is_number);
        fputs("</th>", page->out);
    }
    fputs("</tr></thead><tbody>\n", page->out);
}

void tote_html_row(struct tote_page *page, const char *head)
{
    fputs("<tr><th scope=\"row\">", page->out);
    tote_html_text(page, head);
    fputs("</th>", page->out);
}

void tote_html_cell(struct tote_page *page, const char *text)
{
    fputs("<td>", page->out);
    tote_html_text(page, text);
    fputs("</td>", page->out);
}

void tote_html_number(struct tote_page *page, const char *text)
{
    fputs("<td class=\"n\">", page->out);
    tote_html_text(page, text);
    fputs("</td>", page->out);
}

void tote_html_end_row(struct tote_page *page)
{
    fputs("</tr>\n", page->out);
}

void tote_html_end_table(struct tote_page *page)
{
    fputs("</tbody></table></div>\n", page->out);
    if (page->folds)
        fputs("</details>\n", page->out);
}

void tote_html_seconds(struct tote_page *page, double value)
{
    char text[TOTE_FIGURE_MAX];
    tote_html_number(page, tote_figure_seconds(value, text));
}

void tote_html_duration(struct tote_page *page, double value)
{
    char text[TOTE_FIGURE_MAX];
    tote_html_number(page, tote_figure_duration(value, text));
}

void tote_html_rate(struct tote_page *page, double value)
{
    char text[TOTE_FIGURE_MAX];
    tote_html_number(page, tote_figure_rate(value, text));
}

void tote_html_count(struct tote_page *page, uint64_t value)
{
    fprintf(page->out, "<td class=\"n\">%" PRIu64 "</td>", value);
}

void tote_html_bounds(struct tote_page *page, bool has_bounds, double low, double high,
                      tote_html_figure *figure)
{
    char from[TOTE_FIGURE_MAX], to[TOTE_FIGURE_MAX], text[2 * TOTE_FIGURE_MAX + 8] = "";
    if (has_bounds)
        snprintf(text, sizeof text, "[%s, %s]",
                 isinf(low) ? "no end" : figure(low, from),
                 isinf(high) ? "no end" : figure(high, to));
    tote_html_number(page, text);
}

/* --- charts --- */

void tote_html_chart(struct tote_page *page, const char *name)
{
    fprintf(page->out, "<figure data-chart=\"%s\" hidden></figure>\n", name);
}

void tote_html_chart_part(struct tote_page *page, const char *name, int part,
                          const char *what)
{
    fprintf(page->out, "<figure data-chart=\"%s\" data-part=\"%d\" data-what=\"", name,
            part);
    tote_html_text(page, what);
    fputs("\" hidden></figure>\n", page->out);
}

json_t *tote_html_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

void tote_html_datum(struct tote_page *page, const char *set, json_t *row)
{
    json_t *rows = json_object_get(page->data, set);
    if (!rows && json_object_set_new(page->data, set, json_array()) == 0)
        rows = json_object_get(page->data, set);
    if (json_array_append_new(rows, row) < 0)
        page->has_failed = true;
}

/* The characters below are only ever within its strings; what is not ASCII, so also
 * U+2028 and U+2029, jansson escapes. */
static void write_safe(FILE *out, const char *json)
{
    for (; *json; json++) {
        if (strchr("<>&", *json))
            fprintf(out, "\\u%04x", (unsigned)*json);
        else
            fputc(*json, out);
    }
}

int tote_html_data(struct tote_page *page)
{
    char *text = json_dumps(page->data, JSON_COMPACT | JSON_ENSURE_ASCII |
                                            JSON_REAL_PRECISION(DIGITS));
    if (!text)
        return -ENOMEM;
    fputs("<script type=\"application/json\" id=\"data\">", page->out);
    write_safe(page->out, text);
    fputs("</script>\n", page->out);
    free(text);
    return 0;
}

/* --- downloads --- */

static void write_base64(FILE *out, const unsigned char *bytes, size_t n)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        size_t rest = n - i;
        unsigned group = (unsigned)bytes[i] << 16;
        group |= rest > 1 ? (unsigned)bytes[i + 1] << 8 : 0;
        group |= rest > 2 ? bytes[i + 2] : 0;
        fputc(digits[group >> 18], out);
        fputc(digits[group >> 12 & 63], out);
        fputc(rest > 1 ? digits[group >> 6 & 63] : '=', out);
        fputc(rest > 2 ? digits[group & 63] : '=', out);
    }
}

void tote_html_download(struct tote_page *page, const char *name, const char *type,
                        const char *bytes, size_t n)
{
    fprintf(page->out, "<a class=\"save\" download=\"%s\" href=\"data:%s;base64,", name,
            type);
    write_base64(page->out, (const unsigned char *)bytes, n);
    fprintf(page->out, "\">%s</a>\n", name);
}
