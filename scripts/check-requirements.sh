#!/bin/sh
# Every requirement of doc/REQUIREMENTS.md has code and tests: of verifiers, checks that refuse for it,
# a break of the verifier that lacks it, and in the suite of the program in $RATLS (default: that of
# build-dev) cases to be accepted and cases to be refused; of attesters, the rule that judges by it
# and a test of that.
set -eu
cd "$(dirname "$0")/.."
program=${RATLS:-build-dev/bin/ratls}
page=doc/REQUIREMENTS.md
status=0

complain() {
    echo "error: $*" >&2
    status=1
}

suite=$(mktemp -d)
trap 'rm -rf "$suite"' EXIT
"$program" conform make "$suite" >/dev/null

# id role, in the order of the page.
sed -n 's/^| \([A-Z]*-[0-9][0-9]\) | \([a-z]*\) | .* |$/\1 \2/p' "$page" >"$suite/ids"
[ "$(grep -c '^| [A-Z]*-' "$page")" = "$(wc -l <"$suite/ids")" ] || complain "$page: a row is malformed"
twice=$(cut -d' ' -f1 "$suite/ids" | sort | uniq -d)
[ -z "$twice" ] || complain "$page: stands twice: $twice"

# id accepted refused, counted in suite.json.
awk '
/^  "cases": \[/ { inside = 1 }
/^  "left_out": / { inside = 0 }
!inside { next }
/^    \{/ { n = 0 }
/^      "requirement": "/ { split($0, part, "\""); ids[++n] = part[4] }
/^        "[A-Z]*-[0-9]*",?$/ { split($0, part, "\""); ids[++n] = part[2] }
/^      "expect": "accept"/ { for (i = 1; i <= n; i++) accepted[ids[i]]++ }
/^      "expect": "refuse"/ { for (i = 1; i <= n; i++) refused[ids[i]]++ }
END {
    for (id in accepted)
        print id, accepted[id], refused[id] + 0
}' "$suite/suite.json" >"$suite/counts"

while read -r id role; do
    if [ "$role" = attester ]; then
        grep -q "\"$id\"" cmd/ratls/conform_attester.c || complain "$id: no rule judges by it"
        grep -q "$id" test/cli/conform_endpoint.sh || complain "$id: no test in test/cli"
        continue
    fi
    checks=$(sed -n "s/^$id | \([^|]*\) | .*/\1/p" test/cases/requirements.txt)
    [ -n "$checks" ] || complain "$id: no line in test/cases/requirements.txt"
    for check in $checks; do
        grep -q "= {\"$check\"" src/base/check.c || complain "$id: no check is called $check"
    done
    grep -q "{\"$id\", " test/broken/break_points.c || complain "$id: no verifier lacks it"
    counts=$(grep "^$id " "$suite/counts" || echo "$id 0 0")
    case $counts in
    *" 0"*) complain "$counts: cases to be accepted and to be refused" ;;
    esac
done <"$suite/ids"
[ "$status" = 0 ] || exit 1
echo "$(wc -l <"$suite/ids") requirements have code and tests"
