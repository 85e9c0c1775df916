/* SPDX-License-Identifier: MIT */
/* strays.h: processes that lost their parent and came to an engine program, since it
 * asked for them: what a killed worker has left. Not for workers themselves (child.h).
 *
 *     tote_strays_adopt();                       // before the first worker
 *     ...
 *     tote_strays_end(is_worker, has_keepers);   // a worker has ended */
#ifndef TOTE_STRAYS_H
#define TOTE_STRAYS_H

#include <stdbool.h>
#include <sys/types.h>

/* From now on who loses its parent below this program becomes its child. */
void tote_strays_adopt(void);

/* Ends and reaps every child for which is_worker says no, with its process group, and
 * what comes to us by that. have_keepers: they hear SIGTERM first, and have a few
 * seconds, since they may be keepers of commands. */
void tote_strays_end(bool (*is_worker)(pid_t pid), bool have_keepers);

#endif
