#!/bin/sh
# demo.sh [PROGRAM]: shows what ratls does, and checks that it does. `./run demo` calls it after the
# build. PROGRAM or $RATLS is the program; beside it, or at $RATLS_MINT, stands ratls-mint, which
# makes the certificates that ratls itself does not make: stolen evidence, and none; and beside that,
# or at $RATLS_MIDDLE, ratls-middle, a man in the middle.
set -eu

source=${RATLS_SOURCE:-$(cd "$(dirname "$0")/.." && pwd)}
program=${1:-${RATLS:-$source/build/bin/ratls}}
mint=${RATLS_MINT:-$(dirname "$program")/ratls-mint}
middle=${RATLS_MIDDLE:-$(dirname "$mint")/ratls-middle}
vectors=${RATLS_VECTORS:-$source/../shared/vectors}

absolute() {
    (cd "$(dirname "$1")" 2>/dev/null && echo "$PWD/$(basename "$1")")
}

for needed in "$program" "$mint" "$middle"; do
    [ -x "$needed" ] || {
        echo "error: $needed is not there; build it first: ./run build" >&2
        exit 1
    }
done
program=$(absolute "$program")
mint=$(absolute "$mint")
middle=$(absolute "$middle")
vectors=$(cd "$vectors" 2>/dev/null && pwd) || vectors=
dir=$(mktemp -d)
# Process ids of servers that run.
once=''
mutual=''
between=''
end() {
    for pid in $once $mutual $between; do
        { kill "$pid" && wait "$pid"; } 2>/dev/null || :
    done
    rm -rf "$dir"
}
trap end EXIT
trap 'exit 1' HUP INT TERM

say() {
    echo
    printf '# %s\n' "$@"
}

part() {
    echo
    echo "== $* =="
}

fail() {
    echo "error: $*" >&2
    exit 1
}

# show WORD…: the command as one can type it.
show() {
    words=$*
    case $words in
    *"$trust"*) words="${words%%"$trust"*}\$trust${words#*"$trust"}" ;;
    esac
    printf '$ %s\n' "$words"
}

# call EXIT WORD…: shows and runs a command of ratls, and ends the demo unless it exits with EXIT.
# What it says is then in out and err.
call() {
    expected=$1
    shift
    show "ratls $*"
    called "$@" </dev/null
}
called() {
    status=0
    "$program" "$@" >out 2>err || status=$?
    [ "$status" = "$expected" ] || fail "exit code $status, expected $expected: $(cat err)"
}

# expect FILE REGEX: it has such a line.
expect() {
    grep -q -e "$2" "$1" || fail "no line of this matches '$2': $(cat "$1")"
}

# lines COUNT FILE: its first lines.
lines() {
    head -n "$1" "$2"
    [ "$(wc -l <"$2")" -le "$1" ] || echo "..."
}

# write FILE WORD…: the command's answer goes to FILE.
write() {
    file=$1 expected=0
    shift
    show "ratls $* > $file"
    called "$@" </dev/null
    mv out "$file"
    cat err
}

# flip FROM TO HEX: a copy with one bit flipped in the first of the bytes HEX, which FROM holds.
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

# await PID LOG COUNT: until the server has written so many lines.
await() {
    tries=0
    while [ "$(wc -l <"$2")" -lt "$3" ]; do
        tries=$((tries + 1))
        [ $tries -le 400 ] || fail "the server is silent: $(cat "$2")"
        kill -0 "$1" 2>/dev/null || [ "$(wc -l <"$2")" -ge "$3" ] ||
            fail "the server has ended: $(cat "$2" serve.err)"
        sleep 0.05
    done
}

# serve LOG WORD…: a server on a free port, of process $server; in a minute it ends anyway.
serve() {
    log=$1
    shift
    show "ratls serve 127.0.0.1:0 $* &"
    : >"$log"
    "$program" serve 127.0.0.1:0 --timeout 60 "$@" >"$log" 2>serve.err </dev/null &
    server=$!
}
# listening LOG: until it is at $at.
listening() {
    await "$server" "$1" 1
    at=$(sed -n 's/^listening on //p' "$1")
    [ -n "$at" ] || fail "no address: $(cat "$1")"
}

# connect EXIT WORD…: asks the server at $at for its page.
connect() {
    expected=$1
    shift
    show "printf 'GET / HTTP/1.0\\n\\n' | ratls connect $at $*"
    printf 'GET / HTTP/1.0\n\n' | called connect "$at" --timeout 30 "$@"
}

# stop PID: it is over.
stop() {
    { kill "$1" && wait "$1"; } 2>/dev/null || :
}

# man_in_the_middle CERT KEY: between a client and the server at $at; is at $at himself from now on.
man_in_the_middle() {
    echo "  a man in the middle, with that key, stands before $at and passes all on"
    : >middle.log
    "$middle" "$at" "$1" "$2" >middle.log 2>middle.err </dev/null &
    between=$!
    server=$between
    listening middle.log
}

# connect_and_tell EXIT WORD…: the secret goes to whoever is at $at, if he is accepted.
connect_and_tell() {
    expected=$1
    shift
    show "printf 'GET / HTTP/1.0\\nPassword: $secret\\n\\n' | ratls connect $at $*"
    printf 'GET / HTTP/1.0\nPassword: %s\n\n' "$secret" | called connect "$at" --timeout 30 "$@"
    sed -n '/^ACCEPTED/p;/^REFUSED/p;/^binding/p' err
}

# bad_server WHY SERVER-WORDS CLIENT-WORDS: the client refuses it with the sentence WHY, and hands
# over nothing of it.
bad_server() {
    why=$1
    # shellcheck disable=SC2086 # words
    serve once.log $2 --once
    once=$server
    listening once.log
    # shellcheck disable=SC2086
    connect 1 $3
    head -n 1 err
    expect err "^REFUSED: $why"
    [ ! -s out ] || fail "a refused server was heard: $(cat out)"
    status=0
    wait "$once" || status=$?
    once=''
    [ "$status" = 1 ] || fail "the server's exit code is $status, expected 1: $(cat once.log)"
    expect once.log 'REFUSED: the peer refused: alert '
}

# bad_client WHY CLIENT-WORDS: the mutual server refuses it with the sentence WHY, as its log says,
# and answers nothing.
bad_client() {
    why=$1 at=$mutual_at had=$(wc -l <mutual.log)
    # shellcheck disable=SC2086
    connect 1 --policy policy.json $trust $2
    await "$mutual" mutual.log $((had + 1))
    echo "client: $(tail -n 1 err)"
    sed -n '$s/^[^ ]* /server: /p' mutual.log >said
    cat said
    expect said "^server: REFUSED: $why"
    expect err '^ratls: the peer refused: alert '
    [ ! -s out ] || fail "a refused client was answered: $(cat out)"
}

cd "$dir"
trust='--root platform/root.pem --collateral platform/collateral.json'
mkdir minted
"$mint" minted >mint.log || fail "ratls-mint failed: $(cat mint.log)"

part "1. Files"
say "A simulated SGX platform, a vendor in miniature: no hardware, and a root of its own."
call 0 sim new platform
cat out err
say "A key and a certificate with evidence for it. Looking at it verifies nothing."
call 0 attest --out tls --source sim:platform
lines 2 out
call 0 show tls/cert.pem
lines 8 out
expect out '^SIMULATED: '
expect out '^UNVERIFIED: '
mrenclave=$(sed -n 's/^MRENCLAVE *//p' out)

say "Nobody said what to accept, so it is refused, though all else is right."
echo "\$ trust='$trust'"
# shellcheck disable=SC2086
call 1 verify tls/cert.pem $trust
lines 1 out
expect out '^REFUSED: policy: there is none'
say "A policy that accepts exactly this identity, written after the evidence was verified:"
# shellcheck disable=SC2086
write policy.json policy new tls/cert.pem $trust
cat policy.json
say "Under it the certificate is accepted."
# shellcheck disable=SC2086
call 0 verify tls/cert.pem --policy policy.json $trust
lines 10 out
expect out '^ACCEPTED$'

say "A copy of it with one bit of MRENCLAVE flipped:"
sed '/^-----/d' tls/cert.pem | base64 -d >cert.der
flip cert.der flipped.der "$mrenclave"
# shellcheck disable=SC2086
call 1 verify flipped.der --policy policy.json $trust
lines 1 out
expect out '^  FAILED *certificate.signature'
say "Were the certificate signed again, the quote's own signature would tell. A quote alone:"
write quote.bin sim quote platform
flip quote.bin flipped.bin "$mrenclave"
# shellcheck disable=SC2086
call 0 verify-quote quote.bin $trust
lines 1 out
# shellcheck disable=SC2086
call 1 verify-quote flipped.bin $trust
lines 1 out
expect out '^  FAILED *quote.signature'
say "Without --root only Intel's root counts, and this vendor is none:"
call 1 verify tls/cert.pem --policy policy.json --collateral platform/collateral.json
lines 1 out
expect out '^REFUSED: PCK chain'

part "2. Live peers"
say "Both sides show evidence, and judge the other's under the policy, in one TLS handshake."
# shellcheck disable=SC2086
serve mutual.log --source sim:platform --mutual --policy policy.json $trust
mutual=$server
listening mutual.log
mutual_at=$at
# shellcheck disable=SC2086
connect 0 --source sim:platform --policy policy.json $trust
echo "client's verdict:"
cat err
expect err '^ACCEPTED$'
expect out '^HTTP/1.0 200 OK'
expect out '^this server: what its certificate says$'
echo
echo "from the server's answer:"
sed -n '/^you$/,/^    MRENCLAVE/p' out >you
expect you '^  ACCEPTED$'
expect you "$mrenclave"
cat you
await "$mutual" mutual.log 2
expect mutual.log ' ACCEPTED SGX enclave'

say "Servers that the client refuses, with the sentence its user sees; it sends them nothing." \
    "Another enclave than the accepted one:"
call 0 sim new other --vendor platform --mrenclave "$(printf '%064d' 7)"
bad_server "policy: MRENCLAVE 0*7, accept\[0\] expects $mrenclave\$" "--source sim:other" \
    "--policy policy.json $trust"
say "The accepted one, but in debug mode:"
call 0 sim new debug --vendor platform --debug
bad_server 'policy: debug is on, ' "--source sim:debug" "--policy policy.json $trust"
say "On a platform that is out of date:"
call 0 sim new old --vendor platform --tcb OutOfDate
bad_server 'policy: TCB status OutOfDate, allowed: UpToDate$' "--source sim:old" \
    "--policy policy.json $trust"
say "No evidence at all, an ordinary certificate:"
none="--cert minted/cert-none.pem --key minted/key-none.pem"
bad_server 'certificate: no evidence ' "$none" "--policy policy.json $trust"

say "Evidence that is good, but was taken from the certificate of another server." \
    "First that server's own (of another pretended vendor, so with another root):"
stolen="--root minted/root.pem --collateral minted/collateral-sgx.json"
# shellcheck disable=SC2086
write minted.json policy new minted/cert-sgx.pem $stolen
# shellcheck disable=SC2086
call 0 verify minted/cert-sgx.pem --policy minted.json $stolen
lines 1 out
expect out '^ACCEPTED$'
say "Now the thief, with its own key and a certificate that it signed itself:"
thief="--cert minted/cert-sgx-copied.pem --key minted/key-sgx-copied.pem"
bad_server 'binding: ' "$thief" "--policy minted.json $stolen"

say "The same peers as clients of the mutual server from above. It refuses each, and answers none."
bad_client 'policy: MRENCLAVE ' "--source sim:other"
bad_client 'policy: debug is on, ' "--source sim:debug"
bad_client 'policy: TCB status OutOfDate, ' "--source sim:old"
bad_client 'certificate: no evidence ' "$none"
bad_client 'binding: ' "$thief"
say "And one that shows no certificate:"
bad_client 'tls: the peer sent no certificate' ""
stop "$mutual"
mutual=''

part "3. Replayed and relayed"
say "The key of a server gets into wrong hands, with its certificate. The evidence in it is genuine."
call 0 attest --source sim:platform --out leaked
say "The policy says which level is enough. Level key is what a certificate can prove. At level" \
    "session the peer must answer, on this connection, for this connection. The policy, and more:"
for level in nonce session; do
    sed "s/^}\$/, \"binding\": {\"minimum\": \"$level\"}}/" policy.json >$level.json
done
echo '$ tail -n 1 session.json'
tail -n 1 session.json
secret=correct-horse-battery-staple

say "Replayed: the platform is gone, somebody else shows its certificate and holds its key." \
    "At level key that is accepted, and the result says no more than key:"
serve once.log --cert leaked/chain.pem --key leaked/key.pem
once=$server
listening once.log
# shellcheck disable=SC2086
connect_and_tell 0 --policy policy.json $trust
expect err '^binding  *key, by certificate'
say "At level session it is refused, and nothing is sent to it:"
# shellcheck disable=SC2086
connect_and_tell 1 --policy session.json $trust
expect err '^REFUSED: tls: the peer does not speak ratls/1: policy: .* level "key", expected .*"session"$'
[ ! -s out ] || fail "a refused server was heard: $(cat out)"
stop "$once"

say "Relayed: the platform lives, and somebody with its key stands in between. The server:"
serve once.log --source sim:platform --key leaked/key.pem
once=$server
listening once.log
honest=$at
for level in key nonce; do
    policy=$level.json
    [ $level = nonce ] || policy=policy.json
    at=$honest
    echo
    man_in_the_middle leaked/chain.pem leaked/key.pem
    # shellcheck disable=SC2086
    connect_and_tell 0 --policy $policy $trust
    expect err "^binding  *$level, by "
    wait "$between" || fail "the man in the middle failed: $(cat middle.err)"
    between=''
    sed 's/^read: /  he has read: /;/^listening/d' middle.log | grep "$secret" ||
        fail "the man in the middle has read nothing: $(cat middle.log)"
done
say "At level session the server's answer is for his connection to it, not for the client's to him:"
at=$honest
man_in_the_middle leaked/chain.pem leaked/key.pem
# shellcheck disable=SC2086
connect_and_tell 1 --policy session.json $trust
expect err '^REFUSED: binding: .*connection'
wait "$between" || fail "the man in the middle failed: $(cat middle.err)"
between=''
! grep -q "$secret" middle.log || fail "he has read it"
echo "  he has read nothing of it"
say "The server itself, with nobody in between:"
at=$honest
# shellcheck disable=SC2086
connect_and_tell 0 --policy session.json $trust
expect err '^binding  *session, by ratls/1 and tls-exporter'
stop "$once"
once=''

part "4. Real ones"
if [ ! -r "$vectors/interop-certs/gramine-cert.pem" ]; then
    say "The published certificates of Gramine, RATS-TLS and Intel's SGX SDK are not here" \
        "(RATLS_VECTORS names their folder), so this is the end."
    exit 0
fi

cp "$vectors"/interop-certs/*-cert.pem .
cp "$vectors/dcap/collateral/sgx-00606a000000-e15-2023-05.json" intel.json
say "Published certificates from real hardware, with Intel's own collateral, as of May 2023." \
    "Two are from debug enclaves on a platform that was out of date; a new policy allows neither."
for maker in gramine rats-tls; do
    echo
    write $maker.json policy new $maker-cert.pem --collateral intel.json --time 1684162180
    call 1 verify $maker-cert.pem --policy $maker.json --collateral intel.json --time 1684162180
    lines 1 out
    echo "all that failed:"
    sed -n 's/^  FAILED *//p' out
    expect out '^  FAILED *policy.debug'
    expect out '^  FAILED *policy.tcb_status'
    expect out '^  passed *quote.signature'
done

say "Intel's SGX SDK: well-formed, bound to its key, but no collateral for its platform is here."
write sdk.json policy new intel-sgxsdk-cert.pem
call 1 verify intel-sgxsdk-cert.pem --policy sdk.json --collateral intel.json --time 1684162180
lines 1 out
expect out '^  passed *binding.report_data'
expect out '^  FAILED *collateral.present'

say "That is all. See: ratls --help"
