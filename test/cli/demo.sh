# The demo runs to its end.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
[ -x "$mint_program" ] || exit 1

asked=scripts/demo.sh
cases=1
RATLS_VECTORS=$vectors RATLS_MINT=$mint_program "$source_dir/scripts/demo.sh" "$program" >out 2>err ||
    bad "exit code $?: $(cat err)"
has out '^ACCEPTED$'
has out '^REFUSED: '
cases=2
RATLS_VECTORS=/nonexistent RATLS_MINT=$mint_program "$source_dir/scripts/demo.sh" "$program" >out \
    2>err || bad "exit code $? without vectors: $(cat err)"
has out 'are not here'

done_testing
