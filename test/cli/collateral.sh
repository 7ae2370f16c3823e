# Collateral for the commands: from a service, a store, a bundle, and the peer's certificate.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
rm -rf work
mkdir work
cd work || exit 1
trap 'stop_all' EXIT
pids=
export XDG_CACHE_HOME="$PWD/cache" PCCS_URL='' RATLS_STORE=''

# start NAME WORD…: a server in the background, which stops by itself; its address is then in $at.
start() {
    log=$1.log at=
    rm -f "$log"
    shift
    "$program" "$@" >"$log" 2>"$log.err" &
    pid=$!
    pids="$pids $pid"
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
stop_all() {
    for pid in $pids; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    pids=
}

run 0 sim new p
run 0 sim new other --vendor p --tee tdx
run 0 attest --source sim:p --out plain
run 0 attest --source sim:p --staple --out stapled
run 0 policy new plain/cert.pem --collateral p/collateral.json --root p/root.pem
cp out policy.json
judge="--policy policy.json --root p/root.pem"

# Nothing at hand.
# shellcheck disable=SC2086 # lists of words, here and below
run 1 verify plain/cert.pem $judge --json
json_error RATLS_E_MISSING collateral.present
# shellcheck disable=SC2086
run 1 verify plain/cert.pem $judge
has err 'ratls collateral fetch'
[ ! -e cache ] || bad "a store was made where nothing was fetched"

# Stapled only.
# shellcheck disable=SC2086
run 0 verify stapled/cert.pem $judge
has out '^ACCEPTED'
has out "collateral from  *the peer's certificate$"
# shellcheck disable=SC2086
run 0 verify stapled/cert.pem $judge --json
has out '"pck_crl": "stapled"'
verdict endorsements.format passed

# A service: for one verdict, and for what comes later, since it is kept.
run 0 sim collateral p --store vendor
run 0 sim collateral other --store vendor
start service collateral serve --store vendor --listen 127.0.0.1:0 --timeout 120
service=$at
# shellcheck disable=SC2086
run 0 verify plain/cert.pem $judge --pccs "http://$service" --json
has out '"tcb_info": "held"'
requests() { grep -c GET service.log; }
[ "$(requests)" = 4 ] || bad "$(requests) requests, expected 4"
# shellcheck disable=SC2086
run 0 verify plain/cert.pem $judge
[ "$(requests)" = 4 ] || bad "what is kept was asked for again"
# shellcheck disable=SC2086
run 0 verify plain/cert.pem $judge --offline
# Where the verifier gets its own, the peer's CRLs do not suffice, and both count.
# shellcheck disable=SC2086
run 0 verify stapled/cert.pem $judge --json
has out '"pck_crl": "held"'
rm -rf cache
PCCS_URL=http://$service/sgx/certification/v4/ "$program" verify plain/cert.pem --policy policy.json \
    --root p/root.pem >out 2>err || bad "PCCS_URL is not honoured"
rm -rf cache
printf '// a cache of our own\n{"pccs_url": "http://%s/sgx/certification/v4/", "use_secure_cert": false}\n' \
    "$service" >qcnl.conf
# shellcheck disable=SC2086
QCNL_CONF_PATH=$PWD/qcnl.conf run 0 verify plain/cert.pem $judge
# shellcheck disable=SC2086
QCNL_CONF_PATH=$PWD/qcnl.conf run 2 verify plain/cert.pem $judge --offline --store empty.d
has err 'empty.d: No such file'
rm -rf cache

# A live peer: the service as the only source, stapling only, neither.
start plain serve 127.0.0.1:0 --source sim:p --timeout 120
plain=$at
start stapled serve 127.0.0.1:0 --source sim:p --staple --timeout 120
stapled=$at
# shellcheck disable=SC2086
run 1 verify "$plain" $judge --json
json_error RATLS_E_MISSING collateral.present
# shellcheck disable=SC2086
run 0 verify "$stapled" $judge
# shellcheck disable=SC2086
run 0 verify "$plain" $judge --pccs "http://$service"
rm -rf cache
# shellcheck disable=SC2086
run 0 connect "$plain" $judge --pccs "http://$service" --timeout 20
rm -rf cache
# shellcheck disable=SC2086
run 1 connect "$plain" $judge --timeout 20
has err 'no collateral for FMSPC'
# A server that judges its clients by what a service has, and staples what it gets there itself.
start mutual serve 127.0.0.1:0 --mutual --policy policy.json --root p/root.pem --source sim:p \
    --staple --pccs "http://$service" --store mutual.d --timeout 120
# shellcheck disable=SC2086
run 0 connect "$at" $judge --source sim:p --timeout 20
has err '^ACCEPTED'

# The example, over two peers: fetched once, and then at hand without a service.
for url in "http://$service" http://127.0.0.1:1; do
    asked="example-fleet with $url"
    cases=$((cases + 1))
    "$(dirname "$program")/example-fleet" p/root.pem policy.json fleet.d "$url" "$plain" "$stapled" \
        >out 2>err || bad "exit code $?, expected 0"
    [ "$(grep -c ': attested$' out)" = 2 ] || bad "not both are attested: $(cat out err)"
done
# shellcheck disable=SC2086
run 0 verify plain/cert.pem $judge --store fleet.d

# A service that is not there, or has other things.
# shellcheck disable=SC2086
run 1 verify plain/cert.pem $judge --pccs http://127.0.0.1:1 --json
json_error RATLS_E_MISSING collateral.present
has out '127.0.0.1:1'
run 2 verify plain/cert.pem --pccs ftp://127.0.0.1
has err 'http'
run 2 verify plain/cert.pem --pccs http://127.0.0.1 --store /dev/null
has err '/dev/null'

# Fetch, show, verify.
run 0 collateral fetch --root p/root.pem --pccs "http://$service" --for plain/cert.pem --store s
has out '^sgx-tcb-[0-9a-f]*  *fetched, of '
run 0 collateral fetch --root p/root.pem --pccs "http://$service" --store s --json
has out '"newer": false'
run 0 collateral fetch --root p/root.pem --pccs "http://$service" --for "$plain" --store s
fmspc=$(basename vendor/tdx-tcb-*.json .json)
fmspc=${fmspc#tdx-tcb-}
run 1 collateral fetch --root p/root.pem --pccs "http://$service" --fmspc "$fmspc" --store s
has out '^pck-crl-processor  *FAILED: '
run 0 collateral fetch --root p/root.pem --pccs "http://$service" --fmspc "$fmspc" --tee tdx \
    --pck-ca platform --store s
run 1 collateral fetch --pccs "http://$service" --fmspc "$fmspc" --tee tdx --pck-ca platform --store i
has out 'FAILED: '
run 2 collateral fetch --fmspc 12 --store s
has err '12 hex digits'
run 2 collateral fetch --tee sgx --store s
run 2 collateral fetch --offline --store s --root p/root.pem
has err 'offline'
run 2 collateral fetch --store nothing --pccs "http://$service"
has err 'holds nothing'
run 0 collateral show --store s --root p/root.pem
has out '^expires next '
run 0 collateral show --store s --root p/root.pem --json
json other_documents 0
has out '"state": "good"'
run 0 collateral verify --store s --root p/root.pem
has out '^GOOD: all 6 items'
run 1 collateral verify --store s
has out '^NOT GOOD: of 6 items 6 not genuine'
run 1 collateral verify --store s --root p/root.pem --time 2099-01-01T00:00:00Z
has out '^NOT GOOD: of 6 items 0 not genuine, 6 expired'
run 1 collateral verify --store s --root p/root.pem --time 2020-01-01T00:00:00Z
has out '6 from the future$'
run 2 collateral show --store nowhere
run 2 collateral show
has err 'there is no store yet'

# A store that lies is not believed.
sed 's/"UpToDate"/"OutOfDate"/; s/\\"UpToDate\\"/\\"OutOfDate\\"/' s/sgx-qe.json >lie
run 1 collateral verify --store s --root p/root.pem --json --time 2099-01-01T00:00:00Z
cp s/tdx-qe.json keep
cp s/sgx-qe.json s/tdx-qe.json
run 1 collateral verify --store s --root p/root.pem
has out 'what stands there is sgx-qe'
cp lie s/sgx-qe.json
# shellcheck disable=SC2086
run 1 verify plain/cert.pem $judge --store s
has err 'not used: s: sgx-qe: QE identity: its signature does not fit'
# shellcheck disable=SC2086
run 0 verify plain/cert.pem $judge --store s --pccs "http://$service"
cp keep s/tdx-qe.json
run 0 collateral verify --store s --root p/root.pem

# From one site to another.
run 0 collateral export --store s --root p/root.pem
cp out bundle.jsonl
[ "$(wc -l <bundle.jsonl)" = 6 ] || bad "a bundle of $(wc -l <bundle.jsonl) lines, expected 6"
run 0 collateral import bundle.jsonl --store t --root p/root.pem
has out '^taken  *6$'
run 0 collateral import bundle.jsonl --store t --root p/root.pem --json
json not_newer 6
run 0 collateral verify --store t --root p/root.pem
# shellcheck disable=SC2086
run 0 verify plain/cert.pem $judge --collateral bundle.jsonl
# shellcheck disable=SC2086
run 0 verify plain/cert.pem $judge --store t
{ cat lie; cat bundle.jsonl; } | tr -d '\n' >one
run 1 collateral import one --store u --root p/root.pem
has err 'object 1 is refused'
run 0 collateral import p/collateral.json --store x --root p/root.pem
has out '^taken  *4$'
sed 's/$/\r/; G' bundle.jsonl >crlf.jsonl
run 0 collateral import crlf.jsonl --store y --root p/root.pem
has out '^taken  *6$'
# shellcheck disable=SC2086
run 0 verify plain/cert.pem $judge --collateral crlf.jsonl
run 1 collateral import /dev/null --store u --root p/root.pem
run 1 collateral import bundle.jsonl --store v
[ "$(ls v | wc -l)" = 0 ] || bad "items of another root were taken"
run 1 collateral export --store s

# What has expired in the store is asked for again.
run 0 sim quote p
cp out quote.bin
run 0 sim renew p --time 2030-01-01T00:00:00Z --valid 400
run 0 sim collateral p --store later
start later collateral serve --store later --listen 127.0.0.1:0 --timeout 120
run 0 collateral import bundle.jsonl --store e --root p/root.pem
late="--root p/root.pem --store e --time 2030-02-01T00:00:00Z --json"
# shellcheck disable=SC2086
run 0 verify-quote quote.bin $late --offline
json collateral_expired true
# shellcheck disable=SC2086
run 0 verify-quote quote.bin $late --pccs "http://$at"
json collateral_expired false

# An attester that gets what it staples from a service.
run 0 attest --source sim:p --staple --pccs "http://$service" --store w --root p/root.pem --out got
rm -rf cache
# shellcheck disable=SC2086
run 0 verify got/cert.pem $judge
done_testing
