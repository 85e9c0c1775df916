/* SPDX-License-Identifier: MIT */
/* sampler.c: see sampler.h. */
#include "account/sampler.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "account/listing.h"
#include "account/proc.h"
#include "account/tree.h"

#define TASK_PROGRAM  "tote-task" /* as the kernel calls it */
#define SAMPLES_LEAST 3           /* whatever they cost: who works shows early */
#define TEXT_MAX      65536       /* of one file: longer ones are read in part */

/* When something that costs is done next. */
struct pace {
    tote_ns_t period_ns, next_ns;
};

struct tote_sampler {
    struct tote_sampler_config config;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards the four below */
    pthread_cond_t change;
    bool is_last, has_last; /* the reading before stop is wanted; is there */
    bool is_over;
    int64_t *announced; /* waiting to be told to the tree */
    size_t n_announced;

    /* The thread's, until it is joined. */
    int proc;
    struct tote_listing listing;
    struct tote_tree tree;
    struct tote_usage_row row;
    struct pace processes, memory;
    int64_t tick_ns;
    char text[TEXT_MAX];
};

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* --- processes --- */

static size_t read_file(struct tote_sampler *sampler, pid_t pid, const char *name)
{
    return tote_listing_file(sampler->proc, pid, name, sampler->text, TEXT_MAX);
}

/* Its pid inside the box never changes: asked once. */
static pid_t inner_of(struct tote_sampler *sampler, pid_t pid)
{
    if (!sampler->config.has_namespaces)
        return pid;
    return read_file(sampler, pid, "status") > 0
               ? tote_proc_parse_inner(sampler->text, 1)
               : 0;
}

/* One that vanishes meanwhile is gone: what it used is its parent's to tell. */
static bool see_process(struct tote_sampler *sampler, pid_t pid, int64_t *threads)
{
    struct tote_proc_stat stat;
    if (read_file(sampler, pid, "stat") == 0 ||
        !tote_proc_parse_stat(sampler->text, &stat))
        return false;
    tote_ns_t own_ns = tote_clock_process_cpu(pid); /* ticks are too coarse for it */
    if (own_ns < 0)
        return false;
    struct tote_tree_process process = {
        .pid = pid,
        .parent = stat.parent,
        .start = stat.start,
        .is_task = strcmp(stat.name, TASK_PROGRAM) == 0,
        .own_ns = own_ns,
        .reaped_ns = stat.reaped * sampler->tick_ns,
    };
    if (!tote_tree_knows(&sampler->tree, &process))
        process.inner = inner_of(sampler, pid);
    tote_tree_see(&sampler->tree, &process);
    *threads += stat.threads;
    return true;
}

static void read_processes(struct tote_sampler *sampler)
{
    struct tote_usage_row *row = &sampler->row;
    int64_t processes = 0, threads = 0;
    if (tote_listing_read(&sampler->listing) < 0) {
        sampler->tree.has_failed = true;
        return;
    }
    tote_tree_begin(&sampler->tree);
    for (size_t i = 0; i < sampler->listing.n; i++) {
        const struct tote_listed *item = &sampler->listing.items[i];
        if (item->whose == TOTE_WHOSE_BOX)
            processes += see_process(sampler, item->pid, &threads);
    }
    tote_tree_end(&sampler->tree);
    struct tote_tree_split split = tote_tree_split(&sampler->tree);
    row->control_ns = split.control_ns;
    row->worker_ns = split.worker_ns;
    row->samples++;
    row->processes = larger(row->processes, processes);
    row->threads = larger(row->threads, threads);
}

/* --- memory, descriptors, network --- */

/* Since Linux 6.2 the size of the folder says it. */
static int64_t count_descriptors(const struct tote_sampler *sampler, pid_t pid)
{
    char path[32];
    struct stat info;
    snprintf(path, sizeof path, "%d/fd", (int)pid);
    if (fstatat(sampler->proc, path, &info, 0) == 0 && info.st_size > 0)
        return info.st_size;
    int fd = openat(sampler->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    int64_t n = 0;
    if (!folder) {
        if (fd >= 0)
            close(fd);
        return 0;
    }
    for (struct dirent *entry; (entry = readdir(folder));)
        n += entry->d_name[0] != '.';
    closedir(folder);
    return n;
}

struct memory {
    int64_t bytes, by_pss, by_rss; /* the last two: processes */
};

/* Its proportional set size; where that may not be read, its resident set. */
static void add_memory(struct tote_sampler *sampler, pid_t pid, struct memory *memory)
{
    int64_t bytes = -1;
    if (read_file(sampler, pid, "smaps_rollup") > 0)
        bytes = tote_proc_parse_kb(sampler->text, "Pss");
    if (bytes >= 0) {
        memory->by_pss++;
    } else if (read_file(sampler, pid, "status") > 0) {
        bytes = tote_proc_parse_kb(sampler->text, "VmRSS"); /* none: it is a zombie */
        memory->by_rss += bytes >= 0;
    }
    memory->bytes += bytes >= 0 ? bytes : 0;
}

static void keep_memory(struct tote_usage_row *row, const struct memory *memory)
{
    if (memory->by_pss + memory->by_rss == 0 || memory->bytes <= row->memory_bytes)
        return;
    row->memory_bytes = memory->bytes;
    row->memory_ns = tote_clock_monotonic();
    snprintf(
        row->memory_how, sizeof row->memory_how, "%s%s%s", memory->by_pss ? "pss" : "",
        memory->by_pss && memory->by_rss ? " and " : "", memory->by_rss ? "rss" : "");
}

static void read_loopback(struct tote_sampler *sampler)
{
    struct tote_usage_row *row = &sampler->row;
    if (sampler->config.has_own_network &&
        read_file(sampler, sampler->config.init, "net/dev") > 0)
        row->loopback_bytes =
            larger(row->loopback_bytes, tote_proc_parse_loopback(sampler->text));
}

/* The kernel walks over all connections of the machine to list those of a box: it is
 * asked once, and only if there are any. */
static void read_ports(struct tote_sampler *sampler)
{
    static const struct {
        const char *count, *protocol, *list;
    } all[] = {{"net/sockstat", "TCP", "net/tcp"},
               {"net/sockstat6", "TCP6", "net/tcp6"}};
    struct tote_usage_row *row = &sampler->row;
    pid_t init = sampler->config.init;
    if (!sampler->config.has_own_network)
        return;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        int64_t n = read_file(sampler, init, all[i].count) > 0
                        ? tote_proc_parse_sockets(sampler->text, all[i].protocol)
                        : TOTE_UNKNOWN;
        if (n != 0 && read_file(sampler, init, all[i].list) == 0)
            continue;
        row->has_ports = true;
        if (n != 0)
            tote_proc_add_ports(sampler->text, row->ports, sizeof row->ports);
    }
}

/* The init is a copy of tote: its memory and descriptors are nobody's cost. */
static void read_memory(struct tote_sampler *sampler)
{
    struct tote_usage_row *row = &sampler->row;
    struct memory memory = {0};
    int64_t descriptors = 0;
    for (size_t i = 0; i < sampler->listing.n; i++) {
        const struct tote_listed *item = &sampler->listing.items[i];
        if (item->whose != TOTE_WHOSE_BOX || item->pid == sampler->config.init)
            continue;
        add_memory(sampler, item->pid, &memory);
        descriptors += count_descriptors(sampler, item->pid);
    }
    keep_memory(row, &memory);
    if (descriptors > 0)
        row->descriptors = larger(row->descriptors, descriptors);
    read_loopback(sampler);
}

/* --- the thread --- */

/* Of what the box has used, as far as it was read. */
static bool is_dear(const struct tote_sampler *sampler)
{
    const struct tote_usage_row *row = &sampler->row;
    double box_ns = (double)(row->control_ns + row->worker_ns);
    return (double)tote_clock_thread_cpu() > TOTE_SAMPLER_DEAR * box_ns;
}

/* The dearer, the rarer. */
static void pace_on(const struct tote_sampler *sampler, struct pace *pace,
                    tote_ns_t cost_ns)
{
    tote_ns_t rest_ns =
        larger(pace->period_ns, (tote_ns_t)((double)cost_ns / TOTE_SAMPLER_SHARE));
    if (sampler->row.samples >= SAMPLES_LEAST && is_dear(sampler))
        rest_ns = larger(rest_ns, TOTE_SAMPLER_REST_MS * TOTE_NS_PER_MS);
    pace->next_ns = tote_clock_monotonic() + rest_ns;
}

static void do_paced(struct tote_sampler *sampler, struct pace *pace, bool is_wanted,
                     void (*read)(struct tote_sampler *sampler))
{
    if (!is_wanted && tote_clock_monotonic() < pace->next_ns)
        return;
    tote_ns_t before = tote_clock_thread_cpu();
    read(sampler);
    pace_on(sampler, pace, tote_clock_thread_cpu() - before);
}

static void take_announced(struct tote_sampler *sampler)
{
    for (size_t i = 0; i < sampler->n_announced; i++)
        tote_tree_announce(&sampler->tree, sampler->announced[i]);
    sampler->n_announced = 0;
}

/* With the mutex. */
static void wait_for(struct tote_sampler *sampler)
{
    tote_ns_t next = sampler->processes.next_ns;
    struct timespec until = {.tv_sec = next / TOTE_NS_PER_S,
                             .tv_nsec = next % TOTE_NS_PER_S};
    while (!sampler->is_over && !sampler->is_last && tote_clock_monotonic() < next)
        if (pthread_cond_timedwait(&sampler->change, &sampler->mutex, &until) ==
            ETIMEDOUT)
            break;
}

/* Memory is read at the end too: a short run has no other time for it. */
static void *sample(void *context)
{
    struct tote_sampler *sampler = context;
    pthread_mutex_lock(&sampler->mutex);
    while (!sampler->is_over && !sampler->has_last) {
        bool is_last = sampler->is_last;
        take_announced(sampler);
        pthread_mutex_unlock(&sampler->mutex);
        do_paced(sampler, &sampler->processes, is_last, read_processes);
        do_paced(sampler, &sampler->memory, is_last, read_memory);
        if (is_last)
            read_ports(sampler);
        sampler->row.sampler_ns = tote_clock_thread_cpu();
        pthread_mutex_lock(&sampler->mutex);
        sampler->has_last = is_last;
        if (is_last)
            pthread_cond_broadcast(&sampler->change);
        else
            wait_for(sampler);
    }
    pthread_mutex_unlock(&sampler->mutex);
    return NULL;
}

/* --- from outside --- */

static void destroy(struct tote_sampler *sampler)
{
    if (sampler->proc >= 0)
        close(sampler->proc);
    tote_listing_finish(&sampler->listing);
    tote_tree_finish(&sampler->tree);
    pthread_cond_destroy(&sampler->change);
    pthread_mutex_destroy(&sampler->mutex);
    free(sampler->announced);
    free(sampler);
}

static void set_unknown(struct tote_usage_row *row)
{
    *row = (struct tote_usage_row){
        .samples = TOTE_UNKNOWN,
        .control_ns = TOTE_UNKNOWN,
        .worker_ns = TOTE_UNKNOWN,
        .teardown_ns = TOTE_UNKNOWN,
        .tote_ns = TOTE_UNKNOWN,
        .sampler_ns = TOTE_UNKNOWN,
        .memory_bytes = TOTE_UNKNOWN,
        .memory_ns = TOTE_UNKNOWN,
        .loopback_bytes = TOTE_UNKNOWN,
        .processes = TOTE_UNKNOWN,
        .threads = TOTE_UNKNOWN,
        .descriptors = TOTE_UNKNOWN,
    };
}

struct tote_sampler *tote_sampler_start(const struct tote_sampler_config *config)
{
    struct tote_sampler *sampler = calloc(1, sizeof *sampler);
    if (!sampler)
        return NULL;
    pthread_condattr_t attr;
    sampler->config = *config;
    sampler->tick_ns = TOTE_NS_PER_S / sysconf(_SC_CLK_TCK);
    sampler->processes.period_ns = TOTE_SAMPLER_PERIOD_MS * TOTE_NS_PER_MS;
    sampler->memory.period_ns = TOTE_SAMPLER_MEMORY_MS * TOTE_NS_PER_MS;
    sampler->memory.next_ns = tote_clock_monotonic() + sampler->processes.period_ns;
    set_unknown(&sampler->row);
    sampler->row.samples = 0;
    pthread_mutex_init(&sampler->mutex, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&sampler->change, &attr);
    pthread_condattr_destroy(&attr);
    sampler->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    tote_listing_init(&sampler->listing, sampler->proc, config->init);
    tote_tree_init(&sampler->tree, config->init);
    if (sampler->proc < 0 ||
        pthread_create(&sampler->thread, NULL, sample, sampler) != 0) {
        destroy(sampler);
        return NULL;
    }
    return sampler;
}

void tote_sampler_announce(struct tote_sampler *sampler, int64_t pid)
{
    if (!sampler || pid <= 0)
        return;
    pthread_mutex_lock(&sampler->mutex);
    int64_t *more =
        reallocarray(sampler->announced, sampler->n_announced + 1, sizeof *more);
    if (more) { /* else its time is the control plane's */
        sampler->announced = more;
        more[sampler->n_announced++] = pid;
    }
    pthread_mutex_unlock(&sampler->mutex);
}

void tote_sampler_stop(struct tote_sampler *sampler)
{
    if (!sampler)
        return;
    pthread_mutex_lock(&sampler->mutex);
    sampler->is_last = true;
    pthread_cond_broadcast(&sampler->change);
    while (!sampler->has_last)
        pthread_cond_wait(&sampler->change, &sampler->mutex);
    pthread_mutex_unlock(&sampler->mutex);
}

void tote_sampler_finish(struct tote_sampler *sampler, tote_ns_t box_ns,
                         struct tote_usage_row *ret_row)
{
    if (!sampler) {
        set_unknown(ret_row);
        return;
    }
    pthread_mutex_lock(&sampler->mutex);
    sampler->is_over = true;
    pthread_cond_broadcast(&sampler->change);
    pthread_mutex_unlock(&sampler->mutex);
    pthread_join(sampler->thread, NULL);
    struct tote_usage_row *row = &sampler->row;
    struct tote_tree_split split = tote_tree_split(&sampler->tree);
    tote_ns_t read_ns = split.control_ns + split.worker_ns + split.unknown_ns;
    if (sampler->tree.has_failed || row->samples == 0)
        row->control_ns = row->worker_ns = TOTE_UNKNOWN;
    else if (sampler->has_last)
        row->teardown_ns = larger(0, box_ns - read_ns);
    *ret_row = *row;
    destroy(sampler);
}
