# ratls ca: from a request with evidence to a certificate of an ordinary CA, and what is on record.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
need_mint
rm -rf box
mkdir box
cd box || exit 1
minted=../minted
trust="--root $minted/root.pem --collateral $minted/collateral-sgx.json"
nonce=000102030405060708090a0b0c0d0e0f

# on_record DECISION REGEX: the last line of the log is of this decision, and matches. There are as
# many lines as decisions so far.
decisions=0
on_record() {
    decisions=$((decisions + 1))
    lines=$(wc -l <ca/audit.log)
    [ "$lines" = $decisions ] || bad "$lines lines in the log, expected $decisions"
    tail -n 1 ca/audit.log >last
    grep -q "^{\"time\":\"20[^\"]*Z\",\"decision\":\"$1\"," last || bad "not $1: $(cat last)"
    grep -q -e "$2" last || bad "the log's line does not match $2: $(cat last)"
    LC_ALL=C grep -q '[^ -~]' last && bad "the log holds what can't be printed"
}
nothing_issued() {
    set -- cert.pem*
    [ ! -e "$1" ] || bad "there is $*"
}

run 0 ca init --help
has out '^usage: ratls ca init \[OPTION\]\.\.\. DIR$'
run 0 ca init ca
has out '^written  *ca/ca.pem$'
[ "$(find ca/ca-key.pem -perm 600)" ] || bad "the key is not of mode 0600"
[ "$(find ca -maxdepth 0 -perm 700)" ] || bad "the directory is not of mode 0700"
[ ! -s ca/audit.log ] || bad "something is on record"
openssl verify -x509_strict -CAfile ca/ca.pem ca/ca.pem >log 2>&1 || bad "$(cat log)"
openssl x509 -in ca/ca.pem -noout -text >text
has text 'CA:TRUE, pathlen:0'
has text 'Certificate Sign, CRL Sign'
has text 'Issuer: CN = ratls CA [0-9a-f]\{8\}$'
run 0 ca log ca
has out '^No decision is on record\.$'
run 0 ca log ca --json
has out '^{"decisions": \[\], "unreadable": 0}$'
# A CA is never overwritten.
cp -r ca before
run 2 ca init ca
has err 'ca/ca-key.pem: can.t be made: File exists'
diff -r ca before || bad "the CA has changed"
run 0 ca init other --subject 'CN=Example CA,O=Example' --key-type p384 --days 1 --json
json directory '"other"'
openssl x509 -in other/ca.pem -noout -subject -checkend 86300 >text || bad "good for less than a day"
has text 'CN = Example CA, O = Example'
run 0 ca init rsa --key-type rsa3072

# The policy is for the enclave of the minted requests.
# shellcheck disable=SC2086 # words
set -- $trust
"$program" policy new $minted/cert-sgx.pem "$@" >policy.json 2>err || exit 1
policy_hash=$(openssl dgst -sha256 -r policy.json | cut -d' ' -f1)

# sign EXIT REQUEST WORD…
sign() {
    want=$1
    request=$2
    shift 2
    rm -f cert.pem
    # shellcheck disable=SC2086
    run "$want" ca sign "$request" --ca ca --policy policy.json $trust --out cert.pem "$@"
}

sign 0 $minted/request-sgx.pem
has out '^ISSUED$'
has out '^written  *cert.pem$'
has out "^  not run  certificate.validity  *a request has no dates$"
on_record accepted "\"policy_sha256\":\"$policy_hash\""
serial=$(openssl x509 -in cert.pem -noout -serial | cut -d= -f2 | tr A-F a-f | sed 's/^0*//')
grep -q "\"serial\":\"0*$serial\"" last || bad "the log has another serial than $serial"
key=$(openssl x509 -in cert.pem -noout -pubkey | openssl pkey -pubin -outform DER |
    openssl dgst -sha256 -r | cut -d' ' -f1)
grep -q "\"key_sha256\":\"$key\"" last || bad "the log has another key than $key"
for member in '"mrenclave":"[0-9a-f]\{64\}"' '"ppid":"[0-9a-f]\{32\}"' '"tcb_status":"UpToDate"' \
    '"nonce":null' '"binding":"key"' '"check":null' '"reason":"[^"]'; do
    grep -q "$member" last || bad "the log lacks $member"
done
openssl req -in $minted/request-sgx.pem -noout -pubkey >request.pub
openssl x509 -in cert.pem -noout -pubkey >cert.pub
cmp -s request.pub cert.pub || bad "it is for another key"
openssl x509 -in cert.pem -noout -text >text
has text "Subject: CN = $key"
has text 'CA:FALSE'
has text 'TLS Web Server Authentication, TLS Web Client Authentication'
hasnt text 'Subject Alternative Name'
hasnt text '2\.23\.133\.5\.4\.9'
for purpose in sslserver sslclient; do
    openssl verify -x509_strict -purpose $purpose -CAfile ca/ca.pem cert.pem >log 2>&1 ||
        bad "$(cat log)"
done
openssl x509 -in cert.pem -noout -checkend 86300 >log || bad "good for less than a day"
openssl x509 -in cert.pem -noout -checkend 86410 >log && bad "good for more than a day"
# The CA vouches for the key, not the certificate for itself: it carries no evidence.
run 1 verify --json cert.pem --policy policy.json "$@" --ca ca/ca.pem
json_error RATLS_E_MISSING evidence.present

sign 0 $minted/request-names.pem --names www.example.com,192.0.2.1,other.example.com \
    --subject 'CN=web 1' --hours 168 --json
json issued true
json refusal null
has out '^    "accepted": true,$'
on_record accepted '"names":\["www.example.com","192.0.2.1"\]'
openssl x509 -in cert.pem -noout -ext subjectAltName -subject >text
has text 'DNS:www.example.com, IP Address:192.0.2.1$'
has text 'CN = web 1'
openssl verify -CAfile ca/ca.pem -verify_hostname www.example.com cert.pem >log 2>&1 ||
    bad "$(cat log)"
sign 0 $minted/request-nonce.pem --nonce $nonce
on_record accepted "\"nonce\":\"$nonce\".*\"binding\":\"nonce\""
openssl req -in $minted/request-sgx.pem -outform DER -out request.der
sign 0 request.der
on_record accepted ''

# No longer than the CA; with a key and a CA of each kind.
for kind in other rsa; do
    # shellcheck disable=SC2086
    run 0 ca sign $minted/request-sgx.pem --ca $kind --policy policy.json $trust --hours 168 \
        --out $kind.pem
    openssl verify -x509_strict -CAfile $kind/ca.pem $kind.pem >log 2>&1 || bad "$(cat log)"
    [ "$(wc -l <$kind/audit.log)" = 1 ] || bad "not one line in the log"
done
until=$(openssl x509 -in other/ca.pem -noout -enddate)
[ "$(openssl x509 -in other.pem -noout -enddate)" = "$until" ] || bad "it outlives its CA"

# Refused: the request, what the log says, and further words.
while IFS='|' read -r request says words; do
    # shellcheck disable=SC2086
    sign 1 $minted/$request $words
    has out '^REFUSED: '
    on_record refused "$says"
    grep -q '"serial":null' last || bad "a serial is on record"
    nothing_issued
done <<'END'
request-broken.pem|"check":"certificate.signature","code":"RATLS_E_UNTRUSTED"|
request-copied.pem|"check":"binding.key","code":"RATLS_E_BINDING"|
request-flipped.pem|"measurements":null.*"platform":null.*"check":"quote.signature"|
request-debug.pem|"debug":true.*"check":"policy.debug"|
request-none.pem|"check":"evidence.present","code":"RATLS_E_MISSING"|
request-tdx.pem|"check":"collateral.present"|
request-sgx.pem|"check":"binding.nonce"|--nonce 000102030405060708090a0b0c0d0e0f
request-nonce.pem|"check":"binding.nonce"|--nonce ff0102030405060708090a0b0c0d0e0f
request-names.pem|"check":null,"code":"RATLS_E_POLICY","reason":"request: asks for the DNS name|
request-names.pem|the address 192.0.2.1|--names www.example.com
request-mail.pem|neither a DNS name nor|--names root.example.com
request-to-be-ca.pem|asks to be a CA|
cert-sgx.pem|"key_sha256":null.*"check":"certificate.format"|
root.pem|none of the 1 PEM blocks is a CERTIFICATE REQUEST|
collateral-sgx.json|"check":"certificate.format","code":"RATLS_E_MALFORMED"|
END
sed 's/\("mrenclave": \["\)[0-9a-f]\{64\}/\1'"$(printf '%064d' 0)"'/' policy.json >strict.json
cmp -s policy.json strict.json && bad "the policy is the same"
rm -f cert.pem
# shellcheck disable=SC2086
run 1 ca sign $minted/request-sgx.pem --ca ca --policy strict.json $trust --out cert.pem --json
json issued false
has out '^  "refusal": "policy: '
on_record refused '"evidence_valid":true.*"check":"policy.identity"'
nothing_issued
run 1 ca sign $minted/request-sgx.pem --ca ca --policy policy.json --root $minted/root.pem \
    --collateral $minted/collateral-tdx.json --out cert.pem
on_record refused '"check":"collateral.present"'
sed 's/"version": 1,/"version": 1, "binding": {"identity": "ca"},/' policy.json >named.json
# shellcheck disable=SC2086
run 1 ca sign $minted/request-sgx.pem --ca ca --policy named.json $trust --out cert.pem
on_record refused '"check":"policy.peer"'
nothing_issued
# A certificate that was there stays.
echo kept >cert.pem
# shellcheck disable=SC2086
run 1 ca sign $minted/request-broken.pem --ca ca --policy policy.json $trust --out cert.pem
on_record refused certificate.signature
[ "$(cat cert.pem)" = kept ] || bad "the file is gone"

# Every byte counts: one bit of some of them, through the command.
size=$(wc -c <request.der)
at=20
while [ $at -lt "$size" ]; do
    byte=$(od -An -tu1 -j $at -N 1 request.der | tr -d ' ')
    cp request.der flipped.der
    # shellcheck disable=SC2059 # an octal escape
    printf "\\$(printf '%03o' $((byte ^ 1)))" |
        dd of=flipped.der bs=1 seek=$at conv=notrunc 2>/dev/null
    sign 1 flipped.der
    on_record refused ''
    nothing_issued
    at=$((at + 601))
done

# Wrong words and files: no decision.
run 0 ca log ca
accepted=$(grep -c '^20.*Z  accepted$' out)
refused=$(grep -c '^20.*Z  refused$' out)
[ $((accepted + refused)) = $decisions ] || bad "$accepted and $refused decisions are shown"
[ "$accepted" = 4 ] || bad "$accepted are accepted, expected 4"
run 0 ca log ca --json
[ "$(grep -c '^  {"time": ' out)" = $decisions ] || bad "other decisions in JSON"
printf '{"version":1,"accept":[]' >half.json
mkdir bare
while IFS='|' read -r says words; do
    # shellcheck disable=SC2086
    run 2 ca sign $words
    has err "$says"
    nothing_issued
done <<END
ca sign: --ca DIR is missing|$minted/request-sgx.pem --policy policy.json --out cert.pem
ca sign: --policy P.json is missing|$minted/request-sgx.pem --ca ca --out cert.pem
ca sign: --out CERT.pem is missing|$minted/request-sgx.pem --ca ca --policy policy.json
ca sign: REQUEST is missing|--ca ca --policy policy.json --out cert.pem
bare/ca.pem: can't be read|$minted/request-sgx.pem --ca bare --policy policy.json --out cert.pem
nothing.pem: can't be read|nothing.pem --ca ca --policy policy.json --out cert.pem
half.json: policy|$minted/request-sgx.pem --ca ca --policy half.json --out cert.pem
--hours: found '169'|$minted/request-sgx.pem --ca ca --policy policy.json --out cert.pem --hours 169
--hours: found '0'|$minted/request-sgx.pem --ca ca --policy policy.json --out cert.pem --hours 0
--names: .*a..b|$minted/request-sgx.pem --ca ca --policy policy.json --out cert.pem --names a..b
--subject: |$minted/request-sgx.pem --ca ca --policy policy.json --out cert.pem --subject nonsense
nowhere/cert.pem: can't be written|$minted/request-sgx.pem --ca ca --policy policy.json $trust --out nowhere/cert.pem
END
[ "$(wc -l <ca/audit.log)" = $decisions ] || bad "a mistake is on record"
cp -r ca open
chmod 0640 open/ca-key.pem
run 2 ca sign $minted/request-sgx.pem --ca open --policy policy.json --out cert.pem
has err 'others can read it (mode 0640), expected 0600'
cp -r ca mixed
cp other/ca-key.pem mixed/ca-key.pem
run 2 ca sign $minted/request-sgx.pem --ca mixed --policy policy.json --out cert.pem
has err 'the key is not that of its certificate'

# No record, no certificate: the log is full, no file, or not there.
cp -r ca full
head -c 200000 /dev/zero | tr '\0' '\n' >>full/audit.log
limited() {
    # What the certificate needs may be written, and no byte more to the log.
    asked="ratls ca sign, at most $(($(wc -c <full/audit.log) + $1)) bytes in a file"
    cases=$((cases + 1))
    rm -f cert.pem
    (
        command -v prlimit >/dev/null || exit 99
        # shellcheck disable=SC2086
        exec prlimit --fsize=$(($(wc -c <full/audit.log) + $1)) "$program" ca sign \
            $minted/request-sgx.pem --ca full --policy policy.json $trust --out cert.pem
    ) >out 2>err
    status=$?
}
cp full/audit.log log-before
for room in 0 1 100 500; do
    limited $room
    [ "$status" = 2 ] || bad "exit code $status, expected 2"
    has err 'full/audit.log: can.t be written, so nothing is issued'
    hasnt out ISSUED
    nothing_issued
    cmp -s full/audit.log log-before || bad "the log has changed"
done
limited 100000
[ "$status" = 0 ] || bad "exit code $status, expected 0"
[ -s cert.pem ] || bad "no certificate"
for log in /dev/full nowhere; do
    rm -rf full
    cp -r ca full
    ln -sf $log full/audit.log
    rm -f cert.pem
    # shellcheck disable=SC2086
    run 2 ca sign $minted/request-sgx.pem --ca full --policy policy.json $trust --out cert.pem
    has err 'full/audit.log'
    nothing_issued
done

# On record, and then no room for the certificate: the log says more than there is, never less.
rm -rf full
cp -r rsa full
: >full/audit.log
asked='ratls ca sign, room for the line and not for the certificate'
cases=$((cases + 1))
rm -f cert.pem
# shellcheck disable=SC2086
prlimit --fsize=$(($(wc -c <rsa/audit.log) + 20)) "$program" ca sign $minted/request-sgx.pem --ca full \
    --policy policy.json $trust --out cert.pem >out 2>err
[ $? = 2 ] || bad "another exit code than 2"
has err 'cert.pem: can.t be written, though the issue is on record: '
[ "$(wc -l <full/audit.log)" = 1 ] || bad "nothing is on record"
nothing_issued

# A line that a crash has cut stays apart.
rm -rf full
cp -r ca full
printf '{"time":"2026' >>full/audit.log
# shellcheck disable=SC2086
run 0 ca sign $minted/request-sgx.pem --ca full --policy policy.json $trust --out cert.pem
tail -n 1 full/audit.log | grep -q '^{"time".*}$' || bad "the line is not whole"
run 1 ca log full
has err '1 lines are no JSON objects'
grep -q . out || bad "nothing is shown"

# Signers at once: each has its line and its certificate.
rm -rf many
cp -r ca many
: >many/audit.log
pids=
for i in 1 2 3 4 5 6 7 8; do
    # shellcheck disable=SC2086
    "$program" ca sign $minted/request-sgx.pem --ca many --policy policy.json $trust \
        --out many-$i.pem >many-$i.out 2>&1 &
    pids="$pids $!"
done
asked='eight signers at once'
for pid in $pids; do
    cases=$((cases + 1))
    wait "$pid" || bad "exit code $?"
done
[ "$(wc -l <many/audit.log)" = 8 ] || bad "$(wc -l <many/audit.log) lines, expected 8"
[ "$(grep -c '^{"time":"[^"]*","decision":"accepted",.*}$' many/audit.log)" = 8 ] ||
    bad "lines are mixed"
for i in 1 2 3 4 5 6 7 8; do
    serial=$(openssl x509 -in many-$i.pem -noout -serial | cut -d= -f2 | tr A-F a-f | sed 's/^0*//')
    [ "$(grep -c "\"serial\":\"0*$serial\"" many/audit.log)" = 1 ] || bad "$serial is not on record once"
done

# From a platform that is simulated: request, certificate, TLS.
run 0 sim new sim
run 0 attest --out tls --source sim:sim --csr --names localhost
run 0 attest --out twin --source sim:sim
run 0 policy new twin/cert.pem --root sim/root.pem --collateral sim/collateral.json
cp out sim.json
run 0 ca sign tls/request.pem --ca ca --policy sim.json --root sim/root.pem \
    --collateral sim/collateral.json --names localhost --out tls/cert.pem
on_record accepted '"names":\["localhost"\]'
openssl verify -x509_strict -CAfile ca/ca.pem -verify_hostname localhost tls/cert.pem >log 2>&1 ||
    bad "$(cat log)"
openssl pkey -in tls/key.pem -pubout >key.pub
openssl x509 -in tls/cert.pem -noout -pubkey >cert.pub
cmp -s key.pub cert.pub || bad "it is for another key"
# No secret and no quote is on record.
grep -q 'PRIVATE\|BEGIN' ca/audit.log && bad "a key or PEM is on record"
[ "$(awk '{ if (length($0) > n) n = length($0) } END { print n }' ca/audit.log)" -lt 3000 ] ||
    bad "a line as long as a quote"

cd ..
done_testing
