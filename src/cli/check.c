/* SPDX-License-Identifier: MIT */
/* check.c: see check.h. */
#include "cli/check.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "check/conformance.h"
#include "cli/signals.h"

struct shown {
    json_t *points; /* null: text */
    int n;
};

static void show_text(const struct tote_conformance_point *point, bool has_passed,
                      const char *why, double seconds)
{
    printf("%-6s %-18s %6.2f s  %s\n", has_passed ? "ok" : "FAILED", point->name,
           seconds, has_passed ? point->summary : why);
    fflush(stdout);
}

static void show(void *context, const struct tote_conformance_point *point,
                 bool has_passed, const char *why, double seconds)
{
    struct shown *shown = context;
    shown->n++;
    if (!shown->points) {
        show_text(point, has_passed, why, seconds);
        return;
    }
    json_array_append_new(shown->points,
                          json_pack("{s:s, s:s, s:b, s:s, s:f}", "name", point->name,
                                    "summary", point->summary, "passed",
                                    (int)has_passed, "why", why, "seconds", seconds));
}

static int show_end(const char *engine, struct shown *shown, int failed)
{
    if (!shown->points) {
        printf("%s: %d of %d points passed\n", engine, shown->n - failed, shown->n);
        return 0;
    }
    json_t *root = json_pack("{s:i, s:s, s:i, s:i, s:O}", "schema_version", 1, "engine",
                             engine, "passed", shown->n - failed, "failed", failed,
                             "points", shown->points);
    int rc = json_dumpf(root, stdout, JSON_INDENT(2));
    printf("\n");
    json_decref(root);
    return rc;
}

int tote_check_engine(const char *engine, const struct tote_check_settings *settings,
                      struct tote_error *err)
{
    int signal_fd = tote_signals_open(false, err);
    if (signal_fd < 0)
        return signal_fd;
    struct tote_conformance_config config = {
        .slots = TOTE_CONFORMANCE_SLOTS,
        .ready_s =
            settings->timeout_s > 0 ? settings->timeout_s : TOTE_CONFORMANCE_READY_S,
        .answer_s =
            settings->timeout_s > 0 ? settings->timeout_s : TOTE_CONFORMANCE_ANSWER_S,
        .only = settings->point,
        .signal_fd = signal_fd,
        .log_fd = -1,
    };
    struct shown shown = {.points = settings->is_json ? json_array() : NULL};
    int failed = tote_conformance_run(engine, &config, show, &shown, err);
    if (failed >= 0 && show_end(engine, &shown, failed) < 0)
        failed = tote_error_set(err, -EIO, "cannot write the result");
    json_decref(shown.points);
    if (failed == -EINTR)
        tote_signals_die(tote_signals_take(signal_fd));
    tote_signals_close(signal_fd);
    return failed;
}
