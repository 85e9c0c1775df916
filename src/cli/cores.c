/* SPDX-License-Identifier: MIT */
/* cores.c: see cores.h. */
#include "cli/cores.h"

#include <sched.h>
#include <unistd.h>

#define CORES_MAX (1 << 20) /* no kernel has a set of more: the search ends there */

uint64_t tote_cores_online(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (uint64_t)n : 1;
}

/* Cores in the affinity, read into a set that has room for `room`; 0: it has not
 * enough. */
static uint64_t count_affinity(int room)
{
    cpu_set_t *set = CPU_ALLOC((size_t)room);
    size_t size = CPU_ALLOC_SIZE((size_t)room);
    uint64_t n = 0;
    if (set && sched_getaffinity(0, size, set) == 0)
        n = (uint64_t)CPU_COUNT_S(size, set);
    CPU_FREE(set);
    return n;
}

uint64_t tote_cores_usable(void)
{
    /* A set that is smaller than the kernel's is refused, and the kernel does not say
     * how large its own is. */
    for (int room = CPU_SETSIZE; room <= CORES_MAX; room *= 2) {
        uint64_t n = count_affinity(room);
        if (n > 0)
            return n;
    }
    return tote_cores_online();
}
