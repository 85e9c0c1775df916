/* SPDX-License-Identifier: MIT */
/* conformance.c: goes through the points and reports each (conformance.h). What the
 * points ask for is in conformance_points.c. */
#include "check/conformance.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "check/exam.h"
#include "tote/clock.h"
#include "tote/option.h"

struct suite {
    struct tote_exam exam;
    tote_conformance_report *report;
    void *context;
    bool has_failed_handshake;
    int failed;
};

static bool is_engines_fault(int rc)
{
    return rc == -EPROTO || rc == -EBADMSG || rc == -E2BIG || rc == -ETIMEDOUT ||
           rc == -ENOEXEC;
}

/* A sentence may quote what the engine wrote to stderr, which is any bytes, and may be
 * cut within a character. If it is not UTF-8, keeps what of it is ASCII. */
static void make_text(char *why)
{
    json_t *text = json_string(why);
    for (; !text && *why; why++)
        if ((unsigned char)*why >= 0x80)
            *why = '?';
    json_decref(text);
}

static void report_point(struct suite *suite,
                         const struct tote_conformance_point *point, const char *why,
                         tote_ns_t since)
{
    tote_ns_t taken = tote_clock_monotonic() - since;
    struct tote_error shown = {0};
    if (why[0])
        tote_error_set(&shown, -EPROTO, "%s", why);
    make_text(shown.text);
    suite->failed += why[0] != '\0';
    suite->report(suite->context, point, !why[0], shown.text,
                  (double)taken / (double)TOTE_NS_PER_S);
}

/* Tries one point and reports it. Negative only for what is not the engine's fault. */
static int try_point(struct suite *suite, const struct tote_conformance_point *point,
                     struct tote_error *err)
{
    struct tote_error why = {0};
    tote_ns_t since = tote_clock_monotonic();
    suite->exam.point = point->name;
    int rc = point->check(&suite->exam, &why);
    if (rc < 0)
        tote_probe_close(&suite->exam.probe);
    if (rc < 0 && !is_engines_fault(rc))
        return tote_error_set(err, rc, "%s", why.text);
    report_point(suite, point, why.text, since);
    return 0;
}

static int try_points(struct suite *suite, const char *only, struct tote_error *err)
{
    int rc = 0;
    const struct tote_conformance_point *point = tote_conformance_points;
    for (; rc == 0 && point->name; point++) {
        if (only && strcmp(only, point->name) != 0)
            continue;
        bool is_hopeless = point->needs_ready && suite->has_failed_handshake;
        if (is_hopeless)
            report_point(suite, point, "not tried, since no handshake came about",
                         tote_clock_monotonic());
        else
            rc = try_point(suite, point, err);
        /* Whichever asks for it first shows whether ready comes at all. */
        suite->has_failed_handshake = point->needs_ready && !suite->exam.has_been_ready;
    }
    return rc;
}

/* Reports the first point as failed and the others as not tried. */
static void report_no_engine(struct suite *suite, const char *only, const char *why)
{
    const struct tote_conformance_point *point = tote_conformance_points;
    for (; point->name; point++) {
        if (only && strcmp(only, point->name) != 0)
            continue;
        report_point(suite, point,
                     point == tote_conformance_points
                         ? why
                         : "not tried, since the program does not describe itself",
                     tote_clock_monotonic());
    }
}

static int check_config(const struct tote_conformance_config *config,
                        struct tote_error *err)
{
    enum { NAMES_MAX = 64 };
    const char *names[NAMES_MAX + 1] = {NULL};
    if (config->slots < 2 || config->slots > TOTE_WORKERS_MAX)
        return tote_error_set(err, -EINVAL, "the suite needs 2 to %u slots, not %u",
                              TOTE_WORKERS_MAX, config->slots);
    if (!config->only)
        return 0;
    for (size_t i = 0; i < NAMES_MAX && tote_conformance_points[i].name; i++) {
        names[i] = tote_conformance_points[i].name;
        if (strcmp(config->only, names[i]) == 0)
            return 0;
    }
    const char *near = tote_option_suggest(config->only, names);
    return tote_error_set(err, -EINVAL, "the suite has no point '%.64s'%s%s%s",
                          config->only, near ? "; did you mean '" : "",
                          near ? near : "", near ? "'?" : "");
}

int tote_conformance_run(const char *engine,
                         const struct tote_conformance_config *config,
                         tote_conformance_report *report, void *context,
                         struct tote_error *err)
{
    struct suite suite = {
        .exam = {.config = config}, .report = report, .context = context};
    int rc = check_config(config, err);
    if (rc < 0)
        return rc;
    struct tote_error why = {0};
    rc = tote_engine_spec_init(&suite.exam.spec, engine, &why);
    if (rc == -ENOEXEC) {
        report_no_engine(&suite, config->only, why.text);
        return suite.failed;
    }
    if (rc < 0)
        return tote_error_set(err, rc, "%s", why.text);
    rc = try_points(&suite, config->only, err);
    tote_probe_close(&suite.exam.probe);
    tote_engine_spec_finish(&suite.exam.spec);
    return rc < 0 ? rc : suite.failed;
}
