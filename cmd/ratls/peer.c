#define _POSIX_C_SOURCE 200809L
#include "peer.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <unistd.h>

#include "net.h"
#include "tls.h"

bool peer_is_address(const char *text)
{
    address a;
    return access(text, F_OK) != 0 && address_parse(text, &a);
}

/* Keeps the certificate, whatever it is worth; `arg` is an input. */
static int keep(X509_STORE_CTX *store, void *arg)
{
    input *out = arg;
    unsigned char *der = NULL;
    int n = i2d_X509(X509_STORE_CTX_get0_cert(store), &der);
    free(out->data);
    out->data = n > 0 ? malloc((size_t)n) : NULL;
    out->n = out->data != NULL ? (size_t)n : 0;
    if (out->data != NULL)
        memcpy(out->data, der, out->n);
    OPENSSL_free(der);
    return 1;
}

static bool shake_hands(SSL_CTX *ctx, const address *a, int fd, char *why, size_t cap)
{
    SSL *ssl = SSL_new(ctx);
    ERR_clear_error();
    bool set = ssl != NULL && SSL_set_fd(ssl, fd) == 1 &&
               (address_is_numeric(a) || tls_ask_for(ssl, a->host));
    int status = set ? SSL_connect(ssl) : -1;
    if (status == 1)
        (void)SSL_shutdown(ssl);
    else if (ssl != NULL)
        tls_reason(ssl, status, why, cap);
    SSL_free(ssl);
    return status == 1;
}

bool peer_read(const char *text, bool held, input *out)
{
    address a;
    char why[256] = "out of memory";
    *out = (input){.name = text};
    if (!address_parse(text, &a)) {
        complain("%s: expected HOST:PORT", text);
        return false;
    }
    int fd = net_connect(&a);
    if (fd < 0)
        return false;
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    bool done = false;
    if (ctx != NULL) {
        SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
        SSL_CTX_set_cert_verify_callback(ctx, keep, out);
        done = shake_hands(ctx, &a, fd, why, sizeof why);
    }
    SSL_CTX_free(ctx);
    (void)close(fd);
    if (out->data != NULL && (done || !held))
        return true;
    complain("%s: the TLS handshake failed: %s", text, why);
    input_free(out);
    return false;
}

bool peer_or_file_read(const char *text, bool held, input *out)
{
    return peer_is_address(text) ? peer_read(text, held, out) : input_read(text, out);
}
