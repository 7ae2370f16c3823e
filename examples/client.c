/*
 * client HOST:PORT POLICY COLLATERAL [ROOT]: asks an HTTPS server for / if its evidence is genuine
 * and what POLICY accepts, see ratls-policy(5). The files hold JSON; ROOT is a certificate that is
 * trusted instead of Intel's, that of a simulated platform for instance.
 *
 *     cc client.c $(pkg-config --cflags --libs ratls-openssl) -o client
 */
#include <openssl/ssl.h>
#include <ratls/openssl.h>
#include <stdio.h>

static int fail(const char *why)
{
    fprintf(stderr, "client: %s\n", why);
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

int main(int argc, char **argv)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    char answer[4096];
    ratls_error error;
    if (argc < 4)
        return fail("usage: client HOST:PORT POLICY COLLATERAL [ROOT]");

    ratls_verifier *verifier = ratls_verifier_new();
    if (verifier == NULL)
        return fail("out of memory");
    if (set(verifier, ratls_verifier_set_policy, argv[2], &error) != RATLS_OK ||
        set(verifier, ratls_verifier_add_collateral, argv[3], &error) != RATLS_OK ||
        (argc > 4 && set(verifier, ratls_verifier_set_root, argv[4], &error) != RATLS_OK))
        return fail(error.text);

    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL || ratls_openssl_use_verifier(ctx, &verifier, NULL, &error) != RATLS_OK)
        return fail("no TLS");

    BIO *peer = BIO_new_ssl_connect(ctx);
    SSL *ssl = NULL;
    if (peer == NULL || BIO_get_ssl(peer, &ssl) != 1 || BIO_set_conn_hostname(peer, argv[1]) != 1)
        return fail("out of memory");
    if (BIO_do_connect(peer) <= 0 || BIO_do_handshake(peer) <= 0) {
        const ratls_error *why = ratls_openssl_error(ssl);
        return fail(why != NULL ? why->text : "the server can't be reached, or speaks no TLS");
    }

    /* The server is genuine, and what the policy accepts. */
    const ratls_facts *facts = ratls_result_facts(ratls_openssl_result(ssl));
    fprintf(stderr, "client: attested, TCB status %s\n", ratls_tcb_status_name(facts->tcb_status));
    BIO_write(peer, request, sizeof request - 1);
    for (int n; (n = BIO_read(peer, answer, sizeof answer)) > 0;)
        fwrite(answer, 1, (size_t)n, stdout);
    BIO_free_all(peer);
    SSL_CTX_free(ctx);
    return 0;
}
