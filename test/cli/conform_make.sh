# ratls conform make: the suite is whole, the same in every run, and ratls gives each verdict of it.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
broken=${RATLS_BROKEN:?names the verifier that can be broken}
rm -rf box
mkdir box
cd box || exit 1

# cases DIR: of suite.json, one case a line: id, kind, expect, alternatives, check, time, and file,
# pem, collateral, policy, root, ca; "-" for what is not there.
cases() {
    awk '
    function value(line) {
        sub(/^ *"[a-z_]*": /, "", line)
        sub(/,$/, "", line)
        gsub(/"/, "", line)
        return line
    }
    /^  "cases": \[/ { inside = 1 }
    /^  "left_out": / { inside = 0 }
    inside && /^    \{/ { split("", has) }
    inside && /^      "[a-z]*": / {
        split($1, name, "\"")
        has[name[2]] = value($0)
    }
    inside && /^    \}/ {
        n = split("id kind expect alternatives check time file pem collateral policy root ca", names, " ")
        line = ""
        for (i = 1; i <= n; i++)
            line = line (i > 1 ? " " : "") (names[i] in has ? has[names[i]] : "-")
        print line
    }' "$1/suite.json"
}

run 0 conform make --help
has out '^usage: ratls conform make \[OPTION\]... DIR$'
has out '^Exit codes: 0 '
run 2 conform make
has err '^ratls: conform make: DIR is missing'
run 2 conform make x --root r.pem
has err '^ratls: conform make: --root, --collateral and --policy are for --evidence-cmd$'
run 2 conform make x --only CERT-99
has err '^ratls: --only: no requirement is called CERT-99$'
run 2 conform make x --time 2040-01-01T00:00:00Z
has err '^ratls: --time: found 2040-01-01T00:00:00Z, expected a time from 2021-04-02T00:00:00Z to '
[ ! -e x ] || bad "it wrote something"
mkdir full
: >full/file
run 2 conform make full
has err '^ratls: full: '

# All of it, twice.
run 0 conform make suite
has out '^[0-9]* cases of [0-9]* requirements in suite, 5 left out$'
number=$(sed -n 's/ cases .*//p' out)
[ "$number" -ge 1700 ] || bad "$number cases"
run 0 conform make again
diff -r suite again >/dev/null || bad "the second run wrote other bytes"
rm -rf again
cases suite >list
[ "$(wc -l <list)" = "$number" ] || bad "$(wc -l <list) cases in suite.json, told were $number"
[ "$(cut -d' ' -f1 list | sort -u | wc -l)" = "$number" ] || bad "a case's id stands twice"
cut -d' ' -f7- list | tr ' ' '\n' | grep -v '^-$' | sort -u >named
echo root.pem >>named
echo suite.json >>named
(cd suite && find . -type f | sed 's/^\.\///' | sort) >there
sort -u named | diff - there >difference || bad "files named and files there differ: $(head -n 2 difference)"

# Every verdict, by the library.
asked="conform_broken --suite suite"
"$broken" --suite suite >verdicts || bad "exit code $?"
grep '^WRONG' verdicts
grep -q "^$number cases, 0 wrong; " verdicts || bad "$(tail -n 1 verdicts)"

# And by the command, of a few requirements.
judge() {
    dir=$1 kind=$3 expect=$4 either=$5 check=$6 time=$7 file=$8
    shift 9
    command=verify
    [ "$kind" = certificate ] || command=verify-quote
    root=root.pem
    [ "$3" = - ] || root=$3
    options="--json --time $time --root $dir/$root"
    [ "$1" = - ] || options="$options --collateral $dir/$1"
    [ "$2" = - ] || [ "$kind" = quote ] || options="$options --policy $dir/$2"
    [ "$4" = - ] || options="$options --ca $dir/$4"
    wanted=0
    [ "$expect" = accept ] || wanted=1
    # shellcheck disable=SC2086 # words
    "$program" $command "$dir/$file" $options >out 2>err </dev/null
    status=$?
    cases=$((cases + 1))
    asked="ratls $command $dir/$file $options"
    [ "$status" = "$wanted" ] || { [ "$either" = true ] && [ "$status" = 1 ]; } ||
        bad "exit code $status, expected $wanted"
    [ "$expect" = accept ] || has out "^    \"check\": \"$check\",\$"
}
for id in CERT-03 CERT-10 EVID-03 CLAIM-02 BIND-01 PKI-02 POL-01; do
    run 0 conform make "only-$id" --only $id
    has out " of 1 requirements in only-$id, 0 left out\$"
    cases "only-$id" >list
    grep -q " refuse " list || bad "no case to be refused"
    grep -q " accept " list || bad "no case to be accepted"
    while read -r line; do
        # shellcheck disable=SC2086 # words
        judge "only-$id" $line
    done <list
done

# At another time.
run 0 conform make later --time 2030-06-01T12:00:00Z
has later/suite.json '^  "made": "2030-06-01T12:00:00Z",$'
"$broken" --suite later >verdicts || bad "at another time: $(grep -m 1 '^WRONG' verdicts)"
rm -rf later

# Around a platform's own evidence: nothing that needs the vendor's keys.
own() {
    tee=$1 report=$2
    shift 2
    run 0 sim new $tee --tee $tee --insecure-seed "conform $tee" --time 2026-02-01T00:00:00Z
    run 0 conform make own-$tee --time 2026-02-01T01:00:00Z --root $tee/root.pem \
        --collateral $tee/collateral.json "$@" \
        --evidence-cmd "$program sim quote $tee --report-data {hex}"
    has out "$report"
    has own-$tee/suite.json '^  "platform": "given",$'
    cmp -s $tee/root.pem own-$tee/root.pem || bad "its root is not the platform's"
    [ ! -e own-$tee/report-data ] || bad "the file with report data is left"
    "$broken" --suite own-$tee >verdicts || bad "$tee: $(grep -m 1 '^WRONG' verdicts)"
}
own sgx '^6[0-9][0-9] cases of 49 requirements in own-sgx, 1[0-9]* left out$'
has own-sgx/suite.json '^      "why": "it needs the vendor.s keys"$'
hasnt own-sgx/suite.json '"requirement": "QUOTE-0[2-9]'
# What only a TD may do: some schemes hash with SHA-384 on TDX.
own tdx ' of 1 requirements in own-tdx, ' --only BIND-03
has own-tdx/suite.json '"file": "cases/BIND-03/sha384-tdx-interoperable.der",$'
# The report data in a file; the policy given.
cat >quote.sh <<'EOF'
exec "$1" sim quote sgx --report-data "$(od -An -v -tx1 "$2" | tr -d ' \n')"
EOF
echo 'exec "$1" sim quote sgx --report-data 00ff' >wrong.sh
"$program" policy new own-sgx/cases/ALL/world-interoperable-sgx3.der --root sgx/root.pem \
    --collateral sgx/collateral.json --time 2026-02-01T01:00:00Z >policy.json || bad "policy new"
run 0 conform make by-file --time 2026-02-01T01:00:00Z --root sgx/root.pem --policy policy.json \
    --collateral sgx/collateral.json --evidence-cmd "sh quote.sh $program {}" --only BIND-04
has out ' cases of 1 requirements in by-file, '
"$broken" --suite by-file >verdicts || bad "by file: $(grep -m 1 '^WRONG' verdicts)"

echo 'kill -PIPE $$' >pipe.sh

# Commands that are no good. Each ends with one sentence and no suite.
n=0
while IFS='|' read -r command sentence; do
    n=$((n + 1))
    run 2 conform make bad-$n --root sgx/root.pem --collateral sgx/collateral.json \
        --time 2026-02-01T01:00:00Z --evidence-cmd "$command"
    has err "^ratls: $sentence"
    [ "$(wc -l <err)" = 1 ] || bad "$(wc -l <err) lines"
    [ ! -e bad-$n/suite.json ] || bad "there is a suite"
    [ ! -e bad-$n/report-data ] || bad "the file with report data is left"
done <<EOF
$program sim quote sgx|evidence command: it is given no report data, expected {} (a file
nothing-of-this-name {}|evidence command: nothing-of-this-name: No such file or directory\$
false {}|evidence command: it failed with exit code 1\$
true {}|evidence command: it printed nothing\$
sh pipe.sh {}|evidence command: it failed with signal 13\$
cat /dev/zero {}|evidence command: it printed more than 65536 bytes\$
cat {}|quote: 64 bytes, the smallest quote has 
sh wrong.sh $program {}|evidence command: its quote has other report data than it was given\$
EOF
run 2 conform make bad --evidence-cmd "cat {}"
has err '^ratls: conform make: --evidence-cmd needs --collateral, once$'
done_testing
