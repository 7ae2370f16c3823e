#!/bin/sh
# demo.sh [PROGRAM]: shows what ratls does, and checks that it does. `./run demo` calls it after the
# build. PROGRAM or $RATLS is the program; beside it, or at $RATLS_MINT, stands ratls-mint, which
# makes certificates of a pretended vendor under a root of its own.
set -eu

source=${RATLS_SOURCE:-$(cd "$(dirname "$0")/.." && pwd)}
program=${1:-${RATLS:-$source/build/bin/ratls}}
mint=${RATLS_MINT:-$(dirname "$program")/ratls-mint}
vectors=${RATLS_VECTORS:-$source/../shared/vectors}

for needed in "$program" "$mint"; do
    [ -x "$needed" ] || {
        echo "error: $needed is not there; build it first: ./run build" >&2
        exit 1
    }
done
vectors=$(cd "$vectors" 2>/dev/null && pwd) || vectors=
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
ratls() {
    "$program" "$@"
}

say() {
    echo
    printf '# %s\n' "$@"
}

fail() {
    echo "error: $*" >&2
    exit 1
}

# run EXIT LINES WORD…: runs a command of ratls, shows it with the first LINES lines of its answer,
# and ends the demo unless it exits with EXIT. The whole answer is in $dir/out.
run() {
    expected=$1 lines=$2
    shift 2
    echo "\$ ratls $*"
    status=0
    ratls "$@" >"$dir/out" 2>"$dir/err" || status=$?
    head -n "$lines" "$dir/out"
    [ "$(wc -l <"$dir/out")" -le "$lines" ] || echo "..."
    cat "$dir/err"
    [ "$status" = "$expected" ] || fail "exit code $status, expected $expected"
}

# expect REGEX: the last answer has such a line.
expect() {
    grep -q -- "$1" "$dir/out" || fail "no line of the answer matches: $1"
}

# policy_new FILE WORD…: writes FILE with what `ratls policy new` prints.
policy_new() {
    file=$1
    shift
    echo "\$ ratls policy new $* > $file"
    ratls policy new "$@" >"$file" 2>"$dir/err" || fail "policy new: $(cat "$dir/err")"
    cat "$dir/err"
}

# failed_checks: the checks of the last answer that failed.
failed_checks() {
    sed -n 's/^  FAILED *//p' "$dir/out" | cut -c 1-150
}

# flip FROM TO HEX: a copy with one bit flipped in the bytes HEX, which FROM holds.
flip() {
    cp "$1" "$2"
    all=$(od -An -v -tx1 "$1" | tr -d ' \n')
    before=${all%%"$3"*}
    [ "$before" != "$all" ] || fail "$1 does not hold $3"
    byte=$(printf '%s' "$3" | cut -c 1-2)
    # shellcheck disable=SC2059 # an octal escape is what printf shall print
    printf "\\$(printf '%03o' $((0x$byte ^ 1)))" |
        dd of="$2" bs=1 seek=$((${#before} / 2)) conv=notrunc 2>/dev/null
}

cd "$dir"
"$mint" . >mint.log || fail "ratls-mint failed: $(cat mint.log)"

say "A certificate made here and now: its evidence comes from a pretended platform, whose" \
    "vendor's root is root.pem. Looking at it verifies nothing."
run 0 14 show cert-sgx.pem
expect '^UNVERIFIED'

say "Nobody said what to accept, so it is refused, though all else is right."
run 1 1 verify cert-sgx.pem --collateral collateral-sgx.json --root root.pem
expect '^  FAILED *policy.present'

say "A policy that accepts exactly this identity, written after the evidence was verified."
policy_new policy.json cert-sgx.pem --collateral collateral-sgx.json --root root.pem
cat policy.json
say "Under it the certificate is accepted."
run 0 11 verify cert-sgx.pem --policy policy.json --collateral collateral-sgx.json --root root.pem
expect '^ACCEPTED'

say "A copy of it, with one bit of MRENCLAVE flipped:"
sed '/^-----/d' cert-sgx.pem | base64 -d >cert.der
ratls show cert.der >shown
flip cert.der flipped.der "$(awk '$1 == "MRENCLAVE" { print $2; exit }' shown)"
run 1 1 verify flipped.der --policy policy.json --collateral collateral-sgx.json --root root.pem
say "Were the certificate signed again, the quote's own signature would still tell:"
run 1 1 verify cert-sgx-flipped.pem --policy policy.json --collateral collateral-sgx.json \
    --root root.pem
expect '^  FAILED *quote.signature'

say "Without --root only Intel's root counts, and this vendor is none:"
run 1 1 verify cert-sgx.pem --policy policy.json --collateral collateral-sgx.json
expect '^  FAILED *pck.chain'

if [ ! -r "$vectors/interop-certs/gramine-cert.pem" ]; then
    say "The published certificates of Gramine, RATS-TLS and Intel's SGX SDK are not here" \
        "(RATLS_VECTORS names their folder), so this is the end."
    exit 0
fi

cp "$vectors"/interop-certs/*-cert.pem .
cp "$vectors/dcap/collateral/sgx-00606a000000-e15-2023-05.json" intel.json
say "Real ones now, from real hardware, with Intel's own collateral, judged as of May 2023." \
    "Each is from a debug enclave on a platform that was out of date; a new policy allows neither."
for maker in gramine rats-tls; do
    echo
    run 0 13 show $maker-cert.pem
    policy_new $maker.json $maker-cert.pem --collateral intel.json --time 1684162180
    run 1 1 verify $maker-cert.pem --policy $maker.json --collateral intel.json --time 1684162180
    echo "all that failed:"
    failed_checks
    expect '^  FAILED *policy.debug'
    expect '^  FAILED *policy.tcb_status'
    expect '^  passed *quote.signature'
done

say "Intel's SGX SDK: well-formed and bound to its key, but there is no collateral for its platform."
run 0 13 show intel-sgxsdk-cert.pem
policy_new sdk.json intel-sgxsdk-cert.pem
run 1 1 verify intel-sgxsdk-cert.pem --policy sdk.json --collateral intel.json --time 1684162180
expect '^  passed *binding.report_data'
expect '^  FAILED *collateral.present'

say "That is all. See: ratls --help"
