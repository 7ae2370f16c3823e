# Published certificates and quotes through the command; all verdicts are asserted elsewhere.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
need_vectors "all"
interop=$vectors/interop-certs
dcap=$vectors/dcap
set -- --collateral "$dcap/collateral/sgx-00606a000000-e15-2023-05.json" --time 1684162180

for maker in gramine rats-tls; do
    "$program" policy new "$interop/$maker-cert.pem" "$@" >$maker.json 2>err || exit 1
    run 1 verify --json "$interop/$maker-cert.pem" --policy $maker.json "$@"
    json evidence_valid true
    json tcb_status '"OutOfDate"'
    json debug true
    json_error RATLS_E_POLICY policy.debug
    verdict policy.tcb_status failed
    sed 's/"UpToDate"/"OutOfDate"/; s/debug": false/debug": true/' $maker.json >allowed.json
    run 0 verify --json "$interop/$maker-cert.pem" --policy allowed.json "$@"
    has out '"INTEL-SA-00767"'
    sed 's/debug": false/debug": true/' $maker.json >allowed.json
    run 1 verify --json "$interop/$maker-cert.pem" --policy allowed.json "$@"
    json_error RATLS_E_POLICY policy.tcb_status
done
run 1 verify --json "$interop/rats-tls-cert.pem" "$@"
has out '^      "name": "key_0",$'
run 1 verify --json "$interop/intel-sgxsdk-cert.pem" "$@"
json_error RATLS_E_MISSING collateral.present
has out 'no collateral for FMSPC 00706a100000'
verdict binding.report_data passed

run 0 show "$interop/gramine-cert.pem"
has out '^certificate  *RA-TLS, by its looks made by Gramine$'
run 0 show "$interop/rats-tls-cert.pem"
has out '^  key_1  *76616c75655f3100$'

run 0 verify-quote --json "$vectors/oe/sgx-2022/evidence.bin" --time 1651017600 \
    --collateral "$vectors/oe/sgx-2022/endorsements.bin"
json tcb_status '"SWHardeningNeeded"'
json debug true
for bad in ec rsa; do
    run 1 verify --json "$vectors/oe/sgx_cert_${bad}_bad.der" "$@"
    json evidence_valid false
done

# QUOTE COLLATERAL TIME STATUS
while read -r quote collateral time level; do
    run 0 verify-quote --json "$dcap/quotes/$quote.bin" \
        --collateral "$dcap/collateral/$collateral.json" --time "$time"
    json tcb_status "\"$level\""
done <<'END'
sgx3-00a067-dcapqvl sgx-00a067110000-e17-2025-06 1750330631 ConfigurationAndSWHardeningNeeded
sgx3-00606a-teepot-swhard sgx-00606a000000-e15-2023-05 2023-05-15T14:49:40Z SWHardeningNeeded
tdx4-b0c06f-dcapqvl tdx-b0c06f000000-e17-2025-06 1750329207 UpToDate
tdx4-00806f05-gcp tdx-00806f050000-e21-2026-06 1781304348 OutOfDate
END

# Every file is shown, named or refused, and none makes the command fall over.
find "$vectors" -type f -size -2000k ! -name '*.md' >files
while read -r file; do
    cases=$((cases + 1))
    asked="ratls show $file"
    status=0
    "$program" show "$file" >out 2>err || status=$?
    [ $status -le 1 ] || bad "exit code $status"
    "$program" show --json "$file" >out 2>err || [ $? = $status ] || bad "another exit code as JSON"
done <files

done_testing
