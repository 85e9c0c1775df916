/* SPDX-License-Identifier: MIT */
/* test_publisher_faults.c: every call of the publisher that can fail does, once or from
 * then on; and tote is killed before every one of them, in recover too. The linker
 * sends all these calls through here (--wrap, tests/meson.build). With the word "old"
 * as argument: on a kernel without openat2. */
#include <dirent.h>
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
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/digest.h"
#include "publisher_fixture.h"

/* --- calls that fail, or kill --- */

enum mode { OFF, COUNT, FAIL, KILL, WATCH };

static struct {
    enum mode mode;
    int at; /* the call that fails, or before which we die */
    bool for_good;
    int error;
    const char *only; /* this function alone; null: all */
    int calls, failures;
    long live;           /* allocations of ours that are not freed */
    void (*watch)(void); /* before every call */
} plan;

static bool has_no_openat2, has_no_links, has_no_exclusive_rename;

static bool strikes(const char *name)
{
    if (plan.mode == OFF || (plan.only && strcmp(name, plan.only) != 0))
        return false;
    int call = plan.calls++;
    if (plan.mode == WATCH) {
        plan.mode = OFF;
        plan.watch();
        plan.mode = WATCH;
    }
    if (plan.mode == KILL && call == plan.at)
        kill(getpid(), SIGKILL);
    if (plan.mode != FAIL || !(plan.for_good ? call >= plan.at : call == plan.at))
        return false;
    plan.failures++;
    errno = plan.error;
    return true;
}

#define WRAP(type, name, failure, parameters, arguments)                               \
    type __real_##name parameters;                                                     \
    type __wrap_##name parameters;                                                     \
    type __wrap_##name parameters                                                      \
    {                                                                                  \
        return strikes(#name) ? (failure) : __real_##name arguments;                   \
    }

#define WRAP_OPEN(name, parameters, arguments, last)                                   \
    int __real_##name parameters;                                                      \
    int __wrap_##name parameters;                                                      \
    int __wrap_##name parameters                                                       \
    {                                                                                  \
        va_list more;                                                                  \
        va_start(more, last);                                                          \
        unsigned mode = (last & O_CREAT) ? va_arg(more, unsigned) : 0;                 \
        va_end(more);                                                                  \
        return strikes(#name) ? -1 : __real_##name arguments;                          \
    }

WRAP_OPEN(open, (const char *path, int flags, ...), (path, flags, mode), flags)
WRAP_OPEN(open64, (const char *path, int flags, ...), (path, flags, mode), flags)
WRAP_OPEN(openat, (int at, const char *path, int flags, ...), (at, path, flags, mode),
          flags)
WRAP_OPEN(openat64, (int at, const char *path, int flags, ...), (at, path, flags, mode),
          flags)
WRAP(int, fstat, -1, (int fd, struct stat *info), (fd, info))
WRAP(int, fstat64, -1, (int fd, struct stat *info), (fd, info))
WRAP(int, fstatat, -1, (int at, const char *path, struct stat *info, int flags),
     (at, path, info, flags))
WRAP(int, fstatat64, -1, (int at, const char *path, struct stat *info, int flags),
     (at, path, info, flags))
WRAP(struct dirent *, readdir, NULL, (DIR * folder), (folder))
WRAP(struct dirent *, readdir64, NULL, (DIR * folder), (folder))
WRAP(DIR *, fdopendir, NULL, (int fd), (fd))
WRAP(ssize_t, read, -1, (int fd, void *into, size_t n), (fd, into, n))
WRAP(int, renameat, -1, (int from, const char *a, int to, const char *b),
     (from, a, to, b))
WRAP(int, mkdir, -1, (const char *path, mode_t mode), (path, mode))
WRAP(int, mkdirat, -1, (int at, const char *path, mode_t mode), (at, path, mode))
WRAP(int, unlinkat, -1, (int at, const char *path, int flags), (at, path, flags))
WRAP(int, fchmod, -1, (int fd, mode_t mode), (fd, mode))
WRAP(int, fchmodat, -1, (int at, const char *path, mode_t mode, int flags),
     (at, path, mode, flags))
WRAP(void *, XXH3_createState, NULL, (void), ())

static ino_t synced[16];
static size_t n_synced;

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    struct stat info;
    if (strikes("fsync"))
        return -1;
    if (n_synced < 16 && __real_fstat(fd, &info) == 0)
        synced[n_synced++] = info.st_ino;
    return __real_fsync(fd);
}

int __real_linkat(int from, const char *a, int to, const char *b, int flags);
int __wrap_linkat(int from, const char *a, int to, const char *b, int flags);
int __wrap_linkat(int from, const char *a, int to, const char *b, int flags)
{
    if (strikes("linkat"))
        return -1;
    errno = EPERM;
    return has_no_links ? -1 : __real_linkat(from, a, to, b, flags);
}

int __real_renameat2(int from, const char *a, int to, const char *b, unsigned flags);
int __wrap_renameat2(int from, const char *a, int to, const char *b, unsigned flags);
int __wrap_renameat2(int from, const char *a, int to, const char *b, unsigned flags)
{
    if (strikes("renameat2"))
        return -1;
    errno = EINVAL;
    return has_no_exclusive_rename ? -1 : __real_renameat2(from, a, to, b, flags);
}

/* openat2 alone is called so. */
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...)
{
    va_list more;
    va_start(more, number);
    int at = va_arg(more, int);
    const char *path = va_arg(more, const char *);
    void *how = va_arg(more, void *);
    size_t n = va_arg(more, size_t);
    va_end(more);
    if (strikes("syscall"))
        return -1;
    errno = ENOSYS;
    return has_no_openat2 ? -1 : __real_syscall(number, at, path, how, n);
}

/* It fails as Linux does: the descriptor is gone all the same. */
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
    bool fails = strikes("close");
    int error = errno;
    int rc = __real_close(fd);
    errno = error;
    return fails ? -1 : rc;
}

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_malloc(size_t n)
{
    void *memory = strikes("malloc") ? NULL : __real_malloc(n);
    plan.live += memory != NULL;
    return memory;
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
    void *memory = strikes("calloc") ? NULL : __real_calloc(n, size);
    plan.live += memory != NULL;
    return memory;
}

void *__real_realloc(void *old, size_t n);
void *__wrap_realloc(void *old, size_t n);
void *__wrap_realloc(void *old, size_t n)
{
    void *memory = strikes("realloc") ? NULL : __real_realloc(old, n);
    plan.live += memory && !old;
    return memory;
}

void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory)
{
    plan.live -= memory != NULL;
    __real_free(memory);
}

/* --- one life: put, sync, record, forget --- */

#define RECORD "recorded" /* beside the results: the record is durable */
#define ALL    4u
#define FRESH  3u /* of them, the first: their names are free */

static const struct {
    const char *path, *text;
} outputs[ALL] = {{"new", "1"}, {"d/e/deep", "22"}, {"sub/x", "333"}, {"old", "4444"}};

static void prepare(const char *attempt, struct tote_publisher_file files[static ALL])
{
    for (size_t i = 0; i < ALL; i++) {
        files[i] = fill_output(attempt, outputs[i].path, outputs[i].text);
        files[i].is_ours = strcmp(outputs[i].path, "old") == 0;
    }
}

/* In memory if there is such a place: nothing here needs a disk that turns. */
static void begin(struct tote_publisher_file files[static ALL])
{
    assert_int_equal(place_enter(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NULL), 0);
    assert_true(fill_file(RESULTS "/old", "before"));
    assert_true(fill_file(RESULTS "/sub/theirs", "foreign"));
    assert_true(fill_file("away/theirs", "foreign"));
    prepare("7.1", files);
    assert_true(fill_file(ATTEMPTS "/7.1/junk/deep/er", "junk"));
    assert_int_equal(symlink("../../../away", ATTEMPTS "/7.1/junk/out"), 0);
}

struct life {
    int put, sync;
    bool opened;
};

static struct life live(bool is_hostile, const struct tote_publisher_file *files)
{
    struct life life = {.put = -1, .sync = -1};
    struct tote_publisher_config config = {
        .results = RESULTS, .attempts = ATTEMPTS, .is_hostile = is_hostile};
    struct tote_publisher *publisher = NULL;
    struct tote_error errors[3] = {0};
    life.opened = tote_publisher_open(&config, &publisher, &errors[0]) == 0;
    if (life.opened)
        life.put = tote_publisher_put(publisher, "7.1", files, ALL, &errors[1]);
    if (life.put == 0)
        life.sync = tote_publisher_sync(publisher, &errors[2]);
    if (life.sync == 0) {
        enum mode mode = plan.mode;
        plan.mode = OFF;
        fill_file(RECORD, "");
        plan.mode = mode;
        tote_publisher_forget(publisher, "7.1");
    }
    tote_publisher_close(publisher);
    if (life.opened == (errors[0].text[0] != '\0') ||
        (life.put < 0 && life.opened && !errors[1].text[0]) ||
        (life.sync < 0 && life.put == 0 && !errors[2].text[0]))
        life.put = -1000; /* a failure without a sentence, or the other way round */
    return life;
}

static bool is_recorded(void *context, uint64_t task, uint32_t attempt)
{
    (void)context;
    return task == 7 && attempt == 1 && is_there(RECORD);
}

static int recover(void)
{
    struct tote_publisher_config config = {.results = RESULTS, .attempts = ATTEMPTS};
    struct tote_publisher *publisher = NULL;
    struct tote_error err = {0};
    int rc = tote_publisher_open(&config, &publisher, &err);
    if (rc == 0)
        rc = tote_publisher_recover(publisher, is_recorded, NULL, NULL, &err);
    tote_publisher_close(publisher);
    return (rc < 0) == (err.text[0] != '\0') ? rc : -1000;
}

/* --- what must be true --- */

static void assert_foreign_intact(void)
{
    assert_true(holds(RESULTS "/sub/theirs", "foreign"));
    assert_true(holds("away/theirs", "foreign"));
}

static void assert_all_published(void)
{
    for (size_t i = 0; i < ALL; i++) {
        char path[64];
        snprintf(path, sizeof path, RESULTS "/%s", outputs[i].path);
        assert_true(holds(path, outputs[i].text));
    }
}

/* The one that was replaced may be back to what it was, or gone. */
static void assert_none_published(void)
{
    for (size_t i = 0; i < FRESH; i++) {
        char path[64];
        snprintf(path, sizeof path, RESULTS "/%s", outputs[i].path);
        assert_false(is_there(path));
    }
    assert_true(holds(RESULTS "/old", "before") || !is_there(RESULTS "/old"));
    assert_int_equal(count_below(RESULTS, ".tote-"), 0);
}

/* Whatever has happened: after recover all is as after the record, or as before the
 * attempt; the next attempt, if there must be one, does it; nothing is left over. */
static void assert_it_can_be_mended(void)
{
    assert_int_equal(recover(), 0);
    assert_foreign_intact();
    assert_int_equal(count_below(ATTEMPTS, NULL), 0);
    if (!is_there(RECORD)) {
        assert_none_published();
        struct tote_publisher_file files[ALL];
        prepare("7.2", files);
        struct tote_publisher *publisher = publisher_open(false);
        assert_non_null(publisher);
        assert_int_equal(tote_publisher_put(publisher, "7.2", files, ALL, NULL), 0);
        assert_int_equal(tote_publisher_sync(publisher, NULL), 0);
        tote_publisher_forget(publisher, "7.2");
        tote_publisher_close(publisher);
    }
    assert_all_published();
    assert_foreign_intact();
    assert_int_equal(count_below(ATTEMPTS, NULL), 0);
    assert_int_equal(count_below(RESULTS, NULL), 8); /* 5 files in 3 folders */
}

/* --- torture --- */

static void set_plan(enum mode mode, int at, bool for_good, int error)
{
    plan.mode = mode;
    plan.at = at;
    plan.for_good = for_good;
    plan.error = error;
    plan.calls = plan.failures = 0;
}

static void torture_life_at(int at, bool for_good, int error, bool is_hostile)
{
    struct tote_publisher_file files[ALL];
    begin(files);
    size_t fds = count_fds();
    long allocations = plan.live;
    set_plan(FAIL, at, for_good, error);
    struct life life = live(is_hostile, files);
    plan.mode = OFF;
    assert_int_not_equal(life.put, -1000);
    assert_int_equal(count_fds(), fds);
    assert_int_equal(plan.live, allocations);
    if (life.sync == 0)
        assert_all_published();
    else if (!for_good && life.put < 0)
        assert_none_published();
    assert_foreign_intact();
    assert_it_can_be_mended();
    place_leave();
}

static void torture_life(bool is_hostile)
{
    static const int errors[] = {EIO, ENOSPC, ENOENT};
    struct tote_publisher_file files[ALL];
    begin(files);
    set_plan(COUNT, 0, false, 0);
    struct life life = live(is_hostile, files);
    plan.mode = OFF;
    assert_int_equal(life.sync, 0);
    int n = plan.calls;
    assert_true(n > 60);
    place_leave();
    for (int at = 0; at < n; at++) {
        for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
            torture_life_at(at, false, errors[i], is_hostile);
            torture_life_at(at, true, errors[i], is_hostile);
        }
    }
    print_message("# %d calls, each failed once and for good\n", n);
}

static void every_call_fails(void **state)
{
    (void)state;
    torture_life(false);
}

static void every_call_fails_with_files_from_elsewhere(void **state)
{
    (void)state;
    torture_life(true);
}

/* Killed just before its record: most has to be taken back. */
static void begin_unrecorded(void)
{
    struct tote_publisher_file files[ALL];
    begin(files);
    struct tote_publisher *publisher = publisher_open(false);
    assert_non_null(publisher);
    assert_int_equal(tote_publisher_put(publisher, "7.1", files, ALL, NULL), 0);
    tote_publisher_close(publisher);
}

static int count_recover(void)
{
    begin_unrecorded();
    set_plan(COUNT, 0, false, 0);
    assert_int_equal(recover(), 0);
    plan.mode = OFF;
    place_leave();
    return plan.calls;
}

static void every_call_of_recover_fails(void **state)
{
    (void)state;
    int n = count_recover();
    for (int at = 0; at < n; at++) {
        for (int for_good = 0; for_good < 2; for_good++) {
            begin_unrecorded();
            size_t fds = count_fds();
            long allocations = plan.live;
            set_plan(FAIL, at, for_good, EIO);
            int rc = recover();
            plan.mode = OFF;
            assert_int_not_equal(rc, -1000);
            assert_int_equal(count_fds(), fds);
            assert_int_equal(plan.live, allocations);
            if (rc == 0)
                assert_none_published();
            assert_it_can_be_mended();
            place_leave();
        }
    }
    print_message("# %d calls of recover, each failed once and for good\n", n);
}

/* --- crashes --- */

/* Runs body in a child that dies before call number at; whether it did. */
static bool is_killed(int (*body)(void), int at)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        set_plan(KILL, at, false, 0);
        _exit(body() == 0 ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return true;
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    return false;
}

static struct tote_publisher_file its_files[ALL];
static bool its_files_are_hostile;

static int live_in_child(void)
{
    return live(its_files_are_hostile, its_files).sync;
}

static void kill_everywhere(bool is_hostile)
{
    its_files_are_hostile = is_hostile;
    int n = 0, n_taken_back = 0;
    for (bool killed = true; killed; n++) {
        begin(its_files);
        killed = is_killed(live_in_child, n);
        n_taken_back += is_there(RESULTS "/new") && !is_there(RECORD);
        assert_foreign_intact();
        assert_it_can_be_mended();
        place_leave();
    }
    assert_true(n > 60 && n_taken_back > 10);
    print_message("# killed at %d places, with files to take back at %d\n", n - 1,
                  n_taken_back);
}

static void killed_before_every_call(void **state)
{
    (void)state;
    kill_everywhere(false);
    kill_everywhere(true);
}

static void killed_before_every_call_of_recover(void **state)
{
    (void)state;
    int n = count_recover();
    for (int first = 0; first < n; first++) {
        begin_unrecorded();
        assert_true(is_killed(recover, first));
        is_killed(recover, (first * 7) % n); /* and again */
        assert_it_can_be_mended();
        place_leave();
    }
    print_message("# recover killed at %d places, twice\n", n);
}

/* --- filesystems --- */

static void without_hard_links_files_are_moved(void **state)
{
    (void)state;
    struct tote_publisher_file files[ALL];
    begin(files);
    has_no_links = true;
    struct life life = live(false, files);
    assert_int_equal(life.put, 0);
    assert_int_equal(life.sync, 0);
    assert_all_published();
    prepare("7.2", files);
    files[3].is_ours = false;
    struct tote_publisher *publisher = publisher_open(false);
    assert_int_equal(tote_publisher_put(publisher, "7.2", files, 1, NULL), -EEXIST);
    assert_int_equal(tote_publisher_put(publisher, "7.2", &files[3], 1, NULL), -EEXIST);
    has_no_exclusive_rename = true;
    struct tote_publisher_file other = fill_output("7.2", "other", "x");
    struct tote_error err = {0};
    assert_int_equal(tote_publisher_put(publisher, "7.2", &other, 1, &err),
                     -EOPNOTSUPP);
    assert_non_null(strstr(err.text, "--results"));
    has_no_links = has_no_exclusive_rename = false;
    tote_publisher_close(publisher);
    assert_all_published();
    place_leave();
}

/* --- in one step --- */

static int n_watched;

static void watch_old(void)
{
    n_watched++;
    assert_true(holds(RESULTS "/old", "before") || holds(RESULTS "/old", "4444"));
}

static void a_replaced_file_is_always_there(void **state)
{
    (void)state;
    struct tote_publisher_file files[ALL];
    begin(files);
    set_plan(WATCH, 0, false, 0);
    plan.watch = watch_old;
    struct life life = live(false, files);
    plan.mode = OFF;
    assert_int_equal(life.sync, 0);
    assert_true(n_watched > 60);
    assert_true(holds(RESULTS "/old", "4444"));
    place_leave();
}

static void a_failed_sync_is_final(void **state)
{
    (void)state;
    struct tote_publisher_file files[ALL];
    begin(files);
    struct tote_publisher *publisher = publisher_open(false);
    assert_int_equal(tote_publisher_put(publisher, "7.1", files, 1, NULL), 0);
    set_plan(FAIL, 0, false, EIO);
    plan.only = "fsync";
    struct tote_error err = {0};
    assert_int_equal(tote_publisher_sync(publisher, &err), -EIO);
    plan.mode = OFF;
    plan.only = NULL;
    assert_int_equal(plan.failures, 1);
    assert_non_null(strstr(err.text, "sync"));
    assert_int_equal(tote_publisher_sync(publisher, NULL), -EIO);
    assert_int_equal(tote_publisher_put(publisher, "7.1", &files[1], 1, NULL), -EIO);
    tote_publisher_close(publisher);
    place_leave();
}

/* Worse than the task's own fault: somebody may take for whole what is not. */
static void what_cannot_be_taken_back_is_final(void **state)
{
    (void)state;
    struct tote_publisher_file files[ALL];
    begin(files);
    files[1] = fill_output("7.1", "sub/theirs", "mine");
    struct tote_publisher *publisher = publisher_open(false);
    set_plan(FAIL, 0, true, EROFS);
    plan.only = "unlinkat";
    struct tote_error err = {0};
    assert_int_equal(tote_publisher_put(publisher, "7.1", files, 2, &err), -EROFS);
    plan.mode = OFF;
    plan.only = NULL;
    assert_non_null(strstr(err.text, "'new' cannot be taken back"));
    assert_int_equal(tote_publisher_put(publisher, "7.1", &files[2], 1, NULL), -EROFS);
    assert_int_equal(tote_publisher_sync(publisher, NULL), -EROFS);
    tote_publisher_close(publisher);
    assert_int_equal(recover(), 0);
    assert_foreign_intact();
    assert_none_published();
    place_leave();
}

static size_t count_syncs_of(const char *path)
{
    struct stat info;
    size_t n = 0;
    assert_int_equal(stat(path, &info), 0);
    for (size_t i = 0; i < n_synced; i++)
        n += synced[i] == info.st_ino;
    return n;
}

/* What is taken back is durable before the attempt's folder goes; so are folders that
 * the killed one had made, and perhaps not synced. */
static void recover_syncs_before_it_forgets(void **state)
{
    (void)state;
    begin_unrecorded();
    n_synced = 0;
    assert_int_equal(recover(), 0);
    assert_int_equal(n_synced, 4);
    assert_int_equal(count_syncs_of(RESULTS), 1);
    assert_int_equal(count_syncs_of(RESULTS "/d/e"), 1);
    assert_int_equal(recover(), 0); /* nothing was left: nothing to sync */
    assert_int_equal(n_synced, 4);
    place_leave();
    begin_unrecorded();
    set_plan(FAIL, 0, true, EIO);
    plan.only = "fsync";
    assert_int_equal(recover(), -EIO);
    plan.mode = OFF;
    plan.only = NULL;
    assert_true(is_there(ATTEMPTS "/7.1/new"));
    place_leave();
}

static void recover_syncs_folders_that_were_only_made(void **state)
{
    (void)state;
    struct tote_publisher_file files[ALL];
    begin(files);
    assert_int_equal(chmod(ATTEMPTS "/7.1", 01700), 0);
    assert_int_equal(mkdir(RESULTS "/d", 0777), 0);
    n_synced = 0;
    assert_int_equal(recover(), 0);
    assert_int_equal(count_syncs_of(RESULTS), 1);
    assert_int_equal(count_syncs_of(RESULTS "/d"), 1);
    place_leave();
}

/* Those above new folders too. */
static void every_folder_is_synced_once(void **state)
{
    (void)state;
    struct tote_publisher_file files[ALL];
    begin(files);
    struct tote_publisher *publisher = publisher_open(false);
    assert_int_equal(tote_publisher_put(publisher, "7.1", files, ALL, NULL), 0);
    n_synced = 0;
    assert_int_equal(tote_publisher_sync(publisher, NULL), 0);
    assert_int_equal(n_synced, 4);
    assert_int_equal(count_syncs_of(RESULTS), 1);
    assert_int_equal(count_syncs_of(RESULTS "/d"), 1);
    assert_int_equal(count_syncs_of(RESULTS "/d/e"), 1);
    assert_int_equal(count_syncs_of(RESULTS "/sub"), 1);
    assert_int_equal(tote_publisher_sync(publisher, NULL), 0);
    assert_int_equal(n_synced, 4);
    tote_publisher_close(publisher);
    place_leave();
}

/* Each on its own, so that doubles do not lie side by side. */
static void many_folders_are_synced_once_too(void **state)
{
    (void)state;
    struct tote_publisher_file files[ALL];
    begin(files);
    struct tote_publisher *publisher = publisher_open(false);
    for (int i = 0; i < 300; i++) {
        char attempt[16], path[16];
        snprintf(attempt, sizeof attempt, "%d.1", 100 + i);
        snprintf(path, sizeof path, "%c/%d", 'p' + i % 3, i);
        struct tote_publisher_file file = fill_output(attempt, path, "x");
        assert_int_equal(tote_publisher_put(publisher, attempt, &file, 1, NULL), 0);
    }
    n_synced = 0;
    assert_int_equal(tote_publisher_sync(publisher, NULL), 0);
    assert_int_equal(n_synced, 4);
    tote_publisher_close(publisher);
    place_leave();
}

int main(int argc, char **argv)
{
    (void)argv;
    has_no_openat2 = argc > 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_replaced_file_is_always_there),
        cmocka_unit_test(a_failed_sync_is_final),
        cmocka_unit_test(what_cannot_be_taken_back_is_final),
        cmocka_unit_test(recover_syncs_before_it_forgets),
        cmocka_unit_test(recover_syncs_folders_that_were_only_made),
        cmocka_unit_test(every_folder_is_synced_once),
        cmocka_unit_test(many_folders_are_synced_once_too),
        cmocka_unit_test(without_hard_links_files_are_moved),
        cmocka_unit_test(every_call_fails),
        cmocka_unit_test(every_call_fails_with_files_from_elsewhere),
        cmocka_unit_test(every_call_of_recover_fails),
        cmocka_unit_test(killed_before_every_call),
        cmocka_unit_test(killed_before_every_call_of_recover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
