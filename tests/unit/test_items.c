/* SPDX-License-Identifier: MIT */
/* test_items.c: lists from values, files, pipes that speak late, in pieces cut
 * anywhere.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "items/items.h"
#include "random.h"
#include "tote/limits.h"

enum { TEXT_MAX = 4096 };

static char folder[] = "/tmp/unit-test-items-XXXXXX";
static char file_path[64], fifo_path[64];

static int make_folder(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    snprintf(file_path, sizeof file_path, "%s/list", folder);
    snprintf(fifo_path, sizeof fifo_path, "%s/fifo", folder);
    return mkfifo(fifo_path, 0600);
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(file_path);
    unlink(fifo_path);
    return rmdir(folder);
}

static void write_all(int fd, const void *data, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t wrote = write(fd, (const char *)data + done, n - done);
        assert_true(wrote > 0);
        done += (size_t)wrote;
    }
}

static void write_file(const void *data, size_t n)
{
    int fd = open(file_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    write_all(fd, data, n);
    close(fd);
}

/* --- a list as one text: values in brackets --- */

struct seen {
    char text[TEXT_MAX];
    size_t n;
    int rc; /* the last answer */
    struct tote_error err;
};

static void add(struct seen *seen, const char *text)
{
    size_t n = strlen(text);
    assert_true(seen->n + n < sizeof seen->text);
    memcpy(seen->text + seen->n, text, n + 1);
    seen->n += n;
}

/* All there is for now. */
static void drain(struct tote_items *items, struct seen *seen)
{
    struct tote_item item;
    while ((seen->rc = tote_items_next(items, &item, &seen->err)) == TOTE_ITEMS_ONE) {
        for (size_t i = 0; i < item.n; i++) {
            add(seen, i ? "," : "[");
            add(seen, item.columns[i]);
        }
        add(seen, "]");
    }
}

static struct tote_items *open_source(struct tote_items_source source)
{
    struct tote_items *items = NULL;
    struct tote_error err = {0};
    if (tote_items_open(&source, &items, &err) < 0)
        fail_msg("%s", err.text);
    return items;
}

static struct seen read_file(enum tote_items_kind kind, char end, const void *data,
                             size_t n)
{
    struct seen seen = {.n = 0};
    write_file(data, n);
    struct tote_items *items = open_source(
        (struct tote_items_source){.kind = kind, .path = file_path, .end = end});
    assert_int_equal(tote_items_fd(items), -1);
    drain(items, &seen);
    tote_items_close(items);
    return seen;
}

static void check_open_fails(struct tote_items_source source, const char *why)
{
    struct tote_items *items = NULL;
    struct tote_error err = {0};
    assert_int_equal(tote_items_open(&source, &items, &err), -EINVAL);
    assert_null(items);
    if (!strstr(err.text, why))
        fail_msg("%s", err.text);
}

/* --- values --- */

static const char *const abc[] = {"a", "b", "c"};
static const char *const numbers[] = {"1", "2"};

static void check_values(const struct tote_items_list *lists, size_t n,
                         const char *want)
{
    struct seen seen = {.n = 0};
    size_t n_columns = 0;
    struct tote_items *items = open_source((struct tote_items_source){
        .kind = TOTE_ITEMS_VALUES, .lists = lists, .n_lists = n});
    assert_int_equal(tote_items_fd(items), -1);
    assert_null(tote_items_columns(items, &n_columns));
    assert_int_equal(n_columns, n);
    drain(items, &seen);
    assert_int_equal(seen.rc, TOTE_ITEMS_END);
    assert_string_equal(seen.text, want);
    drain(items, &seen);
    assert_int_equal(seen.rc, TOTE_ITEMS_END);
    assert_string_equal(seen.text, want);
    tote_items_close(items);
}

static void values_are_products_and_links(void **state)
{
    (void)state;
    static const struct tote_items_list one[] = {{abc, 3, false}},
                                        two[] = {{abc, 3, false}, {numbers, 2, false}},
                                        linked[] = {{abc, 3, false},
                                                    {numbers, 2, true}},
                                        mixed[] = {{numbers, 2, false},
                                                   {numbers, 2, false},
                                                   {abc, 3, true},
                                                   {abc, 2, false}},
                                        none[] = {{abc, 3, false}, {NULL, 0, false}},
                                        all_linked[] = {{abc, 3, false},
                                                        {numbers, 2, true},
                                                        {abc, 1, true}};
    check_values(one, 1, "[a][b][c]");
    check_values(two, 2, "[a,1][a,2][b,1][b,2][c,1][c,2]");
    check_values(linked, 2, "[a,1][b,2]");
    check_values(mixed, 4,
                 "[1,1,a,a][1,1,a,b][1,2,b,a][1,2,b,b]"
                 "[2,1,a,a][2,1,a,b][2,2,b,a][2,2,b,b]");
    check_values(none, 2, "");
    check_values(all_linked, 3, "[a,1,a]");
}

static void products_have_a_limit(void **state)
{
    (void)state;
    struct tote_items_list lists[42], linked[] = {{abc, 3, true}};
    struct tote_items_source source = {.kind = TOTE_ITEMS_VALUES, .lists = lists};
    for (size_t i = 0; i < 42; i++)
        lists[i] = (struct tote_items_list){numbers, 2, false};
    check_open_fails(source, "no list");
    source.n_lists = 41;
    check_open_fails(source, "more than 1099511627776 items");
    source.n_lists = 40; /* as many as a bag may have; none of them is made */
    struct tote_items *items = open_source(source);
    tote_items_close(items);
    source.lists = linked;
    source.n_lists = 1;
    check_open_fails(source, "none is before it");
}

/* --- lines --- */

static void check_lines(char end, const char *data, size_t n, int rc, const char *want)
{
    struct seen seen = read_file(TOTE_ITEMS_LINES, end, data, n);
    assert_int_equal(seen.rc, rc);
    assert_string_equal(rc < 0 ? seen.err.text + strlen(file_path) : seen.text, want);
}

static void lines_of_files(void **state)
{
    (void)state;
    check_lines('\n', "", 0, TOTE_ITEMS_END, "");
    check_lines('\n', "\n\n", 2, TOTE_ITEMS_END, "");
    check_lines('\n', "a\n\nb c\r\n\xff'\"", 11, TOTE_ITEMS_END, "[a][b c\r][\xff'\"]");
    check_lines('\n', "a\nb\0c\n", 6, -EINVAL,
                ": line 2 holds a NUL byte; with -0 each item ends with one");
    check_lines('\n', "\n\nb\0c", 5, -EINVAL,
                ": line 3 holds a NUL byte; with -0 each item ends with one");
    check_lines('\0', "a\nb\0\0c", 6, TOTE_ITEMS_END, "[a\nb][][c]");
    check_lines('\0', "\0", 1, TOTE_ITEMS_END, "[]");
    check_lines('\0', "", 0, TOTE_ITEMS_END, "");
}

static void items_of_a_mebibyte(void **state)
{
    (void)state;
    char *data = malloc(TOTE_ITEM_BYTES_MAX + 4);
    struct tote_item item;
    struct tote_error err = {0};
    assert_non_null(data);
    memset(data, 'x', TOTE_ITEM_BYTES_MAX + 4);
    for (size_t add_n = 0; add_n < 2; add_n++) {
        data[1] = data[TOTE_ITEM_BYTES_MAX + add_n + 2] = '\n';
        write_file(data, TOTE_ITEM_BYTES_MAX + 4);
        struct tote_items *items = open_source((struct tote_items_source){
            .kind = TOTE_ITEMS_LINES, .path = file_path, .end = '\n'});
        assert_int_equal(tote_items_next(items, &item, NULL), TOTE_ITEMS_ONE);
        int rc = tote_items_next(items, &item, &err);
        assert_int_equal(rc, add_n ? -EINVAL : TOTE_ITEMS_ONE);
        if (rc == TOTE_ITEMS_ONE)
            assert_int_equal(strlen(item.columns[0]), TOTE_ITEM_BYTES_MAX);
        else
            assert_non_null(strstr(err.text, "line 2 is longer than 1 MiB"));
        if (rc < 0) /* it stays broken */
            assert_int_equal(tote_items_next(items, &item, NULL), -EINVAL);
        tote_items_close(items);
        data[TOTE_ITEM_BYTES_MAX + 2] = 'x';
    }
    free(data);
}

static void what_cannot_be_read_is_said(void **state)
{
    (void)state;
    struct tote_items_source source = {.path = "/nowhere/list", .end = '\n'};
    for (int kind = TOTE_ITEMS_LINES; kind <= TOTE_ITEMS_CSV; kind++) {
        source.kind = (enum tote_items_kind)kind;
        source.path = "/nowhere/list";
        check_open_fails(source, "/nowhere/list: cannot be opened: No such file");
        source.path = folder;
        check_open_fails(source, "cannot be read: Is a directory");
    }
    struct seen seen = {.n = 0};
    struct tote_items *items = open_source((struct tote_items_source){
        .kind = TOTE_ITEMS_LINES, .path = "/dev/null", .end = '\n'});
    drain(items, &seen);
    assert_int_equal(seen.rc, TOTE_ITEMS_END);
    tote_items_close(items);
    tote_items_close(NULL);
}

/* --- CSV --- */

static void check_csv(const char *data, int rc, const char *want)
{
    struct seen seen = read_file(TOTE_ITEMS_CSV, '\n', data, strlen(data));
    if (seen.rc != rc)
        fail_msg("'%s': %d %s", data, seen.rc, seen.err.text);
    assert_string_equal(rc < 0 ? seen.err.text + strlen(file_path) : seen.text, want);
}

static void csv_rows(void **state)
{
    (void)state;
    check_csv("a,b", TOTE_ITEMS_END, "");
    check_csv("a,b\n1,2", TOTE_ITEMS_END, "[1,2]");
    check_csv("\xef\xbb\xbf\"a\",b\r\n1,2\r\n\r\n\n3,4\r", TOTE_ITEMS_END,
              "[1,2][3,4]");
    check_csv("a,b\n,\n\"\",\"\"\n \t, x \n", TOTE_ITEMS_END, "[,][,][ \t, x ]");
    check_csv("a\n\"\"\n\"x\"\"y\"\"\"\n\"1\n2\r\n,\"\n", TOTE_ITEMS_END,
              "[][x\"y\"][1\n2\r\n,]");
    check_csv("a\n\xef\xbb\xbfx\n", TOTE_ITEMS_END, "[\xef\xbb\xbfx]");
    check_csv("a,b\n\n1,2,3\n", -EINVAL,
              ": line 3 has 3 values, but the first line names 2 columns");
    check_csv("a,b\n\"1\n\n2\",3\n4\n", -EINVAL,
              ": line 5 has 1 values, but the first line names 2 columns");
    check_csv("a\n\"x\ny\n", -EINVAL,
              ": line 2 begins a value whose quote is not closed");
    check_csv("a\n\"x\" \n", -EINVAL,
              ": line 2 has text behind a value's closing quote");
    check_csv("a\nx\"y\n", -EINVAL,
              ": line 2 has a quote within a value; put the value in quotes and write "
              "the quote twice");
    check_csv("a\nx\ry\n", -EINVAL,
              ": line 2 has a carriage return that does not end it");
}

static void csv_names(void **state)
{
    (void)state;
    static const struct {
        const char *data, *why;
    } cases[] = {
        {"", "is empty"},
        {"\n\r\n", "is empty"},
        {"\xef\xbb\xbf", "is empty"},
        {"a,,b\n", "name 2, '', is empty"},
        {"a,b,a\n", "name 3, 'a', is there twice"},
        {"a,{b\n", "name 2, '{b', holds a brace"},
        {"in:a\n", "holds a brace, a colon"},
        {"\"a\nb\"\n", "name 1, 'a\\x0ab', holds a brace, a colon or a control"},
        {"a,item\n", "name 2, 'item', is a placeholder"},
        {"stem\n", "is a placeholder"},
        {"\"a\n", "line 1 begins a value whose quote is not closed"},
    };
    struct tote_items_source source = {.kind = TOTE_ITEMS_CSV, .path = file_path};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_file(cases[i].data, strlen(cases[i].data));
        check_open_fails(source, cases[i].why);
    }
    write_file("a,b c,\"d\"\n", 10);
    size_t n = 0;
    struct tote_items *items = open_source(source);
    const char *const *names = tote_items_columns(items, &n);
    assert_int_equal(n, 3);
    assert_string_equal(names[1], "b c");
    assert_string_equal(names[2], "d");
    tote_items_close(items);
}

/* Newlines for all columns; at most 256 of them. */
static void csv_columns_have_a_limit(void **state)
{
    (void)state;
    char data[2048];
    size_t n = 0;
    for (int i = 0; i < 256; i++)
        n += (size_t)snprintf(data + n, sizeof data - n, "%sc%d", i ? "," : "", i);
    struct tote_items_source source = {.kind = TOTE_ITEMS_CSV, .path = file_path};
    write_file(data, n);
    tote_items_close(open_source(source));
    memcpy(data + n, ",x", 2);
    write_file(data, n + 2);
    check_open_fails(source, "more than 256 values");
}

/* A quote that is never closed must not take the memory of the machine. */
static void csv_rows_have_a_limit(void **state)
{
    (void)state;
    const size_t n = 4u << 20;
    char *data = malloc(n);
    assert_non_null(data);
    memset(data, 'x', n);
    memcpy(data, "a\n\"", 3);
    struct seen seen = read_file(TOTE_ITEMS_CSV, '\n', data, n);
    assert_int_equal(seen.rc, -EINVAL);
    assert_non_null(
        strstr(seen.err.text, "line 2 is too long; is a quote not closed?"));
    data[2] = 'x';
    seen = read_file(TOTE_ITEMS_CSV, '\n', data, 2 + TOTE_ITEM_BYTES_MAX + 1);
    assert_int_equal(seen.rc, -EINVAL);
    assert_non_null(strstr(seen.err.text, "line 2 is longer than 1 MiB"));
    free(data);
}

/* --- pipes --- */

/* Through a fifo, in pieces that end anywhere, asked at every piece. */
static void check_pieces(enum tote_items_kind kind, char end, const char *data,
                         size_t n, const char *want, uint64_t *random)
{
    struct seen seen = {.n = 0};
    struct tote_items_source source = {.kind = kind, .path = fifo_path, .end = end};
    int keep = open(fifo_path, O_RDWR | O_CLOEXEC);
    int to = open(fifo_path, O_WRONLY | O_CLOEXEC);
    size_t done = 0;
    assert_true(keep >= 0 && to >= 0);
    if (kind == TOTE_ITEMS_CSV) /* its names are waited for */
        write_all(to, data, done = (size_t)(strchr(data, '\n') - data) + 1);
    struct tote_items *items = open_source(source);
    close(keep);
    while (done < n) {
        size_t piece = 1 + random_below(random, n - done);
        drain(items, &seen);
        assert_int_equal(seen.rc, TOTE_ITEMS_LATER);
        write_all(to, data + done, piece);
        done += piece;
        struct pollfd wait = {.fd = tote_items_fd(items), .events = POLLIN};
        assert_int_equal(poll(&wait, 1, 0), 1);
    }
    drain(items, &seen);
    assert_int_equal(seen.rc, TOTE_ITEMS_LATER);
    close(to);
    drain(items, &seen);
    assert_int_equal(seen.rc, TOTE_ITEMS_END);
    assert_string_equal(seen.text, want);
    tote_items_close(items);
}

static void pieces_cut_anywhere(void **state)
{
    (void)state;
    static const char csv[] = "a,b\n1,\"x\r\n\"\"y\"\r\n\n2,\"\"\n3,4",
                      lines[] = "one\n\n\xc3\xa9\r\n four \nlast";
    uint64_t random = 3;
    for (int i = 0; i < 200; i++) {
        check_pieces(TOTE_ITEMS_CSV, '\n', csv, sizeof csv - 1, "[1,x\r\n\"y][2,][3,4]",
                     &random);
        check_pieces(TOTE_ITEMS_LINES, '\n', lines, sizeof lines - 1,
                     "[one][\xc3\xa9\r][ four ][last]", &random);
        check_pieces(TOTE_ITEMS_LINES, '\0', lines, sizeof lines,
                     "[one\n\n\xc3\xa9\r\n four \nlast]", &random);
    }
}

/* Nobody writes to the fifo yet: that is later, not the end. */
static void a_fifo_without_a_writer_is_silent(void **state)
{
    (void)state;
    struct seen seen = {.n = 0};
    struct tote_items *items = open_source((struct tote_items_source){
        .kind = TOTE_ITEMS_LINES, .path = fifo_path, .end = '\n'});
    drain(items, &seen);
    assert_int_equal(seen.rc, TOTE_ITEMS_LATER);
    int to = open(fifo_path, O_WRONLY | O_CLOEXEC);
    drain(items, &seen);
    assert_int_equal(seen.rc, TOTE_ITEMS_LATER);
    write_all(to, "x", 1);
    close(to);
    drain(items, &seen);
    assert_int_equal(seen.rc, TOTE_ITEMS_END);
    assert_string_equal(seen.text, "[x]");
    tote_items_close(items);
}

static void *write_names(void *argument)
{
    const int *to = argument;
    write_all(*to, "alp", 3);
    write_all(*to, "ha,b", 4);
    write_all(*to, "\r\n1,2\n", 6);
    return NULL;
}

/* Standard input is shared: its flags stay as they are. */
static void standard_input_keeps_its_flags(void **state)
{
    (void)state;
    int old = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10), ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, write_names, &ends[1]), 0);
    struct seen seen = {.n = 0};
    size_t n = 0;
    struct tote_items *items =
        open_source((struct tote_items_source){.kind = TOTE_ITEMS_CSV, .path = "-"});
    pthread_join(thread, NULL);
    assert_string_equal(tote_items_columns(items, &n)[0], "alpha");
    drain(items, &seen);
    assert_int_equal(seen.rc, TOTE_ITEMS_LATER);
    assert_int_equal(tote_items_fd(items), STDIN_FILENO);
    assert_int_equal(fcntl(ends[0], F_GETFL) & O_NONBLOCK, 0);
    write_all(ends[1], "3\n", 2);
    drain(items, &seen);
    assert_string_equal(seen.text, "[1,2]");
    assert_string_equal(
        seen.err.text,
        "standard input: line 3 has 1 values, but the first line names 2 columns");
    tote_items_close(items);
    assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0); /* still open */
    if (old >= 0)
        dup2(old, STDIN_FILENO);
    close(old);
    close(ends[0]);
    close(ends[1]);
}

/* Empty lines without end: others have their turn. */
static void much_of_nothing_gives_way(void **state)
{
    (void)state;
    struct tote_item item;
    int laters = 0, rc = 0;
    struct tote_items *items = open_source((struct tote_items_source){
        .kind = TOTE_ITEMS_LINES, .path = fifo_path, .end = '\n'});
    int to = open(fifo_path, O_WRONLY | O_CLOEXEC);
    char *newlines = malloc(65536);
    assert_non_null(newlines);
    memset(newlines, '\n', 65536);
    for (int i = 0; i < 40; i++) {
        write_all(to, newlines, 65536);
        rc = tote_items_next(items, &item, NULL);
        assert_int_equal(rc, TOTE_ITEMS_LATER);
        laters++;
    }
    close(to);
    while ((rc = tote_items_next(items, &item, NULL)) == TOTE_ITEMS_LATER)
        laters++;
    assert_int_equal(rc, TOTE_ITEMS_END);
    assert_true(laters >= 40);
    free(newlines);
    tote_items_close(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_products_and_links),
        cmocka_unit_test(products_have_a_limit),
        cmocka_unit_test(lines_of_files),
        cmocka_unit_test(items_of_a_mebibyte),
        cmocka_unit_test(what_cannot_be_read_is_said),
        cmocka_unit_test(csv_rows),
        cmocka_unit_test(csv_names),
        cmocka_unit_test(csv_columns_have_a_limit),
        cmocka_unit_test(csv_rows_have_a_limit),
        cmocka_unit_test(pieces_cut_anywhere),
        cmocka_unit_test(a_fifo_without_a_writer_is_silent),
        cmocka_unit_test(standard_input_keeps_its_flags),
        cmocka_unit_test(much_of_nothing_gives_way),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
