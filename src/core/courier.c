/* SPDX-License-Identifier: MIT */
/* courier.c: the work folder, and slices out (courier.h). What moves beside a slice is
 * courier_travel.c's, what comes back courier_back.c's. */
#include "core/courier.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/folder.h"
#include "core/courier_state.h"

#define FOLDER_MAX 900 /* bytes of a folder's path: tote-task takes 1,023 */

/* --- the work folder --- */

char *tote_courier_join(const char *folder, const char *name)
{
    size_t n = strlen(folder) + strlen(name) + 2;
    char *path = malloc(n);
    if (path)
        snprintf(path, n, "%s/%s", folder, name);
    return path;
}

/* A place where no folder can be is the user's mistake, a full disk is none. */
static int make_folder(const char *path, struct tote_error *err)
{
    if (mkdir(path, 0700) == 0)
        return 0;
    int code = errno;
    bool is_mistake = code == ENOTDIR || code == EACCES || code == EROFS;
    tote_file_fail("make the work folder", path, code, err);
    return is_mistake ? -EINVAL : -code;
}

static int make_folders(struct tote_courier *courier, struct tote_error *err)
{
    const char *work = courier->commands->work;
    courier->slices = tote_courier_join(work, "slices");
    courier->attempts = tote_courier_join(work, "attempts");
    if (!courier->slices || !courier->attempts)
        return tote_error_set(err, -ENOMEM, "out of memory for the work folder");
    if (strlen(courier->attempts) >= FOLDER_MAX)
        return tote_error_set(err, -EINVAL,
                              "the work folder %.200s... has a path of more than %d "
                              "bytes: give --results or --store a shorter one",
                              work, FOLDER_MAX - 32);
    json_t *text = json_string(courier->slices);
    json_decref(text);
    if (!text)
        return tote_error_set(
            err, -EINVAL,
            "the work folder %.300s: its name is not UTF-8, which the "
            "engine protocol needs",
            work);
    int rc = make_folder(work, err);
    if (rc == 0)
        rc = make_folder(courier->slices, err);
    return rc < 0 ? rc : make_folder(courier->attempts, err);
}

static void fill_rules(struct tote_courier *courier)
{
    struct tote_rules *rules = &courier->commands->rules;
    rules->attempts = rules->is_staged ? "" : courier->attempts;
    if (rules->is_staged) { /* another host has its own environment and folders */
        rules->start = "";
        return;
    }
    rules->env = (const char *const *)environ;
    for (rules->n_env = 0; environ && environ[rules->n_env];)
        rules->n_env++;
}

int tote_courier_open(struct tote_commands *commands, struct tote_store *store,
                      struct tote_courier **ret_courier, struct tote_error *err)
{
    struct tote_courier *courier = calloc(1, sizeof *courier);
    if (!courier)
        return tote_error_set(err, -ENOMEM, "out of memory for the work folder");
    courier->commands = commands;
    courier->store = store;
    int rc = make_folders(courier, err);
    if (rc < 0) {
        courier->keeps_work = rc == -EEXIST; /* it is another's */
        tote_courier_close(courier);
        return rc;
    }
    fill_rules(courier);
    *ret_courier = courier;
    return 0;
}

void tote_courier_close(struct tote_courier *courier)
{
    if (!courier)
        return;
    tote_courier_travel_finish(courier);
    if (!courier->keeps_work)
        tote_folder_remove(courier->commands->work);
    free(courier->slices);
    free(courier->attempts);
    free(courier);
}

void tote_courier_keep_work(struct tote_courier *courier)
{
    courier->keeps_work = true;
}

const char *tote_courier_slices(const struct tote_courier *courier)
{
    return courier->slices;
}

/* --- how much fits --- */

struct fitting {
    const struct tote_courier *courier;
    uint64_t bytes, files;
    uint32_t n; /* tasks that fit */
};

/* Expands it for its size: items are small, and a batch is measured once. */
static int fit_task(void *context, const struct tote_task_row *row)
{
    struct fitting *fitting = context;
    const struct tote_commands *commands = fitting->courier->commands;
    struct tote_expanded expanded = {0};
    const struct tote_places places = {.is_staged = commands->rules.is_staged};
    if (tote_commands_expand(commands->template, row, &places, &expanded, NULL) < 0)
        return 1; /* send will say what is wrong */
    for (size_t i = 0; i < expanded.command.n_args; i++)
        fitting->bytes += strlen(expanded.command.args[i]) + 1;
    fitting->bytes += row->item_n;
    if (commands->rules.is_staged)
        fitting->files += expanded.command.n_ins + expanded.command.n_outs;
    tote_expanded_finish(&expanded);
    if (fitting->bytes > TOTE_COURIER_BYTES_MAX ||
        fitting->files > TOTE_COURIER_FILES_MAX)
        return 1;
    fitting->n++;
    return 0;
}

uint32_t tote_courier_fit(struct tote_courier *courier, uint64_t first, uint32_t count)
{
    struct fitting fitting = {.courier = courier};
    uint32_t most = tote_slice_count_max(courier->commands->rules.stream_max);
    if (count > most)
        count = most;
    if (count > 1)
        tote_store_each_task(courier->store, first, count, fit_task, &fitting, NULL);
    return fitting.n > 0 ? fitting.n : 1;
}

/* --- slices --- */

/* A task within the batch that is being sent. */
struct sending {
    struct tote_courier *courier;
    const struct tote_batch *batch;
    struct tote_slice_writer *writer;
    struct tote_error *err;
};

/* Shared files are where the argv says. */
static void add_shared(struct sending *sending, const struct tote_command *command)
{
    struct tote_slice_file ins[TOTE_FILES_MAX];
    struct tote_command shared = *command;
    for (size_t k = 0; k < command->n_ins; k++)
        ins[k] = (struct tote_slice_file){.path = command->ins[k].path, .as = ""};
    shared.ins = ins;
    tote_slice_add(sending->writer, &shared);
}

static int send_task(void *context, const struct tote_task_row *row)
{
    struct sending *sending = context;
    const struct tote_commands *commands = sending->courier->commands;
    char name[TOTE_ATTEMPT_NAME_MAX];
    tote_commands_attempt_name(row->task, sending->batch->attempt, name);
    char *attempt = commands->rules.stays_in_start
                        ? tote_courier_join(sending->courier->attempts, name)
                        : NULL;
    const struct tote_places places = {
        .start = commands->rules.is_staged ? NULL : commands->start,
        .attempt = attempt,
        .is_staged = commands->rules.is_staged,
    };
    struct tote_expanded expanded = {0};
    int rc =
        tote_commands_expand(commands->template, row, &places, &expanded, sending->err);
    if (rc == 0 && commands->rules.is_staged)
        rc = tote_courier_travel_add(sending->courier, sending->batch,
                                     &expanded.command, sending->writer, sending->err);
    else if (rc == 0)
        add_shared(sending, &expanded.command);
    tote_expanded_finish(&expanded);
    free(attempt);
    return rc;
}

static int write_file(const char *path, const void *bytes, size_t n,
                      struct tote_error *err)
{
    int fd = tote_file_make(path);
    if (fd < 0)
        return tote_file_fail("make", path, -fd, err);
    int rc = tote_file_write(fd, bytes, n);
    if (close(fd) < 0 && rc == 0)
        rc = -errno;
    return rc < 0 ? tote_file_fail("write", path, -rc, err) : 0;
}

/* The rules of a batch that goes out now. */
static struct tote_rules rules_of(const struct tote_courier *courier,
                                  tote_ns_t timeout_ns)
{
    const struct tote_commands *commands = courier->commands;
    struct tote_rules rules = commands->rules;
    rules.timeout_ns = timeout_ns;
    rules.has_late_timeout =
        commands->timeout_percent > 0 && timeout_ns == 0 && !rules.is_staged;
    return rules;
}

static int make_slice(struct tote_courier *courier, const struct tote_batch *batch,
                      tote_ns_t timeout_ns, void **ret_bytes, size_t *ret_n,
                      struct tote_error *err)
{
    struct tote_rules rules = rules_of(courier, timeout_ns);
    struct sending sending = {
        .courier = courier,
        .batch = batch,
        .writer = tote_slice_begin(&rules, batch->first, batch->count, batch->attempt),
        .err = err,
    };
    courier->is_awaited |= rules.has_late_timeout;
    if (!sending.writer)
        return tote_error_set(err, -ENOMEM, "out of memory for a slice");
    int rc = tote_store_each_task(courier->store, batch->first, batch->count, send_task,
                                  &sending, err);
    int ended = tote_slice_end(sending.writer, ret_bytes, ret_n, rc < 0 ? NULL : err);
    if (rc < 0 && ended == 0)
        free(*ret_bytes);
    return rc < 0 ? rc : ended;
}

int tote_courier_send(struct tote_courier *courier, const struct tote_batch *batch,
                      tote_ns_t timeout_ns, const struct tote_travel **ret_travel,
                      struct tote_error *err)
{
    void *bytes = NULL;
    size_t n = 0;
    int rc = tote_courier_travel_begin(courier, batch, err);
    if (rc == 0)
        rc = make_slice(courier, batch, timeout_ns, &bytes, &n, err);
    if (rc == 0) {
        rc = write_file(courier->travel.inputs[0].here, bytes, n, err);
        free(bytes);
    }
    *ret_travel = &courier->travel;
    return rc;
}

/* --- a time limit that becomes known --- */

int tote_courier_tell_timeout(struct tote_courier *courier, tote_ns_t timeout_ns,
                              struct tote_error *err)
{
    if (!courier->is_awaited || timeout_ns == 0)
        return 0;
    char text[32];
    snprintf(text, sizeof text, "%" PRId64 "\n", timeout_ns);
    char *path = tote_courier_join(courier->commands->work, TOTE_LATE_NAME);
    char *part = tote_courier_join(courier->commands->work, TOTE_LATE_NAME ".part");
    int rc = path && part
                 ? write_file(part, text, strlen(text), err)
                 : tote_error_set(err, -ENOMEM, "out of memory for a time limit");
    if (rc == 0 && rename(part, path) < 0)
        rc = tote_file_fail("make", path, errno, err);
    if (rc == 0)
        courier->is_awaited = false;
    free(part);
    free(path);
    return rc;
}
