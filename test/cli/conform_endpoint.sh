# ratls conform endpoint: attesters of all kinds, servers without evidence, and hostile ones.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
rogue=${RATLS_ROGUE:-$(dirname "$program")/ratls-rogue}
rm -rf work
mkdir work
cd work || exit 1
trap 'stop' EXIT
pid=

# start NAME WORD…: a server in the background; its address is then in $at.
start() {
    log=$1.log at=
    rm -f "$log"
    shift
    "$@" >"$log" 2>"$log.err" &
    pid=$!
    for _ in $(seq 100); do
        at=$(sed -n 's/^listening on //p' "$log" 2>/dev/null)
        [ -n "$at" ] && return
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    echo "error: no server: $*" >&2
    cat "$log.err" >&2
    exit 1
}
serve() {
    start serve "$program" serve 127.0.0.1:0 --timeout 60 "$@"
}
stop() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null
    [ -z "$pid" ] || wait "$pid" 2>/dev/null
    pid=
}
# judge EXIT OPTION…: judges the server at $at; whatever it does, this takes a minute at most.
judge() {
    expected=$1
    shift
    asked="ratls conform endpoint $at $*"
    cases=$((cases + 1))
    status=0
    timeout -k 5 60 "$program" conform endpoint "$at" "$@" >out 2>err </dev/null || status=$?
    [ "$status" = "$expected" ] || {
        bad "exit code $status, expected $expected"
        head -n 5 out err
    }
}
# verdict_of WORD REQUIREMENT…
verdict_of() {
    word=$1
    shift
    for r in "$@"; do
        has out "^  $word *$r "
    done
}

run 0 sim new good
run 0 sim new td --tee tdx --vendor good
run 0 sim new stranger
"$program" sim quote good >quote.bin
"$program" policy new quote.bin --root good/root.pem --collateral good/collateral.json \
    >policy.json 2>err || exit 1
trust='--root good/root.pem --collateral good/collateral.json --collateral td/collateral.json'
# shellcheck disable=SC2086 # words
set -- $trust

serve --source sim:good
judge 0 "$@"
has out '^PASSED: 20 of 20 requirements$'
has out '^20 pass, 0 warn, 0 fail, 0 error, 0 skip$'
judge 0 "$@" --policy policy.json --json --junit r.xml --html r.html
json passed true
json command '"conform endpoint"'
has out '^      "id": "ATT-21",$'
has r.xml '<testsuite name="ATT-21" tests="1" failures="0" errors="0" skipped="0" '
has r.html 'id="ATT-20"'
[ ! -e "$(command -v xmllint)" ] || xmllint --noout r.xml || bad "no XML"
# What it can't judge is not passed.
judge 1
has out '^FAILED: 1 of 20 requirements were not judged$'
verdict_of skip ATT-13
judge 0 --allow-skip
has err '^ratls: collateral: see '
judge 1 --root stranger/root.pem --collateral good/collateral.json
verdict_of FAIL ATT-13
judge 1 "$@" --time 946684800
verdict_of FAIL ATT-03
sed 's/53494d55/63494d55/' policy.json >strict.json
judge 1 "$@" --policy strict.json
verdict_of FAIL ATT-21
judge 2 "$@" --policy no-such-file
judge 2 "$@" --html nowhere/r.html
stop

# Whoever it is made for. Open Enclave has a format of its own.
for peer in any gramine sgx-sdk rats-tls; do
    for key in p256 p384 rsa3072; do
        [ "$peer-$key" != gramine-rsa3072 ] || continue
        rm -rf made
        run 0 attest --out made --source sim:good --for $peer --key-type $key
        serve --cert made/chain.pem --key made/key.pem
        judge 0 "$@"
        case $key in
        rsa3072) verdict_of warn ATT-05 ;;
        *) has out '^20 pass, ' ;;
        esac
        stop
    done
done
rm -rf made
run 0 attest --out made --source sim:good --for open-enclave
serve --cert made/chain.pem --key made/key.pem
judge 1 "$@"
verdict_of FAIL ATT-06
has out 'it is absent; the certificate has evidence of the scheme open-enclave'
verdict_of pass ATT-01 ATT-04 ATT-17 ATT-18 ATT-20
verdict_of skip ATT-07 ATT-08 ATT-10 ATT-11 ATT-13
stop
serve --source sim:td
judge 0 "$@"
stop
serve --source sim:good --staple
judge 0 --root good/root.pem
verdict_of pass ATT-13 ATT-15
stop

# Mutual: it shows its own evidence if it is given some.
serve --source sim:good --mutual "$@" --policy policy.json
judge 1 "$@"
verdict_of pass ATT-17
verdict_of skip ATT-18
has out 'the server demands a certificate: give --source, or --cert and --key'
judge 0 "$@" --source sim:good
stop

# Evidence that is not what it should be; each fails what it breaks.
need_mint
mint='--root minted/root.pem --collateral minted/collateral-sgx.json'
while read -r name failed; do
    key=minted/key-sgx.pem
    [ ! -e "minted/key-$name.pem" ] || key=minted/key-$name.pem
    serve --cert "minted/cert-$name.pem" --key "$key"
    # shellcheck disable=SC2086 # words
    judge 1 $mint
    # shellcheck disable=SC2086 # words
    verdict_of FAIL $failed
    [ "$(grep -c '^  FAIL' out)" = "$(echo "$failed" | wc -w)" ] || bad "not only $failed failed"
    stop
done <<'END'
none ATT-06 ATT-20
sgx-copied ATT-10
sgx-flipped ATT-13
sgx-claims ATT-09
sgx-short ATT-12
sgx-disagree ATT-14
END

# Servers that have nothing to do with it. s_server serves until it is ended.
if command -v openssl >/dev/null; then
    openssl req -x509 -newkey rsa:2048 -nodes -keyout plain.key -out plain.pem -days 2 \
        -subj /CN=plain >openssl.log 2>&1 || bad "openssl makes no certificate"
    for _ in $(seq 100); do cat plain.pem; done >hundred.pem
    # plain WORD…: openssl s_server at a port of its own.
    plain() {
        openssl s_server -accept 127.0.0.1:0 -naccept 20 -www "$@" >plain.log 2>&1 </dev/null &
        pid=$! at=
        for _ in $(seq 100); do
            at=$(sed -n 's/^ACCEPT \(127.*\)$/\1/p' plain.log)
            [ -z "$at" ] || break
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        [ -n "$at" ] || bad "openssl s_server does not start: $(cat plain.log)"
    }
    plain -cert plain.pem -key plain.key
    judge 1 "$@"
    verdict_of FAIL ATT-05 ATT-06 ATT-20
    verdict_of pass ATT-01 ATT-17 ATT-18 ATT-19
    stop
    plain -cert plain.pem -key plain.key -tls1_2
    judge 1 "$@"
    verdict_of FAIL ATT-17
    verdict_of pass ATT-18
    stop
    plain -nocert
    judge 1 "$@"
    verdict_of FAIL ATT-01 ATT-17 ATT-18
    has out 'no certificate was shown: the peer refused: alert "'
    stop
    # A hundred certificates behind its own are more than anybody should send.
    rm -rf made
    run 0 attest --out made --source sim:good
    plain -cert made/cert.pem -key made/key.pem -cert_chain hundred.pem
    judge 0 "$@"
    verdict_of warn ATT-16
    has out '^    101 certificates were sent; '
    stop
    # Evidence by ECDSA, and for those who take RSA only a certificate that has none.
    plain -cert made/cert.pem -key made/key.pem -dcert plain.pem -dkey plain.key
    judge 1 "$@"
    verdict_of FAIL ATT-20
    has out 'the certificate shown to a client that takes RSA only carries no evidence'
    stop
fi

# Hostile servers: a bounded time, and a line that says what they did.
while read -r manner why; do
    start rogue "$rogue" "$manner"
    judge 1 --timeout 2 "$@"
    verdict_of FAIL ATT-01 ATT-17 ATT-18
    verdict_of skip ATT-02 ATT-06 ATT-13 ATT-19 ATT-20
    has out "^    no certificate was shown: $why"
    hasnt out "$(printf '\033')"
    stop
done <<'END'
hang the handshake was not complete in time
drip the handshake was not complete in time
flood TLS: 
hello \(more than 1048576 bytes came\|the handshake was not complete in time\)
alert the peer refused: alert "handshake failure"
text TLS: 
leave \(the peer closed the connection\|Connection reset by peer\)
END
judge 2 # nobody is there any more
has err "can't be reached: "
run 2 conform endpoint nowhere
run 2 conform endpoint 127.0.0.1:1 --timeout 0
run 2 conform endpoint

done_testing
