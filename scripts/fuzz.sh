#!/bin/bash
# fuzz.sh [NAME…]: runs these fuzz targets (default all) of the fuzz preset for RATLS_FUZZ_SECONDS each
# (default 20). New inputs go to build-fuzz/corpus/NAME, what breaks a target to build-fuzz/findings.
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -gt 0 ] || set -- $(cd fuzz && ls fuzz_*.c | sed 's/^fuzz_\(.*\)\.c$/\1/')
export RATLS_FUZZ_SECONDS=${RATLS_FUZZ_SECONDS:-20}
mkdir -p build-fuzz/findings

fuzz_one() {
    mkdir -p "build-fuzz/corpus/$1"
    log=build-fuzz/$1.log
    if "build-fuzz/bin/fuzz_$1" -max_total_time="$RATLS_FUZZ_SECONDS" -timeout=10 -max_len=65536 \
        -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="build-fuzz/findings/$1-" \
        "build-fuzz/corpus/$1" "fuzz/corpus/$1" >"$log" 2>&1; then
        awk -v name="$1" '/number_of_executed_units/ { print "fuzz_" name ": " $2 " inputs, no finding" }' "$log"
    else
        tail -n 60 "$log" >&2
        echo "error: fuzz_$1 has a finding; the input is in build-fuzz/findings" >&2
        return 1
    fi
}
export -f fuzz_one
printf '%s\n' "$@" | xargs -P "$(nproc)" -I NAME bash -c 'fuzz_one NAME'
