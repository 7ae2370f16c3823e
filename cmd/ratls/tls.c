#define _POSIX_C_SOURCE 200809L
#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <stdio.h>
#include <time.h>

#include "input.h"
#include "judge.h"
#include "net.h"
#include "source.h"
#include "supply.h"
#include "when.h"

enum { TIMEOUT_MAX = 86400 };

bool tls_open(tls *t, const args *a, bool server)
{
    *t = (tls){.a = a};
    t->ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
    if (t->ctx != NULL && SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION) == 1)
        return true;
    complain("OpenSSL gives no TLS context");
    return false;
}

void tls_free(tls *t)
{
    SSL_CTX_free(t->ctx);
    ratls_attester_free(&t->attester);
    ratls_keeper_free(&t->keeper);
}

static const char *openssl_reason(void)
{
    unsigned long e = ERR_peek_last_error();
    const char *why = e != 0 ? ERR_reason_error_string(e) : NULL;
    return why != NULL ? why : "no reason given";
}

/* Of the alert that came in: what OpenSSL calls it, without the version it is from. */
static const char *alert_name(void)
{
    static const char before[] = " alert ";
    const char *why = openssl_reason(), *at = strstr(why, before);
    return at != NULL ? at + strlen(before) : why;
}

static bool show_files(tls *t, const char *cert, const char *key)
{
    if (cert == NULL || key == NULL) {
        complain("--cert and --key go together, found one of them; or give --source");
        return false;
    }
    if (SSL_CTX_use_certificate_chain_file(t->ctx, cert) != 1) {
        complain("%s: no certificate that TLS can show: %s", cert, openssl_reason());
        return false;
    }
    if (SSL_CTX_use_PrivateKey_file(t->ctx, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(t->ctx) != 1) {
        complain("%s: no private key of that certificate: %s", key, openssl_reason());
        return false;
    }
    return true;
}

static void on_renewal(void *context, const ratls_renewal *renewal)
{
    (void)context;
    if (renewal->code != RATLS_OK)
        complain("the certificate was not renewed: %s", renewal->error->text);
}

/* Evidence of --source, for a key of its own or that of --key. */
static bool show_source(tls *t, bytes key_pem)
{
    ratls_error e = {.text = ""};
    ratls_attester_options o = {.renewed = on_renewal, .key_pem = key_pem};
    ratls_code code = source_named(t->a->own[TLS_SOURCE], &o.source, &e);
    if (code == RATLS_OK && t->a->own[TLS_STAPLE] != NULL && !source_staple(t->a, &o, &t->keeper)) {
        ratls_source_free(&o.source);
        return false;
    }
    if (code == RATLS_OK) {
        code = ratls_attester_new(&t->attester, &o, &e);
        if (code != RATLS_OK)
            ratls_source_free(&o.source);
    }
    if (code == RATLS_OK)
        code = ratls_attester_renew(t->attester, (int64_t)time(NULL), &e);
    if (code == RATLS_OK)
        code = ratls_attester_start(t->attester, &e);
    if (code == RATLS_OK && t->a->own[TLS_CERT] == NULL)
        code = ratls_openssl_use_attester(t->ctx, t->attester, &e);
    if (code != RATLS_OK)
        complain("%s", e.text);
    return code == RATLS_OK;
}

bool tls_show(tls *t)
{
    const char *cert = t->a->own[TLS_CERT], *key = t->a->own[TLS_KEY];
    bool has_source = t->a->own[TLS_SOURCE] != NULL;
    input file = {.data = NULL};
    if (cert != NULL || (key != NULL && !has_source))
        return show_files(t, cert, key) && (!has_source || show_source(t, BYTES_NONE));
    if (key != NULL && !input_read_own(key, &file))
        return false;
    bool ok = show_source(t, input_bytes(&file));
    input_wipe(&file);
    return ok;
}

static int64_t judged_at(void *context)
{
    const tls *t = context;
    return judge_options(t->a).time;
}

static bool start(ratls_keeper *keeper)
{
    ratls_error e;
    if (ratls_keeper_start(keeper, &e) == RATLS_OK)
        return true;
    complain("%s", e.text);
    return false;
}

/* Collateral beside files, kept fresh while the program runs. */
static bool supply(tls *t, ratls_verifier *v)
{
    ratls_error e;
    if (t->keeper == NULL)
        return judge_supply(t->a, SUPPLY_WAIT_MS, v, &t->keeper) &&
               (t->keeper == NULL || start(t->keeper));
    ratls_code code = ratls_keeper_serve(t->keeper, v, &e);
    if (code != RATLS_OK)
        complain("%s", e.text);
    return code == RATLS_OK && start(t->keeper);
}

bool tls_demand(tls *t, const char *name)
{
    ratls_error e = {.code = RATLS_OK};
    ratls_verifier *v = ratls_verifier_new();
    if (v == NULL) {
        complain("out of memory");
        return false;
    }
    bool ok = judge_verifier(t->a, v, &e) && supply(t, v);
    if (ok && e.code == RATLS_OK) {
        ratls_binding minimum = ratls_verifier_minimum(v);
        if (t->level < minimum)
            t->level = minimum;
        const ratls_verify_options when = judge_options(t->a);
        const ratls_openssl_options o = {.host = name,
                                         .now = judged_at,
                                         .context = t,
                                         .time_is_explicit = when.time_is_explicit,
                                         .skew_seconds = when.skew_seconds};
        ok = ratls_openssl_use_verifier(t->ctx, &v, &o, &e) == RATLS_OK;
    }
    if (e.code != RATLS_OK)
        complain("%s", e.text);
    ratls_verifier_free(&v);
    return ok && e.code == RATLS_OK;
}

bool tls_speak(tls *t)
{
    ratls_error e;
    const ratls_openssl_session_options o = {
        .level = t->level, .attester = t->attester, .again_seconds = t->again_seconds};
    if (ratls_openssl_use_session(t->ctx, &o, &e) == RATLS_OK)
        return true;
    complain("%s", e.text);
    return false;
}

void tls_refresh(const tls *t)
{
    int64_t next;
    if (t->keeper != NULL)
        ratls_keeper_refresh(t->keeper, supply_now(t->a), &next);
}

bool tls_timeout(const args *a, int *seconds)
{
    const char *text = a->own[TLS_TIMEOUT];
    uint64_t n;
    *seconds = -1;
    if (text == NULL)
        return true;
    if (!number_parse(text, TIMEOUT_MAX, &n) || n == 0) {
        complain("--timeout: found '%s', expected seconds from 1 to %d", text, TIMEOUT_MAX);
        return false;
    }
    *seconds = (int)n;
    return true;
}

/* A step of the handshake has its time; in ratls/1 each has its own. */
static bool wait_for(const SSL *ssl, unsigned want, int seconds)
{
    int usual = ratls_openssl_due(ssl) >= 0 ? -1 : NET_SECONDS * 1000;
    bool sooner = seconds >= 0 && (usual < 0 || seconds * 1000 < usual);
    return ratls_openssl_wait(ssl, want, sooner ? seconds * 1000 : usual);
}

bool tls_shake(SSL *ssl, int seconds)
{
    unsigned want;
    int fd = SSL_get_fd(ssl), flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
        return false;
    ERR_clear_error();
    do {
        if (ratls_openssl_open(ssl, &want, NULL) != RATLS_OK)
            return false;
    } while (want != 0 && wait_for(ssl, want, seconds));
    return want == 0;
}

bool tls_get(SSL *ssl, void *out, size_t cap, size_t *n)
{
    unsigned want;
    do {
        if (ratls_openssl_read(ssl, out, cap, n, &want, NULL) != RATLS_OK)
            return false;
    } while (want != 0 && wait_for(ssl, want, -1));
    return want == 0;
}

bool tls_put(SSL *ssl, const void *data, size_t n)
{
    const char *next = data;
    unsigned want;
    size_t written;
    while (n > 0) {
        if (ratls_openssl_write(ssl, next, n, &written, &want, NULL) != RATLS_OK)
            return false;
        if (want != 0 && !wait_for(ssl, want, -1))
            return false;
        next += written;
        n -= written;
    }
    return true;
}

void tls_reason(const SSL *ssl, int status, char *out, size_t cap)
{
    int system = errno;
    const ratls_error *e = ratls_openssl_error(ssl);
    unsigned long last = ERR_peek_last_error();
    int why = SSL_get_error(ssl, status);
    if (e != NULL)
        (void)snprintf(out, cap, "%s", e->text);
    else if (last != 0 && ERR_GET_LIB(last) == ERR_LIB_SSL &&
             ERR_GET_REASON(last) >= SSL_AD_REASON_OFFSET)
        (void)snprintf(out, cap, "the peer refused: alert \"%s\"", alert_name());
    else if (last != 0)
        (void)snprintf(out, cap, "TLS: %s", openssl_reason());
    else if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ||
             (why == SSL_ERROR_SYSCALL && (system == EAGAIN || system == EWOULDBLOCK)))
        (void)snprintf(out, cap, "the peer was too slow");
    else if (why == SSL_ERROR_SYSCALL && system != 0)
        (void)snprintf(out, cap, "%s", strerror(system));
    else
        (void)snprintf(out, cap, "the peer closed the connection");
}

void tls_protocol(const SSL *ssl, char *out, size_t cap)
{
    (void)snprintf(out, cap, "%s, %s", SSL_get_version(ssl), SSL_get_cipher_name(ssl));
}

bool tls_ask_for(SSL *ssl, const char *name)
{
    char copy[256]; /* OpenSSL takes no constant */
    int n = snprintf(copy, sizeof copy, "%s", name);
    return n > 0 && (size_t)n < sizeof copy && SSL_set_tlsext_host_name(ssl, copy) == 1;
}
