#!/bin/sh
# What can be seen in the text of a file: banned calls, left-over notes, length, format.
set -eu
cd "$(dirname "$0")/.."

status=0
all="src cmd include test fuzz bench examples"

# ban WHY REGEX PLACE…: no line in the C files of these places may match.
ban() {
    why=$1 regex=$2
    shift 2
    # shellcheck disable=SC2038 # no name in the tree has a space
    found=$(find "$@" -name '*.[ch]' | xargs grep -nHE "$regex" /dev/null) || return 0
    echo "$found"
    echo "error: $why" >&2
    status=1
}
# calls NAME…: a regular expression for a call of one of them.
calls() {
    echo "(^|[^A-Za-z0-9_>.])($(echo "$*" | tr ' ' '|'))\\("
}

# The rooms before attest take all they know as arguments; of them only sim has files.
pure=$(for room in base codec crypto x509 evidence tee appraise verify issue sim; do
    [ ! -d src/$room ] || echo src/$room
done)
no_files=$(echo "$pure" | grep -v '^src/sim$')
parsers="src/base src/codec src/x509 src/evidence src/tee"

# shellcheck disable=SC2086 # lists of words
{
    ban "compare by bytes_equal, secrets and digests by bytes_equal_ct" \
        "$(calls memcmp bcmp strncmp)" $(find src cmd -name '*.[ch]' ! -path src/base/bytes.c)
    ban "unbounded, or started in a shell: use snprintf, the writer, or no such thing" \
        "$(calls strcpy strcat strncpy strncat sprintf vsprintf gets strtok alloca system popen)" $all
    ban "numbers are parsed strictly, not by the C library" \
        "$(calls atoi atol atoll atof sscanf scanf fscanf)" $all
    ban "no plugins" "$(calls dlopen dlsym)" $all
    ban "time and environment are arguments of the library" "$(calls getenv secure_getenv \
        setenv time clock clock_gettime gettimeofday localtime gmtime mktime socket)" $pure
    ban "files are arguments of the library" "$(calls fopen open)" $no_files
    ban "the library neither prints nor ends the program" \
        "$(calls printf puts putchar fprintf perror exit _exit abort signal)" $pure
    ban "parsing allocates nothing" "$(calls malloc calloc realloc strdup free)" \
        $(find $parsers -name '*.[ch]' ! -name intel_memo.c)
    ban "finish it or file it; no notes in the source" "\b(TODO|FIXME|XXX|HACK)\b" $all

    for file in $(find $all scripts -name '*.[ch]' -o -name '*.sh'); do
        [ "$(wc -l <"$file")" -le 700 ] || {
            echo "error: $file has more than 700 lines; a file holds one term" >&2
            status=1
        }
    done

    unformatted=$(find $all -name '*.[ch]' | xargs clang-format --dry-run -Werror 2>&1 |
        sed -n 's/^\([^ :]*\):[0-9].* error: .*/\1/p' | sort -u)
    [ -z "$unformatted" ] || {
        echo "error: not formatted; run: clang-format -i" $unformatted >&2
        status=1
    }
}
[ "$status" = 0 ] && echo "lint finds nothing"
exit "$status"
