/* SPDX-License-Identifier: MIT */
/* gather_hosts.c: on how many hosts workers were, over all runs (gather.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/gather.h"
#include "store/timeline.h"

#define OWN "localhost" /* as engines name the host that they and tote are on */

struct reading {
    char **names;
    size_t n;
};

static int keep_host(void *context, const struct tote_worker_row *worker)
{
    struct reading *reading = context;
    for (size_t i = 0; i < reading->n; i++) {
        if (strcmp(reading->names[i], worker->host) == 0)
            return 0;
    }
    char **names = reallocarray(reading->names, reading->n + 1, sizeof *names);
    if (!names)
        return -ENOMEM;
    reading->names = names;
    names[reading->n] = strdup(worker->host);
    return names[reading->n++] ? 0 : -ENOMEM;
}

int tote_gather_hosts(struct tote_store *store, struct tote_summary *summary,
                      struct tote_error *err)
{
    struct reading reading = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < summary->n_runs; i++)
        rc = tote_timeline_each_worker(store, summary->runs[i].row.id, keep_host,
                                       &reading, err);
    if (rc == -ENOMEM)
        tote_error_set(err, rc, "out of memory for the report");
    summary->hosts = (struct tote_hosts){.n = reading.n};
    for (size_t i = 0; i < reading.n; i++) {
        if (reading.names[i] && strcmp(reading.names[i], OWN) == 0)
            summary->hosts.has_own = true;
        free(reading.names[i]);
    }
    free(reading.names);
    return rc;
}
