# The second implementation of ratls/1, test/peer/session.py: with itself, and with its own bad
# peers. Quotes and certificates are those of simulated platforms.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
# shellcheck source=test/cli/python.inc
. "$RATLS_SOURCE/test/cli/python.inc"

rm -rf work
mkdir work
cd work || exit 1
export PYTHONPYCACHEPREFIX=$PWD/cache
trap 'stop' EXIT
pid=
stop() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null
    [ -z "$pid" ] || wait "$pid" 2>/dev/null
    pid=
}

run 0 sim new one
run 0 sim new two
run 0 sim new td --tee tdx
run 0 attest --source sim:one --out tls-one
run 0 attest --source sim:two --out tls-two
run 0 attest --source sim:td --out tls-td

# as NAME: the options of a peer that is this platform.
as() {
    own=(--cert "tls-$1/chain.pem" --key "tls-$1/key.pem"
        --quote-command "$program sim quote $1 --report-data {}")
}
# words TEXT: in $words.
words() {
    # shellcheck disable=SC2206 # words
    words=($1)
}

# pair EXIT EXIT SERVER CLIENT: a server that is $one and a client that is $two, with these options
# beside; their exit codes. What they said is then in server and client.
one=one two=two offered=h2
pair() {
    asked="server $3, client $4"
    cases=$((cases + 1))
    rm -f server client
    as $one
    words "$3"
    "$python" "$peer" server 127.0.0.1:0 "${own[@]}" --protocol h2 --timeout 30 "${words[@]}" \
        >server 2>&1 &
    pid=$! at=
    for _ in $(seq 200); do
        at=$(sed -n 's/^listening on //p' server 2>/dev/null)
        [ -z "$at" ] || break
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.05
    done
    if [ -z "$at" ]; then
        bad "no server"
        cat server
        stop
        return
    fi
    as $two
    words "$4"
    status=0
    "$python" "$peer" client "$at" "${own[@]}" --protocol $offered --timeout 30 "${words[@]}" \
        >client 2>&1 || status=$?
    [ "$status" = "$2" ] || {
        bad "the client's exit code is $status, expected $2"
        tail -n 3 client
    }
    status=0
    wait "$pid" || status=$?
    pid=
    [ "$status" = "$1" ] || {
        bad "the server's exit code is $status, expected $1"
        tail -n 3 server
    }
}

# fault ROLE NAME CODE SENTENCE [OPTIONS [OPTIONS]]: the peer of this role has the fault, and the
# other refuses with the code; the options are those of the bad and of the good peer beside.
mutual_server='--level session --trust tls-two/cert.pem'
fault() {
    bad="--level session --fault $2 ${5:-}" good="--level session --say secret ${6:-}"
    if [ "$1" = client ]; then
        pair 1 1 "$good --trust tls-two/cert.pem" "$bad"
        good=server
    else
        pair 1 1 "$bad --trust tls-two/cert.pem" "$good"
        good=client
    fi
    hasnt $good '^received: '
    grep -q '^open$' $good || hasnt "$1" '^received: '
    if [ "$3" = - ]; then
        has $good "^refused by the peer: .*$4.* (no code)\$"
    else
        has $good "^refused: .*$4.* (code $3)\$"
        has "$1" "^refused by the peer: .* (code $3)\$"
    fi
}
both() {
    fault client "$@"
    fault server "$@"
}

asked="the vectors of the document"
cases=$((cases + 1))
"$python" "$peer" --vectors >out 2>&1 || bad "$(cat out)"

# One way, each way; mutual; nobody asks.
measured='mrenclave 53494d554c41544544204d52454e434c4156452e2e2e2e2e2e2e2e2e2e2e2e2e'
pair 0 0 "--level none --say from-server" "--level session --say from-client --until said"
has client "^answer accepted: level session, sgx, $measured\$"
has client '^received: from-server$'
has client '^protocol: h2$'
has server '^verdict of the peer: 0$'
has server '^open$'
has server '^received: from-client$'
hasnt server '^answer accepted'
pair 0 0 "$mutual_server" "--level none --until said"
has server "^answer accepted: level session, sgx, $measured\$"
hasnt client '^answer accepted'
pair 0 0 "$mutual_server --say a" "--level session --say b --until heard"
has server '^answer accepted: level session, sgx, '
has client '^answer accepted: level session, sgx, '
pair 0 0 "--level none" "--level none --until said"
has server '^open$'
hasnt client '^answer'

# Level nonce, of either side.
pair 0 0 "--level nonce --trust tls-two/cert.pem" "--level session --until said"
has server '^answer accepted: level nonce, sgx, '
has client '^answer accepted: level session, sgx, '

# Framing 0 of either side is framing 0 for both.
pair 0 0 "$mutual_server --say from-server" \
    "--level session --framing 0 --say from-client --until heard"
has client '^received: from-server$'
has server '^received: from-client$'
pair 0 0 "--level nonce --trust tls-two/cert.pem --framing 0 --say from-server" \
    "--level nonce --say from-client --until heard"
has client '^received: from-server$'
has server '^received: from-client$'

# Asked again, by both; the interval; a side that wants to ask again refuses framing 0.
pair 0 0 "$mutual_server --again --say a" "--level session --again --say b --until heard"
for side in server client; do
    has $side '^later answer accepted: level session, sgx, '
    has $side '^the peer asks again: level session$'
    [ "$(grep -c '^verdict of the peer: 0$' $side)" = 2 ] || bad "$side got no two verdicts"
done
pair 0 0 "--level none --interval 1" "--level nonce --again --until said"
has client '^later answer accepted: level nonce, '
pair 1 1 "--level none --framing 0" "--level session --again"
has client '^refused: hello: we shall ask again, .* (code 2)$'
has server '^refused by the peer: .* (code 2)$'

# TDX; what is expected of a measurement, and is not so; a TEE that nobody asked for.
one=td
pair 0 0 "--level none" "--level session --until said"
has client '^answer accepted: level session, tdx, mrtd [0-9a-f]\{96\}$'
pair 1 1 "--level none" "--level session --mrtd $(printf '%096d' 7)"
has client '^refused: answer: mrtd is .*, expected 0*7 (code 7)$'
has server '^verdict of the peer: 7$'
pair 1 1 "--level none" "--level session --tees sgx"
has server '^refused: our quote is of tdx, .* (code 2)$'
has client '^refused by the peer: .* (code 2)$'
one=one
pair 0 0 "--level none" "--level session --until said --mrenclave ${measured#* }"
pair 1 1 "--level none" "--level session --mrenclave $(printf '%064d' 7)"
has client '^refused: answer: mrenclave is .*, expected 0*7 (code 7)$'
pair 1 1 "--level none" "--level session --tees sev-snp"
has server '^refused: no TEE or no format of the challenge can be served (code 2)$'

# No quote is made; no protocol in common; TLS refuses the client.
pair 1 1 "--level none --quote-command false" "--level session"
has server '^refused: no quote was made: false: exit code 1 (code 10)$'
has client '^refused by the peer: the peer closed before its answer (code 10)$'
offered=other
pair 1 1 "--level none" "--level session"
has server '^refused: hello: we speak none of other (code 2)$'
offered=h2
pair 1 1 "$mutual_server" "--level session --cert tls-one/cert.pem --key tls-one/key.pem"
has server '^refused: the handshake failed: .* (no code)$'
has client '^refused by the peer: the peer ended before its hello: TLS: .* (no code)$'

# The other hash of TLS 1.3.
printf '%s\n' 'openssl_conf = a' '[a]' 'ssl_conf = b' '[b]' 'system_default = c' '[c]' \
    'Ciphersuites = TLS_AES_128_GCM_SHA256' >openssl.cnf
export OPENSSL_CONF=$PWD/openssl.cnf
pair 0 0 "$mutual_server" "--level session --until said"
has client '^connected: TLSv1.3, TLS_AES_128_GCM_SHA256$'
export OPENSSL_CONF=/dev/null
pair 0 0 "$mutual_server" "--level session --until said"
has client '^connected: TLSv1.3, TLS_AES_256_GCM_SHA384$'
unset OPENSSL_CONF

# Evidence for something else; a digest over more, less, or in another order.
claims='its claims are not those of this connection'
both replayed-answer 3 "$claims"
both other-exporter 3 "$claims"
both wrong-role 3 "$claims"
both stale-transcript 3 "$claims"
both reflect-answer 3 "$claims"
fault client other-nonce 3 "$claims"
fault server other-key 3 "$claims"
fault client extra-claim 3 "$claims"
fault server no-exporter 3 "$claims"
fault client other-order 3 "$claims"
fault server other-report-data 3 'the report data is not'
fault client long-report-data 3 'the report data is not'
fault server broken-signature 4 'signature is wrong'
fault client other-tag 2 'tag 60001'
fault server broken-evidence 1 'fewer remain'

# The second answer of a connection whose first was good.
for name in replayed-answer stale-transcript; do
    fault server $name 3 "$claims" "--fault-at 2" "--again"
    has server '^verdict of the peer: 0$'
    fault client $name 3 "$claims" "--fault-at 2" "--again"
    has server '^answer accepted'
done
pair 1 0 "$mutual_server" "--level session --again --until said --fault refuse-again"
has server '^refused by the peer: the peer refused our evidence (code 7)$'

# Frames that are none.
fault server empty-evidence 1 'length of the evidence is 0'
fault client unknown-key 1 'no key 7'
fault server long-answer 9 '65537 bytes'
both truncated-answer - 'ended before its answer'
both truncated-hello - 'ended before its hello'
both long-hello 9 '1025 bytes'
fault client unknown-type 1 'type 7'
fault server application 1 'type 71'
fault client version 2 'version 2'
both own-role 1 'says that it is the'
fault server other-protocol 1 'the server chose not-offered'
both empty-challenge 1 'key 0 is missing'
fault client huge-challenge 1 'length of the nonce is 600'
fault server short-nonce 1 'length of the nonce is 31'
fault client level-key 1 'level is .key.'
fault server unknown-format 2 'no format'
fault server huge-challenge 9 '513 bytes' "--again --fault-at 2"
fault client empty-challenge 1 'fewer remain' "--again --fault-at 2"
fault client empty-data 1 '0 bytes'
fault server long-data 9 '16381 bytes'
fault server reflect 1 'nonce is our own'
fault client reflect 1 'nonce is our own' --again

# Not its turn, too early, too late.
both early-data 11 'data: not its turn in OPENING'
both verdict-unasked 11 'verdict: not its turn in OPENING'
fault client challenge-unasked 11 'challenge: not its turn in OPENING'
both hello-twice 11 'hello: not its turn in OPENING'
both answer-first 11 'answer: not its turn in HELLO'
both double-answer 11 'answer: not its turn in OPEN'
fault server open-hello 11 'hello: not its turn in OPEN'
fault client twice-asked 11 'challenge: not its turn in OPEN' --again
fault server impatient 13 'within 600 s' --again "--interval 600"
both silent 12 'in time' "" "--timeout 3"

# A peer that closes at once; one that does not speak the protocol.
pair 1 1 "$mutual_server --fault close-first" "--level session"
has client '^refused by the peer: the peer closed before its hello (code 13)$'
pair 1 1 "$mutual_server" "--level session --fault no-alpn"
has server '^refused: the peer does not speak ratls/1 (no code)$'

done_testing
