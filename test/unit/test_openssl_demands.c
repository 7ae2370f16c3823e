/* What ratls/1 demands of TLS on OpenSSL: a handshake of the connection's own, one only, and an
 * exporter value that is its own, too [RFC 9266; hostile C51, F82 to F84]. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <openssl/err.h>
#include <openssl/rsa.h>

#include "openssl_case.h"
#include "session_tls.h"

static machines m;
static const bool sides[] = {false, true};

static void carry_all(wire *w)
{
    while (wire_move(w))
        ;
}

/* The other end is OpenSSL alone, and does its handshake. */
static progress open_against_bare(wire *w, bool server)
{
    progress at = {.done = false};
    for (int i = 0; i < 10; i++) {
        (void)open_step(server ? w->server : w->client, &at);
        (void)wire_move(w);
        (void)SSL_do_handshake(server ? w->client : w->server);
        (void)wire_move(w);
    }
    return at;
}

static void must_be_refused(wire *w, bool server, const char *text)
{
    SSL *own = server ? w->server : w->client, *other = server ? w->client : w->server;
    char got[16];
    progress at = open_against_bare(w, server);
    assert_true(at.done);
    assert_int_equal(SSL_is_init_finished(own), 1);
    assert_int_equal(at.code, RATLS_E_UNSUPPORTED);
    assert_string_equal(at.error.text, text);
    assert_string_equal(ratls_openssl_error(own)->text, text);
    assert_false(ratls_openssl_accepted(own));
    assert_true(pair_is_silent(own));
    carry_all(w);
    assert_true(SSL_read(other, got, sizeof got) <= 0);
}

/* A certificate with a key that can do all kinds of TLS 1.2. */
static identity rsa_identity(void)
{
    EVP_PKEY *key = key_rsa(2048);
    cert_spec c = cert_spec_of("CN=rsa", key, SIM_NOW - SIM_DAY, SIM_NOW + SIM_DAY);
    return (identity){.der = cert_make(&c), .key = key};
}

static const struct {
    const char *name, *ciphers; /* NULL: the usual */
    uint64_t options;           /* of the other end */
    const char *text;           /* NULL: it is good enough */
} old_tls[] = {
    {"all is right", NULL, 0, NULL},
    {"ECDHE", "ECDHE-RSA-AES128-GCM-SHA256", 0, NULL},
    {"DHE", "DHE-RSA-AES128-GCM-SHA256", 0, NULL},
    {"no EMS", NULL, SSL_OP_NO_EXTENDED_MASTER_SECRET,
     "tls: TLSv1.2 without extended master secret, ratls/1 needs it or TLS 1.3"},
    {"RSA key transport", "AES128-GCM-SHA256", 0,
     "tls: AES128-GCM-SHA256 has no ephemeral keys, ratls/1 needs them or TLS 1.3"},
    {"neither", "AES128-GCM-SHA256", SSL_OP_NO_EXTENDED_MASTER_SECRET,
     "tls: TLSv1.2 without extended master secret, ratls/1 needs it or TLS 1.3"},
};

static void test_old_tls(void **state)
{
    (void)state;
    const identity rsa = rsa_identity();
    EACH(s, sides)
    EACH(judges, sides)
    EACH(i, old_tls)
    {
        const end_spec spec = {.verifier = judges ? machines_verifier_at(&m, "session") : NULL,
                               .speaks = true,
                               .shows = sides[s] ? rsa : (identity){.key = NULL}};
        SSL_CTX *own = end_context(sides[s], TLS1_2_VERSION, &spec);
        SSL_CTX *other = bare_context(!sides[s], TLS1_2_VERSION, rsa, "ratls/1");
        SSL_CTX *client = sides[s] ? other : own, *server = sides[s] ? own : other;
        (void)SSL_CTX_set_dh_auto(server, 1);
        (void)SSL_CTX_set_options(other, old_tls[i].options);
        if (old_tls[i].ciphers != NULL)
            assert_int_equal(SSL_CTX_set_cipher_list(client, old_tls[i].ciphers), 1);
        wire w = wire_new(client, server, 0, 0);
        if (old_tls[i].text != NULL) {
            must_be_refused(&w, sides[s], old_tls[i].text);
        } else {
            progress at = open_against_bare(&w, sides[s]);
            assert_int_equal(at.code, RATLS_OK);
            assert_true(!at.done && ratls_openssl_due(sides[s] ? w.server : w.client) > 0);
        }
        wire_free(&w);
    }
    EVP_PKEY_free(rsa.key);
}

static SSL_SESSION *kept;

static int keep(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(kept);
    kept = session;
    return 1;
}

static void forget(void)
{
    SSL_SESSION_free(kept);
    kept = NULL;
}

/* A client with a session that it got somewhere: the next handshake is a whole one all the same,
 * and there is no early data before it. */
static void test_client_has_session(void **state)
{
    (void)state;
    EACH(k, versions)
    EACH(judges, sides)
    {
        const end_spec spec = {.verifier = judges ? machines_verifier_at(&m, "session") : NULL,
                               .speaks = true};
        size_t n;
        SSL_CTX *client = end_context(false, versions[k], &spec);
        SSL_CTX *server = bare_context(true, versions[k], ordinary_identity(NULL), "ratls/1");
        (void)SSL_CTX_set_max_early_data(server, 1000);
        (void)SSL_CTX_set_session_cache_mode(client,
                                             SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(client, keep);
        (void)SSL_CTX_up_ref(client);
        (void)SSL_CTX_up_ref(server);
        wire w = wire_new(client, server, 0, 0);
        (void)open_against_bare(&w, false);
        carry_all(&w);
        (void)open_against_bare(&w, false);
        assert_non_null(kept);
        /* OpenSSL forgets a session whose connection had no end. */
        SSL_set_shutdown(w.server, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_set_shutdown(w.client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        wire_free(&w);

        if (versions[k] == TLS1_3_VERSION) {
            (void)SSL_CTX_up_ref(client);
            (void)SSL_CTX_up_ref(server);
            w = wire_new(client, server, 0, 0);
            assert_int_equal(SSL_set_session(w.client, kept), 1);
            assert_int_equal(SSL_SESSION_get_max_early_data(kept), 1000);
            assert_true(SSL_write_early_data(w.client, "early", 5, &n) != 1);
            wire_free(&w);
        }
        w = wire_new(client, server, 0, 0);
        assert_int_equal(SSL_set_session(w.client, kept), 1);
        progress at = open_against_bare(&w, false);
        assert_int_equal(at.code, RATLS_OK);
        assert_false(SSL_session_reused(w.client));
        assert_true(ratls_openssl_due(w.client) > 0);
        wire_free(&w);
        forget();
    }
}

/* A key that both share stands for a session in TLS 1.3. */
static const unsigned char shared[16] = {1};

static SSL_SESSION *session_of_key(SSL *ssl)
{
    static const unsigned char aes128[] = {0x13, 0x01};
    SSL_SESSION *session = SSL_SESSION_new();
    assert_non_null(session);
    assert_int_equal(SSL_SESSION_set1_master_key(session, shared, sizeof shared), 1);
    assert_int_equal(SSL_SESSION_set_cipher(session, SSL_CIPHER_find(ssl, aes128)), 1);
    assert_int_equal(SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION), 1);
    return session;
}

static int use_key(SSL *ssl, const EVP_MD *md, const unsigned char **id, size_t *n,
                   SSL_SESSION **session)
{
    (void)md;
    *id = shared;
    *n = 1;
    *session = session_of_key(ssl);
    return 1;
}

static int find_key(SSL *ssl, const unsigned char *id, size_t n, SSL_SESSION **session)
{
    *session = n == 1 && id[0] == shared[0] ? session_of_key(ssl) : NULL;
    return 1;
}

static void test_shared_key(void **state)
{
    (void)state;
    enclave *e = enclave_new(&m, 0, NULL);
    EACH(s, sides)
    {
        const end_spec spec = {.attests = e, .speaks = true};
        SSL_CTX *own = end_context(sides[s], TLS1_3_VERSION, &spec);
        SSL_CTX *other =
            bare_context(!sides[s], TLS1_3_VERSION, ordinary_identity(NULL), "ratls/1");
        assert_int_equal(SSL_CTX_set_ciphersuites(own, "TLS_AES_128_GCM_SHA256"), 1);
        SSL_CTX_set_psk_use_session_callback(sides[s] ? other : own, use_key);
        SSL_CTX_set_psk_find_session_callback(sides[s] ? own : other, find_key);
        wire w = sides[s] ? wire_new(other, own, 0, 0) : wire_new(own, other, 0, 0);
        must_be_refused(&w, sides[s],
                        "tls: the connection resumes an older one, and ratls/1 needs a handshake "
                        "of its own");
        wire_free(&w);
    }
    enclave_free(e);
}

static void test_resumption_asked_for(void **state)
{
    (void)state;
    EACH(first, sides)
    {
        static const char *const text[] = {
            "tls: resumption is asked for, and with ratls/1 each connection needs a handshake of "
            "its own",
            "tls: resumption was asked for, and with ratls/1 each connection needs a handshake of "
            "its own"};
        ratls_error e = {.text = ""};
        ratls_openssl_options o = plain;
        ratls_code codes[2];
        o.resumption = true;
        SSL_CTX *ctx = tls_context(false, TLS1_3_VERSION, BYTES_NONE, NULL);
        ratls_verifier *v = machines_verifier_at(&m, "session");
        for (unsigned i = 0; i < 2; i++)
            codes[i] = (i == 0) == sides[first] ? ratls_openssl_use_verifier(ctx, &v, &o, &e)
                                                : ratls_openssl_use_session(ctx, NULL, &e);
        assert_int_equal(codes[0], RATLS_OK);
        assert_int_equal(codes[1], RATLS_E_UNSUPPORTED);
        assert_string_equal(e.text, text[first]);
        ratls_verifier_free(&v);
        SSL_CTX_free(ctx);
    }
}

/* What a server gives its clients for later. */
static void test_no_tickets(void **state)
{
    (void)state;
    enclave *e = enclave_new(&m, 0, NULL);
    EACH(k, versions)
    {
        const end_spec spec = {.attests = e, .speaks = true};
        SSL_CTX *client = bare_context(false, versions[k], ordinary_identity(NULL), "ratls/1");
        (void)SSL_CTX_set_session_cache_mode(client,
                                             SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(client, keep);
        SSL_CTX *server = end_context(true, versions[k], &spec);
        (void)SSL_CTX_up_ref(client);
        (void)SSL_CTX_up_ref(server);
        wire w = wire_new(client, server, 0, 0);
        char byte;
        (void)open_against_bare(&w, true);
        assert_true(SSL_read(w.client, &byte, 1) <= 0);
        SSL_set_shutdown(w.client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        wire_free(&w);
        assert_true(kept == NULL || !SSL_SESSION_has_ticket(kept));
        w = wire_new(client, server, 0, 0);
        if (kept != NULL)
            assert_int_equal(SSL_set_session(w.client, kept), 1);
        (void)open_against_bare(&w, true);
        assert_int_equal(SSL_is_init_finished(w.server), 1);
        assert_false(SSL_session_reused(w.server));
        wire_free(&w);
        forget();
    }
    enclave_free(e);
}

/* A client that wants a second handshake, with another certificate, of a session that is open. */
static void test_renegotiation(void **state)
{
    (void)state;
    enclave *e = enclave_new(&m, 0, NULL), *f = enclave_new(&m, 1, NULL);
    const end_spec c = {
        .attests = f, .verifier = machines_verifier_at(&m, "session"), .speaks = true};
    const end_spec s = {
        .attests = e, .verifier = machines_verifier_at(&m, "session"), .speaks = true};
    wire w = wire_new(end_context(false, TLS1_2_VERSION, &c), end_context(true, TLS1_2_VERSION, &s),
                      0, 0);
    wire_must_open(&w);
    const ratls_result *before = ratls_openssl_result(w.server);
    (void)SSL_clear_options(w.client, SSL_OP_NO_RENEGOTIATION);
    assert_int_equal(SSL_renegotiate(w.client), 1);
    ratls_code code = RATLS_OK;
    for (int i = 0; i < 8; i++) {
        char byte;
        size_t n;
        unsigned want;
        ratls_error error;
        (void)SSL_do_handshake(w.client);
        carry_all(&w);
        if (code == RATLS_OK)
            code = ratls_openssl_read(w.server, &byte, 1, &n, &want, &error);
        carry_all(&w);
    }
    /* The client gives up; the server judged nothing again. */
    assert_ptr_equal(ratls_openssl_result(w.server), before);
    assert_int_equal(ratls_openssl_accepted(w.server), code == RATLS_OK);
    wire_free(&w);
    enclave_free(e);
    enclave_free(f);
}

/* A server that asks for a certificate after the handshake gets none. */
static void test_certificate_after_handshake(void **state)
{
    (void)state;
    enclave *e = enclave_new(&m, 0, NULL);
    const end_spec spec = {.attests = e, .speaks = true};
    SSL_CTX *client = end_context(false, TLS1_3_VERSION, &spec);
    SSL_CTX *server = bare_context(true, TLS1_3_VERSION, ordinary_identity(NULL), "ratls/1");
    wire w = wire_new(client, server, 0, 0);
    (void)open_against_bare(&w, false);
    SSL_set_verify(w.server, SSL_VERIFY_PEER, NULL);
    assert_int_equal(SSL_verify_client_post_handshake(w.server), 0);
    ERR_clear_error();
    wire_free(&w);
    enclave_free(e);
}

/* An SSL that is cleared belongs to no session any more. */
static void test_cleared(void **state)
{
    (void)state;
    enclave *e = enclave_new(&m, 0, NULL), *f = enclave_new(&m, 1, NULL);
    EACH(k, versions)
    EACH(writes, sides)
    {
        const end_spec c = {
            .attests = f, .verifier = machines_verifier_at(&m, "session"), .speaks = true};
        const end_spec s = {
            .attests = e, .verifier = machines_verifier_at(&m, "session"), .speaks = true};
        SSL_CTX *client = end_context(false, versions[k], &c);
        SSL_CTX *server = end_context(true, versions[k], &s);
        (void)SSL_CTX_up_ref(server);
        wire w = wire_new(client, server, 0, 0);
        wire_must_open(&w);
        SSL_set_shutdown(w.client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        assert_int_equal(SSL_clear(w.client), 1);
        char byte;
        size_t n;
        unsigned want;
        ratls_error error = {.text = ""};
        assert_false(ratls_openssl_accepted(w.client));
        for (int i = 0; i < 4; i++) {
            ratls_code code = sides[writes]
                                  ? ratls_openssl_write(w.client, "x", 1, &n, &want, &error)
                                  : ratls_openssl_read(w.client, &byte, 1, &n, &want, &error);
            assert_int_equal(code, RATLS_E_MISSING);
            assert_string_equal(error.text,
                                "tls: the session is not open yet, see ratls_openssl_open");
            carry_all(&w);
        }
        /* And can have a new one. */
        SSL_free(w.server);
        BIO_free(w.server_far);
        BIO_free(w.client_far);
        BIO *near;
        assert_int_equal(BIO_new_bio_pair(&near, 0, &w.client_far, 0), 1);
        SSL_set_bio(w.client, near, near);
        SSL_set_connect_state(w.client);
        w.server = SSL_new(server);
        assert_int_equal(BIO_new_bio_pair(&near, 0, &w.server_far, 0), 1);
        SSL_set_bio(w.server, near, near);
        SSL_set_accept_state(w.server);
        wire_must_open(&w);
        assert_accepted(w.client);
        wire_say(&w, w.client, "once more");
        wire_free(&w);
        SSL_CTX_free(server);
    }
    enclave_free(e);
    enclave_free(f);
}

/* Its versions are greater than those of TLS, if one only looks at the number. */
static void test_datagrams(void **state)
{
    (void)state;
    EACH(ems, sides)
    {
        BIO *a, *b;
        identity i = ordinary_identity(NULL);
        unsigned want;
        ratls_error error = {.text = ""};
        SSL_CTX *client = SSL_CTX_new(DTLS_client_method());
        SSL_CTX *server = SSL_CTX_new(DTLS_server_method());
        assert_int_equal(SSL_CTX_use_certificate_ASN1(server, (int)i.der.n, i.der.p), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(server, i.key), 1);
        assert_int_equal(ratls_openssl_use_session(server, NULL, &error), RATLS_OK);
        if (!sides[ems])
            (void)SSL_CTX_set_options(server, SSL_OP_NO_EXTENDED_MASTER_SECRET);
        assert_int_equal(ratls_openssl_use_session(client, NULL, &error), RATLS_OK);
        SSL *c = SSL_new(client), *s = SSL_new(server);
        assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
        SSL_set_bio(c, a, a);
        SSL_set_bio(s, b, b);
        SSL_set_connect_state(c);
        SSL_set_accept_state(s);
        SSL *const both[] = {c, s};
        EACH(k, both)
        {
            (void)SSL_set_options(both[k], SSL_OP_NO_QUERY_MTU);
            (void)SSL_set_mtu(both[k], 8000);
        }
        ratls_code code = RATLS_OK;
        for (int step = 0; step < 10 && code == RATLS_OK; step++) {
            code = ratls_openssl_open(c, &want, &error);
            (void)SSL_do_handshake(s);
        }
        assert_int_equal(SSL_is_init_finished(c), 1);
        assert_int_equal(code, RATLS_E_UNSUPPORTED);
        assert_string_equal(error.text, "tls: DTLSv1.2, ratls/1 needs TLS 1.3 or 1.2");
        assert_true(pair_is_silent(c));
        SSL_free(c);
        SSL_free(s);
        SSL_CTX_free(client);
        SSL_CTX_free(server);
        ERR_clear_error();
    }
}

static int set_up(void **state)
{
    (void)state;
    machines_make(&m);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    machines_end(&m);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_old_tls),
        cmocka_unit_test(test_client_has_session),
        cmocka_unit_test(test_shared_key),
        cmocka_unit_test(test_resumption_asked_for),
        cmocka_unit_test(test_no_tickets),
        cmocka_unit_test(test_renegotiation),
        cmocka_unit_test(test_certificate_after_handshake),
        cmocka_unit_test(test_cleared),
        cmocka_unit_test(test_datagrams),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
