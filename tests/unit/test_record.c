/* SPDX-License-Identifier: MIT */
/* test_record.c: record lines there and back, and what is no record. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tote/record.h"

#define HEX "00000000000000ff0123456789abcdef"

static int parse(const char *line, struct tote_record *record)
{
    return tote_record_parse(line, strlen(line), record);
}

static void writes_what_the_header_says(void **state)
{
    (void)state;
    struct tote_record record = {.task = 40,
                                 .attempt = 1,
                                 .start_ns = 8123456789012345,
                                 .end_ns = 8123456794512345,
                                 .cpu_ns = 5490112,
                                 .bytes_in = 800000,
                                 .bytes_out = 349472,
                                 .digest = {0xff, 0x0123456789abcdef},
                                 .outcome = TOTE_OUTCOME_WRONG};
    char line[TOTE_RECORD_MAX + 1];
    line[tote_record_format(&record, line)] = '\0';
    assert_string_equal(line, "40 1 8123456789012345 8123456794512345 5490112 800000 "
                              "349472 " HEX " wrong\n");
}

/* Every count of digits, at both ends of it. */
static void numbers_there_and_back(void **state)
{
    (void)state;
    uint64_t power = 1;
    for (int i = 0; i < 20; i++) {
        uint64_t cases[] = {power - 1, power, power + 1};
        for (size_t j = 0; j < 3; j++) {
            struct tote_record record = {.task = cases[j],
                                         .attempt = 1,
                                         .bytes_in = cases[j],
                                         .bytes_out = UINT64_MAX - cases[j]},
                               back;
            char line[TOTE_RECORD_MAX + 1], expected[32];
            line[tote_record_format(&record, line)] = '\0';
            snprintf(expected, sizeof expected, "%llu 1 ",
                     (unsigned long long)cases[j]);
            assert_memory_equal(line, expected, strlen(expected));
            assert_int_equal(parse(line, &back), 0);
            assert_true(back.task == cases[j] && back.bytes_in == cases[j] &&
                        back.bytes_out == UINT64_MAX - cases[j]);
        }
        power *= 10;
    }
}

static void shortest_and_longest(void **state)
{
    (void)state;
    struct tote_record least = {.attempt = 1};
    struct tote_record most = {.task = UINT64_MAX,
                               .attempt = UINT32_MAX,
                               .start_ns = INT64_MAX,
                               .end_ns = INT64_MAX,
                               .cpu_ns = INT64_MAX,
                               .bytes_in = UINT64_MAX,
                               .bytes_out = UINT64_MAX,
                               .digest = {UINT64_MAX, UINT64_MAX},
                               .outcome = TOTE_OUTCOME_FAILED},
                       back;
    char line[TOTE_RECORD_MAX];
    assert_int_equal(tote_record_format(&least, line), TOTE_RECORD_MIN);
    size_t n = tote_record_format(&most, line);
    assert_true(n <= TOTE_RECORD_MAX);
    assert_int_equal(tote_record_parse(line, n, &back), 0);
    assert_int_equal(tote_record_parse(line, n - 1, &back),
                     0); /* newline is optional */
    assert_true(back.task == UINT64_MAX && back.attempt == UINT32_MAX &&
                back.end_ns == INT64_MAX && back.digest.low == UINT64_MAX &&
                back.outcome == TOTE_OUTCOME_FAILED);
}

static void refuses(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        "\n",
        "0",
        "0 1 2 3 4 5 6 " HEX,                                /* no outcome */
        "0 1 2 3 4 5 6 " HEX " ",                            /* an empty one */
        "0 1 2 3 4 5 6 " HEX " OK",                          /* not ours */
        "0 1 2 3 4 5 6 " HEX " okay",                        /* longer */
        "0 1 2 3 4 5 6 " HEX " lost",                        /* no worker writes this */
        "0 1 2 3 4 5 6 " HEX " ok ",                         /* a tenth field */
        "0 1 2 3 4 5 6 " HEX " ok\n\n",                      /* two ends */
        "0 1 2 3 4 5 6 " HEX " ok\r\n",                      /* another world's end */
        "0 1 2 3 4 5 " HEX " ok",                            /* eight fields */
        "0 1 2 3 4 5 6 7 " HEX " ok",                        /* ten */
        "0  1 2 3 4 5 6 " HEX " ok",                         /* two blanks */
        " 0 1 2 3 4 5 6 " HEX " ok",                         /* a blank before */
        "0\t1 2 3 4 5 6 " HEX " ok",                         /* a TAB */
        "00 1 2 3 4 5 6 " HEX " ok",                         /* a leading zero */
        "0 01 2 3 4 5 6 " HEX " ok",                         /* in any field */
        "+0 1 2 3 4 5 6 " HEX " ok",                         /* signs */
        "-1 1 2 3 4 5 6 " HEX " ok",                         /**/
        "0 0 2 3 4 5 6 " HEX " ok",                          /* attempts count from 1 */
        "0 4294967296 2 3 4 5 6 " HEX " ok",                 /* 2^32 */
        "0 1 3 2 4 5 6 " HEX " ok",                          /* ends before it starts */
        "0x1 1 2 3 4 5 6 " HEX " ok",                        /* hexadecimal */
        "1e3 1 2 3 4 5 6 " HEX " ok",                        /* a float */
        "18446744073709551616 1 2 3 4 5 6 " HEX " ok",       /* 2^64 */
        "99999999999999999999 1 2 3 4 5 6 " HEX " ok",       /* more */
        "100000000000000000000 1 2 3 4 5 6 " HEX " ok",      /* 21 digits */
        "0 1 2 9223372036854775808 4 5 6 " HEX " ok",        /* 2^63 ns */
        "0 1 2 3 9223372036854775808 5 6 " HEX " ok",        /**/
        "0 1 2 3 4 5 6 00000000000000FF0123456789abcdef ok", /* upper case */
        "0 1 2 3 4 5 6 0000000000000ff0123456789abcdef ok",  /* 31 digits */
        "0 1 2 3 4 5 6 000000000000000ff0123456789abcdef ok", /* 33 digits */
        "0 1 2 3 4 5 6 0000000000000:ff0123456789abcdef ok",  /* the byte after 9 */
        "0 1 2 3 4 5 6 0000000000000/ff0123456789abcdef ok",  /* the byte before 0 */
        "0 1 2 3 4 5 6 000000000000`0ff0123456789abcdef ok",  /* the byte before a */
        "0 1 2 3 4 5 6 000000000000g0ff0123456789abcdef ok",  /* the byte after f */
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct tote_record record = {.task = 77};
        if (parse(lines[i], &record) != -EBADMSG)
            fail_msg("accepted: %s", lines[i]);
        assert_true(record.task == 77);
    }
}

/* Whatever one byte of a good line is changed to: refused, or the same text again. */
static void every_changed_byte(void **state)
{
    (void)state;
    const char good[] = "90 1 29 38 4 500 61 " HEX " ok\n";
    for (size_t i = 0; i < sizeof good - 1; i++) {
        for (int byte = 0; byte < 256; byte++) {
            char line[sizeof good], again[TOTE_RECORD_MAX];
            struct tote_record record;
            memcpy(line, good, sizeof good);
            line[i] = (char)byte;
            if (tote_record_parse(line, sizeof good - 1, &record) < 0)
                continue;
            size_t n = tote_record_format(&record, again);
            assert_int_equal(n, sizeof good - 1);
            assert_memory_equal(line, again, n);
        }
    }
}

/* Each cut in memory of just its size, so that a sanitizer sees a byte read too far. */
static void every_cut(void **state)
{
    (void)state;
    const char good[] = "90 1 29 38 4 500 61 " HEX " ok\n";
    struct tote_record record;
    for (size_t n = 1; n < sizeof good - 2; n++) {
        char *cut = malloc(n);
        assert_non_null(cut);
        memcpy(cut, good, n);
        assert_int_equal(tote_record_parse(cut, n, &record), -EBADMSG);
        free(cut);
    }
    assert_int_equal(tote_record_parse(good, 0, &record), -EBADMSG);
    char large[TOTE_RECORD_MAX + 100];
    memset(large, '1', sizeof large);
    assert_int_equal(tote_record_parse(large, sizeof large, &record), -EBADMSG);
}

static void names_of_outcomes(void **state)
{
    (void)state;
    assert_string_equal(tote_outcome_name(TOTE_OUTCOME_OK), "ok");
    assert_string_equal(tote_outcome_name(TOTE_OUTCOME_FAILED), "failed");
    assert_string_equal(tote_outcome_name(TOTE_OUTCOME_WRONG), "wrong");
    assert_string_equal(tote_outcome_name(TOTE_OUTCOME_LOST), "lost");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_the_header_says),
        cmocka_unit_test(numbers_there_and_back),
        cmocka_unit_test(shortest_and_longest),
        cmocka_unit_test(refuses),
        cmocka_unit_test(every_changed_byte),
        cmocka_unit_test(every_cut),
        cmocka_unit_test(names_of_outcomes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
