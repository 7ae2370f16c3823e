# ratls conform verifier: ratls itself, verifiers that know nothing, and hostile ones.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
need_proc
# shellcheck source=test/cli/small_suite.inc
. "$RATLS_SOURCE/test/cli/small_suite.inc"
rm -rf work
mkdir work
cd work || exit 1
small_suite

# judge EXIT OPTION… -- WORD…: runs the suite; whatever the verifier does, this takes a minute at most.
judge() {
    expected=$1
    shift
    asked="ratls conform verifier $*"
    cases=$((cases + 1))
    status=0
    timeout -k 5 60 "$program" conform verifier --suite suite "$@" >out 2>err </dev/null || status=$?
    [ "$status" = "$expected" ] || {
        bad "exit code $status, expected $expected"
        head -n 5 out err
    }
}
# verdict_of REQUIREMENT WORD
verdict_of() {
    has out "^  $2 *$1 "
}
# script NAME: a verifier out of standard input, with the input's path as $1.
script() {
    { echo '#!/bin/sh' && cat; } >"$1"
    chmod +x "$1"
}
requirements='CERT-01 CERT-02 BIND-01 EVID-01 POL-01 QUOTE-01'

# ratls is its own first customer: everything passes, nothing is skipped.
set -- "$program" verify '{}' --collateral '{collateral}' --policy '{policy}' --root '{root}' \
    --ca '{ca}' --time '{time}'
judge 0 --junit own.xml --html own.html -- "$@" \
    '{or}' "$program" verify-quote '{quote}' --collateral '{collateral}' --root='{root}' \
    --time '{time_iso}'
has out '^PASSED: 6 of 6 requirements$'
has out '^6 pass, 0 warn, 0 fail, 0 error, 0 skip$'
hasnt out 'ATT-01'
judge 0 --json --jobs 1 -- "$@" '{or}' "$program" verify-quote '{quote}' --collateral \
    '{collateral}' --root '{root}' --time '{time}'
json passed true
json partly false
has out '^    "pass": 6,$'
has out '^      "says": "REFUSED: binding: '
# The same with the form in PEM; what it does not know it does not judge.
judge 1 -- "$program" verify '{pem}' --collateral '{collateral}' --policy '{policy}' \
    --root '{root}' --ca '{ca}' --time '{time}'
verdict_of CERT-01 pass
verdict_of QUOTE-01 skip
has out '^    QUOTE-01/neg-cut: expected refuse, found not run: the command takes no quotes$'
judge 0 --allow-skip -- "$@"
# Without the CA one requirement falls, and only that.
judge 1 --allow-skip -- "$program" verify '{}' --collateral '{collateral}' --policy '{policy}' \
    --root '{root}' --time '{time}'
has out '^FAILED: 1 of 6 requirements$'
verdict_of CERT-02 FAIL
has out '^    accepted 1 of 1 case that must be refused \[RFC 5280 6.1\]$'

# Some of it only.
judge 0 --only CERT -- "$@"
has out '^2 pass, .*; not all was asked for$'
hasnt out 'BIND-01'
judge 0 --only CERT-02,BIND-01/neg-copied --json -- "$@"
json partly true
has out '^      "reason": "1 of 2 cases run, all as expected",$'
hasnt out '"id": "CERT-01/neg-none"'
judge 2 --only CER -- "$@"
has err "^ratls: --only: found 'CER', which is no requirement and no case of the suite$"

# Verifiers that accept everything, or refuse everything, meet no requirement.
for code in 0 1; do
    judge 1 -- sh -c "exit $code" verifier '{}' '{or}' sh -c "exit $code" verifier '{quote}'
    has out '^FAILED: 6 of 6 requirements$'
done
if command -v openssl >/dev/null; then
    script openssl-verify <<'END'
openssl verify -CAfile "$1" "$1" >/dev/null 2>&1 && exit 0
exit 1
END
    judge 1 --allow-skip -- ./openssl-verify '{pem}'
    for r in CERT-01 BIND-01 EVID-01 POL-01; do
        verdict_of $r FAIL
    done
fi

# hostile NAME: a verifier, from standard input, that never gives a verdict.
hostile() {
    script "$1"
    judge 1 --timeout 1 --jobs 16 -- "./$1" '{}' '{or}' "./$1" '{quote}'
    for r in $requirements; do
        verdict_of "$r" ERROR
    done
    hasnt out "$(printf '\033')"
}
# gone FILE: the processes whose numbers it holds are.
gone() {
    [ -s "$1" ] || bad "$1 holds no process"
    while read -r pid; do
        if kill -0 "$pid" 2>/dev/null; then
            bad "process $pid is still there"
            kill -9 "$pid"
        fi
    done <"$1"
}

hostile hangs <<'END'
trap '' TERM
echo $$ >>pids.hangs
while :; do sleep 1000; done
END
has out 'found no verdict in time$'
gone pids.hangs
hostile sleeps <<'END'
echo $$ >>pids.sleeps
exec sleep 1000
END
gone pids.sleeps
hostile stops <<'END'
echo $$ >>pids.stops
kill -STOP $$
END
gone pids.stops
hostile floods <<'END'
echo $$ >>pids.floods
exec yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
END
has out 'found \(output without an end\|no verdict in time\)$'
gone pids.floods
hostile crashes <<'END'
kill -SEGV $$
END
has out 'found signal 11 ('
[ -z "$(find . -name 'core*')" ] || bad "a core was left"
hostile three <<'END'
exit 3
END
has out 'found exit code 3$'
hostile garbage <<'END'
printf '\033[2J\033]0;title\007 <script>&\377\000 \n' >&2
exit 4
END
has out '^ *it says: \\x1b\[2J\\x1b\]0;title\\x07 <script>&\\xff'

# One that answers slowly, and one that leaves others behind, is judged by its answer.
script slow <<'END'
sleep 1
exit 1
END
judge 1 --timeout 30 --jobs 16 --only BIND-01 -- ./slow '{}'
has out '^    refused 1 of 1 case that must be accepted'
script leaves <<'END'
sleep 1000 &
echo $! >>pids.leaves
setsid sh -c 'echo $$ >>pids.leaves; exec sleep 1000' &
sleep 0.2
exit 0
END
judge 1 --timeout 30 --jobs 16 --only BIND-01 -- ./leaves '{}'
has out '^    accepted 1 of 1 case that must be refused'
gone pids.leaves
# A gigabyte, by one that would answer in the end; most of it is never kept.
script gigabyte <<'END'
head -c 1000000000 /dev/zero
exit 0
END
judge 1 --timeout 30 --only BIND-01/neg-copied -- ./gigabyte '{}'
has out 'found output without an end$'
script megabytes <<'END'
head -c 10000000 /dev/zero | tr '\000' x
echo why >&2
exit 0
END
judge 1 --timeout 30 --only BIND-01/neg-copied -- ./megabytes '{}'
has out 'found accept$'
has out '^ *it says: why$'
script skips <<'END'
exit 77
END
judge 1 -- ./skips '{}' '{or}' ./skips '{quote}'
has out '^FAILED: 6 of 6 requirements were not judged$'
judge 0 --allow-skip -- ./skips '{}' '{or}' ./skips '{quote}'
# It has no input, no terminal and none of our files.
script looks <<'END'
read -r line && exit 3
for fd in 3 4 5 6 7 8 9; do
    [ ! -e /proc/$$/fd/$fd ] || exit 4
done
(exec 3</dev/tty) 2>/dev/null && exit 5
case $1 in /*) ;; *) exit 6 ;; esac
[ "$2" = "--time=1767225600" ] && [ "$3" = 2026-01-01T00:00:00Z ] && [ $# = 3 ] || exit 7
exit 1
END
judge 1 --only BIND-01 -- ./looks '{}' '--time={time}' '{time_iso}' --ca '{ca}' '--ca={ca}' 5</dev/null
has out '^    refused 1 of 1 case that must be accepted'

# A user who ends ratls ends the verifiers with it.
asked="ratls conform verifier, interrupted"
cases=$((cases + 1))
script waits <<'END'
echo $$ >>pids.waits
exec sleep 1000
END
"$program" conform verifier --suite suite --jobs 4 --timeout 600 -- ./waits '{}' >out 2>err &
pid=$!
for _ in $(seq 100); do
    [ -s pids.waits ] && break
    sleep 0.1
done
kill -TERM "$pid"
status=0
wait "$pid" || status=$?
[ "$status" = 143 ] || bad "exit code $status, expected 143"
gone pids.waits

# Reports.
judge 1 --junit hostile.xml --html hostile.html -- ./garbage '{}' '{or}' ./garbage '{quote}'
for file in hostile.xml hostile.html; do
    hasnt $file "$(printf '\033')"
    has $file '\\x1b\[2J\\x1b\]0;title\\x07 &lt;script&gt;&amp;\\xff'
    has $file '&lt;b&gt;&quot;under&quot;&lt;/b&gt; another key &amp; signed'
done
if command -v xmllint >/dev/null; then
    xmllint --noout hostile.xml own.xml || bad "no XML"
fi
has own.xml '<testsuite name="BIND-01" tests="3" failures="0" errors="0" skipped="0" '
has hostile.xml '<error message="expected refuse, found exit code 4">'

# Usage.
judge 2 -- ./no-such-program '{}'
has err '^ratls: ./no-such-program: can.t be run: '
judge 2 -- ./waits
has err "is given no input, expected {}, {pem} or {quote} in its words$"
judge 2 -- ./waits '{colateral}' '{}'
has err "^ratls: conform verifier: found '{colateral}', whose placeholder is unknown$"
judge 2 -- ./waits '{}' '{or}'
judge 2 --jobs 0 -- ./waits '{}'
judge 2 --timeout 0 -- ./waits '{}'
judge 2 --html nowhere/x.html -- ./three '{}'
has err '^ratls: nowhere/x.html: can.t be written: '
run 2 conform verifier --suite suite
has err '^ratls: conform verifier: -- COMMAND... is missing; '
run 2 conform verifier --suite nowhere -- ./three '{}'
run 2 conform nothing
rm suite/cases/BIND-01/neg-copied/input.der
judge 2 -- ./three '{}'
has err "the suite's file cases/BIND-01/neg-copied/input.der can't be read"

done_testing
