/* SPDX-License-Identifier: MIT */
/* test_publisher.c: what is published, what is refused, what is left, on real files.
 * What happens when calls fail and when tote is killed is in test_publisher_faults.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/digest.h"
#include "publisher_fixture.h"

#define SKIPPED 77

static struct tote_publisher *publisher;

static int set_up(void **state)
{
    (void)state;
    if (place_enter(NULL) < 0)
        return -1;
    publisher = publisher_open(false);
    return publisher ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    tote_publisher_close(publisher);
    publisher = NULL;
    place_leave();
    return 0;
}

static int put(const char *attempt, const struct tote_publisher_file *files, size_t n)
{
    struct tote_error err = {0};
    int rc = tote_publisher_put(publisher, attempt, files, n, &err);
    assert_true((rc < 0) == (err.text[0] != '\0'));
    assert_true(rc == 0 || strstr(err.text, files[n - 1].path));
    return rc;
}

static int put_one(const char *attempt, struct tote_publisher_file file)
{
    return put(attempt, &file, 1);
}

/* --- publishing --- */

static void files_get_their_names_and_the_attempt_goes(void **state)
{
    (void)state;
    struct tote_publisher_file files[] = {fill_output("40.1", "a.txt", "one"),
                                          fill_output("40.1", "d/e/b.txt", "two"),
                                          fill_output("40.1", "d/-c", "")};
    assert_int_equal(put("40.1", files, 3), 0);
    assert_int_equal(tote_publisher_sync(publisher, NULL), 0);
    assert_true(is_there(ATTEMPTS "/40.1/a.txt")); /* until it is recorded */
    tote_publisher_forget(publisher, "40.1");
    assert_true(holds(RESULTS "/a.txt", "one"));
    assert_true(holds(RESULTS "/d/e/b.txt", "two"));
    assert_true(holds(RESULTS "/d/-c", ""));
    assert_int_equal(count_below(RESULTS, NULL), 5);
    assert_int_equal(count_below(ATTEMPTS, NULL), 0);
}

static void nothing_to_publish_is_no_error(void **state)
{
    (void)state;
    assert_int_equal(tote_publisher_put(publisher, "1.1", NULL, 0, NULL), 0);
    assert_int_equal(tote_publisher_sync(publisher, NULL), 0);
    tote_publisher_forget(publisher, "1.1");
}

static void a_file_of_others_is_not_replaced(void **state)
{
    (void)state;
    assert_true(fill_file(RESULTS "/b.txt", "theirs"));
    struct tote_publisher_file files[] = {fill_output("1.1", "new/a.txt", "mine"),
                                          fill_output("1.1", "b.txt", "mine")};
    assert_int_equal(put("1.1", files, 2), -EEXIST);
    assert_true(holds(RESULTS "/b.txt", "theirs"));
    assert_int_equal(count_below(RESULTS, NULL), 1); /* new/ is taken back too */
    assert_true(holds(ATTEMPTS "/1.1/new/a.txt", "mine"));
    assert_int_equal(tote_publisher_sync(publisher, NULL), 0);
    assert_int_equal(put("1.1", files, 1), 0); /* the refusal is not for ever */
}

static void a_file_of_ours_is_replaced(void **state)
{
    (void)state;
    struct tote_publisher_file file = fill_output("1.1", "d/a.txt", "first");
    assert_int_equal(put_one("1.1", file), 0);
    tote_publisher_forget(publisher, "1.1");
    file = fill_output("1.2", "d/a.txt", "second");
    assert_int_equal(put_one("1.2", file), -EEXIST);
    file.is_ours = true;
    assert_int_equal(put_one("1.2", file), 0);
    assert_true(holds(RESULTS "/d/a.txt", "second"));
    assert_int_equal(count_below(RESULTS, NULL), 2);
}

static void what_is_no_file_is_not_replaced_either(void **state)
{
    (void)state;
    assert_true(fill_file("away/outside.txt", "theirs"));
    assert_int_equal(mkdir(RESULTS "/folder", 0777), 0);
    assert_int_equal(symlink("../away/outside.txt", RESULTS "/link"), 0);
    assert_int_equal(symlink("nowhere", RESULTS "/dangling"), 0);
    assert_int_equal(mkfifo(RESULTS "/fifo", 0600), 0);
    static const char *const names[] = {"folder", "link", "dangling", "fifo"};
    for (size_t i = 0; i < 4; i++) {
        struct tote_publisher_file file = fill_output("1.1", names[i], "mine");
        assert_int_equal(put_one("1.1", file), -EEXIST);
        file.is_ours = true;
        assert_int_equal(put_one("1.1", file), -EEXIST);
        assert_true(tote_publisher_is_taken(publisher, names[i]));
    }
    assert_int_equal(count_below(RESULTS, NULL), 4);
    assert_true(holds("away/outside.txt", "theirs"));
}

static void a_file_where_a_folder_should_be_is_a_name_taken(void **state)
{
    (void)state;
    assert_true(fill_file(RESULTS "/d", "theirs"));
    assert_int_equal(put_one("1.1", fill_output("1.1", "d/a", "mine")), -EEXIST);
    assert_true(tote_publisher_is_taken(publisher, "d/a"));
    assert_false(tote_publisher_is_taken(publisher, "e/a"));
    assert_true(holds(RESULTS "/d", "theirs"));
    struct tote_error err = {0};
    assert_int_equal(tote_publisher_check_way(publisher, "d/a", &err), -EINVAL);
    assert_non_null(strstr(err.text, "through a file"));
    assert_int_equal(tote_publisher_check_way(publisher, "d", NULL), 0);
    assert_int_equal(tote_publisher_check_way(publisher, "e/a", NULL), 0);
}

/* --- ways out --- */

static void a_link_in_results_leads_nowhere(void **state)
{
    (void)state;
    assert_int_equal(mkdir("away", 0777), 0);
    assert_int_equal(symlink("../away", RESULTS "/out"), 0);
    assert_int_equal(symlink("/", RESULTS "/root"), 0);
    assert_int_equal(symlink(".", RESULTS "/here"), 0);
    static const char *const paths[] = {"out/a", "out/d/a", "root/tmp/a", "here/a"};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(put_one("1.1", fill_output("1.1", paths[i], "x")), -ELOOP);
        assert_true(tote_publisher_is_taken(publisher, paths[i]));
        struct tote_error err = {0};
        assert_int_equal(tote_publisher_check_way(publisher, paths[i], &err), -EINVAL);
        assert_non_null(strstr(err.text, "through a symbolic link"));
        struct tote_digest digest;
        uint64_t size;
        assert_int_equal(tote_publisher_look(publisher, paths[i], &size, &digest, NULL),
                         -EBADMSG);
    }
    assert_int_equal(count_below("away", NULL), 0);
    assert_int_equal(count_below(RESULTS, NULL), 3);
}

static void a_link_in_the_attempt_leads_nowhere(void **state)
{
    (void)state;
    struct tote_publisher_file file = fill_output("1.1", "real", "x");
    assert_true(fill_file("away/secret", "x"));
    assert_int_equal(symlink("../../away/secret", ATTEMPTS "/1.1/link"), 0);
    assert_int_equal(symlink("../../away", ATTEMPTS "/1.1/out"), 0);
    assert_int_equal(symlink("../away", ATTEMPTS "/2.1"), 0);
    file.path = "link";
    assert_int_equal(put_one("1.1", file), -EBADMSG);
    file.path = "out/secret";
    assert_int_equal(put_one("1.1", file), -ELOOP);
    file.path = "secret";
    assert_int_equal(put_one("2.1", file), -EBADMSG);
    tote_publisher_forget(publisher, "1.1");
    tote_publisher_forget(publisher, "2.1");
    assert_true(holds("away/secret", "x"));
    assert_int_equal(count_below(RESULTS, NULL), 0);
}

static void paths_that_are_none_are_refused(void **state)
{
    (void)state;
    char component[300], path[5000];
    memset(component, 'x', sizeof component);
    component[sizeof component - 1] = '\0';
    memset(path, '/', sizeof path);
    for (size_t i = 0; i < sizeof path; i += 2)
        path[i] = 'x';
    path[sizeof path - 1] = '\0';
    fill_output("1.1", "a", "x");
    const struct {
        const char *path;
        int code;
    } rows[] = {
        {"/etc/passwd", -EXDEV},   {"..", -EXDEV},
        {"../a", -EXDEV},          {"d/../a", -EXDEV},
        {"a/..", -EXDEV},          {"", -EBADMSG},
        {".", -EBADMSG},           {"./a", -EBADMSG},
        {"d//a", -EBADMSG},        {"a/", -EBADMSG},
        {component, -EBADMSG},     {path, -EBADMSG},
        {".tote-1.1-5", -EBADMSG}, {".tote-w", -EBADMSG},
        {"nothing", -EBADMSG},     {"nothing/here", -EBADMSG},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tote_publisher_file file = {.path = rows[i].path, .size = 1};
        struct tote_error err = {0};
        assert_int_equal(tote_publisher_put(publisher, "1.1", &file, 1, &err),
                         rows[i].code);
        assert_true(err.text[0]);
    }
    assert_int_equal(count_below(RESULTS, NULL), 0);
}

static void only_attempts_are_attempts(void **state)
{
    (void)state;
    static const char *const names[] = {"",
                                        "1",
                                        "1.",
                                        ".1",
                                        "1.0",
                                        "01.1",
                                        "1.01",
                                        "1.1x",
                                        "-1.1",
                                        "../1.1",
                                        "1.1/",
                                        "1.1.1",
                                        "1.4294967296",
                                        "99999999999999999999.1"};
    assert_true(fill_file("1.1/a", "x"));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct tote_publisher_file file = {.path = "a", .size = 1};
        struct tote_error err = {0};
        assert_int_equal(tote_publisher_put(publisher, names[i], &file, 1, &err),
                         -EINVAL);
        tote_publisher_forget(publisher, names[i]);
    }
    assert_true(holds("1.1/a", "x"));
    struct tote_publisher_file most =
        fill_output("18446744073709551615.4294967295", "a", "x");
    assert_int_equal(put_one("18446744073709551615.4294967295", most), 0);
}

/* --- what the task made --- */

static void only_a_plain_file_with_one_name_is_published(void **state)
{
    (void)state;
    struct tote_publisher_file file = fill_output("1.1", "a", "text");
    assert_int_equal(link(ATTEMPTS "/1.1/a", ATTEMPTS "/1.1/b"), 0);
    assert_int_equal(put_one("1.1", file), -EBADMSG);
    assert_int_equal(unlink(ATTEMPTS "/1.1/b"), 0);
    file.size++;
    assert_int_equal(put_one("1.1", file), -EBADMSG);
    file.size--;
    file.path = "fifo";
    assert_int_equal(mkfifo(ATTEMPTS "/1.1/fifo", 0600), 0);
    assert_int_equal(put_one("1.1", file), -EBADMSG);
    file.path = "d";
    assert_int_equal(mkdir(ATTEMPTS "/1.1/d", 0700), 0);
    assert_int_equal(put_one("1.1", file), -EBADMSG);
    file.path = "a";
    assert_int_equal(put_one("1.1", file), 0);
}

static void what_came_from_elsewhere_is_read(void **state)
{
    (void)state;
    tote_publisher_close(publisher);
    publisher = publisher_open(true);
    assert_non_null(publisher);
    struct tote_publisher_file files[] = {fill_output("1.1", "a", "right"),
                                          fill_output("1.1", "b", "right")};
    files[1].digest = tote_digest_of("wrong", 5);
    assert_int_equal(put("1.1", files, 2), -EBADMSG);
    assert_int_equal(count_below(RESULTS, NULL), 0);
    files[1].digest = tote_digest_of("right", 5);
    assert_int_equal(put("1.1", files, 2), 0);
    assert_int_equal(tote_publisher_sync(publisher, NULL), 0);
    assert_true(holds(RESULTS "/b", "right"));
}

static mode_t mode_of(const char *path)
{
    struct stat info = {0};
    assert_int_equal(stat(path, &info), 0);
    return info.st_mode & 07777;
}

/* That of the command there: nothing above permissions, and no less by a umask here. */
static void what_came_from_elsewhere_gets_its_mode(void **state)
{
    (void)state;
    struct tote_publisher_file files[] = {fill_output("1.1", "a", "x"),
                                          fill_output("1.1", "b", "y"),
                                          fill_output("1.1", "c", "z")};
    struct tote_publisher_file here = fill_output("2.1", "d", "x");
    files[0].mode = 0755;
    files[1].mode = 0444;
    files[2].mode = 06777;
    assert_int_equal(chmod(ATTEMPTS "/2.1/d", 0705), 0);
    assert_int_equal(put_one("2.1", here), 0);
    assert_int_equal(mode_of(RESULTS "/d"), 0705); /* a worker of this machine's */
    tote_publisher_close(publisher);
    publisher = publisher_open(true);
    assert_non_null(publisher);
    mode_t mask = umask(077);
    assert_int_equal(put("1.1", files, 3), 0);
    umask(mask);
    assert_int_equal(mode_of(RESULTS "/a"), 0755);
    assert_int_equal(mode_of(RESULTS "/b"), 0444);
    assert_int_equal(mode_of(RESULTS "/c"), 0777);
}

/* --- looking --- */

static void look_tells_what_is_there(void **state)
{
    (void)state;
    struct tote_digest digest = {0}, want = tote_digest_of("text", 4);
    uint64_t size = 0;
    assert_true(fill_file(RESULTS "/d/a", "text"));
    assert_int_equal(tote_publisher_look(publisher, "d/a", &size, &digest, NULL), 1);
    assert_int_equal(size, 4);
    assert_true(digest.high == want.high && digest.low == want.low);
    static const char *const nothing[] = {"b", "d/b", "e/a", "d/a/b"};
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(
            tote_publisher_look(publisher, nothing[i], &size, &digest, NULL), 0);
    struct tote_error err = {0};
    assert_int_equal(tote_publisher_look(publisher, "d", &size, &digest, &err),
                     -EBADMSG);
    assert_true(err.text[0]);
    assert_int_equal(mkfifo(RESULTS "/fifo", 0600), 0);
    assert_int_equal(tote_publisher_look(publisher, "fifo", &size, &digest, NULL),
                     -EBADMSG);
}

static void results_are_made_and_may_be_only_looked_at(void **state)
{
    (void)state;
    struct tote_publisher_config config = {.results = "new/way//to/"};
    struct tote_publisher *other = NULL;
    struct tote_error err = {0};
    assert_int_equal(tote_publisher_open(&config, &other, &err), 0);
    assert_true(is_there("new/way/to"));
    assert_false(tote_publisher_is_taken(other, "a"));
    struct tote_publisher_file file = {.path = "a"};
    assert_int_equal(tote_publisher_put(other, "1.1", &file, 1, &err), -EINVAL);
    tote_publisher_close(other);
    assert_true(fill_file("file", ""));
    err = (struct tote_error){0};
    config.results = "file";
    assert_int_equal(tote_publisher_open(&config, &other, &err), -ENOTDIR);
    config = (struct tote_publisher_config){.results = RESULTS, .attempts = "/proc"};
    err = (struct tote_error){0};
    assert_int_equal(tote_publisher_open(&config, &other, &err), -EXDEV);
    assert_non_null(strstr(err.text, "filesystem"));
}

/* --- recovering --- */

static bool is_recorded(void *context, uint64_t task, uint32_t attempt)
{
    (void)context;
    return task == 1 && attempt == 1;
}

static void recover_takes_back_what_is_not_recorded(void **state)
{
    (void)state;
    assert_int_equal(put_one("1.1", fill_output("1.1", "recorded", "x")), 0);
    struct tote_publisher_file files[] = {fill_output("2.1", "lost/a", "x"),
                                          fill_output("2.1", "lost-too", "x")};
    assert_int_equal(put("2.1", files, 2), 0);
    fill_output("3.1", "theirs", "never put"); /* the same name, not the same file */
    assert_true(fill_file(RESULTS "/theirs", "never put"));
    fill_output("4.1", "unfinished", "half");
    assert_true(fill_file(ATTEMPTS "/other/file", "not an attempt"));
    uint64_t n = 0;
    assert_int_equal(tote_publisher_recover(publisher, is_recorded, NULL, &n, NULL), 0);
    assert_int_equal(n, 2);
    assert_true(holds(RESULTS "/recorded", "x"));
    assert_true(holds(RESULTS "/theirs", "never put"));
    assert_int_equal(count_below(RESULTS, NULL), 3); /* and lost/ */
    assert_int_equal(count_below(ATTEMPTS, NULL), 2);
    assert_int_equal(tote_publisher_recover(publisher, is_recorded, NULL, &n, NULL), 0);
    assert_int_equal(n, 0);
}

/* "cp -l" of an earlier result is how incremental work is often done. */
static void a_result_that_a_task_linked_to_stays(void **state)
{
    (void)state;
    assert_true(fill_file(RESULTS "/a", "theirs"));
    assert_int_equal(mkdir(ATTEMPTS "/2.1", 0700), 0);
    assert_int_equal(link(RESULTS "/a", ATTEMPTS "/2.1/a"), 0);
    struct tote_publisher_file files[] = {fill_output("2.1", "b", "mine"),
                                          {.path = "a", .size = 6}};
    assert_int_equal(put("2.1", files, 2), -EBADMSG);
    uint64_t n = 0;
    assert_int_equal(tote_publisher_recover(publisher, is_recorded, NULL, &n, NULL), 0);
    assert_int_equal(n, 0);
    assert_true(holds(RESULTS "/a", "theirs"));
    assert_int_equal(count_below(RESULTS, NULL), 1);
}

/* --- in a child: without privileges, or with a filesystem of its own --- */

#define CHECK(what)                                                                    \
    do {                                                                               \
        if (!(what)) {                                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                 \
            return 1;                                                                  \
        }                                                                              \
    } while (0)

static void in_child(int (*body)(void))
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(body());
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == SKIPPED)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int drop_privileges(void)
{
    enum { NOBODY = 65534 };
    return geteuid() != 0 || (setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
                              setresuid(NOBODY, NOBODY, NOBODY) == 0)
               ? 0
               : -1;
}

#define LEVEL "one-level" /* 600 of them are more than a path can say */

static int make_deep(const char *top, int depth)
{
    int at = open(top, O_PATH | O_DIRECTORY);
    for (int i = 0; at >= 0 && i < depth; i++) {
        int below = mkdirat(at, LEVEL, 0700) == 0
                        ? openat(at, LEVEL, O_PATH | O_DIRECTORY)
                        : -1;
        close(at);
        at = below;
    }
    int file = at < 0 ? -1 : openat(at, "f", O_WRONLY | O_CREAT, 0600);
    close(file);
    close(at);
    return file < 0 ? -1 : 0;
}

static int make_socket(const char *path)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    memcpy(name.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int rc = bind(fd, (struct sockaddr *)&name, sizeof name);
    close(fd);
    return rc;
}

/* What a task may leave behind, and no more descriptors than a tight limit allows. */
static int leave_and_forget(void)
{
    CHECK(drop_privileges() == 0 && place_enter("/tmp") == 0);
    struct tote_publisher *own = publisher_open(false);
    CHECK(own && fill_file("away/theirs", "x"));
    struct tote_publisher_file file = fill_output("1.1", "dark/a", "x");
    fill_output("1.1", ".0/.1/.2", "named as what is lifted");
    CHECK(make_deep(ATTEMPTS "/1.1", 600) == 0);
    CHECK(mkfifo(ATTEMPTS "/1.1/fifo", 0) == 0);
    CHECK(make_socket(ATTEMPTS "/1.1/socket") == 0);
    CHECK(symlink("../../away", ATTEMPTS "/1.1/link") == 0);
    CHECK(symlink("../../../away", ATTEMPTS "/1.1/dark/link") == 0);
    CHECK(tote_publisher_put(own, "1.1", &file, 1, NULL) == 0);
    CHECK(mkdir(ATTEMPTS "/1.1/dark/black", 0) == 0);
    fill_output("1.1", "closed/a", "x");
    CHECK(chmod(ATTEMPTS "/1.1/closed", 0500) == 0);
    CHECK(chmod("away", 0555) == 0 && chmod(ATTEMPTS "/1.1/dark", 0) == 0);
    CHECK(chmod(ATTEMPTS "/1.1", 0) == 0);
    struct rlimit limit = {.rlim_cur = 16, .rlim_max = 16};
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    tote_publisher_forget(own, "1.1");
    CHECK(count_below(ATTEMPTS, NULL) == 0);
    struct stat info;
    CHECK(stat("away", &info) == 0 && (info.st_mode & 0777) == 0555);
    CHECK(chmod("away", 0755) == 0 && holds("away/theirs", "x"));
    CHECK(holds(RESULTS "/dark/a", "x"));
    tote_publisher_close(own);
    place_leave();
    return 0;
}

static void forget_removes_whatever_a_task_left(void **state)
{
    (void)state;
    in_child(leave_and_forget);
}

static int recover_in_the_dark(void)
{
    CHECK(drop_privileges() == 0 && place_enter("/tmp") == 0);
    struct tote_publisher *own = publisher_open(false);
    CHECK(own);
    struct tote_publisher_file file = fill_output("2.1", "dark/er/a", "x");
    CHECK(tote_publisher_put(own, "2.1", &file, 1, NULL) == 0);
    CHECK(chmod(ATTEMPTS "/2.1/dark/er", 0100) == 0);
    CHECK(chmod(ATTEMPTS "/2.1/dark", 0100) == 0);
    uint64_t n = 0;
    CHECK(tote_publisher_recover(own, is_recorded, NULL, &n, NULL) == 0);
    CHECK(n == 1 && !is_there(RESULTS "/dark/er/a"));
    CHECK(count_below(ATTEMPTS, NULL) == 0);
    tote_publisher_close(own);
    place_leave();
    return 0;
}

static void recover_reads_folders_without_permissions(void **state)
{
    (void)state;
    in_child(recover_in_the_dark);
}

static int publish_where_nobody_may_write(void)
{
    CHECK(drop_privileges() == 0 && place_enter("/tmp") == 0);
    struct tote_publisher *own = publisher_open(false);
    CHECK(own && mkdir(RESULTS "/closed", 0555) == 0);
    struct tote_publisher_file files[] = {fill_output("1.1", "a", "x"),
                                          fill_output("1.1", "closed/b", "x")};
    struct tote_error err = {0};
    CHECK(tote_publisher_put(own, "1.1", files, 2, &err) == -EACCES);
    CHECK(strstr(err.text, "closed/b") && strstr(err.text, strerror(EACCES)));
    CHECK(count_below(RESULTS, NULL) == 1);
    files[1] = fill_output("1.1", "closed/d/b", "x");
    CHECK(tote_publisher_put(own, "1.1", files, 2, NULL) == -EACCES);
    CHECK(chmod(RESULTS "/closed", 0755) == 0);
    CHECK(tote_publisher_put(own, "1.1", files, 2, NULL) == 0);
    tote_publisher_close(own);
    place_leave();
    return 0;
}

static void a_closed_folder_is_said(void **state)
{
    (void)state;
    in_child(publish_where_nobody_may_write);
}

/* A mount namespace in which we are root, with a small tmpfs on "small". */
static int make_small(const char *options)
{
    uid_t user = geteuid();
    gid_t group = getegid();
    char map[64];
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
        return -1;
    fill_file("/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "0 %u 1", (unsigned)user);
    if (!fill_file("/proc/self/uid_map", map))
        return -1;
    snprintf(map, sizeof map, "0 %u 1", (unsigned)group);
    if (!fill_file("/proc/self/gid_map", map))
        return -1;
    return mount("tmpfs", RESULTS, "tmpfs", 0, options);
}

static struct tote_publisher *open_small(bool is_hostile)
{
    struct tote_publisher_config config = {
        .results = RESULTS, .attempts = RESULTS "/work", .is_hostile = is_hostile};
    struct tote_publisher *small = NULL;
    return mkdir(RESULTS "/work", 0700) == 0 &&
                   tote_publisher_open(&config, &small, NULL) == 0
               ? small
               : NULL;
}

/* root, work, work/1.1, its two files: 5 inodes; one link more fits. */
static int publish_on_a_full_disk(void)
{
    if (make_small("size=64k,nr_inodes=6") < 0)
        return SKIPPED;
    struct tote_publisher *small = open_small(true);
    CHECK(small && fill_file(RESULTS "/work/1.1/a", "x"));
    CHECK(fill_file(RESULTS "/work/1.1/b", "y"));
    struct tote_publisher_file files[] = {
        {.path = "a", .size = 1, .digest = tote_digest_of("x", 1)},
        {.path = "b", .size = 1, .digest = tote_digest_of("y", 1)}};
    struct tote_error err = {0};
    CHECK(tote_publisher_put(small, "1.1", files, 2, &err) == -ENOSPC);
    CHECK(strstr(err.text, "'b'") && strstr(err.text, strerror(ENOSPC)));
    CHECK(!is_there(RESULTS "/a") && !is_there(RESULTS "/b"));
    CHECK(tote_publisher_put(small, "1.1", files, 1, NULL) == 0);
    CHECK(tote_publisher_sync(small, NULL) == 0);
    tote_publisher_forget(small, "1.1");
    CHECK(holds(RESULTS "/a", "x") && count_below(RESULTS "/work", NULL) == 0);
    tote_publisher_close(small);
    return 0;
}

static void a_full_disk_publishes_nothing_by_half(void **state)
{
    (void)state;
    in_child(publish_on_a_full_disk);
}

static int publish_on_a_read_only_disk(void)
{
    if (make_small("size=64k") < 0)
        return SKIPPED;
    struct tote_publisher *small = open_small(false);
    CHECK(small && fill_file(RESULTS "/work/1.1/a", "x"));
    if (mount(NULL, RESULTS, NULL, MS_REMOUNT | MS_RDONLY, NULL) < 0)
        return SKIPPED;
    struct tote_publisher_file file = {.path = "a", .size = 1};
    struct tote_error err = {0};
    CHECK(tote_publisher_put(small, "1.1", &file, 1, &err) == -EROFS);
    CHECK(strstr(err.text, "'a'") && strstr(err.text, strerror(EROFS)));
    tote_publisher_forget(small, "1.1");
    tote_publisher_close(small);
    return 0;
}

static void a_read_only_disk_is_said(void **state)
{
    (void)state;
    in_child(publish_on_a_read_only_disk);
}

static int publish_across_a_mount(void)
{
    if (mkdir(RESULTS "/sub", 0777) < 0 || make_small("size=64k") < 0)
        return SKIPPED;
    CHECK(mkdir(RESULTS "/sub", 0777) == 0);
    struct tote_publisher *small = open_small(false);
    CHECK(small && mount("tmpfs", RESULTS "/sub", "tmpfs", 0, NULL) == 0);
    CHECK(fill_file(RESULTS "/work/1.1/sub/a", "x"));
    struct tote_publisher_file file = {.path = "sub/a", .size = 1};
    CHECK(tote_publisher_put(small, "1.1", &file, 1, NULL) == -EXDEV);
    tote_publisher_close(small);
    return 0;
}

static void another_filesystem_below_results_is_refused(void **state)
{
    (void)state;
    in_child(publish_across_a_mount);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_get_their_names_and_the_attempt_goes),
        TEST(nothing_to_publish_is_no_error),
        TEST(a_file_of_others_is_not_replaced),
        TEST(a_file_of_ours_is_replaced),
        TEST(what_is_no_file_is_not_replaced_either),
        TEST(a_file_where_a_folder_should_be_is_a_name_taken),
        TEST(a_link_in_results_leads_nowhere),
        TEST(a_link_in_the_attempt_leads_nowhere),
        TEST(paths_that_are_none_are_refused),
        TEST(only_attempts_are_attempts),
        TEST(only_a_plain_file_with_one_name_is_published),
        TEST(what_came_from_elsewhere_is_read),
        TEST(what_came_from_elsewhere_gets_its_mode),
        TEST(look_tells_what_is_there),
        TEST(results_are_made_and_may_be_only_looked_at),
        TEST(recover_takes_back_what_is_not_recorded),
        TEST(a_result_that_a_task_linked_to_stays),
        TEST(forget_removes_whatever_a_task_left),
        TEST(recover_reads_folders_without_permissions),
        TEST(a_closed_folder_is_said),
        TEST(a_full_disk_publishes_nothing_by_half),
        TEST(a_read_only_disk_is_said),
        TEST(another_filesystem_below_results_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
