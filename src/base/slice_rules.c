/* SPDX-License-Identifier: MIT */
/* slice_rules.c: what may be in a slice (slice_rules.h). */
#include "base/slice_rules.h"

#include <errno.h>
#include <string.h>

int tote_slice_end_bytes(struct tote_wire_out *out, const char *name, const char *wrong,
                         const char *needs, void **ret_bytes, size_t *ret_n,
                         struct tote_error *err)
{
    size_t most = out->most;
    if (wrong)
        out->failed = -EINVAL;
    int failed = tote_wire_end(out, ret_bytes, ret_n);
    if (failed == -EINVAL)
        tote_error_set(err, failed, "cannot write the %s of a batch: %s", name, wrong);
    else if (failed == -E2BIG)
        tote_error_set(err, failed, "%s more than %zu MiB", needs, most >> 20);
    else if (failed)
        tote_error_set(err, failed, "no memory for the %s of a batch", name);
    return failed;
}

const char *tote_slice_judge_range(uint64_t first, uint64_t count, uint64_t attempt)
{
    if (count > TOTE_BATCH_MAX || first > TOTE_BAG_MAX || count > TOTE_BAG_MAX - first)
        return "its tasks are not those of a batch";
    return attempt == 0 || attempt > UINT32_MAX ? "its attempt has no number" : NULL;
}

static bool is_env(const struct tote_rules *rules)
{
    for (size_t i = 0; rules->env && i < rules->n_env; i++)
        if (!strchr(rules->env[i], '='))
            return false;
    return true;
}

const char *tote_slice_judge_rules(const struct tote_rules *rules)
{
    if (rules->timeout_ns < 0 || rules->kill_after_ns < 0)
        return "a time in it is negative";
    if (rules->has_late_timeout && (rules->timeout_ns != 0 || rules->is_staged))
        return "it has a time limit, or cannot be told one, and waits for one";
    if (rules->stream_max > TOTE_STREAM_MAX)
        return "its limit of a stream is too large";
    if (!is_env(rules))
        return "a word of its environment has no '='";
    if (!rules->is_staged && (rules->start[0] != '/' || rules->attempts[0] != '/'))
        return "a folder in it is not absolute";
    if (rules->is_staged && (rules->start[0] || rules->attempts[0]))
        return "it is staged and names a folder";
    return rules->is_staged && rules->stays_in_start
               ? "it is staged and asks for the folder where tote was started"
               : NULL;
}

/* Letters, digits, '.', '_' and '-'; so no folder, and never "." or "..". */
static bool is_plain_name(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                            "0123456789._-");
    return n > 0 && n <= 255 && name[n] == '\0' && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

/* Relative, and no component is empty, "." or "..". */
static bool is_inner_path(const char *path)
{
    if (strlen(path) >= TOTE_FILE_NAME_MAX)
        return false;
    for (const char *at = path;; at++) {
        size_t n = strcspn(at, "/");
        if (n == 0 || n > 255 || (n == 1 && at[0] == '.') ||
            (n == 2 && at[0] == '.' && at[1] == '.'))
            return false;
        at += n;
        if (*at == '\0')
            return true;
    }
}

static bool is_input(const struct tote_rules *rules, const struct tote_slice_file *file)
{
    if (file->as[0] && !is_inner_path(file->as))
        return false;
    if (rules->is_staged)
        return is_plain_name(file->path) && file->as[0];
    return file->path[0] == '/' && strlen(file->path) < TOTE_FILE_NAME_MAX;
}

static bool is_output(const struct tote_rules *rules,
                      const struct tote_slice_file *file)
{
    return is_inner_path(file->path) &&
           (rules->is_staged ? is_plain_name(file->as) : file->as[0] == '\0');
}

static const char *judge_files(const struct tote_rules *rules,
                               const struct tote_command *command)
{
    if (command->n_ins > TOTE_FILES_MAX || command->n_outs > TOTE_FILES_MAX)
        return "a command has too many files";
    for (size_t i = 0; i < command->n_ins; i++)
        if (!is_input(rules, &command->ins[i]))
            return "a file that a command reads has no good path";
    for (size_t i = 0; i < command->n_outs; i++)
        if (!is_output(rules, &command->outs[i]))
            return "a file that a command makes has no good path";
    return NULL;
}

const char *tote_slice_judge_command(const struct tote_rules *rules,
                                     const struct tote_command *command)
{
    if (command->n_args == 0 || command->n_args > TOTE_ARGS_N_MAX)
        return "a command has no word, or too many";
    size_t bytes = 0;
    for (size_t i = 0; i < command->n_args && bytes <= TOTE_ARGS_BYTES_MAX; i++)
        bytes += strlen(command->args[i]) + 1;
    if (bytes > TOTE_ARGS_BYTES_MAX)
        return "a command is too long";
    return judge_files(rules, command);
}
