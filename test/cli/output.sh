# Output that can't be written, files that are too large, colours.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
need_mint

# to WHERE WORD…: the answer goes there; the exit code must be 2.
to() {
    where=$1
    shift
    asked="ratls $* > $where"
    cases=$((cases + 1))
    status=0
    if [ "$where" = closed ]; then
        "$program" "$@" >&- 2>err || status=$?
    else
        "$program" "$@" >"$where" 2>err || status=$?
    fi
    [ $status = 2 ] || bad "exit code $status, expected 2"
    has err "^ratls: standard output can't be written: "
}
if [ -w /dev/full ]; then
    to /dev/full --version
    to /dev/full --help
    to /dev/full show minted/cert-sgx.pem
    to /dev/full show --json minted/collateral-sgx.json
    to /dev/full verify --json minted/cert-sgx.pem
    to /dev/full policy new minted/cert-sgx.pem
fi
to closed show minted/cert-sgx.pem
to closed verify-quote minted/quote-sgx-v3.bin --json

asked='ratls show cert | true'
cases=$((cases + 1))
rm -f pipe
mkfifo pipe
exec 3<>pipe 4>pipe
exec 3>&- # descriptor 4 is now a pipe that nobody reads
status=0
"$program" show minted/collateral-sgx.json --json >&4 2>err || status=$?
exec 4>&-
[ $status = 2 ] || bad "exit code $status with a closed pipe, expected 2"
[ ! -s err ] || bad "it complains of a closed pipe"

# 16 MiB are the limit: what peers send is refused, the user's own files are an error.
head -c 16777217 /dev/zero >huge
run 1 show huge
has err '^ratls: huge: more than 16777216 bytes, at most so many are read$'
run 1 verify --json huge
json_error RATLS_E_LIMIT certificate.format
run 1 verify-quote --json huge
json_error RATLS_E_LIMIT quote.format
run 1 policy new huge
has err 'more than 16777216 bytes'
run 1 verify-quote --json minted/quote-sgx-v3.bin --collateral huge
json_error RATLS_E_LIMIT collateral.present
run 2 verify minted/cert-sgx.pem --policy huge
has err '^ratls: huge: more than 16777216 bytes'
head -c 16777216 /dev/zero >limit
run 1 show limit
has err 'not recognised'
run 1 verify --json limit
json evidence_valid false
rm -f huge limit

# No colour outside of a terminal.
run 1 verify minted/cert-sgx.pem
hasnt out "$(printf '\033')"

done_testing
