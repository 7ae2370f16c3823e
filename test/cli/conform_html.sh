# The page of ratls conform --html in a browser: what is seen, whether its filter works, and that it
# needs nothing from elsewhere.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
# shellcheck source=test/cli/small_suite.inc
. "$RATLS_SOURCE/test/cli/small_suite.inc"
command -v chromium >/dev/null || skip "no chromium"
rm -rf work
mkdir work
cd work || exit 1
small_suite

# see URL WORD…: the page as it is when its script has run, in seen.
see() {
    url=$1
    shift
    asked="chromium $url"
    cases=$((cases + 1))
    timeout -k 5 120 chromium --headless --no-sandbox --disable-gpu --no-first-run \
        --user-data-dir="$PWD/profile" --virtual-time-budget=5000 "$@" --dump-dom "$url" \
        >seen 2>chromium.log </dev/null || bad "chromium failed: $(tail -n 3 chromium.log)"
}
# visible ID…: these requirements are, and no others.
visible() {
    found=$(sed -n 's/^<article \(.*\)>$/\1/p' seen | grep -v ' hidden=' |
        sed 's/.* id="\([^"]*\)".*/\1/' | tr '\n' ' ')
    [ "$found" = "${*:+$* }" ] || bad "visible are: $found; expected: $*"
}

# One of each outcome but a warning.
cat >verifier <<'END'
#!/bin/sh
case $1 in
*neg-none* | *neg-ca*) exit 1 ;;
*neg-flipped*) echo "<img src=http://192.0.2.1/x onerror=document.title=1>" >&2 && exit 9 ;;
*quote* | *QUOTE*) exit 77 ;;
esac
exit 0
END
chmod +x verifier
run 1 conform verifier --suite suite --html report.html -- ./verifier '{}' '{or}' ./verifier \
    '{quote}'
page=file://$PWD/report.html

# It refers to nothing but its own parts.
if grep -noE '(src|href|action|data|poster|srcset|background)="[^"#][^"]*"' report.html |
    grep -v 'data-outcome'; then
    bad "the page refers to something"
fi
hasnt report.html '<\(link\|img\|iframe\|object\|embed\|base\|form\|video\|audio\|source\)[ >]'
sed -n '/<style>/,/<\/style>/p' report.html >style.css
hasnt style.css 'url(\|@import\|@font-face\|http'
sed -n '/<script>/,/<\/script>/p' report.html >script.js
hasnt script.js 'fetch\|XMLHttp\|import\|http\|eval\|innerHTML'
has report.html "default-src 'none'"
[ "$(grep -c '<script' report.html)" = 1 ] || bad "there is more than one script"

see "$page"
visible CERT-01 CERT-02 BIND-01 EVID-01 POL-01 QUOTE-01
has seen 'All 6 requirements are shown\.'
has seen '<title>Failed: '
for text in 'Evidence speaks for one key only\.' 'signed by another than that CA' 'RFC 5280 6\.1' \
    'BIND-01/neg-copied' '&lt;img src=http:' 'exit code 9'; do
    has seen "$text"
done
hasnt seen '<img'
see "$page#filter=BIND-01"
visible BIND-01
has seen '1 of 6 requirements are shown\.'
see "$page#filter=rfc+5280"
visible CERT-02
see "$page#filter=nothing+is+called+so"
visible
has seen '<p class="none" id="none">No requirement fits'
see "$page#hide=pass"
visible BIND-01 EVID-01 POL-01 QUOTE-01
see "$page#hide=fail,error,skip"
visible CERT-01 CERT-02
see "$page#filter=enclave&hide=pass,error"
visible POL-01
see "$page#BIND-01"
visible CERT-01 CERT-02 BIND-01 EVID-01 POL-01 QUOTE-01

# Buttons and text box, as a user has them.
cat >hand.html <<'END'
<!doctype html><body><iframe id="f" src="report.html"></iframe><pre id="log"></pre><script>
const frame = document.getElementById('f'), log = document.getElementById('log');
frame.onload = () => {
    const d = frame.contentDocument;
    const tell = what => log.append(what + ': ' + [...d.querySelectorAll('article')]
        .filter(a => a.getClientRects().length > 0).map(a => a.id).join(' ') + '\n');
    const press = name => d.querySelector(`button[data-outcome=${name}]`).click();
    const type = text => { const q = d.getElementById('q'); q.value = text;
        q.dispatchEvent(new d.defaultView.Event('input')); };
    tell('all');
    press('pass'); tell('no pass');
    press('skip'); tell('nor skip');
    type('key'); tell('key');
    log.append('address: ' + d.defaultView.location.hash + '\n');
    press('pass'); press('skip'); type(''); tell('again');
};
</script>
END
see "file://$PWD/hand.html" --disable-web-security --allow-file-access-from-files \
    --disable-site-isolation-trials
has seen 'all: CERT-01 CERT-02 BIND-01 EVID-01 POL-01 QUOTE-01$'
has seen '^no pass: BIND-01 EVID-01 POL-01 QUOTE-01$'
has seen '^nor skip: BIND-01 EVID-01 POL-01$'
has seen '^key: BIND-01$'
has seen '^address: #filter=key&amp;hide=pass%2Cskip$'
has seen '^again: CERT-01 CERT-02 BIND-01 EVID-01 POL-01 QUOTE-01$'

done_testing
