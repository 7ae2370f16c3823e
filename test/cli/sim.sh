# ratls sim: simulated platforms, from the command line to the verdict.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
rm -rf box
mkdir box
cd box || exit 1

# with DIR FILE: the words that trust it.
with() {
    set -- "$1" --root "$1/root.pem" --collateral "$1/collateral.json"
    shift
    echo "$@"
}

for command in new quote collateral renew show; do
    run 0 sim $command --help
    has out "^usage: ratls sim $command \[OPTION\]"
    has out '^Exit codes: 0 '
    cp out by_option
    run 0 help sim $command
    cmp -s out by_option || bad "differs from --help"
    run 2 sim $command
    has err "^ratls: sim $command: DIR is missing"
    run 2 sim $command --bogus dir
    has err "unknown option '--bogus'"
done
for command in quote collateral renew show; do
    run 2 sim $command nothing-here
    has err '^ratls: nothing-here/platform.json: there is none'
done
run 2 sim
has err 'expected new, quote, collateral, renew or show'
run 2 sim old
has err "found 'old', expected new, quote"
run 0 sim --help
has out '^  sim new  '

# Each flavour, made, quoted, verified; each status is what a verifier finds.
n=0
while read -r tcb tee version report; do
    n=$((n + 1))
    # shellcheck disable=SC2086 # words, or none
    run 0 sim new p$n --tcb $tcb --tee $tee --quote-version $version $report
    has out "^SIMULATED $(echo "$tee" | tr '[:lower:]' '[:upper:]') platform in p$n, TCB status $tcb\$"
    run 0 sim quote p$n --report-data c0ffee
    mv out quote$n.bin
    code=0
    [ "$tcb" != Revoked ] || code=1
    # shellcheck disable=SC2046
    run $code verify-quote quote$n.bin $(with p$n) --json
    grep -q "\"tcb_status\": \"$tcb\"" out || bad "status is not $tcb"
    grep -q "\"report_data\": \"c0ffee0*\"" out || bad "report data differ"
    run 1 verify-quote quote$n.bin --collateral p$n/collateral.json
    has out "PCK chain, root"
done <<'END'
UpToDate sgx 3
SWHardeningNeeded sgx 4
ConfigurationNeeded sgx 5
ConfigurationAndSWHardeningNeeded tdx 4
OutOfDate tdx 5 --td-report=1.0
OutOfDateConfigurationNeeded tdx 5 --td-report=1.5
Revoked sgx 3
Revoked tdx 5
TDRelaunchAdvised tdx 5
TDRelaunchAdvisedConfigurationNeeded tdx 5
END

# What was made.
[ "$(find p1 -name '*-key.pem' -perm 600 | wc -l)" = 5 ] || bad "keys are not of mode 0600"
run 0 sim collateral p1
cmp -s out p1/collateral.json || bad "other collateral than in the directory"
run 0 sim show p1
has out '^SIMULATED: '
has out '^TEE  *SGX enclave, quote version 3$'
has out '^  TCB status  *UpToDate$'
run 0 sim show p10 --json
json simulated true
has out '"tcb_status": "TDRelaunchAdvisedConfigurationNeeded"'

# `ratls show` says it first.
run 0 verify-quote quote1.bin --root p1/root.pem --collateral p1/collateral.json
for file in quote1.bin p1/root.pem p1/pck.pem p1/platform-ca.pem p4/collateral.json; do
    run 0 show $file
    [ "$(head -c 11 out)" = "SIMULATED: " ] || bad "$file does not begin with SIMULATED"
    run 0 show $file --json
    json simulated true
done

# Chosen identities, into a policy and back.
run 0 sim new e --mrenclave "$(printf 'ab%.0s' $(seq 32))" --isv-svn 77 --debug
has out ', DEBUG$'
run 0 sim quote e
mv out e.bin
# shellcheck disable=SC2046
run 0 verify-quote e.bin $(with e)
has out 'MRENCLAVE  *abababab'
has out 'ISV_SVN  *77'
has out 'DEBUG MODE'
# shellcheck disable=SC2046
run 0 policy new e.bin $(with e)
has out '"mrenclave": \["abababab'
hasnt out UNVERIFIED
run 0 sim new t --tee tdx --mrtd "$(printf 'cd%.0s' $(seq 48))"
run 0 sim quote t
mv out t.bin
# shellcheck disable=SC2046
run 0 verify-quote t.bin $(with t)
has out 'MRTD  *cdcdcdcd'

# One vendor, two platforms: one root, and one set of collateral.
run 0 sim new e2 --vendor e --tcb OutOfDate
run 0 sim quote e2
mv out e2.bin
cmp -s e/root.pem e2/root.pem || bad "two roots"
# shellcheck disable=SC2046
run 0 verify-quote e2.bin $(with e)
has out 'TCB status OutOfDate$'
run 2 sim new e3 --vendor nothing-here
has err '^ratls: nothing-here/platform.json: there is none'

# Seeds and times.
run 0 sim new s1 --insecure-seed rosebud --time 2026-01-01T00:00:00Z
has err '^ratls: INSECURE: '
run 0 sim new s2 --insecure-seed rosebud --time 1767225600
for file in root-key platform-ca-key tcb-signer-key pck-key attestation-key; do
    cmp -s s1/$file.pem s2/$file.pem || bad "$file differs"
done
cmp -s s1/platform.json s2/platform.json || bad "platform.json differs"
run 0 sim quote s1
mv out s1.bin
# shellcheck disable=SC2046
run 0 verify-quote s1.bin $(with s1) --time 2026-06-01T00:00:00Z --json
has out '"collateral_expired": true'
run 0 sim show s1
has out '^collateral  *EXPIRED'
run 0 sim renew s1 --valid 7 --time 2026-06-01T00:00:00Z
# shellcheck disable=SC2046
run 0 verify-quote s1.bin $(with s1) --time 2026-06-01T00:00:00Z --json
has out '"collateral_expired": false'
has out '"earliest_expiration": "2026-06-08T00:00:00Z"'

# Options that are wrong, alone or together.
while read -r expected words; do
    want=${words#*| }
    # shellcheck disable=SC2086
    run $expected sim new bad ${words%%|*}
    has err "$want"
    [ ! -e bad ] || bad "a directory is left"
done <<'END'
2 --tee sev | --tee: found 'sev', expected sgx or tdx
2 --tcb Fine | --tcb: found 'Fine', expected UpToDate
2 --quote-version 6 | --quote-version: found '6'
2 --valid 0 | --valid: found '0', expected days from 1 to 3650
2 --time never | --time: found 'never'
2 --mrenclave abcd | --mrenclave: found 'abcd', expected 64 hex digits
2 --isv-svn 65536 | --isv-svn: found '65536', expected a number from 0 to 65535
2 --mrtd 00 | --mrtd is of TDX, found --tee sgx
2 --tee tdx --mrsigner 00 | --mrsigner is of SGX, found --tee tdx
2 --td-report 1.5 | --td-report: found '1.5'
2 --tee tdx --td-report 2 | --td-report: found '2'
2 --debug --debug | --debug is given twice
2 --debug=yes | --debug takes no value
2 --insecure-seed= | --insecure-seed: found 0 bytes
1 --tee tdx --quote-version 3 | TDX with quotes of version 3, expected 4 to 5
1 --tee tdx --td-report 1.5 | TD report 1.5 with TDX and quotes of version 4
1 --tcb TDRelaunchAdvised | TD report 1.5
END
run 2 sim new p1
has err '^ratls: p1: is not empty'
run 2 sim quote p1 --report-data xy
has err "^ratls: --report-data: found 'xy'"
run 2 sim quote p1 --report-data 123
run 2 sim quote p1 --report-data "$(printf '00%.0s' $(seq 65))"
[ ! -s out ] || bad "a quote is written"

if [ -w /dev/full ]; then
    for command in quote collateral show; do
        asked="ratls sim $command p1 > /dev/full"
        cases=$((cases + 1))
        code=0
        "$program" sim $command p1 >/dev/full 2>err || code=$?
        [ $code = 2 ] || bad "exit code $code, expected 2"
        has err "^ratls: standard output can't be written: "
    done
fi

# Damage.
cp p2/pck.pem p1/pck.pem
for command in quote collateral renew show; do
    run 1 sim $command p1
    has err '^ratls: p1/pck.pem: it names another key than pck-key.pem$'
    [ ! -s out ] || bad "something is written"
done

cd ..
done_testing
