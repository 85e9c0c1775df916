/* SPDX-License-Identifier: MIT */
/* test_protocol.c: lines to engines and lines from them, good and bad, and memory that
 * runs out at each allocation. The engine's side is test_engine_helper.c's. */
#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/protocol.h"

#define HEX    "99aa06d3014798d86001c324468d497f"
#define RECORD "0 1 100 200 50 0 0 " HEX " ok\\n"

#define LONG16   "0123456789abcdef"
#define LONG64   LONG16 LONG16 LONG16 LONG16
#define LONG256  LONG64 LONG64 LONG64 LONG64
#define LONG1024 LONG256 LONG256 LONG256 LONG256

static void require_says(int rc, const struct tote_error *err, const char *part,
                         const char *line)
{
    if (rc != -EBADMSG)
        fail_msg("%d for '%.80s', which should say '%s'", rc, line, part);
    if (!strstr(err->text, part))
        fail_msg("'%s' does not say '%s'", err->text, part);
}

/* --- commands --- */

static json_t *options(void)
{
    return json_pack("{s:s, s:s}", "mode", "serve", "odd", "\"\\ \n \xc3\xa9");
}

static char *make_hello(const json_t *options, size_t *ret_n, struct tote_error *err)
{
    const struct tote_bag bag = {.kernel = "zfp:accuracy=1e-3",
                                 .size = 5,
                                 .seed = TOTE_SEED_MAX,
                                 .tasks = 1u << 31};
    struct tote_hello hello = {.bag = &bag,
                               .slots = 4096,
                               .task_program = "/bin/tote-task",
                               .task_library = "/lib/libtote-task.so",
                               .scratch = "/dev/shm/tote",
                               .options = options};
    return tote_protocol_hello(&hello, ret_n, err);
}

static void hello_is_as_documented(void **state)
{
    (void)state;
    size_t n = 0;
    json_t *given = options();
    char *line = make_hello(given, &n, NULL);
    assert_non_null(line);
    assert_int_equal(strlen(line), n);
    assert_ptr_equal(strchr(line, '\n'), line + n - 1); /* one newline, at the end */
    json_t *root = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    json_t *wanted = json_pack(
        "{s:s, s:[i,i], s:s, s:i, s:{s:s, s:i, s:I, s:I}, s:s, s:s, s:s, s:O}", "cmd",
        "hello", "protocol", 1, 1, "tote", TOTE_VERSION, "slots", 4096, "bag", "kernel",
        "zfp:accuracy=1e-3", "size", 5, "seed", (json_int_t)INT64_MAX, "tasks",
        (json_int_t)1 << 31, "task_program", "/bin/tote-task", "task_library",
        "/lib/libtote-task.so", "scratch", "/dev/shm/tote", "options", given);
    assert_true(json_equal(root, wanted));
    json_decref(root);
    json_decref(wanted);
    json_decref(given);
    free(line);
}

static void run_and_stop_are_as_documented(void **state)
{
    (void)state;
    size_t n = 0;
    struct tote_batch batch = {.id = 7,
                               .first = (UINT64_C(1) << 40) - 1,
                               .count = 4096,
                               .attempt = UINT32_MAX};
    char *line = tote_protocol_run(&batch, NULL, &n, NULL);
    assert_string_equal(line, "{\"cmd\":\"run\",\"batch\":7,\"first\":1099511627775,"
                              "\"count\":4096,\"attempt\":4294967295}\n");
    assert_int_equal(strlen(line), n);
    free(line);
    line = tote_protocol_stop(&n, NULL);
    assert_string_equal(line, "{\"cmd\":\"stop\"}\n");
    free(line);
}

static const struct tote_travel_file slice = {"/s/1-2-3.slice", "slice"},
                                     pack = {"/s/1-2-3.pack", "pack"};
static const struct tote_travel slice_and_pack = {
    .inputs = &slice, .n_inputs = 1, .outputs = &pack, .n_outputs = 1};

static void commands_travel_as_documented(void **state)
{
    (void)state;
    size_t n = 0;
    struct tote_batch batch = {.id = 1, .first = 1, .count = 2, .attempt = 3};
    char *line = tote_protocol_run(&batch, &slice_and_pack, &n, NULL);
    assert_string_equal(line,
                        "{\"cmd\":\"run\",\"batch\":1,\"first\":1,\"count\":2,"
                        "\"attempt\":3,\"inputs\":[[\"/s/1-2-3.slice\",\"slice\"]],"
                        "\"outputs\":[[\"pack\",\"/s/1-2-3.pack\"]]}\n");
    assert_int_equal(strlen(line), n);
    free(line);

    const struct tote_bag bag = {.kernel = "command"};
    json_t *given = json_object();
    struct tote_hello hello = {.bag = &bag,
                               .slots = 1,
                               .task_program = "/p",
                               .task_library = "/l",
                               .scratch = "/s",
                               .options = given,
                               .slices = "/a \"\n\xc3\xa9/slices",
                               .is_staged = true};
    line = tote_protocol_hello(&hello, &n, NULL);
    assert_int_equal(strlen(line), n);
    json_t *root = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    assert_string_equal(json_string_value(json_object_get(root, "slices")),
                        hello.slices);
    assert_string_equal(json_string_value(json_object_get(root, "data")), "staged");
    json_decref(root);
    json_decref(given);
    free(line);
}

static void what_is_not_utf8_is_refused(void **state)
{
    (void)state;
    static const char bad[] = "/a/\xff";
    const struct tote_travel_file odd = {bad, "slice"};
    const struct tote_travel inputs = {.inputs = &odd, .n_inputs = 1},
                             outputs = {.outputs = &odd, .n_outputs = 1};
    const struct tote_batch batch = {.id = 1, .count = 1, .attempt = 1};
    const struct tote_travel *const both[] = {&inputs, &outputs};
    size_t n;
    for (size_t i = 0; i < 2; i++) {
        struct tote_error err = {0};
        assert_null(tote_protocol_run(&batch, both[i], &n, &err));
        assert_non_null(strstr(err.text, "not UTF-8"));
    }
    json_t *given = json_object();
    const struct tote_bag bag = {.kernel = "command"};
    for (size_t i = 0; i < 2; i++) {
        struct tote_error err = {0};
        struct tote_hello hello = {.bag = &bag,
                                   .task_program = "/p",
                                   .task_library = "/l",
                                   .scratch = i == 0 ? bad : "/s",
                                   .options = given,
                                   .slices = i == 1 ? bad : NULL};
        assert_null(tote_protocol_hello(&hello, &n, &err));
        assert_non_null(strstr(err.text, "not UTF-8"));
    }
    json_decref(given);
}

static void too_many_or_too_long_files_are_refused(void **state)
{
    (void)state;
    static struct tote_travel_file files[TOTE_TRAVEL_MAX + 1];
    static char name[2048];
    memset(name, 'x', sizeof name - 1);
    for (size_t i = 0; i <= TOTE_TRAVEL_MAX; i++)
        files[i] = (struct tote_travel_file){"/here", "there"};
    struct tote_batch batch = {.id = 1, .count = 1, .attempt = 1};
    struct tote_travel travel = {.inputs = files, .n_inputs = TOTE_TRAVEL_MAX};
    size_t n;
    char *line = tote_protocol_run(&batch, &travel, &n, NULL);
    assert_non_null(line);
    free(line);
    for (int i = 0; i < 3; i++) { /* too many there, too many back, too long */
        struct tote_error err = {0};
        travel.n_inputs = i == 1 ? 0 : TOTE_TRAVEL_MAX + (i == 0);
        travel.outputs = files;
        travel.n_outputs = i == 1 ? TOTE_TRAVEL_MAX + 1 : 0;
        for (size_t f = 0; i == 2 && f < TOTE_TRAVEL_MAX; f++)
            files[f].here = name;
        assert_null(tote_protocol_run(&batch, &travel, &n, &err));
        assert_non_null(strstr(err.text, i == 2 ? "too long" : "at most 1024"));
    }
}

static void a_command_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char *text = calloc(1, TOTE_LINE_MAX + 1);
    memset(text, 'x', TOTE_LINE_MAX);
    json_t *given = json_pack("{s:s}", "mode", text);
    struct tote_error err = {0};
    size_t n = 0;
    assert_null(make_hello(given, &n, &err));
    assert_non_null(strstr(err.text, "too long"));
    json_decref(given);
    free(text);
}

/* --- good events --- */

static void parse(const char *line, struct tote_event *event)
{
    struct tote_error err = {0};
    if (tote_event_parse(line, strlen(line), event, &err) < 0)
        fail_msg("'%.80s': %s", line, err.text);
}

static void ready_is_read(void **state)
{
    (void)state;
    struct tote_event event;
    parse("{\"event\":\"ready\",\"protocol\":1,\"engine\":\"ray\",\"version\":\"2.60\","
          "\"binding\":\"Python\",\"new\":[{}],\"workers\":[{\"id\":1,\"host\":\"a\","
          "\"pid\":0,"
          "\"slots\":1},{\"id\":9007199254740992,\"host\":\"\",\"pid\":4,\"slots\":"
          "4096}]}\n",
          &event);
    assert_int_equal(event.kind, TOTE_EVENT_READY);
    assert_string_equal(event.engine, "ray");
    assert_string_equal(event.version, "2.60");
    assert_string_equal(event.binding, "Python");
    assert_int_equal(event.n_workers, 2);
    assert_int_equal(event.workers[1].id, INT64_C(1) << 53);
    assert_int_equal(event.workers[1].pid, 4);
    assert_int_equal(event.workers[1].slots, 4096);
    assert_string_equal(event.workers[0].host, "a");
    tote_event_finish(&event);
    tote_event_finish(&event); /* harmless */
}

static void done_is_read(void **state)
{
    (void)state;
    struct tote_event event;
    parse("{\"event\":\"done\",\"batch\":3,\"worker\":2,\"records\":\"" RECORD
          "1 1 200 300 50 9 8 " HEX " failed\\n\"}",
          &event);
    assert_int_equal(event.kind, TOTE_EVENT_DONE);
    assert_int_equal(event.batch, 3);
    assert_int_equal(event.worker, 2);
    assert_int_equal(event.n_records, 2);
    assert_int_equal(event.records[1].task, 1);
    assert_int_equal(event.records[1].outcome, TOTE_OUTCOME_FAILED);
    tote_event_finish(&event);
    parse("{\"event\":\"done\",\"batch\":3,\"worker\":2,\"records\":\"\"}", &event);
    assert_int_equal(event.n_records, 0);
    tote_event_finish(&event);
}

static void the_others_are_read(void **state)
{
    (void)state;
    struct tote_event event;
    parse("{\"event\":\"lost\",\"batch\":1,\"worker\":0,\"why\":\"gone\"}", &event);
    assert_int_equal(event.kind, TOTE_EVENT_LOST);
    assert_string_equal(event.why, "gone");
    tote_event_finish(&event);
    parse(
        "{\"event\":\"worker\",\"change\":\"joined\",\"id\":5,\"host\":\"h\",\"pid\":1,"
        "\"slots\":2}",
        &event);
    assert_int_equal(event.kind, TOTE_EVENT_JOINED);
    assert_int_equal(event.workers[0].slots, 2);
    tote_event_finish(&event);
    parse("{\"event\":\"worker\",\"change\":\"left\",\"id\":5,\"why\":\"tired\"}",
          &event);
    assert_int_equal(event.kind, TOTE_EVENT_LEFT);
    assert_int_equal(event.workers[0].id, 5);
    assert_string_equal(event.why, "tired");
    tote_event_finish(&event);
    parse("{\"event\":\"bye\",\"stats\":{\"batches\":2}}\n", &event);
    assert_int_equal(event.kind, TOTE_EVENT_BYE);
    assert_int_equal(json_object_size(event.stats), 1);
    tote_event_finish(&event);
}

/* --- bad events --- */

#define READY(rest) "{\"event\":\"ready\"," rest "}"
#define NAMED       "\"protocol\":1,\"engine\":\"e\",\"version\":\"1\",\"binding\":\"b\""
#define DONE(rest)  "{\"event\":\"done\",\"batch\":1,\"worker\":1,\"records\":" rest "}"

static const struct {
    const char *line, *part;
} bad_events[] = {
    {"", "not a JSON object"},
    {"\n", "not a JSON object"},
    {"hello", "the engine wrote 'hello'"},
    {"[]", "another value"},
    {"\"done\"", "not a JSON object"},
    {"{\"event\":\"bye\",\"stats\":{}} x", "not a JSON object"},
    {"{\"event\":\"bye\",\"stats\":{}", "not a JSON object"},
    {"{\"event\":\"bye\",\"event\":\"bye\",\"stats\":{}}", "duplicate"},
    {"{\"event\":\"bye\",\"stats\":{\"\xff\":1}}", "not a JSON object"},
    {"{\"event\":\"by\\u0000e\",\"stats\":{}}", "not a JSON object"},
    {"{}", "'event' must be text"},
    {"{\"event\":1}", "'event' must be text"},
    {"{\"event\":\"" LONG64 "x\"}", "'event' must be text of at most 64 bytes"},
    {"{\"event\":\"Done\"}", "there is no such event"},
    {"{\"event\":\"\"}", "there is no such event"},
    {"{\"cmd\":\"run\"}", "'event' must be text"},
    {READY("\"protocol\":0"), "'protocol' must be an integer of 1 to 1"},
    {READY("\"protocol\":2"), "'protocol'"},
    {READY("\"protocol\":1.0"), "'protocol'"},
    {READY("\"protocol\":\"1\""), "'protocol'"},
    {READY("\"protocol\":1"), "'engine' must be text"},
    {READY("\"protocol\":1,\"engine\":\"" LONG64 "x\""),
     "'engine' must be text of at most 64"},
    {READY("\"protocol\":1,\"engine\":\"e\",\"version\":\"" LONG1024 "x\""),
     "'version' must be text of at most 1024"},
    {READY("\"protocol\":1,\"engine\":\"e\",\"version\":\"1\",\"binding\":null"),
     "'binding'"},
    {READY(NAMED), "'workers' must be an array"},
    {READY(NAMED ",\"workers\":{}"), "'workers' must be an array"},
    {READY(NAMED ",\"workers\":[1]"), "'id' must be an integer"},
    {READY(NAMED ",\"workers\":[{\"id\":0}]"), "'id' must be an integer of 1 to"},
    {READY(NAMED ",\"workers\":[{\"id\":9007199254740993}]"),
     "'id' must be an integer"},
    {READY(NAMED ",\"workers\":[{\"id\":99999999999999999999}]"), "not a JSON object"},
    {READY(NAMED ",\"workers\":[{\"id\":1,\"host\":7}]"), "'host'"},
    {READY(NAMED ",\"workers\":[{\"id\":1,\"host\":\"h\",\"pid\":-1}]"), "'pid'"},
    {READY(NAMED ",\"workers\":[{\"id\":1,\"host\":\"h\",\"pid\":1,\"slots\":0}]"),
     "'slots'"},
    {READY(NAMED ",\"workers\":[{\"id\":1,\"host\":\"h\",\"pid\":1,\"slots\":4097}]"),
     "'slots' must be an integer of 1 to 4096"},
    {"{\"event\":\"done\"}", "'batch'"},
    {"{\"event\":\"done\",\"batch\":0}", "'batch'"},
    {"{\"event\":\"done\",\"batch\":1,\"worker\":0}", "'worker'"},
    {"{\"event\":\"done\",\"batch\":1,\"worker\":1}", "'records' must be text"},
    {DONE("[]"), "'records' must be text"},
    {DONE("\"x\""), "no record at line 1"},
    {DONE("\"\\n\""), "no record at line 1"},
    {DONE("\"" RECORD "\\n\""), "no record at line 2"},
    {DONE("\"" RECORD "x\""), "no record at line 2"},
    {DONE("\"0 1 100 200 50 0 0 " HEX " ok\""), "no record at line 1"}, /* no newline */
    {DONE("\"0 1 100 200 50 0 0 " HEX " ok\\r\\n\""), "no record at line 1"},
    {DONE("\"0 1 200 100 50 0 0 " HEX " ok\\n\""),
     "no record at line 1"}, /* time turns */
    {DONE("\"0 0 100 200 50 0 0 " HEX " ok\\n\""), "no record at line 1"},
    {DONE("\"0 1 100 200 50 0 0 " HEX " lost\\n\""), "no record at line 1"},
    {"{\"event\":\"lost\",\"batch\":1,\"worker\":-1}", "'worker'"},
    {"{\"event\":\"lost\",\"batch\":1,\"worker\":0}", "'why'"},
    {"{\"event\":\"lost\",\"batch\":1,\"worker\":0,\"why\":\"" LONG1024 "x\"}",
     "'why'"},
    {"{\"event\":\"worker\"}", "'change'"},
    {"{\"event\":\"worker\",\"change\":\"came\"}", "'change' must be joined or left"},
    {"{\"event\":\"worker\",\"change\":\"joined\",\"id\":1}", "'host'"},
    {"{\"event\":\"worker\",\"change\":\"left\"}", "'id'"},
    {"{\"event\":\"worker\",\"change\":\"left\",\"id\":1}", "'why'"},
    {"{\"event\":\"bye\"}", "'stats' must be an object"},
    {"{\"event\":\"bye\",\"stats\":[]}", "'stats' must be an object"},
};

static void what_is_no_event_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad_events / sizeof bad_events[0]; i++) {
        struct tote_error err = {0};
        struct tote_event event;
        const char *line = bad_events[i].line;
        int rc = tote_event_parse(line, strlen(line), &event, &err);
        require_says(rc, &err, bad_events[i].part, line);
        assert_non_null(strstr(err.text, "the engine wrote '"));
    }
}

static void a_sentence_shows_the_line_without_harm(void **state)
{
    (void)state;
    struct tote_error err = {0};
    struct tote_event event;
    const char line[] = "\x1b[2J\0\xff" LONG64;
    tote_event_parse(line, sizeof line - 1, &event, &err);
    assert_memory_equal(err.text, "the engine wrote '?[2J??0123", 28);
    assert_non_null(strstr(err.text, "'...: "));
}

/* --- limits --- */

/* {"event":"bye","stats":{"x": n of open, n of close}} is 2 + n deep. */
static char *nested(size_t n, char open, char close)
{
    static const char head[] = "{\"event\":\"bye\",\"stats\":{\"x\":";
    char *line = calloc(1, sizeof head + 8 * n + 8), *at = line;
    memcpy(at, head, sizeof head - 1);
    at += sizeof head - 1;
    for (size_t i = 0; i < n; i++) {
        *at++ = open;
        for (const char *key = open == '{' && i + 1 < n ? "\"k\":" : ""; *key; key++)
            *at++ = *key;
    }
    memset(at, close, n);
    memcpy(at + n, n ? "}}" : "1}}", n ? 2 : 3);
    return line;
}

static void depth_is_limited(void **state)
{
    (void)state;
    for (size_t n = 0; n < 12; n++) {
        for (int kind = 0; kind < 2; kind++) {
            char *line = nested(n, "{["[kind], "}]"[kind]);
            struct tote_error err = {0};
            struct tote_event event;
            int rc = tote_event_parse(line, strlen(line), &event, &err);
            if (2 + n <= TOTE_DEPTH_MAX) {
                assert_int_equal(rc, 0);
                tote_event_finish(&event);
            } else {
                require_says(rc, &err, "nested deeper than 8", line);
            }
            free(line);
        }
    }
}

static void brackets_in_text_are_not_depth(void **state)
{
    (void)state;
    struct tote_event event;
    parse("{\"event\":\"lost\",\"batch\":1,\"worker\":0,\"why\":\"[[[[[[[[[[\\\"{{{{{{{"
          "{{{\\\\\"}",
          &event);
    assert_string_equal(event.why, "[[[[[[[[[[\"{{{{{{{{{{\\");
    tote_event_finish(&event);
}

static void length_is_limited(void **state)
{
    (void)state;
    static const char head[] = "{\"event\":\"bye\",\"stats\":{},\"x\":\"",
                      tail[] = "\"}\n";
    char *line = malloc(TOTE_LINE_MAX + 1);
    for (size_t n = TOTE_LINE_MAX; n <= TOTE_LINE_MAX + 1; n++) {
        struct tote_error err = {0};
        struct tote_event event;
        memset(line, 'x', n);
        memcpy(line, head, sizeof head - 1);
        memcpy(line + n - (sizeof tail - 1), tail, sizeof tail - 1);
        int rc = tote_event_parse(line, n, &event, &err);
        if (n == TOTE_LINE_MAX) {
            assert_int_equal(rc, 0);
            tote_event_finish(&event);
        } else {
            require_says(rc, &err, "longer than 1048576 bytes", line);
        }
    }
    free(line);
}

/* As many records as a batch may have, and one more. */
static void records_are_limited(void **state)
{
    (void)state;
    static const char head[] =
        "{\"event\":\"done\",\"batch\":1,\"worker\":1,\"records\":\"";
    const size_t one = strlen(RECORD);
    for (size_t n = TOTE_BATCH_MAX; n <= TOTE_BATCH_MAX + 1; n++) {
        char *line = malloc(sizeof head + n * one + 3), *at = line + sizeof head - 1;
        memcpy(line, head, sizeof head - 1);
        for (size_t i = 0; i < n; i++, at += one)
            memcpy(at, RECORD, one);
        memcpy(at, "\"}", 3);
        struct tote_error err = {0};
        struct tote_event event;
        int rc = tote_event_parse(line, strlen(line), &event, &err);
        if (n == TOTE_BATCH_MAX) {
            assert_int_equal(rc, 0);
            assert_int_equal(event.n_records, n);
            tote_event_finish(&event);
        } else {
            require_says(rc, &err, "no record at line 4097", line);
        }
        free(line);
    }
}

/* --- describe --- */

#define SELF                                                                           \
    "\"name\":\"local\",\"summary\":\"s\",\"version\":\"1\",\"why\":\"\",\"mend\":"    \
    "\"\","                                                                            \
    "\"usable\":true,\"setup\":false"
#define OPTION                                                                         \
    "{\"name\":\"mode\",\"default\":\"serve\",\"metavar\":\"M\",\"help\":\"h\"}"

static void describe_is_read(void **state)
{
    (void)state;
    struct tote_describe about;
    const char *line =
        "{" SELF ",\"options\":[" OPTION "],\"network_options\":[\"port\"],"
        "\"data\":[\"pigeon\",\"staged\"]}";
    assert_int_equal(tote_describe_parse(line, strlen(line), &about, NULL), 0);
    assert_string_equal(about.name, "local");
    assert_true(about.is_usable);
    assert_false(about.has_setup);
    assert_int_equal(json_array_size(about.options), 1);
    assert_int_equal(json_array_size(about.network_options), 1);
    assert_true(about.takes_staged && !about.takes_shared);
    tote_describe_finish(&about);
    line = "{" SELF ",\"options\":[]}";
    assert_int_equal(tote_describe_parse(line, strlen(line), &about, NULL), 0);
    assert_int_equal(json_array_size(about.network_options), 0);
    assert_true(!about.takes_staged && !about.takes_shared);
    tote_describe_finish(&about);
}

static void what_describes_nothing_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *line, *part;
    } rows[] = {
        {"", "not a JSON object"},
        {"{}", "'name' must be text"},
        {"{" SELF "}", "'options' must be an array"},
        {"{" SELF ",\"options\":{}}", "'options' must be an array"},
        {"{" SELF ",\"options\":[1]}", "'name' must be text"},
        {"{" SELF ",\"options\":[{\"name\":\"a\"}]}", "'default' must be text"},
        {"{" SELF ",\"options\":[" OPTION ",[]]}", "'name' must be text"},
        {"{" SELF ",\"options\":[],\"network_options\":[1]}", "'network_options'"},
        {"{" SELF ",\"options\":[],\"network_options\":\"port\"}", "'network_options'"},
        {"{" SELF ",\"options\":[],\"data\":[1]}", "'data'"},
        {"{" SELF ",\"options\":[],\"data\":\"shared\"}", "'data'"},
        {"{\"name\":\"l\",\"summary\":\"s\",\"version\":\"1\",\"why\":\"\",\"mend\":"
         "\"\","
         "\"usable\":1}",
         "'usable' must be true or false"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tote_error err = {0};
        struct tote_describe about;
        int rc = tote_describe_parse(rows[i].line, strlen(rows[i].line), &about, &err);
        require_says(rc, &err, rows[i].part, rows[i].line);
    }
}

/* --- out of memory --- */

static long left; /* allocations of jansson that still succeed */

static void *failing_malloc(size_t size)
{
    return left-- > 0 ? malloc(size) : NULL;
}

static bool try_hello(void)
{
    size_t n;
    struct tote_error err = {0};
    json_t *given = options();
    char *line = given ? make_hello(given, &n, &err) : NULL;
    bool is_good = line != NULL;
    assert_true(is_good || !given || err.text[0]);
    json_decref(given);
    free(line);
    return is_good;
}

static bool try_hello_of_commands(void)
{
    size_t n;
    struct tote_error err = {0};
    const struct tote_bag bag = {.kernel = "command"};
    json_t *given = options();
    struct tote_hello hello = {.bag = &bag,
                               .task_program = "/p",
                               .task_library = "/l",
                               .scratch = "/s",
                               .options = given,
                               .slices = "/slices"};
    char *line = given ? tote_protocol_hello(&hello, &n, &err) : NULL;
    bool is_good = line != NULL;
    assert_true(is_good || !given || strstr(err.text, "out of memory"));
    json_decref(given);
    free(line);
    return is_good;
}

static bool try_run(void)
{
    size_t n;
    struct tote_error err = {0};
    struct tote_batch batch = {.id = 1, .count = 1, .attempt = 1};
    char *line = tote_protocol_run(&batch, &slice_and_pack, &n, &err);
    assert_true(line || strstr(err.text, "out of memory"));
    free(line);
    return line != NULL;
}

static bool try_event(void)
{
    static const char line[] =
        READY(NAMED ",\"workers\":[{\"id\":1,\"host\":\"h\",\"pid\":0,"
                    "\"slots\":1}]");
    struct tote_error err = {0};
    struct tote_event event;
    int rc = tote_event_parse(line, strlen(line), &event, &err);
    assert_true(rc == 0 || err.text[0]);
    if (rc == 0)
        tote_event_finish(&event);
    return rc == 0;
}

static bool try_describe(void)
{
    static const char line[] = "{" SELF ",\"options\":[" OPTION "]}";
    struct tote_error err = {0};
    struct tote_describe about;
    int rc = tote_describe_parse(line, strlen(line), &about, &err);
    assert_true(rc == 0 || err.text[0]);
    if (rc == 0)
        tote_describe_finish(&about);
    return rc == 0;
}

/* The first, then the second, ... allocation fails, until none does. */
static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    static bool (*const tries[])(void) = {try_hello, try_hello_of_commands, try_run,
                                          try_event, try_describe};
    json_set_alloc_funcs(failing_malloc, free);
    for (size_t i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        long n = 0;
        do
            left = n++;
        while (!tries[i]());
        assert_true(n > 3);
    }
    json_set_alloc_funcs(malloc, free);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_is_as_documented),
        cmocka_unit_test(run_and_stop_are_as_documented),
        cmocka_unit_test(commands_travel_as_documented),
        cmocka_unit_test(what_is_not_utf8_is_refused),
        cmocka_unit_test(too_many_or_too_long_files_are_refused),
        cmocka_unit_test(a_command_that_is_too_long_is_refused),
        cmocka_unit_test(ready_is_read),
        cmocka_unit_test(done_is_read),
        cmocka_unit_test(the_others_are_read),
        cmocka_unit_test(what_is_no_event_is_refused),
        cmocka_unit_test(a_sentence_shows_the_line_without_harm),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(brackets_in_text_are_not_depth),
        cmocka_unit_test(length_is_limited),
        cmocka_unit_test(records_are_limited),
        cmocka_unit_test(describe_is_read),
        cmocka_unit_test(what_describes_nothing_is_refused),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests_name("protocol", tests, NULL, NULL);
}
