# ratls verify-quote: bare quotes, without a policy.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
need_mint
cd minted || exit 1
set -- --collateral collateral-sgx.json --root root.pem

run 0 verify-quote quote-sgx-v3.bin "$@"
has out '^VALID: the evidence is genuine, TCB status UpToDate$'
has out '^attested$'
hasnt out 'policy\.'
run 0 verify-quote --json quote-sgx-v3.bin "$@"
json evidence_valid true
json error null
json tcb_status '"UpToDate"'
json collateral_expired false
json debug false
json advisories '\[\]'
json unverified null
hasnt out '"accepted"'
has out '^    "quote_version": 3,$'
has out '^    "ppid": "[0-9a-f]\{32\}",$'
has out '^    "tcb_date": "20..-..-..T00:00:00Z",$'
has out '^    "earliest_expiration": "20'
verdict quote.signature passed
verdict policy.identity 'not run'
has out '"text": "a bare quote is judged without certificate and policy"'

run 0 verify-quote quote-tdx-v4.bin --collateral collateral-tdx.json --root root.pem
has out '^  RTMR0  *[0-9a-f]\{96\}$'
run 0 verify-quote quote-tdx-v5.bin "$@" --collateral collateral-tdx.json
has out '^  passed   tdx_module '
run 0 verify-quote quote-sgx-v3.bin --collateral collateral-sgx.oe --root root.pem

# Text forms and standard input.
od -An -v -tx1 quote-sgx-v3.bin >quote.hex
run 0 verify-quote quote.hex "$@"
asked='ratls verify-quote - < quote'
"$program" verify-quote - "$@" <quote-sgx-v3.bin >out 2>err || bad "exit code $?"

# Expiry alone is not invalid; a date ahead is.
run 0 verify-quote --json quote-sgx-v3.bin "$@" --time $(($(date +%s) + 86400 * 90))
json evidence_valid true
json collateral_expired true
json tcb_status '"UpToDate"'
run 1 verify-quote --json quote-sgx-v3.bin "$@" --time 2020-01-01T00:00:00Z
json evidence_valid false
json tcb_status null

# FILE CODE CHECK
: >empty
echo garbage >garbage
head -c 4000 quote-sgx-v3.bin >short.bin
while read -r file code check; do
    run 1 verify-quote --json "$file" "$@"
    json evidence_valid false
    json tcb_status null
    json attested null
    json_error "$code" "$check"
    run 1 verify-quote "$file" "$@"
    has out '^NOT VALID: '
done <<'END'
empty RATLS_E_MALFORMED quote.format
garbage RATLS_E_MALFORMED quote.format
short.bin RATLS_E_MALFORMED quote.format
quote-tdx-v4.bin RATLS_E_MISSING collateral.present
END
run 1 verify-quote cert-sgx.pem
has err 'note: cert-sgx.pem holds PEM text; for a certificate see: ratls verify$'
run 1 verify-quote --json quote-sgx-v3.bin
json_error RATLS_E_MISSING collateral.present
run 1 verify-quote --json quote-sgx-v3.bin --collateral collateral-sgx.json
json_error RATLS_E_UNTRUSTED pck.chain
run 1 verify-quote --json quote-sgx-v3.bin --root root.pem --collateral garbage
json_error RATLS_E_MALFORMED collateral.present
has out '"text": "garbage: '

cd ..
done_testing
