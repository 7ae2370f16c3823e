/* How ratls/1 is agreed on: ALPN [RFC 7301], and what of TLS it demands of the context. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/writer.h"
#include "tls/openssl_channel.h"

bool channel_is_chosen(const SSL *ssl)
{
    const unsigned char *name = NULL;
    unsigned int n = 0;
    SSL_get0_alpn_selected(ssl, &name, &n);
    return bytes_is(bytes_of(name, n), RATLS_SESSION_ALPN);
}

static bool find(bytes list, const char *wanted, const unsigned char **out, unsigned char *out_n)
{
    for (size_t at = 0; at < list.n && list.p[at] < list.n - at; at += 1 + (size_t)list.p[at]) {
        if (!bytes_is(bytes_of(list.p + at + 1, list.p[at]), wanted))
            continue;
        *out = list.p + at + 1;
        *out_n = list.p[at];
        return true;
    }
    return false;
}

/* A server's choice: ratls/1, else the first of its own protocols that the client knows. */
static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
                   const unsigned char *in, unsigned int in_n, void *arg)
{
    const adapter *a = arg;
    bytes offered = bytes_of(in, in_n);
    (void)ssl;
    if (find(offered, RATLS_SESSION_ALPN, out, out_n))
        return SSL_TLSEXT_ERR_OK;
    for (size_t i = 0; i < a->session.protocols_n; i++)
        if (find(offered, a->session.protocols[i], out, out_n))
            return SSL_TLSEXT_ERR_OK;
    return SSL_TLSEXT_ERR_NOACK;
}

static bool set_alpn(SSL_CTX *ctx, adapter *a)
{
    uint8_t list[512];
    writer w = wr_of(list, sizeof list);
    wr_u8(&w, (unsigned)strlen(RATLS_SESSION_ALPN));
    wr_put(&w, bytes_text(RATLS_SESSION_ALPN));
    for (size_t i = 0; i < a->session.protocols_n; i++) {
        wr_u8(&w, (unsigned)strlen(a->session.protocols[i]));
        wr_put(&w, bytes_text(a->session.protocols[i]));
    }
    SSL_CTX_set_alpn_select_cb(ctx, on_alpn, a);
    return !wr_ok(&w) ? false : SSL_CTX_set_alpn_protos(ctx, list, (unsigned int)w.n) == 0;
}

/* What is refused leaves nothing behind. */
static ratls_code take_options(adapter *a, const ratls_openssl_session_options *o, ratls_error *e)
{
    const ratls_session_options checked = {.protocols = o->protocols,
                                           .protocols_n = o->protocols_n,
                                           .again_seconds = o->again_seconds,
                                           .interval_seconds = o->interval_seconds,
                                           .unframed = o->unframed};
    ratls_code code = ratls_session_check(&checked, e);
    if (code != RATLS_OK)
        return code;
    a->session = *o;
    for (size_t i = 0; i < o->protocols_n; i++) {
        memcpy(a->protocol_names[i], o->protocols[i], strlen(o->protocols[i]) + 1);
        a->protocols[i] = a->protocol_names[i];
    }
    a->session.protocols = a->protocols;
    return RATLS_OK;
}

/* Each connection is to have a handshake of its own, and only one. */
static void forbid(SSL_CTX *ctx)
{
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    (void)SSL_CTX_set_num_tickets(ctx, 0);
    (void)SSL_CTX_set_max_early_data(ctx, 0);
    (void)SSL_CTX_set_recv_max_early_data(ctx, 0);
    SSL_CTX_set_post_handshake_auth(ctx, 0);
}

ratls_code ratls_openssl_use_session(SSL_CTX *ctx, const ratls_openssl_session_options *options,
                                     ratls_error *error)
{
    adapter *a = adapter_make(ctx);
    if (a == NULL)
        return refuse(error, RATLS_E_SYSTEM, 0, "tls: out of memory");
    if (a->speaks)
        return refuse(error, RATLS_E_UNSUPPORTED, 0, "tls: the context speaks ratls/1 already");
    if (a->verifies && a->options.resumption)
        return refuse(error, RATLS_E_UNSUPPORTED, 0,
                      "tls: resumption was asked for, and with ratls/1 each connection needs a "
                      "handshake of its own");
    ratls_code code = options != NULL ? take_options(a, options, error) : RATLS_OK;
    if (code != RATLS_OK)
        return code;
    if (!set_alpn(ctx, a))
        return refuse(error, RATLS_E_SYSTEM, 0, "tls: ALPN can't be set");
    forbid(ctx);
    a->speaks = true;
    return RATLS_OK;
}

const char *ratls_openssl_protocol(const SSL *ssl)
{
    const adapter *a = adapter_of(SSL_get_SSL_CTX(ssl));
    const connection *c = connection_of(ssl);
    if (c != NULL && c->channel != NULL)
        return ratls_session_protocol(c->channel);
    const unsigned char *name = NULL;
    unsigned int n = 0;
    SSL_get0_alpn_selected(ssl, &name, &n);
    for (size_t i = 0; a != NULL && i < a->session.protocols_n; i++)
        if (bytes_is(bytes_of(name, n), a->session.protocols[i]))
            return a->session.protocols[i];
    return NULL;
}
