/* SPDX-License-Identifier: MIT */
/* error.c: writes the one sentence of a failure (error.h). */
#include "tote/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int tote_error_set(struct tote_error *err, int code, const char *format, ...)
{
    if (err && !err->text[0]) {
        va_list args;
        va_start(args, format);
        vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
    }
    return code;
}

void tote_error_prefix(struct tote_error *err, const char *format, ...)
{
    if (!err || !err->text[0])
        return;
    char old[TOTE_ERROR_MAX];
    memcpy(old, err->text, sizeof old);

    va_list args;
    va_start(args, format);
    vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    /* Appends what fits: a sentence that is too long is cut. */
    size_t n = strlen(err->text), room = sizeof err->text - 1 - n;
    strncat(err->text, ": ", room);
    n = strlen(err->text), room = sizeof err->text - 1 - n;
    strncat(err->text, old, room);
}

void tote_error_append(struct tote_error *err, const char *format, ...)
{
    if (!err || !err->text[0])
        return;
    size_t n = strlen(err->text);
    va_list args;
    va_start(args, format);
    vsnprintf(err->text + n, sizeof err->text - n, format, args);
    va_end(args);
}
