#!/bin/sh
# check-exports.sh [BUILD]: for each library in BUILD/lib (default build/lib), its public headers, its
# map in cmake/ and both its forms name the same functions.
set -eu
cd "$(dirname "$0")/.."

lib=${1:-build}/lib
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0

# same WHAT FILE: it must name exactly what the headers declare.
same() {
    diff -u --label "the headers" --label "$1" "$dir/headers" "$dir/$2" >"$dir/diff" && return
    grep '^[-+][^-+]' "$dir/diff" | sed "s|^-|$1 lacks |; s|^+|not in a public header, but in $1: |"
    status=1
}

# check NAME HEADER…
check() {
    name=$1
    shift
    if ! [ -e "$lib/lib$name.so" ] || ! [ -e "$lib/lib$name.a" ]; then
        echo "error: $lib holds no lib$name; run ./run build first" >&2
        exit 1
    fi
    # The preprocessor takes the comments away, in which functions are named too.
    cat "$@" | gcc -w -fpreprocessed -E -P -x c - |
        grep -o '\bratls_[a-z0-9_]* *([^*]' | sed 's/ *(.*//' | sort -u >"$dir/headers"
    sed -n 's/^ *\(ratls_[a-z0-9_]*\);$/\1/p' "cmake/lib$name.map" | sort >"$dir/map"
    nm -D --defined-only "$lib/lib$name.so" |
        awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort >"$dir/shared"
    nm -g --defined-only "$lib/lib$name.a" | awk 'NF == 3 { print $3 }' | sort >"$dir/static"
    same "cmake/lib$name.map" map
    same "$lib/lib$name.so" shared
    same "$lib/lib$name.a" static
    echo "lib$name: $(wc -l <"$dir/headers") functions are exported, no others"
}

# These headers are those of libraries of their own.
others="openssl collateral redis"
# shellcheck disable=SC2046,SC2086 # lists of files and words
check ratls $(ls include/ratls/*.h | grep -vxF "$(printf 'include/ratls/%s.h\n' $others)")
for other in $others; do
    check "ratls-$other" "include/ratls/$other.h"
done
# Who only verifies links no TLS and no network.
if readelf -d "$lib/libratls.so" | grep -E 'NEEDED.*lib(ssl|curl|hiredis)'; then
    echo "error: libratls needs it" >&2
    status=1
fi
[ "$status" = 0 ] || {
    echo "error: declare, define and list each public function (and no other)" >&2
    exit 1
}
