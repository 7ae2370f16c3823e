/*
 * The peer's certificate, judged in the handshake: by the verifier, and where it is demanded by its
 * name and by OpenSSL's own verification. Whether the peer holds the key is for the handshake.
 */
#define _POSIX_C_SOURCE 200809L
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>

#include "base/bytes.h"
#include "tls/openssl_channel.h"
#include "tls/openssl_session.h"

int ratls_openssl_verify_error(ratls_code code)
{
    switch (code) {
    case RATLS_OK:
        return X509_V_OK;
    case RATLS_E_MALFORMED:
    case RATLS_E_LIMIT:
        return X509_V_ERR_CERT_REJECTED;
    case RATLS_E_UNSUPPORTED:
        return X509_V_ERR_INVALID_PURPOSE;
    case RATLS_E_BINDING:
        return X509_V_ERR_CERT_SIGNATURE_FAILURE;
    case RATLS_E_UNTRUSTED:
        return X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
    case RATLS_E_REVOKED:
        return X509_V_ERR_CERT_REVOKED;
    case RATLS_E_STALE:
        return X509_V_ERR_CERT_HAS_EXPIRED;
    case RATLS_E_POLICY:
        return X509_V_ERR_NO_EXPLICIT_POLICY; /* OpenSSL has no alert of its own for it */
    case RATLS_E_MISSING:
        return X509_V_ERR_APPLICATION_VERIFICATION;
    case RATLS_E_SYSTEM:
        break;
    }
    return X509_V_ERR_OUT_OF_MEM;
}

/* A peer that may be verified now. False if it had to wait too long for that. */
static bool take_turn(adapter *a)
{
    struct timespec until;
    if (clock_gettime(CLOCK_MONOTONIC, &until) != 0)
        return false;
    until.tv_sec += (time_t)(a->options.wait_ms / 1000);
    until.tv_nsec += (long)(a->options.wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    (void)pthread_mutex_lock(&a->lock);
    int status = 0;
    while (a->verifying >= a->options.verifying_max && status == 0)
        status = pthread_cond_timedwait(&a->turn, &a->lock, &until);
    bool ok = a->verifying < a->options.verifying_max;
    if (ok)
        a->verifying++;
    (void)pthread_mutex_unlock(&a->lock);
    return ok;
}

static void give_turn(adapter *a)
{
    (void)pthread_mutex_lock(&a->lock);
    a->verifying--;
    (void)pthread_cond_signal(&a->turn);
    (void)pthread_mutex_unlock(&a->lock);
}

static ratls_code judge_evidence(adapter *a, connection *c, X509 *leaf, int64_t now)
{
    unsigned char *der = NULL;
    int n = leaf != NULL ? i2d_X509(leaf, &der) : -1;
    if (n <= 0)
        return refuse(&c->error, RATLS_E_SYSTEM, 0, "tls: the peer's certificate can't be read");
    ratls_code code;
    if (take_turn(a)) {
        const ratls_verify_options options = {.time = now,
                                              .time_is_explicit = a->options.time_is_explicit,
                                              .skew_seconds = a->options.skew_seconds,
                                              .caller_checks_ca = a->options.need_ca,
                                              .answer_follows = c->asks};
        c->epoch = ratls_verifier_epoch(c->by->verifier);
        code = ratls_verify_certificate(c->by->verifier, bytes_of(der, (size_t)n), &options,
                                        c->result, &c->error);
        give_turn(a);
    } else {
        code = refuse(&c->error, RATLS_E_SYSTEM, 0,
                      "tls: %u peers are being verified at once, and for %u ms none was done",
                      (unsigned)a->options.verifying_max, (unsigned)a->options.wait_ms);
    }
    OPENSSL_free(der);
    return code;
}

/* A certificate that says what it is for is for nothing else [RFC 5280 4.2.1.12]. */
static ratls_code check_usage(const SSL *ssl, X509 *leaf, ratls_error *e)
{
    uint32_t needed = SSL_is_server(ssl) == 1 ? XKU_SSL_CLIENT : XKU_SSL_SERVER;
    if ((X509_get_extension_flags(leaf) & EXFLAG_XKUSAGE) == 0 ||
        (X509_get_extended_key_usage(leaf) & (needed | XKU_ANYEKU)) != 0)
        return RATLS_OK;
    return refuse(e, RATLS_E_UNSUPPORTED, 0,
                  "tls: the peer is a %s, and its certificate's extended key usage is not for that",
                  needed == XKU_SSL_CLIENT ? "client" : "server");
}

/* The names that `param` demands: one of the host names, and the address. */
static ratls_code check_name(X509_VERIFY_PARAM *param, bool needed, X509 *leaf, ratls_error *e)
{
    const char *host = X509_VERIFY_PARAM_get0_host(param, 0);
    char *address = X509_VERIFY_PARAM_get1_ip_asc(param);
    ratls_code code = RATLS_OK;
    if (host == NULL && address == NULL && needed)
        code = refuse(e, RATLS_E_MISSING, 0,
                      "tls: a name is needed, and none was demanded of this peer, see "
                      "SSL_set1_host");
    bool found = host == NULL;
    for (int i = 0; !found && host != NULL; host = X509_VERIFY_PARAM_get0_host(param, ++i))
        found = X509_check_host(leaf, host, 0, X509_VERIFY_PARAM_get_hostflags(param), NULL) == 1;
    if (!found)
        code = refuse(e, RATLS_E_POLICY, 0, "tls: the peer's certificate is not for the name '%s'",
                      X509_VERIFY_PARAM_get0_host(param, 0));
    if (address != NULL && X509_check_ip_asc(leaf, address, 0) != 1)
        code = refuse(e, RATLS_E_POLICY, 0, "tls: the peer's certificate is not for the address %s",
                      address);
    OPENSSL_free(address);
    return code;
}

/* A callback of the application's may take an error away, but not merely pass over it. */
static ratls_code check_ca(X509_STORE_CTX *store, int64_t now, ratls_error *e)
{
    X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(store), (time_t)now);
    int ok = X509_verify_cert(store);
    int why = X509_STORE_CTX_get_error(store);
    if (ok == 1 && why == X509_V_OK)
        return RATLS_OK;
    return refuse(e, RATLS_E_UNTRUSTED, 0, "tls: OpenSSL's verification was demanded too: %s",
                  why != X509_V_OK ? X509_verify_cert_error_string(why) : "it failed");
}

/* What the application asks for beyond its policy, it does not do without. */
static ratls_code check_asked(const adapter *a, connection *c)
{
    bool demands = a->session.level > RATLS_BINDING_KEY ||
                   (a->session.level == RATLS_BINDING_NONE && a->session.again_seconds > 0);
    if (!a->speaks || !demands || c->asks)
        return RATLS_OK;
    return refuse(&c->error, RATLS_E_UNSUPPORTED, 0,
                  "tls: the peer does not speak ratls/1, and is to be asked for level \"%s\"",
                  ratls_binding_name(c->level));
}

/* Sets the error that OpenSSL makes an alert of. */
static ratls_code judge(adapter *a, connection *c, SSL *ssl, X509_STORE_CTX *store)
{
    X509 *leaf = X509_STORE_CTX_get0_cert(store);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store);
    int64_t now = adapter_now(a);
    ratls_code code = judge_evidence(a, c, leaf, now);
    if (code == RATLS_OK)
        code = check_asked(a, c);
    if (code == RATLS_OK)
        code = check_usage(ssl, leaf, &c->error);
    if (code != RATLS_OK) {
        X509_STORE_CTX_set_error(store, ratls_openssl_verify_error(code));
        return code;
    }
    code = check_name(param, a->options.need_name, leaf, &c->error);
    if (code != RATLS_OK) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
        return code;
    }
    if (a->options.need_ca) {
        code = check_ca(store, now, &c->error);
        if (code != RATLS_OK) {
            if (X509_STORE_CTX_get_error(store) == X509_V_OK)
                X509_STORE_CTX_set_error(store, ratls_openssl_verify_error(code));
            return code;
        }
    }
    code = session_bind(a, c, ssl, leaf, now);
    X509_STORE_CTX_set_error(store, ratls_openssl_verify_error(code));
    return code;
}

void openssl_demand(SSL *ssl)
{
    enum { MODE = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT };
    if ((SSL_get_verify_mode(ssl) & MODE) != MODE)
        SSL_set_verify(ssl, MODE, SSL_get_verify_callback(ssl));
}

static ratls_binding level_of(const adapter *a, const ratls_verifier *v)
{
    if (a->session.level != RATLS_BINDING_NONE)
        return a->session.level;
    return a->session.again_seconds > 0 ? RATLS_BINDING_SESSION : ratls_verifier_minimum(v);
}

/* A policy demands more than a peer without ratls/1 can show. */
static void explain_level(const adapter *a, connection *c)
{
    const ratls_check *why = ratls_result_failure(c->result);
    if (a->speaks && c->level > RATLS_BINDING_KEY && !c->asks && why != NULL &&
        bytes_is(bytes_text(why->id), "policy.binding"))
        error_prefix(&c->error, "tls: the peer does not speak ratls/1");
}

int openssl_on_verify(X509_STORE_CTX *store, void *arg)
{
    adapter *a = arg;
    SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
    connection *c = ssl != NULL ? connection_make(ssl) : NULL;
    if (c == NULL) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_OUT_OF_MEM);
        return 0;
    }
    /* Renegotiation, or a certificate after the handshake: the channel is for the one of before. */
    if (c->channel != NULL && SSL_get_finished(ssl, NULL, 0) > 0) {
        c->failed = true;
        c->accepted = false;
        (void)refuse(&c->error, RATLS_E_UNSUPPORTED, 0,
                     "tls: the peer shows another certificate within the connection, which ratls/1 "
                     "does not allow");
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
        return 0;
    }
    openssl_demand(ssl);
    bool again = c->again, has_shown = c->shown;
    connection_reset(c);
    c->again = again;
    c->shown = has_shown;
    c->on = a;
    c->judged = true;
    c->by = adapter_installed(a);
    c->level = level_of(a, c->by->verifier);
    c->asks = a->speaks && channel_is_chosen(ssl) && c->level > RATLS_BINDING_KEY;
    c->result = ratls_result_new();
    if (c->result == NULL) {
        c->failed = true;
        (void)refuse(&c->error, RATLS_E_SYSTEM, 0, "out of memory");
        X509_STORE_CTX_set_error(store, X509_V_ERR_OUT_OF_MEM);
        return 0;
    }
    (void)ERR_set_mark();
    ratls_code code = judge(a, c, ssl, store);
    (void)ERR_pop_to_mark();
    c->accepted = code == RATLS_OK && !c->asks;
    c->failed = code != RATLS_OK;
    if (c->failed)
        explain_level(a, c);
    return code == RATLS_OK ? 1 : 0;
}
