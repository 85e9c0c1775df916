#!/bin/sh
# SPDX-License-Identifier: MIT
# run_workqueue.sh: one bag on Work Queue, on a port of this machine's network.
#
#     PORT=9233 TASKS=12 N=200000 WORKERS=3 KERNEL=zfp ./scripts/run_workqueue.sh
#
# These are the defaults; KERNEL is zfp, zlib or whatever `tote kernels` lists. The last line
# of standard output is the summary. Logs and the store are left in results/.
set -eu
cd "$(dirname "$0")/.."

PORT=${PORT:-9233} TASKS=${TASKS:-12} N=${N:-200000} WORKERS=${WORKERS:-3} KERNEL=${KERNEL:-zfp}
results=${RESULTS:-results}

. scripts/run_one.sh
run_one wq "workqueue:port=$PORT,manager-log=$results/workqueue_manager.log,workers-log=$results/workqueue_workers.log" \
    "$WORKERS"
