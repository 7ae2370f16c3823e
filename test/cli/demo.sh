# The demo runs to its end, shows each refusal, leaves nothing behind, and fails if ratls does
# otherwise than narrated.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
[ -x "$mint_program" ] || exit 1
rm -rf work
mkdir -p work/tmp
cd work || exit 1
export RATLS="$program" RATLS_MINT="$mint_program" \
    RATLS_MIDDLE="${RATLS_MIDDLE:-$(dirname "$program")/ratls-middle}" TMPDIR="$PWD/tmp" SERVERS="$PWD/servers"

# demo EXIT [COMMAND SCRIPT]: what it says is then in out and err. With COMMAND, ratls does SCRIPT
# for that one.
demo() {
    asked="scripts/demo.sh with ${3-ratls} for ${2-all}"
    cases=$((cases + 1))
    cat >ratls.sh <<END
#!/bin/sh
[ "\$1" != serve ] || echo \$\$ >>"\$SERVERS"
[ "\$1" != "${2-}" ] || { ${3-:}; }
exec "\$RATLS" "\$@"
END
    chmod +x ratls.sh
    : >servers
    status=0
    "$source_dir/scripts/demo.sh" ./ratls.sh >out 2>err || status=$?
    [ "$status" = "$1" ] || bad "exit code $status, expected $1: $(cat err)"
    [ -z "$(ls tmp)" ] || bad "files are left"
    while read -r server; do
        kill -0 "$server" 2>/dev/null && bad "a server is left"
    done <servers
}

export RATLS_VECTORS="$vectors"
demo 0
[ ! -s err ] || bad "it complains: $(cat err)"
[ -s servers ] || bad "it serves nothing"
has out '^ACCEPTED$'
has out '^  ACCEPTED$'
for why in 'policy: MRENCLAVE' 'policy: debug is on' 'policy: TCB status OutOfDate' \
    'certificate: no evidence' 'binding: '; do
    has out "^REFUSED: $why"
    has out "^server: REFUSED: $why"
done
has out '^NOT VALID: quote: its signature '
for level in key nonce session; do
    has out "^binding  *$level, by "
done
has out '^REFUSED: tls: the peer does not speak ratls/1: '
has out '^REFUSED: binding: .*made on another connection'
has out '^  he has read: Password'
has out '^  he has read nothing of it$'
RATLS_VECTORS=/nonexistent
demo 0
has out 'are not here'

wrong() {
    demo 1 "$@"
    has err '^error: '
}
wrong verify 'echo ACCEPTED; exit 0'
wrong verify 'echo REFUSED: something; exit 1'
wrong verify-quote 'exit 0'
wrong connect 'echo ACCEPTED >&2; exit 0'
wrong connect 'echo ACCEPTED >&2; exit 1'
wrong serve 'exit 1'
# shellcheck disable=SC2016 # it is for the script
wrong connect '"$RATLS" "$@" 2>said; status=$?
    sed "s/^binding  *key/binding session/" said >&2; exit $status'
# shellcheck disable=SC2016 # it is for the script
for other in MRENCLAVE debug TCB evidence binding; do
    wrong connect '"$RATLS" "$@" 2>said; status=$?
        sed "/^REFUSED/s/'$other'/something/" said >&2; exit $status'
done
# The server says so too.
# shellcheck disable=SC2016
wrong connect 'case $* in
    *"--source sim:old"*) set -- $(echo "$*" | sed s/sim:old/sim:debug/) ;;
    esac'

done_testing
