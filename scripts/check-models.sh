#!/bin/bash
# check-models.sh [-v]: the protocols in doc/model hold what they promise, and break where they must.
# -v prints the attacks, step by step.
set -euo pipefail
cd "$(dirname "$0")/../doc/model"

verbose=${1:-}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
status=0
runs=0

# search HOW MODEL WORD…: leaves $dir/out and, if an assertion failed, $dir/trace. Exhaustive: no
# state is left out, and what does not fit into depth or memory is no result.
search() {
    local how=$1 model=$2 defines=()
    shift 2
    defines=("${@/#/-D}")
    rm -rf "${dir:?}"/*
    cp ./*.pml "$dir"
    (
        cd "$dir"
        spin -a "${defines[@]}" "$model.pml" >out 2>&1 &&
            gcc -O1 -w -DSAFETY -DMEMLIM=3000 "$how" -o pan pan.c >>out 2>&1 &&
            timeout 100 ./pan -m10000 -E -n >>out 2>&1
    ) || true
    if ! grep -q ' errors: [01]$' "$dir/out" ||
        grep -qE 'too small|out of memory|aborting' "$dir/out" ||
        { grep -q ' errors: 0$' "$dir/out" && grep -q 'Search not completed' "$dir/out"; }; then
        echo "error: $model $*: the search did not end" >&2
        cat "$dir/out" >&2
        exit 1
    fi
    if grep -q ' errors: 1$' "$dir/out"; then
        (cd "$dir" && spin -t -k "$model.pml.trail" "${defines[@]}" "$model.pml") |
            sed '/^spin: warning/d; /^spin: /,$d; s/^ *//; s/  */ /g' >"$dir/trace"
    fi
    runs=$((runs + 1))
}

# holds MODEL WORD…
holds() {
    search -DDFS "$@"
    if [ -e "$dir/trace" ]; then
        echo "error: $* must hold, and does not:" >&2
        cat "$dir/trace" >&2
        status=1
    else
        echo "holds   $* ($(sed -n 's/^ *\([0-9]*\) states, stored.*/\1/p' "$dir/out") states)"
    fi
}

# breaks ATTACK MODEL WORD…: by the attack that this regular expression names, in its shortest form.
breaks() {
    local attack=$1
    shift
    search -DBFS "$@"
    if ! [ -e "$dir/trace" ]; then
        echo "error: $* must break, and holds" >&2
        status=1
    elif ! tr '\n' ';' <"$dir/trace" | grep -qE "$attack"; then
        echo "error: $* breaks, but not by \"$attack\":" >&2
        cat "$dir/trace" >&2
        status=1
    else
        echo "breaks  $*"
        [ "$verbose" != -v ] || sed 's/^/        /' "$dir/trace"
    fi
}

to_attacker='v, (client|server) of connection 0 with attacker, is shown the evidence of'
all=(FRESH RELAY REFLECT ROLE HELLOS)

# Without a leaked key nobody but the key's owner ends a connection with it.
holds key RELAY REPLAY NO_LEAK
breaks "with attacker, who shows the key of h;.*h makes a certificate.*v asks.*$to_attacker h" \
    key REPLAY
breaks "with attacker, who shows the key of h;.*$to_attacker h" key RELAY
breaks 'makes a certificate.*v asks.*accepts' key FRESH

holds nonce FRESH REFLECT ROLE HELLOS
holds nonce FRESH CERTIFICATE
holds nonce RELAY NO_LEAK
breaks "v asks.*the question of v, round 1, reaches h on connection 1;.*$to_attacker h" nonce RELAY
breaks "v asks.*the question of v, round 1, reaches . on .*$to_attacker" nonce RELAY CERTIFICATE

holds session "${all[@]}"
holds session "${all[@]}" PARTIES=4 LAST_ROUND=0
holds session RELAY NO_LEAK
# Each part of the claims is needed.
breaks "the question of v, round 1, reaches h on connection 1;.*$to_attacker h" \
    session RELAY NO_EXPORTER
breaks "the question of v, round 1, reaches v on connection 0;.*$to_attacker v" \
    session REFLECT NO_ROLE
breaks "the question of v, round 1, reaches v on connection 0;.*$to_attacker v" session ROLE NO_ROLE
breaks "traffic keys of connection 0 leak.*makes evidence.*v asks.*accepts" session FRESH NO_NONCE
breaks "traffic keys of connection 0 leak.*accepts" session HELLOS NO_TRANSCRIPT
# No level below identity says which machine it is.
for model in key nonce session; do
    breaks 'of connection 0 with p,.* is shown the evidence of p' "$model" WHO
    breaks 'accepts' "$model" NEVER
done

[ "$status" = 0 ] && echo "$runs verdicts are as doc/BINDING.md says"
exit "$status"
