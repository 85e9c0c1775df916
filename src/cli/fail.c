/* SPDX-License-Identifier: MIT */
/* fail.c: how a command says that it failed (command.h). */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>

#include "cli/command.h"
#include "report/mask.h"
#include "report/report.h"

static const char *kind_of(enum tote_exit code)
{
    switch (code) {
    case TOTE_EXIT_OK:
        return "none";
    case TOTE_EXIT_INTERNAL:
        return "internal";
    case TOTE_EXIT_USAGE:
        return "usage";
    case TOTE_EXIT_TASKS_FAILED:
        return "tasks-failed";
    case TOTE_EXIT_OUTPUTS_DIFFER:
        return "outputs-differ";
    case TOTE_EXIT_ENGINE:
        return "engine";
    case TOTE_EXIT_THRESHOLD:
        return "threshold";
    case TOTE_EXIT_INCONCLUSIVE:
        return "inconclusive";
    }
    return "internal";
}

int tote_command_fail(bool is_json, enum tote_exit code, const struct tote_error *err)
{
    /* It may quote what the user typed, and may have been cut. */
    struct tote_error shown = *err;
    tote_mask_text(shown.text, TOTE_MASK_CONTROLS);
    fprintf(stderr, "tote: %s\n", shown.text);
    if (is_json) {
        json_t *root = json_pack("{s:i, s:{s:s, s:i, s:s}}", "schema_version",
                                 TOTE_REPORT_SCHEMA, "error", "kind", kind_of(code),
                                 "exit_code", (int)code, "message", shown.text);
        if (root)
            json_dumpf(root, stdout, JSON_INDENT(2));
        printf("\n");
        json_decref(root);
    }
    return (int)code;
}

enum tote_exit tote_exit_of(int rc)
{
    switch (rc) {
    case -EINVAL:
    case -EEXIST:
        return TOTE_EXIT_USAGE;
    case -ENOPKG:
    case -ENOEXEC:
    case -EPROTO:
    case -EPIPE:
    case -EBADMSG:
    case -E2BIG:
    case -ETIMEDOUT:
        return TOTE_EXIT_ENGINE;
    default:
        return TOTE_EXIT_INTERNAL;
    }
}
