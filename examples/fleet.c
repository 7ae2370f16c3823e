/*
 * fleet ROOT POLICY STORE SERVICE HOST:PORT...: asks TLS servers for evidence, and keeps the
 * collateral that this takes: in the directory STORE, from SERVICE, which is the URL of a PCCS or
 * "intel". POLICY is a file, see ratls-policy(5). ROOT is "intel", or the certificate of another
 * root, that of a simulated platform for instance.
 *
 *     cc fleet.c $(pkg-config --cflags --libs ratls-openssl ratls-collateral) -o fleet
 */
#include <openssl/ssl.h>
#include <ratls/collateral.h>
#include <ratls/openssl.h>
#include <stdio.h>
#include <string.h>

static int fail(const char *why)
{
    fprintf(stderr, "fleet: %s\n", why);
    return 1;
}

static ratls_bytes read_file(const char *path, uint8_t *space, size_t cap)
{
    FILE *file = fopen(path, "rb");
    ratls_bytes read = {space, file != NULL ? fread(space, 1, cap, file) : 0};
    if (file != NULL)
        fclose(file);
    return read;
}

/* A service that is away is no error while what is held is good. */
static void noted(void *context, const ratls_note *note)
{
    (void)context;
    if (note->error != NULL)
        fprintf(stderr, "fleet: collateral: %s\n", note->error->text);
}

static void ask(SSL_CTX *ctx, char *server)
{
    BIO *peer = BIO_new_ssl_connect(ctx);
    SSL *ssl = NULL;
    const char *why = "can't be reached, or speaks no TLS";
    if (peer != NULL && BIO_get_ssl(peer, &ssl) == 1 && BIO_set_conn_hostname(peer, server) == 1 &&
        BIO_do_connect(peer) == 1 && BIO_do_handshake(peer) == 1)
        why = "attested";
    else if (ssl != NULL && ratls_openssl_error(ssl) != NULL)
        why = ratls_openssl_error(ssl)->text;
    printf("%s: %s\n", server, why);
    BIO_free_all(peer);
}

int main(int argc, char **argv)
{
    static uint8_t root_data[1 << 16], policy_data[1 << 20];
    ratls_error error;
    ratls_keeper *keeper = NULL;
    ratls_keeper_options options = {.first_contact_ms = 3000, .noted = noted};
    if (argc < 6)
        return fail("usage: fleet ROOT POLICY STORE SERVICE HOST:PORT...");
    if (strcmp(argv[1], "intel") != 0) {
        options.root = read_file(argv[1], root_data, sizeof root_data);
        if (options.root.n == 0)
            return fail("ROOT can't be read");
    }
    ratls_bytes policy = read_file(argv[2], policy_data, sizeof policy_data);
    ratls_service service = {.url = strcmp(argv[4], "intel") != 0 ? argv[4] : RATLS_SERVICE_INTEL};

    ratls_verifier *verifier = ratls_verifier_new();
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (verifier == NULL || ctx == NULL)
        return fail("out of memory");
    if (ratls_store_directory(argv[3], &options.store, &error) != RATLS_OK ||
        ratls_fetcher_services(&service, 1, &options.fetcher, &error) != RATLS_OK ||
        ratls_keeper_new(&keeper, &options, &error) != RATLS_OK ||
        ratls_verifier_set_policy(verifier, policy, &error) != RATLS_OK ||
        (options.root.n > 0 &&
         ratls_verifier_set_root(verifier, options.root, &error) != RATLS_OK) ||
        ratls_keeper_serve(keeper, verifier, &error) != RATLS_OK ||
        ratls_keeper_start(keeper, &error) != RATLS_OK || /* refreshed by a thread from now on */
        ratls_openssl_use_verifier(ctx, &verifier, NULL, &error) != RATLS_OK)
        return fail(error.text);

    for (int i = 5; i < argc; i++)
        ask(ctx, argv[i]);
    SSL_CTX_free(ctx); /* and the verifier, before the keeper */
    ratls_keeper_free(&keeper);
    return 0;
}
