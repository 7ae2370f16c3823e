#!/bin/sh
# What share of the lines the tests of build-coverage reached, folder by folder; fails if it is below
# RATLS_COVERAGE percent (default 95) in a folder that holds untrusted bytes.
set -eu
cd "$(dirname "$0")/.."

least=${RATLS_COVERAGE:-95}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
json=$dir/lines.json
gcovr --root . --filter src/ --json "$json" build-coverage

status=0
for room in src/*/; do
    [ -n "$(find "$room" -name '*.c')" ] || continue
    lines=$(gcovr --root . --add-tracefile "$json" --filter "$room" --print-summary |
        sed -n 's/^lines: //p')
    echo "$room: $lines"
    case $room in src/codec/ | src/evidence/ | src/tee/) ;; *) continue ;; esac
    if [ "$(echo "$lines" | awk -v least="$least" '{ print ($1 + 0 < least) }')" = 1 ]; then
        gcovr --root . --add-tracefile "$json" --filter "$room"
        echo "error: the tests reach less than $least % of the lines in $room" >&2
        status=1
    fi
done
exit "$status"
