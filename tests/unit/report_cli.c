/* SPDX-License-Identifier: MIT */
/* report_cli.c: lets test_report_documents.py make stores and report on them.
 *
 *     report-cli list                    names of the scenarios
 *     report-cli make SCENARIO STORE
 *     report-cli tasks N STORE           as many tasks and results has each run now
 *     report-cli records FIRST END STORE tasks [FIRST, END) of run 1 have ok records
 * now report-cli text|json|csv|html|markdown STORE */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"
#include "report_fixture.h"
#include "store/writer.h"

static int fail(const struct tote_error *err)
{
    fprintf(stderr, "report-cli: %s\n", err->text);
    return EXIT_FAILURE;
}

static int report(const char *word, const char *path)
{
    static const char *const names[] = {"text", "json", "csv", "html", "markdown"};
    struct tote_error err = {0};
    struct tote_store *store;
    if (tote_store_open(path, &store, &err) < 0)
        return fail(&err);
    int rc = 0;
    for (int i = 0; rc == 0 && i < 5; i++) {
        if (strcmp(word, names[i]) == 0)
            rc = tote_report_write(store, (enum tote_report_format)i, stdout, NULL,
                                   &err);
    }
    tote_store_close(store);
    return rc < 0 ? fail(&err) : EXIT_SUCCESS;
}

static int set_tasks(uint64_t n, const char *path)
{
    struct tote_error err = {0};
    struct tote_store *store = NULL;
    struct tote_run_row *rows = NULL;
    size_t runs = 0;
    int rc = tote_store_reopen(path, &store, &err);
    if (rc == 0)
        rc = tote_store_runs(store, &rows, &runs, &err);
    for (size_t i = 0; i < runs; i++) {
        rows[i].tasks = rows[i].done = n;
        if (rc == 0)
            rc = tote_store_update_run(store, &rows[i], &err);
        tote_run_row_finish(&rows[i]);
    }
    free(rows);
    tote_store_close(store);
    return rc < 0 ? fail(&err) : EXIT_SUCCESS;
}

/* Of the most different durations, none of which a reader could guess. */
static struct tote_record record_of(uint64_t task)
{
    tote_ns_t spread = (tote_ns_t)(task * 7919 % 1000003 * (1 + task % 5 * 77777));
    return (struct tote_record){.task = task,
                                .attempt = 1,
                                .start_ns = 1000,
                                .end_ns = 1000 + spread,
                                .cpu_ns = 5,
                                .bytes_in = 1,
                                .bytes_out = 1};
}

static int add_records(uint64_t first, uint64_t end, const char *path)
{
    struct tote_error err = {0};
    struct tote_writer *writer = NULL;
    int rc = tote_writer_start(path, TOTE_DURABILITY_GROUP, &writer, &err);
    for (uint64_t task = first; rc == 0 && task < end;) {
        struct tote_record records[1000];
        size_t n = 0;
        while (n < 1000 && task < end)
            records[n++] = record_of(task++);
        rc = tote_writer_put_records(writer, 1, 1, records, n, &err);
    }
    int stopped = tote_writer_stop(writer, &err);
    return rc < 0 || stopped < 0 ? fail(&err) : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[1], "records") == 0)
        return add_records(strtoull(argv[2], NULL, 10), strtoull(argv[3], NULL, 10),
                           argv[4]);
    if (argc == 4 && strcmp(argv[1], "tasks") == 0)
        return set_tasks(strtoull(argv[2], NULL, 10), argv[3]);
    const struct report_scenario *scenario = report_scenarios;
    for (; scenario->name; scenario++) {
        if (argc == 2 && strcmp(argv[1], "list") == 0)
            puts(scenario->name);
        if (argc == 4 && strcmp(argv[2], scenario->name) == 0)
            scenario->make(argv[3]);
    }
    return argc == 3 ? report(argv[1], argv[2]) : EXIT_SUCCESS;
}
