/* SPDX-License-Identifier: MIT */
/* protocol.c: JSON lines of the engine protocol, written and checked (protocol.h). */
#include "core/protocol.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define INTEGER_MAX (INT64_C(1) << 53) /* what every language reads exactly */

/* --- commands --- */

/* Takes root, and ends its line. */
static char *line_of(json_t *root, size_t *ret_n, struct tote_error *err)
{
    if (!root) {
        tote_error_set(err, -ENOMEM, "out of memory for a command to the engine");
        return NULL;
    }
    char *line = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    size_t n = line ? strlen(line) : 0;
    if (n + 1 > TOTE_LINE_MAX) {
        tote_error_set(err, -E2BIG, "a command to the engine of %zu bytes is too long",
                       n);
        free(line);
        return NULL;
    }
    char *ended = line ? realloc(line, n + 2) : NULL;
    if (!ended) {
        tote_error_set(err, -ENOMEM, "out of memory for a command to the engine");
        free(line);
        return NULL;
    }
    memcpy(ended + n, "\n", 2);
    *ret_n = n + 1;
    return ended;
}

/* Says why a command could not be built; always null. */
static json_t *refuse(json_t *root, const json_error_t *why, struct tote_error *err)
{
    if (json_error_code(why) == json_error_invalid_utf8)
        tote_error_set(err, -EILSEQ,
                       "a name is not UTF-8, so it cannot be told to an engine");
    json_decref(root);
    return NULL;
}

static json_t *new_hello(const struct tote_hello *hello, struct tote_error *err)
{
    const struct tote_bag *bag = hello->bag;
    json_error_t why = {0};
    json_t *root = json_pack_ex(
        &why, 0, "{s:s, s:[i,i], s:s, s:I, s:{s:s, s:I, s:I, s:I}, s:s, s:s, s:s, s:O}",
        "cmd", "hello", "protocol", TOTE_PROTOCOL_LEAST, TOTE_PROTOCOL_MOST, "tote",
        TOTE_VERSION, "slots", (json_int_t)hello->slots, "bag", "kernel", bag->kernel,
        "size", (json_int_t)bag->size, "seed", (json_int_t)bag->seed, "tasks",
        (json_int_t)bag->tasks, "task_program", hello->task_program, "task_library",
        hello->task_library, "scratch", hello->scratch, "options", hello->options);
    if (!root)
        return refuse(root, &why, err);
    if (!hello->slices)
        return root;
    json_t *slices = json_pack_ex(&why, 0, "s", hello->slices),
           *data = json_string(hello->is_staged ? "staged" : "shared");
    bool is_set = json_object_set_new(root, "slices", slices) == 0;
    is_set &= json_object_set_new(root, "data", data) == 0;
    return is_set ? root : refuse(root, &why, err);
}

char *tote_protocol_hello(const struct tote_hello *hello, size_t *ret_n,
                          struct tote_error *err)
{
    return line_of(new_hello(hello, err), ret_n, err);
}

/* A new array of [path here, name there], or, for outputs, the other way round. */
static json_t *new_files(const struct tote_travel_file *files, size_t n, bool is_output,
                         json_error_t *why)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < n; i++) {
        const char *from = is_output ? files[i].there : files[i].here;
        const char *to = is_output ? files[i].here : files[i].there;
        if (json_array_append_new(list, json_pack_ex(why, 0, "[s,s]", from, to)) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *new_run(const struct tote_batch *batch, const struct tote_travel *travel,
                       struct tote_error *err)
{
    json_error_t why = {0};
    json_t *root =
        json_pack("{s:s, s:I, s:I, s:I, s:I}", "cmd", "run", "batch",
                  (json_int_t)batch->id, "first", (json_int_t)batch->first, "count",
                  (json_int_t)batch->count, "attempt", (json_int_t)batch->attempt);
    if (!root || !travel)
        return root;
    json_t *inputs = new_files(travel->inputs, travel->n_inputs, false, &why);
    if (json_object_set_new(root, "inputs", inputs) < 0)
        return refuse(root, &why, err);
    json_t *outputs = new_files(travel->outputs, travel->n_outputs, true, &why);
    if (json_object_set_new(root, "outputs", outputs) < 0)
        return refuse(root, &why, err);
    return root;
}

char *tote_protocol_run(const struct tote_batch *batch,
                        const struct tote_travel *travel, size_t *ret_n,
                        struct tote_error *err)
{
    if (travel &&
        (travel->n_inputs > TOTE_TRAVEL_MAX || travel->n_outputs > TOTE_TRAVEL_MAX)) {
        tote_error_set(err, -E2BIG,
                       "%zu files to a worker and %zu back: a batch has at most %u",
                       travel->n_inputs, travel->n_outputs, TOTE_TRAVEL_MAX);
        return NULL;
    }
    return line_of(new_run(batch, travel, err), ret_n, err);
}

char *tote_protocol_stop(size_t *ret_n, struct tote_error *err)
{
    return line_of(json_pack("{s:s}", "cmd", "stop"), ret_n, err);
}

/* --- fields --- */

/* Each reader returns 0, or -EBADMSG and a sentence that names the field. */

static int field_integer(const json_t *object, const char *name, int64_t least,
                         int64_t most, int64_t *ret, struct tote_error *err)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value) || json_integer_value(value) < least ||
        json_integer_value(value) > most)
        return tote_error_set(err, -EBADMSG,
                              "'%s' must be an integer of %" PRId64 " to %" PRId64,
                              name, least, most);
    *ret = json_integer_value(value);
    return 0;
}

static int field_text(const json_t *object, const char *name, size_t most,
                      const char **ret, struct tote_error *err)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value) || json_string_length(value) > most)
        return tote_error_set(err, -EBADMSG, "'%s' must be text of at most %zu bytes",
                              name, most);
    *ret = json_string_value(value);
    return 0;
}

static int field_id(const json_t *object, const char *name, int64_t least,
                    uint64_t *ret, struct tote_error *err)
{
    int64_t value = 0;
    int rc = field_integer(object, name, least, INTEGER_MAX, &value, err);
    *ret = (uint64_t)value;
    return rc;
}

/* --- events --- */

static int read_worker(const json_t *object, struct tote_event_worker *worker,
                       struct tote_error *err)
{
    int64_t slots = 0;
    int rc = field_id(object, "id", 1, &worker->id, err);
    if (rc == 0)
        rc = field_text(object, "host", TOTE_WHY_MAX, &worker->host, err);
    if (rc == 0)
        rc = field_integer(object, "pid", 0, INTEGER_MAX, &worker->pid, err);
    if (rc == 0)
        rc = field_integer(object, "slots", 1, TOTE_WORKERS_MAX, &slots, err);
    worker->slots = (uint32_t)slots;
    return rc;
}

static int add_workers(struct tote_event *event, size_t n, struct tote_error *err)
{
    event->workers = calloc(n ? n : 1, sizeof *event->workers);
    event->n_workers = n;
    return event->workers ? 0
                          : tote_error_set(err, -ENOMEM, "out of memory for workers");
}

static int read_ready(struct tote_event *event, struct tote_error *err)
{
    int64_t protocol;
    int rc = field_integer(event->root, "protocol", TOTE_PROTOCOL_LEAST,
                           TOTE_PROTOCOL_MOST, &protocol, err);
    if (rc == 0)
        rc = field_text(event->root, "engine", TOTE_NAME_MAX, &event->engine, err);
    if (rc == 0)
        rc = field_text(event->root, "version", TOTE_WHY_MAX, &event->version, err);
    if (rc == 0)
        rc = field_text(event->root, "binding", TOTE_WHY_MAX, &event->binding, err);
    if (rc < 0)
        return rc;

    const json_t *workers = json_object_get(event->root, "workers");
    if (!json_is_array(workers) || json_array_size(workers) > TOTE_WORKERS_MAX)
        return tote_error_set(err, -EBADMSG, "'workers' must be an array of at most %u",
                              TOTE_WORKERS_MAX);
    rc = add_workers(event, json_array_size(workers), err);
    for (size_t i = 0; rc == 0 && i < event->n_workers; i++)
        rc = read_worker(json_array_get(workers, i), &event->workers[i], err);
    return rc;
}

/* Splits the text of `records` into lines and parses each. */
static int read_records(struct tote_event *event, const char *text, size_t n,
                        struct tote_error *err)
{
    const char *end = text + n;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        if (!newline || event->n_records == TOTE_BATCH_MAX ||
            tote_record_parse(text, (size_t)(newline - text),
                              &event->records[event->n_records]) < 0)
            return tote_error_set(err, -EBADMSG,
                                  "'records' holds no record at line %zu",
                                  event->n_records + 1);
        event->n_records++;
        text = newline + 1;
    }
    return 0;
}

static int read_done(struct tote_event *event, struct tote_error *err)
{
    int rc = field_id(event->root, "batch", 1, &event->batch, err);
    if (rc == 0)
        rc = field_id(event->root, "worker", 1, &event->worker, err);
    if (rc < 0)
        return rc;
    const json_t *records = json_object_get(event->root, "records");
    if (!json_is_string(records))
        return tote_error_set(err, -EBADMSG, "'records' must be text");

    /* The shortest record line tells how many there may be. */
    size_t n = json_string_length(records);
    size_t most = n / TOTE_RECORD_MIN + 1;
    event->records = malloc(most * sizeof *event->records);
    if (!event->records)
        return tote_error_set(err, -ENOMEM, "out of memory for records");
    return read_records(event, json_string_value(records), n, err);
}

static int read_lost(struct tote_event *event, struct tote_error *err)
{
    int rc = field_id(event->root, "batch", 1, &event->batch, err);
    if (rc == 0)
        rc = field_id(event->root, "worker", 0, &event->worker, err);
    if (rc == 0)
        rc = field_text(event->root, "why", TOTE_WHY_MAX, &event->why, err);
    return rc;
}

static int read_change(struct tote_event *event, struct tote_error *err)
{
    const char *change;
    int rc = field_text(event->root, "change", TOTE_NAME_MAX, &change, err);
    if (rc == 0)
        rc = add_workers(event, 1, err);
    if (rc < 0)
        return rc;
    if (strcmp(change, "joined") == 0) {
        event->kind = TOTE_EVENT_JOINED;
        return read_worker(event->root, &event->workers[0], err);
    }
    if (strcmp(change, "left") == 0) {
        event->kind = TOTE_EVENT_LEFT;
        rc = field_id(event->root, "id", 1, &event->workers[0].id, err);
        return rc < 0 ? rc
                      : field_text(event->root, "why", TOTE_WHY_MAX, &event->why, err);
    }
    return tote_error_set(err, -EBADMSG, "'change' must be joined or left");
}

static int read_bye(struct tote_event *event, struct tote_error *err)
{
    event->stats = json_object_get(event->root, "stats");
    if (!json_is_object(event->stats))
        return tote_error_set(err, -EBADMSG, "'stats' must be an object");
    return 0;
}

static const struct {
    const char *name;
    enum tote_event_kind kind;
    int (*read)(struct tote_event *event, struct tote_error *err);
} event_readers[] = {
    {"done", TOTE_EVENT_DONE, read_done},       {"lost", TOTE_EVENT_LOST, read_lost},
    {"ready", TOTE_EVENT_READY, read_ready},    {"bye", TOTE_EVENT_BYE, read_bye},
    {"worker", TOTE_EVENT_JOINED, read_change},
};

static int read_event(struct tote_event *event, struct tote_error *err)
{
    const char *name;
    int rc = field_text(event->root, "event", TOTE_NAME_MAX, &name, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < sizeof event_readers / sizeof event_readers[0]; i++) {
        if (strcmp(name, event_readers[i].name) == 0) {
            event->kind = event_readers[i].kind;
            return event_readers[i].read(event, err);
        }
    }
    return tote_error_set(err, -EBADMSG, "there is no such event");
}

/* --- lines --- */

/* Nesting without parsing: jansson would go 2,048 deep. */
static bool is_too_deep(const char *line, size_t n)
{
    size_t depth = 0;
    bool in_text = false;
    for (size_t i = 0; i < n; i++) {
        if (line[i] == '"')
            in_text = !in_text;
        else if (in_text)
            i += line[i] == '\\'; /* and the byte that it escapes */
        else if (line[i] == '{' || line[i] == '[')
            depth++;
        else if ((line[i] == '}' || line[i] == ']') && depth > 0)
            depth--;
        if (depth > TOTE_DEPTH_MAX)
            return true;
    }
    return false;
}

static json_t *line_parse(const char *line, size_t n, struct tote_error *err)
{
    if (n > TOTE_LINE_MAX) {
        tote_error_set(err, -EBADMSG, "a line is longer than %u bytes", TOTE_LINE_MAX);
        return NULL;
    }
    if (is_too_deep(line, n)) {
        tote_error_set(err, -EBADMSG, "nested deeper than %d", TOTE_DEPTH_MAX);
        return NULL;
    }
    json_error_t why;
    json_t *root = json_loadb(line, n, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(root)) {
        tote_error_set(err, -EBADMSG, "not a JSON object (%s)",
                       root ? "another value" : why.text);
        json_decref(root);
        return NULL;
    }
    return root;
}

/* Adds the start of the line to the sentence, with anything unprintable masked. */
static int quote_line(const char *line, size_t n, struct tote_error *err)
{
    char start[61];
    size_t shown = n < sizeof start - 1 ? n : sizeof start - 1;
    for (size_t i = 0; i < shown; i++)
        start[i] = (char)(isprint((unsigned char)line[i]) ? line[i] : '?');
    start[shown] = '\0';
    tote_error_prefix(err, "the engine wrote '%s'%s", start, n > shown ? "..." : "");
    return -EBADMSG;
}

int tote_event_parse(const char *line, size_t n, struct tote_event *ret_event,
                     struct tote_error *err)
{
    struct tote_event event = {.root = line_parse(line, n, err)};
    int rc = event.root ? read_event(&event, err) : -EBADMSG;
    if (rc < 0) {
        tote_event_finish(&event);
        return quote_line(line, n, err);
    }
    *ret_event = event;
    return 0;
}

void tote_event_finish(struct tote_event *event)
{
    free(event->workers);
    free(event->records);
    json_decref(event->root);
    *event = (struct tote_event){0};
}

/* --- describe --- */

static int field_bool(const json_t *object, const char *name, bool *ret,
                      struct tote_error *err)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_boolean(value))
        return tote_error_set(err, -EBADMSG, "'%s' must be true or false", name);
    *ret = json_is_true(value);
    return 0;
}

static int read_options(struct tote_describe *d, struct tote_error *err)
{
    static const char *const fields[] = {"name", "default", "metavar", "help"};
    d->options = json_object_get(d->root, "options");
    if (!json_is_array(d->options))
        return tote_error_set(err, -EBADMSG, "'options' must be an array");
    for (size_t i = 0; i < json_array_size(d->options); i++) {
        for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++) {
            const char *text;
            int rc = field_text(json_array_get(d->options, i), fields[f], TOTE_WHY_MAX,
                                &text, err);
            if (rc < 0)
                return rc;
        }
    }
    return 0;
}

/* Optional: options that make no sense in a private network. */
static int read_network_options(struct tote_describe *d, struct tote_error *err)
{
    d->network_options = json_object_get(d->root, "network_options");
    if (d->network_options && !json_is_array(d->network_options))
        return tote_error_set(err, -EBADMSG, "'network_options' must be an array");
    for (size_t i = 0; i < json_array_size(d->network_options); i++)
        if (!json_is_string(json_array_get(d->network_options, i)))
            return tote_error_set(err, -EBADMSG, "'network_options' must hold texts");
    return 0;
}

/* Optional: an engine that does not say so knows no bags of commands. Ways that a later
 * tote may know are passed over. */
static int read_data(struct tote_describe *d, struct tote_error *err)
{
    const json_t *data = json_object_get(d->root, "data");
    if (data && !json_is_array(data))
        return tote_error_set(err, -EBADMSG, "'data' must be an array");
    for (size_t i = 0; i < json_array_size(data); i++) {
        const char *way = json_string_value(json_array_get(data, i));
        if (!way)
            return tote_error_set(err, -EBADMSG, "'data' must hold texts");
        d->takes_shared |= strcmp(way, "shared") == 0;
        d->takes_staged |= strcmp(way, "staged") == 0;
    }
    return 0;
}

static int read_describe(struct tote_describe *d, struct tote_error *err)
{
    const struct {
        const char *name;
        const char **text;
    } fields[] = {{"name", &d->name},
                  {"summary", &d->summary},
                  {"version", &d->version},
                  {"why", &d->why},
                  {"mend", &d->mend}};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof fields / sizeof fields[0]; i++)
        rc = field_text(d->root, fields[i].name, TOTE_WHY_MAX, fields[i].text, err);
    if (rc == 0)
        rc = field_bool(d->root, "usable", &d->is_usable, err);
    if (rc == 0)
        rc = field_bool(d->root, "setup", &d->has_setup, err);
    if (rc == 0)
        rc = read_options(d, err);
    if (rc == 0)
        rc = read_network_options(d, err);
    return rc < 0 ? rc : read_data(d, err);
}

int tote_describe_parse(const char *line, size_t n, struct tote_describe *ret_describe,
                        struct tote_error *err)
{
    struct tote_describe d = {.root = line_parse(line, n, err)};
    int rc = d.root ? read_describe(&d, err) : -EBADMSG;
    if (rc < 0) {
        tote_describe_finish(&d);
        return quote_line(line, n, err);
    }
    *ret_describe = d;
    return 0;
}

void tote_describe_finish(struct tote_describe *describe)
{
    json_decref(describe->root);
    *describe = (struct tote_describe){0};
}
