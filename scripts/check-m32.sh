#!/bin/sh
# What parses untrusted bytes is compiled for 32 bits and replays the fuzz corpora, for there a size_t
# is no wider than a length on the wire. Only targets that need no 32-bit libcrypto can be linked.
set -eu
cd "$(dirname "$0")/.."

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
flags="-m32 -O1 -g -std=c11 -Wall -Wextra -Wconversion -Wsign-conversion -Werror -Iinclude -Isrc"
# shellcheck disable=SC2086 # lists of words
{
    for source in src/base/*.c src/codec/*.c src/evidence/*.c src/x509/*.c; do
        [ -e "$source" ] || continue
        gcc $flags -c -o "$dir/$(echo "$source" | tr / _).o" "$source"
    done
    ar rcs "$dir/parsers.a" "$dir"/*.o

    ran=
    for source in fuzz/fuzz_*.c; do
        [ -e "$source" ] || continue
        grep -qE '^#include <(openssl|jansson)' "$source" && continue
        name=$(basename "$source" .c | sed 's/^fuzz_//')
        gcc $flags -o "$dir/$name" "$source" fuzz/replay.c "$dir/parsers.a" 2>"$dir/log" || {
            grep -q 'undefined reference' "$dir/log" && continue
            cat "$dir/log" >&2
            exit 1
        }
        "$dir/$name" "fuzz/corpus/$name" >"$dir/log" 2>&1 || {
            cat "$dir/log" >&2
            echo "error: fuzz target $name fails on 32 bits" >&2
            exit 1
        }
        ran="$ran $name"
    done
}
[ -n "$ran" ] || {
    echo "error: no fuzz target could be linked for 32 bits" >&2
    exit 1
}
echo "compiled for 32 bits; replayed:$ran"
