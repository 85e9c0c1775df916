/* SPDX-License-Identifier: MIT */
/* reading.c: see reading.h. */
#include "account/reading.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "account/proc.h"

#define TEXT_MAX  65536 /* of one file: /proc/stat of many cores is long */
#define CLOCK_MAX 4096  /* cores that are asked for their clock */

/* False: it cannot be read. What does not fit is left out. */
static bool read_file(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    size_t n = 0;
    ssize_t more;
    while (n < size - 1 && (more = read(fd, text + n, size - 1 - n)) > 0)
        n += (size_t)more;
    close(fd);
    text[n] = '\0';
    return n > 0;
}

static tote_ns_t ns_of(struct timeval time)
{
    return (tote_ns_t)time.tv_sec * TOTE_NS_PER_S +
           (tote_ns_t)time.tv_usec * TOTE_NS_PER_US;
}

static tote_ns_t self_cpu(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return ns_of(usage.ru_utime) + ns_of(usage.ru_stime);
}

static void read_cpu(char *text, struct tote_reading_row *row)
{
    struct tote_proc_cpu cpu;
    tote_ns_t tick_ns = TOTE_NS_PER_S / sysconf(_SC_CLK_TCK);
    row->cores = row->busy_ns = row->idle_ns = row->steal_ns = TOTE_UNKNOWN;
    if (!read_file("/proc/stat", text, TEXT_MAX) || !tote_proc_parse_cpu(text, &cpu))
        return;
    row->cores = cpu.cores;
    row->busy_ns = cpu.busy * tick_ns;
    row->idle_ns = cpu.idle * tick_ns;
    row->steal_ns = cpu.steal * tick_ns;
}

static tote_ns_t read_pressure(char *text, const char *path)
{
    return read_file(path, text, TEXT_MAX) ? tote_proc_parse_pressure(text)
                                           : TOTE_UNKNOWN;
}

/* Mean of what the cores say; most virtual machines do not. */
static int64_t read_clock(char *text)
{
    int64_t sum = 0, n = 0;
    for (int core = 0; core < CLOCK_MAX; core++) {
        char path[80];
        snprintf(path, sizeof path,
                 "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq", core);
        if (!read_file(path, text, TEXT_MAX))
            break;
        sum += 1000 * strtoll(text, NULL, 10);
        n++;
    }
    return n > 0 && sum > 0 ? sum / n : TOTE_UNKNOWN;
}

static void take(struct tote_reading_row *row)
{
    char *text = malloc(TEXT_MAX);
    row->at_ns = tote_clock_monotonic();
    row->load_milli = row->cpu_wait_ns = row->memory_wait_ns = row->io_wait_ns =
        row->clock_hz = row->ours_ns = TOTE_UNKNOWN;
    row->cores = row->busy_ns = row->idle_ns = row->steal_ns = TOTE_UNKNOWN;
    if (!text)
        return;
    read_cpu(text, row);
    if (read_file("/proc/loadavg", text, TEXT_MAX))
        row->load_milli = tote_proc_parse_load(text);
    row->cpu_wait_ns = read_pressure(text, "/proc/pressure/cpu");
    row->memory_wait_ns = read_pressure(text, "/proc/pressure/memory");
    row->io_wait_ns = read_pressure(text, "/proc/pressure/io");
    row->clock_hz = read_clock(text);
    free(text);
}

void tote_reading_before(struct tote_reading_pair *pair, enum tote_reading_kind kind)
{
    for (int i = 0; i < 2; i++)
        pair->rows[i] = (struct tote_reading_row){
            .kind = kind, .moment = i == 0 ? TOTE_READING_BEFORE : TOTE_READING_AFTER};
    pair->self_ns = self_cpu();
    take(&pair->rows[0]);
}

tote_ns_t tote_reading_after(struct tote_reading_pair *pair, tote_ns_t box_ns)
{
    take(&pair->rows[1]);
    tote_ns_t self_ns = self_cpu() - pair->self_ns;
    pair->rows[1].ours_ns = box_ns + self_ns;
    return self_ns;
}
