/* SPDX-License-Identifier: MIT */
/* commands_exam.c: the points of the conformance suite that need a bag of commands
 * (exam.h): small shell commands, given as slices, judged by their packs. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/slice.h"
#include "check/exam.h"
#include "tote/clock.h"

#define FIRST     1000 /* beyond the bag that hello tells of, which may grow */
#define LONG_WORD 100000
#define STREAM    (1u << 20)

static const struct tote_bag bag = {.kernel = "command", .is_commands = true};

/* Where the bag lies while a point is tried. */
struct place {
    char folder[64], slices[80], attempts[80], fifo[80];
    int started; /* both ends of the fifo, in which a command can say that it runs */
};

static int open_place(struct place *place, struct tote_error *err)
{
    snprintf(place->folder, sizeof place->folder, "/tmp/tote-check-XXXXXX");
    place->started = -1;
    if (!mkdtemp(place->folder)) {
        place->folder[0] = '\0';
        return tote_error_set(err, -EIO, "cannot make a folder in /tmp: %s",
                              strerror(errno));
    }
    snprintf(place->slices, sizeof place->slices, "%s/slices", place->folder);
    snprintf(place->attempts, sizeof place->attempts, "%s/attempts", place->folder);
    snprintf(place->fifo, sizeof place->fifo, "%s/started", place->folder);
    if (mkdir(place->slices, 0700) == 0 && mkdir(place->attempts, 0700) == 0 &&
        mkfifo(place->fifo, 0600) == 0)
        place->started = open(place->fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    return place->started >= 0 ? 0
                               : tote_error_set(err, -EIO, "cannot fill '%s': %s",
                                                place->folder, strerror(errno));
}

static void close_place(struct place *place)
{
    if (place->started >= 0)
        close(place->started);
    if (place->folder[0])
        tote_folder_remove(place->folder);
}

static int start(struct tote_exam *exam, const struct place *place,
                 struct tote_error *err)
{
    tote_probe_close(&exam->probe);
    int rc = tote_probe_open(&exam->probe, &exam->spec, exam->config, &bag,
                             place->slices, err);
    if (rc == 0)
        rc = tote_probe_hello(&exam->probe, NULL, err);
    if (rc == 0)
        rc = tote_probe_await_ready(&exam->probe, err);
    exam->has_been_ready |= rc == 0;
    return rc;
}

/* --- files of a batch --- */

static void file_of(const struct place *place, const struct tote_batch *batch,
                    bool is_pack, char path[static PATH_MAX])
{
    char name[TOTE_SLICE_NAME_MAX];
    tote_slice_name(batch->first, batch->count, batch->attempt, is_pack, name);
    snprintf(path, PATH_MAX, "%s/%s", place->slices, name);
}

static int write_file(const char *path, const void *bytes, size_t n,
                      struct tote_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ssize_t written = fd < 0 ? -1 : write(fd, bytes, n);
    if (fd >= 0)
        close(fd);
    return written == (ssize_t)n
               ? 0
               : tote_error_set(err, -EIO, "cannot write '%s': %s", path,
                                written < 0 ? strerror(errno) : "it is cut");
}

/* Every command is: sh -c SCRIPT sh WORD. */
static int write_slice(const struct place *place, const struct tote_batch *batch,
                       const char *const scripts[], const char *word,
                       struct tote_error *err)
{
    static const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin"};
    const struct tote_rules rules = {.run = "0",
                                     .start = place->folder,
                                     .attempts = place->attempts,
                                     .env = env,
                                     .n_env = 1,
                                     .kill_after_ns = TOTE_NS_PER_S,
                                     .stream_max = STREAM};
    struct tote_slice_writer *w =
        tote_slice_begin(&rules, batch->first, batch->count, batch->attempt);
    if (!w)
        return tote_error_set(err, -ENOMEM, "out of memory for a slice");
    for (uint32_t i = 0; i < batch->count; i++) {
        const char *const args[] = {"sh", "-c", scripts[i], "sh", word};
        tote_slice_add(
            w, &(struct tote_command){
                   .task = batch->first + i, .item = "", .args = args, .n_args = 5});
    }
    char path[PATH_MAX];
    void *bytes;
    size_t n;
    file_of(place, batch, false, path);
    int rc = tote_slice_end(w, &bytes, &n, err);
    if (rc < 0)
        return rc;
    rc = write_file(path, bytes, n, err);
    free(bytes);
    return rc;
}

/* The bytes of a file, a new array; null and a sentence. */
static char *read_pack(const char *path, size_t *ret_n, struct tote_error *err)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    char *bytes = NULL;
    if (fd < 0 || fstat(fd, &info) < 0 || !S_ISREG(info.st_mode))
        tote_error_set(err, -EPROTO, "it said done, and there is no pack");
    else if (info.st_size > (off_t)TOTE_PACK_MAX)
        tote_error_set(err, -EPROTO, "the pack is too large");
    else if (!(bytes = malloc((size_t)info.st_size + 1)))
        tote_error_set(err, -ENOMEM, "out of memory for a pack");
    else if (read(fd, bytes, (size_t)info.st_size) != (ssize_t)info.st_size) {
        tote_error_set(err, -EPROTO, "the pack is cut");
        free(bytes);
        bytes = NULL;
    } else
        *ret_n = (size_t)info.st_size;
    if (fd >= 0)
        close(fd);
    return bytes;
}

/* --- commands --- */

static const char *const scripts[] = {"printf %s \"$1\"", "exit 7", "printf x >&2"};

/* Of these three commands. */
static int judge_pack(const struct tote_pack *pack, const struct tote_batch *batch,
                      const char *word, struct tote_error *err)
{
    if (pack->first != batch->first || pack->count != batch->count ||
        pack->attempt != batch->attempt)
        return tote_error_set(err, -EPROTO,
                              "the pack of batch %" PRIu64 " is of another batch",
                              batch->id);
    const struct tote_result *echo = &pack->results[0], *fail = &pack->results[1],
                             *say = &pack->results[2];
    const struct tote_span *out = &echo->streams[TOTE_STDOUT];
    if (echo->cause != TOTE_CAUSE_NONE || out->size != strlen(word) ||
        memcmp(out->data, word, out->size) != 0)
        return tote_error_set(err, -EPROTO,
                              "a command did not get its word, or its output is not "
                              "what it printed");
    if (fail->cause != TOTE_CAUSE_EXIT || fail->status != 7)
        return tote_error_set(err, -EPROTO,
                              "a command that exits with status 7 is told as %s, %d",
                              tote_cause_name(fail->cause), fail->status);
    return say->cause == TOTE_CAUSE_NONE && say->streams[TOTE_STDERR].size == 1
               ? 0
               : tote_error_set(err, -EPROTO, "standard error is not told");
}

static int check_pack(const struct place *place, const struct tote_batch *batch,
                      const char *word, struct tote_error *err)
{
    char path[PATH_MAX];
    size_t n;
    struct tote_pack pack;
    file_of(place, batch, true, path);
    char *bytes = read_pack(path, &n, err);
    if (!bytes)
        return -EPROTO;
    int rc = tote_pack_parse(bytes, n, &pack, err);
    if (rc == 0) {
        rc = judge_pack(&pack, batch, word, err);
        tote_pack_finish(&pack);
    }
    free(bytes);
    return rc;
}

/* One batch, whose every command has that word. */
static int run_word(struct tote_exam *exam, const struct place *place, uint64_t first,
                    uint32_t attempt, const char *word, struct tote_error *err)
{
    struct tote_probe *probe = &exam->probe;
    const struct tote_batch batch = {.first = first, .count = 3, .attempt = attempt};
    int rc = write_slice(place, &batch, scripts, word, err);
    if (rc == 0)
        rc = tote_probe_run(probe, &batch, NULL, err);
    if (rc == 0)
        rc = tote_probe_await_answers(probe, err);
    if (rc < 0)
        return rc;
    const struct tote_probe_batch *sent = &probe->batches[probe->n_batches - 1];
    if (sent->answer == TOTE_PROBE_LOST)
        return tote_error_set(err, -EPROTO, "it lost batch %" PRIu64 " for no reason",
                              sent->batch.id);
    return check_pack(place, &sent->batch, word, err);
}

/* Words that a shell, a line or a limit on the way would change. */
static int run_words(struct tote_exam *exam, const struct place *place,
                     struct tote_error *err)
{
    static char longest[LONG_WORD + 1];
    memset(longest, 'x', LONG_WORD);
    static const char *const words[] = {
        " two  words", "two\nlines\n", "'\"\\", "$HOME `id` $(id); # *",
        "-n",          "\xc3\xa9\xff", longest};
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < sizeof words / sizeof words[0]; i++)
        rc = run_word(exam, place, FIRST + 3 * i, 1, words[i], err);
    return rc < 0 ? rc : run_word(exam, place, FIRST, 2, "again", err);
}

int tote_exam_commands(struct tote_exam *exam, struct tote_error *err)
{
    struct place place = {.started = -1};
    if (!exam->spec.about.takes_shared)
        return 0;
    int rc = open_place(&place, err);
    if (rc == 0)
        rc = start(exam, &place, err);
    if (rc == 0)
        rc = run_words(exam, &place, err);
    if (rc == 0)
        rc = tote_exam_stop(exam, err);
    tote_probe_close(&exam->probe);
    close_place(&place);
    return rc;
}

/* --- daemons --- */

/* As many commands say in the fifo that they have started what they start. */
static int await_started(const struct tote_exam *exam, const struct place *place,
                         size_t n, struct tote_error *err)
{
    double limit = exam->config->answer_s;
    tote_ns_t deadline =
        tote_clock_monotonic() + (tote_ns_t)(limit * (double)TOTE_NS_PER_S);
    while (n > 0) {
        char bytes[TOTE_NAME_MAX];
        struct pollfd fds[] = {{.fd = place->started, .events = POLLIN},
                               {.fd = exam->config->signal_fd, .events = POLLIN}};
        tote_ns_t left = deadline - tote_clock_monotonic();
        if (left <= 0)
            return tote_error_set(err, -ETIMEDOUT,
                                  "a command had not started after %g s", limit);
        if (poll(fds, 2, (int)(left / TOTE_NS_PER_MS) + 1) <= 0)
            continue;
        if (fds[1].revents)
            return tote_error_set(err, -EINTR, "interrupted");
        ssize_t got = read(place->started, bytes, n < sizeof bytes ? n : sizeof bytes);
        n -= got > 0 ? (size_t)got : 0;
    }
    return 0;
}

/* In each slot a command that has a daemon, a child, and no ear for SIGTERM. */
static int start_daemons(struct tote_exam *exam, const struct place *place,
                         struct tote_error *err)
{
    static const char *const script[] = {
        "trap '' TERM; setsid sleep 1000 & sleep 1000 & printf x > \"$1\"; sleep 1000"};
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < exam->config->slots; i++) {
        const struct tote_batch batch = {.first = i, .count = 1, .attempt = 1};
        rc = write_slice(place, &batch, script, place->fifo, err);
        if (rc == 0)
            rc = tote_probe_run(&exam->probe, &batch, NULL, err);
    }
    return rc < 0 ? rc : await_started(exam, place, exam->config->slots, err);
}

/* Stops the engine. What it leaves counts here, and not again at the last point. */
static int stop_daemons(struct tote_exam *exam, struct tote_error *err)
{
    unsigned before = exam->survivors;
    int rc = tote_exam_stop(exam, err);
    unsigned left = exam->survivors - before;
    if (rc < 0 || before || !left)
        return rc;
    exam->survivors = 0;
    return tote_error_set(err, -EPROTO,
                          "it left %u processes of commands alive at stop", left);
}

int tote_exam_daemons(struct tote_exam *exam, struct tote_error *err)
{
    struct place place = {.started = -1};
    if (!exam->spec.about.takes_shared)
        return 0;
    int rc = open_place(&place, err);
    if (rc == 0)
        rc = start(exam, &place, err);
    if (rc == 0)
        rc = start_daemons(exam, &place, err);
    if (rc == 0)
        rc = stop_daemons(exam, err);
    tote_probe_close(&exam->probe);
    close_place(&place);
    return rc;
}
