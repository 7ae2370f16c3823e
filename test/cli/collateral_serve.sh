# ratls collateral serve, and ratls sim collateral --store: a cache of collateral on the loopback.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
rm -rf work
mkdir work
cd work || exit 1
trap 'stop' EXIT
pid=

# serve WORD…: the server, which stops by itself whatever becomes of this test; its address is then
# in $at, and in $host and $port.
serve() {
    at=
    rm -f log
    "$program" collateral serve --listen 127.0.0.1:0 --timeout 120 "$@" >log 2>log.err &
    pid=$!
    for _ in $(seq 100); do
        at=$(sed -n 's/^listening on //p' log 2>/dev/null)
        [ -n "$at" ] && break
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    if [ -z "$at" ]; then
        echo "error: no server: $*" >&2
        cat log.err >&2
        exit 1
    fi
    host=${at%:*} port=${at##*:}
}
stop() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null
    [ -z "$pid" ] || wait "$pid" 2>/dev/null
    pid=
}
# ended EXIT: the server has ended, so.
ended() {
    status=0
    wait "$pid" || status=$?
    pid=
    [ "$status" = "$1" ] || bad "the server's exit code is $status, expected $1"
}
# split: the answer in `whole` becomes `out`, status line and headers, and `body`.
split() {
    sed '/^\r$/,$d' whole | tr -d '\r' >out
    size=$(sed '/^\r$/q' whole | wc -c)
    tail -c +$((size + 1)) whole >body
}
# ask STATUS TARGET [METHOD]: a request; what comes is then in out and body.
ask() {
    asked="${3:-GET} $2"
    cases=$((cases + 1))
    exec 5<>"/dev/tcp/$host/$port" || {
        bad "no connection"
        return
    }
    printf '%s %s HTTP/1.0\r\nHost: localhost\r\n\r\n' "${3:-GET}" "$2" >&5
    timeout 60 cat <&5 >whole
    exec 5<&-
    split
    has out "^HTTP/1.0 $1 "
    has out '^Request-ID: [0-9a-f]\{32\}$'
}
# sends BYTES PATTERN: what is no request that evhttp hands over is answered so.
sends() {
    asked="${1:0:40}"
    cases=$((cases + 1))
    exec 5<>"/dev/tcp/$host/$port" || {
        bad "no connection"
        return
    }
    # What is too long may be refused before it is sent whole.
    (printf '%b' "$1" >&5) 2>/dev/null
    timeout 60 cat <&5 >whole 2>/dev/null
    exec 5<&-
    split
    has out "$2"
}
# text KEY FILE: a string of an item, unescaped; no escape but \" and \n stands there.
text() {
    sed -n "s/^  \"$1\": \"\\(.*\\)\",\\{0,1\\}\$/\\1/p" "$2" | sed 's/\\"/"/g; s/\\n/\
/g'
}
# decoded HEADER: the chain in it.
decoded() {
    printf '%b' "$(sed -n "s/^$1: //p" out | sed 's/%/\\x/g')"
}
# is_body KEY MEMBER FILE: the body is what was signed, and its signature.
is_body() {
    printf '{"%s":%s,"signature":"%s"}' "$2" "$(text "$1" "$3")" "$(text "$1_signature" "$3")" \
        >expected
    cmp -s body expected || bad "the body is not what $3 holds"
}

run 0 sim new p
run 0 sim new t --vendor p --tee tdx
run 0 sim collateral p --store store
[ ! -s out ] || bad "collateral on standard output too"
run 0 sim collateral t --store store
run 0 sim collateral p --store store
run 2 sim collateral p --store /dev/null/store
run 2 sim collateral nothing-here --store store
fmspc=$(basename store/tdx-tcb-*.json .json)
fmspc=${fmspc#tdx-tcb-}
pck=$(sed -n 's/^  "qe_id": "\(.*\)",$/\1/p' p/platform.json)
svn='ffffffffffffffffffffffffffffffff&pcesvn=ff00&pceid=0000'
sgx=/sgx/certification/v4 tdx=/tdx/certification/v4

serve --store store
ask 200 "$sgx/tcb?fmspc=$fmspc&update=standard"
is_body tcb_info tcbInfo p/collateral.json
has out '^Content-Type: application/json$'
has out '^Cache-Control: max-age=[0-9]*$'
decoded TCB-Info-Issuer-Chain >chain
cat p/tcb-signer.pem p/root.pem | cmp -s chain - || bad "another chain"
hasnt out '^Warning: '
ask 200 "$tdx/tcb?fmspc=$fmspc"
is_body tcb_info tcbInfo t/collateral.json
ask 200 "/sgx/certification/v3/tcb?fmspc=$fmspc"
is_body tcb_info tcbInfo "store/sgx-tcb-v2-$fmspc.json"
has out '^SGX-TCB-Info-Issuer-Chain: -----BEGIN%20CERTIFICATE-----%0A'
has out '^Warning: 299 - '
ask 200 "$sgx/qe/identity"
is_body qe_identity enclaveIdentity p/collateral.json
ask 200 "$tdx/qe/identity?update=early"
is_body qe_identity enclaveIdentity t/collateral.json
for enclave in qve qae; do
    ask 200 "$sgx/$enclave/identity"
    is_body qe_identity enclaveIdentity store/sgx-$enclave.json
done
for tee in sgx tdx; do
    ask 200 "/$tee/certification/v4/tcbevaluationdatanumbers"
    is_body tcb_evaluation_data_numbers tcbEvaluationDataNumbers store/$tee-evaluation-numbers.json
done
ask 200 "$sgx/rootcacrl"
text root_ca_crl store/root-ca-crl.json | tr -d '\n' | cmp -s body - || bad "another root CRL"
for target in /IntelSGXRootCA.der \
    "$sgx/crl?uri=https://certificates.trustedservices.intel.com/IntelSGXRootCA.der"; do
    ask 200 "$target"
    has out '^Content-Type: application/pkix-crl$'
    openssl crl -in body -inform DER -noout -CAfile p/root.pem >verified 2>&1
    grep -q '^verify OK' verified || bad "no CRL of the root"
done
ask 200 "$sgx/pckcrl?ca=platform"
ask 200 "$sgx/pckcrl?ca=platform&encoding=der"
openssl crl -in body -inform DER -noout -CAfile p/platform-ca.pem >verified 2>&1
grep -q '^verify OK' verified || bad "no CRL of the CA"
decoded SGX-PCK-CRL-Issuer-Chain >chain
cat p/platform-ca.pem p/root.pem | cmp -s chain - || bad "another chain"
ask 200 "$sgx/pckcrl?ca=platform&encoding=pem"
openssl crl -in body -noout -CAfile p/platform-ca.pem >verified 2>&1
grep -q '^verify OK' verified || bad "no CRL in PEM"
ask 200 "$sgx/pckcert?qeid=$pck&cpusvn=$svn"
cmp -s body p/pck.pem || bad "another PCK certificate"
has out '^SGX-TCBm: [0-9A-F]\{36\}$'
has out "^SGX-FMSPC: $(echo "$fmspc" | tr '[:lower:]' '[:upper:]')\$"
has out '^SGX-PCK-Certificate-CA-Type: platform$'
ask 200 "$sgx/fmspcs?platform=E5"
has body "^\[{\"fmspc\":\"$(echo "$fmspc" | tr '[:lower:]' '[:upper:]')\",\"platform\":\"E5\"}\]\$"

# Errors, each with a line.
ask 400 "$sgx/tcb"
has body '^fmspc: expected 12 hex digits$'
ask 404 /
ask 404 "$sgx/tcb?fmspc=00906ed50000"
ask 410 "$sgx/qe/identity?tcbEvaluationDataNumber=0"
ask 461 "$sgx/pckcert?qeid=00000000000000000000000000000000&cpusvn=$svn"
ask 462 "$sgx/pckcert?qeid=$pck&cpusvn=00000000000000000000000000000000&pcesvn=0000&pceid=0000"
ask 405 "$sgx/qe/identity" POST
has out '^Allow: GET, HEAD$'
ask 414 "$sgx/tcb?fmspc=$fmspc&x=$(printf '%05000d' 0)"
ask 200 "$sgx/qe/identity" HEAD
has out '^Content-Length: [1-9]'
[ ! -s body ] || bad "a body"
ask 404 '/%1b%5b2J\033%s%n'
sends 'BREW / HTTP/1.0\r\n\r\n' '^HTTP/1.[01] 501 '
sends 'nonsense\r\n\r\n' '^HTTP/1.[01] 400 '
sends "GET /$(printf '%020000d' 0) HTTP/1.0\r\n\r\n" '^HTTP/1.[01] 400 '
sends "GET / HTTP/1.0\r\nX: $(printf '%020000d' 0)\r\n\r\n" '^HTTP/1.[01] 400 '
sends "POST $sgx/tcb HTTP/1.0\r\nContent-Length: 5000\r\n\r\n" '^HTTP/1.[01] 413 '
sends "GET $sgx/rootcacrl HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nConnection: close\r\n\r\n" \
    '^HTTP/1.1 200 '
has body '^HTTP/1.1 404 \|[0-9a-f]HTTP/1.1 404 '
asked='what the server says'
grep -q "^127.0.0.1:[0-9]* GET $sgx/rootcacrl 200 [0-9]*\$" log || bad "no line for a request"
grep -q "^127.0.0.1:[0-9]* POST $sgx/qe/identity 405 [0-9]*\$" log || bad "no line for an error"
[ "$(LC_ALL=C grep -c '[^ -~]' log)" = 0 ] || bad "an access line has odd characters"
[ "$(grep -o 'Request-ID' log.err | wc -l)" = 0 ] || bad "$(cat log.err)"

# The store changes while it runs.
mv store/sgx-qe.json kept
ask 404 "$sgx/qe/identity"
echo '{"qe_identity": "' >store/sgx-qe.json
ask 500 "$sgx/qe/identity"
mv kept store/sgx-qe.json
ask 200 "$sgx/qe/identity"
rm store/*.json
ask 404 "$sgx/tcb?fmspc=$fmspc"
ask 200 "$sgx/fmspcs"
has body '^\[\]$'
run 0 sim renew p --valid 3
run 0 sim collateral p --store store
ask 200 "$sgx/tcb?fmspc=$fmspc"
is_body tcb_info tcbInfo p/collateral.json

# More than it serves at once, none of which says anything, and one that never ends what it says:
# they are cut off, and who comes next is served.
asked='slow clients'
cases=$((cases + 1))
slow=()
for _ in $(seq 80); do
    exec {fd}<>"/dev/tcp/$host/$port" || break
    slow+=("$fd")
done
[ "${#slow[@]}" = 80 ] || bad "only ${#slow[@]} connections"
(
    for _ in $(seq 120); do
        sleep 0.5
        printf 'x' >&"${slow[0]}" || exit 0
    done
) 2>/dev/null &
trickle=$!
if [ -d "/proc/$pid/fd" ]; then
    most=$(find "/proc/$pid/fd" 2>/dev/null | wc -l)
    [ "$most" -le 90 ] || bad "$most file descriptors are open"
fi
ask 200 "$sgx/qe/identity"
timeout 60 cat <&"${slow[0]}" >whole 2>/dev/null || bad "a slow client is not cut off"
for fd in "${slow[@]}"; do
    exec {fd}<&-
done
wait "$trickle"
ask 200 "$sgx/qe/identity"
kill -TERM "$pid"
ended 0

serve --store store --requests 2
ask 200 "$sgx/qe/identity"
ask 404 /
ended 0
serve --store store
kill -INT "$pid"
ended 0

# HTTPS.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem \
    -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>openssl.log ||
    bad "$(cat openssl.log)"
serve --store store --cert cert.pem --key key.pem
asked='GET over TLS'
cases=$((cases + 1))
printf 'GET %s/rootcacrl HTTP/1.0\r\n\r\n' "$sgx" |
    timeout 60 openssl s_client -connect "$at" -quiet -CAfile cert.pem -verify_return_error \
        >whole 2>openssl.log
split
has out '^HTTP/1.0 200 '
text root_ca_crl store/root-ca-crl.json | tr -d '\n' | cmp -s body - || bad "another root CRL"
asked='plain HTTP to HTTPS'
cases=$((cases + 1))
exec 5<>"/dev/tcp/$host/$port"
printf 'GET %s/rootcacrl HTTP/1.0\r\n\r\n' "$sgx" >&5
timeout 60 cat <&5 >whole 2>/dev/null
exec 5<&-
grep -q 'HTTP/' whole && bad "an answer"
if command -v curl >/dev/null; then
    asked='curl'
    cases=$((cases + 1))
    curl -sS --max-time 60 --cacert cert.pem -o body -D head "https://$at$sgx/rootcacrl" \
        "https://localhost:$port$sgx/rootcacrl" -o body2 2>err || bad "$(cat err)"
    grep -q '^HTTP/1.1 200 ' head || bad "$(head -n 1 head)"
    cmp -s body body2 || bad "two root CRLs"
    curl -sS --max-time 60 -o body "https://$at$sgx/rootcacrl" 2>err && bad "no CA, and yet"
fi
stop

# Usage.
run 0 collateral serve --help
has out '^usage: ratls collateral serve \[OPTION\]'
has out '^Exit codes: 0 '
run 2 collateral
run 2 collateral serve
has err '^ratls: collateral serve: --store DIR is missing$'
run 2 collateral serve --store store --listen 8081
has err "^ratls: --listen: found '8081', expected HOST:PORT"
run 2 collateral serve --store store --cert cert.pem
has err '^ratls: collateral serve: --cert and --key go together$'
run 2 collateral serve --store store --key key.pem
run 2 collateral serve --store store --cert key.pem --key key.pem
has err '^ratls: key.pem: no certificate in PEM$'
run 2 collateral serve --store store --cert cert.pem --key p/root-key.pem
has err '^ratls: p/root-key.pem: no private key of that certificate$'
run 2 collateral serve --store store --cert cert.pem --key nothing-here
run 2 collateral serve --store store --requests 0
has err "^ratls: --requests: found '0', expected a number from 1 on$"
run 2 collateral serve --store store --timeout never
has err "^ratls: --timeout: found 'never', expected seconds from 1 to 86400$"
run 2 collateral serve --store /dev/null/store
run 2 collateral serve --store store --bogus
if grep -q '^0\{31\}1 ' /proc/net/if_inet6 2>/dev/null; then
    run 0 collateral serve --store store --listen '[::1]:0' --timeout 1
    has out '^listening on \[::1\]:[0-9]*$'
fi
serve --store store
run 2 collateral serve --store store --listen "$at"
has err "^ratls: 127.0.0.1:$port: can't be listened at: "
stop

done_testing
