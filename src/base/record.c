/* SPDX-License-Identifier: MIT */
/* record.c: record lines, written and read by hand since they are on the hot path of
 * 200,000 empty tasks a second (record.h). Not for files of records or for batches. */
#include "tote/record.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static const char *const outcome_names[] = {
    [TOTE_OUTCOME_OK] = "ok",
    [TOTE_OUTCOME_FAILED] = "failed",
    [TOTE_OUTCOME_WRONG] = "wrong",
    [TOTE_OUTCOME_LOST] = "lost",
};

enum { N_OUTCOMES = sizeof outcome_names / sizeof outcome_names[0] };

const char *tote_outcome_name(enum tote_outcome outcome)
{
    return (unsigned)outcome < N_OUTCOMES ? outcome_names[outcome] : "unknown";
}

/* --- writing --- */

static const char digit_pairs[201] =
    "00010203040506070809101112131415161718192021222324"
    "25262728293031323334353637383940414243444546474849"
    "50515253545556575859606162636465666768697071727374"
    "75767778798081828384858687888990919293949596979899";

/* Writes from the right into a scratch of 20 digits, two at a time. */
static char *put_uint(char *at, uint64_t value)
{
    char digits[20];
    size_t left = sizeof digits;
    while (value >= 100) {
        left -= 2;
        memcpy(digits + left, digit_pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        left -= 2;
        memcpy(digits + left, digit_pairs + value * 2, 2);
    } else {
        digits[--left] = (char)('0' + value);
    }
    memcpy(at, digits + left, sizeof digits - left);
    return at + (sizeof digits - left);
}

static char *put_field(char *at, uint64_t value)
{
    at = put_uint(at, value);
    *at = ' ';
    return at + 1;
}

static char *put_hex(char *at, uint64_t value)
{
    for (int shift = 60; shift >= 0; shift -= 4)
        *at++ = "0123456789abcdef"[value >> shift & 15];
    return at;
}

size_t tote_record_format(const struct tote_record *record, char *line)
{
    char *at = line;
    at = put_field(at, record->task);
    at = put_field(at, record->attempt);
    at = put_field(at, (uint64_t)record->start_ns);
    at = put_field(at, (uint64_t)record->end_ns);
    at = put_field(at, (uint64_t)record->cpu_ns);
    at = put_field(at, record->bytes_in);
    at = put_field(at, record->bytes_out);
    at = put_hex(at, record->digest.high);
    at = put_hex(at, record->digest.low);
    *at++ = ' ';
    const char *outcome = tote_outcome_name(record->outcome);
    size_t n = strlen(outcome);
    memcpy(at, outcome, n);
    at += n;
    *at++ = '\n';
    return (size_t)(at - line);
}

void tote_digest_format(const struct tote_digest *digest,
                        char text[static TOTE_DIGEST_TEXT_MAX])
{
    char *at = put_hex(text, digest->high);
    at = put_hex(at, digest->low);
    *at = '\0';
}

/* --- reading --- */

/* Where the reader stands; `good` falls once and stays down, so that a line is read as
 * straight as it is written and judged at the end. */
struct reader {
    const char *at, *end;
    bool good;
};

/* A number up to `most` and the blank behind it. Nineteen digits cannot overflow, so
 * only the twentieth is watched. */
static uint64_t take_field(struct reader *reader, uint64_t most)
{
    const char *start = reader->at, *at = start, *end = reader->end;
    uint64_t value = 0;
    bool good = true;
    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        uint64_t digit = (uint64_t)(*at - '0');
        if (at - start >= 19)
            good &= at - start == 19 && value <= (UINT64_MAX - digit) / 10;
        value = value * 10 + digit;
    }
    if (at == start || at == end || *at != ' ' || value > most)
        good = false;
    else if (*start == '0' && at - start > 1)
        good = false;
    if (!good) {
        reader->good = false;
        return 0;
    }
    reader->at = at + 1;
    return value;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Sixteen digits; the caller has seen to it that they are there. */
static uint64_t take_hex(struct reader *reader)
{
    uint64_t value = 0;
    int bad = 0;
    for (int i = 0; i < 16; i++) {
        int digit = hex_value(reader->at[i]);
        bad |= digit;
        value = value << 4 | ((uint64_t)digit & 15);
    }
    reader->good &= bad >= 0;
    reader->at += 16;
    return value;
}

static void take_digest(struct reader *reader, struct tote_digest *ret_digest)
{
    if (reader->end - reader->at < 33 || reader->at[32] != ' ') {
        reader->good = false;
        return;
    }
    ret_digest->high = take_hex(reader);
    ret_digest->low = take_hex(reader);
    reader->at++;
}

int tote_digest_parse(const char *text, struct tote_digest *ret_digest)
{
    if (strlen(text) != TOTE_DIGEST_TEXT_MAX - 1)
        return -EBADMSG;
    struct reader reader = {
        .at = text, .end = text + TOTE_DIGEST_TEXT_MAX - 1, .good = true};
    struct tote_digest digest;
    digest.high = take_hex(&reader);
    digest.low = take_hex(&reader);
    if (!reader.good)
        return -EBADMSG;
    *ret_digest = digest;
    return 0;
}

static enum tote_outcome take_outcome(struct reader *reader)
{
    size_t n = (size_t)(reader->end - reader->at);
    for (int i = 0; i < TOTE_OUTCOME_LOST; i++) /* a worker cannot be its own loss */
        if (strlen(outcome_names[i]) == n && !memcmp(outcome_names[i], reader->at, n))
            return (enum tote_outcome)i;
    reader->good = false;
    return TOTE_OUTCOME_FAILED;
}

int tote_record_parse(const char *line, size_t n, struct tote_record *ret_record)
{
    if (n == 0 || n > TOTE_RECORD_MAX)
        return -EBADMSG;
    struct reader reader = {
        .at = line, .end = line + n - (line[n - 1] == '\n'), .good = true};
    struct tote_record record = {0};
    record.task = take_field(&reader, UINT64_MAX);
    record.attempt = (uint32_t)take_field(&reader, UINT32_MAX);
    record.start_ns = (tote_ns_t)take_field(&reader, INT64_MAX);
    record.end_ns = (tote_ns_t)take_field(&reader, INT64_MAX);
    record.cpu_ns = (tote_ns_t)take_field(&reader, INT64_MAX);
    record.bytes_in = take_field(&reader, UINT64_MAX);
    record.bytes_out = take_field(&reader, UINT64_MAX);
    take_digest(&reader, &record.digest);
    record.outcome = take_outcome(&reader);
    if (!reader.good || record.attempt == 0 || record.end_ns < record.start_ns)
        return -EBADMSG;
    *ret_record = record;
    return 0;
}
