# A certificate made for one question, and what a policy says of how evidence is bound.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
rm -rf work
mkdir work
cd work || exit 1

nonce=00112233445566778899aabbccddeeff
other=ffeeddccbbaa99887766554433221100
run 0 sim new p
judge="--root p/root.pem --collateral p/collateral.json"
run 0 attest --source sim:p --nonce $nonce --out answer
run 0 attest --source sim:p --out plain
# shellcheck disable=SC2086 # lists of words, here and below
run 0 policy new plain/cert.pem $judge
cp out key.json
sed 's/^}$/, "binding": {"minimum": "nonce"}}/' key.json >nonce.json
sed 's/^}$/, "binding": {"minimum": "session"}}/' key.json >session.json

# shellcheck disable=SC2086
run 0 verify answer/cert.pem $judge --policy nonce.json --nonce $nonce --json
has out '"level": "nonce"'
has out '"by": "nonce given by hand"'
verdict binding.nonce passed
verdict binding.session 'not run'
# shellcheck disable=SC2086
run 0 verify answer/cert.pem $judge --policy key.json --json
has out '"level": "key"'
# Replayed: an old answer to another question.
# shellcheck disable=SC2086
run 1 verify answer/cert.pem $judge --policy nonce.json --nonce $other --json
json_error RATLS_E_BINDING binding.nonce
# shellcheck disable=SC2086
run 1 verify answer/cert.pem $judge --policy key.json --nonce $other
has out '^REFUSED: .* answers another question'
# shellcheck disable=SC2086
run 1 verify plain/cert.pem $judge --policy key.json --nonce $nonce --json
json_error RATLS_E_BINDING binding.nonce
# shellcheck disable=SC2086
run 1 verify plain/cert.pem $judge --policy nonce.json --json
json_error RATLS_E_BINDING policy.binding
# shellcheck disable=SC2086
run 1 verify answer/cert.pem $judge --policy session.json --nonce $nonce --json
json_error RATLS_E_BINDING policy.binding
has err '^ratls: note: a certificate reaches level "key", .*: ratls connect HOST:PORT$'
# In each format that has a place for it.
for peer in any gramine sgx-sdk rats-tls; do
    run 0 attest --source sim:p --nonce $nonce --for $peer --out "for-$peer"
    # shellcheck disable=SC2086
    run 0 verify "for-$peer/cert.pem" $judge --policy nonce.json --nonce $nonce
done
run 1 attest --source sim:p --nonce $nonce --for open-enclave --out none
has err 'has no place for'
[ ! -e none/cert.pem ] || bad "a certificate was written"
run 0 attest --source sim:p --nonce $nonce --csr --out request
for bad in 00 0011 "${nonce}0" "$nonce$nonce$nonce$nonce$nonce" zz112233445566778899aabbccddeeff; do
    run 2 verify answer/cert.pem --nonce "$bad"
    has err 'expected 32 to 128 hex digits'
done
run 2 verify answer/cert.pem --nonce $nonce --nonce $nonce

# Identity: a pinned platform.
ppid=$(sed -n 's/^ *"ppid": "\(.*\)",*$/\1/p' p/platform.json | head -n 1)
[ -n "$ppid" ] || ppid=$("$program" sim show p | sed -n 's/^ *PPID  *//p')
sed 's/^}$/, "platforms": {"pinned": [{"ppid": "'"$ppid"'", "added": "2026-01-01T00:00:00Z"}]}, "binding": {"identity": "platform"}}/' \
    key.json >platform.json
# shellcheck disable=SC2086
run 0 verify plain/cert.pem $judge --policy platform.json --json
has out '"identity": "platform"'
run 0 sim new twin --vendor p
run 0 attest --source sim:twin --out twin-cert
# shellcheck disable=SC2086
run 1 verify twin-cert/cert.pem --root p/root.pem --collateral twin/collateral.json --policy platform.json --json
json_error RATLS_E_POLICY policy.platform
done_testing
