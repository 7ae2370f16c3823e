/*
 * The certificate that is shown to peers: the attester's at the time of the handshake. It is parsed
 * once, not for each handshake.
 */
#include <limits.h>
#include <openssl/pem.h>

#include "tls/openssl_context.h"

void shown_free(shown *s)
{
    ratls_credential_free(&s->of);
    X509_free(s->leaf);
    EVP_PKEY_free(s->key);
    sk_X509_pop_free(s->chain, X509_free);
    *s = (shown){.of = NULL};
}

static X509 *parse(ratls_bytes der)
{
    const unsigned char *p = der.p;
    return der.n <= LONG_MAX ? d2i_X509(NULL, &p, (long)der.n) : NULL;
}

/* Without it OpenSSL would ask the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *user)
{
    (void)buf, (void)size, (void)writing, (void)user;
    return -1;
}

static EVP_PKEY *parse_key(ratls_bytes pem)
{
    BIO *in = pem.n <= INT_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
    EVP_PKEY *key = in != NULL ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;
    BIO_free(in);
    return key;
}

/* Takes the reference to the credential. */
static shown shown_of(ratls_credential *credential)
{
    shown s = {.of = credential,
               .leaf = parse(ratls_credential_chain(credential, 0)),
               .key = parse_key(ratls_credential_key_pem(credential)),
               .chain = sk_X509_new_null()};
    bool ok = s.leaf != NULL && s.key != NULL && s.chain != NULL;
    for (size_t i = 1; ok && ratls_credential_chain(credential, i).n > 0; i++) {
        X509 *ca = parse(ratls_credential_chain(credential, i));
        ok = ca != NULL && sk_X509_push(s.chain, ca) > 0;
        if (!ok)
            X509_free(ca);
    }
    if (!ok)
        shown_free(&s);
    return s;
}

/* References to what is to be shown now; of NULL if there is nothing. */
static shown take_shown(adapter *a)
{
    shown out = {.of = NULL};
    ratls_credential *current = ratls_attester_certificate(a->attester);
    if (current == NULL)
        return out;
    (void)pthread_mutex_lock(&a->lock);
    if (a->shown.of != current) {
        /* Another thread may have put a newer one here since; the next handshake sees to it. */
        shown_free(&a->shown);
        a->shown = shown_of(current);
    } else {
        ratls_credential_free(&current);
    }
    if (a->shown.of != NULL) {
        out = (shown){.of = ratls_credential_ref(a->shown.of),
                      .leaf = a->shown.leaf,
                      .key = a->shown.key,
                      .chain = X509_chain_up_ref(a->shown.chain)};
        (void)X509_up_ref(out.leaf);
        (void)EVP_PKEY_up_ref(out.key);
    }
    (void)pthread_mutex_unlock(&a->lock);
    return out;
}

static bool show(SSL *ssl, adapter *a)
{
    shown s = take_shown(a);
    SSL_certs_clear(ssl);
    bool ok = s.of != NULL && SSL_use_cert_and_key(ssl, s.leaf, s.key, s.chain, 1) == 1;
    connection *c = ok ? NULL : connection_make(ssl);
    if (c != NULL) {
        c->failed = true;
        if (s.of == NULL)
            (void)refuse(&c->error, RATLS_E_MISSING, 0, "tls: the attester has no certificate yet");
        else
            (void)refuse(&c->error, RATLS_E_UNSUPPORTED, 0,
                         "tls: OpenSSL does not take the attester's certificate");
    }
    shown_free(&s);
    return ok;
}

int openssl_on_certificate(SSL *ssl, void *arg)
{
    adapter *a = arg;
    if (a->verifies)
        openssl_demand(ssl);
    if (a->speaks) {
        (void)SSL_set_options(ssl, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
        (void)SSL_set_num_tickets(ssl, 0);
    }
    if (a->attester != NULL && !show(ssl, a))
        return 0;
    connection *c = connection_make(ssl);
    if (c != NULL)
        c->shown = true;
    return 1;
}

ratls_code ratls_openssl_use_attester(SSL_CTX *ctx, ratls_attester *attester, ratls_error *error)
{
    adapter *a = adapter_make(ctx);
    if (a == NULL)
        return refuse(error, RATLS_E_SYSTEM, 0, "tls: out of memory");
    if (a->attester != NULL)
        return refuse(error, RATLS_E_UNSUPPORTED, 0, "tls: the context has an attester already");
    a->attester = attester;
    return RATLS_OK;
}
