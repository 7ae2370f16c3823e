# ratls verify: accepted and refused, as text and as JSON.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
need_mint
cd minted || exit 1
trust='--collateral collateral-sgx.json --root root.pem'
# shellcheck disable=SC2086 # words
set -- $trust

"$program" policy new cert-sgx.pem "$@" >sgx.json 2>err || exit 1
run 0 verify cert-sgx.pem --policy sgx.json "$@"
has out '^ACCEPTED$'
has out "^OTHER ROOT: trust ends in the root given by --root, not in Intel's$"
has out '^attested$'
has out '^  TCB status  *UpToDate$'
has out '^  level  *key$'
has out '^  by  *certificate$'
has out '^  passed   quote.signature '
hasnt out 'FAILED'
hasnt out 'UNVERIFIED'
hasnt out 'INSECURE'
[ ! -s err ] || bad "it talks on standard error"

run 0 verify --json cert-sgx.pem --policy sgx.json "$@"
json accepted true
json evidence_valid true
json error null
json tcb_status '"UpToDate"'
json collateral_expired false
json debug false
json advisories '\[\]'
json unverified null
json claimed '\[\]'
json insecure '\[\]'
has out '^    "level": "key",$'
has out '^    "by": "certificate",$'
has out '^    "time": "20[0-9-]*T[0-9:]*Z",$'
has out '^    "scheme": "interoperable",$'
has out '^    "hash": "sha256",$'
has out '^    "tee": "sgx",$'
has out '^    "fmspc": "00606a000000",$'
has out '^    "other_root": true$'
verdict policy.identity passed
verdict certificate.signature passed
verdict tdx_module 'not run'
count=$(grep -c '^      "clause": ' out)
[ "$count" -ge 40 ] || bad "$count checks, expected all of them"

# No policy: all the rest is judged.
run 1 verify cert-sgx.pem "$@"
has out '^REFUSED: policy: there is none, so nothing is accepted$'
run 1 verify --json cert-sgx.pem "$@"
json accepted false
json evidence_valid true
json_error RATLS_E_MISSING policy.present
verdict tcb.level passed

# CERTIFICATE CODE CHECK EVIDENCE-VALID, under the policy for cert-sgx.pem.
while read -r file code check valid; do
    run 1 verify --json "$file" --policy sgx.json "$@"
    json accepted false
    json evidence_valid "$valid"
    json_error "$code" "$check"
    verdict "$check" failed
    run 1 verify "$file" --policy sgx.json "$@"
    has out '^REFUSED: '
done <<'END'
cert-sgx-flipped.pem RATLS_E_UNTRUSTED quote.signature false
cert-sgx-copied.pem RATLS_E_BINDING binding.key false
cert-sgx-debug.pem RATLS_E_POLICY policy.debug true
cert-sgx-outofdate.pem RATLS_E_POLICY policy.tcb_status true
cert-tdx.pem RATLS_E_MISSING collateral.present false
cert-none.pem RATLS_E_MISSING evidence.present false
root.pem RATLS_E_MISSING evidence.present false
key-sgx.pem RATLS_E_MALFORMED certificate.format false
quote-sgx-v3.bin RATLS_E_MALFORMED certificate.format false
collateral-sgx.json RATLS_E_MALFORMED certificate.format false
END
run 1 verify quote-sgx-v3.bin
has err 'note: quote-sgx-v3.bin holds an SGX or TDX quote; without a certificate see: ratls verify-quote$'

# Facts that nobody vouches for stand apart.
run 1 verify --json cert-sgx-flipped.pem --policy sgx.json "$@"
json attested null
json tcb_status null
has out '^  "unverified": {$'
run 1 verify cert-sgx-flipped.pem --policy sgx.json "$@"
has out '^UNVERIFIED: what the quote says; it was not found genuine$'
hasnt out '^attested'
has out '^  not run  .*tcb.level, '
has out ': an earlier check failed$'

# The same identity in every scheme; TDX has its own.
for file in cert-gramine.pem cert-gramine-legacy.pem cert-sgxsdk.pem cert-sgxsdk-legacy.pem \
    cert-rats-tls-legacy.pem cert-oe-report.pem cert-oe.pem cert-sgx-endorsed.pem; do
    run 0 verify $file --policy sgx.json "$@"
done
run 0 verify cert-sgx-nonce.pem --policy sgx.json "$@"
has out '^claimed by the peer (nobody vouches for it)$'
has out '^  nonce  *000102030405060708090a0b0c0d0e0f$'
run 0 verify --json cert-sgx-nonce.pem --policy sgx.json "$@"
has out '^      "name": "nonce",$'
has out '^      "value": "000102030405060708090a0b0c0d0e0f",$'
has out '^      "size": 16$'
"$program" policy new cert-tdx.pem --collateral collateral-tdx.json --root root.pem >tdx.json \
    2>err || exit 1
run 0 verify cert-tdx.pem --policy tdx.json "$@" --collateral collateral-tdx.json
run 0 verify cert-tdx-sgxsdk.pem --policy tdx.json --collateral=collateral-tdx.json --root=root.pem
has out '^  hash  *sha384$'
run 1 verify cert-tdx.pem --policy sgx.json --collateral collateral-tdx.json --root root.pem
has out '^  FAILED   policy.identity '

# Insecure switches show.
sed 's/"insecure_allow_debug": false/"insecure_allow_debug": true/' sgx.json >debug.json
run 0 verify cert-sgx-debug.pem --policy debug.json "$@"
has out '^INSECURE: the policy has insecure_allow_debug$'
has out '^  debug  *DEBUG MODE: '
run 0 verify --json cert-sgx-debug.pem --policy debug.json "$@"
json debug true
has out '^    "insecure_allow_debug"$'

# Roots and CAs.
run 1 verify --json cert-sgx.pem --policy sgx.json --collateral collateral-sgx.json
json_error RATLS_E_UNTRUSTED pck.chain
run 2 verify cert-sgx.pem --policy sgx.json --root cert-sgx.pem
has err '^ratls: cert-sgx.pem: root'
run 0 verify --json cert-sgx-ca.pem --policy sgx.json "$@"
verdict certificate.signature 'not run'
run 0 verify --json cert-sgx-ca.pem --policy sgx.json --ca ca.pem "$@"
verdict certificate.signature passed
run 1 verify --json cert-sgx.pem --policy sgx.json --ca ca.pem "$@"
json_error RATLS_E_UNTRUSTED certificate.signature
run 2 verify cert-sgx.pem --ca key-sgx.pem
has err '^ratls: key-sgx.pem: CA: '

# Time: before and after all dates.
run 1 verify --json cert-sgx.pem --policy sgx.json "$@" --time 2000-01-01T00:00:00Z
json_error RATLS_E_STALE certificate.validity
run 1 verify --json cert-sgx.pem --policy sgx.json "$@" --time 2100-01-01T00:00:00Z
json_error RATLS_E_STALE certificate.validity
soon=$(($(date +%s) + 86400 * 90))
run 1 verify --json cert-sgx.pem --policy sgx.json "$@" --time $soon
json evidence_valid true
json collateral_expired true
json_error RATLS_E_STALE policy.expiry
run 1 verify cert-sgx.pem --policy sgx.json "$@" --time $soon
has out '^EXPIRED: collateral is not within its dates'

# A policy that does not load is a mistake of the user's; collateral that does not is a refusal.
printf '{"version":1,"accept":[{"tee":"sgx"}]}' >wide.json
run 2 verify cert-sgx.pem --policy wide.json "$@"
has err '^ratls: wide.json: policy: '
[ ! -s out ] || bad "it prints something"
printf '{"tcb_info": ' >half.json
run 1 verify --json cert-sgx.pem --policy sgx.json --root root.pem --collateral half.json
json accepted false
json evidence_valid false
json_error RATLS_E_MALFORMED collateral.present
has out '^    "text": "half.json: collateral: '
run 1 verify --json cert-sgx.pem --policy sgx.json "$@" --collateral half.json
json evidence_valid false
json tcb_status null
json_error RATLS_E_MALFORMED collateral.present

# Forms of the certificate, and standard input.
sed '/^-----/d' cert-sgx.pem | base64 -d >cert.der
run 0 verify cert.der --policy sgx.json "$@"
{ echo 'depth=0'; cat cert-sgx.pem root.pem; } >chain.pem
run 0 verify chain.pem --policy sgx.json "$@"
sed '5s/./!/' cert-sgx.pem >broken.pem
run 1 verify --json broken.pem --policy sgx.json "$@"
json_error RATLS_E_MALFORMED certificate.format
asked='ratls verify - < cert-sgx.pem'
"$program" verify - --policy sgx.json "$@" <cert-sgx.pem >out 2>err || bad "exit code $?"
has out '^file  *standard input$'
asked='ratls verify cert-sgx.pem --policy - < sgx.json'
"$program" verify cert-sgx.pem --policy - "$@" <sgx.json >out 2>err || bad "exit code $?"
has out '^ACCEPTED$'

# Every byte of the signed part is bound: one bit of some of them, through the command.
size=$(wc -c <cert.der)
at=40
while [ $at -lt "$size" ]; do
    byte=$(od -An -tu1 -j $at -N 1 cert.der | tr -d ' ')
    cp cert.der flipped.der
    # shellcheck disable=SC2059 # an octal escape
    printf "\\$(printf '%03o' $((byte ^ 1)))" |
        dd of=flipped.der bs=1 seek=$at conv=notrunc 2>/dev/null
    run 1 verify flipped.der --policy sgx.json "$@"
    at=$((at + 251))
done

cd ..
done_testing
