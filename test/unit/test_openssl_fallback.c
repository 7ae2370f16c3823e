/* Peers of ratls/1 on OpenSSL that do not know it, that show no evidence in the handshake, or whose
 * TLS is not good enough for it. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <openssl/err.h>
#include <stdlib.h>

#include "openssl_case.h"
#include "session_tls.h"
#include "session_tls_foreign.h"

static machines m;
static const bool sides[] = {false, true};

/* What a peer is to TLS that has evidence in its certificate and never heard of ratls/1. */
static SSL_CTX *older(bool server, enclave *e, const char *alpn)
{
    identity i = leaked_identity(e);
    SSL_CTX *ctx = bare_context(server, TLS1_3_VERSION, i, alpn);
    EVP_PKEY_free(i.key);
    return ctx;
}

static const struct {
    const char *name, *alpn, *protocol;
    bool of_server; /* such servers are there, too */
} strangers[] = {
    {"no ALPN", NULL, NULL, true},
    {"another ALPN", "http/1.1", "http/1.1", true},
    {"an unknown ALPN", "mqtt", NULL, false},
};

static void test_unknown(void **state)
{
    (void)state;
    static const char *const minimum[] = {"key", "nonce", "session"};
    static const char *const protocols[] = {"h2", "http/1.1"};
    enclave *e = enclave_new(&m, 0, NULL);
    EACH(s, sides)
    EACH(p, strangers)
    EACH(l, minimum)
    {
        if (!sides[s] && !strangers[p].of_server)
            continue;
        const end_spec spec = {.verifier = machines_verifier_at(&m, minimum[l]),
                               .speaks = true,
                               .session = {.protocols = protocols, .protocols_n = 2}};
        SSL_CTX *own = end_context(sides[s], TLS1_3_VERSION, &spec);
        SSL_CTX *other = older(!sides[s], e, strangers[p].alpn);
        wire w = sides[s] ? wire_new(other, own, 0, 0) : wire_new(own, other, 0, 0);
        SSL *judge = sides[s] ? w.server : w.client, *peer = sides[s] ? w.client : w.server;
        progress at = {.done = false};
        for (int i = 0; i < 10; i++) {
            (void)open_step(judge, &at);
            (void)wire_move(&w);
            (void)SSL_do_handshake(peer);
            (void)wire_move(&w);
        }
        assert_true(at.done);
        if (l > 0) {
            char text[128];
            (void)snprintf(text, sizeof text,
                           "tls: the peer does not speak ratls/1: policy: the evidence is bound at "
                           "level \"key\", expected at least \"%s\"",
                           minimum[l]);
            assert_int_equal(at.code, RATLS_E_BINDING);
            assert_string_equal(at.error.text, text);
            assert_string_equal(ratls_openssl_error(judge)->text, text);
            assert_false(ratls_openssl_accepted(judge));
            assert_true(pair_is_silent(judge));
            assert_false(ratls_result_accepted(ratls_openssl_result(judge)));
            assert_string_equal(ratls_result_binding_level(ratls_openssl_result(judge)), "key");
        } else {
            char got[16];
            ratls_error error = {.text = ""};
            size_t n;
            unsigned want;
            const char *protocol = ratls_openssl_protocol(judge);
            assert_accepted(judge);
            assert_string_equal(ratls_result_binding_level(ratls_openssl_result(judge)), "key");
            assert_string_equal(ratls_result_binding_by(ratls_openssl_result(judge)),
                                "certificate");
            if (strangers[p].protocol == NULL)
                assert_null(protocol);
            else
                assert_string_equal(protocol, strangers[p].protocol);
            assert_int_equal(ratls_openssl_ask(judge, &error), RATLS_E_UNSUPPORTED);
            assert_int_equal(ratls_openssl_due(judge), -1);
            /* Without frames. */
            assert_int_equal(SSL_write(peer, "plain", 5), 5);
            while (wire_move(&w))
                ;
            assert_int_equal(ratls_openssl_read(judge, got, sizeof got, &n, &want, &error),
                             RATLS_OK);
            assert_int_equal(n, 5);
            assert_int_equal(ratls_openssl_read(judge, got, sizeof got, &n, &want, &error),
                             RATLS_OK);
            assert_true(n == 0 && want == RATLS_WANT_READ);
            assert_int_equal(ratls_openssl_write(judge, "too", 3, &n, &want, &error), RATLS_OK);
            while (wire_move(&w))
                ;
            assert_int_equal(SSL_read(peer, got, sizeof got), 3);
        }
        wire_free(&w);
    }
    enclave_free(e);
}

static const struct {
    ratls_binding level;
    uint32_t again_seconds;
    const char *refused; /* the level that is missing; NULL: accepted at "key" */
} asked_for[] = {
    {RATLS_BINDING_NONE, 0, NULL},         {RATLS_BINDING_KEY, 0, NULL},
    {RATLS_BINDING_KEY, 5, NULL},          {RATLS_BINDING_NONCE, 0, "nonce"},
    {RATLS_BINDING_NONCE, 5, "nonce"},     {RATLS_BINDING_SESSION, 0, "session"},
    {RATLS_BINDING_SESSION, 5, "session"}, {RATLS_BINDING_NONE, 5, "session"},
};

/* The policy is content with "key", and the application is not: what it asks for it does not do
 * without. */
static void test_asked_for_by_the_application(void **state)
{
    (void)state;
    static const char *const protocols[] = {"http/1.1"};
    enclave *e = enclave_new(&m, 0, NULL);
    EACH(s, sides)
    EACH(p, strangers)
    EACH(i, asked_for)
    {
        if (!sides[s] && !strangers[p].of_server)
            continue;
        const end_spec spec = {.verifier = machines_verifier_at(&m, "key"),
                               .speaks = true,
                               .session = {.level = asked_for[i].level,
                                           .again_seconds = asked_for[i].again_seconds,
                                           .protocols = protocols,
                                           .protocols_n = 1}};
        SSL_CTX *own = end_context(sides[s], TLS1_3_VERSION, &spec);
        SSL_CTX *other = older(!sides[s], e, strangers[p].alpn);
        wire w = sides[s] ? wire_new(other, own, 0, 0) : wire_new(own, other, 0, 0);
        SSL *judge = sides[s] ? w.server : w.client, *peer = sides[s] ? w.client : w.server;
        progress at = {.done = false};
        for (int step = 0; step < 10; step++) {
            (void)open_step(judge, &at);
            (void)wire_move(&w);
            (void)SSL_do_handshake(peer);
            (void)wire_move(&w);
        }
        assert_true(at.done);
        const ratls_result *r = ratls_openssl_result(judge);
        assert_string_equal(ratls_result_binding_level(r), "key");
        if (asked_for[i].refused == NULL) {
            assert_int_equal(at.code, RATLS_OK);
            assert_accepted(judge);
            assert_int_equal(ratls_openssl_due(judge), -1);
        } else {
            char text[128];
            (void)snprintf(text, sizeof text,
                           "tls: the peer does not speak ratls/1, and is to be asked for level "
                           "\"%s\"",
                           asked_for[i].refused);
            assert_int_equal(at.code, RATLS_E_UNSUPPORTED);
            assert_string_equal(at.error.text, text);
            assert_string_equal(ratls_openssl_error(judge)->text, text);
            assert_false(SSL_is_init_finished(judge));
            assert_false(ratls_openssl_accepted(judge));
            assert_true(pair_is_silent(judge));
        }
        wire_free(&w);
    }
    enclave_free(e);
}

/* A server that takes nothing of what is offered [RFC 7301 3.2]. */
static void test_no_application_protocol(void **state)
{
    (void)state;
    static const char *const minimum[] = {"key", "nonce", "session"};
    enclave *e = enclave_new(&m, 0, NULL);
    EACH(l, minimum)
    {
        progress at = {.done = false};
        const end_spec spec = {.verifier = machines_verifier_at(&m, minimum[l]), .speaks = true};
        wire w = wire_new(end_context(false, TLS1_3_VERSION, &spec), older(true, e, "mqtt"), 0, 0);
        for (int i = 0; i < 10; i++) {
            (void)open_step(w.client, &at);
            (void)wire_move(&w);
            (void)SSL_do_handshake(w.server);
            (void)wire_move(&w);
        }
        assert_true(at.done);
        assert_int_equal(at.code, RATLS_E_UNSUPPORTED);
        assert_string_equal(at.error.text, "tls: the peer does not speak ratls/1, nor any other "
                                           "protocol that was offered");
        assert_false(ratls_openssl_accepted(w.client));
        assert_true(pair_is_silent(w.client));
        wire_free(&w);
    }
    enclave_free(e);
}

static cert_spec test_ca(void)
{
    cert_spec ca = cert_spec_of("CN=Test TLS CA", key_named(KEY_TYPE_P256, "tls ca"),
                                NOW - VENDOR_DAY, NOW + 365 * (int64_t)VENDOR_DAY);
    (void)ext_add(&ca.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(true, 0));
    (void)ext_add(&ca.ext, OID_KEY_USAGE, true, ext_usage(USAGE_CERT_SIGN | USAGE_CRL_SIGN));
    return ca;
}

static void trust(SSL_CTX *ctx, const cert_spec *ca)
{
    bytes der = cert_make(ca);
    const uint8_t *at = der.p;
    X509 *root = d2i_X509(NULL, &at, (long)der.n);
    assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), root), 1);
    X509_free(root);
}

static const struct {
    const char *name, *policy, *host;
    bool need_ca, by_ca; /* demanded; what signed the certificate */
    ratls_code code;
    const char *text; /* NULL: accepted */
    const char *identity;
} ordinary[] = {
    {"nothing else demanded", "\"binding\": {\"minimum\": \"session\"}", NULL, false, false,
     RATLS_OK, NULL, "none"},
    {"at level nonce", "\"binding\": {\"minimum\": \"nonce\"}", NULL, false, false, RATLS_OK, NULL,
     "none"},
    {"at level key", "\"binding\": {\"minimum\": \"key\"}", NULL, false, false, RATLS_E_MISSING,
     "certificate: no evidence among its 1 extensions", NULL},
    {"name", "\"binding\": {\"minimum\": \"session\"}", "localhost", false, false, RATLS_OK, NULL,
     "none"},
    {"another name", "\"binding\": {\"minimum\": \"session\"}", "elsewhere", false, false,
     RATLS_E_POLICY, "tls: the peer's certificate is not for the name 'elsewhere'", NULL},
    {"CA and name", "\"binding\": {\"minimum\": \"session\"}", "localhost", true, true, RATLS_OK,
     NULL, "ca"},
    {"CA by policy, and name", "\"binding\": {\"minimum\": \"session\", \"identity\": \"ca\"}",
     "localhost", true, true, RATLS_OK, NULL, "ca"},
    {"CA by policy, nobody to check it",
     "\"binding\": {\"minimum\": \"session\", \"identity\": \"ca\"}", NULL, false, true,
     RATLS_E_POLICY,
     "policy: binding.identity is \"ca\", and no CA was given that signed the certificate", NULL},
    {"another CA", "\"binding\": {\"minimum\": \"session\", \"identity\": \"ca\"}", "localhost",
     true, false, RATLS_E_UNTRUSTED,
     "tls: OpenSSL's verification was demanded too: self-signed certificate", NULL},
};

/* An ordinary certificate; the evidence comes by the answer. Name and CA are judged beside it, on
 * one connection. */
static void test_ordinary_certificate(void **state)
{
    (void)state;
    enclave *e = enclave_new(&m, 0, NULL);
    const cert_spec ca = test_ca();
    EACH(s, sides)
    EACH(k, versions)
    EACH(i, ordinary)
    {
        const char *text = ordinary[i].text;
        const end_spec spec = {
            .verifier = machines_verifier(&m, ordinary[i].policy),
            .judging = {.host = ordinary[i].host, .need_ca = ordinary[i].need_ca},
            .speaks = true};
        SSL_CTX *own = end_context(sides[s], versions[k], &spec);
        SSL_CTX *other = bare_context(!sides[s], versions[k],
                                      ordinary_identity(ordinary[i].by_ca ? &ca : NULL), "ratls/1");
        trust(own, &ca);
        wire w = sides[s] ? wire_new(other, own, 0, 0) : wire_new(own, other, 0, 0);
        SSL *judge = sides[s] ? w.server : w.client;
        foreign f = foreign_new(sides[s] ? w.client : w.server, e);
        progress at = {.done = false};
        for (int step = 0; step < 20; step++) {
            assert_false(!at.done && ratls_openssl_accepted(judge));
            (void)open_step(judge, &at);
            (void)wire_move(&w);
            foreign_step(&f);
            (void)wire_move(&w);
        }
        if (!at.done || at.code != ordinary[i].code ||
            !bytes_starts(bytes_text(at.code != RATLS_OK ? at.error.text : ""),
                          text != NULL ? text : ""))
            fail_msg("%s: %s", ordinary[i].name, at.error.text);
        assert_int_equal(foreign_is_open(&f), text == NULL);
        if (text == NULL) {
            assert_accepted(judge);
            assert_string_equal(ratls_result_identity(ratls_openssl_result(judge)),
                                ordinary[i].identity);
            assert_string_equal(ratls_result_binding_level(ratls_openssl_result(judge)),
                                i == 1 ? "nonce" : "session");
        } else {
            assert_false(ratls_openssl_accepted(judge));
            assert_true(pair_is_silent(judge));
        }
        foreign_free(&f);
        wire_free(&w);
    }
    enclave_free(e);
}

/* The answer is for another key than that of the certificate. */
static void test_answer_for_another_key(void **state)
{
    (void)state;
    enclave *e = enclave_new(&m, 0, NULL);
    EACH(s, sides)
    {
        const end_spec spec = {.verifier = machines_verifier_at(&m, "session"), .speaks = true};
        SSL_CTX *own = end_context(sides[s], TLS1_3_VERSION, &spec);
        SSL_CTX *other =
            bare_context(!sides[s], TLS1_3_VERSION, ordinary_identity(NULL), "ratls/1");
        wire w = sides[s] ? wire_new(other, own, 0, 0) : wire_new(own, other, 0, 0);
        SSL *judge = sides[s] ? w.server : w.client;
        foreign f = foreign_new(sides[s] ? w.client : w.server, e);
        f.key = key_spki(key_named(KEY_TYPE_P256, "another"));
        progress at = {.done = false};
        for (int step = 0; step < 20; step++) {
            (void)open_step(judge, &at);
            (void)wire_move(&w);
            foreign_step(&f);
            (void)wire_move(&w);
        }
        assert_int_equal(at.code, RATLS_E_BINDING);
        assert_true(bytes_starts(bytes_text(at.error.text),
                                 "binding: the answer is for another key: its pubkey-hash is "));
        assert_false(ratls_openssl_accepted(judge));
        assert_true(pair_is_silent(judge));
        foreign_free(&f);
        wire_free(&w);
    }
    enclave_free(e);
}

/* Between two ends of ratls: the CA signed a certificate with evidence. */
static void test_ca_and_evidence(void **state)
{
    (void)state;
    static const char *const names[] = {"localhost"};
    const cert_spec ca = test_ca();
    bytes pem = key_private_pem(ca.key), der = cert_make(&ca);
    const ratls_attester_options signed_by_ca = {
        .names = names, .names_n = 1, .ca_certificate = der, .ca_key_pem = pem};
    enclave *e = enclave_new(&m, 0, &signed_by_ca), *f = enclave_new(&m, 1, &signed_by_ca);
    EACH(k, versions)
    {
        const char *const policy = "\"binding\": {\"minimum\": \"session\", \"identity\": \"ca\"}";
        const ratls_openssl_options judging = {.host = "localhost", .need_ca = true};
        const end_spec c = {.attests = e,
                            .verifier = machines_verifier(&m, policy),
                            .judging = judging,
                            .speaks = true};
        const end_spec s = {.attests = f,
                            .verifier = machines_verifier(&m, policy),
                            .judging = judging,
                            .speaks = true};
        SSL_CTX *client = end_context(false, versions[k], &c);
        SSL_CTX *server = end_context(true, versions[k], &s);
        trust(client, &ca);
        trust(server, &ca);
        wire w = wire_new(client, server, 0, 0);
        wire_must_open(&w);
        const SSL *const both[] = {w.client, w.server};
        EACH(i, both)
        {
            assert_accepted(both[i]);
            assert_string_equal(ratls_result_identity(ratls_openssl_result(both[i])), "ca");
            assert_string_equal(ratls_result_binding_level(ratls_openssl_result(both[i])),
                                "session");
        }
        wire_say(&w, w.client, "who, what and on which connection");
        wire_free(&w);
    }
    enclave_free(e);
    enclave_free(f);
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
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_asked_for_by_the_application),
        cmocka_unit_test(test_no_application_protocol),
        cmocka_unit_test(test_ordinary_certificate),
        cmocka_unit_test(test_answer_for_another_key),
        cmocka_unit_test(test_ca_and_evidence),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
