/* SPDX-License-Identifier: MIT */
/* experiment.c: blocks of runs in random order, and the limit among them (experiment.h). */
#include "core/experiment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/capture.h"

/* --- order --- */

/* SplitMix64 (Steele, Lea & Flood, OOPSLA 2014): one step a call. */
static uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void tote_experiment_order(uint64_t seed, uint32_t block, size_t n, size_t *ret_order)
{
    uint64_t state = seed ^ ((uint64_t)block << 32);
    random_next(&state);
    for (size_t i = 0; i < n; i++)
        ret_order[i] = i;
    for (size_t i = n; i > 1; i--) { /* Fisher-Yates; the bias of % is below 1e-17 */
        size_t j = random_next(&state) % i, kept = ret_order[i - 1];
        ret_order[i - 1] = ret_order[j];
        ret_order[j] = kept;
    }
}

/* --- the limit --- */

/* Reads "limit tasks=N threads=P wall_ns=T digest=HEX". */
static int limit_parse(const char *text, struct tote_limit_row *row, struct tote_error *err)
{
    unsigned threads;
    char digest[TOTE_DIGEST_TEXT_MAX];
    int n = sscanf(text,
                   "limit tasks=%" SCNu64 " threads=%u wall_ns=%" SCNd64 " digest=%32s",
                   &row->tasks, &threads, &row->wall_ns, digest);
    if (n != 4 || tote_digest_parse(digest, &row->digest) < 0)
        return tote_error_set(err, -EPROTO, "tote-task --limit printed '%.*s'",
                              (int)strcspn(text, "\n"), text);
    row->threads = threads;
    return 0;
}

static int limit_capture(const struct tote_run_config *run, struct tote_capture *said,
                         struct tote_error *err)
{
    char program[PATH_MAX], kernel[TOTE_KERNEL_SPEC_MAX + 16], size[32], seed[32],
        count[32], threads[32];
    int rc = tote_program_find("tote-task", program, err);
    if (rc < 0)
        return rc;
    snprintf(kernel, sizeof kernel, "--kernel=%s", run->bag->kernel);
    snprintf(size, sizeof size, "--size=%" PRIu64, run->bag->size);
    snprintf(seed, sizeof seed, "--seed=%" PRIu64, run->bag->seed);
    snprintf(count, sizeof count, "--count=%" PRIu64, run->bag->tasks);
    snprintf(threads, sizeof threads, "--threads=%u", run->workers);
    char *const argv[] = {program, kernel, size,    seed,
                          count,   threads, (char *)"--limit", NULL};
    struct tote_capture_config config = {.argv = argv, .signal_fd = run->signal_fd};
    rc = tote_capture_run(&config, said, err);
    if (rc == 0 && said->out_n == 0)
        rc = tote_error_set(err, -EPROTO, "tote-task --limit ended with status %d: %.*s",
                            said->status, (int)strcspn(said->err, "\n"), said->err);
    return rc;
}

static int take_signal(int fd)
{
    struct signalfd_siginfo info;
    return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

static int run_limit(const struct tote_experiment_config *config, uint32_t block,
                     struct tote_store *store, int *ret_signal, struct tote_error *err)
{
    struct tote_capture *said = malloc(sizeof *said);
    if (!said)
        return tote_error_set(err, -ENOMEM, "out of memory for the limit");
    struct tote_error why = {0};
    struct tote_limit_row row = {.block = block};
    int rc = limit_capture(&config->run, said, &why);
    if (rc == -EINTR) {
        *ret_signal = take_signal(config->run.signal_fd);
        rc = TOTE_RUN_STOPPED;
    } else if (rc == 0) {
        rc = limit_parse(said->out, &row, &why);
        if (rc == 0)
            rc = tote_store_add_limit(store, &row, &why);
    }
    free(said);
    return rc < 0 ? tote_error_set(err, rc, "the limit: %s", why.text) : rc;
}

/* --- runs --- */

static int run_cell(const struct tote_experiment_config *config, size_t cell,
                    uint32_t block, struct tote_store *store, int *ret_signal,
                    struct tote_error *err)
{
    struct tote_run_config run = config->run;
    run.engine = &config->cells[cell];
    struct tote_run_row row = {.cell = (int64_t)cell + 1, .block = block};
    int rc = tote_run(&run, store, &row, ret_signal, err);
    tote_run_row_finish(&row);
    return rc;
}

/* The limit is the cell after the last. */
static int run_one(const struct tote_experiment_config *config, size_t cell,
                   uint32_t block, struct tote_store *store, int *ret_signal,
                   struct tote_error *err)
{
    bool is_limit = cell == config->n_cells;
    if (config->begin)
        config->begin(config->run.context,
                      is_limit ? "limit" : config->cells[cell].label, block);
    return is_limit ? run_limit(config, block, store, ret_signal, err)
                    : run_cell(config, cell, block, store, ret_signal, err);
}

int tote_experiment(const struct tote_experiment_config *config,
                    struct tote_store *store, int *ret_signal, struct tote_error *err)
{
    size_t order[TOTE_CELLS_MAX + 1];
    tote_ns_t deadline = tote_clock_monotonic() +
                         (tote_ns_t)(config->budget_s * (double)TOTE_NS_PER_S);
    for (uint32_t block = 1; block <= config->blocks; block++) {
        tote_experiment_order(config->order_seed, block, config->n_cells + 1, order);
        for (size_t i = 0; i <= config->n_cells; i++) {
            if (block > 1 && tote_clock_monotonic() >= deadline)
                return TOTE_EXPERIMENT_BUDGET;
            int rc = run_one(config, order[i], block, store, ret_signal, err);
            if (rc < 0)
                return rc;
            if (rc == TOTE_RUN_STOPPED)
                return TOTE_EXPERIMENT_SIGNAL;
        }
    }
    return TOTE_EXPERIMENT_DONE;
}
