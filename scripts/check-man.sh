#!/bin/sh
# The man pages have no mistake that mandoc knows of.
set -eu
cd "$(dirname "$0")/.."

set -- doc/man/*.[1-8]
[ -e "$1" ] || {
    echo "error: doc/man holds no page (NAME.1 to NAME.8)" >&2
    exit 1
}
mandoc -Tlint -Wwarning "$@"
echo "$# man pages are clean"
