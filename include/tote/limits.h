/* SPDX-License-Identifier: MIT */
/* limits.h: every limit of the engine protocol, in one place (docs/protocol.md). */
#ifndef TOTE_LIMITS_H
#define TOTE_LIMITS_H

#include <stdint.h>

#define TOTE_PROTOCOL_LEAST 1
#define TOTE_PROTOCOL_MOST  1

#define TOTE_LINE_MAX        (1u << 20)          /* bytes of a line, newline included */
#define TOTE_BATCH_MAX       4096u               /* tasks of a batch */
#define TOTE_BAG_MAX         (UINT64_C(1) << 40) /* tasks of a bag */
#define TOTE_SEED_MAX        ((UINT64_C(1) << 63) - 1)
#define TOTE_WORKERS_MAX     4096u /* workers and slots of a run */
#define TOTE_NAME_MAX        64    /* bytes of an engine's or kernel's name */
#define TOTE_KERNEL_SPEC_MAX 1024  /* bytes of "zfp:accuracy=1e-3" */
#define TOTE_WHY_MAX         1024  /* bytes of a sentence on the wire */
#define TOTE_DEPTH_MAX       8     /* nesting of JSON objects */
#define TOTE_TRAVEL_MAX      1024u /* files to the worker, and back, of a batch */
#define TOTE_PATH_MAX        4096  /* bytes of a file's path, NUL included */

#endif
