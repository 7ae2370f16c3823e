# A verifier that lacks a requirement fails it in the suite, whichever it lacks; a whole one does
# not.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
broken=${RATLS_BROKEN:?names the verifier that can be broken}
rm -rf box
mkdir box
cd box || exit 1
run 0 conform make suite

# Each requirement of verifiers in turn; what falls with it is told.
asked="conform_broken --suite suite"
"$broken" --suite suite >verdicts || bad "exit code $?"
cat verdicts
grep -q ', 0 wrong; [0-9]* requirements broken, 0 passed nevertheless$' verdicts ||
    bad "$(tail -n 1 verdicts)"
for id in $(sed -n 's/^| \([A-Z]*-[0-9]*\) | verifier .*/\1/p' "$source_dir/doc/REQUIREMENTS.md"); do
    cases=$((cases + 1))
    grep -q "^fails $id: accepts [1-9]" verdicts || bad "$id is met by the verifier that lacks it"
done
[ "$cases" -gt 60 ] || bad "$cases requirements"

# One by one it keeps to the exit codes that ratls conform verifier expects.
# judged EXIT OPTIONS…
judged() {
    expected=$1
    shift
    asked="conform_broken $*"
    cases=$((cases + 1))
    status=0
    "$broken" --time 1767225600 --root suite/root.pem "$@" >out 2>err || status=$?
    [ "$status" = "$expected" ] || bad "exit code $status, expected $expected"
}
collateral=$(sed -n 's/^      "collateral": "\(.*\)",$/\1/p' suite/suite.json | head -n 1)
policy=$(sed -n 's/^      "policy": "\(.*\)",$/\1/p' suite/suite.json | head -n 1)
set -- --collateral "suite/$collateral" --policy "suite/$policy" certificate
judged 0 "$@" suite/cases/ALL/world-interoperable-sgx3.der
judged 1 "$@" suite/cases/CERT-03/evidence-twice-other.der
judged 0 --break CERT-03 "$@" suite/cases/CERT-03/evidence-twice-other.der
judged 1 --break CERT-04 "$@" suite/cases/CERT-03/evidence-twice-other.der
judged 1 "$@" suite/cases/BIND-01/other-key-interoperable.der
judged 0 --break BIND-01 "$@" suite/cases/BIND-01/other-key-interoperable.der
judged 2 "$@" suite/cases/none.der
judged 2
done_testing
