# ratls/1 between ratls and the second implementation, in both directions; and what ratls makes of
# a peer with each fault that test/peer/session.py can have.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
# shellcheck source=test/cli/python.inc
. "$RATLS_SOURCE/test/cli/python.inc"
rm -rf work
mkdir work
cd work || exit 1
export PYTHONPYCACHEPREFIX=$PWD/cache
# shellcheck source=test/cli/server.inc
. "$RATLS_SOURCE/test/cli/server.inc"

run 0 sim new good
run 0 sim new td --tee tdx
run 0 attest --out own --source sim:good
trust='--root good/root.pem --collateral good/collateral.json'
# shellcheck disable=SC2086 # words
run 0 policy new own/cert.pem $trust
sed 's/^}$/, "binding": {"minimum": "session"}}/' out >session.json
mrenclave=$(sed -n 's/.*"mrenclave": \["\([0-9a-f]*\)"\].*/\1/p' session.json | head -n 1)
own=(--cert own/chain.pem --key own/key.pem
    --quote-command "$program sim quote good --report-data {}" --timeout 20)

# python EXIT WORD…: the client of the second implementation, of the server at $at.
python_client() {
    expected=$1
    shift
    asked="session.py client $*"
    cases=$((cases + 1))
    status=0
    "$python" "$peer" client "$at" "$@" >out 2>&1 || status=$?
    [ "$status" = "$expected" ] || {
        bad "exit code $status, expected $expected"
        cat out
    }
}
python_server() {
    start python "$python" "$peer" server 127.0.0.1:0 --trust own/cert.pem "${own[@]}" "$@"
}

# ratls serves.
serve --source sim:good
for level in session nonce none; do
    python_client 0 --level $level --say $'GET / HTTP/1.0\r\n\r\n'
    has out '^open$'
    has out '^received: HTTP/1.0 200 OK'
    [ $level = none ] || has out "^answer accepted: level $level, sgx, mrenclave $mrenclave$"
done
python_client 0 --level session --framing 0 --say $'GET / HTTP/1.0\r\n\r\n'
has out '^received: HTTP/1.0 200 OK'
stop
serve --source sim:td
python_client 0 --level session --say $'GET / HTTP/1.0\r\n\r\n'
has out '^answer accepted: level session, tdx, mrtd '
stop
# shellcheck disable=SC2086
serve --source sim:good --mutual --policy session.json $trust
python_client 0 --level session "${own[@]}" --say $'GET / HTTP/1.0\r\n\r\n'
has out '^answer accepted: level session'
has out '^verdict of the peer: 0$'
has out '^received: HTTP/1.0 200 OK'

# fault_code NAME: what such a peer is refused with.
fault_code() {
    "$python" "$peer" --fault list | sed -n "s/^$1  *\([0-9][0-9]*\).*/\1/p"
}
both="answer-first application broken-evidence broken-signature challenge-unasked early-data empty-challenge empty-evidence extra-claim hello-twice huge-challenge level-key
    long-answer long-hello long-report-data no-exporter other-exporter other-key other-nonce
    other-order other-report-data other-tag own-role reflect-answer replayed-answer short-nonce
    stale-transcript unknown-format unknown-key unknown-type verdict-unasked version wrong-role"
for fault in $both double-answer empty-data long-data open-hello impatient; do
    again=
    [ $fault != impatient ] || again=--again
    # shellcheck disable=SC2086
    python_client 1 --level session "${own[@]}" --say $'GET / HTTP/1.0\r\n' --fault $fault $again
    has out "^refused by the peer: .*(code $(fault_code $fault))$"
    hasnt out '^received: '
done
stop

# ratls connects, by the certificate that the other side knows.
mine='--policy session.json --cert own/chain.pem --key own/key.pem --source sim:good --timeout 20'
python_server --level session --say hello --until said
# shellcheck disable=SC2086
run 0 connect "$at" $trust $mine
has err '^binding  *session, by ratls/1 and tls-exporter'
has out '^hello$'
ended 0
has python.log '^verdict of the peer: 0$'
has python.log '^answer accepted: level session, sgx'
# A certificate that it does not know.
python_server --level session --say hello
# shellcheck disable=SC2086
run 1 connect "$at" $trust --policy session.json --source sim:good
has err '^REFUSED: tls: the peer refused: alert "'
ended 1
for fault in $both reflect other-protocol; do
    python_server --level session --say hello --fault "$fault"
    # shellcheck disable=SC2086
    run 1 connect "$at" $trust $mine
    has err '^REFUSED: '
    [ ! -s out ] || bad "a refused server was heard: $(cat out)"
    ended 1
    has python.log "^refused by the peer: .*(code $(fault_code "$fault"))$"
done
# Once it is open (twice answered: maybe not yet), nothing after it is handed over.
for fault in double-answer empty-data long-data open-hello; do
    python_server --level session --fault $fault
    # shellcheck disable=SC2086
    run 1 connect "$at" $trust $mine
    [ $fault = double-answer ] || has err '^ACCEPTED$'
    has err 'ratls/1: the peer \|ratls/1: a "'
    [ ! -s out ] || bad "a refused server was heard: $(cat out)"
    ended 1
    has python.log "^refused by the peer: .*(code $(fault_code $fault))$"
done
done_testing
