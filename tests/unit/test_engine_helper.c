/* SPDX-License-Identifier: MIT */
/* test_engine_helper.c: engines/helper against lines good and bad. The helper lives on
 * standard input and output and ends its process, so each case runs a small engine in a
 * process of its own. Not for whole engines: the contract tests run those. */
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper/child.h"
#include "tote/engine.h"

#define HELLO_HEAD "{\"cmd\":\"hello\",\"protocol\":[1,1],\"tote\":\"0\",\"slots\":2,"
#define HELLO_BAG  "\"bag\":{\"kernel\":\"noop\",\"size\":0,\"seed\":7,\"tasks\":9},"
#define HELLO_PATHS                                                                    \
    "\"task_program\":\"/p\",\"task_library\":\"/l\",\"scratch\":\"/s\","
#define HELLO    HELLO_HEAD HELLO_BAG HELLO_PATHS "\"options\":{}}\n"
#define RUN      "{\"cmd\":\"run\",\"batch\":1,\"first\":0,\"count\":2,\"attempt\":1}\n"
#define COMMANDS HELLO_HEAD HELLO_BAG HELLO_PATHS "\"options\":{},\"slices\":\"/x\"}\n"
#define RUN_FILES(inputs, outputs)                                                     \
    "{\"cmd\":\"run\",\"batch\":1,\"first\":70,\"count\":2,\"attempt\":1,"             \
    "\"inputs\":" inputs ",\"outputs\":" outputs "}\n"
#define SLICE "[\"/x/70-2-1.slice\",\"slice\"]"
#define PACK  "[\"pack\",\"/x/70-2-1.pack\"]"
#define STOP  "{\"cmd\":\"stop\"}\n"
#define READY                                                                          \
    "{\"event\":\"ready\",\"protocol\":1,\"engine\":\"test\",\"version\":\"1\","       \
    "\"binding\":\"none\",\"workers\":[{\"id\":1,\"host\":\"here\",\"pid\":0,"         \
    "\"slots\":2}]}\n"
#define DONE                                                                           \
    "{\"event\":\"done\",\"batch\":1,\"worker\":1,\"records\":\"a "                    \
    "\\\"b\\\\\\nc\\n\"}\n"
#define BYE "{\"event\":\"bye\",\"stats\":{\"batches\":1}}\n"

struct test_options {
    uint64_t level;
};

static const struct tote_option test_options[] = {
    {.name = "level",
     .type = TOTE_OPTION_UINT,
     .offset = offsetof(struct test_options, level),
     .fallback = "3",
     .max = 9,
     .help = "a number"},
};

static void say_cleaned(void)
{
    fputs("cleaned\n", stderr);
}

static const struct tote_engine_about about = {
    .name = "test",
    .summary = "a test",
    .options = test_options,
    .n_options = 1,
    .options_size = sizeof(struct test_options),
    .cleanup = say_cleaned,
};

/* What the small engine answers to each batch. */
static const char *answer = "a \"b\\\nc\n";
static size_t answer_size = 8;

static void say_files(const char *slices, const struct tote_engine_files *files)
{
    for (size_t i = 0; files && i < files->n_inputs; i++)
        fprintf(stderr, "%s: %s > %s\n", slices, files->inputs[i].here,
                files->inputs[i].there);
    for (size_t i = 0; files && i < files->n_outputs; i++)
        fprintf(stderr, "%s: %s < %s\n", slices, files->outputs[i].here,
                files->outputs[i].there);
}

static int small_engine(int argc, char **argv)
{
    struct test_options options;
    struct tote_engine_command command;
    struct tote_engine *engine = tote_engine_open(&about, argc, argv, &options);
    struct tote_engine_worker worker = {.id = 1, .host = "here", .slots = 2};
    struct tote_engine_count batches = {"batches", 0};
    tote_engine_ready(engine, "1", "none", &worker, 1);
    while (tote_engine_next(engine, -1, &command) != TOTE_ENGINE_STOP) {
        tote_engine_done(engine, command.batch, worker.id, answer, answer_size);
        say_files(tote_engine_hello(engine)->slices, command.files);
        tote_engine_files_destroy(command.files);
        batches.value++;
    }
    if (tote_engine_next(engine, -1, &command) != TOTE_ENGINE_STOP)
        return 70; /* stop is for ever */
    return tote_engine_bye(engine, &batches, 1);
}

/* --- running it --- */

struct outcome {
    int status;
    char out[4096], err[4096]; /* cut */
};

static void run_child(int in[2], int out[2], int err[2], int argc, char **argv)
{
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    int fds[] = {in[0], in[1], out[0], out[1], err[0], err[1]};
    for (size_t i = 0; i < 6; i++)
        close(fds[i]);
    exit(small_engine(argc, argv));
}

/* Keeps as much as fits. False at the end of the file. */
static int keep(int fd, char *text, size_t size)
{
    char bytes[4096];
    ssize_t n = read(fd, bytes, sizeof bytes);
    size_t used = strlen(text), room = size - 1 - used;
    if (n <= 0)
        return 0;
    size_t kept = (size_t)n < room ? (size_t)n : room;
    memcpy(text + used, bytes, kept);
    text[used + kept] = '\0';
    return 1;
}

/* Feeds input in pieces while it collects what comes back. Closes all three. */
static void talk(int to, int from, int errors, const char *input, size_t n,
                 size_t piece, struct outcome *outcome)
{
    struct pollfd polls[3] = {{to, POLLOUT, 0}, {from, POLLIN, 0}, {errors, POLLIN, 0}};
    while (polls[1].fd >= 0 || polls[2].fd >= 0) {
        poll(polls, 3, -1);
        if (polls[0].revents) {
            ssize_t written = write(to, input, n < piece ? n : piece);
            size_t went = written > 0 ? (size_t)written : 0;
            input += went;
            n -= went;
            if (n == 0 || written < 0) {
                close(to);
                polls[0].fd = -1;
            }
        }
        if (polls[1].revents && !keep(from, outcome->out, sizeof outcome->out))
            polls[1].fd = -1;
        if (polls[2].revents && !keep(errors, outcome->err, sizeof outcome->err))
            polls[2].fd = -1;
    }
    if (polls[0].fd >= 0)
        close(to);
    close(from);
    close(errors);
}

static struct outcome run(const char *input, size_t n, size_t piece,
                          const char *argument)
{
    static struct outcome outcome;
    int in[2], out[2], err[2];
    char name[] = "test", copy[64] = "";
    char *argv[] = {name, argument ? copy : NULL, NULL};
    memset(&outcome, 0, sizeof outcome);
    snprintf(copy, sizeof copy, "%s", argument ? argument : "");
    assert_true(pipe(in) == 0 && pipe(out) == 0 && pipe(err) == 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        run_child(in, out, err, argument ? 2 : 1, argv);
    close(in[0]);
    close(out[1]);
    close(err[1]);
    talk(in[1], out[0], err[0], input, n, piece, &outcome);
    assert_int_equal(waitpid(pid, &outcome.status, 0), pid);
    assert_true(WIFEXITED(outcome.status));
    outcome.status = WEXITSTATUS(outcome.status);
    return outcome;
}

static struct outcome run_text(const char *input)
{
    return run(input, strlen(input), SIZE_MAX, NULL);
}

/* --- cases --- */

static void test_conversation(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 7, 100, SIZE_MAX};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct outcome got =
            run(HELLO RUN STOP, strlen(HELLO RUN STOP), pieces[i], NULL);
        assert_string_equal(got.err, "");
        assert_string_equal(got.out, READY DONE BYE);
        assert_int_equal(got.status, 0);
    }
}

static void test_end_of_file_is_stop(void **state)
{
    (void)state;
    static const char *const inputs[] = {HELLO RUN, HELLO RUN "{\"cmd\":\"ru",
                                         HELLO RUN STOP "} garbage\n"};
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        struct outcome got = run_text(inputs[i]);
        assert_string_equal(got.out, READY DONE BYE);
        assert_int_equal(got.status, 0);
    }
}

static void test_bad_lines(void **state)
{
    (void)state;
    static const struct {
        const char *input;
        int status;
        const char *says;
    } cases[] = {
        {"", 1, "by hand"},
        {"{\"cmd\":\"hello\"", 1, "by hand"},
        {"garbage\n", 1, "JSON"},
        {"\n", 1, "JSON"},
        {"[]\n", 1, "object"},
        {"{\"cmd\":\"hello\",\"cmd\":\"hello\"}\n", 1, "duplicate"},
        {"{\"cmd\":\"a\\u0000b\"}\n", 1, "JSON"},
        {"{\"cmd\":[[[[[[[[1]]]]]]]]}\n", 1, "nests deeper"},
        {"{\"cmd\":7}\n", 1, "'cmd'"},
        {RUN, 1, "not hello"},
        {HELLO_HEAD HELLO_BAG HELLO_PATHS "\"x\":1}\n", 1, "lacks the field 'options'"},
        {HELLO_HEAD HELLO_BAG HELLO_PATHS "\"options\":[]}\n", 1, "'options'"},
        {HELLO_HEAD HELLO_BAG HELLO_PATHS "\"options\":{\"level\":3}}\n", 1, "'level'"},
        {HELLO_HEAD HELLO_BAG HELLO_PATHS "\"options\":{\"level\":\"10\"}}\n", 2,
         "level"},
        {HELLO_HEAD HELLO_BAG HELLO_PATHS "\"options\":{\"levle\":\"1\"}}\n", 2,
         "'level'?"},
        {"{\"cmd\":\"hello\",\"protocol\":[2,3]}\n", 1, "versions 2 to 3"},
        {"{\"cmd\":\"hello\",\"protocol\":[3,2]}\n", 1, "'protocol'"},
        {"{\"cmd\":\"hello\",\"protocol\":1}\n", 1, "'protocol'"},
        {HELLO HELLO, 1, "'hello'"},
        {HELLO "{\"cmd\":\"run\"}\n", 1, "lacks the field 'batch'"},
        {HELLO "{\"cmd\":\"run\",\"batch\":0}\n", 1, "'batch'"},
        {HELLO "{\"cmd\":\"run\",\"batch\":-1}\n", 1, "'batch'"},
        {HELLO "{\"cmd\":\"run\",\"batch\":1.0}\n", 1, "'batch'"},
        {HELLO "{\"cmd\":\"run\",\"batch\":1,\"first\":8,\"count\":2,\"attempt\":1}\n",
         1, "beyond the bag"},
        {HELLO "{\"cmd\":\"run\",\"batch\":1,\"first\":0,\"count\":0,\"attempt\":1}\n",
         1, "'count'"},
        {HELLO "{\"cmd\":\"jump\"}\n", 1, "'jump'"},
        {HELLO_HEAD HELLO_BAG HELLO_PATHS "\"options\":{},\"slices\":\"x\"}\n", 1,
         "'slices'"},
        {HELLO_HEAD HELLO_BAG HELLO_PATHS "\"options\":{},\"slices\":null}\n", 1,
         "'slices'"},
        {HELLO_HEAD HELLO_BAG HELLO_PATHS "\"options\":{},\"data\":7}\n", 1, "'data'"},
        {COMMANDS RUN, 1, "lacks the field 'inputs'"},
        {COMMANDS RUN_FILES("[" SLICE "]", "7"), 1, "'outputs'"},
        {COMMANDS RUN_FILES("[]", "[" PACK "]"), 1, "'inputs'"},
        {COMMANDS RUN_FILES("[" SLICE ",7]", "[" PACK "]"), 1, "not a pair"},
        {COMMANDS RUN_FILES("[" SLICE ",[\"/a\",\"b\",\"c\"]]", "[" PACK "]"), 1,
         "not a pair"},
        {COMMANDS RUN_FILES("[[\"/a\",\"a\"]," SLICE "]", "[" PACK "]"), 1,
         "not named 'slice'"},
        {COMMANDS RUN_FILES("[" SLICE "]", "[[\"slice\",\"/a\"]]"), 1,
         "not named 'pack'"},
        {COMMANDS RUN_FILES("[" SLICE ",[\"a\",\"a\"]]", "[" PACK "]"), 1,
         "not an absolute path"},
        {COMMANDS RUN_FILES("[" SLICE "]", "[" PACK ",[\"/a\",\"a\"]]"), 1,
         "not an absolute path"},
        {COMMANDS RUN_FILES("[" SLICE ",[\"/a\",\"\"]]", "[" PACK "]"), 1, "not plain"},
        {COMMANDS RUN_FILES("[" SLICE ",[\"/a\",\"..\"]]", "[" PACK "]"), 1,
         "not plain"},
        {COMMANDS RUN_FILES("[" SLICE ",[\"/a\",\"a/b\"]]", "[" PACK "]"), 1,
         "not plain"},
        {COMMANDS RUN_FILES("[" SLICE ",[\"/a\",7]]", "[" PACK "]"), 1, "not plain"},
        {COMMANDS RUN_FILES("[" SLICE ",[\"/a\",\"a b\"]]", "[" PACK "]"), 1,
         "not plain"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct outcome got = run_text(cases[i].input);
        if (got.status != cases[i].status || !strstr(got.err, cases[i].says))
            fail_msg("%s gave %d: %s", cases[i].input, got.status, got.err);
        assert_non_null(strstr(got.err, "cleaned\n"));
    }
}

/* A hello whose line has exactly n bytes. */
static char *new_hello_of(size_t n)
{
    static const char head[] =
        HELLO_HEAD HELLO_BAG HELLO_PATHS "\"options\":{},\"x\":\"";
    char *line = malloc(n);
    assert_non_null(line);
    memset(line, 'y', n);
    memcpy(line, head, sizeof head - 1);
    memcpy(line + n - 3, "\"}\n", 3);
    return line;
}

static void test_line_limit(void **state)
{
    (void)state;
    for (size_t over = 0; over < 2; over++) {
        char *line = new_hello_of(TOTE_LINE_MAX + over);
        struct outcome got = run(line, TOTE_LINE_MAX + over, SIZE_MAX, NULL);
        free(line);
        assert_int_equal(got.status, over ? 1 : 0);
        assert_true(!over || strstr(got.err, "longer than 1048576 bytes"));
    }
}

static void test_files_of_commands(void **state)
{
    (void)state;
    struct outcome got = run_text(
        COMMANDS RUN_FILES("[" SLICE ",[\"/a b\",\"i-0\"]]", "[" PACK "]") STOP);
    assert_string_equal(got.out, READY DONE BYE);
    assert_string_equal(got.err, "/x: /x/70-2-1.slice > slice\n"
                                 "/x: /a b > i-0\n"
                                 "/x: /x/70-2-1.pack < pack\n");
    assert_int_equal(got.status, 0);

    /* A bag of a kernel has none, whatever a later tote may say. */
    got = run_text(HELLO "{\"cmd\":\"run\",\"batch\":1,\"first\":0,\"count\":2,"
                         "\"attempt\":1,\"inputs\":7}\n" STOP);
    assert_string_equal(got.out, READY DONE BYE);
    assert_string_equal(got.err, "");
}

/* n files, all of the same name, behind the slice. */
static void test_number_of_files(void **state)
{
    (void)state;
    static char line[TOTE_LINE_MAX];
    for (size_t over = 0; over < 2; over++) {
        size_t n = (size_t)snprintf(
            line, sizeof line,
            COMMANDS "{\"cmd\":\"run\",\"batch\":1,\"first\":0,\"count\":2,"
                     "\"attempt\":1,\"outputs\":[" PACK "],\"inputs\":[" SLICE);
        for (size_t i = 1; i < TOTE_TRAVEL_MAX + over; i++)
            n += (size_t)snprintf(line + n, sizeof line - n, ",[\"/f\",\"f\"]");
        snprintf(line + n, sizeof line - n, "]}\n" STOP);
        struct outcome got = run_text(line);
        assert_int_equal(got.status, over ? 1 : 0);
        assert_true(!over || strstr(got.err, "1 to 1024 files"));
    }
}

static void test_answers_that_are_no_records(void **state)
{
    (void)state;
    static char longest[TOTE_LINE_MAX];
    memset(longest, '\n', sizeof longest);
    const struct {
        const char *text;
        size_t n;
    } cases[] = {{"", 0},
                 {"a\tb\n", 4},
                 {"a\0b\n", 4},
                 {"\xc3\xa4\n", 3},
                 {longest, TOTE_LINE_MAX / 2},
                 {longest, TOTE_LINE_MAX}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        answer = cases[i].text;
        answer_size = cases[i].n;
        struct outcome got = run_text(HELLO RUN STOP);
        assert_non_null(
            strstr(got.out, "\n{\"event\":\"lost\",\"batch\":1,\"worker\":1,"));
        assert_int_equal(got.status, 0);
    }
    answer = "a \"b\\\nc\n";
    answer_size = 8;
}

static void test_describe(void **state)
{
    (void)state;
    struct outcome got = run("", 0, 1, "--describe");
    assert_int_equal(got.status, 0);
    json_t *json = json_loads(got.out, 0, NULL);
    json_t *option = json_array_get(json_object_get(json, "options"), 0);
    assert_string_equal(json_string_value(json_object_get(json, "name")), "test");
    assert_true(json_is_true(json_object_get(json, "usable")));
    assert_true(json_is_false(json_object_get(json, "setup")));
    assert_string_equal(json_string_value(json_object_get(option, "default")), "3");
    json_decref(json);
    assert_int_equal(run("", 0, 1, "--help").status, 0);
    assert_int_equal(run("", 0, 1, "--nonsense").status, 2);
}

static void test_count_lines(void **state)
{
    (void)state;
    assert_int_equal(tote_engine_count_lines("", 0), 0);
    assert_int_equal(tote_engine_count_lines("a", 1), 0);
    assert_int_equal(tote_engine_count_lines("\n\na\n", 4), 3);
    assert_int_equal(tote_engine_count_lines("\n\na\n", 3), 2);
}

static void test_child(void **state)
{
    (void)state;
    static const char *const cat[] = {"/bin/cat", NULL};
    static const char *const no[] = {"/bin/false", NULL};
    struct tote_child child;
    char how[TOTE_WHY_MAX], text[8] = "";
    tote_child_start(&child, cat, NULL, -1);
    assert_int_equal(write(child.to, "abc\n", 4), 4);
    assert_int_equal(read(child.from, text, sizeof text), 4);
    assert_string_equal(text, "abc\n");
    assert_int_equal(tote_child_end(&child, 0, how), 0);
    assert_string_equal(how, "exited with status 0");
    assert_int_equal(tote_child_end(&child, SIGKILL, how), 0); /* none runs */
    tote_child_start(&child, no, NULL, -1);
    assert_int_equal(tote_child_end(&child, 0, how), 1);
    tote_child_start(&child, cat, NULL, -1);
    assert_int_equal(tote_child_end(&child, SIGKILL, how), -1);
    assert_string_equal(how, "was ended by signal 9 (Killed)");
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conversation),
        cmocka_unit_test(test_end_of_file_is_stop),
        cmocka_unit_test(test_bad_lines),
        cmocka_unit_test(test_line_limit),
        cmocka_unit_test(test_files_of_commands),
        cmocka_unit_test(test_number_of_files),
        cmocka_unit_test(test_answers_that_are_no_records),
        cmocka_unit_test(test_describe),
        cmocka_unit_test(test_count_lines),
        cmocka_unit_test(test_child),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
