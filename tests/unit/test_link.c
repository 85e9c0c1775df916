/* SPDX-License-Identifier: MIT */
/* test_link.c: lines over real pipes that are full, slow, cut or gone. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/link.h"
#include "random.h"

/* Both ends of what would lead to an engine. */
struct wire {
    struct tote_link link;
    int engine_in, engine_out, engine_err; /* the engine's ends */
    struct tote_box box;
};

static void open_pipe(int *ret_read, int *ret_write)
{
    int fds[2];
    assert_int_equal(pipe2(fds, O_NONBLOCK | O_CLOEXEC), 0);
    *ret_read = fds[0];
    *ret_write = fds[1];
}

static struct wire *wire_open(int log_fd)
{
    struct wire *w = calloc(1, sizeof *w);
    assert_non_null(w);
    open_pipe(&w->engine_in, &w->box.to_engine);
    open_pipe(&w->box.from_engine, &w->engine_out);
    open_pipe(&w->box.errors, &w->engine_err);
    assert_int_equal(tote_link_init(&w->link, &w->box, log_fd, NULL), 0);
    return w;
}

static void wire_close(struct wire *w)
{
    tote_link_finish(&w->link);
    int fds[] = {w->engine_in,     w->engine_out,      w->engine_err,
                 w->box.to_engine, w->box.from_engine, w->box.errors};
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(w);
}

static void say(int fd, const char *text, size_t n)
{
    assert_int_equal(write(fd, text, n), n);
}

static void require_line(struct wire *w, const char *wanted)
{
    const char *line;
    size_t n;
    assert_int_equal(tote_link_line(&w->link, &line, &n, NULL), 1);
    assert_int_equal(n, strlen(wanted));
    assert_memory_equal(line, wanted, n);
}

static void require_none(struct wire *w)
{
    const char *line;
    size_t n;
    assert_int_equal(tote_link_line(&w->link, &line, &n, NULL), 0);
}

/* --- in --- */

static void lines_are_cut_from_what_comes(void **state)
{
    (void)state;
    struct wire *w = wire_open(-1);
    tote_link_fill(&w->link); /* nothing there */
    require_none(w);
    say(w->engine_out, "one\ntwo\n\nthr", 12);
    tote_link_fill(&w->link);
    require_line(w, "one");
    require_line(w, "two");
    require_line(w, "");
    require_none(w);
    tote_link_fill(&w->link);
    require_none(w);
    say(w->engine_out, "ee\n", 3);
    tote_link_fill(&w->link);
    require_line(w, "three");
    assert_false(w->link.is_ended);
    say(w->engine_out, "half", 4);
    close(w->engine_out);
    w->engine_out = -1;
    tote_link_fill(&w->link);
    tote_link_fill(&w->link);
    require_none(w); /* a line that was cut short is none */
    assert_true(w->link.is_ended);
    wire_close(w);
}

/* Writes n bytes of a line through the pipe while the link reads. */
static int long_line(size_t n, size_t *ret_n)
{
    struct wire *w = wire_open(-1);
    char block[4096];
    const char *line;
    struct tote_error err = {0};
    int rc = 0;
    memset(block, 'x', sizeof block);
    for (size_t sent = 0; sent < n && rc == 0; sent += sizeof block) {
        size_t part = n - sent < sizeof block ? n - sent : sizeof block;
        if (sent + part == n)
            block[part - 1] = '\n';
        say(w->engine_out, block, part);
        tote_link_fill(&w->link);
        rc = tote_link_line(&w->link, &line, ret_n, &err);
    }
    assert_true(rc >= 0 || strstr(err.text, "a line of more than 1048576 bytes"));
    wire_close(w);
    return rc;
}

static void a_line_has_a_longest(void **state)
{
    (void)state;
    size_t n = 0;
    assert_int_equal(long_line(TOTE_LINE_MAX, &n), 1);
    assert_int_equal(n, TOTE_LINE_MAX - 1);
    assert_int_equal(long_line(TOTE_LINE_MAX + 1, &n), -E2BIG);
    assert_int_equal(long_line(3 * TOTE_LINE_MAX, &n), -E2BIG);
}

/* Random lines in random pieces come out as they went in. */
static void any_pieces_make_the_same_lines(void **state)
{
    (void)state;
    struct wire *w = wire_open(-1);
    uint64_t random = 3, there = 3;
    size_t sent = 0, seen = 0;
    char piece[2000];
    while (seen < 200000) {
        size_t n = random_below(&random, sizeof piece);
        for (size_t i = 0; i < n; i++, sent++)
            piece[i] = random_is(&there, 0.01) ? '\n' : 'a' + (char)(sent % 26);
        say(w->engine_out, piece, n);
        tote_link_fill(&w->link);
        const char *line;
        size_t n_line;
        while (tote_link_line(&w->link, &line, &n_line, NULL) == 1) {
            for (size_t i = 0; i < n_line; i++, seen++)
                assert_int_equal(line[i], 'a' + (char)(seen % 26));
            seen++;
        }
        assert_true(sent - seen == w->link.in_n - w->link.in_at);
    }
    wire_close(w);
}

/* --- out --- */

static void a_slow_reader_gets_everything(void **state)
{
    (void)state;
    struct wire *w = wire_open(-1);
    enum { LINES = 20000 };
    char line[64], back[4096];
    size_t expected = 0, got = 0;
    uint64_t hash = 0, back_hash = 0;
    for (int i = 0; i < LINES; i++) {
        int n = snprintf(line, sizeof line, "command %d for an engine\n", i);
        assert_int_equal(tote_link_send(&w->link, line, (size_t)n, NULL), 0);
        for (int j = 0; j < n; j++)
            hash = hash * 31 + (unsigned char)line[j];
        expected += (size_t)n;
        ssize_t taken = i % 3 ? 0 : read(w->engine_in, back, 60);
        for (ssize_t j = 0; j < taken; j++, got++)
            back_hash = back_hash * 31 + (unsigned char)back[j];
    }
    assert_true(tote_link_has_output(&w->link));
    while (got < expected) {
        ssize_t taken = read(w->engine_in, back, sizeof back);
        assert_true(taken > 0);
        for (ssize_t j = 0; j < taken; j++, got++)
            back_hash = back_hash * 31 + (unsigned char)back[j];
        tote_link_flush(&w->link);
    }
    assert_false(tote_link_has_output(&w->link));
    assert_true(hash == back_hash);
    wire_close(w);
}

/* A reader that is always a little behind: what was written does not pile up. */
static void what_is_written_is_forgotten(void **state)
{
    (void)state;
    struct wire *w = wire_open(-1);
    char line[1000], back[1000];
    memset(line, 'x', sizeof line);
    for (int i = 0; i < 100; i++)
        tote_link_send(&w->link, line, sizeof line, NULL);
    assert_true(tote_link_has_output(&w->link));
    for (int i = 0; i < 100000; i++) {
        assert_int_equal(read(w->engine_in, back, sizeof back), sizeof back);
        assert_int_equal(tote_link_send(&w->link, line, sizeof line, NULL), 0);
        assert_true(tote_link_has_output(&w->link));
    }
    assert_true(w->link.out_capacity < 1 << 20);
    wire_close(w);
}

static void a_reader_that_left_is_no_error(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    struct wire *w = wire_open(-1);
    close(w->engine_in);
    w->engine_in = -1;
    assert_int_equal(tote_link_send(&w->link, "x\n", 2, NULL), 0);
    assert_false(tote_link_has_output(&w->link));
    wire_close(w);
}

/* --- stderr --- */

static void require_words(struct wire *w, unsigned lines, const char *wanted)
{
    char words[32];
    tote_link_last_words(&w->link, lines, words, sizeof words);
    assert_string_equal(words, wanted);
}

static void the_last_words_are_kept(void **state)
{
    (void)state;
    struct wire *w = wire_open(-1);
    require_words(w, 1, "");
    say(w->engine_err, "first\nlast\n", 11);
    tote_link_fill_errors(&w->link);
    require_words(w, 1, "last");
    require_words(w, 3, "first | last");
    say(w->engine_err, "a\x1b[2J\r\n\n\r\n", 10);
    tote_link_fill_errors(&w->link);
    require_words(w, 1, "a?[2J");
    require_words(w, 2, "last | a?[2J");
    for (int i = 0; i < 300; i++)
        say(w->engine_err, "many lines of an engine's words\n", 32);
    say(w->engine_err, "0123456789012345678901234567890123456789", 40);
    tote_link_fill_errors(&w->link);
    require_words(w, 1, "0123456789012345678901234567");
    assert_true(w->link.tail_n <= TOTE_LINK_TAIL_MAX);
    assert_false(w->link.has_errors_ended);
    close(w->engine_err);
    w->engine_err = -1;
    tote_link_fill_errors(&w->link);
    assert_true(w->link.has_errors_ended);
    wire_close(w);
}

static void all_words_go_into_the_log(void **state)
{
    (void)state;
    FILE *log = tmpfile();
    struct wire *w = wire_open(fileno(log));
    for (int i = 0; i < 1000; i++) {
        say(w->engine_err, "many lines of an engine's words\n", 32);
        if (i % 100 == 0)
            tote_link_fill_errors(&w->link);
    }
    tote_link_fill_errors(&w->link);
    assert_int_equal(lseek(fileno(log), 0, SEEK_END), 32000);
    wire_close(w);
    fclose(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_cut_from_what_comes),
        cmocka_unit_test(a_line_has_a_longest),
        cmocka_unit_test(any_pieces_make_the_same_lines),
        cmocka_unit_test(a_slow_reader_gets_everything),
        cmocka_unit_test(what_is_written_is_forgotten),
        cmocka_unit_test(a_reader_that_left_is_no_error),
        cmocka_unit_test(the_last_words_are_kept),
        cmocka_unit_test(all_words_go_into_the_log),
    };
    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
