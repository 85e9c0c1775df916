/* SPDX-License-Identifier: MIT */
/* courier.c: slices out, packs in (courier.h). */
#include "core/courier.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ATTEMPT_NAME_MAX 48
#define THERE_MAX        48          /* bytes of "in-4095-255" */
#define ROOM_REST        (64u << 10) /* bytes of a pack beside its streams */
#define ROOM_MAX         (64u << 20) /* bytes that are asked for at most */
#define FOLDER_MAX       900 /* bytes of a folder's path: tote-task takes 1,023 */

struct tote_courier {
    struct tote_commands *commands;
    struct tote_store *store;
    char *slices, *attempts;   /* folders */
    struct tote_travel travel; /* borrows the two arrays, whose texts names owns */
    struct tote_travel_file *inputs, *outputs;
    struct tote_courier_names *names;
    bool keeps_work;
};

/* Texts that the travel borrows: a list of allocations, freed together. */
struct tote_courier_names {
    struct tote_courier_names *next;
    char text[];
};

/* --- expanding --- */

static size_t count_columns(const struct tote_task_row *row)
{
    size_t n = 0;
    for (size_t i = 0; i < row->item_n; i++)
        n += row->item[i] == '\0';
    return n;
}

int tote_commands_expand(const struct tote_template *template,
                         const struct tote_task_row *row,
                         const struct tote_places *places,
                         struct tote_expanded *ret_expanded, struct tote_error *err)
{
    const char *columns[TOTE_COLUMNS_MAX];
    size_t n = count_columns(row);
    if (n > TOTE_COLUMNS_MAX || (row->item_n > 0 && row->item[row->item_n - 1] != '\0'))
        return tote_error_set(err, -EBADMSG, "task %" PRIu64 ": its item is damaged",
                              row->task);
    const char *at = row->item;
    for (size_t i = 0; i < n; i++, at += strlen(at) + 1)
        columns[i] = at;
    int rc = tote_template_expand(template, columns, n, row->place, places,
                                  ret_expanded, err);
    if (rc == 0)
        ret_expanded->command.task = row->task;
    return rc;
}

/* --- the work folder --- */

static char *join(const char *folder, const char *name)
{
    size_t n = strlen(folder) + strlen(name) + 2;
    char *path = malloc(n);
    if (path)
        snprintf(path, n, "%s/%s", folder, name);
    return path;
}

static int make_folder(const char *path, struct tote_error *err)
{
    if (mkdir(path, 0700) == 0)
        return 0;
    int code = errno;
    return tote_error_set(err, -code, "cannot make the work folder %.300s: %s", path,
                          strerror(code));
}

static int make_folders(struct tote_courier *courier, struct tote_error *err)
{
    const char *work = courier->commands->work;
    courier->slices = join(work, "slices");
    courier->attempts = join(work, "attempts");
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

static void clear_travel(struct tote_courier *courier)
{
    while (courier->names) {
        struct tote_courier_names *name = courier->names;
        courier->names = name->next;
        free(name);
    }
    courier->travel.n_inputs = courier->travel.n_outputs = 0;
}

void tote_courier_close(struct tote_courier *courier)
{
    if (!courier)
        return;
    clear_travel(courier);
    free(courier->inputs);
    free(courier->outputs);
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
    if (count > 1)
        tote_store_each_task(courier->store, first, count, fit_task, &fitting, NULL);
    return fitting.n > 0 ? fitting.n : 1;
}

/* --- what travels --- */

static char *keep_name(struct tote_courier *courier, const char *folder,
                       const char *name)
{
    size_t n = strlen(folder) + strlen(name) + 2;
    struct tote_courier_names *kept = malloc(sizeof *kept + n);
    if (!kept)
        return NULL;
    snprintf(kept->text, n, "%s%s%s", folder, folder[0] ? "/" : "", name);
    kept->next = courier->names;
    courier->names = kept;
    return kept->text;
}

static int add_file(struct tote_travel_file **files, size_t *n, const char *here,
                    const char *there, struct tote_error *err)
{
    bool is_full = (*n & (*n - 1)) == 0; /* room grows at powers of two, and at 0 */
    struct tote_travel_file *larger =
        is_full ? reallocarray(*files, *n ? 2 * *n : 1, sizeof *larger) : *files;
    if (!larger)
        return tote_error_set(err, -ENOMEM, "out of memory for the files of a batch");
    *files = larger;
    if (!here || !there)
        return tote_error_set(err, -ENOMEM, "out of memory for the files of a batch");
    larger[(*n)++] = (struct tote_travel_file){.here = here, .there = there};
    return 0;
}

static int add_input(struct tote_courier *courier, const char *here, const char *there,
                     struct tote_error *err)
{
    int rc = add_file(&courier->inputs, &courier->travel.n_inputs, here, there, err);
    courier->travel.inputs = courier->inputs;
    return rc;
}

static int add_output(struct tote_courier *courier, const char *here, const char *there,
                      struct tote_error *err)
{
    int rc = add_file(&courier->outputs, &courier->travel.n_outputs, here, there, err);
    courier->travel.outputs = courier->outputs;
    return rc;
}

/* --- staging --- */

/* A task within the batch that is being sent. */
struct sending {
    struct tote_courier *courier;
    const struct tote_batch *batch;
    struct tote_slice_writer *writer;
    struct tote_error *err;
};

/* Makes the folders above a file that will come back. */
static int make_parents(const char *root, char *path, struct tote_error *err)
{
    for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        int rc = mkdir(path, 0700) < 0 && errno != EEXIST ? make_folder(path, err) : 0;
        *slash = '/';
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int stage_ins(struct sending *sending, struct tote_slice_file *ins, size_t n,
                     uint64_t place)
{
    struct tote_courier *courier = sending->courier;
    int rc = 0;
    for (size_t k = 0; rc == 0 && k < n; k++) {
        char there[THERE_MAX];
        snprintf(there, sizeof there, "in-%" PRIu64 "-%zu", place, k);
        bool is_absolute = ins[k].path[0] == '/';
        const char *here = keep_name(
            courier, is_absolute ? "" : courier->commands->start, ins[k].path);
        ins[k].path = keep_name(courier, "", there);
        rc = add_input(courier, here, ins[k].path, sending->err);
    }
    return rc;
}

static int stage_outs(struct sending *sending, struct tote_slice_file *outs, size_t n,
                      uint64_t place)
{
    struct tote_courier *courier = sending->courier;
    char attempt[ATTEMPT_NAME_MAX];
    snprintf(attempt, sizeof attempt, "%" PRIu64 ".%" PRIu32,
             sending->batch->first + place, sending->batch->attempt);
    char *folder = keep_name(courier, courier->attempts, attempt);
    int rc = folder ? 0 : -ENOMEM;
    for (size_t k = 0; rc == 0 && k < n; k++) {
        char there[THERE_MAX];
        snprintf(there, sizeof there, "out-%" PRIu64 "-%zu", place, k);
        char *here = keep_name(courier, folder, outs[k].path);
        outs[k].as = keep_name(courier, "", there);
        rc = add_output(courier, here, outs[k].as, sending->err);
        if (rc == 0)
            rc = make_parents(courier->attempts, here, sending->err);
    }
    return rc < 0 ? tote_error_set(sending->err, rc, "out of memory for a batch") : 0;
}

/* The files of an expanded command are called otherwise on the way. */
static int add_staged(struct sending *sending, const struct tote_command *command)
{
    uint64_t place = command->task - sending->batch->first;
    struct tote_slice_file ins[TOTE_FILES_MAX], outs[TOTE_FILES_MAX];
    struct tote_command staged = *command;
    for (size_t k = 0; k < command->n_ins; k++)
        ins[k] = command->ins[k];
    for (size_t k = 0; k < command->n_outs; k++)
        outs[k] = command->outs[k];
    int rc = stage_ins(sending, ins, command->n_ins, place);
    if (rc == 0)
        rc = stage_outs(sending, outs, command->n_outs, place);
    staged.ins = ins;
    staged.outs = outs;
    if (rc == 0)
        tote_slice_add(sending->writer, &staged);
    return rc;
}

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
    char name[ATTEMPT_NAME_MAX];
    snprintf(name, sizeof name, "%" PRIu64 ".%" PRIu32, row->task,
             sending->batch->attempt);
    char *attempt =
        commands->rules.stays_in_start ? join(sending->courier->attempts, name) : NULL;
    const struct tote_places places = {
        .start = commands->rules.is_staged ? NULL : commands->start,
        .attempt = attempt,
        .is_staged = commands->rules.is_staged,
    };
    struct tote_expanded expanded = {0};
    int rc =
        tote_commands_expand(commands->template, row, &places, &expanded, sending->err);
    if (rc == 0 && commands->rules.is_staged)
        rc = add_staged(sending, &expanded.command);
    else if (rc == 0)
        add_shared(sending, &expanded.command);
    tote_expanded_finish(&expanded);
    free(attempt);
    return rc;
}

/* --- files --- */

static char *file_of(const struct tote_courier *courier, uint64_t first, uint32_t count,
                     uint32_t attempt, bool is_pack)
{
    char name[TOTE_SLICE_NAME_MAX];
    tote_slice_name(first, count, attempt, is_pack, name);
    return join(courier->slices, name);
}

static int fail_file(const char *doing, const char *path, int code,
                     struct tote_error *err)
{
    return tote_error_set(err, -code, "cannot %s %.300s: %s", doing, path,
                          strerror(code));
}

static int write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t written = write(fd, bytes, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -errno;
        bytes += written;
        n -= (size_t)written;
    }
    return 0;
}

static int write_slice(const char *path, const void *bytes, size_t n,
                       struct tote_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_file("make", path, errno, err);
    int rc = write_all(fd, bytes, n);
    if (close(fd) < 0 && rc == 0)
        rc = -errno;
    return rc < 0 ? fail_file("write", path, -rc, err) : 0;
}

static int make_slice(struct tote_courier *courier, const struct tote_batch *batch,
                      tote_ns_t timeout_ns, void **ret_bytes, size_t *ret_n,
                      struct tote_error *err)
{
    struct tote_rules rules = courier->commands->rules;
    rules.timeout_ns = timeout_ns;
    struct sending sending = {
        .courier = courier,
        .batch = batch,
        .writer = tote_slice_begin(&rules, batch->first, batch->count, batch->attempt),
        .err = err,
    };
    if (!sending.writer)
        return tote_error_set(err, -ENOMEM, "out of memory for a slice");
    int rc = tote_store_each_task(courier->store, batch->first, batch->count, send_task,
                                  &sending, err);
    int ended = tote_slice_end(sending.writer, ret_bytes, ret_n, rc < 0 ? NULL : err);
    if (rc < 0 && ended == 0)
        free(*ret_bytes);
    return rc < 0 ? rc : ended;
}

static int list_slice_and_pack(struct tote_courier *courier,
                               const struct tote_batch *batch, struct tote_error *err)
{
    char name[TOTE_SLICE_NAME_MAX];
    clear_travel(courier);
    tote_slice_name(batch->first, batch->count, batch->attempt, false, name);
    int rc =
        add_input(courier, keep_name(courier, courier->slices, name), "slice", err);
    tote_slice_name(batch->first, batch->count, batch->attempt, true, name);
    if (rc == 0)
        rc =
            add_output(courier, keep_name(courier, courier->slices, name), "pack", err);
    return rc;
}

int tote_courier_send(struct tote_courier *courier, const struct tote_batch *batch,
                      tote_ns_t timeout_ns, const struct tote_travel **ret_travel,
                      struct tote_error *err)
{
    void *bytes = NULL;
    size_t n = 0;
    int rc = list_slice_and_pack(courier, batch, err);
    if (rc == 0)
        rc = make_slice(courier, batch, timeout_ns, &bytes, &n, err);
    if (rc == 0) {
        rc = write_slice(courier->travel.inputs[0].here, bytes, n, err);
        free(bytes);
    }
    *ret_travel = &courier->travel;
    return rc;
}

/* Asks for the room, since a quota is not seen otherwise. Where that cannot be asked
 * for, the disk counts as good. */
int tote_courier_check_room(const struct tote_courier *courier, struct tote_error *err)
{
    uint64_t kept = courier->commands->rules.stream_max;
    uint64_t bytes = kept < ROOM_MAX / 4 ? TOTE_STREAMS * kept + ROOM_REST : ROOM_MAX;
    char *path = join(courier->slices, "room");
    if (!path)
        return 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    int code = fd < 0 || fallocate(fd, 0, 0, (off_t)bytes) < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    unlink(path);
    free(path);
    bool is_disk = code == ENOSPC || code == EDQUOT || code == EROFS || code == EIO;
    return is_disk ? tote_error_set(err, -code,
                                    "a task failed or was lost, and %.300s has no room "
                                    "for what comes of one: %s",
                                    courier->slices, strerror(code))
                   : 0;
}

/* Reads a whole regular file of at most most bytes; free() it. */
static int read_pack(const char *path, void **ret_bytes, size_t *ret_n,
                     struct tote_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return fail_file("open the pack", path, errno, err);
    struct stat info;
    int code = fstat(fd, &info) < 0                                ? errno
               : !S_ISREG(info.st_mode)                            ? EBADMSG
               : info.st_size <= 0 || info.st_size > TOTE_PACK_MAX ? EMSGSIZE
                                                                   : 0;
    char *bytes = code == 0 ? malloc((size_t)info.st_size) : NULL;
    if (code == 0 && !bytes)
        code = ENOMEM;
    size_t n = 0;
    while (code == 0 && n < (size_t)info.st_size) {
        ssize_t got = read(fd, bytes + n, (size_t)info.st_size - n);
        code = got < 0 && errno != EINTR ? errno : got == 0 ? EBADMSG : 0;
        n += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    if (code == 0) {
        *ret_bytes = bytes;
        *ret_n = n;
        return 0;
    }
    free(bytes);
    return fail_file("read the pack", path, code, err);
}

static int check_parcel(const struct tote_pack *pack, uint64_t first, uint32_t count,
                        uint32_t attempt, struct tote_error *err)
{
    if (pack->first == first && pack->count == count && pack->attempt == attempt)
        return 0;
    return tote_error_set(err, -EBADMSG,
                          "the pack of tasks %" PRIu64 " to %" PRIu64 " is of others",
                          first, first + count - 1);
}

int tote_courier_receive(struct tote_courier *courier, uint64_t first, uint32_t count,
                         uint32_t attempt, struct tote_parcel *ret_parcel,
                         struct tote_error *err)
{
    *ret_parcel = (struct tote_parcel){0};
    char *path = file_of(courier, first, count, attempt, true);
    if (!path)
        return tote_error_set(err, -ENOMEM, "out of memory for a pack");
    size_t n = 0;
    int rc = read_pack(path, &ret_parcel->bytes, &n, err);
    if (rc == 0)
        rc = tote_pack_parse(ret_parcel->bytes, n, &ret_parcel->pack, err);
    if (rc == 0)
        rc = check_parcel(&ret_parcel->pack, first, count, attempt, err);
    if (rc < 0)
        tote_courier_drop(ret_parcel);
    tote_courier_forget(
        courier,
        &(struct tote_batch){.first = first, .count = count, .attempt = attempt});
    free(path);
    return rc;
}

void tote_courier_drop(struct tote_parcel *parcel)
{
    tote_pack_finish(&parcel->pack);
    free(parcel->bytes);
    *parcel = (struct tote_parcel){0};
}

void tote_courier_forget(struct tote_courier *courier, const struct tote_batch *batch)
{
    for (int is_pack = 0; is_pack < 2; is_pack++) {
        char *path =
            file_of(courier, batch->first, batch->count, batch->attempt, is_pack);
        if (path)
            unlink(path);
        free(path);
    }
}
