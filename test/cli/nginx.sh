# An unmodified nginx and an unmodified curl with certificates from `ratls attest`.
set -u
# shellcheck source=test/cli/common.inc
. "$RATLS_SOURCE/test/cli/common.inc"
nginx=$(PATH=$PATH:/usr/sbin command -v nginx) || skip "no nginx"
command -v curl >/dev/null || skip "no curl"
rm -rf work
mkdir -p work/logs
cd work || exit 1
here=$PWD

run 0 sim new good
run 0 attest --out tls --source sim:good --names localhost,127.0.0.1
run 0 attest --out client --source sim:good
"$program" sim quote good >quote.bin
"$program" policy new quote.bin --root good/root.pem --collateral good/collateral.json \
    >policy.json 2>err || exit 1
set -- --policy policy.json --root good/root.pem --collateral good/collateral.json

# try PORT: nginx there, or not if the port is taken.
try() {
    cat >nginx.conf <<END
daemon off;
master_process off;
pid $here/nginx.pid;
error_log $here/logs/error.log;
events { }
http {
    access_log off;
    client_body_temp_path $here/body;
    proxy_temp_path $here/proxy;
    fastcgi_temp_path $here/fastcgi;
    uwsgi_temp_path $here/uwsgi;
    scgi_temp_path $here/scgi;
    server {
        listen 127.0.0.1:$1 ssl;
        ssl_certificate $here/tls/chain.pem;
        ssl_certificate_key $here/tls/key.pem;
        location / { return 200 "hello from nginx\n"; }
    }
}
END
    # It ends by itself, whatever becomes of this test.
    timeout 60 "$nginx" -e "$here/logs/error.log" -p "$here" -c "$here/nginx.conf" &
    pid=$!
    for _ in $(seq 50); do
        kill -0 "$pid" 2>/dev/null || return 1
        grep -qs . nginx.pid && return 0
        sleep 0.1
    done
    kill "$pid"
    return 1
}
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null' EXIT
for port in 28443 31519 39217 45763; do
    try $port && break
    wait "$pid"
    pid=
done
[ -n "$pid" ] || {
    echo "error: nginx does not start" >&2
    cat logs/error.log >&2
    exit 1
}

# Our client at nginx.
run 0 verify "127.0.0.1:$port" "$@"
has out '^ACCEPTED$'
asked='ratls connect nginx'
cases=$((cases + 1))
printf 'GET / HTTP/1.0\r\n\r\n' |
    "$program" connect "127.0.0.1:$port" "$@" --name localhost --timeout 20 >out 2>err ||
    bad "exit code $?: $(cat err)"
has out '^hello from nginx$'
# curl, which knows nothing of evidence, trusts the certificate because it is told to.
asked='curl at nginx'
cases=$((cases + 1))
curl -sS --cacert tls/cert.pem "https://localhost:$port/" >out 2>err || bad "$(cat err)"
has out '^hello from nginx$'

# curl at our server, with evidence of its own.
"$program" serve 127.0.0.1:0 --source sim:good --mutual --timeout 60 "$@" >serve.log 2>serve.err &
server=$!
trap 'kill "$pid" "$server" 2>/dev/null' EXIT
for _ in $(seq 100); do
    at=$(sed -n 's/^listening on //p' serve.log)
    [ -z "$at" ] || break
    sleep 0.1
done
asked='curl at ratls serve'
cases=$((cases + 1))
curl -sSk --cert client/cert.pem --key client/key.pem "https://$at/json" >out 2>err ||
    bad "$(cat err)"
has out '^      "accepted": true,$'
cases=$((cases + 1))
if curl -sSk "https://$at/json" >out 2>err; then
    bad "a client without evidence was served"
fi
[ ! -s out ] || bad "something was handed over"

done_testing
