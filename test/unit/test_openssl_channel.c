/* ratls/1 on OpenSSL: opening, data, and what the results say. */
#include "testing.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "openssl_case.h"
#include "session_tls.h"

static machines m;

/* A server that attests, and a client that demands this level of it. */
static wire one_way(int version, enclave *e, const char *level)
{
    const end_spec server = {.attests = e, .speaks = true};
    const end_spec client = {.verifier = machines_verifier_at(&m, level), .speaks = true};
    return wire_new(end_context(false, version, &client), end_context(true, version, &server), 0,
                    0);
}

static void must_have_reached(const SSL *ssl, const char *level, const char *by)
{
    assert_accepted(ssl);
    const ratls_result *r = ratls_openssl_result(ssl);
    assert_string_equal(ratls_result_binding_level(r), level);
    assert_string_equal(ratls_result_binding_by(r), by);
    assert_string_equal(ratls_result_identity(r), "none");
    assert_int_equal(ratls_result_time(r), NOW);
}

static const struct {
    const char *name;
    bool client_judges, server_judges;
} directions[] = {
    {"the client judges", true, false},
    {"the server judges", false, true},
    {"both judge", true, true},
    {"nobody judges", false, false},
};

static const struct {
    const char *name, *by;
} levels[] = {
    {"key", "certificate"},
    {"nonce", "ratls/1"},
    {"session", "ratls/1 and tls-exporter"},
};

/* With all at once under way, and a byte at a time. */
static void test_open(void **state)
{
    (void)state;
    static const size_t at_once[] = {0, 1};
    enclave *e = enclave_new(&m, 0, NULL), *f = enclave_new(&m, 1, NULL);
    EACH(d, directions)
    EACH(l, levels)
    EACH(k, versions)
    EACH(o, at_once)
    {
        bool cj = directions[d].client_judges, sj = directions[d].server_judges;
        const char *level = levels[l].name;
        unsigned before = enclave_quotes(e) + enclave_quotes(f);
        const end_spec client = {.attests = sj ? f : NULL,
                                 .verifier = cj ? machines_verifier_at(&m, level) : NULL,
                                 .speaks = true};
        const end_spec server = {.attests = cj ? e : NULL,
                                 .verifier = sj ? machines_verifier_at(&m, level) : NULL,
                                 .speaks = true};
        wire w = wire_new(end_context(false, versions[k], &client),
                          end_context(true, versions[k], &server), 0, at_once[o]);
        wire_must_open(&w);
        if (cj)
            must_have_reached(w.client, level, levels[l].by);
        if (sj)
            must_have_reached(w.server, level, levels[l].by);
        assert_int_equal(ratls_openssl_accepted(w.client), cj);
        assert_int_equal(ratls_openssl_accepted(w.server), sj);
        assert_int_equal(enclave_quotes(e) + enclave_quotes(f) - before, l == 0 ? 0 : cj + sj);
        assert_null(ratls_openssl_protocol(w.client));
        assert_null(ratls_openssl_protocol(w.server));
        assert_int_equal(ratls_openssl_due(w.client), -1);
        assert_int_equal(ratls_openssl_due(w.server), -1);
        wire_say(&w, w.client, "from the client");
        wire_say(&w, w.server, "from the server");
        wire_free(&w);
    }
    enclave_free(e);
    enclave_free(f);
}

/* What is asked for can be more than the policy demands; less is refused [fail closed]. */
static void test_level_of_options(void **state)
{
    (void)state;
    static const struct {
        ratls_binding asked;
        const char *minimum, *reached, *refused;
    } rows[] = {
        {RATLS_BINDING_NONE, "nonce", "nonce", NULL},
        {RATLS_BINDING_NONCE, "key", "nonce", NULL},
        {RATLS_BINDING_SESSION, "key", "session", NULL},
        {RATLS_BINDING_SESSION, "nonce", "session", NULL},
        {RATLS_BINDING_KEY, "key", "key", NULL},
        {RATLS_BINDING_KEY, "nonce", NULL,
         "policy: the evidence is bound at level \"key\", expected at least \"nonce\""},
        {RATLS_BINDING_NONCE, "session", NULL,
         "policy: the evidence is bound at level \"nonce\", expected at least \"session\""},
    };
    enclave *e = enclave_new(&m, 0, NULL);
    EACH(i, rows)
    {
        progress client, server;
        const end_spec s = {.attests = e, .speaks = true};
        const end_spec c = {.verifier = machines_verifier_at(&m, rows[i].minimum),
                            .speaks = true,
                            .session = {.level = rows[i].asked}};
        wire w = wire_new(end_context(false, TLS1_3_VERSION, &c),
                          end_context(true, TLS1_3_VERSION, &s), 0, 0);
        wire_open(&w, &client, &server);
        if (rows[i].refused != NULL) {
            assert_int_equal(client.code, RATLS_E_BINDING);
            assert_string_equal(ratls_openssl_error(w.client)->text, rows[i].refused);
            assert_false(ratls_openssl_accepted(w.client));
        } else {
            assert_accepted(w.client);
            assert_string_equal(ratls_result_binding_level(ratls_openssl_result(w.client)),
                                rows[i].reached);
        }
        wire_free(&w);
    }
    enclave_free(e);
}

static void test_protocols(void **state)
{
    (void)state;
    static const char *const h2_first[] = {"h2", "http/1.1"}, *const http[] = {"http/1.1"},
                             *const other[] = {"mqtt"};
    static const struct {
        const char *const *client, *const *server;
        size_t client_n, server_n;
        const char *chosen; /* NULL: none */
        bool refused;
    } rows[] = {
        {h2_first, http, 2, 1, "http/1.1", false}, {h2_first, h2_first, 2, 2, "h2", false},
        {NULL, http, 0, 1, NULL, false},           {NULL, NULL, 0, 0, NULL, false},
        {other, http, 1, 1, NULL, true},           {other, NULL, 1, 0, NULL, true},
    };
    enclave *e = enclave_new(&m, 0, NULL);
    EACH(i, rows)
    {
        progress client, server;
        const end_spec s = {
            .attests = e,
            .speaks = true,
            .session = {.protocols = rows[i].server, .protocols_n = rows[i].server_n}};
        const end_spec c = {
            .verifier = machines_verifier_at(&m, "session"),
            .speaks = true,
            .session = {.protocols = rows[i].client, .protocols_n = rows[i].client_n}};
        wire w = wire_new(end_context(false, TLS1_3_VERSION, &c),
                          end_context(true, TLS1_3_VERSION, &s), 0, 0);
        wire_open(&w, &client, &server);
        if (rows[i].refused) {
            assert_int_equal(server.code, RATLS_E_UNSUPPORTED);
            assert_string_equal(server.error.text,
                                "ratls/1: none of the 1 application protocols of the client is "
                                "known here");
            assert_int_equal(client.code, RATLS_E_UNSUPPORTED);
            assert_false(ratls_openssl_accepted(w.client));
        } else {
            assert_accepted(w.client);
        }
        const SSL *const both[] = {w.client, w.server};
        EACH(k, both)
        {
            const char *chosen = ratls_openssl_protocol(both[k]);
            if (rows[i].chosen == NULL)
                assert_null(chosen);
            else
                assert_string_equal(chosen, rows[i].chosen);
        }
        wire_free(&w);
    }
    enclave_free(e);
}

/* [RFC 7301; doc/BINDING.md, hello: key 3] */
static void test_limits_of_options(void **state)
{
    (void)state;
    static const char *const many[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9"};
    static const char *const most[] = {"12345678901234567890123456789012"};
    static const char *const too_long[] = {"123456789012345678901234567890123"};
    static const char *const empty[] = {""};
    static const struct {
        ratls_openssl_session_options o;
        ratls_code code;
    } rows[] = {
        {{.protocols = many, .protocols_n = 8}, RATLS_OK},
        {{.protocols = many, .protocols_n = 9}, RATLS_E_LIMIT},
        {{.protocols = most, .protocols_n = 1}, RATLS_OK},
        {{.protocols = too_long, .protocols_n = 1}, RATLS_E_LIMIT},
        {{.protocols = empty, .protocols_n = 1}, RATLS_E_LIMIT},
        {{.interval_seconds = 86400}, RATLS_OK},
        {{.interval_seconds = 86401}, RATLS_E_LIMIT},
        {{.again_seconds = 1, .unframed = true}, RATLS_E_UNSUPPORTED},
    };
    EACH(i, rows)
    {
        ratls_error e = {.text = ""};
        SSL_CTX *ctx = tls_context(false, TLS1_3_VERSION, BYTES_NONE, NULL);
        assert_int_equal(ratls_openssl_use_session(ctx, &rows[i].o, &e), rows[i].code);
        /* Once it is set; what was refused leaves nothing behind. */
        assert_int_equal(ratls_openssl_use_session(ctx, NULL, &e),
                         rows[i].code == RATLS_OK ? RATLS_E_UNSUPPORTED : RATLS_OK);
        SSL_CTX_free(ctx);
    }
}

/* The stream is the application's after the opening, and OpenSSL's functions do what they always
 * do. */
static void test_unframed(void **state)
{
    (void)state;
    static const bool at_client[] = {true, false};
    enclave *e = enclave_new(&m, 0, NULL);
    EACH(k, versions)
    EACH(i, at_client)
    {
        ratls_error error = {.text = ""};
        char got[16];
        size_t n;
        unsigned want;
        const end_spec s = {.attests = e, .speaks = true, .session = {.unframed = !at_client[i]}};
        const end_spec c = {.verifier = machines_verifier_at(&m, "session"),
                            .speaks = true,
                            .session = {.unframed = at_client[i]}};
        wire w =
            wire_new(end_context(false, versions[k], &c), end_context(true, versions[k], &s), 0, 1);
        (void)SSL_clear_mode(w.client, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        (void)SSL_set_mode(w.client, SSL_MODE_ENABLE_PARTIAL_WRITE);
        long mode = SSL_get_mode(w.client);
        wire_must_open(&w);
        assert_int_equal(SSL_get_mode(w.client), mode);
        must_have_reached(w.client, "session", "ratls/1 and tls-exporter");
        assert_int_equal(SSL_write(w.client, "plain", 5), 5);
        while (wire_move(&w))
            ;
        assert_int_equal(SSL_read(w.server, got, sizeof got), 5);
        assert_int_equal(SSL_write(w.server, "as ever", 7), 7);
        while (wire_move(&w))
            ;
        assert_int_equal(SSL_read(w.client, got, sizeof got), 7);
        wire_say(&w, w.client, "by functions that know frames");
        wire_say(&w, w.server, "by functions that know frames");
        assert_int_equal(ratls_openssl_ask(w.client, &error), RATLS_E_UNSUPPORTED);
        assert_accepted(w.client);
        assert_int_equal(ratls_openssl_due(w.client), -1);
        assert_int_equal(SSL_shutdown(w.client), 0);
        while (wire_move(&w))
            ;
        assert_int_equal(ratls_openssl_read(w.server, got, sizeof got, &n, &want, &error),
                         RATLS_OK);
        assert_true(n == 0 && want == 0);
        wire_free(&w);
    }
    enclave_free(e);
}

/* Frames coincide with nothing: neither with records nor with what the application writes. */
static void test_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = {1,
                                   2,
                                   RATLS_SESSION_DATA_MAX - 1,
                                   RATLS_SESSION_DATA_MAX,
                                   RATLS_SESSION_DATA_MAX + 1,
                                   16384,
                                   16385,
                                   100000};
    static const size_t rooms[] = {0, 1, 700};
    enclave *e = enclave_new(&m, 0, NULL);
    char *text = malloc(100001);
    assert_non_null(text);
    EACH(k, versions)
    EACH(r, rooms)
    {
        const end_spec s = {.attests = e, .speaks = true};
        const end_spec c = {.verifier = machines_verifier_at(&m, "session"), .speaks = true};
        wire w = wire_new(end_context(false, versions[k], &c), end_context(true, versions[k], &s),
                          rooms[r], 0);
        wire_must_open(&w);
        EACH(i, sizes)
        {
            for (size_t at = 0; at < sizes[i]; at++)
                text[at] = (char)('a' + (at * 7 + i) % 26);
            text[sizes[i]] = '\0';
            wire_say(&w, w.client, text);
            wire_say(&w, w.server, text);
        }
        wire_free(&w);
    }
    free(text);
    enclave_free(e);
}

static void count(void *context, SSL *ssl)
{
    atomic_uint *calls = context;
    assert(ssl != NULL);
    (void)atomic_fetch_add(calls, 1);
}

/* A server whose quote is not made yet: it says so, and is told when it is. */
static void test_evidence_takes_time(void **state)
{
    (void)state;
    enclave *e = enclave_new(&m, 0, NULL);
    atomic_uint calls = 0;
    progress client, server;
    const end_spec s = {
        .attests = e, .speaks = true, .session = {.ready = count, .context = &calls}};
    const end_spec c = {.verifier = machines_verifier_at(&m, "session"), .speaks = true};
    wire w = wire_new(end_context(false, TLS1_3_VERSION, &c), end_context(true, TLS1_3_VERSION, &s),
                      0, 0);
    enclave_hold(e, true);
    client = server = (progress){.done = false};
    while (server.want != RATLS_WANT_EVIDENCE) {
        (void)open_step(w.client, &client);
        (void)open_step(w.server, &server);
        (void)wire_move(&w);
    }
    assert_false(ratls_openssl_wait(w.server, RATLS_WANT_EVIDENCE, 1));
    assert_int_equal(atomic_load(&calls), 0);
    int due = ratls_openssl_due(w.server);
    assert_true(due > 60000 && due <= 120000);
    assert_false(client.done || server.done);
    assert_false(ratls_openssl_accepted(w.client));
    enclave_hold(e, false);
    wire_open(&w, &client, &server);
    assert_true(client.done && server.done && client.code == RATLS_OK && server.code == RATLS_OK);
    wire_free(&w); /* waits for `ready` if it is running */
    assert_int_equal(atomic_load(&calls), 1);
    enclave_free(e);
}

/* Freed in every state, with quotes that wait and that do not. */
static void test_given_up(void **state)
{
    (void)state;
    static const bool held[] = {false, true};
    EACH(h, held)
    for (int steps = 0; steps < 8; steps++) {
        enclave *e = enclave_new(&m, 0, NULL), *f = enclave_new(&m, 1, NULL);
        progress client = {.done = false}, server = {.done = false};
        const end_spec s = {
            .attests = e, .verifier = machines_verifier_at(&m, "session"), .speaks = true};
        const end_spec c = {
            .attests = f, .verifier = machines_verifier_at(&m, "session"), .speaks = true};
        wire w = wire_new(end_context(false, TLS1_3_VERSION, &c),
                          end_context(true, TLS1_3_VERSION, &s), 0, 0);
        enclave_hold(e, held[h]);
        enclave_hold(f, held[h]);
        for (int i = 0; i < steps; i++) {
            (void)open_step(w.client, &client);
            (void)wire_move(&w);
            (void)open_step(w.server, &server);
            (void)wire_move(&w);
        }
        enclave_hold(e, false);
        wire_free(&w);
        enclave_free(e);
        enclave_free(f);
    }
}

/* The peer ends the connection between two frames, and that is no error. */
static void test_end(void **state)
{
    (void)state;
    enclave *e = enclave_new(&m, 0, NULL);
    EACH(k, versions)
    {
        ratls_error error = {.text = ""};
        unsigned want;
        size_t n;
        wire w = one_way(versions[k], e, "session");
        progress client, server;
        wire_must_open(&w);
        wire_say(&w, w.client, "the last word");
        assert_int_equal(SSL_shutdown(w.client), 0);
        wire_settle(&w, &client, &server);
        assert_true(server.done);
        assert_int_equal(server.code, RATLS_OK);
        assert_null(ratls_openssl_error(w.server));
        assert_int_equal(ratls_openssl_write(w.server, "x", 1, &n, &want, &error), RATLS_E_SYSTEM);
        assert_string_equal(error.text, "tls: the peer has ended the connection");
        wire_free(&w);

        /* Without a proper end. */
        w = one_way(versions[k], e, "session");
        wire_must_open(&w);
        while (wire_move(&w))
            ;
        assert_int_equal(BIO_shutdown_wr(w.client_far), 1);
        wire_settle(&w, &client, &server);
        assert_int_equal(client.code, RATLS_E_MALFORMED);
        assert_string_equal(client.error.text, "tls: the connection broke off");
        assert_false(ratls_openssl_accepted(w.client));
        wire_free(&w);
    }
    enclave_free(e);
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
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_level_of_options),
        cmocka_unit_test(test_protocols),
        cmocka_unit_test(test_limits_of_options),
        cmocka_unit_test(test_unframed),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_evidence_takes_time),
        cmocka_unit_test(test_given_up),
        cmocka_unit_test(test_end),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
