#!/bin/sh
# check-install.sh [BUILD]: installs BUILD (default build) into a directory of its own and builds a
# small program against it, by pkg-config and by find_package, by itself, for TLS and for Redis.
set -eu
cd "$(dirname "$0")/.."

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cmake --install "${1:-build}" --prefix "$dir/usr" >"$dir/log" || {
    cat "$dir/log" >&2
    echo "error: nothing to install in ${1:-build}; run ./run build first" >&2
    exit 1
}
# Moved, so that a path which was written into an installed file is found out.
mv "$dir/usr" "$dir/moved"
usr=$dir/moved
libdir=$(dirname "$(find "$usr" -name libratls.a)")

mkdir "$dir/user"
cat >"$dir/user/main.c" <<'END'
#include <ratls/verify.h>
#include <stdio.h>

int main(void)
{
    ratls_verifier *verifier = ratls_verifier_new();
    ratls_error error = {.code = RATLS_OK};
    ratls_verify_options options = {.time = 0};
    ratls_bytes nothing = {NULL, 0};
    ratls_code code = ratls_verify_certificate(verifier, nothing, &options, NULL, &error);
    ratls_verifier_free(&verifier);
    return code == RATLS_OK || puts(error.text) < 0;
}
END
cat >"$dir/user/tls.c" <<'END'
#include <openssl/ssl.h>
#include <ratls/openssl.h>

int main(void)
{
    ratls_error error = {.code = RATLS_OK};
    ratls_verifier *verifier = ratls_verifier_new();
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    ratls_code code = ratls_openssl_use_verifier(ctx, &verifier, NULL, &error);
    SSL_CTX_free(ctx);
    return code != RATLS_OK;
}
END
cat >"$dir/user/redis.c" <<'END'
#include <ratls/redis.h>

int main(void)
{
    ratls_error error = {.code = RATLS_OK};
    ratls_store store = {.name = NULL};
    ratls_redis_options options = {.host = "localhost"};
    ratls_code code = ratls_store_redis(&options, &store, &error);
    ratls_store_free(&store);
    return code != RATLS_OK;
}
END
cat >"$dir/user/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.25)
project(user LANGUAGES C)
find_package(ratls 0.1 REQUIRED)
foreach(kind shared static)
    add_executable(${kind} main.c)
    add_executable(tls-${kind} tls.c)
    add_executable(redis-${kind} redis.c)
endforeach()
target_link_libraries(shared ratls::ratls)
target_link_libraries(static ratls::ratls_static)
target_link_libraries(tls-shared ratls::ratls-openssl)
target_link_libraries(tls-static ratls::ratls-openssl_static)
target_link_libraries(redis-shared ratls::ratls-redis)
target_link_libraries(redis-static ratls::ratls-redis_static)
END

# works WHAT PROGRAM: it runs, and finds libratls.so just when it was linked to it.
works() {
    LD_LIBRARY_PATH=$libdir "$2" >"$dir/log" 2>&1 || {
        cat "$dir/log" >&2
        echo "error: the program built by $1 does not work" >&2
        exit 1
    }
    needs=$(readelf -d "$2" | grep -c 'NEEDED.*libratls' || true)
    case $1:$needs in
    *static:0 | *TLS,\ shared:2 | *Redis,\ shared:2 | *[!Ss],\ shared:1) ;;
    *)
        echo "error: the program built by $1 is linked to $needs shared libratls" >&2
        exit 1
        ;;
    esac
}

cc="${CC:-gcc} -std=c11 -Wall -Wextra -Werror -o $dir/program"
# pc PACKAGE OPTION…
pc() {
    package=$1
    shift
    PKG_CONFIG_PATH=$libdir/pkgconfig pkg-config "$@" "$package"
}
# shellcheck disable=SC2046 # lists of words
{
    $cc "$dir/user/main.c" $(pc ratls --cflags --libs)
    works "pkg-config, shared" "$dir/program"
    # pkg-config --static adds what the archive needs, but would still take the shared library.
    $cc "$dir/user/main.c" $(pc ratls --static --cflags --libs | sed 's/-lratls/-l:libratls.a/')
    works "pkg-config, static" "$dir/program"
    $cc "$dir/user/tls.c" $(pc ratls-openssl --cflags --libs)
    works "pkg-config, TLS, shared" "$dir/program"
    $cc "$dir/user/tls.c" $(pc ratls-openssl --static --cflags --libs |
        sed 's/-lratls-openssl/-l:libratls-openssl.a/; s/-lratls\b/-l:libratls.a/')
    works "pkg-config, TLS, static" "$dir/program"
    $cc "$dir/user/redis.c" $(pc ratls-redis --cflags --libs)
    works "pkg-config, Redis, shared" "$dir/program"
}
{
    cmake -S "$dir/user" -B "$dir/user/build" -G Ninja -DCMAKE_PREFIX_PATH="$usr" &&
        cmake --build "$dir/user/build"
} >"$dir/log" 2>&1 || {
    cat "$dir/log" >&2
    echo "error: find_package(ratls) gives nothing to build with" >&2
    exit 1
}
works "find_package, shared" "$dir/user/build/shared"
works "find_package, static" "$dir/user/build/static"
works "find_package, TLS, shared" "$dir/user/build/tls-shared"
works "find_package, TLS, static" "$dir/user/build/tls-static"
works "find_package, Redis, shared" "$dir/user/build/redis-shared"
works "find_package, Redis, static" "$dir/user/build/redis-static"

for file in bin/ratls include/ratls/verify.h share/man/man1/ratls.1; do
    [ -e "$usr/$file" ] || {
        echo "error: $file is not installed" >&2
        exit 1
    }
done
echo "installed, found and used, each library in both ways"
