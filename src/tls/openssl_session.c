/*
 * Sessions, and the two ends of a handshake. A session carries as its context which verifier
 * accepted its peer with which collateral, and when that verdict ends as its ticket's application
 * data; OpenSSL keeps both, in tickets too. A session of another context is refused: by a server
 * quietly, and the handshake becomes a whole one.
 */
#include "tls/openssl_session.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>

#include "base/bytes.h"
#include "base/reader.h"
#include "base/writer.h"
#include "tls/openssl_channel.h"

enum { MARK_SIZE = 16 };

static const uint8_t mark_head[8] = {'r', 'a', 't', 'l', 's', ' ', '0', '1'};

/* The info callback gets its SSL as a constant, though setting things there is what it is for. */
static SSL *settable(const SSL *ssl)
{
    const union {
        const SSL *given;
        SSL *wanted;
    } same = {.given = ssl};
    return same.wanted;
}

static tls_role role_of(const SSL *ssl)
{
    return SSL_is_server(ssl) == 1 ? ROLE_SERVER : ROLE_CLIENT;
}

/* The sid is random: no two of these are equal, of one verifier or of two. */
static void context_of(const connection *c, tls_role role, uint8_t context[SID_SIZE])
{
    memcpy(context, c->by->sid[role], SID_SIZE);
    for (unsigned i = 0; i < sizeof c->epoch; i++)
        context[i] ^= (uint8_t)(c->epoch >> 8 * i);
}

/* Seconds that the certificate is valid from `now` on, `most` if it is longer. */
static int64_t valid_seconds(const X509 *leaf, int64_t now, int64_t most)
{
    int days, seconds;
    ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)now);
    bool ok = from != NULL && ASN1_TIME_diff(&days, &seconds, from, X509_get0_notAfter(leaf)) == 1;
    ASN1_TIME_free(from);
    int64_t left = ok ? (int64_t)days * 86400 + seconds : 0;
    return left < 0 ? 0 : left < most ? left : most;
}

ratls_code session_bind(adapter *a, connection *c, SSL *ssl, X509 *leaf, int64_t now)
{
    uint8_t mark[MARK_SIZE], context[SID_SIZE];
    writer w = wr_of(mark, sizeof mark);
    SSL_SESSION *session = SSL_get_session(ssl);
    int64_t left = valid_seconds(leaf, now, a->options.session_seconds);
    int64_t expiry = ratls_result_facts(c->result)->earliest_expiration;
    /* What is past by now was allowed by the policy. */
    if (expiry > now && expiry - now < left)
        left = expiry - now;
    wr_put(&w, bytes_of(mark_head, sizeof mark_head));
    wr_be(&w, (uint64_t)(now + left), 8);
    context_of(c, role_of(ssl), context);
    if (session == NULL || SSL_set_session_id_context(ssl, context, SID_SIZE) != 1 ||
        SSL_SESSION_set1_id_context(session, context, SID_SIZE) != 1 ||
        SSL_SESSION_set1_ticket_appdata(session, mark, sizeof mark) != 1)
        return refuse(&c->error, RATLS_E_SYSTEM, 0, "tls: the session can't be bound");
    (void)SSL_SESSION_set_timeout(session, (long)left);
    return RATLS_OK;
}

/* The session was accepted by this verifier with the collateral that it had when the handshake
 * began, and the verdict has not ended. */
static bool session_holds(const adapter *a, const connection *c, tls_role role,
                          SSL_SESSION *session)
{
    uint8_t expected[SID_SIZE];
    unsigned int n = 0;
    void *mark = NULL;
    size_t mark_n = 0;
    if (session == NULL || c->by == NULL || !a->options.resumption)
        return false;
    const unsigned char *context = SSL_SESSION_get0_id_context(session, &n);
    context_of(c, role, expected);
    if (!bytes_equal_ct(bytes_of(context, n), bytes_of(expected, SID_SIZE)) ||
        SSL_SESSION_get0_ticket_appdata(session, &mark, &mark_n) != 1 || mark_n != MARK_SIZE)
        return false;
    reader r = rd_of(bytes_of(mark, mark_n));
    return bytes_equal(rd_take(&r, sizeof mark_head), bytes_of(mark_head, sizeof mark_head)) &&
           (int64_t)rd_be(&r, 8) > adapter_now(a);
}

static void begin_judging(adapter *a, connection *c, SSL *ssl)
{
    uint8_t context[SID_SIZE];
    c->by = adapter_installed(a);
    c->epoch = ratls_verifier_epoch(c->by->verifier);
    context_of(c, role_of(ssl), context);
    (void)SSL_set_session_id_context(ssl, context, SID_SIZE);
}

/* Before the first message. */
static void on_start(adapter *a, SSL *ssl)
{
    connection *c = connection_make(ssl);
    bool first = SSL_get_finished(ssl, NULL, 0) == 0;
    if (c == NULL)
        return; /* then the handshake fails, later */
    if (first)
        connection_reset(c);
    c->again = !first;
    c->judged = false;
    c->on = a;
    if (!first)
        return;
    if (a->verifies)
        begin_judging(a, c, ssl);
    /* An old session would make the handshake fail, or is not wanted: better a whole one. */
    SSL_SESSION *session = SSL_get_session(ssl);
    bool holds = a->verifies ? session_holds(a, c, ROLE_CLIENT, session) : !a->speaks;
    if (role_of(ssl) == ROLE_CLIENT && session != NULL && !holds)
        (void)SSL_set_session(ssl, NULL);
}

/* After the last message, before the application has its turn. */
static void on_done(adapter *a, SSL *ssl)
{
    connection *c = connection_of(ssl);
    /* Also told where a client begins to send early data, and where a renegotiation was denied. */
    bool sent = SSL_get_finished(ssl, NULL, 0) > 0;
    bool denied = c != NULL && c->again && (SSL_get_options(ssl) & SSL_OP_NO_RENEGOTIATION) != 0;
    if (a->speaks && sent && !denied && channel_is_chosen(ssl))
        channel_bar(ssl, c);
    if (!a->verifies || !sent || denied || (c != NULL && c->judged && c->asks))
        return;
    if (c != NULL && !c->judged)
        /* A callback may have put the SSL into another context since, whose verifier never saw the
         * peer. */
        c->accepted = c->on == a && SSL_session_reused(ssl) == 1 &&
                      session_holds(a, c, role_of(ssl), SSL_get_session(ssl));
    if (c != NULL && c->accepted)
        return;
    /* Without a certificate, by a shared key for instance. Nothing goes in or out any more. */
    channel_bar(ssl, c);
    if (c != NULL) {
        c->failed = true;
        (void)refuse(&c->error, RATLS_E_MISSING, 0,
                     "tls: the handshake ended without evidence of the peer");
    }
}

/* What OpenSSL itself found wrong with the peer, as far as it is about its certificate. */
static void on_fatal_alert(const SSL *ssl)
{
    connection *c = connection_of(ssl);
    unsigned long last = ERR_peek_last_error();
    if (c == NULL || c->failed || ERR_GET_LIB(last) != ERR_LIB_SSL)
        return;
    int reason = ERR_GET_REASON(last);
    c->failed = true;
    if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
        (void)refuse(&c->error, RATLS_E_MISSING, 0, "tls: the peer sent no certificate");
    else if (reason == SSL_R_BAD_SIGNATURE)
        (void)refuse(&c->error, RATLS_E_BINDING, 0,
                     "tls: the peer does not hold the key of its certificate");
    else
        c->failed = false;
    if (c->failed)
        c->accepted = false;
}

/* The peer found no protocol in ALPN that it knows. */
static void on_alert_received(const adapter *a, const SSL *ssl, int alert)
{
    connection *c = connection_of(ssl);
    if (!a->speaks || c == NULL || c->failed || (alert & 0xff) != SSL_AD_NO_APPLICATION_PROTOCOL)
        return;
    c->failed = true;
    (void)refuse(&c->error, RATLS_E_UNSUPPORTED, 0,
                 "tls: the peer does not speak ratls/1, nor any other protocol that was offered");
}

void openssl_on_info(const SSL *ssl, int where, int value)
{
    adapter *a = adapter_of(SSL_get_SSL_CTX(ssl));
    if (a == NULL)
        return;
    if (where == SSL_CB_HANDSHAKE_START)
        on_start(a, settable(ssl));
    else if (where == SSL_CB_HANDSHAKE_DONE)
        on_done(a, settable(ssl));
    else if (where == SSL_CB_WRITE_ALERT && value >> 8 == SSL3_AL_FATAL)
        on_fatal_alert(ssl);
    else if (where == SSL_CB_READ_ALERT && value >> 8 == SSL3_AL_FATAL)
        on_alert_received(a, ssl, value);
    else if (where == SSL_CB_ACCEPT_LOOP && a->verifies && SSL_session_reused(ssl) == 1)
        /* No new tickets from a resumed session: what they live on ends with the first. */
        (void)SSL_set_num_tickets(settable(ssl), 0);
    if (a->info_before != NULL)
        a->info_before(ssl, where, value);
}
