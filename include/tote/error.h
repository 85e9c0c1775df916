/* SPDX-License-Identifier: MIT */
/* error.h: the one way a tote function says why it failed.
 *
 *     struct tote_error err = {0};
 *     if (tote_options_parse(table, n, "level=x", &opts, &err) < 0)
 *         fprintf(stderr, "tote: %s\n", err.text);
 *
 * Functions return 0 (or a count) on success and a negative errno on failure, and
 * write one sentence into a caller-owned struct: the input, the place, the mend.
 * The first error wins: a struct that already holds a sentence keeps it. Not for
 * failed tasks, which are data (record.h). */
#ifndef TOTE_ERROR_H
#define TOTE_ERROR_H

#if defined(__GNUC__)
#define TOTE_PRINTF(format_index, first_arg)                                           \
    __attribute__((format(printf, format_index, first_arg)))
#else
#define TOTE_PRINTF(format_index, first_arg)
#endif

#define TOTE_ERROR_MAX                                                                 \
    512 /* bytes of a sentence, terminator included; longer is cut                     \
         */

struct tote_error {
    char text[TOTE_ERROR_MAX]; /* empty: no error */
};

/* Writes the sentence unless err is null or already holds one. Returns code, which
 * must be negative, so that callers can write `return tote_error_set(err, -EINVAL,
 * ...)`. Safe from any thread that owns err. */
int tote_error_set(struct tote_error *err, int code, const char *format, ...)
    TOTE_PRINTF(3, 4);

/* Puts words before the sentence that err holds, as "context: sentence". */
void tote_error_prefix(struct tote_error *err, const char *format, ...)
    TOTE_PRINTF(2, 3);

/* Puts words behind the sentence that err holds; what does not fit is cut. */
void tote_error_append(struct tote_error *err, const char *format, ...)
    TOTE_PRINTF(2, 3);

#endif
