/* SPDX-License-Identifier: MIT */
/* halt.c: counts against a condition (halt.h). */
#include "core/halt.h"

bool tote_halt_is_due(const struct tote_halt *halt, uint64_t ok, uint64_t failed,
                      uint64_t tasks)
{
    const uint64_t have[] = {
        [TOTE_HALT_FAIL] = failed,
        [TOTE_HALT_SUCCESS] = ok,
        [TOTE_HALT_DONE] = ok + failed,
    };
    uint64_t n = have[halt->what];
    if (halt->when == TOTE_HALT_NEVER || n == 0)
        return false;
    if (halt->count > 0)
        return n >= halt->count;
    if (tasks == 0 || (halt->what == TOTE_HALT_FAIL && ok + failed < TOTE_HALT_LEAST))
        return false;
    return (double)n >= halt->percent / 100 * (double)tasks;
}
