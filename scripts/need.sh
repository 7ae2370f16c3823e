#!/bin/sh
# need.sh PACKAGE…: installs those Debian packages that are missing.
set -eu

if ! command -v dpkg-query >/dev/null; then
    echo "note: this is no Debian; if something is missing, its name there is one of: $*" >&2
    exit 0
fi

missing=
for package in "$@"; do
    status=$(dpkg-query -W -f='${db:Status-Status} ' "$package" 2>/dev/null || true)
    case " $status" in
    *" installed "*) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    sudo=
elif command -v sudo >/dev/null; then
    sudo=sudo
else
    echo "error: packages are missing; as root, run: apt-get install$missing" >&2
    exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "installing:$missing"
apt() {
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >"$log" 2>&1 && return
    cat "$log" >&2
    echo "error: apt-get $1 failed; the packages needed are:$missing" >&2
    exit 1
}
apt update
# shellcheck disable=SC2086 # a list of words
apt install -y --no-install-recommends $missing
