/* SPDX-License-Identifier: MIT */
/* halt.h: when to give up before the end of the bag; as GNU parallel's --halt. Pure. */
#ifndef TOTE_HALT_H
#define TOTE_HALT_H

#include <stdbool.h>
#include <stdint.h>

enum tote_halt_when { TOTE_HALT_NEVER, TOTE_HALT_SOON, TOTE_HALT_NOW };
enum tote_halt_what { TOTE_HALT_FAIL, TOTE_HALT_SUCCESS, TOTE_HALT_DONE };

/* Percent of failures mean something only once so many tasks have a result. */
#define TOTE_HALT_LEAST 3

/* Soon: nothing more is handed out, what runs may end; now: it is stopped. */
struct tote_halt {
    enum tote_halt_when when;
    enum tote_halt_what what; /* tasks that have such a result, in this run */
    uint64_t count;           /* so many; 0: percent counts */
    double percent;           /* of all tasks; while the bag still grows it waits */
};

/* Whether the condition is true after so many results of this run. tasks: of the bag,
 * 0 while that still grows. */
bool tote_halt_is_due(const struct tote_halt *halt, uint64_t ok, uint64_t failed,
                      uint64_t tasks);

#endif
