/* How a session of ratls/1 opens, and what it is then [doc/BINDING.md, The opening]. */
#include "testing.h"

#include "appraise/result.h"
#include "session/session.h"
#include "session_pair.h"
#include "sim_dir.h"

#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)

static ratls_verifier *accepts[RATLS_TEE_TDX + 1];
static ratls_attester *answers[RATLS_TEE_TDX + 1];

static int setup(void **state)
{
    int status = session_setup(state);
    for (ratls_tee tee = RATLS_TEE_SGX; status == 0 && tee <= RATLS_TEE_TDX; tee++) {
        accepts[tee] = session_verifier(tee, "");
        answers[tee] = session_attester(tee, false);
    }
    return status;
}

typedef struct opening {
    bool client_asks, server_asks;
    ratls_binding level;
    bool client_unframed, server_unframed;
    ratls_tee tee; /* of the server; the client's is the other one */
    size_t chunk;
} opening;

static session_pair pair_of(const opening *o)
{
    session_pair p = session_pair_of();
    ratls_tee other = o->tee == RATLS_TEE_SGX ? RATLS_TEE_TDX : RATLS_TEE_SGX;
    if (o->client_asks)
        session_ask_for(&p.client, accepts[o->tee], o->level);
    if (o->server_asks)
        session_ask_for(&p.server, accepts[other], o->level);
    p.client.o.attester = answers[other];
    p.server.o.attester = answers[o->tee];
    p.client.o.unframed = o->client_unframed;
    p.server.o.unframed = o->server_unframed;
    p.client.chunk = p.server.chunk = o->chunk;
    return p;
}

static void must_have_reached(const session_end *e, bool asked, ratls_binding level, ratls_tee tee)
{
    assert_null(ratls_session_error(e->s));
    assert_int_equal(ratls_session_level(e->s), asked ? level : RATLS_BINDING_NONE);
    if (!asked)
        return;
    bool bound = level == RATLS_BINDING_SESSION;
    assert_true(ratls_result_accepted(e->result) && ratls_result_evidence_valid(e->result));
    assert_string_equal(ratls_result_binding_level(e->result), bound ? "session" : "nonce");
    assert_string_equal(ratls_result_binding_by(e->result),
                        bound ? "ratls/1 and tls-exporter" : "ratls/1");
    assert_string_equal(ratls_result_identity(e->result), "none");
    assert_true(ratls_result_time(e->result) == SIM_NOW);
    assert_int_equal(ratls_result_facts(e->result)->tee, tee);
}

/* An open session holds its own memory and nothing else. */
static void must_hold_little(const session_end *e)
{
    assert_true(sizeof *e->s < 4096);
    assert_true(e->s->in.big == NULL && e->s->answer == NULL && e->s->job == NULL);
    assert_int_equal(ratls_session_pending(e->s).n, 0);
    assert_false(ratls_session_is_making(e->s));
    assert_true(ratls_session_wait(e->s, 0));
    assert_true(ratls_session_due(e->s) == UINT64_MAX);
}

static void must_talk(session_end *from, session_end *to, const char *text)
{
    size_t before = to->got.n;
    assert_int_equal(session_give(to, session_data(from, text)), RATLS_OK);
    assert_true(bytes_is(bytes_of(to->got.p + before, to->got.n - before), text));
}

static void open_one(const opening *o)
{
    session_pair p = pair_of(o);
    ratls_tee other = o->tee == RATLS_TEE_SGX ? RATLS_TEE_TDX : RATLS_TEE_SGX;
    bool framed = !o->client_unframed && !o->server_unframed;
    session_pair_begin(&p);
    assert_int_equal(ratls_session_wants(p.server.s), FRAME_HEAD);
    session_pair_run(&p);
    assert_true(session_pair_is_open(&p));
    must_have_reached(&p.client, o->client_asks, o->level, o->tee);
    must_have_reached(&p.server, o->server_asks, o->level, other);
    must_hold_little(&p.client);
    must_hold_little(&p.server);
    assert_int_equal(ratls_session_is_framed(p.client.s), framed);
    assert_int_equal(ratls_session_is_framed(p.server.s), framed);
    assert_int_equal(ratls_session_wants(p.client.s), framed ? FRAME_HEAD : 0);
    assert_int_equal(ratls_session_wants(p.server.s), framed ? FRAME_HEAD : 0);
    assert_null(ratls_session_protocol(p.client.s));
    if (framed) {
        must_talk(&p.client, &p.server, "GET / HTTP/1.1");
        must_talk(&p.server, &p.client, "HTTP/1.1 200 OK");
    }
    /* What follows a frame is not touched if there are no more frames. */
    assert_int_equal(session_give(&p.client, bytes_text("GET")), RATLS_OK);
    assert_int_equal(p.client.left, framed ? 0 : 3);
    assert_int_equal(session_hang_up(&p.server), RATLS_OK);
    assert_true(session_is(&p.server, RATLS_SESSION_CLOSED));
    assert_null(ratls_session_error(p.server.s));
    assert_int_equal(session_hang_up(&p.server), RATLS_OK);
    session_pair_free(&p);
}

static void every_opening(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 128; i++) {
        arena_mark mark = arena_here();
        const opening o = {.client_asks = (i & 1) != 0,
                           .server_asks = (i & 2) != 0,
                           .level = (i & 4) != 0 ? RATLS_BINDING_NONCE : RATLS_BINDING_SESSION,
                           .client_unframed = (i & 8) != 0,
                           .server_unframed = (i & 16) != 0,
                           .tee = (i & 32) != 0 ? RATLS_TEE_TDX : RATLS_TEE_SGX,
                           .chunk = (i & 64) != 0 ? 1 : SIZE_MAX};
        open_one(&o);
        arena_back(mark);
    }
}

/* What is sent, in this order; it does not depend on who is first with its evidence. */
static void what_a_mutual_opening_sends(void **state)
{
    (void)state;
    const opening o = {.client_asks = true,
                       .server_asks = true,
                       .level = RATLS_BINDING_SESSION,
                       .tee = RATLS_TEE_SGX,
                       .chunk = SIZE_MAX};
    session_pair p = pair_of(&o);
    session_pair_begin(&p);
    session_pair_run(&p);
    for (unsigned side = 0; side < 2; side++) {
        bytes said = buf_bytes(side == 0 ? &p.client.said : &p.server.said);
        reader r = rd_of(said);
        char types[8];
        size_t n = 0;
        while (rd_left(&r) > 0 && n < sizeof types - 1) {
            types[n++] = (char)('0' + rd_u8(&r));
            size_t length = (size_t)rd_be(&r, 3);
            (void)rd_take(&r, length);
        }
        types[n] = '\0';
        assert_true(rd_done(&r));
        assert_true(strcmp(types, "134") == 0 || strcmp(types, "143") == 0);
    }
    session_pair_free(&p);
}

/* The level is the highest unless another is named. */
static void the_level_asked_for(void **state)
{
    (void)state;
    session_end e = session_end_of(false);
    session_ask_for(&e, accepts[RATLS_TEE_SGX], RATLS_BINDING_NONE);
    session_talk t = session_talk_of(e, RATLS_TEE_SGX, NULL);
    assert_int_equal(t.asked.level, RATLS_BINDING_SESSION);
    assert_int_equal(session_give(&t.v, session_talk_answer(&t)), RATLS_OK);
    assert_true(bytes_equal(session_take(&t.v), session_verdict(0)));
    assert_int_equal(ratls_session_level(t.v.s), RATLS_BINDING_SESSION);
    session_talk_free(&t);
}

/* Level nonce needs no exporter value; session does, on both sides. */
static void without_an_exporter_value(void **state)
{
    (void)state;
    const opening o = {
        .client_asks = true, .level = RATLS_BINDING_NONCE, .tee = RATLS_TEE_SGX, .chunk = SIZE_MAX};
    session_pair p = pair_of(&o);
    p.client.o.exporter = p.server.o.exporter = BYTES_NONE;
    session_pair_begin(&p);
    session_pair_run(&p);
    assert_true(session_pair_is_open(&p));
    session_pair_free(&p);

    /* C51: the stack has none, TLS 1.2 without extended master secret for instance. */
    session_end e = session_end_of(false);
    session_ask_for(&e, accepts[RATLS_TEE_SGX], RATLS_BINDING_SESSION);
    e.o.exporter = BYTES_NONE;
    assert_int_equal(session_try_begin(&e), RATLS_E_UNSUPPORTED);
    assert_true(e.s == NULL && strstr(e.e.text, "no exporter value") != NULL);
    session_end_free(&e);

    p = pair_of(&o);
    p.client.o.level = RATLS_BINDING_SESSION;
    p.server.o.exporter = BYTES_NONE;
    session_pair_begin(&p);
    assert_int_equal(session_give(&p.server, session_take(&p.client)), RATLS_E_UNSUPPORTED);
    bytes said = session_take(&p.server);
    assert_true(bytes_equal(said, join(session_find(said, FRAME_HELLO), session_close_frame(2))));
    session_must_refuse(&p.server, "no exporter value", RATLS_E_UNSUPPORTED, "no exporter value",
                        BYTES_NONE);
    session_pair_free(&p);
}

static void what_cannot_begin(void **state)
{
    (void)state;
    static const char *const many[] = {"1", "2", "3", "4", "5", "6", "7", "8", "9"};
    static const char *const longest[] = {"12345678901234567890123456789012"};
    static const char *const longer[] = {"123456789012345678901234567890123"};
    static const char *const empty[] = {""};
    const struct {
        const char *what;
        const char *const *protocols;
        size_t protocols_n;
        uint32_t interval;
        bool no_key;
        ratls_code code;
        const char *words;
    } cases[] = {
        {"eight protocols", many, 8, 0, false, RATLS_OK, NULL},
        {"nine protocols", many, 9, 0, false, RATLS_E_LIMIT, "9 application protocols, at most 8"},
        {"a protocol of 32", longest, 1, 0, false, RATLS_OK, NULL},
        {"a protocol of 33", longer, 1, 0, false, RATLS_E_LIMIT, "has 33 bytes, expected 1 to 32"},
        {"a protocol of none", empty, 1, 0, false, RATLS_E_LIMIT, "has 0 bytes"},
        {"a day", NULL, 0, 86400, false, RATLS_OK, NULL},
        {"a day and a second", NULL, 0, 86401, false, RATLS_E_LIMIT,
         "86401 seconds, at most 86400"},
        {"a peer without a key", NULL, 0, 0, true, RATLS_E_MISSING, "showed no certificate"},
    };
    EACH(i, cases)
    for (unsigned server = 0; server < 2; server++) {
        session_end e = session_end_of(server != 0);
        session_ask_for(&e, accepts[RATLS_TEE_SGX], RATLS_BINDING_SESSION);
        e.o.protocols = cases[i].protocols;
        e.o.protocols_n = cases[i].protocols_n;
        e.o.interval_seconds = cases[i].interval;
        if (cases[i].no_key)
            e.o.peer_key = BYTES_NONE;
        ratls_code code = session_try_begin(&e);
        if (code != cases[i].code)
            fail_msg("%s: %s", cases[i].what, ratls_code_name(code));
        assert_true((e.s != NULL) == (code == RATLS_OK));
        if (code != RATLS_OK && strstr(e.e.text, cases[i].words) == NULL)
            fail_msg("%s: %s", cases[i].what, e.e.text);
        session_end_free(&e);
    }
}

/* Of a client that offers all it may, and asks. */
static void the_longest_hello(void **state)
{
    (void)state;
    static const char *const longest[] = {
        "12345678901234567890123456789012", "22345678901234567890123456789012",
        "32345678901234567890123456789012", "42345678901234567890123456789012",
        "52345678901234567890123456789012", "62345678901234567890123456789012",
        "72345678901234567890123456789012", "82345678901234567890123456789012"};
    const opening o = {.client_asks = true,
                       .server_asks = true,
                       .level = RATLS_BINDING_SESSION,
                       .tee = RATLS_TEE_TDX,
                       .chunk = SIZE_MAX};
    session_pair p = pair_of(&o);
    p.client.o.protocols = longest;
    p.client.o.protocols_n = 8;
    p.client.o.interval_seconds = 86400;
    p.server.o.protocols = longest + 7;
    p.server.o.protocols_n = 1;
    session_pair_begin(&p);
    session_pair_run(&p);
    assert_true(session_pair_is_open(&p));
    assert_string_equal(ratls_session_protocol(p.client.s), longest[7]);
    assert_string_equal(ratls_session_protocol(p.server.s), longest[7]);
    session_pair_free(&p);
}

/* As in ALPN, but that the client's order decides. */
static void protocols_are_agreed_on(void **state)
{
    (void)state;
    static const char *const h2[] = {"h2"}, *const http[] = {"http/1.1"},
                             *const both[] = {"h2", "http/1.1"},
                             *const other_order[] = {"http/1.1", "h2"};
    static const struct {
        const char *const *client;
        size_t client_n;
        const char *const *server;
        size_t server_n;
        const char *agreed; /* NULL: none */
        bool refused;
    } cases[] = {
        {NULL, 0, NULL, 0, NULL, false},
        {NULL, 0, both, 2, NULL, false},
        {both, 2, both, 2, "h2", false},
        {both, 2, other_order, 2, "h2", false},
        {other_order, 2, both, 2, "http/1.1", false},
        {both, 2, http, 1, "http/1.1", false},
        {h2, 1, http, 1, NULL, true},
        {both, 2, NULL, 0, NULL, true},
    };
    EACH(i, cases)
    {
        session_pair p = session_pair_of();
        p.client.o.protocols = cases[i].client;
        p.client.o.protocols_n = cases[i].client_n;
        p.server.o.protocols = cases[i].server;
        p.server.o.protocols_n = cases[i].server_n;
        session_pair_begin(&p);
        session_pair_run(&p);
        assert_int_equal(session_pair_is_open(&p), !cases[i].refused);
        if (cases[i].refused) {
            session_must_refuse(&p.server, "protocols", RATLS_E_UNSUPPORTED,
                                "application protocols of the client is known here", BYTES_NONE);
            assert_true(bytes_equal(buf_bytes(&p.server.said), session_close_frame(2)));
            session_must_refuse(&p.client, "protocols", RATLS_E_UNSUPPORTED,
                                "closed the session before it was open: unsupported", BYTES_NONE);
        } else if (cases[i].agreed != NULL) {
            assert_string_equal(ratls_session_protocol(p.client.s), cases[i].agreed);
            assert_string_equal(ratls_session_protocol(p.server.s), cases[i].agreed);
        } else {
            assert_true(ratls_session_protocol(p.client.s) == NULL &&
                        ratls_session_protocol(p.server.s) == NULL);
        }
        session_pair_free(&p);
    }
}

/* A server that chooses what it may not. */
static void choices_of_a_server(void **state)
{
    (void)state;
    static const char *const offered[] = {"h2", "http/1.1"};
    static const struct {
        const char *what;
        size_t offered_n, chosen_n;
        const char *chosen[2];
        ratls_code code;
    } cases[] = {
        {"one of two", 2, 1, {"http/1.1"}, RATLS_OK},
        {"none of none", 0, 0, {NULL}, RATLS_OK},
        {"two", 2, 2, {"h2", "http/1.1"}, RATLS_E_MALFORMED},
        {"none of two", 2, 0, {NULL}, RATLS_E_MALFORMED},
        {"not offered", 1, 1, {"http/1.1"}, RATLS_E_MALFORMED},
        {"one of none", 0, 1, {"h2"}, RATLS_E_MALFORMED},
        {"a prefix", 2, 1, {"http/1"}, RATLS_E_MALFORMED},
    };
    EACH(i, cases)
    {
        session_end e = session_end_of(false);
        hello h = {.server = true, .framing = true, .protocols_n = cases[i].chosen_n};
        for (size_t k = 0; k < cases[i].chosen_n; k++)
            h.protocols[k] = bytes_text(cases[i].chosen[k]);
        e.o.protocols = offered;
        e.o.protocols_n = cases[i].offered_n;
        session_begin(&e);
        (void)session_take(&e);
        assert_int_equal(session_give(&e, session_hello(&h)), cases[i].code);
        if (cases[i].code == RATLS_OK)
            assert_true(session_is(&e, RATLS_SESSION_OPEN));
        else
            session_must_refuse(&e, cases[i].what, RATLS_E_MALFORMED, "the server chose",
                                session_close_frame(1));
        session_end_free(&e);
    }
}

/* What was found out about the certificate. */
static void the_handshake_is_taken_over(void **state)
{
    (void)state;
    for (unsigned same = 0; same < 2; same++) {
        const opening o = {.client_asks = true,
                           .level = RATLS_BINDING_SESSION,
                           .tee = RATLS_TEE_SGX,
                           .chunk = SIZE_MAX};
        session_pair p = pair_of(&o);
        ratls_result *handshake = ratls_result_new();
        handshake->identity.ca = true;
        p.client.o.handshake = handshake;
        if (same != 0) {
            ratls_result_free(&p.client.result);
            p.client.o.result = p.client.result = handshake;
        }
        p.client.o.verifier =
            session_verifier(RATLS_TEE_SGX, "\"binding\": {\"minimum\": \"session\", "
                                            "\"identity\": \"ca\"}");
        session_pair_begin(&p);
        session_pair_run(&p);
        assert_true(session_pair_is_open(&p));
        assert_string_equal(ratls_result_identity(p.client.result), "ca");
        session_pair_free(&p);
        if (same == 0)
            ratls_result_free(&handshake);
    }
}

/* Without collateral of its own the verifier takes what comes with the answer. */
static void stapled_collateral_is_used(void **state)
{
    (void)state;
    for (ratls_tee tee = RATLS_TEE_SGX; tee <= RATLS_TEE_TDX; tee++)
        for (unsigned staple = 0; staple < 2; staple++) {
            const opening o = {.client_asks = true,
                               .level = RATLS_BINDING_SESSION,
                               .tee = tee,
                               .chunk = 1 + 999 * staple};
            session_pair p = pair_of(&o);
            p.client.o.verifier = session_verifier_bare(tee, "\"insecure_stapled_crls\": true");
            p.server.o.attester = session_attester(tee, staple != 0);
            session_pair_begin(&p);
            session_pair_run(&p);
            if (staple != 0) {
                assert_true(session_pair_is_open(&p));
                const ratls_facts *facts = ratls_result_facts(p.client.result);
                for (unsigned i = 0; i < 4; i++)
                    assert_int_equal(facts->collateral_from[i], RATLS_ORIGIN_STAPLED);
            } else {
                session_must_refuse(&p.client, "no collateral", RATLS_E_MISSING, "collateral",
                                    BYTES_NONE);
                session_must_refuse(&p.server, "no collateral", RATLS_E_MISSING,
                                    "the peer refused our evidence: something needed is missing "
                                    "(code 8)",
                                    BYTES_NONE);
            }
            session_pair_free(&p);
        }
}

/* The verdict of a platform that is known is that of the first time, with other nonces and claims.
 */
static void a_known_platform_opens_again(void **state)
{
    (void)state;
    const opening o = {.client_asks = true,
                       .level = RATLS_BINDING_SESSION,
                       .tee = RATLS_TEE_TDX,
                       .chunk = SIZE_MAX};
    session_pair first = pair_of(&o), second = pair_of(&o);
    session_pair_begin(&first);
    session_pair_run(&first);
    session_pair_begin(&second);
    session_pair_run(&second);
    assert_true(session_pair_is_open(&first) && session_pair_is_open(&second));
    size_t n, m;
    const ratls_check *a = ratls_result_checks(first.client.result, &n);
    const ratls_check *b = ratls_result_checks(second.client.result, &m);
    assert_int_equal(n, m);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(a[i].verdict, b[i].verdict);
        assert_string_equal(a[i].id, b[i].id);
    }
    assert_false(bytes_equal(session_find(buf_bytes(&first.client.said), FRAME_HELLO),
                             session_find(buf_bytes(&second.client.said), FRAME_HELLO)));
    session_pair_free(&first);
    session_pair_free(&second);
}

/* The longest and the shortest data frame, cut and not. */
static void data_frames_at_their_limits(void **state)
{
    (void)state;
    static char text[FRAME_DATA_MAX + 1];
    memset(text, 'x', FRAME_DATA_MAX);
    for (size_t chunk = 1; chunk <= 1000; chunk += 999) {
        const opening o = {.chunk = chunk};
        session_pair p = pair_of(&o);
        session_pair_begin(&p);
        session_pair_run(&p);
        assert_false(ratls_session_expects_data(p.server.s));
        must_talk(&p.client, &p.server, text);
        must_talk(&p.client, &p.server, "x");
        /* Within one, all that is wanted is data. */
        bytes frame = session_data(&p.client, "hello");
        assert_int_equal(session_give(&p.server, bytes_of(frame.p, FRAME_HEAD)), RATLS_OK);
        assert_true(ratls_session_expects_data(p.server.s));
        assert_int_equal(ratls_session_wants(p.server.s), 5);
        assert_int_equal(session_give(&p.server, bytes_of(frame.p + FRAME_HEAD, 2)), RATLS_OK);
        assert_int_equal(ratls_session_wants(p.server.s), 3);
        assert_int_equal(session_hang_up(&p.server), RATLS_E_MALFORMED);
        assert_non_null(strstr(p.server.e.text, "ended the connection within a frame"));
        session_pair_free(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_opening),
        cmocka_unit_test(what_a_mutual_opening_sends),
        cmocka_unit_test(the_level_asked_for),
        cmocka_unit_test(without_an_exporter_value),
        cmocka_unit_test(what_cannot_begin),
        cmocka_unit_test(the_longest_hello),
        cmocka_unit_test(protocols_are_agreed_on),
        cmocka_unit_test(choices_of_a_server),
        cmocka_unit_test(the_handshake_is_taken_over),
        cmocka_unit_test(stapled_collateral_is_used),
        cmocka_unit_test(a_known_platform_opens_again),
        cmocka_unit_test(data_frames_at_their_limits),
    };
    return cmocka_run_group_tests(tests, setup, session_teardown);
}
