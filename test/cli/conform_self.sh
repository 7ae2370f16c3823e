# The whole suite, made afresh: ratls meets every requirement, and who knows nothing of attestation
# meets none that is about it.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
need_proc
rm -rf work
mkdir work
cd work || exit 1
mkdir scratch
TMPDIR=$PWD/scratch
export TMPDIR

run 0 conform verifier --html own.html --junit own.xml -- \
    "$program" verify '{}' --collateral '{collateral}' --policy '{policy}' --root '{root}' \
    --ca '{ca}' --time '{time}' '{or}' \
    "$program" verify-quote '{quote}' --collateral '{collateral}' --root '{root}' --time '{time}'
has out '^PASSED: '
has out ' pass, 0 warn, 0 fail, 0 error, 0 skip$'
grep -A 4 '^  \(FAIL\|ERROR\|skip\)' out
[ -z "$(ls scratch)" ] || bad "something was left: $(ls scratch)"
# Each requirement on verifiers is in the report, in every form of it.
asked="the list of requirements"
sed -n 's/^| \([A-Z]*-[0-9]*\) | \(verifier\|both\) .*/\1/p' "$source_dir/doc/REQUIREMENTS.md" \
    >listed
[ "$(wc -l <listed)" -ge 50 ] || bad "doc/REQUIREMENTS.md lists $(wc -l <listed) only"
while read -r id; do
    has out "^  pass *$id "
    has own.html "<article class=\"pass\" data-outcome=\"pass\" id=\"$id\">"
    has own.xml "<testsuite name=\"$id\" "
done <listed

command -v openssl >/dev/null || done_testing || exit 1
command -v openssl >/dev/null || exit 0
cat >openssl-verify <<'END'
#!/bin/sh
# As a verifier that knows X.509 and nothing else.
openssl verify -attime "$2" -CAfile "$1" "$1" >/dev/null 2>&1 && exit 0
exit 1
END
chmod +x openssl-verify
run 1 conform verifier -- ./openssl-verify '{pem}' '{time}' '{or}' ./openssl-verify '{quote}' \
    '{time}'
while read -r id; do
    case $id in
    CERT-*) has out "^  [A-Za-z]* *$id " ;; # some of these are X.509's, and it may meet them
    *) has out "^  FAIL *$id " ;;
    esac
done <listed

# Ended while it makes the suite or uses it, it leaves nothing behind.
asked="ratls conform verifier, interrupted"
for wait in 0.1 3; do
    cases=$((cases + 1))
    "$program" conform verifier -- sh -c 'sleep 1000' '{}' >out 2>err &
    pid=$!
    sleep $wait
    kill -TERM "$pid"
    status=0
    wait "$pid" || status=$?
    [ "$status" = 143 ] || bad "exit code $status, expected 143"
    [ -z "$(ls scratch)" ] || bad "something was left: $(ls scratch)"
done

done_testing
