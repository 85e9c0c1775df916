/* SPDX-License-Identifier: MIT */
/* courier_travel.c: which files move with a batch, where they lie here, and what they
 * are called on the way (courier_state.h). Not for what is in them. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "core/courier_state.h"

#define THERE_MAX 48 /* bytes of "in-4095-255" */

/* Texts that the travel borrows: a list of allocations, freed together. */
struct tote_courier_names {
    struct tote_courier_names *next;
    char text[];
};

/* --- texts and lists --- */

static void clear_travel(struct tote_courier *courier)
{
    while (courier->names) {
        struct tote_courier_names *name = courier->names;
        courier->names = name->next;
        free(name);
    }
    courier->travel.n_inputs = courier->travel.n_outputs = 0;
}

static char *keep_name(struct tote_courier *courier, const char *folder,
                       const char *name)
{
    size_t n = strlen(folder) + strlen(name) + 2;
    struct tote_courier_names *kept = malloc(sizeof *kept + n);
    if (!kept)
        return NULL;
    snprintf(kept->text, n, "%s%s%s", folder, folder[0] ? "/" : "", name);
    kept->next = courier->names;
    courier->names = kept;
    return kept->text;
}

static int add_file(struct tote_travel_file **files, size_t *n, const char *here,
                    const char *there, struct tote_error *err)
{
    bool is_full = (*n & (*n - 1)) == 0; /* room grows at powers of two, and at 0 */
    struct tote_travel_file *larger =
        is_full ? reallocarray(*files, *n ? 2 * *n : 1, sizeof *larger) : *files;
    if (!larger)
        return tote_error_set(err, -ENOMEM, "out of memory for the files of a batch");
    *files = larger;
    if (!here || !there)
        return tote_error_set(err, -ENOMEM, "out of memory for the files of a batch");
    larger[(*n)++] = (struct tote_travel_file){.here = here, .there = there};
    return 0;
}

static int add_input(struct tote_courier *courier, const char *here, const char *there,
                     struct tote_error *err)
{
    int rc = add_file(&courier->inputs, &courier->travel.n_inputs, here, there, err);
    courier->travel.inputs = courier->inputs;
    return rc;
}

static int add_output(struct tote_courier *courier, const char *here, const char *there,
                      struct tote_error *err)
{
    int rc = add_file(&courier->outputs, &courier->travel.n_outputs, here, there, err);
    courier->travel.outputs = courier->outputs;
    return rc;
}

int tote_courier_travel_begin(struct tote_courier *courier,
                              const struct tote_batch *batch, struct tote_error *err)
{
    char name[TOTE_SLICE_NAME_MAX];
    clear_travel(courier);
    tote_slice_name(batch->first, batch->count, batch->attempt, false, name);
    int rc =
        add_input(courier, keep_name(courier, courier->slices, name), "slice", err);
    tote_slice_name(batch->first, batch->count, batch->attempt, true, name);
    if (rc == 0)
        rc =
            add_output(courier, keep_name(courier, courier->slices, name), "pack", err);
    return rc;
}

void tote_courier_travel_finish(struct tote_courier *courier)
{
    clear_travel(courier);
    free(courier->inputs);
    free(courier->outputs);
}

/* --- staging --- */

/* Makes the folders above a file that will come back. */
static int make_parents(const char *root, char *path, struct tote_error *err)
{
    for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        int rc = mkdir(path, 0700) < 0 && errno != EEXIST
                     ? tote_file_fail("make the work folder", path, errno, err)
                     : 0;
        *slash = '/';
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* Both put the names of the way into the files of a command. */
static int stage_ins(struct tote_courier *courier, struct tote_slice_file *ins,
                     size_t n, uint64_t place, struct tote_error *err)
{
    int rc = 0;
    for (size_t k = 0; rc == 0 && k < n; k++) {
        char there[THERE_MAX];
        snprintf(there, sizeof there, "in-%" PRIu64 "-%zu", place, k);
        bool is_absolute = ins[k].path[0] == '/';
        const char *here = keep_name(
            courier, is_absolute ? "" : courier->commands->start, ins[k].path);
        ins[k].path = keep_name(courier, "", there);
        rc = add_input(courier, here, ins[k].path, err);
    }
    return rc;
}

static int stage_outs(struct tote_courier *courier, const char *attempt,
                      struct tote_slice_file *outs, size_t n, uint64_t place,
                      struct tote_error *err)
{
    char *folder = keep_name(courier, courier->attempts, attempt);
    int rc = folder ? 0 : -ENOMEM;
    for (size_t k = 0; rc == 0 && k < n; k++) {
        char there[THERE_MAX];
        snprintf(there, sizeof there, "out-%" PRIu64 "-%zu", place, k);
        char *here = keep_name(courier, folder, outs[k].path);
        outs[k].as = keep_name(courier, "", there);
        rc = add_output(courier, here, outs[k].as, err);
        if (rc == 0)
            rc = make_parents(courier->attempts, here, err);
    }
    return rc < 0 ? tote_error_set(err, rc, "out of memory for a batch") : 0;
}

int tote_courier_travel_add(struct tote_courier *courier,
                            const struct tote_batch *batch,
                            const struct tote_command *command,
                            struct tote_slice_writer *writer, struct tote_error *err)
{
    uint64_t place = command->task - batch->first;
    char attempt[TOTE_ATTEMPT_NAME_MAX];
    struct tote_slice_file ins[TOTE_FILES_MAX], outs[TOTE_FILES_MAX];
    struct tote_command staged = *command;
    for (size_t k = 0; k < command->n_ins; k++)
        ins[k] = command->ins[k];
    for (size_t k = 0; k < command->n_outs; k++)
        outs[k] = command->outs[k];
    tote_commands_attempt_name(command->task, batch->attempt, attempt);
    int rc = stage_ins(courier, ins, command->n_ins, place, err);
    if (rc == 0)
        rc = stage_outs(courier, attempt, outs, command->n_outs, place, err);
    staged.ins = ins;
    staged.outs = outs;
    if (rc == 0)
        tote_slice_add(writer, &staged);
    return rc;
}
