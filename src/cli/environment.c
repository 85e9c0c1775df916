/* SPDX-License-Identifier: MIT */
/* environment.c: see environment.h. */
#include "cli/environment.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "cli/cores.h"

static void cpu_model(char *into, size_t size)
{
    char line[512];
    FILE *file = fopen("/proc/cpuinfo", "re");
    snprintf(into, size, "unknown");
    while (file && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon) {
            snprintf(into, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    if (file)
        fclose(file);
}

static void memory_of_machine(char *into, size_t size)
{
    struct sysinfo info;
    if (sysinfo(&info) == 0)
        snprintf(into, size, "%" PRIu64, (uint64_t)info.totalram * info.mem_unit);
    else
        snprintf(into, size, "unknown");
}

static void load_average(char *into, size_t size)
{
    double loads[3];
    if (getloadavg(loads, 3) == 3)
        snprintf(into, size, "%.2f %.2f %.2f", loads[0], loads[1], loads[2]);
    else
        snprintf(into, size, "unknown");
}

int tote_environment_note(struct tote_store *store, struct tote_error *err)
{
    struct utsname name;
    char kernel[sizeof name.sysname + sizeof name.release + sizeof name.machine + 2];
    char cpu[256], cores[24], usable[24], load[64], memory[24];
    if (uname(&name) == 0)
        snprintf(kernel, sizeof kernel, "%s %s %s", name.sysname, name.release,
                 name.machine);
    else
        snprintf(kernel, sizeof kernel, "unknown");
    cpu_model(cpu, sizeof cpu);
    snprintf(cores, sizeof cores, "%" PRIu64, tote_cores_online());
    snprintf(usable, sizeof usable, "%" PRIu64, tote_cores_usable());
    load_average(load, sizeof load);
    memory_of_machine(memory, sizeof memory);
    const char *const pairs[][2] = {
        {"environment.tote", TOTE_VERSION},
        {"environment.kernel", kernel},
        {"environment.cpu", cpu},
        {"environment.cores", cores},
        {"environment.cores_usable", usable},
        {"environment.load", load},
        {"environment.memory", memory},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        int rc = tote_store_set(store, pairs[i][0], pairs[i][1], err);
        if (rc < 0)
            return rc;
    }
    return 0;
}
