#!/bin/sh
# Each public header compiles alone, as C11 and as C++.
set -eu
cd "$(dirname "$0")/.."

warnings="-Wall -Wextra -pedantic -Werror"
cxx=$(command -v g++ || command -v clang++ || command -v clang++-14) || {
    echo "error: no C++ compiler; install g++" >&2
    exit 1
}
for header in include/ratls/*.h; do
    name=${header#include/}
    # shellcheck disable=SC2086 # a list of words
    {
        echo "#include \"$name\"" | ${CC:-gcc} -std=c11 $warnings -Iinclude -fsyntax-only -x c -
        echo "#include \"$name\"" | "$cxx" -std=c++11 $warnings -Iinclude -fsyntax-only -x c++ -
    } || {
        echo "error: $header does not compile alone; it must include what it uses" >&2
        exit 1
    }
done
set -- include/ratls/*.h
echo "$# public headers compile alone"
