/* SPDX-License-Identifier: MIT */
/* writer.c: the thread behind writer.h: takes groups from the queue, commits them,
 * counts. Not for SQL (insert.c).
 *
 * Group commit after DeWitt et al., "Implementation techniques for main memory database
 * systems", SIGMOD 1984. On errors of fsync: Rebello et al., "Can applications recover
 * from fsync failures?", USENIX ATC 2020: Linux reports one once and drops the pages,
 * so a second try may succeed with the data lost. Hence nothing is tried twice. */
#include "store/writer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "store/commands.h"
#include "store/db.h"
#include "store/insert.h"
#include "store/queue.h"
#include "store/schema.h"

struct tote_writer {
    /* The thread's own from start to stop. */
    struct tote_db db;
    struct tote_insert insert;
    tote_ns_t wait_ns; /* least time from the beginning of a commit to the next */
    tote_ns_t next_ns; /* no commit begins before it without a reason */
    int wal_pages;     /* in the WAL after the last commit */

    pthread_t thread;
    int fd; /* eventfd */

    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t wake;   /* rows came, or a reason to hurry */
    struct tote_queue queue;
    bool hurry, stopping;
    uint64_t durable, tasks;   /* records; tasks */
    struct tote_load in_group; /* what the thread has taken and not committed */
    int failed;                /* 0, or the code of the error below, for ever */
    struct tote_error error;
};

/* --- the thread --- */

static bool is_group(const struct tote_load *load)
{
    return load->records >= TOTE_WRITER_GROUP || load->tasks >= TOTE_WRITER_GROUP ||
           load->bytes >= TOTE_WRITER_GROUP_BYTES;
}

/* Waits until there is something to write and a reason to write it now. False: stop. */
static bool wait_for_rows(struct tote_writer *writer)
{
    while (!writer->queue.head && !writer->stopping)
        pthread_cond_wait(&writer->wake, &writer->mutex);
    struct timespec until = {.tv_sec = writer->next_ns / TOTE_NS_PER_S,
                             .tv_nsec = writer->next_ns % TOTE_NS_PER_S};
    while (!writer->stopping && !writer->hurry && !is_group(&writer->queue.load) &&
           tote_clock_monotonic() < writer->next_ns)
        pthread_cond_timedwait(&writer->wake, &writer->mutex, &until);
    return writer->queue.head != NULL;
}

static int write_records(struct tote_insert *insert, const struct tote_block *block,
                         struct tote_error *err)
{
    int64_t run = block->records.run;
    const struct tote_record *records = block->records.array;
    const struct tote_result *results = block->records.results;
    int code = tote_insert_records(insert, run, block->records.worker, records,
                                   block->load.records, err);
    for (size_t i = 0; code == 0 && results && i < block->load.records; i++)
        code = tote_insert_result(insert, run, records[i].attempt, &results[i], err);
    for (size_t i = 0; code == 0 && i < block->records.n_outputs; i++)
        code = tote_insert_output(insert, &block->records.outputs[i], err);
    return code;
}

static int write_tasks(struct tote_insert *insert, const struct tote_block *block,
                       struct tote_error *err)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < block->load.tasks; i++)
        code = tote_insert_task(insert, &block->tasks[i], err);
    return code;
}

static int write_block(struct tote_insert *insert, const struct tote_block *block,
                       struct tote_error *err)
{
    switch (block->kind) {
    case TOTE_BLOCK_RECORDS:
        return write_records(insert, block, err);
    case TOTE_BLOCK_BATCH:
        return tote_insert_batch(insert, &block->batch, err);
    case TOTE_BLOCK_WORKER:
        return tote_insert_worker(insert, &block->worker, err);
    case TOTE_BLOCK_TASKS:
        return write_tasks(insert, block, err);
    }
    return -EINVAL;
}

/* What is committed to a file that has lost its name is lost to everybody: one stat a
 * group finds that before anything of it is acknowledged. */
static int check_name(const struct tote_writer *writer, struct tote_error *err)
{
    if (tote_db_has_its_name(&writer->db))
        return 0;
    return tote_error_set(
        err, -EIO, "the store '%.200s' was removed or replaced while the bag ran",
        writer->db.path);
}

static int write_group(struct tote_writer *writer, struct tote_queue *group,
                       struct tote_error *err)
{
    int code = tote_insert_begin(&writer->insert, err);
    struct tote_block *block;
    while (code == 0 && (block = tote_queue_pop(group))) {
        code = write_block(&writer->insert, block, err);
        tote_block_destroy(block);
    }
    if (code == 0)
        code = tote_insert_commit(&writer->insert, err);
    return code < 0 ? code : check_name(writer, err);
}

/* Called by SQLite after each commit, in place of its own hook, which would fold the
 * WAL before the commit is acknowledged and swallow the errors. */
static int note_wal(void *context, sqlite3 *sqlite, const char *name, int pages)
{
    (void)sqlite;
    (void)name;
    struct tote_writer *writer = context;
    writer->wal_pages = pages;
    return SQLITE_OK;
}

/* Copies the WAL into the main file once it is large; the next commit then starts it
 * anew. A reader may hold that up (SQLITE_BUSY): the next group tries again. */
static int fold_wal(struct tote_writer *writer, struct tote_error *err)
{
    if (writer->wal_pages < TOTE_WRITER_WAL_MAX / TOTE_STORE_PAGE)
        return 0;
    int rc = sqlite3_wal_checkpoint_v2(writer->db.sqlite, NULL,
                                       SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (rc == SQLITE_OK || (rc & 0xff) == SQLITE_BUSY)
        return 0;
    return tote_db_fail(&writer->db, rc, "fold its WAL", err);
}

/* With the mutex held: tells the other side what became of the group. */
static void publish(struct tote_writer *writer, int code,
                    const struct tote_error *error)
{
    if (code == 0) {
        writer->durable += writer->in_group.records;
        writer->tasks += writer->in_group.tasks;
    } else {
        writer->failed = code;
        writer->error = *error;
    }
    writer->in_group = (struct tote_load){0};
    uint64_t one = 1;
    /* Fails only if the counter is full; then the descriptor is readable already. */
    if (write(writer->fd, &one, sizeof one) < 0)
        return;
}

/* Takes one group and writes it, the mutex held on entry and exit but not in between.
 */
static void do_group(struct tote_writer *writer)
{
    struct tote_error error = {0};
    struct tote_queue group = {0};
    tote_queue_move(&writer->queue, &group, TOTE_WRITER_GROUP_MAX,
                    TOTE_WRITER_GROUP_BYTES);
    writer->in_group = group.load;
    writer->hurry = writer->hurry && writer->queue.head;
    pthread_mutex_unlock(&writer->mutex);

    writer->next_ns = tote_clock_monotonic() + writer->wait_ns;
    int code = write_group(writer, &group, &error);
    tote_queue_finish(&group);

    pthread_mutex_lock(&writer->mutex);
    publish(writer, code, &error);
    if (code < 0)
        return;
    pthread_mutex_unlock(&writer->mutex);
    code = fold_wal(writer, &error);
    pthread_mutex_lock(&writer->mutex);
    if (code < 0)
        publish(writer, code, &error);
}

static void *writer_main(void *argument)
{
    struct tote_writer *writer = argument;
    pthread_mutex_lock(&writer->mutex);
    while (!writer->failed && wait_for_rows(writer))
        do_group(writer);
    pthread_mutex_unlock(&writer->mutex);
    return NULL;
}

/* --- start and stop --- */

static int writer_open(struct tote_writer *writer, const char *path,
                       struct tote_error *err)
{
    int code = tote_db_open(&writer->db, path, TOTE_DB_WRITE, err);
    if (code < 0)
        return code;
    code = tote_db_exec(&writer->db,
                        "PRAGMA synchronous=FULL; PRAGMA cache_size=-16384;"
                        "PRAGMA secure_delete=OFF",
                        "set it up", err);
    if (code == 0)
        code = tote_insert_open(&writer->insert, &writer->db, err);
    sqlite3_wal_hook(writer->db.sqlite, note_wal, writer);
    return code;
}

static int thread_start(struct tote_writer *writer, struct tote_error *err)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int code = -pthread_create(&writer->thread, NULL, writer_main, writer);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (code < 0)
        tote_error_set(err, code, "cannot start the writer thread: %s",
                       strerror(-code));
    return code;
}

static void writer_destroy(struct tote_writer *writer)
{
    tote_insert_close(&writer->insert);
    tote_db_close(&writer->db);
    tote_queue_finish(&writer->queue);
    if (writer->fd >= 0)
        close(writer->fd);
    pthread_cond_destroy(&writer->wake);
    pthread_mutex_destroy(&writer->mutex);
    free(writer);
}

static tote_ns_t wait_of(enum tote_durability durability)
{
    switch (durability) {
    case TOTE_DURABILITY_STRICT:
        return 0;
    case TOTE_DURABILITY_RELAXED:
        return TOTE_WRITER_RELAXED_MS * TOTE_NS_PER_MS;
    case TOTE_DURABILITY_GROUP:
        break;
    }
    return TOTE_WRITER_WAIT_MS * TOTE_NS_PER_MS;
}

static struct tote_writer *writer_create(enum tote_durability durability)
{
    struct tote_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return NULL;
    writer->wait_ns = wait_of(durability);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&writer->mutex, NULL);
    pthread_cond_init(&writer->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    writer->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return writer;
}

int tote_writer_start(const char *path, enum tote_durability durability,
                      struct tote_writer **ret_writer, struct tote_error *err)
{
    struct tote_writer *writer = writer_create(durability);
    if (!writer)
        return tote_error_set(err, -ENOMEM, "out of memory");
    int code = 0;
    if (writer->fd < 0) {
        code = -errno;
        tote_error_set(err, code, "cannot make an eventfd: %s", strerror(-code));
    }
    if (code == 0)
        code = writer_open(writer, path, err);
    if (code == 0)
        code = thread_start(writer, err);
    if (code < 0)
        writer_destroy(writer);
    else
        *ret_writer = writer;
    return code;
}

int tote_writer_stop(struct tote_writer *writer, struct tote_error *err)
{
    if (!writer)
        return 0;
    pthread_mutex_lock(&writer->mutex);
    writer->stopping = true;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->mutex);
    pthread_join(writer->thread, NULL);
    int code = writer->failed;
    if (code < 0)
        tote_error_set(err, code, "%s", writer->error.text);
    writer_destroy(writer);
    return code;
}

/* --- putting and asking --- */

/* Takes the block; null stands for one that could not be made. */
static int put(struct tote_writer *writer, struct tote_block *block,
               struct tote_error *err)
{
    if (!block)
        return tote_error_set(err, -ENOMEM, "out of memory");
    pthread_mutex_lock(&writer->mutex);
    int code = writer->failed;
    if (code < 0) {
        tote_error_set(err, code, "%s", writer->error.text);
        tote_block_destroy(block);
    } else {
        bool was_empty = !writer->queue.head;
        tote_queue_push(&writer->queue, block);
        if (was_empty || is_group(&writer->queue.load))
            pthread_cond_signal(&writer->wake);
    }
    pthread_mutex_unlock(&writer->mutex);
    return code;
}

static bool is_storable(const struct tote_record *record)
{
    return record->task <= INT64_MAX && record->bytes_in <= INT64_MAX &&
           record->bytes_out <= INT64_MAX && record->start_ns >= 0 &&
           record->end_ns >= 0 && record->cpu_ns >= 0;
}

static int check_records(const struct tote_record *records, size_t n,
                         struct tote_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_storable(&records[i]))
            return tote_error_set(err, -ERANGE,
                                  "the record of task %llu has a number outside 0 to "
                                  "9223372036854775807",
                                  (unsigned long long)records[i].task);
    }
    return 0;
}

int tote_writer_put_records(struct tote_writer *writer, int64_t run, uint64_t worker,
                            const struct tote_record *records, size_t n,
                            struct tote_error *err)
{
    int code = check_records(records, n, err);
    if (code < 0 || n == 0)
        return code;
    return put(writer, tote_block_records(run, worker, records, NULL, n, NULL, 0), err);
}

static int check_result(const struct tote_record *record,
                        const struct tote_result *result, struct tote_error *err)
{
    if (result->task != record->task)
        return tote_error_set(err, -EINVAL,
                              "the result of task %llu belongs to no record",
                              (unsigned long long)result->task);
    bool fits = result->max_rss <= INT64_MAX &&
                result->n_outs <= INT32_MAX / sizeof *result->outs;
    for (int i = 0; i < TOTE_STREAMS; i++)
        fits = fits && result->streams[i].size <= TOTE_STREAM_MAX &&
               result->stream_bytes[i] <= INT64_MAX;
    return fits ? 0
                : tote_error_set(err, -ERANGE,
                                 "the result of task %llu has a number above "
                                 "9223372036854775807, or a stream above %u bytes",
                                 (unsigned long long)result->task, TOTE_STREAM_MAX);
}

static int check_outputs(const struct tote_output_row *outputs, size_t n,
                         struct tote_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (outputs[i].size > INT64_MAX || outputs[i].task > INT64_MAX)
            return tote_error_set(err, -ERANGE,
                                  "'%.200s' has a number above 9223372036854775807",
                                  outputs[i].path);
    }
    return 0;
}

int tote_writer_put_results(struct tote_writer *writer, int64_t run, uint64_t worker,
                            const struct tote_record *records,
                            const struct tote_result *results, size_t n,
                            const struct tote_output_row *outputs, size_t n_outputs,
                            struct tote_error *err)
{
    int code = check_records(records, n, err);
    for (size_t i = 0; code == 0 && i < n; i++)
        code = check_result(&records[i], &results[i], err);
    if (code == 0)
        code = check_outputs(outputs, n_outputs, err);
    if (code < 0 || (n == 0 && n_outputs == 0))
        return code;
    return put(writer,
               tote_block_records(run, worker, records, results, n, outputs, n_outputs),
               err);
}

int tote_writer_put_tasks(struct tote_writer *writer, const struct tote_task_row *rows,
                          size_t n, struct tote_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (rows[i].task > INT64_MAX || rows[i].place > INT64_MAX)
            return tote_error_set(err, -ERANGE,
                                  "task %llu has a number above 9223372036854775807",
                                  (unsigned long long)rows[i].task);
    }
    return n == 0 ? 0 : put(writer, tote_block_tasks(rows, n), err);
}

int tote_writer_put_batch(struct tote_writer *writer, const struct tote_batch_row *row,
                          struct tote_error *err)
{
    return put(writer, tote_block_batch(row), err);
}

int tote_writer_put_worker(struct tote_writer *writer,
                           const struct tote_worker_row *row, struct tote_error *err)
{
    return put(writer, tote_block_worker(row), err);
}

bool tote_writer_full(struct tote_writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    const struct tote_load *a = &writer->queue.load, *b = &writer->in_group;
    bool full = a->records + b->records > TOTE_WRITER_QUEUE_MAX ||
                a->tasks + b->tasks > TOTE_WRITER_QUEUE_MAX ||
                a->bytes + b->bytes > TOTE_WRITER_QUEUE_BYTES;
    pthread_mutex_unlock(&writer->mutex);
    return full;
}

void tote_writer_hurry(struct tote_writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    writer->hurry = writer->queue.head != NULL;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->mutex);
}

int tote_writer_fd(const struct tote_writer *writer)
{
    return writer->fd;
}

int tote_writer_durable(struct tote_writer *writer, uint64_t *ret_records,
                        struct tote_error *err)
{
    uint64_t events;
    /* Cleared before the count is read: what comes in between is told again. */
    if (read(writer->fd, &events, sizeof events) < 0 && errno != EAGAIN)
        return tote_error_set(err, -errno, "cannot read an eventfd: %s",
                              strerror(errno));
    pthread_mutex_lock(&writer->mutex);
    *ret_records = writer->durable;
    int code = writer->failed;
    if (code < 0)
        tote_error_set(err, code, "%s", writer->error.text);
    pthread_mutex_unlock(&writer->mutex);
    return code;
}

uint64_t tote_writer_tasks(struct tote_writer *writer)
{
    pthread_mutex_lock(&writer->mutex);
    uint64_t tasks = writer->tasks;
    pthread_mutex_unlock(&writer->mutex);
    return tasks;
}
