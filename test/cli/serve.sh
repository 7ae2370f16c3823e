# ratls serve, connect, show and verify on the loopback; nginx and curl with a certificate of ours.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
rm -rf work
mkdir work
cd work || exit 1
# shellcheck source=test/cli/server.inc
. "$RATLS_SOURCE/test/cli/server.inc"

# The stranger first: of items of one purpose the newest counts, and no second must decide that.
run 0 sim new stranger
run 0 sim new good
run 0 sim new debug --debug --vendor good
run 0 sim new old --tcb OutOfDate --vendor good
run 0 sim new other --mrenclave "$(printf '%064d' 7)" --vendor good
"$program" sim quote good >quote.bin
"$program" policy new quote.bin --root good/root.pem --collateral good/collateral.json \
    >policy.json 2>err || exit 1
# All platforms are of one vendor; collateral is that of their family.
trust='--root good/root.pem --collateral good/collateral.json --collateral debug/collateral.json
    --collateral old/collateral.json --collateral other/collateral.json
    --collateral stranger/collateral.json'
# shellcheck disable=SC2086 # words
set -- $trust --policy policy.json

serve --source sim:good
ask 0 / "$@"
has err '^ACCEPTED$'
has err '^OTHER ROOT: '
has err '^  TCB status *UpToDate$'
has out '^HTTP/1.0 200 OK'
has out '^this server: what its certificate says$'
has out '^  evidence *none was demanded$'
ask 0 /json "$@" --json
has err '^  "connected": true,$'
has err '^    "accepted": true,$'
has out '^Content-Type: application/json'
has out '^    "verdict": null$'
# shellcheck disable=SC2086
ask 1 / $trust
has err '^REFUSED: policy: there is none, so nothing is accepted$'
[ ! -s out ] || bad "something was handed over"
ask 1 / "$@" --name www.example
has err "^REFUSED: tls: the peer's certificate is not for the name 'www.example'$"
ask 1 / --policy policy.json --collateral good/collateral.json
has err '^REFUSED: PCK chain'
ask 1 / "$@" --time 2000-01-01T00:00:00Z
has err '^REFUSED: certificate: not valid before '
run 0 show "$at"
has out '^SIMULATED: '
has out '^certificate  *RA-TLS$'
run 0 verify "$at" "$@"
has out '^ACCEPTED$'
run 0 verify --json "$at" "$@"
json accepted true
# shellcheck disable=SC2086
run 1 verify "$at" $trust
has out '^REFUSED: policy: '
stop
for why in 'handshake failure' 'bad certificate' 'unknown ca' 'certificate expired'; do
    grep -q "REFUSED: the peer refused: alert \"$why\"" serve.log || bad "no alert: $why"
done

# Mutual.
serve --source sim:good --mutual "$@"
ask 0 / "$@" --source sim:good
has err '^ACCEPTED$'
has out '^you$'
has out '^  ACCEPTED$'
ask 0 /json "$@" --source sim:good
has out '^      "accepted": true,$'
ask 1 / "$@"
has err 'alert "certificate required"'
[ ! -s out ] || bad "something was handed over"
for bad in debug old other; do
    ask 1 / "$@" --source sim:$bad
    has err '^ratls: the peer refused: alert "certificate unknown"$'
    [ ! -s out ] || bad "something was handed over"
done
ask 1 / "$@" --source sim:stranger
has err '^ratls: the peer refused: alert "unknown ca"$'
run 0 show "$at"
run 0 verify "$at" "$@"
stop
for why in 'tls: the peer sent no certificate' 'policy: debug' 'policy: TCB status OutOfDate' \
    'policy: MRENCLAVE' 'PCK chain'; do
    grep -q "REFUSED: $why" serve.log || bad "the server's log lacks: $why"
done

# One refused server for each of these.
for bad in debug old other stranger; do
    serve --source sim:$bad --once
    ask 1 / "$@"
    has err '^REFUSED: '
    [ ! -s out ] || bad "something was handed over"
    ended 1
done

# Files instead of a source, with evidence and without; evidence under another key.
run 0 attest --out tls --source sim:good --names localhost,127.0.0.1
run 0 attest --out thief --source sim:good
serve --cert tls/chain.pem --key tls/key.pem --once
ask 0 / "$@" --name 127.0.0.1
ended 0
serve --cert tls/chain.pem --key tls/key.pem --once
ask 1 / "$@" --name 127.0.0.2
ended 1
need_mint
while read -r bad why; do
    serve --cert "minted/cert-$bad.pem" --key "minted/key-$bad.pem" --once
    ask 1 / "$@"
    has err "^REFUSED: $why"
    [ ! -s out ] || bad "something was handed over"
    ended 1
done <<'END'
sgx-copied binding: 
none certificate: no evidence 
END
run 2 serve 127.0.0.1:0 --cert tls/chain.pem --key thief/key.pem
has err '^ratls: thief/key.pem: no private key of that certificate: '

# Nobody comes; usage.
run 2 serve 127.0.0.1:0 --source sim:good --once --timeout 1
run 0 serve 127.0.0.1:0 --source sim:good --timeout 1
run 2 serve 8443 --source sim:good
has err "^ratls: serve: found '8443', expected HOST:PORT"
run 2 serve 127.0.0.1:0 --source sim:nowhere
run 2 serve 127.0.0.1:0 --cert tls/chain.pem
run 2 serve 127.0.0.1:0 --source sim:good --policy policy.json
run 2 serve 127.0.0.1:0 --source sim:good --timeout 0
run 2 connect 127.0.0.1 "$@"
run 2 connect 127.0.0.1:1 "$@"
has err "^ratls: 127.0.0.1:1: can't be reached: "
run 2 connect 127.0.0.1:1 --policy nothing-here.json
run 2 verify 127.0.0.1:1 "$@"
run 2 show 127.0.0.1:1
run 2 show no-such-file

# The smallest complete client and server.
examples=$(dirname "$program")
start example "$examples/example-server" 127.0.0.1:0 good
sed 's/53494d55/63494d55/' policy.json >strict.json
for case in 'policy.json 0' 'strict.json 1'; do
    # shellcheck disable=SC2086
    set -- $case
    asked="example-client with $1"
    cases=$((cases + 1))
    status=0
    "$examples/example-client" "$at" "$1" good/collateral.json good/root.pem >out 2>err ||
        status=$?
    [ "$status" = "$2" ] || bad "exit code $status, expected $2: $(cat err)"
    [ "$2" = 1 ] || has out '^hello$'
    [ "$2" = 0 ] || has err '^client: policy: MRENCLAVE '
done
stop

done_testing
