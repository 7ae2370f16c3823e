/*
 * server ADDRESS [SIM]: an HTTPS server whose certificate carries evidence of the enclave or TD it
 * runs in, or of the simulated platform in the directory SIM (see ratls-sim(1)).
 *
 *     cc server.c $(pkg-config --cflags --libs ratls-openssl) -o server
 */
#include <openssl/ssl.h>
#include <ratls/openssl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int fail(const char *why)
{
    fprintf(stderr, "server: %s\n", why);
    return 1;
}

static void serve(SSL *ssl)
{
    static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello\n";
    char request[4096];
    if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof request) > 0 &&
        SSL_write(ssl, answer, (int)strlen(answer)) > 0)
        SSL_shutdown(ssl);
}

int main(int argc, char **argv)
{
    ratls_error error;
    ratls_attester_options options = {.subject = "CN=example server"};
    ratls_attester *attester = NULL;
    if (argc < 2)
        return fail("usage: server ADDRESS [SIM]");

    /* Where quotes come from: what this machine has, if no simulated platform was named. */
    ratls_code code = argc > 2 ? ratls_source_sim(argv[2], &options.source, &error)
                               : ratls_source_auto(NULL, &options.source, &error);
    if (code != RATLS_OK)
        return fail(error.text);
    /* A first certificate now, the next ones by a timer. */
    if (ratls_attester_new(&attester, &options, &error) != RATLS_OK ||
        ratls_attester_renew(attester, (int64_t)time(NULL), &error) != RATLS_OK ||
        ratls_attester_start(attester, &error) != RATLS_OK)
        return fail(error.text);

    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL || ratls_openssl_use_attester(ctx, attester, &error) != RATLS_OK)
        return fail("no TLS");

    BIO *listener = BIO_new_accept(argv[1]);
    if (listener == NULL || BIO_set_bind_mode(listener, BIO_BIND_REUSEADDR) <= 0 ||
        BIO_do_accept(listener) <= 0)
        return fail("the address can't be listened at");
    printf("listening on %s:%s\n", BIO_get_accept_name(listener), BIO_get_accept_port(listener));
    fflush(stdout);
    while (BIO_do_accept(listener) > 0) {
        SSL *ssl = SSL_new(ctx);
        BIO *peer = BIO_pop(listener);
        if (ssl != NULL) {
            SSL_set_bio(ssl, peer, peer);
            serve(ssl);
        }
        SSL_free(ssl);
    }
    BIO_free_all(listener);
    SSL_CTX_free(ctx);
    ratls_attester_free(&attester);
    return 0;
}
