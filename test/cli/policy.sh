# ratls policy new and policy check.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
need_mint
cd minted || exit 1
set -- --collateral collateral-sgx.json --root root.pem

run 0 policy new cert-sgx.pem "$@"
hasnt out UNVERIFIED
hasnt err UNVERIFIED
has out '"allow_status": \["UpToDate"\]'
has out '"insecure_allow_debug": false'
cp out verified.json
run 0 policy check verified.json
has out '^OK$'
run 0 verify cert-sgx.pem --policy verified.json "$@"

run 0 policy new cert-sgx.pem
has out '"comment": "UNVERIFIED: '
has err '^ratls: UNVERIFIED: cert-sgx.pem: nothing has checked that its identity is genuine'
grep -v '"comment"' out >stripped
cmp -s stripped verified.json || bad "names another identity than the verified one"
cp out unverified.json
run 0 policy check unverified.json
run 0 policy new cert-sgx.pem --time 0
has out UNVERIFIED

# Quotes, evidence in other wrappings.
run 0 policy new quote-tdx-v5.bin
has out '"mrtd": \["[0-9a-f]\{96\}"\]'
has out '"rtmr3": '
run 0 policy new quote-tdx-v4.bin --collateral collateral-tdx.json --root root.pem
hasnt out UNVERIFIED
run 0 policy new cert-oe.pem
has out '"mrenclave": '

# Verification was asked for and fails: no policy.
for file in cert-sgx-flipped.pem cert-sgx-copied.pem cert-tdx.pem; do
    run 1 policy new $file "$@"
    has err "^ratls: $file: "
    [ ! -s out ] || bad "a policy is printed"
done
run 1 policy new cert-sgx.pem --collateral collateral-sgx.json
has err 'PCK chain, root'
[ ! -s out ] || bad "a policy is printed"
run 1 policy new cert-sgx.pem --root root.pem --collateral root.pem
has err 'root.pem: '
run 1 policy new cert-sgx.pem --ca ca.pem "$@"
has err 'its issuer is not the CA given'
run 2 policy new cert-sgx.pem --collateral nothing-here.json

# Nothing to make a policy of.
: >empty
for file in cert-none.pem key-sgx.pem collateral-sgx.json cert-sgx-copied.pem empty; do
    run 1 policy new $file
    has err "^ratls: $file: "
    [ ! -s out ] || bad "a policy is printed"
done

# Policies that do not load.
while read -r policy; do
    echo "$policy" >bad.json
    run 1 policy check bad.json
    has err '^ratls: bad.json: policy: '
    [ ! -s out ] || bad "it prints OK"
done <<'END'
{
[]
{"version":2,"accept":[]}
{"version":1,"accept":[{"tee":"sgx"}]}
{"version":1,"accept":[],"surprise":1}
END

cd ..
done_testing
