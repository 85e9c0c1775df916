/* SPDX-License-Identifier: MIT */
/* main.c: tote-task, the program that workers run: runs tasks of a bag, prints a record
 * each. Also the thread loop of the limit and the list of kernels. Tasks of the kernel
 * "command" are in slices: command.c. It plans nothing and knows no engine. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "task/command.h"
#include "task/limit.h"
#include "task/serve.h"
#include "tote/limits.h"
#include "tote/option.h"
#include "tote/task.h"

enum { EXIT_OK, EXIT_INTERNAL, EXIT_USAGE, EXIT_TASKS_FAILED, EXIT_WRONG };

struct settings {
    char kernel[TOTE_OPTION_TEXT_MAX];
    uint64_t size, seed, first, count, attempt, threads;
    char input_to[TOTE_OPTION_TEXT_MAX], output_to[TOTE_OPTION_TEXT_MAX];
    char slices[TOTE_OPTION_TEXT_MAX], slice[TOTE_OPTION_TEXT_MAX],
        pack[TOTE_OPTION_TEXT_MAX];
    bool verify, serve, limit, list, check, help, version;
};

#define FIELD(field) offsetof(struct settings, field)
#define FLAG(flag, text)                                                               \
    {                                                                                  \
        .name = #flag, .type = TOTE_OPTION_BOOL, .offset = FIELD(flag),                \
        .fallback = "no", .help = text                                                 \
    }
#define NUMBER(number, least, most, otherwise, text)                                   \
    {                                                                                  \
        .name = #number, .type = TOTE_OPTION_UINT, .offset = FIELD(number),            \
        .fallback = otherwise, .min = least, .max = most, .help = text                 \
    }
#define TEXT(option, field, otherwise, words)                                          \
    {                                                                                  \
        .name = option, .type = TOTE_OPTION_TEXT, .offset = FIELD(field),              \
        .fallback = otherwise, .help = words                                           \
    }

static const struct tote_option options[] = {
    TEXT("kernel", kernel, "zfp", "NAME or NAME:OPTION=VALUE,...; --list shows all"),
    NUMBER(size, 0, (double)TOTE_KERNEL_SIZE_MAX, "200000",
           "float32 values of an input"),
    NUMBER(seed, 0, 0x1p63, "1", "of the bag"),
    NUMBER(first, 0, (double)TOTE_BAG_MAX, "0", "index of the first task"),
    NUMBER(count, 0, (double)TOTE_BAG_MAX, "1", "how many tasks"),
    NUMBER(attempt, 1, UINT32_MAX, "1", "goes into the records"),
    TEXT("input-to", input_to, NULL, "file for the bytes that the one task reads"),
    TEXT("output-to", output_to, NULL, "file for the bytes that the one task makes"),
    TEXT("slices", slices, NULL, "kernel command: folder of slices, with --serve"),
    TEXT("slice", slice, NULL, "kernel command: file that holds the batch"),
    TEXT("pack", pack, NULL, "kernel command: file for what came of the batch"),
    FLAG(verify, "check each output"),
    FLAG(serve, "read lines 'FIRST COUNT ATTEMPT' until end of file"),
    FLAG(limit, "run the tasks in a bare thread loop and print its time"),
    NUMBER(threads, 1, TOTE_WORKERS_MAX, "1", "of --limit"),
    FLAG(list, "list the kernels and their options, TAB-separated"),
    FLAG(check, "open the kernel and run nothing"),
    FLAG(help, "print this"),
    FLAG(version, "print the version"),
};

enum { N_OPTIONS = sizeof options / sizeof options[0] };

static int complain(int status, const struct tote_error *err)
{
    fprintf(stderr, "tote-task: %s\n", err->text);
    return status;
}

/* --- command line --- */

static const struct tote_option *find_option(const char *name)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (!strcmp(options[i].name, name))
            return &options[i];
    return NULL;
}

/* One of "--name value", "--name=value", "--flag". Returns how many arguments it took.
 */
static int read_argument(char *const *args, struct settings *settings,
                         struct tote_error *err)
{
    char name[TOTE_NAME_MAX];
    if (strncmp(args[0], "--", 2) != 0)
        return tote_error_set(err, -EINVAL,
                              "unexpected argument '%.60s'; options begin with --",
                              args[0]);
    size_t n = strcspn(args[0] + 2, "=");
    if (n >= sizeof name)
        return tote_error_set(err, -EINVAL, "unknown option '%.60s...'", args[0]);
    memcpy(name, args[0] + 2, n);
    name[n] = '\0';

    const struct tote_option *option = find_option(name);
    const char *value = args[0][2 + n] ? args[0] + 2 + n + 1 : NULL;
    int taken = 1;
    if (!value && option && option->type == TOTE_OPTION_BOOL) {
        value = "yes";
    } else if (!value && option) {
        value = args[1];
        taken = 2;
        if (!value)
            return tote_error_set(err, -EINVAL, "option '--%s' has no value", name);
    }
    int failed =
        tote_options_set(options, N_OPTIONS, name, value ? value : "", settings, err);
    return failed ? failed : taken;
}

/* Either a folder and --serve, or the two files and neither: nothing else runs
 * commands, and they run nothing else. */
static int check_slices(const struct settings *settings, struct tote_error *err)
{
    bool has_folder = settings->slices[0], has_files = settings->slice[0];
    bool is_command = tote_command_is(settings->kernel);
    if (!is_command && (has_folder || has_files || settings->pack[0]))
        return tote_error_set(err, -EINVAL,
                              "--slices, --slice and --pack are for --kernel command");
    if (!is_command || settings->check || settings->list)
        return 0;
    bool is_right = settings->serve ? has_folder && !has_files && !settings->pack[0]
                                    : !has_folder && has_files && settings->pack[0];
    if (is_right && !settings->limit && !settings->verify && !settings->input_to[0] &&
        !settings->output_to[0])
        return 0;
    return tote_error_set(err, -EINVAL,
                          "kernel command runs with --slices DIR --serve, or with "
                          "--slice FILE --pack FILE, and with nothing else");
}

static int check_settings(const struct settings *settings, struct tote_error *err)
{
    if (settings->serve + settings->limit + settings->list + settings->check > 1)
        return tote_error_set(
            err, -EINVAL, "--serve, --limit, --list and --check exclude each other");
    if (settings->count > TOTE_BAG_MAX - settings->first)
        return tote_error_set(err, -EINVAL,
                              "tasks %" PRIu64 " + %" PRIu64
                              " pass the end of the largest bag, %" PRIu64,
                              settings->first, settings->count, TOTE_BAG_MAX);
    bool files = settings->input_to[0] || settings->output_to[0];
    if (files && (settings->count != 1 || settings->serve || settings->limit))
        return tote_error_set(err, -EINVAL,
                              "--input-to and --output-to are for one task: --count 1, "
                              "without --serve and --limit");
    return check_slices(settings, err);
}

static int read_arguments(char *const *args, struct settings *settings,
                          struct tote_error *err)
{
    int taken = tote_options_defaults(options, N_OPTIONS, settings, err);
    while (taken >= 0 && *args) {
        taken = read_argument(args, settings, err);
        args += taken > 0 ? taken : 0;
    }
    if (taken < 0)
        return taken;
    if (settings->help || settings->version)
        return 0;
    return check_settings(settings, err);
}

static int print_help(void)
{
    printf("usage: tote-task [--kernel NAME:OPTION=VALUE,...] [--first N] [--count N] "
           "...\n"
           "Runs tasks of a bag and prints a record line each:\n"
           "task attempt start_ns end_ns cpu_ns bytes_in bytes_out digest outcome\n\n");
    for (size_t i = 0; i < N_OPTIONS; i++) {
        bool flag = options[i].type == TOTE_OPTION_BOOL;
        char metavar[64] = "";
        if (!flag)
            tote_option_metavar(&options[i], metavar, sizeof metavar);
        printf("  --%-10s %-5s %s", options[i].name, metavar, options[i].help);
        printf(flag || !options[i].fallback ? "\n" : " (%s)\n", options[i].fallback);
    }
    printf(
        "\nExit status: 0 ok, 1 internal error, 2 usage, 3 a task failed, 4 an output "
        "is wrong.\n");
    return fflush(stdout) ? EXIT_INTERNAL : EXIT_OK;
}

static int print_list(void)
{
    for (size_t i = 0; tote_kernels[i]; i++) {
        const struct tote_kernel *kernel = tote_kernels[i];
        printf("kernel\t%s\t%s\n", kernel->name, kernel->summary);
        for (size_t j = 0; j < kernel->n_options; j++) {
            const struct tote_option *option = &kernel->options[j];
            char metavar[128];
            tote_option_metavar(option, metavar, sizeof metavar);
            printf("option\t%s\t%s\t%s\t%s\t%s\n", kernel->name, option->name,
                   option->fallback ? option->fallback : "", metavar, option->help);
        }
    }
    printf("kernel\tcommand\t%s\n", TOTE_COMMAND_SUMMARY);
    return fflush(stdout) ? EXIT_INTERNAL : EXIT_OK;
}

/* --- files --- */

static int write_and_close(int fd, const char *path, struct tote_span bytes,
                           struct tote_error *err)
{
    struct tote_error why = {0};
    int failed = tote_serve_write(fd, bytes.data, bytes.size, &why);
    int not_closed = close(fd);
    if (failed || not_closed)
        return tote_error_set(err, -EIO, "cannot write %.200s: %s", path,
                              strerror(failed ? -failed : errno));
    return 0;
}

/* A whole file or none: written under another name first. What exists and is no regular
 * file (a pipe, /dev/null) is written in place, or a rename would replace it. */
static int write_file(const char *path, struct tote_span bytes, struct tote_error *err)
{
    char beside[TOTE_OPTION_TEXT_MAX + 32];
    struct stat there;
    bool in_place = stat(path, &there) == 0 && !S_ISREG(there.st_mode);
    snprintf(beside, sizeof beside, "%s.%ld.part", path, (long)getpid());
    int fd = in_place ? open(path, O_WRONLY | O_CLOEXEC)
                      : open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return tote_error_set(err, -errno, "cannot open %.200s for writing: %s", path,
                              strerror(errno));
    int failed = write_and_close(fd, path, bytes, err);
    if (in_place)
        return failed;
    if (!failed && rename(beside, path) < 0)
        failed = tote_error_set(err, -errno, "cannot write %.200s: %s", path,
                                strerror(errno));
    if (failed)
        unlink(beside);
    return failed;
}

static int write_files(const struct settings *settings,
                       const struct tote_record *record, struct tote_span input,
                       struct tote_span output, struct tote_error *err)
{
    int failed = 0;
    if (settings->input_to[0])
        failed = write_file(settings->input_to, input, err);
    if (!failed && settings->output_to[0] && record->outcome == TOTE_OUTCOME_OK)
        failed = write_file(settings->output_to, output, err);
    return failed;
}

/* --- modes --- */

/* Record lines on their way to standard output. They leave when the buffer is full, and
 * after FLUSH_NS, so that slow tasks can be watched; the records themselves tell the
 * time. */
struct printer {
    char lines[1 << 16];
    size_t n;
    tote_ns_t flushed_ns;
};

enum { FLUSH_NS = 100000000 };

static int printer_flush(struct printer *printer, struct tote_error *err)
{
    int failed = tote_serve_write(STDOUT_FILENO, printer->lines, printer->n, err);
    printer->n = 0;
    return failed;
}

static int printer_add(struct printer *printer, const struct tote_record *record,
                       struct tote_error *err)
{
    printer->n += tote_record_format(record, printer->lines + printer->n);
    if (sizeof printer->lines - printer->n >= TOTE_RECORD_MAX &&
        record->end_ns - printer->flushed_ns < FLUSH_NS)
        return 0;
    printer->flushed_ns = record->end_ns;
    return printer_flush(printer, err);
}

static int status_of(int failed)
{
    if (!failed)
        return EXIT_OK;
    return failed == -EINVAL ? EXIT_USAGE : EXIT_INTERNAL;
}

/* Says how many tasks went wrong, if any; why is the first one's sentence. */
static int judge(uint64_t n, uint64_t n_failed, uint64_t n_wrong, const char *why)
{
    if (n_failed + n_wrong == 0)
        return EXIT_OK;
    fprintf(stderr,
            "tote-task: of %" PRIu64 " tasks %" PRIu64 " failed, %" PRIu64
            " had a wrong output%s%s\n",
            n, n_failed, n_wrong, why[0] ? "; the first: " : "", why);
    return n_failed ? EXIT_TASKS_FAILED : EXIT_WRONG;
}

static int run_plain(const struct settings *settings, struct tote_task *task,
                     struct tote_error *err)
{
    struct printer printer = {.n = 0};
    struct tote_error why = {0};
    uint64_t n_failed = 0, n_wrong = 0;
    int failed = 0;
    for (uint64_t i = 0; i < settings->count && !failed; i++) {
        struct tote_record record;
        struct tote_span input, output;
        tote_task_run_one(task, settings->first + i, (uint32_t)settings->attempt,
                          &record, &input, &output, &why);
        n_failed += record.outcome == TOTE_OUTCOME_FAILED;
        n_wrong += record.outcome == TOTE_OUTCOME_WRONG;
        if (n_failed + n_wrong == 1 && record.outcome != TOTE_OUTCOME_OK)
            tote_error_prefix(&why, "task %" PRIu64, record.task);
        failed = write_files(settings, &record, input, output, err);
        if (!failed)
            failed = printer_add(&printer, &record, err);
    }
    if (!failed)
        failed = printer_flush(&printer, err);
    if (failed)
        return EXIT_INTERNAL;
    return judge(settings->count, n_failed, n_wrong, why.text);
}

static int run_limit(const struct settings *settings, struct tote_error *err)
{
    struct tote_limit_order order = {
        .kernel = settings->kernel,
        .size = settings->size,
        .seed = settings->seed,
        .first = settings->first,
        .count = settings->count,
        .flags = settings->verify ? TOTE_TASK_VERIFY : 0,
        .threads = (unsigned)settings->threads,
    };
    struct tote_limit_result result;
    int failed = tote_limit_run(&order, &result, err);
    if (failed)
        return status_of(failed);
    char digest[TOTE_DIGEST_TEXT_MAX];
    tote_digest_format(&result.digest, digest);
    printf("limit tasks=%" PRIu64 " threads=%u wall_ns=%" PRId64 " digest=%s\n",
           order.count, order.threads, result.wall_ns, digest);
    if (fflush(stdout))
        return status_of(tote_error_set(err, -EIO, "cannot write the result"));
    return judge(order.count, result.failed, result.wrong, "");
}

static ssize_t serve_range(void *context, uint64_t first, uint64_t count,
                           uint32_t attempt, char *lines, size_t capacity,
                           struct tote_error *err)
{
    return tote_task_run(context, first, count, attempt, lines, capacity, err);
}

static int run_commands(const struct settings *settings, struct tote_error *err)
{
    int failed = tote_command_check(settings->kernel, err);
    if (failed || settings->check)
        return status_of(failed);
    if (settings->serve)
        failed = tote_command_serve(settings->slices, err);
    else
        failed = tote_command_run(settings->slice, settings->pack, settings->first,
                                  settings->count, (uint32_t)settings->attempt, err);
    return failed < 0 ? EXIT_INTERNAL : judge(settings->count, (uint64_t)failed, 0, "");
}

static int run_tasks(const struct settings *settings, struct tote_error *err)
{
    struct tote_task *task = NULL;
    int failed = tote_task_open(settings->kernel, settings->size, settings->seed,
                                settings->verify ? TOTE_TASK_VERIFY : 0, &task, err);
    if (failed)
        return status_of(failed);
    const struct tote_server server = {.run = serve_range, .context = task};
    int status = EXIT_OK;
    if (settings->serve)
        status = tote_serve(&server, STDIN_FILENO, STDOUT_FILENO, err) ? EXIT_INTERNAL
                                                                       : EXIT_OK;
    else if (!settings->check)
        status = run_plain(settings, task, err);
    tote_task_close(task);
    return status;
}

int main(int argc, char **argv)
{
    struct settings settings;
    struct tote_error err = {0};
    signal(SIGPIPE, SIG_IGN); /* a reader that has gone is an ordinary end, see EPIPE */
    if (argc > 0 && read_arguments(argv + 1, &settings, &err) < 0)
        return complain(EXIT_USAGE, &err);
    if (settings.help)
        return print_help();
    if (settings.version)
        return printf("tote-task %s\n", TOTE_VERSION) < 0 || fflush(stdout);
    if (settings.list)
        return print_list();
    int status;
    if (tote_command_is(settings.kernel))
        status = run_commands(&settings, &err);
    else
        status =
            settings.limit ? run_limit(&settings, &err) : run_tasks(&settings, &err);
    return err.text[0] ? complain(status, &err) : status;
}
