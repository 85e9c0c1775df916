/* SPDX-License-Identifier: MIT */
/* store_fixture.c: see store_fixture.h. */
#include "store_fixture.h"

#include <dirent.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store/row.h"

#define BATCH 10

int fixture_enter(void **state)
{
    char folder[] = "/tmp/unit-store-XXXXXX";
    if (!mkdtemp(folder) || chdir(folder) < 0)
        return -1;
    *state = strdup(folder);
    return *state ? 0 : -1;
}

static void remove_files(void)
{
    DIR *folder = opendir(".");
    struct dirent *entry;
    while (folder && (entry = readdir(folder)))
        if (remove(entry->d_name) < 0)
            continue; /* "." and ".." */
    if (folder)
        closedir(folder);
}

int fixture_leave(void **state)
{
    remove_files();
    int code = chdir("/");
    if (rmdir(*state) < 0)
        code = -1;
    free(*state);
    return code;
}

struct tote_record fixture_record(uint64_t task)
{
    tote_ns_t start = 1000000000 + (tote_ns_t)task * 5000;
    return (struct tote_record){
        .task = task,
        .attempt = 1,
        .start_ns = start,
        .end_ns = start + 4000 + (tote_ns_t)(task % 7),
        .cpu_ns = 3900,
        .bytes_in = 800000,
        .bytes_out = 349472 + task,
        .digest = {task * UINT64_C(0x9e3779b97f4a7c15), ~task},
        .outcome = TOTE_OUTCOME_OK,
    };
}

struct tote_run_row fixture_run(uint64_t tasks)
{
    return (struct tote_run_row){
        .label = "local",
        .engine = "local",
        .engine_version = "0.1.0",
        .binding = "pipe",
        .options = "mode=serve",
        .kernel = "noop",
        .size = 200000,
        .seed = 7,
        .tasks = tasks,
        .workers = 2,
        .batch = "auto",
        .box = "namespaces",
        .launched_utc = 1790000000 * TOTE_NS_PER_S,
        .launch_ns = 900000000,
        .stats = "{}",
        .why = "",
    };
}

static void wait_news(struct tote_writer *writer)
{
    struct pollfd news = {.fd = tote_writer_fd(writer), .events = POLLIN};
    assert_int_equal(poll(&news, 1, 30000), 1);
}

int fixture_put(struct tote_writer *writer, uint64_t first, uint64_t n,
                uint64_t *ret_durable, struct tote_error *err)
{
    struct tote_record *records = calloc(n + 1, sizeof *records);
    assert_non_null(records);
    for (uint64_t i = 0; i < n; i++)
        records[i] = fixture_record(first + i);
    int code = tote_writer_put_records(writer, 1, 1, records, n, err);
    free(records);
    tote_writer_hurry(writer);
    while (code == 0) {
        code = tote_writer_durable(writer, ret_durable, err);
        if (code < 0 || *ret_durable >= first + n)
            break;
        wait_news(writer);
    }
    return code;
}

static void put_batches(struct tote_writer *writer, uint64_t n)
{
    for (uint64_t first = 0; first < n; first += BATCH) {
        struct tote_batch_row row = {
            .run = 1,
            .batch = first / BATCH + 1,
            .first = first,
            .count = (uint32_t)(n - first < BATCH ? n - first : BATCH),
            .attempt = 1,
            .worker = 1,
            .sent_ns = 1000000000 + (tote_ns_t)first * 5000,
            .back_ns = 1000000000 + (tote_ns_t)(first + BATCH) * 5000,
        };
        assert_int_equal(tote_writer_put_batch(writer, &row, NULL), 0);
    }
}

void fixture_store(const char *path, uint64_t n)
{
    struct tote_error err = {0};
    struct tote_store *store = NULL;
    struct tote_writer *writer = NULL;
    struct tote_run_row run = fixture_run(n);
    uint64_t durable = 0;
    assert_int_equal(tote_store_create(path, &store, &err), 0);
    assert_int_equal(tote_store_set(store, "bag", "tasks: 12", &err), 0);
    assert_int_equal(tote_store_add_run(store, &run, &err), 0);
    assert_int_equal(tote_writer_start(path, TOTE_DURABILITY_GROUP, &writer, &err), 0);
    put_batches(writer, n);
    assert_int_equal(fixture_put(writer, 0, n, &durable, &err), 0);
    assert_int_equal(tote_writer_stop(writer, &err), 0);
    run.state = TOTE_RUN_COMPLETE;
    run.done = n;
    run.ready_ns = 950000000;
    run.last_ns = run.end_ns = 2000000000;
    run.has_digest = true;
    assert_int_equal(tote_store_update_run(store, &run, &err), 0);
    tote_store_close(store);
}

/* --- commands --- */

void fixture_command(uint64_t task, struct fixture_command *ret)
{
    struct fixture_command *c = ret;
    unsigned long long n = task;
    *c = (struct fixture_command){.outs = {c->path}};
    int item_n = snprintf(c->item, sizeof c->item, "item %llu%cb%llu", n, 0, n) + 1;
    snprintf(c->path, sizeof c->path, "out/%llu.png", n);
    snprintf(c->text[0], sizeof c->text[0], "said %llu\n", n);
    snprintf(c->text[1], sizeof c->text[1], "warned of %llu\n", n);
    c->file = (struct tote_result_file){1000 + task, {~task, task}, 0};
    c->row = (struct tote_task_row){
        .task = task,
        .listed = 1,
        .place = task,
        .key = {task * UINT64_C(0x9e3779b97f4a7c15), task},
        .inputs = {task, 5},
        .item = c->item,
        .item_n = (size_t)item_n,
        .outs = c->outs,
        .n_outs = 1,
    };
    c->result = (struct tote_result){
        .task = task,
        .why = "",
        .streams = {{c->text[0], strlen(c->text[0])}, {c->text[1], strlen(c->text[1])}},
        .stream_bytes = {strlen(c->text[0]), strlen(c->text[1])},
        .max_rss = 4096 * (task + 1),
        .outs = &c->file,
        .n_outs = 1,
    };
    c->output =
        (struct tote_output_row){c->path, task, 1, c->file.size, c->file.digest};
}

int fixture_put_tasks(struct tote_writer *writer, uint64_t first, uint64_t n,
                      struct tote_error *err)
{
    struct fixture_command *commands = calloc(n + 1, sizeof *commands);
    struct tote_task_row *rows = calloc(n + 1, sizeof *rows);
    assert_true(commands && rows);
    for (uint64_t i = 0; i < n; i++) {
        fixture_command(first + i, &commands[i]);
        rows[i] = commands[i].row;
    }
    uint64_t durable, before = tote_writer_tasks(writer);
    int code = tote_writer_put_tasks(writer, rows, n, err);
    memset(commands, 'x', n * sizeof *commands); /* copied */
    free(commands);
    free(rows);
    tote_writer_hurry(writer);
    while (code == 0) {
        code = tote_writer_durable(writer, &durable, err);
        if (code < 0 || tote_writer_tasks(writer) >= before + n)
            break;
        wait_news(writer);
    }
    return code;
}

int fixture_put_results(struct tote_writer *writer, uint64_t first, uint64_t n,
                        uint64_t *ret_durable, struct tote_error *err)
{
    struct fixture_command *commands = calloc(n + 1, sizeof *commands);
    struct tote_record *records = calloc(n + 1, sizeof *records);
    struct tote_result *results = calloc(n + 1, sizeof *results);
    struct tote_output_row *outputs = calloc(n + 1, sizeof *outputs);
    assert_true(commands && records && results && outputs);
    for (uint64_t i = 0; i < n; i++) {
        fixture_command(first + i, &commands[i]);
        records[i] = fixture_record(first + i);
        results[i] = commands[i].result;
        outputs[i] = commands[i].output;
    }
    uint64_t before = 0;
    int code = tote_writer_durable(writer, &before, err);
    if (code == 0)
        code =
            tote_writer_put_results(writer, 1, 1, records, results, n, outputs, n, err);
    memset(commands, 'x', n * sizeof *commands); /* copied */
    free(commands);
    free(records);
    free(results);
    free(outputs);
    tote_writer_hurry(writer);
    while (code == 0) {
        code = tote_writer_durable(writer, ret_durable, err);
        if (code < 0 || *ret_durable >= before + n)
            break;
        wait_news(writer);
    }
    return code;
}

void fixture_commands(const char *path, uint64_t n)
{
    struct tote_error err = {0};
    struct tote_store *store = NULL;
    struct tote_writer *writer = NULL;
    struct tote_run_row run = fixture_run(n);
    uint64_t durable = 0;
    run.kernel = "command";
    run.attempts_to = 1;
    assert_int_equal(tote_store_create(path, &store, &err), 0);
    assert_int_equal(tote_store_add_run(store, &run, &err), 0);
    assert_int_equal(tote_writer_start(path, TOTE_DURABILITY_GROUP, &writer, &err), 0);
    assert_int_equal(fixture_put_tasks(writer, 0, n, &err), 0);
    assert_int_equal(fixture_put_results(writer, 0, n, &durable, &err), 0);
    assert_int_equal(tote_writer_stop(writer, &err), 0);
    run.state = TOTE_RUN_COMPLETE;
    run.done = n;
    assert_int_equal(tote_store_update_run(store, &run, &err), 0);
    tote_store_close(store);
}

/* --- files --- */

size_t fixture_count_files(void)
{
    size_t n = 0;
    DIR *folder = opendir(".");
    assert_non_null(folder);
    struct dirent *entry;
    while ((entry = readdir(folder)))
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(folder);
    return n;
}

void fixture_write_file(const char *path, const void *data, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

void fixture_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Of all columns but the last, which is the seal. */
static int64_t seal_of(sqlite3_stmt *row)
{
    struct tote_form form = {.n = 0};
    for (int i = 0; i < sqlite3_column_count(row) - 1; i++) {
        struct tote_columns column = {.statement = row, .i = i, .form = &form};
        struct tote_digest digest;
        if (sqlite3_column_type(row, i) == SQLITE_INTEGER)
            tote_columns_int(&column, INT64_MIN, INT64_MAX);
        else if (sqlite3_column_type(row, i) == SQLITE_TEXT)
            tote_columns_text(&column);
        else
            tote_columns_digest(&column, true, &digest);
    }
    return tote_form_seal(&form);
}

static void seal_table(sqlite3 *db, const char *table, const char *key)
{
    sqlite3_stmt *select, *update;
    char sql[128];
    snprintf(sql, sizeof sql, "SELECT * FROM %s", table);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &select, NULL), SQLITE_OK);
    snprintf(sql, sizeof sql, "UPDATE %s SET seal=? WHERE %s=?", table, key);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &update, NULL), SQLITE_OK);
    while (sqlite3_step(select) == SQLITE_ROW) {
        sqlite3_bind_int64(update, 1, seal_of(select));
        sqlite3_bind_value(update, 2, sqlite3_column_value(select, 0));
        assert_int_equal(sqlite3_step(update), SQLITE_DONE);
        sqlite3_reset(update);
    }
    sqlite3_finalize(select);
    sqlite3_finalize(update);
}

void fixture_seal(const char *path)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    seal_table(db, "setting", "name");
    seal_table(db, "run", "id");
    seal_table(db, "cell", "id");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

bool fixture_mount_small(unsigned kib)
{
    char size[64], folder[64];
    snprintf(size, sizeof size, "size=%uk,mode=700", kib);
    return getcwd(folder, sizeof folder) && unshare(CLONE_NEWNS) == 0 &&
           mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", folder, "tmpfs", 0, size) == 0 && chdir(folder) == 0;
}
