#!/bin/sh
# check-exports.sh [BUILD]: the public headers, cmake/libratls.map and both libraries in BUILD/lib
# (default build/lib) name the same functions.
set -eu
cd "$(dirname "$0")/.."

lib=${1:-build}/lib
if ! [ -e "$lib/libratls.so" ] || ! [ -e "$lib/libratls.a" ]; then
    echo "error: $lib holds no libratls; run ./run build first" >&2
    exit 1
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# The preprocessor takes the comments away, in which functions are named too.
cat include/ratls/*.h | gcc -w -fpreprocessed -E -P -x c - |
    grep -o '\bratls_[a-z0-9_]* *(' | tr -d ' (' | sort -u >"$dir/headers"
sed -n 's/^ *\(ratls_[a-z0-9_]*\);$/\1/p' cmake/libratls.map | sort >"$dir/map"
nm -D --defined-only "$lib/libratls.so" |
    awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort >"$dir/shared"
nm -g --defined-only "$lib/libratls.a" | awk 'NF == 3 { print $3 }' | sort >"$dir/static"

status=0
# same WHAT FILE: it must name exactly what the headers declare.
same() {
    diff -u --label "include/ratls/*.h" --label "$1" "$dir/headers" "$dir/$2" >"$dir/diff" && return
    grep '^[-+][^-+]' "$dir/diff" | sed "s|^-|$1 lacks |; s|^+|not in a public header, but in $1: |"
    status=1
}
same cmake/libratls.map map
same "$lib/libratls.so" shared
same "$lib/libratls.a" static
[ "$status" = 0 ] || {
    echo "error: declare, define and list each public function (and no other)" >&2
    exit 1
}
echo "$(wc -l <"$dir/headers") functions are exported, no others"
