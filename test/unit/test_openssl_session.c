/* What may pass by a certificate: resumption, early data, renegotiation, shared keys; and verifiers
 * and certificates that change while a context serves. */
#include "testing.h"

#include <openssl/err.h>

#include "openssl_case.h"
#include "tls/openssl_context.h"

static int64_t clock_shows = NOW;

static const ratls_openssl_options resuming = {
    .now = the_time, .context = &clock_shows, .time_is_explicit = true, .resumption = true};

static void replace_verifier(SSL_CTX *ctx, const vendor *v)
{
    ratls_error e = {.text = ""};
    ratls_verifier *r = world_verifier(v);
    if (ratls_openssl_set_verifier(ctx, &r, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    assert_null(r);
}

static vendor other_enclave(const vendor *v)
{
    vendor other = *v;
    other.quote.body[SGX_AT_MRENCLAVE] ^= 1;
    return other;
}

static SSL_SESSION **session_place;

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(*session_place);
    *session_place = session;
    return 1;
}

/* What a client that wants to resume does, whatever the adapter thinks of it. */
static void keep_sessions(setting *s)
{
    session_place = &s->session;
    (void)SSL_CTX_set_session_cache_mode(s->client,
                                         SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(s->client, keep_session);
}

/* A second one: both sides have a verdict, by a session or afresh. */
static void second(const char *name, setting *s, bool reused)
{
    tls_pair p = pair_of(s);
    if (!pair_handshake(&p))
        fail_msg("%s: no handshake", name);
    if (SSL_session_reused(p.client) != reused || SSL_session_reused(p.server) != reused)
        fail_msg("%s: reused is %d and %d", name, SSL_session_reused(p.client),
                 SSL_session_reused(p.server));
    const SSL *const sides[] = {p.client, p.server};
    EACH(i, sides)
    {
        if (!adapter_of(SSL_get_SSL_CTX(sides[i])))
            continue;
        assert_true(ratls_openssl_accepted(sides[i]));
        assert_null(ratls_openssl_error(sides[i]));
        assert_int_equal(ratls_openssl_result(sides[i]) == NULL, reused);
    }
    assert_true(pair_talk(&p));
    pair_free(&p);
}

static void test_resumption_off(void **state)
{
    (void)state;
    EACH(k, versions)
    {
        setting s = setting_judging(versions[k], &plain, &plain);
        keep_sessions(&s);
        first(&s);
        /* Of TLS 1.2 there is one, with an id or without; the server knows nothing of it. */
        assert_true(s.session == NULL || !SSL_SESSION_has_ticket(s.session));
        second("both off", &s, false);
        setting_free(&s);

        /* The server would: the client does not offer what it has. */
        s = setting_judging(versions[k], &plain, NULL);
        keep_sessions(&s);
        first(&s);
        assert_non_null(s.session);
        second("client off", &s, false);
        setting_free(&s);

        /* The client would: the server gives nothing that it takes back. */
        s = setting_judging(versions[k], NULL, &plain);
        keep_sessions(&s);
        first(&s);
        second("server off", &s, false);
        setting_free(&s);
    }
}

static void test_resumption_on(void **state)
{
    (void)state;
    static const bool with_tickets[] = {true, false};
    EACH(k, versions)
    EACH(t, with_tickets)
    {
        setting s = setting_judging(versions[k], &resuming, &resuming);
        if (!with_tickets[t])
            (void)SSL_CTX_set_options(s.server, SSL_OP_NO_TICKET);
        keep_sessions(&s);
        first(&s);
        assert_non_null(s.session);
        assert_true(SSL_SESSION_get_timeout(s.session) <= 3600);
        second("resumed", &s, true);
        setting_free(&s);
    }
}

/* Another verifier, with the same policy or another: nothing of the old one is resumed
 * [hostile F82, F85]. */
static void test_resumption_other_verifier(void **state)
{
    (void)state;
    EACH(k, versions)
    {
        setting s = setting_judging(versions[k], &resuming, &resuming);
        keep_sessions(&s);
        first(&s);
        replace_verifier(s.server, &s.v);
        second("server's replaced", &s, false);
        second("resumed again", &s, true);
        replace_verifier(s.client, &s.v);
        second("client's replaced", &s, false);
        second("resumed again", &s, true);

        vendor strict = other_enclave(&s.v);
        replace_verifier(s.server, &strict);
        tls_pair p = pair_of(&s);
        assert_false(pair_handshake(&p));
        assert_int_equal(ratls_openssl_error(p.server)->code, RATLS_E_POLICY);
        assert_true(pair_is_silent(p.server));
        pair_free(&p);
        setting_free(&s);
    }
}

/* A client made before the change and connected after it. */
static void test_replaced_before_start(void **state)
{
    (void)state;
    EACH(k, versions)
    {
        setting s = setting_judging(versions[k], &resuming, &resuming);
        keep_sessions(&s);
        first(&s);
        tls_pair p = pair_of(&s);
        replace_verifier(s.client, &s.v);
        replace_verifier(s.server, &s.v);
        assert_true(pair_handshake(&p));
        assert_false(SSL_session_reused(p.client));
        assert_true(ratls_openssl_accepted(p.client));
        assert_true(ratls_openssl_accepted(p.server));
        pair_free(&p);
        setting_free(&s);
    }
}

/* The verifier that is in service when the certificate comes is the one that judges. */
static void test_replaced_in_handshake(void **state)
{
    (void)state;
    setting s = setting_judging(TLS1_3_VERSION, &resuming, &resuming);
    keep_sessions(&s);
    tls_pair p = pair_of(&s);
    assert_int_equal(SSL_do_handshake(p.client), -1);
    assert_int_equal(SSL_do_handshake(p.server), -1);
    vendor strict = other_enclave(&s.v);
    replace_verifier(s.client, &strict);
    assert_false(pair_handshake(&p));
    assert_int_equal(ratls_openssl_error(p.client)->code, RATLS_E_POLICY);
    pair_free(&p);

    /* And the session is the new one's. */
    replace_verifier(s.client, &s.v);
    p = pair_of(&s);
    assert_int_equal(SSL_do_handshake(p.client), -1);
    assert_int_equal(SSL_do_handshake(p.server), -1);
    replace_verifier(s.server, &s.v);
    assert_true(pair_handshake(&p));
    assert_true(pair_talk(&p));
    pair_free(&p);
    second("session of the new one", &s, true);
    setting_free(&s);
}

/* Tickets of servers and sessions of clients that attest nobody, under the same ticket keys. */
static void test_unattested_sessions(void **state)
{
    (void)state;
    uint8_t keys[80] = {7};
    EACH(k, versions)
    {
        setting s = setting_judging(versions[k], NULL, NULL);
        keep_sessions(&s);
        assert_int_equal(SSL_CTX_set_tlsext_ticket_keys(s.server, keys, sizeof keys), 1);
        first(&s);
        assert_non_null(s.session);

        setting attesting = setting_judging(versions[k], &resuming, &resuming);
        assert_int_equal(SSL_CTX_set_tlsext_ticket_keys(attesting.server, keys, sizeof keys), 1);
        attesting.session = s.session;
        second("dropped by the client", &attesting, false);
        attesting.session = NULL;

        /* A client that offers it all the same. */
        SSL_CTX *server = attesting.server;
        attesting.server = s.server;
        s.server = server;
        tls_pair p = pair_of(&s);
        assert_true(pair_handshake(&p));
        assert_false(SSL_session_reused(p.server));
        assert_true(ratls_openssl_accepted(p.server));
        assert_non_null(ratls_openssl_result(p.server));
        pair_free(&p);
        setting_free(&s);
        setting_free(&attesting);
    }
}

/* A verdict ends with the certificate, the collateral, or the time that was given for it. */
static void test_session_ends(void **state)
{
    (void)state;
    ratls_openssl_options o = resuming;
    o.session_seconds = 100;
    EACH(k, versions)
    {
        setting s = setting_judging(versions[k], &o, &o);
        keep_sessions(&s);
        first(&s);
        assert_int_equal(SSL_SESSION_get_timeout(s.session), 100);
        clock_shows = NOW + 99;
        second("in time", &s, true);
        clock_shows = NOW + 100;
        second("dropped by the client", &s, false);
        setting_free(&s);
        clock_shows = NOW;

        /* A client that offers it all the same gets no word out of the server. */
        s = setting_judging(versions[k], NULL, &o);
        keep_sessions(&s);
        first(&s);
        clock_shows = NOW + 100;
        tls_pair p = pair_of(&s);
        (void)pair_handshake(&p);
        assert_true(SSL_session_reused(p.server));
        assert_false(ratls_openssl_accepted(p.server));
        assert_int_equal(ratls_openssl_error(p.server)->code, RATLS_E_MISSING);
        assert_true(pair_is_silent(p.server));
        pair_free(&p);
        setting_free(&s);
        clock_shows = NOW;
    }
}

static void test_session_ends_with_collateral(void **state)
{
    (void)state;
    ratls_openssl_options o = resuming;
    o.session_seconds = 400 * 86400;
    setting s = setting_judging(TLS1_3_VERSION, &o, &o);
    keep_sessions(&s);
    first(&s);
    assert_true(SSL_SESSION_get_timeout(s.session) == 29 * VENDOR_DAY);
    setting_free(&s);
}

/* The verifier in service in this context is held in it; the test knows what it is. */
static void give_newer_crl(SSL_CTX *ctx, const vendor *v, int64_t age)
{
    ratls_error e = {.text = ""};
    vendor later = *v;
    later.pck_crl.this_update -= age;
    bytes json = vendor_collateral_json(&later);
    installed *i = adapter_installed(adapter_of(ctx));
    uint64_t before = ratls_verifier_epoch(i->verifier);
    if (ratls_verifier_add_collateral(i->verifier, json, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    assert_true(ratls_verifier_epoch(i->verifier) != before);
    installed_free(i);
}

/* A verdict is of the collateral that it rests on: who has other collateral by now judges anew, and
 * nobody is turned away for having a session [hostile F85, F92]. */
static void test_session_ends_with_new_collateral(void **state)
{
    (void)state;
    static const bool with_tickets[] = {true, false}, at_server[] = {true, false};
    EACH(k, versions)
    EACH(t, with_tickets)
    EACH(side, at_server)
    {
        setting s = setting_judging(versions[k], &resuming, &resuming);
        if (!with_tickets[t])
            (void)SSL_CTX_set_options(s.server, SSL_OP_NO_TICKET);
        keep_sessions(&s);
        first(&s);
        second("same collateral", &s, true);
        SSL_CTX *ctx = at_server[side] ? s.server : s.client;
        give_newer_crl(ctx, &s.v, -60);
        second("newer collateral", &s, false);
        second("resumed again", &s, true);
        /* Older than all that is there: of no effect, but that is not for sessions to know. */
        give_newer_crl(ctx, &s.v, 60);
        second("older collateral", &s, false);
        second("resumed once more", &s, true);
        setting_free(&s);
    }

    /* Who judges alone, and a client that does not know of it. */
    EACH(k, versions)
    {
        setting s = setting_judging(versions[k], NULL, &resuming);
        keep_sessions(&s);
        first(&s);
        second("same collateral", &s, true);
        give_newer_crl(s.server, &s.v, -60);
        second("newer collateral", &s, false);
        setting_free(&s);
    }

    /* In which the peer is revoked. */
    EACH(k, versions)
    {
        setting s = setting_judging(versions[k], NULL, &resuming);
        keep_sessions(&s);
        first(&s);
        vendor revoking = s.v;
        crl_revoke(&revoking.pck_crl, &revoking.pck);
        give_newer_crl(s.server, &revoking, -60);
        tls_pair p = pair_of(&s);
        assert_false(pair_handshake(&p));
        assert_int_equal(ratls_openssl_error(p.server)->code, RATLS_E_REVOKED);
        assert_true(pair_is_silent(p.server));
        pair_free(&p);
        setting_free(&s);
    }
}

/* [hostile F84] */
static void test_early_data(void **state)
{
    (void)state;
    static const bool asked[] = {false, true};
    EACH(k, asked)
    {
        ratls_openssl_options o = resuming;
        size_t n = 0;
        char got[16];
        o.early_data = asked[k];
        setting s = setting_judging(TLS1_3_VERSION, NULL, NULL);
        (void)SSL_CTX_set_max_early_data(s.server, 1000);
        verify_with(s.client, &s.v, &o);
        verify_with(s.server, &s.v, &o);
        keep_sessions(&s);
        first(&s);
        assert_int_equal(SSL_SESSION_get_max_early_data(s.session), asked[k] ? 1000 : 0);
        tls_pair p = pair_of(&s);
        if (asked[k]) {
            assert_int_equal(SSL_write_early_data(p.client, "early", 5, &n), 1);
            assert_int_equal(SSL_read_early_data(p.server, got, sizeof got, &n),
                             SSL_READ_EARLY_DATA_SUCCESS);
            assert_int_equal(n, 5);
        } else {
            assert_int_equal(SSL_write_early_data(p.client, "early", 5, &n), 0);
            ERR_clear_error();
        }
        pair_free(&p);
        setting_free(&s);
    }
}

/* [hostile F83] */
static void test_renegotiation(void **state)
{
    (void)state;
    static const bool asked[] = {false, true};
    EACH(k, asked)
    {
        ratls_openssl_options o = plain;
        o.renegotiation = asked[k];
        setting s = setting_judging(TLS1_2_VERSION, NULL, NULL);
        (void)SSL_CTX_set_options(s.server, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
        verify_with(s.server, &s.v, &o);
        tls_pair p = pair_of(&s);
        assert_true(pair_handshake(&p));
        assert_true(ratls_openssl_accepted(p.server));
        const ratls_result *before = ratls_openssl_result(p.server);

        /* With a certificate that would be refused. */
        tls_spec t = tls_spec_of(&s.v, TLS_NONE, NULL);
        bytes der = tls_make(&t).der;
        assert_int_equal(SSL_use_certificate_ASN1(p.client, der.p, (int)der.n), 1);
        assert_int_equal(SSL_use_PrivateKey(p.client, t.cert.key), 1);
        assert_int_equal(SSL_renegotiate(p.client), 1);
        for (int i = 0; i < 8; i++) {
            char byte;
            (void)SSL_do_handshake(p.client);
            (void)SSL_read(p.server, &byte, 1);
        }
        if (asked[k]) {
            assert_int_equal(ratls_openssl_error(p.server)->code, RATLS_E_MISSING);
            assert_false(ratls_openssl_accepted(p.server));
            assert_true(pair_is_silent(p.server));
        } else {
            /* The client gives up; the server judged nothing again. */
            assert_ptr_equal(ratls_openssl_result(p.server), before);
            assert_true(connection_of(p.server)->accepted);
            assert_null(ratls_openssl_error(p.server));
        }
        pair_free(&p);
        setting_free(&s);
    }
}

static unsigned int psk_client(SSL *ssl, const char *hint, char *name, unsigned int name_max,
                               unsigned char *psk, unsigned int psk_max)
{
    (void)ssl, (void)hint, (void)name_max, (void)psk_max;
    memcpy(name, "x", 2);
    memset(psk, 1, 16);
    return 16;
}

static unsigned int psk_server(SSL *ssl, const char *name, unsigned char *psk, unsigned int max)
{
    (void)ssl, (void)name, (void)max;
    memset(psk, 1, 16);
    return 16;
}

/* A suite that needs no certificate shows no evidence. */
static void test_shared_key(void **state)
{
    (void)state;
    setting s = setting_judging(TLS1_2_VERSION, NULL, NULL);
    assert_int_equal(SSL_CTX_set_cipher_list(s.client, "PSK-AES128-GCM-SHA256"), 1);
    assert_int_equal(SSL_CTX_set_cipher_list(s.server, "PSK-AES128-GCM-SHA256"), 1);
    SSL_CTX_set_psk_client_callback(s.client, psk_client);
    SSL_CTX_set_psk_server_callback(s.server, psk_server);
    tls_pair p = pair_of(&s);
    assert_true(pair_handshake(&p)); /* so far it works */
    assert_true(pair_talk(&p));
    pair_free(&p);

    verify_with(s.client, &s.v, &plain);
    verify_with(s.server, &s.v, &plain);
    p = pair_of(&s);
    (void)pair_handshake(&p);
    SSL *const sides[] = {p.client, p.server};
    EACH(i, sides)
    {
        assert_false(ratls_openssl_accepted(sides[i]));
        assert_int_equal(ratls_openssl_error(sides[i])->code, RATLS_E_MISSING);
        assert_true(pair_is_silent(sides[i]));
    }
    pair_free(&p);
    setting_free(&s);
}

/* An SSL that is cleared and used again has no verdict any more. */
static void test_cleared(void **state)
{
    (void)state;
    setting s = setting_judging(TLS1_3_VERSION, &plain, &plain);
    tls_pair p = pair_of(&s);
    assert_true(pair_handshake(&p));
    assert_true(ratls_openssl_accepted(p.client));
    tls_pair q = pair_of(&s);
    assert_int_equal(SSL_clear(p.client), 1);
    assert_false(ratls_openssl_accepted(p.client));
    BIO *a, *b;
    assert_int_equal(BIO_new_bio_pair(&a, 0, &b, 0), 1);
    SSL_set_bio(p.client, a, a);
    SSL_set_bio(q.server, b, b);
    assert_int_equal(SSL_do_handshake(p.client), -1);
    assert_null(ratls_openssl_result(p.client));
    tls_pair both = {.client = p.client, .server = q.server};
    assert_true(pair_handshake(&both));
    assert_true(ratls_openssl_accepted(p.client));
    pair_free(&p);
    pair_free(&q);
    setting_free(&s);
}

static int info_calls;

static void count_info(const SSL *ssl, int where, int value)
{
    (void)ssl, (void)value;
    info_calls += where == SSL_CB_HANDSHAKE_DONE;
}

static void test_info_callback(void **state)
{
    (void)state;
    setting s = setting_judging(TLS1_3_VERSION, NULL, NULL);
    SSL_CTX_set_info_callback(s.client, count_info);
    verify_with(s.client, &s.v, &plain);
    info_calls = 0;
    first(&s);
    assert_int_equal(info_calls, 1);

    /* An application that takes the callback away: sessions are no evidence then. */
    setting open = setting_judging(TLS1_2_VERSION, NULL, &resuming);
    keep_sessions(&open);
    SSL_CTX_set_info_callback(open.server, NULL);
    first(&open);
    tls_pair p = pair_of(&open);
    (void)pair_handshake(&p);
    assert_int_equal(ratls_openssl_accepted(p.server), !SSL_session_reused(p.server));
    pair_free(&p);
    setting_free(&open);
    setting_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resumption_off),
        cmocka_unit_test(test_resumption_on),
        cmocka_unit_test(test_resumption_other_verifier),
        cmocka_unit_test(test_replaced_before_start),
        cmocka_unit_test(test_replaced_in_handshake),
        cmocka_unit_test(test_unattested_sessions),
        cmocka_unit_test(test_session_ends),
        cmocka_unit_test(test_session_ends_with_collateral),
        cmocka_unit_test(test_session_ends_with_new_collateral),
        cmocka_unit_test(test_early_data),
        cmocka_unit_test(test_renegotiation),
        cmocka_unit_test(test_shared_key),
        cmocka_unit_test(test_cleared),
        cmocka_unit_test(test_info_callback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
