/* SPDX-License-Identifier: MIT */
/* cmd_schema.c: `tote schema [NAME]`: what the documents look like that tote prints. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/schemas.h"

#define SCHEMAS_MAX 64 /* that are suggested from */

static int list_schemas(void)
{
    for (const struct tote_schema *schema = tote_schemas; schema->name; schema++)
        printf("%-15s %s\n", schema->name, schema->title);
    return TOTE_EXIT_OK;
}

static int unknown_schema(const char *name, bool is_json)
{
    const char *names[SCHEMAS_MAX + 1] = {0};
    for (size_t i = 0; i < SCHEMAS_MAX && tote_schemas[i].name; i++)
        names[i] = tote_schemas[i].name;
    const char *near = tote_option_suggest(name, names);
    struct tote_error err = {0};
    tote_error_set(&err, -EINVAL, "unknown schema '%.60s'; %s%s%s", name,
                   near ? "did you mean '" : "'tote schema' lists all",
                   near ? near : "", near ? "'?" : "");
    return tote_command_fail(is_json, TOTE_EXIT_USAGE, &err);
}

static int schema_main(const struct tote_args *args)
{
    if (args->n_arguments == 0)
        return list_schemas();
    const char *name = args->arguments[0];
    for (const struct tote_schema *schema = tote_schemas; schema->name; schema++) {
        if (strcmp(schema->name, name) == 0) {
            fputs(schema->text, stdout);
            return TOTE_EXIT_OK;
        }
    }
    return unknown_schema(name, args->wants_json);
}

const struct tote_subcommand tote_command_schema = {
    .name = "schema",
    .summary = "Print the JSON Schema of a document that tote prints; or list them",
    .synopsis = "[NAME]",
    .examples = "  tote schema\n"
                "  tote schema run > run.schema.json\n",
    .notes = "One schema may refer to another beside it: all of them lie in "
             "share/tote/schema/.\n",
    .most_arguments = 1,
    .run = schema_main,
};
