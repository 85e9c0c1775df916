/* SPDX-License-Identifier: MIT */
/* fail.c: how a command says that it failed (command.h). */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
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
    }
    return "internal";
}

/* A sentence may quote what the user typed: nothing of it may steer the terminal. */
static void mask_controls(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

/* Returns new text; of a sentence that is not UTF-8, what of it is ASCII. */
static json_t *message_of(const char *text)
{
    json_t *message = json_string(text);
    if (message)
        return message;
    char ascii[TOTE_ERROR_MAX];
    snprintf(ascii, sizeof ascii, "%s", text);
    for (char *at = ascii; *at; at++)
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    return json_string(ascii);
}

int tote_command_fail(bool is_json, enum tote_exit code, const struct tote_error *err)
{
    struct tote_error shown = *err;
    mask_controls(shown.text);
    fprintf(stderr, "tote: %s\n", shown.text);
    if (is_json) {
        json_t *root =
            json_pack("{s:i, s:{s:s, s:i, s:o}}", "schema_version", TOTE_REPORT_SCHEMA,
                      "error", "kind", kind_of(code), "exit_code", (int)code, "message",
                      message_of(shown.text));
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
