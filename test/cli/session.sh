# ratls/1 between serve and connect: what each level shows, and a man in the middle.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
rm -rf work
mkdir work
cd work || exit 1
# shellcheck source=test/cli/server.inc
. "$RATLS_SOURCE/test/cli/server.inc"
middle=${RATLS_MIDDLE:-$(dirname "$program")/ratls-middle}
between=
trap 'stop; [ -z "$between" ] || kill "$between" 2>/dev/null' EXIT

run 0 sim new good
run 0 sim new td --tee tdx
run 0 sim new other --mrenclave "$(printf '%064d' 7)" --vendor good
run 0 attest --out leaked --source sim:good
trust='--root good/root.pem --collateral good/collateral.json'
# shellcheck disable=SC2086 # words
run 0 policy new leaked/cert.pem $trust
cp out key.json
for level in nonce session; do
    sed "s/^}\$/, \"binding\": {\"minimum\": \"$level\"}}/" key.json >$level.json
done

# One way. The policy says what is asked for.
serve --source sim:good
for level in key nonce session; do
    # shellcheck disable=SC2086
    ask 0 / $trust --policy $level.json --json
    has err "\"level\": \"$level\""
    has out '^HTTP/1.0 200 OK'
done
has err '"by": "ratls/1 and tls-exporter"'
# shellcheck disable=SC2086
ask 0 / $trust --policy key.json
has err '^binding  *key, by certificate; identity: none$'
# More than the policy demands, by option; never less.
# shellcheck disable=SC2086
ask 0 / $trust --policy key.json --level session
has err '^binding  *session, by ratls/1 and tls-exporter; identity: none$'
# shellcheck disable=SC2086
ask 0 / $trust --policy session.json --level key
has err '^binding  *session, '
# shellcheck disable=SC2086
ask 0 / $trust --policy key.json --level key
has err '^binding  *key, by certificate; identity: none$'
# shellcheck disable=SC2086
run 2 connect "$at" $trust --policy key.json --level none
has err "^ratls: --level: found 'none', expected key, nonce or session$"
# The program of examples/ too.
example=$(dirname "$program")/example-session
asked="example-session"
"$example" "$at" session.json good/collateral.json good/root.pem >out 2>err || bad "it fails"
has err '^session: the server is bound at level session$'
has out '^HTTP/1.0 200 OK'
if "$example" "$at" session.json td/collateral.json td/root.pem >out 2>err; then
    bad "it accepts what it should not"
fi
has err '^session: '
[ ! -s out ] || bad "a refused server was heard"
# Another code than the policy accepts is refused in the handshake.
stop
serve --source sim:other
# shellcheck disable=SC2086
ask 1 / $trust --collateral other/collateral.json --policy session.json
has err '^REFUSED: policy: MRENCLAVE'
[ ! -s out ] || bad "a refused server was heard"
stop

# A TD answers too.
run 0 attest --out td-cert --source sim:td
run 0 policy new td-cert/cert.pem --root td/root.pem --collateral td/collateral.json
sed 's/^}$/, "binding": {"minimum": "session"}}/' out >td.json
serve --source sim:td
ask 0 / --root td/root.pem --collateral td/collateral.json --policy td.json
has err '^binding  *session, '
stop

# With collateral in the answer.
serve --source sim:good --staple
ask 0 / --root good/root.pem --policy session.json --json
has err '"level": "session"'
stop

# A server with files knows nothing of ratls/1.
serve --cert leaked/chain.pem --key leaked/key.pem
# shellcheck disable=SC2086
ask 0 / $trust --policy key.json --level key
has err '^binding  *key, by certificate; identity: none$'
# shellcheck disable=SC2086
ask 1 / $trust --policy key.json --level session --again 5
has err '^REFUSED: tls: the peer does not speak ratls/1, and is to be asked for level "session"$'
[ ! -s out ] || bad "a refused server was heard"
# shellcheck disable=SC2086
run 2 connect "$at" $trust --policy key.json --again 5
has err '^ratls: --again: nothing is asked, '
for level in nonce session; do
    # shellcheck disable=SC2086
    ask 1 / $trust --policy $level.json
    has err "^REFUSED: tls: the peer does not speak ratls/1: policy: .* level \"key\", expected at least \"$level\"\$"
    [ ! -s out ] || bad "a refused server was heard"
done
stop

# A certificate of a CA without evidence, for a name; the evidence comes in the answer. Both are
# demanded on one connection.
run 0 ca init ca
run 0 attest --out asked --source sim:good --csr --names www.example
# shellcheck disable=SC2086
run 0 ca sign asked/request.pem --ca ca --policy key.json $trust --names www.example --out www.pem
sed 's/^}$/, "binding": {"minimum": "session", "identity": "ca"}}/' key.json >both.json
serve --cert www.pem --key asked/key.pem --source sim:good
# shellcheck disable=SC2086
ask 0 / $trust --policy both.json --ca ca/ca.pem --name www.example
has err '^binding  *session, by ratls/1 and tls-exporter; identity: ca$'
# shellcheck disable=SC2086
ask 1 / $trust --policy both.json --ca ca/ca.pem --name www.other.example
has err "^REFUSED: tls: the peer's certificate is not for the name"
# shellcheck disable=SC2086
ask 1 / $trust --policy both.json --name www.example
has err '^REFUSED: policy: binding.identity is "ca"'
# shellcheck disable=SC2086
ask 1 / $trust --policy key.json --ca ca/ca.pem
has err '^REFUSED: certificate: no evidence'
stop

# Both sides.
# shellcheck disable=SC2086
serve --source sim:good --mutual --policy session.json $trust
# shellcheck disable=SC2086
ask 0 / $trust --policy session.json --source sim:good
has err '^binding  *session, '
has out '^  ACCEPTED$'
has out '^    level  *session'
# A client that asks nothing answers nevertheless, if it speaks ratls/1 at all.
# shellcheck disable=SC2086
ask 0 / $trust --policy key.json --level key --source sim:good
has err '^binding  *key, by certificate; identity: none$'
# shellcheck disable=SC2086
ask 1 / $trust --policy key.json --source sim:good
has serve.log 'REFUSED: tls: the peer does not speak ratls/1: '
[ ! -s out ] || bad "a refused client was answered"
# shellcheck disable=SC2086
ask 1 / $trust --policy key.json --level key --cert leaked/chain.pem --key leaked/key.pem
has err '^REFUSED: ratls/1: the peer asks for evidence, and this side has no attester$'
has serve.log 'REFUSED: ratls/1: the peer closed the session before it was open: .*code 10'
[ ! -s out ] || bad "a refused client was answered"
stop

# A man in the middle, who has the server's key: what he reads, by level.
# passed LEVEL EXIT: the client speaks to him.
passed() {
    asked="a man in the middle at level $1"
    "$middle" "$honest" leaked/chain.pem leaked/key.pem >middle.log 2>middle.err &
    between=$!
    for _ in $(seq 100); do
        at=$(sed -n 's/^listening on //p' middle.log)
        [ -z "$at" ] || break
        sleep 0.1
    done
    # shellcheck disable=SC2086
    ask "$2" /only-for-the-server $trust --policy "$1.json"
    wait "$between" || bad "he failed: $(cat middle.err)"
    between=
}
serve --source sim:good --key leaked/key.pem
honest=$at
passed key 0
has err '^binding  *key, by certificate; identity: none$'
has middle.log '^read: GET /only-for-the-server'
passed nonce 0
has err '^binding  *nonce, by ratls/1; identity: none$'
has middle.log 'GET /only-for-the-server'
passed session 1
has err '^REFUSED: binding: .*made on another connection'
hasnt middle.log 'only-for-the-server'
[ ! -s out ] || bad "he was heard"
has serve.log 'REFUSED: ratls/1: the peer refused our evidence: .*code 3'
at=$honest
# shellcheck disable=SC2086
ask 0 / $trust --policy session.json
has err '^binding  *session, '
stop

done_testing
