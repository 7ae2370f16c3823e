/* ratls/1 on OpenSSL: asking again while data flows. The clock goes as fast as the test wants. */
#include "testing.h"

#include "middle.h"
#include "openssl_case.h"
#include "session_tls.h"
#include "session_tls_clock.h"

static machines m;

static void must_have_reached(const SSL *ssl, const char *level, const char *by)
{
    assert_accepted(ssl);
    const ratls_result *r = ratls_openssl_result(ssl);
    assert_string_equal(ratls_result_binding_level(r), level);
    assert_string_equal(ratls_result_binding_by(r), by);
}

/* Both attest and judge, at level "session". */
typedef struct mutual {
    enclave *at_client, *at_server;
    SSL_CTX *client_ctx, *server_ctx; /* the wire's */
    wire w;
} mutual;

static mutual mutual_open(int version, uint32_t again_seconds, uint32_t interval_seconds)
{
    mutual p = {.at_client = enclave_new(&m, 0, NULL), .at_server = enclave_new(&m, 1, NULL)};
    const ratls_openssl_session_options session = {.again_seconds = again_seconds,
                                                   .interval_seconds = interval_seconds};
    const end_spec client = {.attests = p.at_client,
                             .verifier = machines_verifier_at(&m, "session"),
                             .speaks = true,
                             .session = session};
    const end_spec server = {.attests = p.at_server,
                             .verifier = machines_verifier_at(&m, "session"),
                             .speaks = true,
                             .session = session};
    p.client_ctx = end_context(false, version, &client);
    p.server_ctx = end_context(true, version, &server);
    p.w = wire_new(p.client_ctx, p.server_ctx, 0, 0);
    wire_must_open(&p.w);
    return p;
}

static void mutual_free(mutual *p)
{
    wire_free(&p->w);
    enclave_free(p->at_client);
    enclave_free(p->at_server);
}

static void ask(SSL *ssl, ratls_code code, const char *text)
{
    ratls_error e = {.text = ""};
    assert_int_equal(ratls_openssl_ask(ssl, &e), code);
    if (text != NULL)
        assert_string_equal(e.text, text);
}

/* Both read, and nothing of it fails. */
static void settle(mutual *p)
{
    progress client, server;
    wire_settle(&p->w, &client, &server);
    if (client.code != RATLS_OK || server.code != RATLS_OK)
        fail_msg("%s, %s", client.error.text, server.error.text);
}

static void test_ask(void **state)
{
    (void)state;
    EACH(k, versions)
    {
        mutual p = mutual_open(versions[k], 0, 5);
        for (unsigned round = 1; round <= 3; round++) {
            ask(p.w.client, RATLS_E_LIMIT,
                "ratls/1: the peer wants 5 s between two answers, its last one was 0 s ago");
            clock_skip(5000);
            ask(p.w.client, RATLS_OK, NULL);
            ask(p.w.client, RATLS_E_LIMIT,
                "ratls/1: the last question to the peer is not answered yet");
            ask(p.w.server, RATLS_OK, NULL);
            int due = ratls_openssl_due(p.w.client);
            assert_true(due > 0 && due <= 60000);
            wire_say(&p.w, p.w.client, "the last verdict stands");
            wire_say(&p.w, p.w.server, "until its deadline");
            settle(&p);
            assert_int_equal(ratls_openssl_due(p.w.client), -1);
            assert_int_equal(enclave_quotes(p.at_client), 2 + round);
            assert_int_equal(enclave_quotes(p.at_server), 2 + round);
            must_have_reached(p.w.client, "session", "ratls/1 and tls-exporter");
            must_have_reached(p.w.server, "session", "ratls/1 and tls-exporter");
        }
        mutual_free(&p);
    }
}

/* By itself; as often as it wants to, but not more often than the peer does. */
static void test_again_seconds(void **state)
{
    (void)state;
    static const struct {
        uint32_t again, interval, wait; /* s */
    } rows[] = {{10, 5, 10}, {5, 10, 10}, {7, 7, 7}};
    EACH(i, rows)
    {
        mutual p = mutual_open(TLS1_3_VERSION, rows[i].again, rows[i].interval);
        for (unsigned round = 1; round <= 3; round++) {
            int due = ratls_openssl_due(p.w.client);
            assert_true(due > 0 && due <= (int)rows[i].wait * 1000);
            clock_skip((uint32_t)due - 1);
            assert_true(ratls_openssl_due(p.w.client) <= 1);
            clock_skip(1000);
            assert_int_equal(ratls_openssl_due(p.w.client), 0);
            assert_int_equal(ratls_openssl_due(p.w.server), 0);
            settle(&p);
            assert_int_equal(enclave_quotes(p.at_client), 2 + round);
            assert_int_equal(enclave_quotes(p.at_server), 2 + round);
        }
        wire_say(&p.w, p.w.client, "still open");
        mutual_free(&p);
    }
}

static void use_stranger(SSL_CTX *ctx)
{
    ratls_error e = {.text = ""};
    ratls_verifier *v = machines_stranger(&m);
    assert_int_equal(ratls_openssl_set_verifier(ctx, &v, &e), RATLS_OK);
}

static void must_be_closed(SSL *ssl, const ratls_error *expected)
{
    char byte;
    size_t n;
    unsigned want;
    ratls_error e = {.text = ""};
    assert_false(ratls_openssl_accepted(ssl));
    assert_int_equal(ratls_openssl_error(ssl)->code, expected->code);
    assert_string_equal(ratls_openssl_error(ssl)->text, expected->text);
    assert_int_equal(ratls_openssl_read(ssl, &byte, 1, &n, &want, &e), expected->code);
    assert_int_equal(n, 0);
    assert_int_equal(ratls_openssl_write(ssl, "x", 1, &n, &want, &e), expected->code);
    assert_int_equal(n, 0);
    assert_int_equal(ratls_openssl_open(ssl, &want, &e), expected->code);
    assert_int_equal(ratls_openssl_ask(ssl, &e), expected->code);
    assert_true(pair_is_silent(ssl));
}

/* A peer that wants to be asked seldom does not get around being asked; who asks nothing does not
 * care. */
static void test_interval_that_evades(void **state)
{
    (void)state;
    static const struct {
        ratls_binding level;
        uint32_t again, interval; /* s */
        ratls_code code;
    } rows[] = {
        {RATLS_BINDING_NONE, 5, 86400, RATLS_E_UNSUPPORTED},
        {RATLS_BINDING_NONCE, 5, 61, RATLS_E_UNSUPPORTED},
        {RATLS_BINDING_SESSION, 5, 60, RATLS_OK},
        {RATLS_BINDING_SESSION, 100, 61, RATLS_OK},
        {RATLS_BINDING_KEY, 5, 86400, RATLS_OK},
    };
    enclave *e = enclave_new(&m, 0, NULL);
    EACH(k, versions)
    EACH(i, rows)
    {
        const end_spec c = {.verifier = machines_verifier_at(&m, "key"),
                            .speaks = true,
                            .session = {.level = rows[i].level, .again_seconds = rows[i].again}};
        const end_spec s = {
            .attests = e, .speaks = true, .session = {.interval_seconds = rows[i].interval}};
        wire w =
            wire_new(end_context(false, versions[k], &c), end_context(true, versions[k], &s), 0, 0);
        progress client, server;
        wire_open(&w, &client, &server);
        assert_true(client.done && server.done);
        assert_int_equal(client.code, rows[i].code);
        assert_int_equal(server.code, rows[i].code);
        if (rows[i].code != RATLS_OK)
            must_be_closed(w.client, &client.error);
        else
            assert_accepted(w.client);
        wire_free(&w);
    }
    enclave_free(e);
}

static void read_nothing(SSL *ssl)
{
    char byte;
    size_t n;
    unsigned want;
    ratls_error e = {.text = ""};
    do {
        assert_int_equal(ratls_openssl_read(ssl, &byte, 1, &n, &want, &e), RATLS_OK);
        assert_int_equal(n, 0);
    } while ((want & RATLS_WANT_EVIDENCE) != 0 && ratls_openssl_wait(ssl, RATLS_WANT_EVIDENCE, -1));
}

/* A policy that is tightened after the session began [hostile F85]: the next answer is judged by
 * it, and nothing that came after that answer is handed over. */
static void test_later_answer_refused(void **state)
{
    (void)state;
    static const bool at_client[] = {true, false};
    EACH(k, versions)
    EACH(i, at_client)
    {
        mutual p = mutual_open(versions[k], 0, 1);
        SSL *judge = at_client[i] ? p.w.client : p.w.server;
        SSL *peer = at_client[i] ? p.w.server : p.w.client;
        unsigned want;
        size_t n;
        ratls_error e = {.text = ""};
        use_stranger(at_client[i] ? p.client_ctx : p.server_ctx);
        wire_say(&p.w, peer, "connections that exist are not touched");
        clock_skip(1000);
        ask(judge, RATLS_OK, NULL);
        assert_true(ratls_openssl_accepted(judge));
        read_nothing(judge); /* the question goes out */
        assert_true(wire_move(&p.w));
        read_nothing(peer); /* and the answer */
        assert_int_equal(ratls_openssl_write(peer, "after it", 8, &n, &want, &e), RATLS_OK);
        assert_int_equal(n, 8);
        progress client, server;
        wire_settle(&p.w, &client, &server); /* no byte is handed over */
        const progress *refused = at_client[i] ? &client : &server;
        assert_int_equal(refused->code, RATLS_E_POLICY);
        assert_memory_equal(refused->error.text, "policy: MRENCLAVE ", 18);
        must_be_closed(judge, &refused->error);
        const progress *told = at_client[i] ? &server : &client;
        assert_int_equal(told->code, RATLS_E_POLICY);
        assert_string_equal(
            told->error.text,
            "ratls/1: the peer refused our evidence: genuine, but not accepted by its "
            "policy (code 7)");
        must_be_closed(peer, &told->error);
        mutual_free(&p);
    }
}

static cert_spec ca_named(const char *name)
{
    char subject[32];
    (void)snprintf(subject, sizeof subject, "CN=%s", name);
    cert_spec ca = cert_spec_of((const char *)arena_copy(bytes_of(subject, sizeof subject)).p,
                                key_named(KEY_TYPE_P256, name), SIM_NOW - SIM_DAY,
                                SIM_NOW + 365 * (int64_t)SIM_DAY);
    (void)ext_add(&ca.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(true, 0));
    (void)ext_add(&ca.ext, OID_KEY_USAGE, true, ext_usage(USAGE_CERT_SIGN));
    return ca;
}

enum { WANTS_CA = 1, RIGHT_CA = 2, WRONG_CA = 4 };

static ratls_verifier *verifier_of_ca(unsigned how, const cert_spec *right, const cert_spec *wrong)
{
    ratls_error e = {.text = ""};
    ratls_verifier *v = machines_verifier(
        &m, (how & WANTS_CA) != 0 ? "\"binding\": {\"minimum\": \"session\", \"identity\": \"ca\"}"
                                  : "\"binding\": {\"minimum\": \"session\"}");
    if ((how & (RIGHT_CA | WRONG_CA)) != 0 &&
        ratls_verifier_set_ca(v, cert_make((how & RIGHT_CA) != 0 ? right : wrong), &e) != RATLS_OK)
        fail_msg("%s", e.text);
    return v;
}

static bool has_failed(const ratls_result *r, const char *id)
{
    size_t n;
    const ratls_check *all = ratls_result_checks(r, &n);
    for (size_t i = 0; i < n; i++)
        if (bytes_is(bytes_text(all[i].id), id))
            return all[i].verdict == RATLS_FAILED;
    return false;
}

/* Another verifier judges the certificate anew: what the one before found of it, by another CA, is
 * no word of its own. */
static void test_another_ca(void **state)
{
    (void)state;
    static const struct {
        unsigned before, later;
        const char *identity; /* that the later one finds; NULL: it refuses */
    } rows[] = {
        {WANTS_CA | RIGHT_CA, WANTS_CA | RIGHT_CA, "ca"},
        {WANTS_CA | RIGHT_CA, WANTS_CA | WRONG_CA, NULL},
        {WANTS_CA | RIGHT_CA, WRONG_CA, NULL},
        {WANTS_CA | RIGHT_CA, 0, "none"},
        {RIGHT_CA, WANTS_CA | WRONG_CA, NULL},
        {0, WANTS_CA | WRONG_CA, NULL},
        {0, WANTS_CA | RIGHT_CA, "ca"},
    };
    const cert_spec right = ca_named("right CA"), wrong = ca_named("wrong CA");
    bytes pem = key_private_pem(right.key), der = cert_make(&right);
    const ratls_attester_options by_ca = {.ca_certificate = der, .ca_key_pem = pem};
    enclave *e = enclave_new(&m, 0, &by_ca);
    EACH(k, versions)
    EACH(i, rows)
    {
        const end_spec c = {.verifier = verifier_of_ca(rows[i].before, &right, &wrong),
                            .speaks = true};
        const end_spec s = {.attests = e, .speaks = true, .session = {.interval_seconds = 1}};
        SSL_CTX *judging = end_context(false, versions[k], &c);
        wire w = wire_new(judging, end_context(true, versions[k], &s), 0, 0);
        const ratls_result *r;
        progress client, server;
        ratls_error error = {.text = ""};
        wire_must_open(&w);
        r = ratls_openssl_result(w.client);
        assert_string_equal(ratls_result_identity(r),
                            (rows[i].before & RIGHT_CA) != 0 ? "ca" : "none");
        ratls_verifier *v = verifier_of_ca(rows[i].later, &right, &wrong);
        assert_int_equal(ratls_openssl_set_verifier(judging, &v, &error), RATLS_OK);
        wire_say(&w, w.server, "the last verdict stands");
        for (unsigned round = 0; round < 2; round++) {
            clock_skip(1000);
            ask(w.client, RATLS_OK, NULL);
            wire_settle(&w, &client, &server);
            r = ratls_openssl_result(w.client);
            if (rows[i].identity == NULL)
                break;
            assert_int_equal(client.code, RATLS_OK);
            assert_int_equal(server.code, RATLS_OK);
            must_have_reached(w.client, "session", "ratls/1 and tls-exporter");
            assert_string_equal(ratls_result_identity(r), rows[i].identity);
            wire_say(&w, w.client, "still open");
        }
        if (rows[i].identity == NULL) {
            assert_int_equal(client.code, RATLS_E_UNTRUSTED);
            assert_true(has_failed(r, "certificate.signature"));
            assert_false(ratls_result_accepted(r));
            must_be_closed(w.client, &client.error);
            assert_int_equal(server.code, RATLS_E_UNTRUSTED);
            must_be_closed(w.server, &server.error);
        }
        wire_free(&w);
    }
    enclave_free(e);
}

/* The answer comes too late: nobody reads or writes any more, not even who only writes. */
static void test_too_late(void **state)
{
    (void)state;
    static const bool by_writing[] = {false, true};
    EACH(i, by_writing)
    {
        mutual p = mutual_open(TLS1_3_VERSION, 0, 1);
        char byte;
        size_t n;
        unsigned want;
        ratls_error e = {.text = ""};
        ratls_code code;
        clock_skip(1000);
        enclave_hold(p.at_server, true);
        ask(p.w.client, RATLS_OK, NULL);
        wire_say(&p.w, p.w.client, "before");
        clock_skip(61000);
        assert_int_equal(ratls_openssl_due(p.w.client), 0);
        uint64_t carried = p.w.to_server;
        if (by_writing[i])
            code = ratls_openssl_write(p.w.client, "x", 1, &n, &want, &e);
        else
            code = ratls_openssl_read(p.w.client, &byte, 1, &n, &want, &e);
        assert_int_equal(code, RATLS_E_LIMIT);
        assert_string_equal(e.text, "ratls/1: the peer was too slow: its answer to our question "
                                    "did not come in time");
        must_be_closed(p.w.client, &e);
        assert_true(wire_move(&p.w) && p.w.to_server > carried); /* it is told */
        code = ratls_openssl_read(p.w.server, &byte, 1, &n, &want, &e);
        assert_int_equal(code, RATLS_E_LIMIT);
        assert_string_equal(e.text, "ratls/1: the peer closed the session: too late (code 12)");
        mutual_free(&p);
    }
}

/* The evidence can't be made any more. */
static void test_evidence_fails(void **state)
{
    (void)state;
    mutual p = mutual_open(TLS1_3_VERSION, 0, 1);
    progress client, server;
    clock_skip(1000);
    enclave_fail(p.at_server);
    ask(p.w.client, RATLS_OK, NULL);
    wire_settle(&p.w, &client, &server);
    assert_int_equal(server.code, RATLS_E_SYSTEM);
    assert_string_equal(server.error.text,
                        "ratls/1: our own evidence: enclave: the device is gone");
    assert_int_equal(client.code, RATLS_E_SYSTEM);
    assert_string_equal(client.error.text,
                        "ratls/1: the peer closed the session: its system failed, or it can make "
                        "no evidence (code 10)");
    must_be_closed(p.w.server, &server.error);
    must_be_closed(p.w.client, &client.error);
    mutual_free(&p);
}

/* Deadlines of the opening. */
static void test_opening_too_late(void **state)
{
    (void)state;
    static const struct {
        uint32_t ms;
        bool cut, held;
        const char *text;
    } rows[] = {
        {10000, true, false, "ratls/1: the peer was too slow: its hello did not come in time"},
        {60000, false, true,
         "ratls/1: the peer was too slow: its answer to our question did not come in time"},
    };
    EACH(i, rows)
    {
        enclave *e = enclave_new(&m, 0, NULL);
        progress client, server = client = (progress){.done = false};
        const end_spec s = {.attests = e, .speaks = true};
        const end_spec c = {.verifier = machines_verifier_at(&m, "session"), .speaks = true};
        wire w = wire_new(end_context(false, TLS1_3_VERSION, &c),
                          end_context(true, TLS1_3_VERSION, &s), 0, 0);
        enclave_hold(e, rows[i].held);
        /* Until the client has begun. */
        while (ratls_openssl_due(w.client) < 0) {
            (void)open_step(w.client, &client);
            if (SSL_is_init_finished(w.client) != 1)
                (void)SSL_do_handshake(w.server);
            (void)wire_move(&w);
        }
        w.cut = rows[i].cut;
        for (int k = 0; k < 10; k++) {
            (void)open_step(w.client, &client);
            (void)wire_move(&w);
            (void)open_step(w.server, &server);
        }
        assert_false(client.done);
        int due = ratls_openssl_due(w.client);
        assert_true(due > 0 && due <= (int)rows[i].ms);
        clock_skip(rows[i].ms);
        assert_true(open_step(w.client, &client));
        assert_int_equal(client.code, RATLS_E_LIMIT);
        assert_string_equal(client.error.text, rows[i].text);
        must_be_closed(w.client, &client.error);
        enclave_hold(e, false);
        wire_free(&w);
        enclave_free(e);
    }
}

/* A certificate without evidence, in the hope of an answer that never comes. */
static void test_never_answered(void **state)
{
    (void)state;
    EACH(k, versions)
    {
        progress client = {.done = false};
        const end_spec c = {.verifier = machines_verifier_at(&m, "session"), .speaks = true};
        SSL_CTX *silent = bare_context(true, versions[k], ordinary_identity(NULL), "ratls/1");
        wire w = wire_new(end_context(false, versions[k], &c), silent, 0, 0);
        middle_end peer = middle_of(w.server);
        for (int i = 0; i < 10; i++) {
            (void)open_step(w.client, &client);
            (void)wire_move(&w);
            (void)middle_read(&peer);
            if (middle_take(&peer) != NULL)
                middle_write(&peer, middle_hello(true, BYTES_NONE));
            (void)wire_move(&w);
        }
        assert_false(client.done);
        assert_false(ratls_openssl_accepted(w.client));
        assert_true(pair_is_silent(w.client));
        int due = ratls_openssl_due(w.client);
        assert_true(due > 10000 && due <= 60000);
        clock_skip(60000);
        assert_true(open_step(w.client, &client));
        assert_int_equal(client.code, RATLS_E_LIMIT);
        assert_string_equal(client.error.text,
                            "ratls/1: the peer was too slow: its answer to our question did not "
                            "come in time");
        must_be_closed(w.client, &client.error);
        wire_free(&w);
    }
}

/* One direction of a transfer. */
typedef struct flow {
    SSL *from, *to;
    size_t sent, came;
    bool wrong;
} flow;

enum { FLOW = 400000, PIECE = 50000 };

static uint8_t byte_at(size_t i)
{
    return (uint8_t)(i * 31 + (i >> 8));
}

static bool flow_step(flow *f)
{
    uint8_t piece[PIECE];
    size_t n = FLOW - f->sent < PIECE ? FLOW - f->sent : PIECE, written = 0, came = 0;
    unsigned want;
    ratls_error e = {.text = ""};
    for (size_t i = 0; i < n; i++)
        piece[i] = byte_at(f->sent + i);
    if (n > 0 && ratls_openssl_write(f->from, piece, n, &written, &want, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    assert_true(n == 0 || written > 0 || want != 0);
    f->sent += written;
    if (ratls_openssl_read(f->to, piece, sizeof piece, &came, &want, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    assert_true(came > 0 || want != 0);
    for (size_t i = 0; i < came; i++)
        f->wrong = f->wrong || piece[i] != byte_at(f->came + i);
    f->came += came;
    return written + came > 0;
}

/* What could not be written is written again, from another place; what is half read goes on. Both
 * ask and answer meanwhile. */
static void test_flows(void **state)
{
    (void)state;
    static const size_t rooms[] = {0, 5000, 300};
    enclave *e = enclave_new(&m, 0, NULL), *f = enclave_new(&m, 1, NULL);
    EACH(k, versions)
    EACH(r, rooms)
    {
        ratls_error error = {.text = ""};
        const end_spec s = {.attests = e,
                            .verifier = machines_verifier_at(&m, "session"),
                            .speaks = true,
                            .session = {.interval_seconds = 1}};
        const end_spec c = {.attests = f,
                            .verifier = machines_verifier_at(&m, "nonce"),
                            .speaks = true,
                            .session = {.interval_seconds = 1}};
        wire w = wire_new(end_context(false, versions[k], &c), end_context(true, versions[k], &s),
                          rooms[r], 0);
        wire_must_open(&w);
        unsigned asked = 0;
        flow there = {.from = w.client, .to = w.server}, back = {.from = w.server, .to = w.client};
        int quiet = 0;
        while ((there.came < FLOW || back.came < FLOW) && quiet < 100) {
            bool moved = flow_step(&there);
            moved = flow_step(&back) || moved;
            moved = wire_move(&w) || moved;
            quiet = moved ? 0 : quiet + 1;
            /* No question is open: so late that another may be put. */
            if (asked < 20 && ratls_openssl_due(w.client) < 0 && ratls_openssl_due(w.server) < 0) {
                clock_skip(1000);
                asked += ratls_openssl_ask(w.client, &error) == RATLS_OK;
                asked += ratls_openssl_ask(w.server, &error) == RATLS_OK;
            }
        }
        assert_int_equal(there.came, FLOW);
        assert_int_equal(back.came, FLOW);
        assert_false(there.wrong || back.wrong);
        assert_true(asked >= 2); /* more, if quotes are made in time */
        must_have_reached(w.client, "nonce", "ratls/1");
        must_have_reached(w.server, "session", "ratls/1 and tls-exporter");
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
        cmocka_unit_test(test_ask),
        cmocka_unit_test(test_again_seconds),
        cmocka_unit_test(test_interval_that_evades),
        cmocka_unit_test(test_later_answer_refused),
        cmocka_unit_test(test_another_ca),
        cmocka_unit_test(test_too_late),
        cmocka_unit_test(test_evidence_fails),
        cmocka_unit_test(test_opening_too_late),
        cmocka_unit_test(test_never_answered),
        cmocka_unit_test(test_flows),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
