# ratls attest: from a simulated platform to a certificate that is accepted.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
rm -rf box
mkdir box
cd box || exit 1

run 0 attest --help
has out '^usage: ratls attest \[OPTION\]\.\.\.$'
has out '^  --out DIR '
cp out by_option
run 0 help attest
cmp -s out by_option || bad "differs from --help"
run 2 attest
has err '^ratls: attest: --out DIR is missing'
run 2 attest tls --out tls
has err "^ratls: attest: options only, found 'tls'"

# accepted DIR SIM: the certificate there, under a policy made from another of the same platform.
accepted() {
    run 0 policy new "$1/cert.pem" --root "$2/root.pem" --collateral "$2/collateral.json"
    mv out policy.json
    run 0 verify "$1/cert.pem" --policy policy.json --root "$2/root.pem" \
        --collateral "$2/collateral.json"
    has out '^ACCEPTED$'
}

# Every flavour, peer and type of key: made and accepted, or refused with the reason.
while read -r name words; do
    # shellcheck disable=SC2086
    run 0 sim new "$name" $words
done <<'END'
sgx3
sgx4 --quote-version 4
tdx4 --tee tdx
tdx5 --tee tdx --quote-version 5
END
while read -r sim peer key why; do
    if [ -z "$why" ]; then
        run 0 attest --out "$sim-$peer-$key" --source "sim:$sim" --for "$peer" --key-type "$key"
        has out '^quote from  *sim$'
        has out '^valid until  *20'
        accepted "$sim-$peer-$key" "$sim"
    else
        run 1 attest --out refused --source "sim:$sim" --for "$peer" --key-type "$key"
        has err "$why"
        [ ! -s out ] || bad "something is printed"
        [ ! -e refused ] || bad "something is written"
    fi
done <<'END'
sgx3 any p256
sgx3 any p384
sgx3 any rsa3072
sgx4 any p256
tdx4 any p256
tdx5 any p256
sgx3 gramine p256
sgx4 gramine p384
sgx3 sgx-sdk p256
sgx3 sgx-sdk rsa3072
sgx3 rats-tls p256
tdx4 rats-tls p256
sgx3 open-enclave p256
sgx3 open-enclave rsa3072
tdx4 sgx-sdk p384
tdx4 gramine p256 TDX quote
sgx3 gramine rsa3072 RSA key
sgx4 open-enclave p256 read version 3
tdx4 open-enclave p256 certificates with evidence of SGX only
END

# What lies there.
[ "$(find sgx3-any-p256/key.pem -perm 600)" ] || bad "the key is not of mode 0600"
cmp -s sgx3-any-p256/cert.pem sgx3-any-p256/chain.pem || bad "a chain of more than one"
openssl pkey -in sgx3-any-p256/key.pem -pubout -out key.pub 2>log || bad "OpenSSL can't read the key"
openssl x509 -in sgx3-any-p256/cert.pem -noout -pubkey >cert.pub || bad "OpenSSL can't read it"
cmp -s key.pub cert.pub || bad "the certificate has another key"
run 0 show sgx3-any-p256/cert.pem
[ "$(head -c 11 out)" = "SIMULATED: " ] || bad "it does not begin with SIMULATED"

# The key of a peer's older versions, unless the user names another.
run 0 attest --out gramine --source sim:sgx3 --for gramine
openssl x509 -in gramine/cert.pem -noout -text >log
grep -q 'secp384r1' log || bad "a key for gramine that is not P-384"
run 0 attest --out gramine --source sim:sgx3 --for gramine --key sgx3-any-p256/key.pem
openssl x509 -in gramine/cert.pem -noout -pubkey | cmp -s - key.pub || bad "not the key that was given"

# Made again in the same place: another key and another certificate, or the same key.
cp -r sgx3-any-p256 before
run 0 attest --out sgx3-any-p256 --source sim:sgx3
cmp -s before/key.pem sgx3-any-p256/key.pem && bad "the key is the same"
accepted sgx3-any-p256 sgx3
run 0 attest --out same --source sim:sgx3 --key before/key.pem
cmp -s before/key.pem same/key.pem || bad "it is not the key that was given"
accepted same sgx3

# Names, life, endorsements, JSON.
run 0 attest --out named --source sim:tdx4 --subject 'CN=web 1,O=Example' --staple --hours 1 \
    --names www.example.com,192.0.2.1,2001:db8::1 --json
json source '"sim"'
json directory '"named"'
accepted named tdx4
run 0 show named/cert.pem
has out 'CN=web 1'
has out '^endorsements  *in the certificate$'
openssl x509 -in named/cert.pem -noout -ext subjectAltName >names
grep -q 'DNS:www.example.com, IP Address:192.0.2.1, IP Address:2001:DB8' names || bad "other names"
openssl x509 -in named/cert.pem -noout -checkend 3700 >log && bad "good for more than an hour"
openssl x509 -in named/cert.pem -noout -checkend 3000 >log || bad "not good for an hour"

# A CA, and a request for one.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca-key.pem \
    -out ca.pem -days 30 -subj '/CN=Test CA' 2>log || bad "no CA: $(cat log)"
run 0 attest --out by-ca --source sim:sgx3 --ca ca.pem --ca-key ca-key.pem
openssl verify -CAfile ca.pem by-ca/cert.pem >log || bad "the CA did not sign: $(cat log)"
accepted by-ca sgx3
run 0 verify by-ca/cert.pem --policy policy.json --root sgx3/root.pem \
    --collateral sgx3/collateral.json --ca ca.pem
run 0 attest --out request --source sim:sgx3 --csr
[ ! -e request/cert.pem ] || bad "a certificate as well"
openssl req -in request/request.pem -noout -verify >log 2>&1 || bad "no good request"

# Wrong words, files and sources.
while read -r expected words; do
    want=${words#*| }
    # shellcheck disable=SC2086
    run "$expected" attest --out wrong ${words%%|*}
    has err "$want"
    [ ! -e wrong ] || bad "something is written"
done <<'END'
2 --source sim:nothing-here | nothing-here/platform.json: there is none
2 --source sev | --source: found 'sev', expected auto
2 --for nobody | --for: found 'nobody'
2 --hours 0 | --hours: found '0'
2 --key-type dsa | --key-type: found 'dsa'
2 --time never | --time: found 'never'
2 --ca ca.pem | --ca and --ca-key go together
2 --key nothing-here.pem | nothing-here.pem: can't be read
1 --source sim:sgx3 --key ca.pem | key
1 --source sim:sgx3 --subject nonsense | nonsense\|subject\|name
1 --source sim:sgx3 --names a..b | a..b
1 --source sim:sgx3 --ca ca.pem --ca-key sgx3/root-key.pem | CA
1 --source sim:sgx3 --for gramine --staple | endorsements
END
# What a machine without a TEE says.
if [ ! -e /dev/attestation ] && [ ! -e /sys/kernel/config/tsm/report ] && [ ! -e /dev/tdx_guest ]; then
    run 2 attest --out wrong
    has err "no source of quotes on this machine"
    has err "; --source sim:DIR simulates one"
fi
run 2 attest --out sgx3/root.pem/tls --source sim:sgx3
has err "can't be made"

cd ..
done_testing
