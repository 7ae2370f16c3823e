#include "tls_pair.h"

#include <openssl/err.h>

#include "arena.h"

SSL_CTX *tls_context(bool server, int version, bytes der, EVP_PKEY *key)
{
    SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    MUST(ctx != NULL && SSL_CTX_set_min_proto_version(ctx, version) == 1 &&
         SSL_CTX_set_max_proto_version(ctx, version) == 1);
    if (der.n > 0) {
        MUST(SSL_CTX_use_certificate_ASN1(ctx, (int)der.n, der.p) == 1);
        MUST(SSL_CTX_use_PrivateKey(ctx, key) == 1);
    }
    return ctx;
}

static SSL *side(SSL_CTX *ctx, BIO *bio, bool server)
{
    SSL *ssl = SSL_new(ctx);
    MUST(ssl != NULL);
    SSL_set_bio(ssl, bio, bio);
    if (server)
        SSL_set_accept_state(ssl);
    else
        SSL_set_connect_state(ssl);
    return ssl;
}

tls_pair pair_new(SSL_CTX *client, SSL_CTX *server)
{
    BIO *a, *b;
    MUST(BIO_new_bio_pair(&a, 0, &b, 0) == 1);
    return (tls_pair){.client = side(client, a, false),
                      .server = side(server, b, true),
                      .client_got = -1,
                      .server_got = -1};
}

/* A fatal alert that came in is an error of its own number. */
static void note_alert(int *got)
{
    unsigned long e;
    while ((e = ERR_get_error()) != 0)
        if (ERR_GET_LIB(e) == ERR_LIB_SSL && ERR_GET_REASON(e) >= SSL_AD_REASON_OFFSET)
            *got = ERR_GET_REASON(e) - SSL_AD_REASON_OFFSET;
}

/* One try of one side; true if it is done. */
static bool step(SSL *ssl, bool *failed, int *got)
{
    if (*failed)
        return false;
    ERR_clear_error();
    int status = SSL_do_handshake(ssl);
    int why = SSL_get_error(ssl, status);
    if (status == 1)
        return true;
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
        *failed = true;
        note_alert(got);
    }
    return false;
}

/* An alert may still be under way to a side that is done. */
static void drain(SSL *ssl, bool failed, int *got)
{
    char byte;
    if (failed)
        return;
    ERR_clear_error();
    if (SSL_peek(ssl, &byte, 1) <= 0)
        note_alert(got);
}

bool pair_handshake(tls_pair *p)
{
    bool client = false, server = false;
    for (int i = 0; i < 20 && !(client && server); i++) {
        client = step(p->client, &p->client_failed, &p->client_got);
        server = step(p->server, &p->server_failed, &p->server_got);
    }
    if (!client || !server) {
        drain(p->client, p->client_failed, &p->client_got);
        drain(p->server, p->server_failed, &p->server_got);
    }
    return client && server;
}

static SSL *far_end(SSL *ssl, BIO **far)
{
    BIO *near;
    MUST(BIO_new_bio_pair(&near, 0, far, 0) == 1);
    SSL_set_bio(ssl, near, near);
    return ssl;
}

static bool relay(BIO *from, BIO *to)
{
    char byte;
    return BIO_ctrl_get_write_guarantee(to) > 0 && BIO_read(from, &byte, 1) == 1 &&
           BIO_write(to, &byte, 1) == 1;
}

bool pair_handshake_slow(tls_pair *p)
{
    BIO *client_far, *server_far;
    bool client = false, server = false, moved = true;
    (void)far_end(p->client, &client_far);
    (void)far_end(p->server, &server_far);
    while (moved && !(client && server)) {
        client = step(p->client, &p->client_failed, &p->client_got);
        server = step(p->server, &p->server_failed, &p->server_got);
        moved = relay(client_far, server_far);
        moved = relay(server_far, client_far) || moved;
    }
    BIO_free(client_far);
    BIO_free(server_far);
    return client && server;
}

static bool say(SSL *from, SSL *to, const char *text)
{
    char got[64];
    int n = (int)strlen(text);
    return SSL_write(from, text, n) == n && SSL_read(to, got, sizeof got) == n &&
           bytes_is(bytes_of(got, (size_t)n), text);
}

bool pair_talk(tls_pair *p)
{
    return say(p->client, p->server, "from the client") &&
           say(p->server, p->client, "from the server");
}

bool pair_is_silent(SSL *ssl)
{
    char byte;
    return SSL_read(ssl, &byte, 1) <= 0 && SSL_write(ssl, "x", 1) <= 0;
}

/* Without a proper end OpenSSL forgets the session. */
static void end(SSL *ssl)
{
    if (SSL_is_init_finished(ssl) == 1)
        (void)SSL_shutdown(ssl);
    SSL_free(ssl);
}

void pair_free(tls_pair *p)
{
    end(p->client);
    end(p->server);
    ERR_clear_error();
}
