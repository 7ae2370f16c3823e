#include "testing.h"

#include "session_tls_foreign.h"

#include <openssl/err.h>
#include <openssl/x509.h>

foreign foreign_new(SSL *ssl, enclave *attests)
{
    return (foreign){.ssl = ssl, .attests = attests};
}

bytes spki_of(const X509 *certificate)
{
    unsigned char *der = NULL;
    int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    assert_true(n > 0);
    bytes copy = arena_copy(bytes_of(der, (size_t)n));
    OPENSSL_free(der);
    return copy;
}

static const ratls_moment now = {.time = SIM_NOW, .ms = 1};

static void begin(foreign *f)
{
    static const char label[] = RATLS_SESSION_EXPORTER;
    uint8_t exporter[RATLS_SESSION_EXPORTER_SIZE];
    const X509 *peer = SSL_get0_peer_certificate(f->ssl);
    assert_int_equal(SSL_export_keying_material(f->ssl, exporter, sizeof exporter, label,
                                                sizeof label - 1, NULL, 0, 1),
                     1);
    const ratls_session_options o = {.server = SSL_is_server(f->ssl) == 1,
                                     .own_key = f->key.n > 0 ? f->key
                                                             : spki_of(SSL_get_certificate(f->ssl)),
                                     .peer_key = peer != NULL ? spki_of(peer) : BYTES_NONE,
                                     .exporter = bytes_of(exporter, sizeof exporter),
                                     .attester = f->attests->attester};
    ratls_error e = {.text = ""};
    if (ratls_session_new(&f->session, &o, now, &e) != RATLS_OK)
        fail_msg("%s", e.text);
}

static void send_pending(foreign *f)
{
    ratls_bytes next;
    size_t n;
    while ((next = ratls_session_pending(f->session)).n > 0 &&
           SSL_write_ex(f->ssl, next.p, next.n, &n) == 1)
        ratls_session_sent(f->session, n);
}

void foreign_step(foreign *f)
{
    uint8_t in[2048];
    size_t n = 1;
    ERR_clear_error();
    if (f->code != RATLS_OK || f->ended || SSL_do_handshake(f->ssl) != 1)
        return;
    if (f->session == NULL)
        begin(f);
    while (n > 0 && f->code == RATLS_OK && !foreign_is_open(f)) {
        ratls_bytes data;
        send_pending(f);
        size_t most = ratls_session_wants(f->session);
        int status = SSL_read_ex(f->ssl, in, most < sizeof in ? most : sizeof in, &n);
        if (status != 1) {
            f->ended = SSL_get_error(f->ssl, status) != SSL_ERROR_WANT_READ;
            break;
        }
        f->code = ratls_session_receive(f->session, bytes_of(in, n), now, &data, NULL);
        if (f->code == RATLS_OK && ratls_session_is_making(f->session)) {
            assert_true(ratls_session_wait(f->session, UINT32_MAX));
            f->code = ratls_session_step(f->session, now, NULL);
        }
    }
    send_pending(f);
}

bool foreign_is_open(const foreign *f)
{
    return f->session != NULL && ratls_session_state_of(f->session) == RATLS_SESSION_OPEN;
}

void foreign_free(foreign *f)
{
    ratls_session_free(&f->session);
}
