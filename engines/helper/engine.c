/* SPDX-License-Identifier: MIT */
/* engine.c: the lines of the engine protocol, for engine programs in C (engine.h). Not
 * for starting workers, and not for judging records: tote does that.
 *
 * Every helper function that meets something wrong ends the process: an engine has
 * nothing to go on with once the two sides disagree. */
#include "tote/engine.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JSON_INTEGER_MAX                                                               \
    (UINT64_C(1) << 53) /* of the protocol, for all but the seed                       \
                         */

struct tote_engine {
    struct tote_engine_hello hello; /* its texts are borrowed from hello_json */
    json_t *hello_json;
    uint32_t protocol; /* the version chosen */
    bool stopped;
    size_t in_start, in_scanned, in_end; /* of the bytes read and not yet used */
    char in[TOTE_LINE_MAX];
    char out[TOTE_LINE_MAX];
};

/* The one thing that die must know without being handed a connection. */
static const struct tote_engine_about *the_about;

void tote_engine_die(int status, const char *format, ...)
{
    const struct tote_engine_about *about = the_about;
    the_about = NULL; /* a cleanup that dies itself is not called again */

    fprintf(stderr, "tote-engine-%s: ", about ? about->name : "?");
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    if (about && about->cleanup)
        about->cleanup();
    exit(status);
}

/* --- writing --- */

static void write_all(const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t written = write(STDOUT_FILENO, bytes, n);
        if (written >= 0) {
            bytes += written;
            n -= (size_t)written;
        } else if (errno == EAGAIN) {
            struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
            poll(&out, 1, -1);
        } else if (errno != EINTR) {
            tote_engine_die(1, "cannot write to tote: %s", strerror(errno));
        }
    }
}

/* Takes the event. Null is an event that could not be built. */
static void write_event(struct tote_engine *engine, json_t *event)
{
    size_t n =
        event ? json_dumpb(event, engine->out, sizeof engine->out, JSON_COMPACT) : 0;
    json_decref(event);
    if (n == 0 || n >= sizeof engine->out)
        tote_engine_die(1, "an event has no text or does not fit into a line");
    engine->out[n] = '\n';
    write_all(engine->out, n + 1);
}

/* A new text value, cut to a sentence; what is not printable ASCII becomes '?', so that
 * any program's words make valid JSON. */
static json_t *new_sentence(const char *text)
{
    char clean[TOTE_WHY_MAX];
    size_t n = strnlen(text, sizeof clean);
    for (size_t i = 0; i < n; i++)
        clean[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '?';
    return json_stringn(clean, n);
}

static json_t *new_worker(const struct tote_engine_worker *worker)
{
    return json_pack("{s:I, s:o, s:I, s:I}", "id", (json_int_t)worker->id, "host",
                     new_sentence(worker->host), "pid", (json_int_t)worker->pid,
                     "slots", (json_int_t)worker->slots);
}

/* --- checking what tote says --- */

static const json_t *field(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (!value)
        tote_engine_die(1, "a command of tote lacks the field '%s'", name);
    return value;
}

static uint64_t integer_in(const json_t *value, const char *name, uint64_t least,
                           uint64_t most)
{
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < 0 || (uint64_t)number < least ||
        (uint64_t)number > most)
        tote_engine_die(1,
                        "'%s' from tote is not an integer from %" PRIu64 " to %" PRIu64,
                        name, least, most);
    return (uint64_t)number;
}

static uint64_t integer_field(const json_t *object, const char *name, uint64_t least,
                              uint64_t most)
{
    return integer_in(field(object, name), name, least, most);
}

static const char *text_field(const json_t *object, const char *name, size_t size)
{
    const json_t *value = field(object, name);
    if (!json_is_string(value) || json_string_length(value) >= size)
        tote_engine_die(1, "'%s' from tote is not a text of less than %zu bytes", name,
                        size);
    return json_string_value(value);
}

static const char *path_in(const json_t *value, const char *name)
{
    const char *path = json_string_value(value);
    if (!path || path[0] != '/' || json_string_length(value) >= TOTE_PATH_MAX)
        tote_engine_die(1,
                        "'%s' from tote is not an absolute path of less than %d bytes: "
                        "'%s'",
                        name, TOTE_PATH_MAX, path ? path : "");
    return path;
}

static const char *path_field(const json_t *object, const char *name)
{
    return path_in(field(object, name), name);
}

static bool is_nested_deeper(const json_t *value, int levels)
{
    if (!json_is_object(value) && !json_is_array(value))
        return false;
    if (levels == 0)
        return true;
    for (size_t i = 0; i < json_array_size(value); i++)
        if (is_nested_deeper(json_array_get(value, i), levels - 1))
            return true;
    void *at = json_object_iter((json_t *)(uintptr_t)value); /* the API lacks a const */
    for (; at; at = json_object_iter_next((json_t *)(uintptr_t)value, at))
        if (is_nested_deeper(json_object_iter_value(at), levels - 1))
            return true;
    return false;
}

/* A new object from a line without its newline. */
static json_t *parse_line(const char *line, size_t n)
{
    json_error_t error;
    json_t *object = json_loadb(line, n, JSON_REJECT_DUPLICATES, &error);
    if (!object)
        tote_engine_die(1, "a line of tote is not valid JSON: %s", error.text);
    if (!json_is_object(object))
        tote_engine_die(1, "a line of tote is not a JSON object");
    if (is_nested_deeper(object, TOTE_DEPTH_MAX))
        tote_engine_die(1, "a line of tote nests deeper than %d", TOTE_DEPTH_MAX);
    return object;
}

/* --- reading --- */

/* The next whole line without its newline, borrowed until the next call; null if there
 * is none among the bytes already read. */
static const char *buffered_line(struct tote_engine *engine, size_t *ret_n)
{
    char *from = engine->in + engine->in_scanned;
    char *newline = memchr(from, '\n', engine->in_end - engine->in_scanned);
    if (!newline) {
        engine->in_scanned = engine->in_end;
        return NULL;
    }
    const char *line = engine->in + engine->in_start;
    *ret_n = (size_t)(newline - line);
    engine->in_start = engine->in_scanned = (size_t)(newline + 1 - engine->in);
    return line;
}

static void make_room(struct tote_engine *engine)
{
    size_t kept = engine->in_end - engine->in_start;
    if (kept == sizeof engine->in)
        tote_engine_die(1, "a line of tote is longer than %u bytes", TOTE_LINE_MAX);
    memmove(engine->in, engine->in + engine->in_start, kept);
    engine->in_scanned -= engine->in_start;
    engine->in_start = 0;
    engine->in_end = kept;
}

/* Reads what is there. False: nothing came in time, or a signal did. */
static bool read_more(struct tote_engine *engine, int timeout_ms)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&in, 1, timeout_ms) <= 0)
        return false;
    make_room(engine);
    ssize_t n = read(STDIN_FILENO, engine->in + engine->in_end,
                     sizeof engine->in - engine->in_end);
    if (n < 0 && errno != EINTR && errno != EAGAIN)
        tote_engine_die(1, "cannot read from tote: %s", strerror(errno));
    if (n > 0)
        engine->in_end += (size_t)n;
    engine->stopped = n == 0; /* also after half a line: tote died while it wrote */
    return n >= 0;
}

/* --- files of a batch --- */

void tote_engine_files_destroy(struct tote_engine_files *files)
{
    if (!files)
        return;
    json_decref(files->memory[0]);
    json_decref(files->memory[1]);
    free(files->inputs);
    free(files->outputs);
    free(files);
}

/* A name that can stand in any folder, and that no program takes for anything else. */
static const char *plain_name_in(const json_t *value, const char *list)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789._-";
    const char *name = json_string_value(value);
    size_t n = name ? strspn(name, plain) : 0;
    if (n == 0 || name[n] || n > NAME_MAX || strcmp(name, ".") == 0 ||
        strcmp(name, "..") == 0)
        tote_engine_die(1, "a name in '%s' from tote is not plain: '%s'", list,
                        name ? name : "");
    return name;
}

/* list: "inputs", of [here, there], or "outputs", of [there, here]; the first one's
 * name there must be `first`. Returns new. */
static struct tote_engine_file *take_files(const json_t *json, const char *list,
                                           const char *first, size_t *ret_n)
{
    size_t here = strcmp(list, "outputs") == 0, n = json_array_size(json);
    if (n == 0 || n > TOTE_TRAVEL_MAX)
        tote_engine_die(1, "'%s' from tote is not an array of 1 to %u files", list,
                        TOTE_TRAVEL_MAX);
    struct tote_engine_file *files = calloc(n, sizeof *files);
    if (!files)
        tote_engine_die(1, "out of memory");
    for (size_t i = 0; i < n; i++) {
        const json_t *pair = json_array_get(json, i);
        if (json_array_size(pair) != 2) /* 0 also for anything that is not an array */
            tote_engine_die(1, "'%s' from tote holds something that is not a pair",
                            list);
        files[i].here = path_in(json_array_get(pair, here), list);
        files[i].there = plain_name_in(json_array_get(pair, 1 - here), list);
    }
    if (strcmp(files[0].there, first) != 0)
        tote_engine_die(1, "the first of '%s' from tote is not named '%s': '%s'", list,
                        first, files[0].there);
    *ret_n = n;
    return files;
}

static struct tote_engine_files *new_files(const json_t *command)
{
    struct tote_engine_files *files = calloc(1, sizeof *files);
    if (!files)
        tote_engine_die(1, "out of memory");
    const json_t *inputs = field(command, "inputs"),
                 *outputs = field(command, "outputs");
    files->inputs = take_files(inputs, "inputs", "slice", &files->n_inputs);
    files->outputs = take_files(outputs, "outputs", "pack", &files->n_outputs);
    files->memory[0] = json_incref((json_t *)(uintptr_t)inputs);
    files->memory[1] = json_incref((json_t *)(uintptr_t)outputs);
    return files;
}

/* --- commands --- */

static enum tote_engine_verb take_command(struct tote_engine *engine, const char *line,
                                          size_t n,
                                          struct tote_engine_command *ret_command)
{
    json_t *json = parse_line(line, n);
    const char *verb = text_field(json, "cmd", TOTE_NAME_MAX);
    if (strcmp(verb, "stop") == 0) {
        engine->stopped = true;
        json_decref(json);
        return TOTE_ENGINE_STOP;
    }
    if (strcmp(verb, "run") != 0)
        tote_engine_die(1, "tote sent a command that is unknown here: '%s'", verb);

    /* A bag of commands may grow while it runs. */
    bool is_commands = engine->hello.slices != NULL;
    uint64_t tasks = is_commands ? TOTE_BAG_MAX : engine->hello.bag.tasks;
    ret_command->batch = integer_field(json, "batch", 1, JSON_INTEGER_MAX);
    ret_command->first = integer_field(json, "first", 0, tasks);
    ret_command->count = (uint32_t)integer_field(json, "count", 1, TOTE_BATCH_MAX);
    ret_command->attempt = (uint32_t)integer_field(json, "attempt", 1, UINT32_MAX);
    if (ret_command->count > tasks - ret_command->first)
        tote_engine_die(
            1, "a batch of tote reaches beyond the bag of %" PRIu64 " tasks", tasks);
    ret_command->files = is_commands ? new_files(json) : NULL;
    json_decref(json);
    return TOTE_ENGINE_RUN;
}

enum tote_engine_verb tote_engine_next(struct tote_engine *engine, int timeout_ms,
                                       struct tote_engine_command *ret_command)
{
    for (bool again = true; !engine->stopped; again = timeout_ms < 0) {
        size_t n;
        const char *line = buffered_line(engine, &n);
        if (line)
            return take_command(engine, line, n, ret_command);
        if (!again || !read_more(engine, timeout_ms))
            return engine->stopped ? TOTE_ENGINE_STOP : TOTE_ENGINE_NONE;
    }
    return TOTE_ENGINE_STOP;
}

int tote_engine_fd(const struct tote_engine *engine)
{
    (void)engine;
    return STDIN_FILENO;
}

/* --- hello --- */

static void choose_protocol(struct tote_engine *engine, const json_t *range)
{
    if (json_array_size(range) != 2) /* 0 also for anything that is not an array */
        tote_engine_die(1, "'protocol' from tote is not a pair [least, most]");
    uint64_t least = integer_in(json_array_get(range, 0), "protocol", 0, UINT32_MAX);
    uint64_t most = integer_in(json_array_get(range, 1), "protocol", least, UINT32_MAX);
    if (least > TOTE_PROTOCOL_MOST || most < TOTE_PROTOCOL_LEAST)
        tote_engine_die(1,
                        "tote speaks versions %" PRIu64 " to %" PRIu64
                        " of the engine protocol, this engine %d to %d: "
                        "install both from the same release",
                        least, most, TOTE_PROTOCOL_LEAST, TOTE_PROTOCOL_MOST);
    engine->protocol = most < TOTE_PROTOCOL_MOST ? (uint32_t)most : TOTE_PROTOCOL_MOST;
}

static void take_bag(struct tote_engine_bag *bag, const json_t *json)
{
    if (!json_is_object(json))
        tote_engine_die(1, "'bag' from tote is not an object");
    const char *kernel = text_field(json, "kernel", sizeof bag->kernel);
    memcpy(bag->kernel, kernel, strlen(kernel) + 1);
    bag->size = integer_field(json, "size", 0, JSON_INTEGER_MAX);
    bag->seed = integer_field(json, "seed", 0, TOTE_SEED_MAX);
    bag->tasks = integer_field(json, "tasks", 0, TOTE_BAG_MAX);
}

static void take_options(const struct tote_engine_about *about, const json_t *json,
                         void *options)
{
    struct tote_error err = {0};
    if (!json_is_object(json))
        tote_engine_die(1, "'options' from tote is not an object");
    if (tote_options_defaults(about->options, about->n_options, options, &err) < 0)
        tote_engine_die(1, "%s", err.text);

    void *at = json_object_iter((json_t *)(uintptr_t)json);
    for (; at; at = json_object_iter_next((json_t *)(uintptr_t)json, at)) {
        const char *name = json_object_iter_key(at);
        const char *value = json_string_value(json_object_iter_value(at));
        if (!value)
            tote_engine_die(1, "option '%s' from tote is not a text", name);
        if (tote_options_set(about->options, about->n_options, name, value, options,
                             &err) < 0)
            tote_engine_die(2, "%s", err.text);
    }
}

static void take_hello(struct tote_engine *engine, void *options)
{
    size_t n;
    const char *line = buffered_line(engine, &n);
    for (; !line && !engine->stopped; line = buffered_line(engine, &n))
        read_more(engine, -1);
    if (!line)
        tote_engine_die(1, "standard input ended before hello: this program is started "
                           "by tote, not by hand");
    json_t *json = engine->hello_json = parse_line(line, n);
    const char *verb = text_field(json, "cmd", TOTE_NAME_MAX);
    if (strcmp(verb, "hello") != 0)
        tote_engine_die(1, "the first command of tote is not hello: '%s'", verb);

    struct tote_engine_hello *hello = &engine->hello;
    choose_protocol(engine, field(json, "protocol"));
    text_field(json, "tote", TOTE_WHY_MAX);
    hello->slots = (uint32_t)integer_field(json, "slots", 1, TOTE_WORKERS_MAX);
    take_bag(&hello->bag, field(json, "bag"));
    hello->task_program = path_field(json, "task_program");
    hello->task_library = path_field(json, "task_library");
    hello->scratch = path_field(json, "scratch");
    if (json_object_get(json, "slices"))
        hello->slices = path_field(json, "slices");
    if (json_object_get(json, "data"))
        hello->is_staged =
            strcmp(text_field(json, "data", TOTE_NAME_MAX), "staged") == 0;
    take_options(the_about, field(json, "options"), options);
}

/* --- describe and open --- */

static json_t *new_options_list(const struct tote_engine_about *about)
{
    json_t *list = json_array();
    for (size_t i = 0; i < about->n_options; i++) {
        const struct tote_option *option = &about->options[i];
        char metavar[TOTE_WHY_MAX];
        tote_option_metavar(option, metavar, sizeof metavar);
        json_t *row = json_pack("{s:s, s:s, s:s, s:s}", "name", option->name, "default",
                                option->fallback ? option->fallback : "", "metavar",
                                metavar, "help", option->help);
        json_array_append_new(list, row);
    }
    return list;
}

static json_t *new_names_list(const char *const *names)
{
    json_t *list = json_array();
    for (size_t i = 0; names && names[i]; i++)
        json_array_append_new(list, json_string(names[i]));
    return list;
}

static void describe(const struct tote_engine_about *about)
{
    const char *why = "", *mend = "", *version = TOTE_VERSION;
    if (about->find)
        version = about->find(&why, &mend);
    json_t *json = json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:o, s:o, s:o, s:b}",
                             "name", about->name, "summary", about->summary, "version",
                             version ? version : "", "usable", version != NULL, "why",
                             version ? "" : why, "mend", version ? "" : mend, "options",
                             new_options_list(about), "network_options",
                             new_names_list(about->network_options), "data",
                             new_names_list(about->data), "setup", false);
    if (!json || json_dumpf(json, stdout, JSON_COMPACT) < 0 || puts("") < 0 ||
        fflush(stdout) == EOF)
        tote_engine_die(1, "cannot write the description");
    json_decref(json);
}

static void take_arguments(const struct tote_engine_about *about, int argc, char **argv)
{
    if (argc <= 1)
        return;
    if (argc == 2 && strcmp(argv[1], "--describe") == 0)
        describe(about);
    else if (argc == 2 && strcmp(argv[1], "--help") == 0)
        printf(
            "tote-engine-%s: %s. It is started by tote and speaks the engine protocol "
            "on its standard input and output; try: tote run --engine %s\n",
            about->name, about->summary, about->name);
    else
        tote_engine_die(2, "unknown argument '%s': this program is started by tote",
                        argv[1]);
    exit(0);
}

static void refuse_if_absent(const struct tote_engine_about *about)
{
    const char *why = "", *mend = "";
    if (about->find && !about->find(&why, &mend))
        tote_engine_die(1, "%s; run: %s", why, mend);
}

struct tote_engine *tote_engine_open(const struct tote_engine_about *about, int argc,
                                     char **argv, void *options)
{
    the_about = about;
    take_arguments(about, argc, argv);
    refuse_if_absent(about);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL); /* a tote that is gone is an error of write */

    struct tote_engine *engine = calloc(1, sizeof *engine);
    if (!engine)
        tote_engine_die(1, "out of memory");
    take_hello(engine, options);
    return engine;
}

const struct tote_engine_hello *tote_engine_hello(const struct tote_engine *engine)
{
    return &engine->hello;
}

/* --- events --- */

void tote_engine_ready(struct tote_engine *engine, const char *version,
                       const char *binding, const struct tote_engine_worker *workers,
                       size_t n_workers)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n_workers; i++)
        json_array_append_new(list, new_worker(&workers[i]));
    write_event(engine, json_pack("{s:s, s:I, s:s, s:o, s:o, s:o}", "event", "ready",
                                  "protocol", (json_int_t)engine->protocol, "engine",
                                  the_about->name, "version", new_sentence(version),
                                  "binding", new_sentence(binding), "workers", list));
}

/* Writes the lines as the inside of a JSON text. Returns the bytes written; 0 if a byte
 * is no record's or the room is too small. By hand, since every record passes here. */
static size_t escape_lines(char *into, size_t room, const char *lines, size_t n)
{
    char *at = into, *last = into + room - 1;
    for (size_t i = 0; i < n; i++) {
        char byte = lines[i];
        if (at >= last) /* a byte makes two at most */
            return 0;
        if (byte == '\n' || byte == '"' || byte == '\\') {
            *at++ = '\\';
            byte = byte == '\n' ? 'n' : byte;
        } else if (byte < ' ' || byte > '~') {
            return 0;
        }
        *at++ = byte;
    }
    return (size_t)(at - into);
}

uint64_t tote_engine_count_lines(const char *lines, size_t n)
{
    uint64_t count = 0;
    const char *end = lines + n;
    while (lines < end && (lines = memchr(lines, '\n', (size_t)(end - lines)))) {
        count++;
        lines++;
    }
    return count;
}

void tote_engine_done(struct tote_engine *engine, uint64_t batch, uint64_t worker,
                      const char *lines, size_t n)
{
    static const char tail[] = "\"}\n";
    char *out = engine->out;
    size_t size = sizeof engine->out - (sizeof tail - 1);
    size_t used = (size_t)snprintf(out, size,
                                   "{\"event\":\"done\",\"batch\":%" PRIu64
                                   ",\"worker\":%" PRIu64 ",\"records\":\"",
                                   batch, worker);
    size_t escaped = escape_lines(out + used, size - used, lines, n);
    if (escaped == 0) {
        tote_engine_lost(engine, batch, worker,
                         "the worker's answer of %zu bytes is not record lines", n);
        return;
    }
    used += escaped;
    memcpy(out + used, tail, sizeof tail - 1);
    write_all(out, used + sizeof tail - 1);
}

void tote_engine_lost(struct tote_engine *engine, uint64_t batch, uint64_t worker,
                      const char *why_format, ...)
{
    char why[TOTE_WHY_MAX];
    va_list args;
    va_start(args, why_format);
    vsnprintf(why, sizeof why, why_format, args);
    va_end(args);
    write_event(engine, json_pack("{s:s, s:I, s:I, s:o}", "event", "lost", "batch",
                                  (json_int_t)batch, "worker", (json_int_t)worker,
                                  "why", new_sentence(why)));
}

void tote_engine_joined(struct tote_engine *engine,
                        const struct tote_engine_worker *worker)
{
    json_t *event = new_worker(worker);
    json_object_set_new(event, "event", json_string("worker"));
    json_object_set_new(event, "change", json_string("joined"));
    write_event(engine, event);
}

void tote_engine_left(struct tote_engine *engine, uint64_t worker, const char *why)
{
    write_event(engine,
                json_pack("{s:s, s:s, s:I, s:o}", "event", "worker", "change", "left",
                          "id", (json_int_t)worker, "why", new_sentence(why)));
}

int tote_engine_bye(struct tote_engine *engine, const struct tote_engine_count *counts,
                    size_t n_counts)
{
    json_t *stats = json_object();
    for (size_t i = 0; i < n_counts; i++)
        json_object_set_new(stats, counts[i].name, json_integer(counts[i].value));
    write_event(engine, json_pack("{s:s, s:o}", "event", "bye", "stats", stats));
    json_decref(engine->hello_json);
    free(engine);
    return 0;
}
