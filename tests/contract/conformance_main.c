/* SPDX-License-Identifier: MIT */
/* conformance_main.c: the conformance suite as a program of its own, for its test.
 *
 *     tote-conformance ENGINE [SECONDS [POINT]]
 *
 * Prints "passed POINT SECONDS" or "failed POINT SECONDS WHY" for each point; exits 0
 * if all passed, 3 if not, 5 if the suite cannot be run. Not for users: `tote engines
 * check`. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/conformance.h"

static void show(void *context, const struct tote_conformance_point *point,
                 bool has_passed, const char *why, double seconds)
{
    (void)context;
    printf("%s %s %.2f%s%s\n", has_passed ? "passed" : "failed", point->name, seconds,
           why[0] ? " " : "", why);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    struct tote_conformance_config config = {
        .slots = TOTE_CONFORMANCE_SLOTS,
        .ready_s = argc > 2 ? strtod(argv[2], NULL) : TOTE_CONFORMANCE_READY_S,
        .answer_s = argc > 2 ? strtod(argv[2], NULL) : TOTE_CONFORMANCE_ANSWER_S,
        .only = argc > 3 ? argv[3] : NULL,
        .signal_fd = -1,
        .log_fd = -1,
    };
    struct tote_error err = {0};
    int failed = tote_conformance_run(argv[1], &config, show, NULL, &err);
    if (failed < 0)
        fprintf(stderr, "tote-conformance: %s\n", err.text);
    return failed < 0 ? 5 : failed > 0 ? 3 : 0;
}
