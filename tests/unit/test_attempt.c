/* SPDX-License-Identifier: MIT */
/* test_attempt.c: attempts where the kernel, the filesystem or the disk lacks
 * something: each call that has a way around it is made to fail (--wrap). What an
 * attempt does when all is well is in e2e/test_task_commands.py. */
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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "attempt/attempt.h"
#include "attempt/copy.h"
#include "attempt/late.h"
#include "attempt/sweep.h"
#include "base/folder.h"

/* What is missing. */
static struct {
    bool lists, close_range, renameat2, openat2, kill, pipes, fsync, clone, ranges;
} lacks;

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_close_range(unsigned first, unsigned last, int flags);
int __wrap_close_range(unsigned first, unsigned last, int flags);
int __real_renameat2(int from, const char *old, int to, const char *new,
                     unsigned flags);
int __wrap_renameat2(int from, const char *old, int to, const char *new,
                     unsigned flags);
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
int __real_kill(pid_t pid, int number);
int __wrap_kill(pid_t pid, int number);
int __real_pipe2(int ends[2], int flags);
int __wrap_pipe2(int ends[2], int flags);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
ssize_t __real_copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at,
                               size_t n, unsigned flags);
ssize_t __wrap_copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at,
                               size_t n, unsigned flags);

static int refuse(int code)
{
    errno = code;
    return -1;
}

int __wrap_open(const char *path, int flags, ...)
{
    bool is_list = strstr(path, "/children") != NULL;
    return is_list && lacks.lists ? refuse(ENOENT) : __real_open(path, flags, 0600);
}

int __wrap_close_range(unsigned first, unsigned last, int flags)
{
    return lacks.close_range ? refuse(ENOSYS) : __real_close_range(first, last, flags);
}

int __wrap_renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
    return lacks.renameat2 ? refuse(EINVAL)
                           : __real_renameat2(from, old, to, new, flags);
}

/* openat2 is the only one that goes this way. */
long __wrap_syscall(long number, ...)
{
    long words[4];
    va_list args;
    va_start(args, number);
    for (int i = 0; i < 4; i++)
        words[i] = va_arg(args, long);
    va_end(args);
    if (lacks.openat2)
        return refuse(ENOSYS);
    return __real_syscall(number, words[0], words[1], words[2], words[3]);
}

int __wrap_kill(pid_t pid, int number)
{
    return lacks.kill ? refuse(EPERM) : __real_kill(pid, number);
}

int __wrap_pipe2(int ends[2], int flags)
{
    return lacks.pipes ? refuse(EMFILE) : __real_pipe2(ends, flags);
}

int __wrap_fsync(int fd)
{
    return lacks.fsync ? refuse(EIO) : __real_fsync(fd);
}

/* FICLONE is the only one. */
int __wrap_ioctl(int fd, unsigned long request, ...)
{
    va_list args;
    va_start(args, request);
    int from = va_arg(args, int);
    va_end(args);
    return lacks.clone ? refuse(EOPNOTSUPP) : __real_ioctl(fd, request, from);
}

/* Where it is there at all it stops once on its way. */
ssize_t __wrap_copy_file_range(int in, off64_t *in_at, int out, off64_t *out_at,
                               size_t n, unsigned flags)
{
    bool is_first = lseek(in, 0, SEEK_CUR) == 0;
    if (lacks.ranges || !is_first)
        return refuse(EXDEV);
    return __real_copy_file_range(in, in_at, out, out_at, n > 3 ? 3 : n, flags);
}

/* --- a folder of attempts --- */

static char folder[] = "/tmp/unit-attempt-XXXXXX", attempts[64];

static int make_folder(void **state)
{
    (void)state;
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
    memset(&lacks, 0, sizeof lacks);
    if (!mkdtemp(folder))
        return -1;
    snprintf(attempts, sizeof attempts, "%s/attempts", folder);
    return mkdir(attempts, 0700);
}

static int remove_folder(void **state)
{
    (void)state;
    memset(&lacks, 0, sizeof lacks);
    return tote_folder_remove(folder);
}

static struct tote_rules make_rules(void)
{
    return (struct tote_rules){.run = "5eed",
                               .start = folder,
                               .attempts = attempts,
                               .kill_after_ns = TOTE_NS_PER_S,
                               .stream_max = 1000};
}

/* Runs a script n times on one handle; the result of the last. */
static struct tote_result run_script(const char *script, const char *out, uint32_t n,
                                     char *stdout_text, char *why)
{
    const struct tote_rules rules = make_rules();
    const char *args[] = {"sh", "-c", script};
    const struct tote_slice_file file = {out, ""};
    struct tote_command command = {
        .item = "", .args = args, .n_args = 3, .outs = &file, .n_outs = out != NULL};
    struct tote_attempt *attempt;
    struct tote_record record;
    struct tote_result result = {0};
    assert_int_equal(tote_attempt_open(&rules, &attempt, NULL), 0);
    for (; command.task < n; command.task++)
        tote_attempt_run(attempt, &command, 1, &record, &result);
    memcpy(stdout_text, result.streams[TOTE_STDOUT].data,
           result.streams[TOTE_STDOUT].size);
    stdout_text[result.streams[TOTE_STDOUT].size] = '\0';
    snprintf(why, TOTE_ERROR_MAX, "%s", result.why);
    assert_int_equal(record.outcome == TOTE_OUTCOME_OK,
                     result.cause == TOTE_CAUSE_NONE);
    tote_attempt_close(attempt);
    return result;
}

static bool is_empty(const char *path)
{
    bool is_it = rmdir(path) == 0; /* refuses a folder that is not */
    return is_it && mkdir(path, 0700) == 0;
}

static void an_old_kernel_will_do(void **state)
{
    (void)state;
    char text[1001], why[TOTE_ERROR_MAX];
    lacks.lists = lacks.close_range = lacks.renameat2 = lacks.openat2 = true;
    struct tote_result result = run_script(
        "setsid sleep 1000 & ls /proc/self/fd | wc -l; pwd", NULL, 3, text, why);
    assert_int_equal(result.cause, TOTE_CAUSE_NONE);
    assert_memory_equal(text, "4\n", 2); /* with the one that ls reads by */
    assert_non_null(strstr(text, "/2.1\n"));
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* the sleeper has gone */
    assert_true(is_empty(attempts));
    result = run_script("echo x > a/b/c", "a/b/c", 1, text, why);
    assert_int_equal(result.cause, TOTE_CAUSE_NONE);
    assert_int_equal(result.n_outs, 1);
}

static void an_old_kernel_follows_no_link(void **state)
{
    (void)state;
    char text[1001], why[TOTE_ERROR_MAX];
    lacks.openat2 = true;
    struct tote_result result =
        run_script("mv a b; ln -s b a; echo x > a/c", "a/c", 1, text, why);
    assert_int_equal(result.cause, TOTE_CAUSE_OUTPUT);
    result = run_script("ln -s /etc/passwd c", "c", 1, text, why);
    assert_int_equal(result.cause, TOTE_CAUSE_OUTPUT);
    assert_non_null(strstr(why, "symbolic link"));
    assert_true(is_empty(attempts));
}

static void no_pipe_is_said(void **state)
{
    (void)state;
    char text[1001], why[TOTE_ERROR_MAX];
    lacks.pipes = true;
    struct tote_result result = run_script("true", NULL, 2, text, why);
    assert_int_equal(result.cause, TOTE_CAUSE_FOLDER);
    assert_non_null(strstr(why, "cannot make a pipe: Too many open files"));
    assert_true(is_empty(attempts));
}

static void a_file_that_is_not_on_the_disk_is_no_output(void **state)
{
    (void)state;
    char text[1001], why[TOTE_ERROR_MAX];
    lacks.fsync = true;
    struct tote_result result = run_script("echo > a", "a", 1, text, why);
    assert_int_equal(result.cause, TOTE_CAUSE_OUTPUT);
    assert_non_null(strstr(why, "Input/output error"));
    assert_true(is_empty(attempts));
}

/* Whatever way of copying there is: a file of its own, with the mode and the time of
 * what was sent, that the command may do with as it likes. */
static void a_staged_file_is_copied_some_way(void **state)
{
    (void)state;
    const struct tote_rules rules = {
        .run = "", .is_staged = true, .start = "", .attempts = "", .stream_max = 1000};
    const char *script = "stat -c '%F %h %a %Y' d/a; chmod 600 d/a; cat d/a; "
                         "echo > d/a; rm d/a";
    const char *args[] = {"sh", "-c", script};
    const struct timespec times[] = {{.tv_sec = 1}, {.tv_sec = 123456789}};
    const struct tote_slice_file file = {"in-0", "d/a"};
    struct tote_command command = {
        .item = "", .args = args, .n_args = 3, .ins = &file, .n_ins = 1};
    struct tote_attempt *attempt;
    struct tote_record record;
    struct tote_result result;
    struct stat info;
    const char *expected = "regular file 1 540 123456789\nhello";
    assert_int_equal(chdir(folder), 0);
    FILE *in = fopen("in-0", "w");
    assert_true(in && fputs("hello", in) > 0 && fclose(in) == 0);
    assert_int_equal(chmod("in-0", 0540), 0);
    assert_int_equal(utimensat(AT_FDCWD, "in-0", times, 0), 0);
    assert_int_equal(link("in-0", "second-name"), 0);
    assert_int_equal(tote_attempt_open(&rules, &attempt, NULL), 0);
    for (; command.task < 3; command.task++) {
        lacks.clone = command.task >= 1;
        lacks.ranges = command.task >= 2;
        tote_attempt_run(attempt, &command, 1, &record, &result);
        assert_int_equal(result.cause, TOTE_CAUSE_NONE);
        assert_int_equal(result.streams[TOTE_STDOUT].size, strlen(expected));
        assert_memory_equal(result.streams[TOTE_STDOUT].data, expected,
                            strlen(expected));
        assert_int_equal(result.left, 0);
        assert_string_equal(result.left_name, "");
    }
    tote_attempt_close(attempt);
    assert_int_equal(stat("in-0", &info), 0);
    assert_int_equal(info.st_size, 5);
    assert_int_equal(info.st_mode & 0777, 0540);
    assert_int_equal(info.st_nlink, 2);
    assert_true(is_empty(attempts));
    assert_int_equal(chdir("/"), 0);
}

static void what_is_no_file_is_not_copied(void **state)
{
    (void)state;
    int at = open(folder, O_RDONLY | O_DIRECTORY);
    assert_true(at >= 0 && mkfifoat(at, "pipe", 0600) == 0);
    assert_int_equal(tote_copy_file(at, "none", at, "copy"), ENOENT);
    assert_int_equal(tote_copy_file(at, "pipe", at, "copy"), EINVAL);
    assert_int_equal(tote_copy_file(at, "attempts", at, "copy"), EINVAL);
    assert_int_equal(faccessat(at, "copy", F_OK, 0), -1);
    assert_int_equal(symlinkat("/dev/null", at, "copy"), 0);
    assert_int_equal(tote_copy_file(AT_FDCWD, "/proc/self/status", at, "copy"), EEXIST);
    assert_int_equal(unlinkat(at, "copy", 0), 0);
    assert_int_equal(tote_copy_file(AT_FDCWD, "/proc/self/status", at, "copy"), 0);
    close(at);
}

/* --- a limit that becomes known --- */

static void write_limit(const char *text)
{
    char path[80];
    snprintf(path, sizeof path, "%s/" TOTE_LATE_NAME, folder);
    FILE *file = fopen(path, "w");
    assert_true(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void a_limit_is_a_number_in_a_file(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        tote_ns_t limit;
    } table[] = {
        {"1\n", 1},
        {"1500000000\n", 1500000000},
        {"4611686018427387904\n", TOTE_LATE_MAX},
        {"0000000000000000000000000000007\n", 7}, /* 32 bytes */
        {"00000000000000000000000000000007\n", 0},
        {"4611686018427387905\n", 0},
        {"9223372036854775808\n", 0},
        {"99999999999999999999999\n", 0},
        {"", 0},
        {"\n", 0},
        {"0\n", 0},
        {"15", 0},
        {"15\n\n", 0},
        {"15 \n", 0},
        {" 15\n", 0},
        {"-15\n", 0},
        {"+15\n", 0},
        {"0x1\n", 0},
        {"1e9\n", 0},
        {"15\r\n", 0},
    };
    int fd = open(attempts, O_RDONLY | O_DIRECTORY);
    assert_int_equal(tote_late_read(fd), 0); /* there is none */
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        write_limit(table[i].text);
        assert_int_equal(tote_late_read(fd), table[i].limit);
    }
    close(fd);
}

static void only_a_file_holds_a_limit(void **state)
{
    (void)state;
    char path[80], other[80];
    int fd = open(attempts, O_RDONLY | O_DIRECTORY);
    snprintf(path, sizeof path, "%s/" TOTE_LATE_NAME, folder);
    snprintf(other, sizeof other, "%s/other", folder);
    write_limit("15\n");
    assert_int_equal(rename(path, other), 0);
    assert_int_equal(symlink(other, path), 0);
    assert_int_equal(tote_late_read(fd), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0); /* nobody writes: must not wait */
    assert_int_equal(tote_late_read(fd), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(tote_late_read(fd), 0);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rename(other, path), 0);
    assert_int_equal(tote_late_read(fd), 15);
    close(fd);
}

/* The first task makes what is wrong, then what is right; later ones need no file. */
static void a_late_limit_holds_for_the_rest(void **state)
{
    (void)state;
    struct tote_rules rules = make_rules();
    rules.has_late_timeout = true;
    const char *args[] = {
        "sh", "-c",
        "cd $TMPDIR/../.. && test $TOTE_TASK = 0 && echo x > timeout &&"
        "sleep 2 && echo on && echo 1 > part && mv part timeout;"
        "exec sleep 1000"};
    struct tote_command command = {.item = "", .args = args, .n_args = 3};
    struct tote_attempt *attempt;
    struct tote_record record;
    struct tote_result result;
    assert_int_equal(tote_attempt_open(&rules, &attempt, NULL), 0);
    for (; command.task < 3; command.task++) {
        tote_attempt_run(attempt, &command, 1, &record, &result);
        assert_int_equal(result.cause, TOTE_CAUSE_TIMEOUT);
        assert_int_equal(result.signal, SIGTERM);
        assert_int_equal(result.streams[TOTE_STDOUT].size, command.task == 0 ? 3 : 0);
        if (command.task == 0)
            write_limit("gone");
    }
    tote_attempt_close(attempt);
    assert_true(is_empty(attempts));
}

/* As sudo's: it is left, but nobody waits for it for ever. */
static void who_may_not_be_killed_holds_nobody_up(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    struct tote_child child = {.pid = pid};
    lacks.kill = true;
    assert_false(tote_sweep(&child));
    assert_false(child.has_ended);
    lacks.kill = false;
    assert_true(tote_sweep(&child));
    assert_true(child.has_ended && WTERMSIG(child.status) == SIGKILL);
    assert_true(tote_sweep(&child)); /* nobody is there */
}

static void trees_go_whatever_they_are(void **state)
{
    (void)state;
    char path[100];
    assert_int_equal(tote_folder_remove_at(AT_FDCWD, "/nowhere/at all"), -ENOENT);
    snprintf(path, sizeof path, "%s/link", folder);
    assert_int_equal(symlink(attempts, path), 0);
    assert_int_equal(tote_folder_remove(path), -ENOTDIR);
    assert_int_equal(access(attempts, F_OK), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_old_kernel_will_do, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(an_old_kernel_follows_no_link, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(no_pipe_is_said, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_file_that_is_not_on_the_disk_is_no_output,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_staged_file_is_copied_some_way, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_not_copied, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_limit_is_a_number_in_a_file, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(only_a_file_holds_a_limit, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_late_limit_holds_for_the_rest, make_folder,
                                        remove_folder),
        cmocka_unit_test(who_may_not_be_killed_holds_nobody_up),
        cmocka_unit_test_setup_teardown(trees_go_whatever_they_are, make_folder,
                                        remove_folder),
    };
    struct tote_error err = {0};
    if (tote_attempt_adopt(&err) < 0)
        return fprintf(stderr, "%s\n", err.text), 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
