# ratls show: every kind of file, the summary, what is said about files that are none of them.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
need_mint

banner='^UNVERIFIED: shown as written; use `ratls verify`$'

run 0 show minted/cert-sgx.pem
has out "$banner"
has out '^certificate  *RA-TLS$'
has out '^evidence  *interoperable, SGX or TDX quote'
has out '^TEE  *SGX enclave, quote version 3$'
has out '^debug  *no$'
has out '^MRENCLAVE  *[0-9a-f]\{64\}$'
has out '^key binding  *the evidence names this key (sha256); the quote itself is not verified$'
has out '^valid  *20..-..-..T..:..:..Z to 20..-'
has out '^  2.23.133.5.4.9  *[0-9]* bytes  evidence (interoperable RA-TLS)$'
has out '^  Test SGX Root CA$'

# FILE REGEX: a line of the summary.
while read -r file regex; do
    run 0 show "minted/$file"
    has out "$banner"
    has out "$regex"
    run 0 show --json "minted/$file"
    json verified false
done <<'END'
cert-gramine.pem ^certificate  *RA-TLS, by its looks made by Gramine$
cert-gramine.pem ^beside it  *gramine-legacy, SGX or TDX quote
cert-gramine.pem ^other evidence  *for the same key$
cert-gramine-legacy.pem ^evidence  *gramine-legacy,
cert-sgxsdk.pem ^certificate  *RA-TLS, by its looks made by Intel SGX SDK$
cert-sgxsdk-legacy.pem ^evidence  *sgx-sdk-legacy,
cert-rats-tls-legacy.pem ^evidence  *\(rats-tls\|gramine\)-legacy,
cert-rats-tls-legacy.pem ^certificate  *RA-TLS, by its looks made by RATS-TLS$
cert-rats-tls-legacy.pem ^  version  *4$
cert-oe-report.pem ^certificate  *RA-TLS, by its looks made by Open Enclave$
cert-oe-report.pem ^evidence  *open-enclave-report,
cert-oe.pem ^evidence  *open-enclave-evidence,
cert-sgx-debug.pem ^debug  *DEBUG MODE: its host can read and change its memory$
cert-tdx-debug.pem ^debug  *DEBUG MODE: its host can read and change its memory$
cert-tdx.pem ^TEE  *TDX trust domain, quote version 4$
cert-tdx.pem ^RTMR3  *[0-9a-f]\{96\}$
cert-tdx-v5.pem ^TEE  *TDX trust domain, quote version 5$
cert-tdx-sgxsdk.pem ^key binding  *the evidence names this key (sha384);
cert-sgx-nonce.pem ^  nonce  *000102030405060708090a0b0c0d0e0f$
cert-sgx-copied.pem ^key binding  *binding: pubkey-hash is [0-9a-f]*, the certificate.s key has
cert-sgx-endorsed.pem ^endorsements  *in the certificate$
cert-sgx-endorsed.pem ^endorsements in the certificate$
cert-sgx-ca.pem ^  issuer  *CN=Test TLS CA, O=Test$
cert-none.pem ^certificate  *no evidence in it$
root.pem ^certificate  *CA certificate, no evidence$
END

run 0 show minted/quote-sgx-v3.bin
has out '^UNVERIFIED: shown as written; use `ratls verify-quote`$'
has out '^file  *an SGX or TDX quote$'
has out '^quoting enclave$'
cp out quote.txt
run 0 show minted/quote-tdx-v5.bin
has out '^  TEE_TCB_SVN2  *[0-9a-f]\{32\}$'

# The same quote as text.
od -An -v -tx1 minted/quote-sgx-v3.bin >quote.hex
run 0 show quote.hex
cmp -s out quote.txt || bad "differs from the binary quote"
base64 minted/quote-sgx-v3.bin >quote.b64
run 0 show quote.b64
cmp -s out quote.txt || bad "differs from the binary quote"

run 0 show minted/collateral-sgx.json
has out '^UNVERIFIED: shown as written; signatures are checked when a quote is verified$'
has out '^for  *SGX, FMSPC 00606a000000$'
has out '^  level UpToDate, '
has out '^PCK CRL$'
run 0 show minted/collateral-sgx.json --json
has out '^    "fmspc": "00606a000000",$'
has out '^        "tcb_status": "UpToDate",$'
run 0 show minted/collateral-tdx.json
has out '^  TDX module, version '
run 0 show minted/collateral-sgx.oe
has out '^file  *Open Enclave endorsements$'

# DER, a chain, standard input, text around the block.
sed '/^-----/d' minted/cert-sgx.pem | base64 -d >cert.der
run 0 show minted/cert-sgx.pem
cp out cert.txt
run 0 show cert.der
cmp -s out cert.txt || bad "differs from the PEM form"
{ echo 'Certificate:'; cat minted/cert-sgx.pem; } >talk.pem
run 0 show talk.pem
cmp -s out cert.txt || bad "differs from the PEM form"
cat minted/cert-sgx.pem minted/root.pem >chain.pem
run 0 show chain.pem
has out '^2 PEM blocks$'
has out '^block 2 of 2: CERTIFICATE$'
run 0 show --json chain.pem
has out '^  "blocks": \[$'
asked='ratls show - < cert-sgx.pem'
"$program" show - <minted/cert-sgx.pem >out 2>err || bad "exit code $?"
cmp -s out cert.txt || bad "differs from the file"

# JSON for programs.
run 0 show minted/cert-sgx.pem --json
json maker null
json tee '"sgx"'
json debug false
has out '^    "key_is_bound": true,$'
has out '^    "mrenclave": "[0-9a-f]\{64\}",$'

# What comes from a peer can't steer the terminal.
LC_ALL=C sed "s/ratls test/$(printf '\033')[31mtest!/g" cert.der >escape.der
cmp -s escape.der cert.der && bad "the subject was not changed"
run 0 show escape.der
has out 'CN=\\x1b\[31mtest!'
hasnt out "$(printf '\033')"
run 0 show escape.der --json
hasnt out "$(printf '\033')"

# Things that are named only.
run 0 show minted/key-sgx.pem
has out '^file  *a private key, which is not shown$'
printf '{"version":1,"accept":[]}' >policy.json
run 0 show policy.json
has out '^file  *a policy of ratls'
printf '\002\000\000\000%0500d' 0 >epid.bin
run 0 show epid.bin
has out 'EPID quote, which Intel retired'
head -c 1024 minted/quote-sgx-v3.bin | tail -c 1023 >rest
{ printf '\201'; cat rest; } >tdreport.bin
run 0 show tdreport.bin
has out 'a TDX report (TDREPORT), which only code on its own platform can check'
{ printf '\002\000\000\000'; head -c 1180 minted/quote-sgx-v3.bin; } >snp.bin
run 0 show snp.bin
has out 'SEV-SNP'

{ head -c 20 minted/quote-sgx-v3.bin; head -c 12 /dev/zero; head -c 400 minted/quote-sgx-v3.bin; } \
    >ereport.bin
run 0 show ereport.bin
has out 'an SGX report (EREPORT), which only code on its own platform can check'

# Malformed, or nothing of these.
head -c 3000 minted/quote-sgx-v3.bin >short.bin
run 1 show short.bin
has out "^can't be read  *quote: signature data says [0-9]* bytes at offset 432, [0-9]* remain$"
head -c 3000 cert.der >short.der
run 1 show short.der
has out "^can't be read  *certificate: "
run 1 show --json short.der
has out '"code": "RATLS_E_MALFORMED"'
sed '5s/./!/' minted/cert-sgx.pem >broken.pem
run 1 show broken.pem
has out "^can't be read  *PEM block 1 at offset 0 is malformed$"
: >empty
run 1 show empty
has err '^ratls: empty: the file is empty$'
echo 'Hello, world! This is no evidence at all.' >text
run 1 show text
has err '^ratls: text: not recognised: no PEM, '
printf 'x%0431d' 0 | tr 0 y >text432
run 1 show text432
has err 'not recognised'
printf '[1, 2]' >list.json
run 1 show list.json
has err 'not recognised'

done_testing
