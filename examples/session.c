/*
 * session HOST:PORT POLICY COLLATERAL [ROOT]: sends a secret to a server that proves, on this very
 * connection, that it runs what POLICY accepts; see ratls-policy(5), "binding". The files hold
 * JSON; ROOT is a certificate that is trusted instead of Intel's, that of a simulated platform for
 * instance. A server to try it with: ratls serve.
 *
 *     cc session.c $(pkg-config --cflags --libs ratls-openssl) -o session
 */
#include <openssl/ssl.h>
#include <ratls/openssl.h>
#include <stdio.h>

enum { PATIENCE_MS = 30000 };

static int fail(const char *why)
{
    fprintf(stderr, "session: %s\n", why);
    return 1;
}

typedef ratls_code setter(ratls_verifier *, ratls_bytes, ratls_error *);

static ratls_code set(ratls_verifier *verifier, setter *what, const char *path, ratls_error *error)
{
    static uint8_t data[1 << 18];
    FILE *file = fopen(path, "rb");
    ratls_bytes read = {data, file != NULL ? fread(data, 1, sizeof data, file) : 0};
    if (file != NULL)
        fclose(file);
    return what(verifier, read, error);
}

/* What a call wants is so now. False if that takes too long. */
static bool wait_for(SSL *ssl, unsigned want)
{
    return want == 0 || ratls_openssl_wait(ssl, want, PATIENCE_MS);
}

static ratls_code open_session(SSL *ssl, ratls_error *error)
{
    unsigned want;
    ratls_code code;
    do
        code = ratls_openssl_open(ssl, &want, error);
    while (code == RATLS_OK && want != 0 && wait_for(ssl, want));
    return code;
}

/* The secret is short: it goes out at once, or not at all. */
static ratls_code talk(SSL *ssl, ratls_error *error)
{
    static const char secret[] = "GET / HTTP/1.0\r\nPassword: correct-horse\r\n\r\n";
    char answer[4096];
    size_t n;
    unsigned want;
    ratls_code code = ratls_openssl_write(ssl, secret, sizeof secret - 1, &n, &want, error);
    while (code == RATLS_OK) {
        code = ratls_openssl_read(ssl, answer, sizeof answer, &n, &want, error);
        if (code == RATLS_OK)
            fwrite(answer, 1, n, stdout);
        if ((n == 0 && want == 0) || !wait_for(ssl, want))
            break;
    }
    return code;
}

int main(int argc, char **argv)
{
    ratls_error error = {.text = "it took too long"};
    if (argc < 4)
        return fail("usage: session HOST:PORT POLICY COLLATERAL [ROOT]");

    ratls_verifier *verifier = ratls_verifier_new();
    if (verifier == NULL)
        return fail("out of memory");
    if (set(verifier, ratls_verifier_set_policy, argv[2], &error) != RATLS_OK ||
        set(verifier, ratls_verifier_add_collateral, argv[3], &error) != RATLS_OK ||
        (argc > 4 && set(verifier, ratls_verifier_set_root, argv[4], &error) != RATLS_OK))
        return fail(error.text);

    /* Whatever the policy says, this program demands level session. */
    const ratls_openssl_session_options options = {.level = RATLS_BINDING_SESSION};
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL || ratls_openssl_use_verifier(ctx, &verifier, NULL, &error) != RATLS_OK ||
        ratls_openssl_use_session(ctx, &options, &error) != RATLS_OK)
        return fail("no TLS");

    BIO *peer = BIO_new_connect(argv[1]);
    SSL *ssl = SSL_new(ctx);
    if (peer == NULL || ssl == NULL || BIO_do_connect(peer) <= 0 ||
        BIO_socket_nbio((int)BIO_get_fd(peer, NULL), 1) != 1)
        return fail("the server can't be reached");
    SSL_set_bio(ssl, peer, peer);
    SSL_set_connect_state(ssl);

    if (open_session(ssl, &error) != RATLS_OK || !ratls_openssl_accepted(ssl))
        return fail(error.text);
    fprintf(stderr, "session: the server is bound at level %s\n",
            ratls_result_binding_level(ratls_openssl_result(ssl)));
    if (talk(ssl, &error) != RATLS_OK)
        return fail(error.text);
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return 0;
}
