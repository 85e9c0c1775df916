/* SPDX-License-Identifier: MIT */
/* test_store_damage.c: stores that are cut short and stores with wrong bytes: reading
 * and fsck end, without a crash, and never take for whole what is not. One store was
 * closed, the other's writer was killed, so that most of it is in its WAL. TOTE_SOAK=N
 * makes it N times as long. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "commands_fixture.h"
#include "random.h"
#include "store/fsck.h"
#include "store/schema.h"
#include "store_fixture.h"

#define TASKS     1000
#define FEW       20 /* tasks of the stores that are cut at every byte */
#define CHECKED   4  /* see may_be_skipped */
#define UNCHANGED 16 /* every so-maniest time it is looked whether a reader wrote */
#define FRAME     (TOTE_STORE_PAGE + 24)

struct bytes {
    unsigned char *data;
    size_t n;
};

struct specimen {
    uint64_t tasks;
    struct bytes file, wal;
};

static struct {
    uint64_t runs, whole, prefix, refused, told;
} seen;

static uint64_t soak(void)
{
    const char *text = getenv("TOTE_SOAK");
    unsigned long long times = text ? strtoull(text, NULL, 10) : 1;
    return times ? times : 1;
}

/* --- specimens --- */

static struct bytes slurp(const char *path)
{
    struct bytes bytes = {.data = malloc(1)};
    FILE *file = fopen(path, "rb");
    if (!file)
        return bytes;
    fseek(file, 0, SEEK_END);
    bytes.n = (size_t)ftell(file);
    rewind(file);
    bytes.data = realloc(bytes.data, bytes.n + 1);
    assert_non_null(bytes.data);
    assert_int_equal(fread(bytes.data, 1, bytes.n, file), bytes.n);
    fclose(file);
    return bytes;
}

static void spill(const char *path, const struct bytes *bytes)
{
    if (bytes->n > 0)
        fixture_write_file(path, bytes->data, bytes->n);
    else
        unlink(path);
}

static void specimen_write(const struct specimen *specimen)
{
    unlink("a-shm");
    spill("a", &specimen->file);
    spill("a-wal", &specimen->wal);
}

static void specimen_finish(struct specimen *specimen)
{
    free(specimen->file.data);
    free(specimen->wal.data);
    tote_store_unlink("a");
}

static struct specimen specimen_closed(uint64_t tasks)
{
    tote_store_close(fixture_bag_store("a", tasks, true));
    struct specimen specimen = {
        .tasks = tasks, .file = slurp("a"), .wal = slurp("a-wal")};
    assert_true(specimen.file.n > 0 && specimen.wal.n == 0);
    return specimen;
}

static struct specimen specimen_killed(uint64_t tasks)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        fixture_bag_store("a", tasks, true);
        kill(getpid(), SIGKILL);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    struct specimen specimen = {
        .tasks = tasks, .file = slurp("a"), .wal = slurp("a-wal")};
    assert_true(specimen.wal.n > FRAME);
    return specimen;
}

/* --- judging --- */

static void hear(void *context, const char *sentence)
{
    char *last = context;
    assert_true(sentence[0] != '\0');
    snprintf(last, TOTE_ERROR_MAX, "%s", sentence);
}

static bool is_whole(const struct fixture_content *content, uint64_t n)
{
    return content->tasks == n && content->outputs == n && content->published == n &&
           content->records == n && content->results == (n + 22) / 23 &&
           content->settings == 1 && content->runs == 1;
}

/* Of the commits: tasks in tens, each followed by their results. */
static bool is_prefix(const struct fixture_content *content, uint64_t n)
{
    return content->tasks <= n && content->outputs == content->tasks &&
           content->published == content->records &&
           (content->tasks == content->records ||
            content->tasks == content->records + 10) &&
           content->records % 10 == 0 && content->settings >= content->runs &&
           (content->runs == 1 || content->tasks == 0);
}

static bool is_unchanged(const struct specimen *specimen)
{
    struct bytes file = slurp("a"), wal = slurp("a-wal");
    bool same = file.n == specimen->file.n && wal.n == specimen->wal.n &&
                memcmp(file.data, specimen->file.data, file.n) == 0 &&
                memcmp(wal.data, specimen->wal.data, wal.n) == 0;
    free(file.data);
    free(wal.data);
    return same;
}

/* fsck costs more than reading: of stores that are read as they were written, only
 * every so-maniest is checked too, or all of them when there is time. */
static bool may_be_skipped(void)
{
    return soak() == 1 && seen.runs % CHECKED != 0;
}

/* What is in the folder is read and checked. may_be_cut: a prefix of the commits is all
 * right. what and where are for who must understand a failure. */
static void judge(const struct specimen *specimen, bool may_be_cut, const char *what,
                  size_t where)
{
    struct fixture_content content;
    struct tote_error read_err = {0}, fsck_err = {0};
    struct tote_fsck found = {0};
    char told[TOTE_ERROR_MAX] = "";
    int code = fixture_bag_read("a", specimen->tasks, &content, &read_err), checked = 0;
    bool fine = code == 0 && !content.differs &&
                (is_whole(&content, specimen->tasks) ||
                 (may_be_cut && is_prefix(&content, specimen->tasks)));
    if (!fine || !may_be_skipped())
        checked = tote_store_fsck("a", &found, hear, told, &fsck_err);
    bool is_told = checked < 0 || found.damaged > 0;
    if (!is_told && !fine)
        fail_msg(
            "%s %zu: taken for whole: read %d '%s', differs %d, tasks %d, outputs %d "
            "(%d), records %d, results %d, settings %d, runs %d",
            what, where, code, read_err.text, content.differs, (int)content.tasks,
            (int)content.outputs, (int)content.published, (int)content.records,
            (int)content.results, (int)content.settings, (int)content.runs);
    if ((code < 0 && !read_err.text[0]) || (checked < 0 && !fsck_err.text[0]))
        fail_msg("%s %zu: %d, %d without a sentence", what, where, code, checked);
    if ((found.damaged > 0) != (told[0] != '\0') && checked == 0)
        fail_msg("%s %zu: damage that is not told", what, where);
    if (seen.runs % UNCHANGED == 0 && !is_unchanged(specimen))
        fail_msg("%s %zu: a reader changed the file", what, where);
    seen.runs++;
    seen.refused += checked < 0;
    seen.told += checked == 0 && is_told;
    seen.whole += !is_told && is_whole(&content, specimen->tasks);
    seen.prefix += !is_told && !is_whole(&content, specimen->tasks);
}

static void say_seen(const char *what)
{
    print_message("%s: %d stores: %d whole, %d a prefix, %d told, %d refused\n", what,
                  (int)seen.runs, (int)seen.whole, (int)seen.prefix, (int)seen.told,
                  (int)seen.refused);
    memset(&seen, 0, sizeof seen);
}

/* --- cut --- */

/* Makes the file as long as that; what it has is right, and so is what it gets. */
static void cut_file(const char *name, const struct bytes *bytes, size_t n)
{
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct stat file;
    assert_true(fd >= 0 && fstat(fd, &file) == 0);
    size_t had = (size_t)file.st_size;
    if (had < n)
        assert_int_equal(pwrite(fd, bytes->data + had, n - had, (off_t)had), n - had);
    else
        assert_int_equal(ftruncate(fd, (off_t)n), 0);
    close(fd);
}

static void judge_cut(struct specimen *specimen, struct bytes *part, size_t at,
                      const char *what)
{
    size_t n = part->n;
    const char *name = part == &specimen->wal ? "a-wal" : "a";
    cut_file(name, part, at);
    unlink("a-shm");
    part->n = at;
    judge(specimen, part == &specimen->wal, what, at);
    part->n = n;
}

static void test_cut_file(void **state)
{
    (void)state;
    struct specimen specimen = specimen_closed(FEW);
    size_t n = specimen.file.n;
    specimen_write(&specimen);
    for (size_t at = n; at >= n - TOTE_STORE_PAGE - 2; at--)
        judge_cut(&specimen, &specimen.file, at, "file cut at");
    uint64_t seed = 3;
    for (uint64_t i = 0; i < 500 * soak(); i++)
        judge_cut(&specimen, &specimen.file, (size_t)random_below(&seed, n),
                  "file cut at");
    say_seen("file cut");
    specimen_finish(&specimen);
}

static void test_cut_wal(void **state)
{
    (void)state;
    struct specimen specimen = specimen_killed(FEW);
    size_t n = specimen.wal.n;
    specimen_write(&specimen);
    for (size_t at = n; at >= n - FRAME - 26; at--)
        judge_cut(&specimen, &specimen.wal, at, "WAL cut at");
    for (size_t at = 0; at < 80; at++)
        judge_cut(&specimen, &specimen.wal, at, "WAL cut at");
    uint64_t seed = 4;
    for (uint64_t i = 0; i < 1000 * soak(); i++)
        judge_cut(&specimen, &specimen.wal, (size_t)random_below(&seed, n),
                  "WAL cut at");
    say_seen("WAL cut");
    specimen_finish(&specimen);
}

/* --- flipped --- */

static void judge_flip(const struct specimen *specimen, const struct bytes *part,
                       const char *name, size_t at, unsigned char mask)
{
    part->data[at] ^= mask;
    int fd = open(name, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, &part->data[at], 1, (off_t)at), 1);
    unlink("a-shm");
    judge(specimen, false, name, at);
    part->data[at] ^= mask;
    assert_int_equal(pwrite(fd, &part->data[at], 1, (off_t)at), 1);
    close(fd);
}

static unsigned char random_mask(uint64_t *seed)
{
    if (random_below(seed, 2))
        return (unsigned char)(1u << random_below(seed, 8));
    return (unsigned char)(1 + random_below(seed, 255));
}

/* Some pages byte for byte, as far as `dense` goes, the rest here and there. */
static void flip(const struct specimen *specimen, const struct bytes *part,
                 const char *name, uint64_t dense, uint64_t sampled, uint64_t seed)
{
    specimen_write(specimen);
    size_t pages = part->n / TOTE_STORE_PAGE;
    for (uint64_t i = 0; i < dense; i++) {
        size_t page = (size_t)random_below(&seed, pages);
        size_t from = page * TOTE_STORE_PAGE;
        /* The head of a page and of its cells, and as much elsewhere. */
        for (size_t at = 0; at < 120; at++)
            judge_flip(specimen, part, name, from + at, random_mask(&seed));
        from += (size_t)random_below(&seed, TOTE_STORE_PAGE - 300);
        for (size_t at = 0; at < 300; at++)
            judge_flip(specimen, part, name, from + at, random_mask(&seed));
    }
    for (uint64_t i = 0; i < sampled; i++)
        judge_flip(specimen, part, name, (size_t)random_below(&seed, part->n),
                   random_mask(&seed));
}

static void test_flip_file(void **state)
{
    (void)state;
    struct specimen specimen = specimen_closed(TASKS);
    flip(&specimen, &specimen.file, "a", 2 * soak(), 500 * soak(), 5);
    say_seen("file flipped");
    specimen_finish(&specimen);
}

static void test_flip_small_file(void **state)
{
    (void)state;
    struct specimen specimen = specimen_closed(FEW);
    specimen_write(&specimen);
    uint64_t seed = 6;
    for (size_t at = 0; at < 130; at++)
        judge_flip(&specimen, &specimen.file, "a", at, random_mask(&seed));
    flip(&specimen, &specimen.file, "a", 4 * soak(), 2000 * soak(), 7);
    say_seen("small file flipped");
    specimen_finish(&specimen);
}

static void test_flip_wal(void **state)
{
    (void)state;
    struct specimen specimen = specimen_killed(FEW);
    specimen_write(&specimen);
    uint64_t seed = 8;
    for (size_t at = 0; at < 32; at++)
        judge_flip(&specimen, &specimen.wal, "a-wal", at, random_mask(&seed));
    for (size_t frame = 0; frame < specimen.wal.n / FRAME; frame += 1 + frame / 4)
        for (size_t at = 0; at < 24; at++)
            judge_flip(&specimen, &specimen.wal, "a-wal", 32 + frame * FRAME + at,
                       random_mask(&seed));
    flip(&specimen, &specimen.wal, "a-wal", 1 * soak(), 500 * soak(), 9);
    say_seen("WAL flipped");
    specimen_finish(&specimen);
}

/* A killed writer's main file is read together with its WAL. */
static void test_flip_killed_file(void **state)
{
    (void)state;
    struct specimen specimen = specimen_killed(TASKS);
    flip(&specimen, &specimen.file, "a", 0, 300 * soak(), 10);
    flip(&specimen, &specimen.wal, "a-wal", 0, 300 * soak(), 11);
    say_seen("killed writer's files flipped");
    specimen_finish(&specimen);
}

/* --- what may be gone on with --- */

static bool ends_commit(const struct bytes *wal, size_t frame)
{
    static const unsigned char no[4];
    return memcmp(wal->data + 32 + frame * FRAME + 4, no, 4) != 0;
}

static size_t frames_of(const struct bytes *wal)
{
    return (wal->n - 32) / FRAME;
}

static void write_at(const char *name, size_t at, unsigned char byte)
{
    int fd = open(name, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    close(fd);
}

/* One bit of a WAL: told, and if that was synced, not gone on with. */
static void judge_writer(struct specimen *specimen, size_t at, bool was_synced)
{
    struct tote_store *store = NULL;
    struct tote_error err = {0};
    struct tote_fsck found;
    char told[TOTE_ERROR_MAX] = "";
    unsigned char *byte = &specimen->wal.data[at];
    *byte ^= 1;
    write_at("a-wal", at, *byte);
    unlink("a-shm");
    assert_int_equal(tote_store_fsck("a", &found, hear, told, &err), 0);
    if (!strstr(told, "the WAL is not as it was written"))
        fail_msg("WAL at %zu: not told: %s", at, told);
    int code = was_synced ? tote_store_reopen("a", &store, &err) : -EUCLEAN;
    if (code != -EUCLEAN)
        fail_msg("WAL at %zu: gone on with: %d", at, code);
    if (was_synced)
        assert_non_null(strstr(err.text, "'tote fsck a --salvage NEW'"));
    assert_true(is_unchanged(specimen));
    *byte ^= 1;
    write_at("a-wal", at, *byte);
}

/* The number, the page's end, the checksum and a salt of every frame. */
static void test_no_writer_goes_on_with_damage(void **state)
{
    (void)state;
    static const size_t places[] = {3, FRAME - 9, 17, 10};
    struct specimen specimen = specimen_killed(FEW);
    size_t commits = 0, after = 0;
    specimen_write(&specimen);
    for (size_t frame = frames_of(&specimen.wal); frame-- > 0;) {
        commits += ends_commit(&specimen.wal, frame);
        for (size_t i = 0; i < sizeof places / sizeof *places; i++)
            judge_writer(&specimen, 32 + frame * FRAME + places[i], commits > 1);
        after += commits == 1;
    }
    assert_true(commits > 2 && after > 0);
    for (size_t at = 0; at < 32; at++)
        judge_writer(&specimen, at, true);
    specimen_finish(&specimen);
}

/* Frames of a commit that did not come to its end, and before them one that did. */
static void leave_half_a_commit(void)
{
    sqlite3 *db = NULL;
    fixture_bag_store("a", TASKS, true);
    bool fine =
        sqlite3_open_v2("a", &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
        sqlite3_exec(db,
                     "PRAGMA wal_autocheckpoint=0; PRAGMA cache_size=1;"
                     "PRAGMA cache_spill=1; BEGIN; UPDATE record SET cpu_ns=cpu_ns+1;"
                     "UPDATE result SET max_rss=max_rss+1; ROLLBACK;"
                     "UPDATE setting SET value=value",
                     NULL, NULL, NULL) == SQLITE_OK;
    kill(getpid(), fine ? SIGKILL : SIGABRT);
}

/* That is no damage: a full disk leaves it. */
static void test_half_a_commit(void **state)
{
    (void)state;
    struct tote_store *store = NULL;
    struct tote_error err = {0};
    struct tote_fsck found;
    char told[TOTE_ERROR_MAX] = "";
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        leave_half_a_commit();
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    struct bytes wal = slurp("a-wal");
    size_t n = frames_of(&wal);
    assert_true(n > 3 && !ends_commit(&wal, n - 1) && !ends_commit(&wal, n - 2));
    free(wal.data);
    assert_int_equal(tote_store_fsck("a", &found, hear, told, &err), 0);
    assert_string_equal(told, "");
    assert_int_equal(tote_store_reopen("a", &store, &err), 0);
    tote_store_close(store);
    tote_store_unlink("a");
}

#define IN_FOLDER(test)                                                                \
    cmocka_unit_test_setup_teardown(test, fixture_enter, fixture_leave)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_cut_file),
        IN_FOLDER(test_cut_wal),
        IN_FOLDER(test_flip_file),
        IN_FOLDER(test_flip_small_file),
        IN_FOLDER(test_flip_wal),
        IN_FOLDER(test_flip_killed_file),
        IN_FOLDER(test_no_writer_goes_on_with_damage),
        IN_FOLDER(test_half_a_commit),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
