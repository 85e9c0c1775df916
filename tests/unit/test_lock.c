/* SPDX-License-Identifier: MIT */
/* test_lock.c: the lock of a store, against real processes: held, killed, racing, a
 * process number used again; and against files that tote did not make. Linked so that
 * fcntl can be made to say that a filesystem has no locks. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "random.h"
#include "store/lock.h"
#include "store_fixture.h"

#define SKIPPED 77
#define TAKERS  6   /* processes that race */
#define ROUNDS  150 /* times that each of them has the lock */

/* --- a filesystem without locks --- */

static bool no_locks;

int __real_fcntl64(int fd, int command, ...);
int __wrap_fcntl64(int fd, int command, void *argument);
int __wrap_fcntl(int fd, int command, void *argument);

int __wrap_fcntl64(int fd, int command, void *argument)
{
    if (no_locks && (command == F_SETLK || command == F_GETLK)) {
        errno = ENOLCK;
        return -1;
    }
    return __real_fcntl64(fd, command, argument);
}

int __wrap_fcntl(int fd, int command, void *argument)
{
    return __wrap_fcntl64(fd, command, argument);
}

/* --- other processes --- */

struct child {
    pid_t pid;
    int to; /* closed: it ends by itself */
};

enum how {
    HOLDS,  /* has the lock */
    CLAIMS, /* has it by its line alone: it lost the kernel's */
    LIVES,  /* has nothing */
};

static void child_body(enum how how, const char *name, int from, int ready)
{
    struct tote_lock *lock = NULL;
    char answer = 'y', byte;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NAME, name);
    if (how != LIVES && tote_lock_take("a", &lock, NULL, NULL) < 0)
        answer = 'n';
    if (how == CLAIMS)
        close(open("a-lock", O_RDONLY | O_CLOEXEC));
    if (write(ready, &answer, 1) != 1 || read(from, &byte, 1) < 0)
        _exit(1);
    tote_lock_release(lock);
    _exit(0);
}

/* Starts a process that has taken, or not, when this returns. */
static struct child child_start(enum how how, const char *name)
{
    int to[2], ready[2];
    char answer = 0;
    assert_int_equal(pipe(to), 0);
    assert_int_equal(pipe(ready), 0);
    struct child child = {.pid = fork(), .to = to[1]};
    assert_true(child.pid >= 0);
    if (child.pid == 0) {
        close(to[1]);
        child_body(how, name, to[0], ready[1]);
    }
    close(to[0]);
    close(ready[1]);
    assert_int_equal(read(ready[0], &answer, 1), 1);
    assert_int_equal(answer, 'y');
    close(ready[0]);
    return child;
}

static int child_wait(const struct child *child)
{
    int status = 0;
    assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void child_end(struct child *child)
{
    close(child->to);
    assert_int_equal(child_wait(child), 0);
}

/* Kills it; it stays as a zombie until child_wait. */
static void child_kill(struct child *child)
{
    siginfo_t info;
    assert_int_equal(kill(child->pid, SIGKILL), 0);
    assert_int_equal(waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOWAIT), 0);
    close(child->to);
}

/* --- taking --- */

static void expect_busy(pid_t pid)
{
    struct tote_lock *lock = NULL;
    struct tote_error err = {0};
    char number[32];
    long holder = 0;
    bool left = true;
    snprintf(number, sizeof number, "process %ld", (long)pid);
    assert_int_equal(tote_lock_take("a", &lock, &left, &err), -EBUSY);
    assert_non_null(strstr(err.text, number));
    assert_null(lock);
    assert_true(left); /* untouched */
    assert_true(tote_lock_is_held("a", &holder));
    assert_int_equal(holder, pid);
}

static void expect_taken(bool left_wanted)
{
    struct tote_lock *lock = NULL;
    struct tote_error err = {0};
    bool left = !left_wanted;
    assert_false(tote_lock_is_held("a", NULL));
    int code = tote_lock_take("a", &lock, &left, &err);
    if (code < 0)
        fail_msg("%s", err.text);
    assert_int_equal(left, left_wanted);
    struct stat file;
    assert_int_equal(stat("a-lock", &file), 0);
    assert_int_equal(file.st_mode & 07777, 0600);
    tote_lock_release(lock);
    assert_int_equal(access("a-lock", F_OK), -1);
}

static void expect_refused(int code, const char *word)
{
    struct tote_lock *lock = NULL;
    struct tote_error err = {0};
    int got = tote_lock_take("a", &lock, NULL, &err);
    if (got != code || !strstr(err.text, word))
        fail_msg("%d, '%s' instead of %d, '%s'", got, err.text, code, word);
    assert_null(lock);
}

static void test_plain(void **state)
{
    (void)state;
    assert_false(tote_lock_is_held("a", NULL));
    expect_taken(false);
    expect_taken(false);
    tote_lock_release(NULL);
    assert_int_equal(fixture_count_files(), 0);
}

static void test_held(void **state)
{
    (void)state;
    struct child child = child_start(HOLDS, "holder");
    expect_busy(child.pid);
    expect_busy(child.pid); /* the look did not lift it */
    child_end(&child);
    assert_int_equal(fixture_count_files(), 0);
    expect_taken(false);
}

static void test_killed(void **state)
{
    (void)state;
    struct child child = child_start(HOLDS, "holder");
    child_kill(&child);
    expect_taken(true); /* a zombie has nothing */
    child_wait(&child);
    child = child_start(HOLDS, "holder");
    child_kill(&child);
    child_wait(&child);
    expect_taken(true);
}

/* A symlink to a store leads to the same lock. */
static void test_other_name(void **state)
{
    (void)state;
    fixture_write_file("a", "x", 1);
    assert_int_equal(symlink("a", "b"), 0);
    struct child child = child_start(HOLDS, "holder");
    assert_true(tote_lock_is_held("b", NULL));
    assert_int_equal(tote_lock_take("b", &(struct tote_lock *){NULL}, NULL, NULL),
                     -EBUSY);
    child_end(&child);
    assert_int_equal(fixture_count_files(), 2);
}

/* --- the line --- */

/* Field 22 of a process whose name has no brackets. */
static unsigned long long start_of(pid_t pid)
{
    char path[64];
    unsigned long long start = 0;
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file,
                            "%*d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
                            "%*s %*s %*s %*s %*s %*s %*s %llu",
                            &start),
                     1);
    fclose(file);
    return start;
}

static void boot_id(char id[static 64])
{
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%63s", id), 1);
    fclose(file);
}

static void write_line(long pid, unsigned long long start, const char *boot,
                       const char *host)
{
    char line[256];
    int n = snprintf(line, sizeof line, "%ld %llu %s %s\n", pid, start, boot, host);
    fixture_write_file("a-lock", line, (size_t)n);
    assert_int_equal(chmod("a-lock", 0600), 0);
}

static void test_number_used_again(void **state)
{
    (void)state;
    char boot[64];
    boot_id(boot);
    struct child child = child_start(LIVES, "other");
    unsigned long long start = start_of(child.pid);
    write_line(child.pid, start, boot, "here");
    expect_busy(child.pid);
    write_line(child.pid, start + 1, boot, "here");
    expect_taken(true);
    write_line(child.pid, start, "00000000-0000-0000-0000-000000000000", "here");
    expect_taken(true);
    write_line(child.pid, start, boot, "here");
    child_kill(&child);
    expect_taken(true);
    child_wait(&child);
    write_line(child.pid, start, boot, "here");
    expect_taken(true);
}

/* The kernel's lock is lost, the line stands; and the name in /proc/PID/stat looks like
 * the rest of it. */
static void test_odd_names(void **state)
{
    (void)state;
    static const char *const names[] = {"a b", ") Z 1 1 (", "))))", "((", ") X"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct child child = child_start(CLAIMS, names[i]);
        expect_busy(child.pid);
        child_end(&child);
        expect_taken(false);
    }
}

static void test_without_locks(void **state)
{
    (void)state;
    no_locks = true;
    expect_taken(false);
    struct child child = child_start(HOLDS, "holder");
    expect_busy(child.pid);
    child_kill(&child);
    child_wait(&child);
    expect_taken(true);
    write_line(1234, 5, "00000000-0000-0000-0000-000000000000", "elsewhere.example");
    expect_refused(-EBUSY, "1234 on elsewhere.example");
    no_locks = false;
    expect_taken(true);
}

/* --- files that tote did not make --- */

static void test_bad_lines(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "x",
        "\n",
        "1\n",
        "12 34 boot host",
        "12 34 boot\n",
        "0 34 boot host\n",
        "-1 34 boot host\n",
        "+1 34 boot host\n",
        " 1 34 boot host\n",
        "12  34 boot host\n",
        "99999999999 34 boot host\n",
        "12 99999999999999999999 boot host\n",
        "12 34 boot host\nmore",
        "12 34 boot ho\033[31mst\n",
        "12 34 0123456789012345678901234567890123456789 host\n",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        fixture_write_file("a-lock", lines[i], strlen(lines[i]));
        assert_int_equal(chmod("a-lock", 0600), 0);
        expect_refused(-EBADMSG, "is damaged");
        assert_false(tote_lock_is_held("a", NULL));
    }
    static const char zeros[4096];
    for (size_t n = 0; n <= sizeof zeros; n += 128) {
        fixture_write_file("a-lock", zeros, n);
        assert_int_equal(chmod("a-lock", 0600), 0);
        expect_taken(false); /* what a loss of power leaves */
    }
}

static void test_random_bytes(void **state)
{
    (void)state;
    static const char alphabet[] = "0123456789 \n-abc\0\377\033";
    uint64_t seed = 11;
    for (int i = 0; i < 3000; i++) {
        char bytes[600];
        size_t n = (size_t)random_below(&seed, sizeof bytes);
        for (size_t at = 0; at < n; at++)
            bytes[at] = alphabet[random_below(&seed, sizeof alphabet - 1)];
        fixture_write_file("a-lock", bytes, n);
        assert_int_equal(chmod("a-lock", 0600), 0);
        struct tote_lock *lock = NULL;
        struct tote_error err = {0};
        int code = tote_lock_take("a", &lock, NULL, &err);
        assert_true(code == 0 || (code == -EBADMSG && err.text[0]));
        tote_lock_release(lock);
    }
}

static void test_odd_files(void **state)
{
    (void)state;
    fixture_write_file("precious", "precious", 8);
    assert_int_equal(symlink("precious", "a-lock"), 0);
    expect_refused(-ELOOP, "symlink");
    assert_false(tote_lock_is_held("a", NULL));
    assert_int_equal(unlink("a-lock"), 0);
    assert_int_equal(symlink("not-there", "a-lock"), 0);
    expect_refused(-ELOOP, "symlink");
    assert_int_equal(access("not-there", F_OK), -1);
    assert_int_equal(unlink("a-lock"), 0);
    assert_int_equal(chmod("precious", 0600), 0);
    assert_int_equal(link("precious", "a-lock"), 0);
    expect_refused(-EPERM, "another name");
    assert_int_equal(unlink("a-lock"), 0);
    struct stat file;
    assert_int_equal(stat("precious", &file), 0);
    assert_int_equal(file.st_size, 8);
    assert_int_equal(mkfifo("a-lock", 0600), 0);
    expect_refused(-EPERM, "not a plain file");
    assert_false(tote_lock_is_held("a", NULL));
    assert_int_equal(unlink("a-lock"), 0);
    assert_int_equal(mkdir("a-lock", 0700), 0);
    expect_refused(-EISDIR, "directory");
    assert_false(tote_lock_is_held("a", NULL));
    assert_int_equal(rmdir("a-lock"), 0);
}

static void test_odd_modes(void **state)
{
    (void)state;
    static const mode_t modes[] = {0620, 0602, 0666, 0777};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        fixture_write_file("a-lock", "", 0);
        assert_int_equal(chmod("a-lock", modes[i]), 0);
        expect_refused(-EPERM, "written by other users");
    }
    assert_int_equal(chmod("a-lock", 0600), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown("a-lock", 65534, 65534), 0);
        expect_refused(-EPERM, "another user");
    }
}

static void test_no_folder(void **state)
{
    (void)state;
    struct tote_lock *lock = NULL;
    struct tote_error err = {0};
    assert_int_equal(tote_lock_take("no/a", &lock, NULL, &err), -ENOENT);
    assert_non_null(strstr(err.text, "make its folder first"));
    assert_false(tote_lock_is_held("no/a", NULL));
}

static int take_on_full_disk(void)
{
    static const char zeros[4096];
    struct tote_lock *lock = NULL;
    struct tote_error err = {0};
    if (!fixture_mount_small(64))
        return SKIPPED;
    FILE *file = fopen("ballast", "wb");
    while (file && fwrite(zeros, 1, sizeof zeros, file) > 0 && fflush(file) == 0)
        continue;
    if (file)
        fclose(file);
    if (tote_lock_take("a", &lock, NULL, &err) != -ENOSPC || !err.text[0])
        return 1;
    return fixture_count_files() == 1 ? 0 : 2;
}

static void test_full_disk(void **state)
{
    (void)state;
    struct child child = {.pid = fork()};
    assert_true(child.pid >= 0);
    if (child.pid == 0)
        _exit(take_on_full_disk());
    int code = child_wait(&child);
    if (code == SKIPPED)
        skip();
    assert_int_equal(code, 0);
}

/* --- races --- */

/* Only one is inside at a time: it could not make the folder otherwise. Now and then it
 * dies with the lock. 0: as it should be; 3: died as planned; 9: nothing left to do. */
static int race(uint64_t seed, int *rounds)
{
    while (*rounds > 0) {
        struct tote_lock *lock = NULL;
        struct tote_error err = {0};
        int code = tote_lock_take("a", &lock, NULL, &err);
        if (code == -EBUSY)
            continue;
        if (code < 0 || mkdir("inside", 0700) < 0 || access("a-lock", F_OK) < 0)
            return 1;
        (*rounds)--;
        if (rmdir("inside") < 0)
            return 2;
        if (random_below(&seed, 8) == 0)
            return 3;
        tote_lock_release(lock);
    }
    return 0;
}

/* Many lives: each that dies with the lock is followed by one with what is left. */
static int race_on(uint64_t seed, int rounds)
{
    int *left = &rounds, code = 3;
    while (code == 3) {
        int pipes[2];
        if (pipe(pipes) < 0)
            return 4;
        pid_t pid = fork();
        if (pid == 0) {
            code = race(++seed, left);
            _exit(write(pipes[1], left, sizeof *left) == sizeof *left ? code : 5);
        }
        int status = 0;
        seed += 1000;
        if (pid < 0 || waitpid(pid, &status, 0) != pid ||
            read(pipes[0], left, sizeof *left) != sizeof *left)
            return 6;
        close(pipes[0]);
        close(pipes[1]);
        code = WIFEXITED(status) ? WEXITSTATUS(status) : 7;
    }
    return code;
}

static void test_races(void **state)
{
    (void)state;
    struct child takers[TAKERS];
    for (uint64_t i = 0; i < TAKERS; i++) {
        takers[i] = (struct child){.pid = fork()};
        assert_true(takers[i].pid >= 0);
        if (takers[i].pid == 0)
            _exit(race_on(i, ROUNDS));
    }
    int worst = 0;
    for (int i = 0; i < TAKERS; i++) {
        int code = child_wait(&takers[i]);
        worst = code > worst ? code : worst;
    }
    assert_int_equal(worst, 0);
    assert_true(fixture_count_files() <= 1); /* the last one may have died with it */
}

#define IN_FOLDER(test)                                                                \
    cmocka_unit_test_setup_teardown(test, fixture_enter, fixture_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_plain),
        IN_FOLDER(test_held),
        IN_FOLDER(test_killed),
        IN_FOLDER(test_other_name),
        IN_FOLDER(test_number_used_again),
        IN_FOLDER(test_odd_names),
        IN_FOLDER(test_without_locks),
        IN_FOLDER(test_bad_lines),
        IN_FOLDER(test_random_bytes),
        IN_FOLDER(test_odd_files),
        IN_FOLDER(test_odd_modes),
        IN_FOLDER(test_no_folder),
        IN_FOLDER(test_full_disk),
        IN_FOLDER(test_races),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
