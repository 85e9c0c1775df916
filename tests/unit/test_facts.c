/* SPDX-License-Identifier: MIT */
/* test_facts.c: facts files right and wrong, what packages bring, names and addresses
 * from /proc, and the score. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "facts/dpkg.h"
#include "facts/facts.h"
#include "facts/factsfile.h"
#include "facts/installed.h"
#include "facts/look.h"
#include "facts/score.h"

/* --- facts files --- */

static int parse(const char *text, struct tote_facts *facts,
                 struct tote_installed *installed, struct tote_error *err)
{
    tote_facts_init(facts);
    return tote_factsfile_parse("it.facts", text, strlen(text), facts, installed, err);
}

static void a_file_states_facts(void **state)
{
    (void)state;
    struct tote_facts facts;
    struct tote_installed installed;
    struct tote_error err = {0};
    assert_int_equal(
        parse("{\"facts_version\": 1,"
              " \"installed\": {\"dpkg\": [\"a\", \"b\"], \"data\": \"engines/x\"},"
              " \"engine_lines\": {\"value\": 12, \"source\": \"wc\"},"
              " \"crash_steps\": {\"items\": [\"one\", \"two\"], \"source\": \"s\"},"
              " \"config_lines\": {\"items\": [], \"source\": \"none\"},"
              " \"licence\": {\"text\": \"MIT\", \"source\": \"LICENSE\"}}",
              &facts, &installed, &err),
        0);
    assert_true(facts.at[TOTE_FACT_ENGINE_LINES].number == 12);
    assert_string_equal(facts.at[TOTE_FACT_ENGINE_LINES].how, "wc");
    assert_int_equal(facts.at[TOTE_FACT_ENGINE_LINES].source, TOTE_FACT_DOCUMENTED);
    assert_true(facts.at[TOTE_FACT_CRASH].number == 2);
    assert_true(facts.at[TOTE_FACT_CONFIG].number == 0);
    assert_true(tote_fact_is_known(&facts.at[TOTE_FACT_CONFIG]));
    assert_string_equal(facts.at[TOTE_FACT_LICENCE].text, "MIT");
    assert_int_equal(facts.at[TOTE_FACT_PORTS].source, TOTE_FACT_NOT_STATED);
    assert_true(isnan(facts.at[TOTE_FACT_PORTS].number));
    assert_int_equal(json_array_size(installed.dpkg), 2);
    assert_string_equal(installed.data, "engines/x");
    tote_installed_finish(&installed);
    tote_facts_finish(&facts);
}

#define V "{\"facts_version\": 1, "

static const struct {
    const char *text, *why;
} wrong[] = {
    {"", "it.facts:1:"},
    {"{\n  \"facts_version\" 1}", "it.facts:2:"},
    {V "\"licence\": 1, \"licence\": 2}", "duplicate"},
    {"[]", "facts_version"},
    {"{}", "facts_version"},
    {"{\"facts_version\": 2}", "facts_version"},
    {V "\"licens\": {}}", "did you mean 'licence'?"},
    {V "\"ports\": 3}", "'ports' must be an object"},
    {V "\"ports\": {\"value\": 3}}", "a source"},
    {V "\"ports\": {\"value\": -1, \"source\": \"s\"}}", "a number from 0"},
    {V "\"ports\": {\"value\": 1e13, \"source\": \"s\"}}", "a number from 0"},
    {V "\"ports\": {\"value\": \"3\", \"source\": \"s\"}}", "a number from 0"},
    {V "\"ports\": {\"value\": 3, \"source\": \"\"}}", "a source"},
    {V "\"ports\": {\"value\": 3, \"source\": \"a\\nb\"}}", "a source"},
    {V "\"ports\": {\"value\": 3, \"sorce\": \"s\"}}", "did you mean 'source'?"},
    {V "\"ports\": {\"items\": [], \"source\": \"s\"}}", "unknown key 'items'"},
    {V "\"crash_steps\": {\"value\": 3, \"source\": \"s\"}}", "unknown key 'value'"},
    {V "\"crash_steps\": {\"items\": \"x\", \"source\": \"s\"}}", "a list of lines"},
    {V "\"crash_steps\": {\"items\": [1], \"source\": \"s\"}}", "a list of lines"},
    {V "\"licence\": {\"value\": 3, \"source\": \"s\"}}", "unknown key 'value'"},
    {V "\"licence\": {\"source\": \"s\"}}", "a text of one line"},
    {V "\"installed\": []}", "'installed' must be"},
    {V "\"installed\": {\"dpkg\": [\"--force\"]}}", "'installed' must be"},
    {V "\"installed\": {\"dpkg\": \"a\"}}", "'installed' must be"},
    {V "\"installed\": {\"files\": [\"../x\"]}}", "'installed' must be"},
    {V "\"installed\": {\"data\": \"../x\"}}", "'installed' must be"},
    {V "\"installed\": {\"data\": \"/x\"}}", "'installed' must be"},
    {V "\"installed\": {\"data\": \"a//x\"}}", "'installed' must be"},
    {V "\"installed\": {\"data\": \"a/../x\"}}", "'installed' must be"},
    {V "\"installed\": {\"date\": \"x\"}}", "did you mean 'data'?"},
};

static void a_wrong_file_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct tote_facts facts;
        struct tote_installed installed;
        struct tote_error err = {0};
        int rc = parse(wrong[i].text, &facts, &installed, &err);
        if (rc != -EBADMSG || !strstr(err.text, wrong[i].why))
            fail_msg("%s: %d, %s", wrong[i].text, rc, err.text);
        assert_non_null(strstr(err.text, "it.facts"));
        assert_null(installed.root);
    }
}

static void no_file_states_nothing(void **state)
{
    (void)state;
    struct tote_facts facts;
    struct tote_installed installed;
    struct tote_error err = {0};
    tote_facts_init(&facts);
    assert_int_equal(
        tote_factsfile_load("/proc/no-such-engine", &facts, &installed, &err), 0);
    assert_false(installed.is_stated);
    for (int i = 0; i < TOTE_FACT_COUNT; i++)
        assert_int_equal(facts.at[i].source, TOTE_FACT_NOT_STATED);
}

/* --- packages --- */

/* A base system of libc and of tool, which needs it; mine needs libc, alpha or beta,
 * something that gamma provides, and delta, which needs mine. */
static const char status[] =
    "Package: libc\nStatus: install ok installed\nPriority: optional\n"
    "Installed-Size: 1000\n\n"
    "Package: tool\nStatus: install ok installed\nPriority: required\n"
    "Installed-Size: 500\nPre-Depends: libc (>= 2)\n\n"
    "Package: mine\nStatus: install ok installed\nInstalled-Size: 10\n"
    "Depends: libc, alpha (>= 1) | beta:any, virtual-thing,delta\n"
    "Description: a thing\n that Depends: on nothing\n\n"
    "Package: alpha\nStatus: deinstall ok config-files\nInstalled-Size: 7\n\n"
    "Package: beta\nStatus: install ok installed\nInstalled-Size: 20\n\n"
    "Package: gamma\nStatus: hold ok installed\nInstalled-Size: 40\n"
    "Provides: other, virtual-thing (= 1)\nRecommends: omega\n\n"
    "Package: omega\nStatus: install ok installed\nInstalled-Size: 9000\n\n"
    "Package: delta\nStatus: install ok installed\nInstalled-Size: 80\nDepends: mine\n";

static char *write_file(const char *text)
{
    static const char name[] = "/tmp/tote-test-facts-XXXXXX";
    char *path = strdup(name);
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    return path;
}

static void packages_bring_what_they_need(void **state)
{
    (void)state;
    static const struct {
        const char *names;
        int rc;
        size_t packages;
        double kib;
    } cases[] = {
        {"[]", 0, 0, 0},
        {"[\"mine\"]", 0, 4, 150},
        {"[\"mine\", \"delta\", \"mine\"]", 0, 4, 150},
        {"[\"libc\"]", 0, 0, 0}, /* the base system has it */
        {"[\"omega\"]", 0, 1, 9000},
        {"[\"alpha\"]", -ENOENT, 0, 0},
        {"[\"min\"]", -ENOENT, 0, 0},
    };
    char *path = write_file(status);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tote_dpkg_sum sum = {0};
        struct tote_error err = {0};
        json_t *names = json_loads(cases[i].names, 0, NULL);
        assert_int_equal(tote_dpkg_sum(path, names, &sum, &err), cases[i].rc);
        assert_int_equal(sum.packages, cases[i].packages);
        assert_true(sum.kib == cases[i].kib);
        assert_true((err.text[0] == '\0') == (cases[i].rc == 0));
        json_decref(names);
    }
    unlink(path);
    free(path);
}

static void no_list_of_packages_is_said(void **state)
{
    (void)state;
    struct tote_dpkg_sum sum;
    struct tote_error err = {0};
    json_t *names = json_array();
    assert_int_equal(tote_dpkg_sum("/proc/no/such", names, &sum, &err), -ENOENT);
    assert_non_null(strstr(err.text, "/proc/no/such"));
    json_decref(names);
}

/* --- the time of a setup --- */

static void the_time_of_a_setup_is_kept(void **state)
{
    (void)state;
    char data[] = "/tmp/tote-test-facts-XXXXXX", program[64], path[80];
    assert_non_null(mkdtemp(data));
    snprintf(program, sizeof program, "%s/engine", data);
    snprintf(path, sizeof path, "%s/engine.facts", data);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(V "\"installed\": {\"data\": \"box\"}}", file);
    fclose(file);
    struct tote_error err = {0}, none = {0};
    assert_true(tote_installed_record(program, data, 12.5, &err) < 0); /* no folder */
    snprintf(path, sizeof path, "%s/box", data);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(tote_installed_record(program, data, 12.5, &none), 0);
    struct tote_facts facts;
    struct tote_installed installed;
    tote_facts_init(&facts);
    assert_int_equal(tote_factsfile_load(program, &facts, &installed, &none), 0);
    tote_installed_measure(&installed, program, data, &facts);
    const struct tote_fact *fact = &facts.at[TOTE_FACT_INSTALL];
    assert_true(fact->source == TOTE_FACT_MEASURED && fact->number == 12.5);
    assert_true(facts.at[TOTE_FACT_PACKAGES].number == 0);
    assert_true(facts.at[TOTE_FACT_MEGABYTES].number > 0);
    tote_installed_finish(&installed);
    tote_facts_finish(&facts);
    snprintf(path, sizeof path, "%s/box/tote-setup.json", data);
    assert_int_equal(unlink(path), 0);
    snprintf(path, sizeof path, "%s/box", data);
    rmdir(path);
    snprintf(path, sizeof path, "%s/engine.facts", data);
    unlink(path);
    rmdir(data);
}

/* --- /proc --- */

static void addresses_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *hex, *text; /* null: none */
    } cases[] = {
        {"0100007F", "127.0.0.1"},
        {"00000000", "0.0.0.0"},
        {"00000000000000000000000000000000", "::"},
        {"00000000000000000000000001000000", "::1"},
        {"0000000000000000FFFF00000100007F", "127.0.0.1"},
        {"B80D0120000000000000000001000000", "2001:db8::1"},
        {"", NULL},
        {"0100007", NULL},
        {"0100007G", NULL},
        {"0100007F0100007F", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        int rc = tote_look_address(cases[i].hex, text, sizeof text);
        assert_int_equal(rc, cases[i].text ? 0 : -EBADMSG);
        if (cases[i].text)
            assert_string_equal(text, cases[i].text);
    }
}

static void processes_have_names(void **state)
{
    (void)state;
    static const struct {
        const char *args;
        size_t n;
        const char *name;
    } cases[] = {
        {"/usr/bin/worker\0--port\0", 23, "worker"},
        {"/usr/bin/python3.11\0-s\0/opt/engine\0x\0", 37, "engine"},
        {"/usr/bin/python3\0-c\0print()\0", 28, "python3"},
        {"pythonic\0/opt/x\0", 16, "pythonic"},
        {"sh\0", 3, "sh"},
        {"some::title with words\0", 23, "some::title"},
        {"bad\x1bname\xff\0", 10, "bad?name?"},
        {"", 0, "comm"},
        {"\0", 1, "comm"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[64];
        tote_look_name(cases[i].args, cases[i].n, "comm", name, sizeof name);
        assert_string_equal(name, cases[i].name);
    }
}

/* This test has one process below its parent, and what it opens shows. */
static void a_look_sees_processes_and_descriptors(void **state)
{
    (void)state;
    struct tote_look look = {0};
    struct tote_error err = {0};
    assert_int_equal(tote_look_take(&look, getpid(), &err), 0);
    assert_int_equal(look.n_processes, 0);
    int hold[2];
    assert_int_equal(pipe(hold), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char byte;
        close(hold[1]);
        _exit(read(hold[0], &byte, 1) < 0);
    }
    assert_int_equal(tote_look_take(&look, getpid(), &err), 0);
    assert_int_equal(look.n_processes, 1);
    assert_true(look.n_descriptors >= 1);
    assert_int_equal(json_array_size(look.processes), 1);
    assert_int_equal(look.n_looks, 2);
    close(hold[0]);
    close(hold[1]);
    tote_look_finish(&look);
}

/* --- the score --- */

static struct tote_weights weights(const char *text)
{
    struct tote_weights ret;
    struct tote_error err = {0};
    assert_int_equal(tote_weights_parse(text, &ret, &err), 0);
    return ret;
}

static void all_known(struct tote_facts *facts, double number)
{
    tote_facts_init(facts);
    for (int i = 0; i < TOTE_FACT_NUMBERS; i++)
        tote_fact_measured(&facts->at[i], number, NULL, "test");
}

static void the_score_is_the_sum(void **state)
{
    (void)state;
    struct tote_facts facts;
    all_known(&facts, 0);
    struct tote_weights equal = weights("");
    assert_true(tote_score_of(&facts, &equal).points == 0);
    facts.at[TOTE_FACT_PORTS].number = 7;
    facts.at[TOTE_FACT_PACKAGES].number = 1;
    assert_true(fabs(tote_score_of(&facts, &equal).points - 4) < 1e-12);
    struct tote_weights changed = weights("ports=2,packages=0");
    assert_true(fabs(tote_score_of(&facts, &changed).points - 6) < 1e-12);
}

static void more_of_anything_is_never_less(void **state)
{
    (void)state;
    struct tote_facts facts;
    struct tote_weights equal = weights("");
    all_known(&facts, 3);
    double before = tote_score_of(&facts, &equal).points;
    for (int i = 0; i < TOTE_FACT_NUMBERS; i++) {
        facts.at[i].number = 4;
        double after = tote_score_of(&facts, &equal).points;
        assert_true(equal.at[i] > 0 ? after > before : after == before);
        before = after;
    }
}

static void a_missing_number_is_not_nothing(void **state)
{
    (void)state;
    struct tote_facts facts;
    struct tote_weights equal = weights("");
    all_known(&facts, 1);
    struct tote_score whole = tote_score_of(&facts, &equal);
    facts.at[TOTE_FACT_PORTS].source = TOTE_FACT_NOT_MEASURED;
    struct tote_score part = tote_score_of(&facts, &equal);
    assert_true(isnan(part.points) && part.n_missing == 1);
    assert_true(isnan(part.parts[TOTE_FACT_PORTS]));
    assert_true(fabs(part.least - (whole.points - 1)) < 1e-12);
    struct tote_weights without = weights("ports=0");
    assert_int_equal(tote_score_of(&facts, &without).n_missing, 0);
}

static void wrong_weights_are_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {"ports",    "ports=-1",        "ports=x",
                                        "prots=1",  "ports=1,ports=2", "licence=1",
                                        "ports=nan"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tote_weights ret;
        struct tote_error err = {0};
        assert_int_equal(tote_weights_parse(cases[i], &ret, &err), -EINVAL);
        assert_non_null(strstr(err.text, "--weights"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_states_facts),
        cmocka_unit_test(a_wrong_file_is_refused),
        cmocka_unit_test(no_file_states_nothing),
        cmocka_unit_test(packages_bring_what_they_need),
        cmocka_unit_test(no_list_of_packages_is_said),
        cmocka_unit_test(the_time_of_a_setup_is_kept),
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(processes_have_names),
        cmocka_unit_test(a_look_sees_processes_and_descriptors),
        cmocka_unit_test(the_score_is_the_sum),
        cmocka_unit_test(more_of_anything_is_never_less),
        cmocka_unit_test(a_missing_number_is_not_nothing),
        cmocka_unit_test(wrong_weights_are_refused),
    };
    return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
