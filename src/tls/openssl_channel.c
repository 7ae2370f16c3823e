/*
 * ratls/1 on an SSL: its frames in and out, and the application's bytes through them. Until it is
 * open, and after it was closed, OpenSSL takes the SSL for shut down: nothing gets past the
 * channel.
 */
#define _POSIX_C_SOURCE 200809L
#include "tls/openssl_channel.h"

#include <assert.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <poll.h>
#include <time.h>

#include "base/bytes.h"

enum { SHUT = SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN, RECORD = 16384 };

void channel_lock(SSL *ssl)
{
    SSL_set_shutdown(ssl, SHUT);
}

/* That the SSL is locked, OpenSSL sees only when it is called the next time. */
static long on_output(BIO *bio, int what, const char *p, size_t n, int argi, long argl, int status,
                      size_t *processed)
{
    (void)p, (void)n, (void)argi, (void)argl, (void)processed;
    if (what != BIO_CB_WRITE)
        return status;
    void *arg = BIO_get_callback_arg(bio);
    connection *c = arg;
    BIO_clear_retry_flags(bio);
    if (!c->failed)
        (void)refuse(&c->error, RATLS_E_MISSING, 0,
                     "tls: the application wrote before the session was open, see "
                     "ratls_openssl_open");
    c->failed = true;
    c->accepted = false;
    ERR_raise(ERR_LIB_SSL, SSL_R_PROTOCOL_IS_SHUTDOWN);
    return -1;
}

void channel_bar(SSL *ssl, connection *c)
{
    BIO *out = SSL_get_wbio(ssl);
    channel_lock(ssl);
    if (out == NULL || (c != NULL && c->barred != NULL))
        return;
    if (c == NULL || BIO_up_ref(out) != 1) {
        SSL_set0_wbio(ssl, NULL);
        return;
    }
    c->barred = out;
    c->barred_callback = BIO_get_callback_ex(out);
    c->barred_arg = BIO_get_callback_arg(out);
    void *arg = c;
    BIO_set_callback_ex(out, on_output);
    BIO_set_callback_arg(out, arg);
}

void channel_unbar(connection *c)
{
    if (c->barred == NULL)
        return;
    BIO_set_callback_ex(c->barred, c->barred_callback);
    BIO_set_callback_arg(c->barred, c->barred_arg);
    BIO_free_all(c->barred);
    c->barred = NULL;
}

static uint64_t uptime_ms(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static ratls_moment moment(const adapter *a)
{
    return (ratls_moment){.time = adapter_now(a), .ms = uptime_ms()};
}

/* The end: the peer gets what is still to be told if it takes it at once. */
static ratls_code fail(SSL *ssl, connection *c, ratls_error *error)
{
    SSL_set_shutdown(ssl, 0);
    if (c->channel != NULL) {
        ratls_bytes last = ratls_session_pending(c->channel);
        size_t n;
        for (; last.n > 0 && SSL_write_ex(ssl, last.p, last.n, &n) == 1;
             last = ratls_session_pending(c->channel))
            ratls_session_sent(c->channel, n);
    }
    (void)SSL_shutdown(ssl);
    ERR_clear_error();
    channel_lock(ssl);
    c->accepted = false;
    c->failed = true;
    if (error != NULL)
        *error = c->error;
    return c->error.code;
}

/* The session says why. */
static ratls_code fail_with(SSL *ssl, connection *c, const ratls_error *why, ratls_error *error)
{
    c->error = *why;
    return fail(ssl, c, error);
}

/* The peer's alert, if that is why the last call failed: in TLS 1.3 a server judges its client when
 * the client is already done. */
static bool is_refusal(ratls_error *e)
{
    static const char before[] = " alert ";
    unsigned long last = ERR_peek_last_error();
    if (ERR_GET_LIB(last) != ERR_LIB_SSL || ERR_GET_REASON(last) < SSL_AD_REASON_OFFSET)
        return false;
    const char *text = ERR_reason_error_string(last);
    const char *name = text != NULL ? strstr(text, before) : NULL;
    (void)refuse(e, RATLS_E_UNTRUSTED, 0, "tls: the peer refused: alert \"%s\"",
                 name != NULL ? name + sizeof before - 1 : "unknown");
    return true;
}

/*
 * What OpenSSL says of a call that did not succeed: wants something, or the stream has ended. Then
 * the session judges whether it might end here.
 */
static ratls_code on_trouble(SSL *ssl, connection *c, int status, unsigned *want, bool *ended,
                             ratls_error *error)
{
    ratls_error e;
    int why = SSL_get_error(ssl, status);
    *ended = false;
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        *want |= why == SSL_ERROR_WANT_READ ? RATLS_WANT_READ : RATLS_WANT_WRITE;
        return RATLS_OK;
    }
    if (c->failed) /* in a callback of the adapter's, with its reason */
        return fail(ssl, c, error);
    if (is_refusal(&e) || ratls_session_ended(c->channel, &e) != RATLS_OK)
        return fail_with(ssl, c, &e, error);
    *ended = true;
    if (why == SSL_ERROR_ZERO_RETURN)
        return RATLS_OK;
    (void)refuse(&e, RATLS_E_MALFORMED, 0, "tls: the connection broke off");
    return fail_with(ssl, c, &e, error);
}

/* Sends what the session has to send. *want says whether something is left. */
static ratls_code flush(SSL *ssl, connection *c, unsigned *want, ratls_error *error)
{
    bool ended = false;
    ratls_bytes next;
    while (!ended && (next = ratls_session_pending(c->channel)).n > 0) {
        size_t n = 0;
        ERR_clear_error();
        int status = SSL_write_ex(ssl, next.p, next.n, &n);
        ratls_session_sent(c->channel, n);
        if (status == 1)
            continue;
        ratls_code code = on_trouble(ssl, c, status, want, &ended, error);
        if (code != RATLS_OK || *want != 0)
            return code;
    }
    return RATLS_OK;
}

/* Another verifier may have another CA: what the one before found of the certificate is no word of
 * its own. If it refuses the certificate, the next answer is refused. */
static ratls_code judge_certificate(const adapter *a, const SSL *ssl, connection *c, ratls_error *e)
{
    unsigned char *der = NULL;
    ratls_error why;
    X509 *leaf = SSL_get0_peer_certificate(ssl);
    int n = leaf != NULL ? i2d_X509(leaf, &der) : -1;
    const ratls_verify_options o = {.time = adapter_now(a),
                                    .time_is_explicit = a->options.time_is_explicit,
                                    .skew_seconds = a->options.skew_seconds,
                                    .caller_checks_ca = a->options.need_ca,
                                    .answer_follows = true};
    if (c->certificate == NULL)
        c->certificate = ratls_result_new();
    bool ok = n > 0 && c->certificate != NULL;
    ratls_code code = RATLS_OK;
    if (ok)
        code = ratls_verify_certificate(c->by->verifier, bytes_of(der, (size_t)n), &o,
                                        c->certificate, &why);
    OPENSSL_free(der);
    return ok && code != RATLS_E_SYSTEM
               ? RATLS_OK
               : refuse(e, RATLS_E_SYSTEM, 0, "tls: the peer's certificate can't be judged again");
}

static ratls_code take_verifier(adapter *a, const SSL *ssl, connection *c, ratls_error *e)
{
    installed *now = adapter_installed(a);
    bool same = now == c->by;
    installed_free(c->by);
    c->by = now;
    if (same)
        return RATLS_OK;
    ratls_code code = judge_certificate(a, ssl, c, e);
    if (code == RATLS_OK)
        ratls_session_use_verifier(c->channel, now->verifier, c->certificate);
    return code;
}

/* Time, evidence that is ready, and the verifier that is in service now. */
static ratls_code step(adapter *a, SSL *ssl, connection *c, ratls_error *error)
{
    ratls_error e;
    if (c->asks && take_verifier(a, ssl, c, &e) != RATLS_OK)
        return fail_with(ssl, c, &e, error);
    if (ratls_session_step(c->channel, moment(a), &e) != RATLS_OK)
        return fail_with(ssl, c, &e, error);
    return RATLS_OK;
}

/* Nothing has come. Asked of the socket, since one that blocks can't be asked by reading. */
static bool is_quiet(const SSL *ssl)
{
    struct pollfd in = {.fd = SSL_get_rfd(ssl), .events = POLLIN};
    return in.fd >= 0 && SSL_has_pending(ssl) == 0 && BIO_pending(SSL_get_rbio(ssl)) <= 0 &&
           poll(&in, 1, 0) == 0;
}

/* Reads at most what the session wants, into `out` or a buffer of its own. */
static ratls_code receive(adapter *a, SSL *ssl, connection *c, void *out, size_t cap,
                          size_t *data_n, unsigned *want, bool *ended, ratls_error *error)
{
    uint8_t scratch[2048];
    ratls_error e;
    ratls_bytes data;
    size_t n = 0, most = ratls_session_wants(c->channel);
    bool direct = ratls_session_expects_data(c->channel);
    void *to = direct ? out : scratch;
    size_t room = direct ? cap : sizeof scratch;
    *data_n = 0;
    ERR_clear_error();
    int status = SSL_read_ex(ssl, to, most < room ? most : room, &n);
    if (status != 1)
        return on_trouble(ssl, c, status, want, ended, error);
    if (ratls_session_receive(c->channel, bytes_of(to, n), moment(a), &data, &e) != RATLS_OK)
        return fail_with(ssl, c, &e, error);
    *data_n = data.n;
    return RATLS_OK;
}

static ratls_code say_failed(const connection *c, ratls_error *error)
{
    if (error != NULL)
        *error = c->error;
    return c->error.code;
}

/* The rest of the handshake. */
static ratls_code shake(SSL *ssl, unsigned *want, ratls_error *error)
{
    if (SSL_is_init_finished(ssl) == 1)
        return RATLS_OK;
    ERR_clear_error();
    int status = SSL_do_handshake(ssl);
    if (status == 1)
        return RATLS_OK;
    int why = SSL_get_error(ssl, status);
    const connection *c = connection_of(ssl);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        *want = why == SSL_ERROR_WANT_READ ? RATLS_WANT_READ : RATLS_WANT_WRITE;
        return RATLS_OK;
    }
    if (c != NULL && c->failed)
        return say_failed(c, error);
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return refuse(error, RATLS_E_SYSTEM, 0, "tls: the handshake failed: %s",
                  reason != NULL ? reason : "the peer ended the connection");
}

static bool is_open(const connection *c)
{
    return ratls_session_state_of(c->channel) == RATLS_SESSION_OPEN;
}

/* Goes on reading where sending is blocked: the peer's may be, too, until somebody reads. */
static ratls_code open_channel(adapter *a, SSL *ssl, connection *c, unsigned *want,
                               ratls_error *error)
{
    unsigned reading = 0;
    ratls_error e;
    ratls_code code = RATLS_OK;
    if (c->channel == NULL && channel_begin(a, ssl, c, moment(a), &e) != RATLS_OK)
        code = fail_with(ssl, c, &e, error);
    while (code == RATLS_OK && reading == 0) {
        size_t n;
        bool ended = false;
        *want = 0;
        code = step(a, ssl, c, error);
        if (code == RATLS_OK)
            code = flush(ssl, c, want, error);
        if (code != RATLS_OK || is_open(c))
            break;
        /* What the peer sends meanwhile can wait: so this is right for sockets that block. */
        if (ratls_session_is_making(c->channel))
            reading = RATLS_WANT_EVIDENCE;
        else
            code = receive(a, ssl, c, NULL, 0, &n, &reading, &ended, error);
    }
    *want = code == RATLS_OK ? *want | reading : 0;
    return code;
}

/* The last word: who has a verifier lets nobody in whom it has not accepted. */
static ratls_code confirm(const adapter *a, SSL *ssl, connection *c, ratls_error *error)
{
    ratls_error e;
    bool judges = (a != NULL && a->verifies) || (c != NULL && c->by != NULL);
    if (!judges || ratls_openssl_accepted(ssl))
        return RATLS_OK;
    (void)refuse(&e, RATLS_E_MISSING, 0,
                 "tls: the peer was not judged, a callback of the adapter's was replaced");
    if (c != NULL)
        return fail_with(ssl, c, &e, error);
    channel_lock(ssl);
    if (error != NULL)
        *error = e;
    return e.code;
}

ratls_code ratls_openssl_open(SSL *ssl, unsigned *want, ratls_error *error)
{
    adapter *a = adapter_of(SSL_get_SSL_CTX(ssl));
    *want = 0;
    ratls_code code = shake(ssl, want, error);
    if (code != RATLS_OK || *want != 0)
        return code;
    connection *c = connection_of(ssl);
    if (c != NULL && c->failed)
        return say_failed(c, error);
    if (a == NULL || !a->speaks || !channel_is_chosen(ssl))
        return confirm(a, ssl, c, error);
    if (c == NULL) /* no callback of the adapter's was called */
        c = connection_make(ssl);
    if (c == NULL) {
        channel_lock(ssl);
        return refuse(error, RATLS_E_SYSTEM, 0, "tls: out of memory");
    }
    if (c->open)
        return RATLS_OK;
    channel_unbar(c);
    SSL_set_shutdown(ssl, 0);
    code = open_channel(a, ssl, c, want, error);
    if (code != RATLS_OK)
        return code;
    if (*want != 0) {
        channel_lock(ssl);
        return RATLS_OK;
    }
    if (!ratls_session_is_framed(c->channel))
        channel_give_back_mode(ssl, c);
    c->open = true;
    c->accepted = c->accepted || c->asks;
    return confirm(a, ssl, c, error);
}

static ratls_code plain_trouble(SSL *ssl, int status, unsigned *want, ratls_error *error)
{
    int why = SSL_get_error(ssl, status);
    if (why == SSL_ERROR_ZERO_RETURN)
        return RATLS_OK;
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        *want = why == SSL_ERROR_WANT_READ ? RATLS_WANT_READ : RATLS_WANT_WRITE;
        return RATLS_OK;
    }
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return refuse(error, RATLS_E_SYSTEM, 0, "tls: the connection broke off: %s",
                  reason != NULL ? reason : "no reason given");
}

/* The connection's frames, if it has them. False: nothing may go through it (*code says why), or
 * the stream is plain (RATLS_OK). */
static bool framed(const SSL *ssl, connection **c, ratls_code *code, ratls_error *error)
{
    const adapter *a = adapter_of(SSL_get_SSL_CTX(ssl));
    *c = connection_of(ssl);
    *code = RATLS_OK;
    bool open = *c != NULL && (*c)->open && !SSL_in_before(ssl); /* SSL_clear leaves it as it was */
    if (*c != NULL && (*c)->failed)
        *code = say_failed(*c, error);
    else if (a != NULL && a->speaks && !open && (SSL_in_init(ssl) || channel_is_chosen(ssl)))
        *code = refuse(error, RATLS_E_MISSING, 0,
                       "tls: the session is not open yet, see ratls_openssl_open");
    return *code == RATLS_OK && open && ratls_session_is_framed((*c)->channel);
}

ratls_code ratls_openssl_read(SSL *ssl, void *out, size_t cap, size_t *n, unsigned *want,
                              ratls_error *error)
{
    connection *c;
    ratls_code code;
    bool ended = false;
    adapter *a = adapter_of(SSL_get_SSL_CTX(ssl));
    assert(cap > 0);
    *n = 0;
    *want = 0;
    if (!framed(ssl, &c, &code, error)) {
        if (code != RATLS_OK)
            return code;
        ERR_clear_error();
        int status = SSL_read_ex(ssl, out, cap, n);
        return status == 1 ? RATLS_OK : plain_trouble(ssl, status, want, error);
    }
    ended = ratls_session_state_of(c->channel) == RATLS_SESSION_CLOSED;
    unsigned reading = 0;
    while (code == RATLS_OK && *n == 0 && reading == 0 && !ended) {
        *want = 0;
        code = step(a, ssl, c, error);
        if (code == RATLS_OK)
            code = flush(ssl, c, want, error);
        if (code == RATLS_OK && ratls_session_is_making(c->channel) && is_quiet(ssl))
            reading = RATLS_WANT_READ; /* the answer must not wait for the peer's data */
        else if (code == RATLS_OK)
            code = receive(a, ssl, c, out, cap, n, &reading, &ended, error);
    }
    if (code != RATLS_OK || *n > 0 || ended)
        *want = 0;
    else
        *want |= reading | (ratls_session_is_making(c->channel) ? RATLS_WANT_EVIDENCE : 0U);
    return code;
}

/* Head and data in one record; the same one again if it could not be sent at once. */
static ratls_code write_frame(SSL *ssl, connection *c, const void *data, size_t n, size_t *written,
                              unsigned *want, ratls_error *error)
{
    uint8_t record[RECORD];
    bool ended;
    size_t sent = 0;
    if (c->writing == 0) {
        c->writing = n < RATLS_SESSION_DATA_MAX ? n : RATLS_SESSION_DATA_MAX;
        ratls_session_data_head(c->channel, c->writing, c->head);
    }
    assert(n >= c->writing);
    memcpy(record, c->head, sizeof c->head);
    memcpy(record + sizeof c->head, data, c->writing);
    ERR_clear_error();
    int status = SSL_write_ex(ssl, record, sizeof c->head + c->writing, &sent);
    if (status != 1)
        return on_trouble(ssl, c, status, want, &ended, error);
    ratls_session_sent(c->channel, sent);
    *written = c->writing;
    c->writing = 0;
    return RATLS_OK;
}

ratls_code ratls_openssl_write(SSL *ssl, const void *data, size_t n, size_t *written,
                               unsigned *want, ratls_error *error)
{
    connection *c;
    ratls_code code;
    adapter *a = adapter_of(SSL_get_SSL_CTX(ssl));
    *written = 0;
    *want = 0;
    if (!framed(ssl, &c, &code, error)) {
        if (code != RATLS_OK || n == 0)
            return code;
        ERR_clear_error();
        int status = SSL_write_ex(ssl, data, n, written);
        return status == 1 ? RATLS_OK : plain_trouble(ssl, status, want, error);
    }
    if (!is_open(c))
        return refuse(error, RATLS_E_SYSTEM, 0, "tls: the peer has ended the connection");
    code = step(a, ssl, c, error);
    if (code == RATLS_OK && c->writing == 0)
        code = flush(ssl, c, want, error);
    if (code != RATLS_OK || *want != 0 || n == 0)
        return code;
    return write_frame(ssl, c, data, n, written, want, error);
}

ratls_code ratls_openssl_ask(SSL *ssl, ratls_error *error)
{
    const adapter *a = adapter_of(SSL_get_SSL_CTX(ssl));
    connection *c = connection_of(ssl);
    if (c != NULL && c->failed)
        return say_failed(c, error);
    if (a == NULL || c == NULL || !c->open)
        return refuse(error, RATLS_E_UNSUPPORTED, 0,
                      "tls: the peer can't be asked again, ratls/1 is not spoken with it");
    return ratls_session_ask(c->channel, moment(a), error);
}

int ratls_openssl_due(const SSL *ssl)
{
    const connection *c = connection_of(ssl);
    uint64_t due = c != NULL && c->channel != NULL ? ratls_session_due(c->channel) : UINT64_MAX;
    uint64_t now = uptime_ms();
    if (due == UINT64_MAX)
        return -1;
    return due <= now ? 0 : due - now > INT_MAX ? INT_MAX : (int)(due - now);
}

bool ratls_openssl_wait(const SSL *ssl, unsigned want, int ms)
{
    const connection *c = connection_of(ssl);
    int due = ratls_openssl_due(ssl);
    bool is_due = due >= 0 && (ms < 0 || due <= ms);
    int most = is_due ? due : ms;
    if ((want & RATLS_WANT_EVIDENCE) != 0 && c != NULL && c->channel != NULL)
        return ratls_session_wait(c->channel, most < 0 ? UINT32_MAX : (uint32_t)most) || is_due;
    struct pollfd fds[2] = {
        {.fd = (want & RATLS_WANT_READ) != 0 ? SSL_get_rfd(ssl) : -1, .events = POLLIN},
        {.fd = (want & RATLS_WANT_WRITE) != 0 ? SSL_get_wfd(ssl) : -1, .events = POLLOUT}};
    return poll(fds, 2, most) != 0 || is_due;
}
