/* SPDX-License-Identifier: MIT */
/* experiment.c: blocks of runs in random order, and the limit among them
 * (experiment.h). */
#include "core/experiment.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/limit.h"

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

static int take_signal(int fd)
{
    struct signalfd_siginfo info;
    return read(fd, &info, sizeof info) == sizeof info ? (int)info.ssi_signo : 0;
}

static int run_limit(const struct tote_experiment_config *config, uint32_t block,
                     struct tote_store *store, int *ret_signal, struct tote_error *err)
{
    struct tote_limit_row row = {.block = block};
    int rc = tote_limit_run(config->run.bag, config->run.workers, config->run.signal_fd,
                            &row, err);
    if (rc < 0)
        return rc;
    if (rc > 0) {
        *ret_signal = take_signal(config->run.signal_fd);
        return TOTE_RUN_STOPPED;
    }
    return tote_store_add_limit(store, &row, err) < 0 ? -EIO : TOTE_RUN_ENDED;
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

/* An engine that came up in an earlier block and does not now is launched once more:
 * the launch that failed stays in the store, and the report names it. */
static int run_cell_patiently(const struct tote_experiment_config *config, size_t cell,
                              uint32_t block, struct tote_store *store, int *ret_signal,
                              struct tote_error *err)
{
    struct tote_error why = {0};
    int rc = run_cell(config, cell, block, store, ret_signal, &why);
    if (rc == -ENOPKG && block > 1)
        return run_cell(config, cell, block, store, ret_signal, err);
    return rc < 0 ? tote_error_set(err, rc, "%s", why.text) : rc;
}

/* One launch that failed does not throw away what the others have shown. */
static bool is_worth_showing(int rc, bool has_shown)
{
    return has_shown && (rc == -EPROTO || rc == -EPIPE || rc == -EBADMSG ||
                         rc == -E2BIG || rc == -ETIMEDOUT || rc == -ENOPKG);
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
                    : run_cell_patiently(config, cell, block, store, ret_signal, err);
}

int tote_experiment(const struct tote_experiment_config *config,
                    struct tote_store *store, int *ret_signal, struct tote_error *err)
{
    size_t order[TOTE_CELLS_MAX + 1];
    tote_ns_t deadline =
        tote_clock_monotonic() + (tote_ns_t)(config->budget_s * (double)TOTE_NS_PER_S);
    bool has_shown = false; /* a cell has run */
    for (uint32_t block = 1; block <= config->blocks; block++) {
        tote_experiment_order(config->order_seed, block, config->n_cells + 1, order);
        for (size_t i = 0; i <= config->n_cells; i++) {
            if (block > 1 && tote_clock_monotonic() >= deadline)
                return TOTE_EXPERIMENT_BUDGET;
            int rc = run_one(config, order[i], block, store, ret_signal, err);
            if (rc < 0)
                return is_worth_showing(rc, has_shown) ? TOTE_EXPERIMENT_ENGINE : rc;
            if (rc == TOTE_RUN_STOPPED)
                return TOTE_EXPERIMENT_SIGNAL;
            has_shown |= order[i] < config->n_cells;
        }
    }
    return TOTE_EXPERIMENT_DONE;
}
