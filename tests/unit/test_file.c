/* SPDX-License-Identifier: MIT */
/* test_file.c: files read and written whole (base/file.h), and folders of strangers
 * (base/folder.h). What is below a folder, and how removing goes on after a fault, is
 * in test_publisher.c and test_publisher_faults.c. */
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
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/beneath.h"
#include "base/file.h"
#include "base/folder.h"

static char folder[] = "/tmp/unit-file-XXXXXX";
static int at;

static int make_folder(void **state)
{
    (void)state;
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    at = mkdtemp(folder) ? open(folder, O_RDONLY | O_DIRECTORY) : -1;
    return at < 0;
}

static int remove_folder(void **state)
{
    (void)state;
    close(at);
    return tote_folder_remove(folder);
}

static void write_file(const char *name, const void *bytes, size_t n)
{
    int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(tote_file_write(fd, bytes, n), 0);
    assert_int_equal(close(fd), 0);
}

/* What reading gives; the bytes must be those expected. */
static int read_code(const char *name, size_t most, const char *expected, size_t n)
{
    void *bytes = NULL;
    size_t size = 0;
    int fd = openat(at, name, O_RDONLY | O_NONBLOCK);
    assert_true(fd >= 0);
    int rc = tote_file_read(fd, most, &bytes, &size);
    close(fd);
    if (rc == 0) {
        assert_int_equal(size, n);
        assert_memory_equal(bytes, expected, n);
    }
    assert_true((rc == 0) == (bytes != NULL));
    free(bytes);
    return rc;
}

static void files_come_back_whole(void **state)
{
    (void)state;
    size_t n = 3u << 20; /* more than a pipe or a read takes at once */
    char *bytes = calloc(1, n);
    memset(bytes + n / 2, '\xff', n / 2);
    write_file("large", bytes, n);
    assert_int_equal(read_code("large", n, bytes, n), 0);
    assert_int_equal(read_code("large", n - 1, "", 0), -EMSGSIZE);
    write_file("empty", "", 0);
    assert_int_equal(read_code("empty", 0, "", 0), 0);
    free(bytes);
}

static void what_is_no_file_is_not_read(void **state)
{
    (void)state;
    assert_int_equal(mkfifoat(at, "pipe", 0600), 0);
    assert_int_equal(read_code("pipe", 100, "", 0), -EBADMSG);
    assert_int_equal(read_code(".", 100, "", 0), -EBADMSG);
    assert_int_equal(read_code("/dev/zero", 100, "", 0), -EBADMSG);
}

static void a_write_that_fails_is_told(void **state)
{
    (void)state;
    struct tote_error err = {0};
    int ends[2], full = open("/dev/full", O_WRONLY);
    assert_int_equal(tote_file_write(full, "x", 1), -ENOSPC);
    close(full);
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(tote_file_write(ends[1], "x", 1), -EPIPE);
    close(ends[1]);
    assert_int_equal(tote_file_fail("write", "/a/b", ENOSPC, &err), -ENOSPC);
    assert_string_equal(err.text, "cannot write /a/b: No space left on device");
}

static void parents_are_made(void **state)
{
    (void)state;
    struct stat info;
    assert_int_equal(tote_folder_make_parents(at, "name"), 0);
    assert_int_equal(tote_folder_make_parents(at, "a/b b/c/name"), 0);
    assert_int_equal(tote_folder_make_parents(at, "a/b b/d/name"), 0);
    assert_int_equal(fstatat(at, "a/b b/c", &info, 0), 0);
    assert_true(S_ISDIR(info.st_mode) && (info.st_mode & 07777) == 0700);
    assert_int_equal(faccessat(at, "a/b b/c/name", F_OK, 0), -1);
    write_file("a/file", "x", 1);
    assert_int_equal(tote_folder_make_parents(at, "a/file/c/name"), -ENOTDIR);
}

/* Deeper than a path can say, closed, and with links that lead out. */
static void strange_folders_go(void **state)
{
    (void)state;
    char name[201];
    memset(name, 'd', 200);
    name[200] = '\0';
    assert_int_equal(mkdirat(at, "out", 0700), 0);
    write_file("out/stays", "x", 1);
    assert_int_equal(mkdirat(at, "top", 0700), 0);
    int deep = openat(at, "top", O_RDONLY);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(mkdirat(deep, name, 0700), 0);
        assert_int_equal(symlinkat("../../out", deep, "link"), 0);
        assert_int_equal(mkdirat(deep, "closed", 0), 0);
        int next = openat(deep, name, O_RDONLY);
        fchmod(deep, i % 2 ? 0 : 0500);
        close(deep);
        deep = next;
    }
    close(deep);
    assert_int_equal(tote_folder_remove_at(at, "top"), 0);
    assert_int_equal(tote_folder_remove_at(at, "top"), -ENOENT);
    assert_int_equal(tote_folder_remove_at(at, "out/stays"), -ENOTDIR);
    assert_int_equal(faccessat(at, "out/stays", F_OK, 0), 0);
}

static void near_is_on_one_filesystem(void **state)
{
    (void)state;
    if (syscall(SYS_openat2, -1, "", NULL, 0) < 0 &&
        (errno == ENOSYS || errno == EPERM))
        skip();
    int root = open("/", O_RDONLY | O_DIRECTORY);
    int fd = tote_beneath_open(root, "proc/self/status", O_RDONLY);
    assert_int_equal(fd, -ELOOP); /* self is a link */
    fd = tote_beneath_open(root, "proc/version", O_RDONLY);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(tote_beneath_open_near(root, "proc/version", O_RDONLY), -EXDEV);
    close(root);
    write_file("here", "x", 1);
    fd = tote_beneath_open_near(at, "here", O_RDONLY);
    assert_true(fd >= 0);
    close(fd);
}

/* --- a file of one's own --- */

static void assert_made(const char *name)
{
    char path[sizeof folder + 64];
    struct stat info;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = tote_file_make(path);
    assert_true(fd >= 0);
    assert_int_equal(tote_file_write(fd, "new", 3), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(fstatat(at, name, &info, AT_SYMLINK_NOFOLLOW), 0);
    assert_true(S_ISREG(info.st_mode) && (info.st_mode & 0777) == 0600);
    assert_int_equal(info.st_size, 3);
}

static void a_file_is_made_where_somebody_has_put_something(void **state)
{
    (void)state;
    write_file("theirs", "theirs", 6);
    write_file("old", "longer than that", 16);
    assert_int_equal(mkfifoat(at, "pipe", 0600), 0);
    assert_int_equal(symlinkat("theirs", at, "link"), 0);
    assert_int_equal(symlinkat("nowhere", at, "dangling"), 0);
    const char *const names[] = {"new", "old", "pipe", "link", "dangling"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_made(names[i]);
    assert_int_equal(read_code("theirs", 64, "theirs", 6), 0);
    assert_int_equal(faccessat(at, "nowhere", F_OK, 0), -1);
}

static void no_file_is_made_in_place_of_a_folder(void **state)
{
    (void)state;
    char path[sizeof folder + 64];
    assert_int_equal(mkdirat(at, "folder", 0700), 0);
    snprintf(path, sizeof path, "%s/folder", folder);
    assert_int_equal(tote_file_make(path), -EISDIR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(files_come_back_whole, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_not_read, make_folder,
                                        remove_folder),
        cmocka_unit_test(a_write_that_fails_is_told),
        cmocka_unit_test_setup_teardown(a_file_is_made_where_somebody_has_put_something,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(no_file_is_made_in_place_of_a_folder,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(parents_are_made, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(strange_folders_go, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(near_is_on_one_filesystem, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
