#!/bin/sh
# SPDX-License-Identifier: MIT
# run_ray.sh: one bag on Ray, which is installed for tote first where it is not.
#
#     TASKS=12 N=200000 CPUS=3 KERNEL=zfp ./scripts/run_ray.sh
#
# These are the defaults; KERNEL is zfp, zlib or whatever `tote kernels` lists. The last line
# of standard output is the summary. The log and the store are left in results/.
set -eu
cd "$(dirname "$0")/.."

TASKS=${TASKS:-12} N=${N:-200000} CPUS=${CPUS:-3} KERNEL=${KERNEL:-zfp}
results=${RESULTS:-results}

. scripts/run_one.sh
rm -f "$results/ray.log"
run_one ray ray "$CPUS" --engine-log "$results/ray.log"
