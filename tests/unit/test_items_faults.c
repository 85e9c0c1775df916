/* SPDX-License-Identifier: MIT */
/* test_items_faults.c: each allocation and each read of a list and a template fails
 * once: a sentence, no leak, no crash. Calls are wrapped by the linker. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "items/items.h"
#include "items/template.h"

/* Calls until one fails; 0: none does. */
static unsigned fails_in;
static int read_error;

static bool fails(void)
{
    return fails_in > 0 && --fails_in == 0;
}

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t n);
ssize_t __real_read(int fd, void *into, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t n);
ssize_t __wrap_read(int fd, void *into, size_t n);

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t n)
{
    return fails() ? NULL : __real_realloc(old, n);
}

ssize_t __wrap_read(int fd, void *into, size_t n)
{
    int error = read_error;
    read_error = 0; /* once */
    if (!error)
        return __real_read(fd, into, n);
    errno = error;
    return -1;
}

static const char *path;
static char made[] = "/tmp/unit-test-faults-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    static const char text[] = "alpha,beta\n1,x\n2,y\n";
    int fd = mkstemp(made);
    path = made;
    bool is_written = fd >= 0 && write(fd, text, sizeof text - 1) == sizeof text - 1;
    return is_written ? close(fd) : -1;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static struct tote_items_source source_of(enum tote_items_kind kind)
{
    static const char *const values[] = {"a", "b"};
    static const struct tote_items_list lists[] = {{values, 2, false},
                                                   {values, 2, false}};
    return (struct tote_items_source){
        .kind = kind, .lists = lists, .n_lists = 2, .path = path, .end = '\n'};
}

/* The whole way of a list; the number of items, or what failed. */
static int expand_all(enum tote_items_kind kind, struct tote_error *err)
{
    static const char *const words[] = {"cp", "{in:{1}}", "{out:{item}.x}", "{1}"};
    struct tote_items_source source = source_of(kind);
    struct tote_items *items = NULL;
    struct tote_template *template = NULL;
    struct tote_places places = {.start = "/start", .is_staged = true};
    struct tote_item item;
    size_t n_columns = 0;
    int n = 0, rc = tote_items_open(&source, &items, err);
    if (rc == 0) {
        tote_items_columns(items, &n_columns);
        rc = tote_template_parse(words, 4, NULL, n_columns, true, &template, err);
    }
    while (rc == 0 && (rc = tote_items_next(items, &item, err)) == TOTE_ITEMS_ONE) {
        struct tote_expanded expanded = {0};
        rc = tote_template_expand(template, item.columns, item.n, (uint64_t)n, &places,
                                  &expanded, err);
        char *line = NULL;
        if (rc == 0)
            line = tote_shell_join(expanded.command.args, expanded.command.n_args);
        if (rc == 0 && !line)
            rc = tote_error_set(err, -ENOMEM, "out of memory");
        free(line);
        tote_expanded_finish(&expanded);
        n++;
    }
    tote_template_destroy(template);
    tote_items_close(items);
    return rc < 0 ? rc : n;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    static const int want[] = {4, 3, 2};
    for (int kind = TOTE_ITEMS_VALUES; kind <= TOTE_ITEMS_CSV; kind++) {
        int rc = -ENOMEM;
        unsigned at = 0;
        while (rc == -ENOMEM) {
            struct tote_error err = {0};
            fails_in = ++at;
            rc = expand_all((enum tote_items_kind)kind, &err);
            bool has_failed = fails_in == 0;
            fails_in = 0;
            if (rc == -ENOMEM)
                assert_string_equal(err.text, "out of memory");
            assert_true(rc == -ENOMEM || !has_failed || rc == want[kind]);
            /* A join's last realloc only makes smaller: it may fail for nothing. */
            if (has_failed && rc == want[kind])
                rc = -ENOMEM;
        }
        assert_int_equal(rc, want[kind]);
        assert_true(at > 10);
    }
}

static void a_failed_read_is_said(void **state)
{
    (void)state;
    for (int kind = TOTE_ITEMS_LINES; kind <= TOTE_ITEMS_CSV; kind++) {
        struct tote_error err = {0};
        read_error = EIO;
        assert_int_equal(expand_all((enum tote_items_kind)kind, &err), -EINVAL);
        assert_non_null(strstr(err.text, ": cannot be read: Input/output error"));
        read_error = EINTR; /* is no failure */
        assert_true(expand_all((enum tote_items_kind)kind, &err) > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_failed_read_is_said),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
