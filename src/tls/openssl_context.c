/*
 * The adapter's data, and how a context gets it. Nothing of a connection is judged here.
 */
#define _POSIX_C_SOURCE 200809L
#include "tls/openssl_context.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>

#include "base/bytes.h"
#include "tls/openssl_channel.h"

enum { DEFAULT_VERIFYING = 64, DEFAULT_WAIT_MS = 1000, DEFAULT_SESSION_SECONDS = 3600 };

/* OpenSSL gives out the places in ex_data once for a process, so they have to stand somewhere. */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int context_index = -1, ssl_index = -1;

static void adapter_free(adapter *a)
{
    if (a == NULL)
        return;
    installed_free(a->current);
    shown_free(&a->shown);
    (void)pthread_cond_destroy(&a->turn);
    (void)pthread_mutex_destroy(&a->lock);
    free(a);
}

static void on_context_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl,
                            void *argp)
{
    (void)parent, (void)ad, (void)index, (void)argl, (void)argp;
    adapter_free(ptr);
}

static void on_ssl_free(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl,
                        void *argp)
{
    (void)parent, (void)ad, (void)index, (void)argl, (void)argp;
    if (ptr == NULL)
        return;
    connection_reset(ptr);
    free(ptr);
}

/* A duplicate of an SSL has judged nobody. */
static int on_ssl_dup(CRYPTO_EX_DATA *to, const CRYPTO_EX_DATA *from, void **data, int index,
                      long argl, void *argp)
{
    (void)to, (void)from, (void)index, (void)argl, (void)argp;
    *data = NULL;
    return 1;
}

static void take_indices(void)
{
    context_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, on_context_free);
    ssl_index = SSL_get_ex_new_index(0, NULL, NULL, on_ssl_dup, on_ssl_free);
}

static bool have_indices(void)
{
    return pthread_once(&once, take_indices) == 0 && context_index >= 0 && ssl_index >= 0;
}

adapter *adapter_of(const SSL_CTX *ctx)
{
    return have_indices() ? SSL_CTX_get_ex_data(ctx, context_index) : NULL;
}

/* Waiting is by the monotonic clock: setting the system's does not disturb it. */
static bool init_locks(adapter *a)
{
    pthread_condattr_t attributes;
    if (pthread_mutex_init(&a->lock, NULL) != 0)
        return false;
    bool ok = pthread_condattr_init(&attributes) == 0;
    if (ok) {
        ok = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
             pthread_cond_init(&a->turn, &attributes) == 0;
        (void)pthread_condattr_destroy(&attributes);
    }
    if (!ok)
        (void)pthread_mutex_destroy(&a->lock);
    return ok;
}

adapter *adapter_make(SSL_CTX *ctx)
{
    if (!have_indices())
        return NULL;
    adapter *a = SSL_CTX_get_ex_data(ctx, context_index);
    if (a != NULL)
        return a;
    a = calloc(1, sizeof *a);
    if (a == NULL || !init_locks(a)) {
        free(a);
        return NULL;
    }
    if (SSL_CTX_set_ex_data(ctx, context_index, a) != 1) {
        adapter_free(a);
        return NULL;
    }
    a->info_before = SSL_CTX_get_info_callback(ctx);
    SSL_CTX_set_info_callback(ctx, openssl_on_info);
    SSL_CTX_set_cert_cb(ctx, openssl_on_certificate, a);
    return a;
}

int64_t adapter_now(const adapter *a)
{
    return a->options.now != NULL ? a->options.now(a->options.context) : (int64_t)time(NULL);
}

/* Takes the verifier only if it succeeds. */
static installed *installed_new(ratls_verifier *verifier)
{
    uint8_t seed[SID_SIZE + 1];
    installed *i = calloc(1, sizeof *i);
    if (i == NULL)
        return NULL;
    atomic_init(&i->references, 1);
    bool ok = RAND_bytes(seed, SID_SIZE) == 1;
    for (unsigned role = ROLE_CLIENT; ok && role <= ROLE_SERVER; role++) {
        seed[SID_SIZE] = (uint8_t)role;
        ok = EVP_Digest(seed, sizeof seed, i->sid[role], NULL, EVP_sha256(), NULL) == 1;
    }
    if (!ok) {
        free(i);
        return NULL;
    }
    i->verifier = verifier;
    return i;
}

void installed_free(installed *i)
{
    if (i == NULL || atomic_fetch_sub(&i->references, 1) != 1)
        return;
    ratls_verifier_free(&i->verifier);
    free(i);
}

installed *adapter_installed(adapter *a)
{
    (void)pthread_mutex_lock(&a->lock);
    installed *i = a->current;
    if (i != NULL)
        (void)atomic_fetch_add(&i->references, 1);
    (void)pthread_mutex_unlock(&a->lock);
    return i;
}

connection *connection_of(const SSL *ssl)
{
    return have_indices() ? SSL_get_ex_data(ssl, ssl_index) : NULL;
}

connection *connection_make(SSL *ssl)
{
    connection *c = connection_of(ssl);
    if (c != NULL)
        return c;
    c = calloc(1, sizeof *c);
    if (c != NULL && SSL_set_ex_data(ssl, ssl_index, c) != 1) {
        free(c);
        return NULL;
    }
    return c;
}

void connection_reset(connection *c)
{
    channel_unbar(c);
    ratls_session_free(&c->channel);
    installed_free(c->by);
    ratls_result_free(&c->result);
    ratls_result_free(&c->certificate);
    *c = (connection){.by = NULL};
}

/* A cipher suite that proves nobody's identity would need no certificate. */
static bool has_anonymous_ciphers(const SSL_CTX *ctx)
{
    STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(ctx);
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++)
        if (SSL_CIPHER_get_auth_nid(sk_SSL_CIPHER_value(ciphers, i)) == NID_auth_null)
            return true;
    return false;
}

static ratls_code set_host(SSL_CTX *ctx, const char *host, ratls_error *e)
{
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);
    if (host == NULL)
        return RATLS_OK;
    (void)ERR_set_mark();
    bool is_address = X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1;
    (void)ERR_pop_to_mark();
    if (is_address)
        return RATLS_OK;
    if (host[0] != '\0' && X509_VERIFY_PARAM_set1_host(param, host, 0) == 1)
        return RATLS_OK;
    return refuse(e, RATLS_E_MALFORMED, 0, "tls: '%s' is no name that can be demanded of a peer",
                  host);
}

static void set_sessions(SSL_CTX *ctx, const ratls_openssl_options *o)
{
    if (!o->resumption) {
        (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
        (void)SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
        (void)SSL_CTX_set_num_tickets(ctx, 0);
    }
    if (!o->resumption || !o->early_data) {
        (void)SSL_CTX_set_max_early_data(ctx, 0);
        (void)SSL_CTX_set_recv_max_early_data(ctx, 0);
    }
    if (!o->renegotiation)
        (void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
}

static ratls_openssl_options options_of(const ratls_openssl_options *given)
{
    ratls_openssl_options o = given != NULL ? *given : (ratls_openssl_options){.host = NULL};
    o.host = NULL; /* is the caller's; OpenSSL has its copy */
    if (o.verifying_max == 0)
        o.verifying_max = DEFAULT_VERIFYING;
    if (o.wait_ms == 0)
        o.wait_ms = DEFAULT_WAIT_MS;
    if (o.session_seconds == 0)
        o.session_seconds = DEFAULT_SESSION_SECONDS;
    return o;
}

static ratls_code set_up(SSL_CTX *ctx, adapter *a, const installed *i,
                         const ratls_openssl_options *given, ratls_error *e)
{
    if (a->speaks && given != NULL && given->resumption)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "tls: resumption is asked for, and with ratls/1 each connection needs a "
                      "handshake of its own");
    if (has_anonymous_ciphers(ctx))
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "tls: the context takes cipher suites without certificates; remove them: "
                      "!aNULL");
    ratls_code code = set_host(ctx, given != NULL ? given->host : NULL, e);
    if (code != RATLS_OK)
        return code;
    int oldest = (int)SSL_CTX_get_min_proto_version(ctx);
    if (oldest < TLS1_2_VERSION && SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
        return refuse(e, RATLS_E_UNSUPPORTED, 0, "tls: the context can't be held to TLS 1.2");
    /* OpenSSL wants one before it serves; what counts is set with each handshake. */
    if (SSL_CTX_set_session_id_context(ctx, i->sid[ROLE_SERVER], SID_SIZE) != 1)
        return refuse(e, RATLS_E_SYSTEM, 0, "tls: the context of sessions can't be set");
    a->options = options_of(given);
    set_sessions(ctx, &a->options);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       SSL_CTX_get_verify_callback(ctx));
    SSL_CTX_set_cert_verify_callback(ctx, openssl_on_verify, a);
    return RATLS_OK;
}

ratls_code ratls_openssl_use_verifier(SSL_CTX *ctx, ratls_verifier **verifier,
                                      const ratls_openssl_options *options, ratls_error *error)
{
    adapter *a = adapter_make(ctx);
    if (a == NULL)
        return refuse(error, RATLS_E_SYSTEM, 0, "tls: out of memory");
    if (a->verifies)
        return refuse(error, RATLS_E_UNSUPPORTED, 0,
                      "tls: the context has a verifier already, replace it by "
                      "ratls_openssl_set_verifier");
    installed *i = installed_new(*verifier);
    if (i == NULL)
        return refuse(error, RATLS_E_SYSTEM, 0, "tls: out of memory, or of random bytes");
    ratls_code code = set_up(ctx, a, i, options, error);
    if (code != RATLS_OK) {
        free(i);
        return code;
    }
    a->current = i;
    a->verifies = true;
    *verifier = NULL;
    return RATLS_OK;
}

ratls_code ratls_openssl_set_verifier(SSL_CTX *ctx, ratls_verifier **verifier, ratls_error *error)
{
    adapter *a = adapter_of(ctx);
    if (a == NULL || !a->verifies)
        return refuse(error, RATLS_E_MISSING, 0,
                      "tls: the context has no verifier that could be replaced");
    installed *i = installed_new(*verifier);
    if (i == NULL)
        return refuse(error, RATLS_E_SYSTEM, 0, "tls: out of memory, or of random bytes");
    (void)pthread_mutex_lock(&a->lock);
    installed *before = a->current;
    a->current = i;
    (void)pthread_mutex_unlock(&a->lock);
    installed_free(before);
    *verifier = NULL;
    return RATLS_OK;
}

bool ratls_openssl_accepted(const SSL *ssl)
{
    const connection *c = connection_of(ssl);
    return c != NULL && c->accepted && SSL_is_init_finished(ssl) == 1;
}

const ratls_result *ratls_openssl_result(const SSL *ssl)
{
    const connection *c = connection_of(ssl);
    return c != NULL ? c->result : NULL;
}

const ratls_error *ratls_openssl_error(const SSL *ssl)
{
    const connection *c = connection_of(ssl);
    return c != NULL && c->failed ? &c->error : NULL;
}
