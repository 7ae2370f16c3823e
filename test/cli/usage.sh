# Words on the command line: help, options, and what is said about mistakes.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"

run 0 --version
has out '^ratls [0-9][0-9]*\.[0-9][0-9]*\.[0-9][0-9]*$'
run 0 --help
has out '^usage: ratls COMMAND'
run 0 help
has out '^  verify-quote '
run 2
has err '^usage: ratls COMMAND'

for command in show verify verify-quote 'policy new' 'policy check'; do
    # shellcheck disable=SC2086 # two words
    run 0 $command --help
    has out "^usage: ratls $command \[OPTION\]"
    has out '^options:'
    has out '^Exit codes: 0 '
    has out '^example:'
    cp out by_option
    # shellcheck disable=SC2086
    run 0 help $command
    cmp -s out by_option || bad "differs from --help"
    # shellcheck disable=SC2086
    run 2 $command
    has err "^ratls: $command: [A-Z:|]* is missing"
    # shellcheck disable=SC2086
    run 2 $command --bogus file
    has err "unknown option '--bogus'"
    # shellcheck disable=SC2086
    run 2 $command nothing-here.pem
    has err '^ratls: nothing-here.pem: can.t be read: No such file'
    # shellcheck disable=SC2086
    run 2 $command .
    has err "^ratls: .: can't be read: Is a directory"
done

# A word that begins several commands shows these and no others.
for group in policy sim collateral; do
    run 0 $group --help
    has out "^usage: ratls $group COMMAND"
    has out "^  $group [a-z]* .* "
    hasnt out '^  verify '
    for other in policy sim collateral; do
        [ $other = $group ] || hasnt out "^  $other "
    done
    cp out by_option
    run 0 $group -h
    cmp -s out by_option || bad "differs from --help"
    run 0 help $group
    cmp -s out by_option || bad "differs from --help"
    run 2 $group
    has err "see: ratls $group --help"
done
run 0 collateral --help
[ "$(grep -c '^  collateral ' out)" = 6 ] || bad "not the six commands"

run 2 frobnicate
has err "unknown command 'frobnicate'"
run 2 --frobnicate
has err "unknown option '--frobnicate'"
run 2 help frobnicate
has err "unknown command 'frobnicate'"
run 2 policy
has err 'expected new or check'
run 2 policy old
has err "found 'old', expected new or check"

: >empty
# Options that a command does not have.
run 2 show --time 0 empty
has err "show: unknown option '--time'"
run 2 verify-quote --policy empty empty
has err "unknown option '--policy'"
run 2 show --json=yes empty
has err '^ratls: --json takes no value'
run 2 verify empty --policy
has err '^ratls: --policy needs a value: --policy P.json'
run 2 verify empty --policy a --policy b
has err '^ratls: --policy is given twice'
run 2 verify empty --time 1 --time 1
has err '^ratls: --time is given twice'
run 2 verify empty also
has err "one FILE|HOST:PORT expected, found also 'also'"
run 2 verify - --policy -
has err "standard input. is given for 2 inputs"
run 2 verify empty --root nothing-here.pem
has err '^ratls: nothing-here.pem: '
run 2 verify empty --collateral nothing-here.json
has err '^ratls: nothing-here.json: '

# Before and after the file, with = and without, and after --.
run 1 verify --time 5 empty
has out '^REFUSED: '
run 1 verify empty --time=5
has out 'judged at 1970-01-01T00:00:05Z, skew 0 s'
run 1 verify --skew=9 -- empty
has out ', skew 9 s'
run 2 verify -- --time
has err '^ratls: --time: can.t be read'
cp empty ./-h
run 1 verify --time 5 -- -h
has out '^REFUSED: '

# A control character in a word does not reach the terminal.
run 2 show "$(printf 'x\033[31m')"
has err 'x\\x1b\[31m: can.t be read'
hasnt err "$(printf '\033')"

done_testing
