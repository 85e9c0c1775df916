/* SPDX-License-Identifier: MIT */
/* run_cost.c: see run_cost.h. */
#include "core/run_cost.h"

void tote_run_cost_begin(struct tote_run_cost *cost, bool is_wanted)
{
    *cost = (struct tote_run_cost){.is_wanted = is_wanted};
    if (is_wanted)
        tote_reading_before(&cost->readings, TOTE_READING_RUN);
}

void tote_run_cost_watch(struct tote_run_cost *cost, const struct tote_box *box)
{
    if (cost->is_wanted)
        cost->sampler = tote_sampler_start(&(struct tote_sampler_config){
            .init = box->init,
            .has_namespaces = box->is_full,
            .has_own_network = box->is_full && !box->has_host_network,
        });
}

void tote_run_cost_end(struct tote_run_cost *cost, const struct tote_run_row *row)
{
    tote_ns_t box_ns = row->cpu_user_ns + row->cpu_sys_ns;
    if (!cost->is_wanted)
        return;
    tote_sampler_finish(cost->sampler, box_ns, &cost->usage);
    cost->sampler = NULL;
    tote_ns_t self_ns = tote_reading_after(&cost->readings, box_ns);
    cost->usage.run = row->id;
    cost->usage.tote_ns = self_ns;
    if (cost->usage.sampler_ns >= 0) /* what measures is no part of what is measured */
        cost->usage.tote_ns -= cost->usage.sampler_ns;
    for (int i = 0; i < 2; i++)
        cost->readings.rows[i].subject = row->id;
}

int tote_run_cost_write(const struct tote_run_cost *cost, struct tote_store *store,
                        struct tote_error *err)
{
    if (!cost->is_wanted)
        return 0;
    return tote_store_add_cost(store, &cost->usage, cost->readings.rows, 2, err);
}
