# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# run_one.sh: what run_workqueue.sh and run_ray.sh share; sourced by them, in the folder of
# the project. Not for users.

: "${TASKS:?}" "${N:?}" "${KERNEL:?}" "${results:?}" # of the script that sources this

# The value of a column of a store's one run. Fields of a CSV line may be quoted.
column() {
    "$tote" report "$store" --format csv | awk -v wanted="$1" '
        function cut(line, into,    n, c, i, quoted) {
            n = 1
            into[1] = ""
            for (i = 1; i <= length(line); i++) {
                c = substr(line, i, 1)
                if (c == "\"") quoted = !quoted
                else if (c == "," && !quoted) into[++n] = ""
                else into[n] = into[n] c
            }
            return n
        }
        NR == 1 { n = cut($0, names); for (i = 1; i <= n; i++) if (names[i] == wanted) at = i }
        NR == 2 { cut($0, values); print values[at] }'
}

# run_one PREFIX ENGINE WORKERS [OPTION...]: runs the bag, then prints the summary line.
# Returns what tote returned.
run_one() {
    prefix=$1 engine=$2 workers=$3
    shift 3
    tote=${TOTE_BIN:-build/tote}
    [ -n "${TOTE_BIN:-}" ] || { scripts/setup build && scripts/build --quiet; } || return 1
    case $KERNEL in
    zfp) kernel=zfp:accuracy=1e-3 ;;
    *) kernel=$KERNEL ;;
    esac
    mkdir -p "$results"
    store=$results/${engine%%:*}.tote
    rm -f "$store" "$store-wal" "$store-shm" # of the last time, as its logs are
    status=0
    "$tote" run --engine "$engine" --kernel "$kernel" --tasks "$TASKS" --size "$N" \
        --workers "$workers" --store "$store" "$@" || status=$?
    if [ -e "$store" ]; then
        summary=${prefix}_summary
        for pair in tasks:tasks_total done:tasks_done failed:tasks_failed wall_s:wall_s \
            tasks_per_s:tasks_per_s start_s:start_s steady_tasks_per_s:steady_tasks_per_s \
            kernel:kernel digest:digest; do
            summary="$summary ${pair%%:*}=$(column "${pair##*:}")"
        done
        echo "$summary"
    fi
    return "$status"
}
