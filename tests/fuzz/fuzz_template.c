/* SPDX-License-Identifier: MIT */
/* fuzz_template.c: templates and items: texts that end with NUL, first flags ("s":
 * shell, "n": named columns, "p": places, "t": staged), then words, an empty text,
 * columns. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "items/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXTS_MAX = 64 };

struct input {
    char *memory;
    const char *words[TEXTS_MAX], *columns[TEXTS_MAX], *names[TEXTS_MAX];
    size_t n_words, n_columns;
    const char *flags;
};

static void split(struct input *input, const uint8_t *data, size_t size)
{
    static const char *const names[] = {"alpha", "b c", "2", "in"};
    input->memory = malloc(size + 1);
    assert(input->memory);
    memcpy(input->memory, data, size);
    input->memory[size] = '\0';
    const char *at = input->memory, *end = at + size;
    input->flags = at;
    at += strlen(at) + 1;
    for (; at <= end && *at && input->n_words < TEXTS_MAX; at += strlen(at) + 1)
        input->words[input->n_words++] = at;
    for (at++; at < end && input->n_columns < TEXTS_MAX; at += strlen(at) + 1) {
        input->names[input->n_columns] = names[input->n_columns % 4];
        input->columns[input->n_columns++] = at;
    }
}

/* What may be published, judged in another way than by path.c. */
static void check_out(const char *path)
{
    char with_ends[TOTE_FILE_NAME_MAX + 2];
    size_t n = strlen(path);
    assert(n > 0 && n < TOTE_FILE_NAME_MAX);
    with_ends[0] = with_ends[n + 1] = '/';
    memcpy(with_ends + 1, path, n);
    with_ends[n + 2] = '\0';
    assert(!strstr(with_ends, "//") && !strstr(with_ends, "/./"));
    assert(!strstr(with_ends, "/../") && !strstr(with_ends, "/.tote-"));
    for (size_t i = 0; i < n; i++)
        assert((unsigned char)path[i] >= ' ' && path[i] != 0x7f);
}

static void check_command(const struct tote_command *command, bool has_shell)
{
    size_t bytes = 0;
    assert(command->n_args >= 1 && command->n_args <= TOTE_ARGS_N_MAX);
    for (size_t i = 0; i < command->n_args; i++)
        bytes += strlen(command->args[i]) + 1;
    assert(bytes <= TOTE_ARGS_BYTES_MAX);
    if (has_shell)
        assert(command->n_args == 3 && !strcmp(command->args[0], "/bin/sh"));
    assert(command->n_ins + command->n_outs <= TOTE_FILES_MAX);
    for (size_t i = 0; i < command->n_ins; i++) {
        assert(command->ins[i].path[0] && command->ins[i].as[0]);
        for (size_t k = 0; k < i; k++)
            assert(strcmp(command->ins[i].path, command->ins[k].path) != 0);
    }
    for (size_t i = 0; i < command->n_outs; i++) {
        check_out(command->outs[i].path);
        for (size_t k = 0; k < i; k++)
            assert(strcmp(command->outs[i].path, command->outs[k].path) != 0);
    }
}

static void check_quotes(const struct tote_command *command)
{
    char *line = tote_shell_join(command->args, command->n_args);
    assert(line);
    free(line);
}

static void expand(const struct input *input, const struct tote_template *template)
{
    bool has_shell = strchr(input->flags, 's'), has_places = strchr(input->flags, 'p');
    const struct tote_places places = {.start = has_places ? "/start" : NULL,
                                       .attempt = has_places ? "/a/1.2" : NULL,
                                       .is_staged = strchr(input->flags, 't')};
    struct tote_expanded expanded = {0};
    struct tote_error err = {0};
    int rc = tote_template_expand(template, input->columns, input->n_columns, 3,
                                  &places, &expanded, &err);
    if (rc < 0) {
        assert((rc == -EINVAL || rc == -E2BIG) && err.text[0] && !expanded.memory);
        return;
    }
    check_command(&expanded.command, has_shell);
    check_quotes(&expanded.command);
    tote_template_key(&expanded.command, NULL, 0);
    tote_expanded_finish(&expanded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {.n_words = 0};
    struct tote_template *template = NULL;
    struct tote_error err = {0};
    split(&input, data, size);
    int rc = tote_template_parse(
        input.words, input.n_words, strchr(input.flags, 'n') ? input.names : NULL,
        input.n_columns, strchr(input.flags, 's'), &template, &err);
    if (rc == 0)
        expand(&input, template);
    else
        assert(rc == -EINVAL && err.text[0] && !template);
    for (const char *c = err.text; *c; c++)
        assert(*c >= ' ' && *c <= '~');
    tote_template_destroy(template);
    free(input.memory);
    return 0;
}
