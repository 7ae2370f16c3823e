/* Questions on a session that is open [doc/BINDING.md, The opening]. */
#include "testing.h"

#include "crypto/crypto.h"
#include "session/session.h"
#include "session_pair.h"
#include "sim_dir.h"
#include "x509_maker.h"

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

/* A mutual one that is open; both want `interval` seconds. */
static session_pair open_pair(ratls_binding level, uint32_t interval, uint32_t again)
{
    session_pair p = session_pair_of();
    session_ask_for(&p.client, accepts[RATLS_TEE_SGX], level);
    session_ask_for(&p.server, accepts[RATLS_TEE_TDX], level);
    p.client.o.attester = answers[RATLS_TEE_TDX];
    p.server.o.attester = answers[RATLS_TEE_SGX];
    p.client.o.interval_seconds = p.server.o.interval_seconds = interval;
    p.client.o.again_seconds = again;
    session_pair_begin(&p);
    session_pair_run(&p);
    assert_true(session_pair_is_open(&p));
    return p;
}

static void later(session_pair *p, uint32_t seconds)
{
    session_pair_later(p, (uint64_t)seconds * 1000);
    p->client.now.time += seconds;
    p->server.now.time += seconds;
}

static void ask(session_end *e)
{
    if (ratls_session_ask(e->s, e->now, &e->e) != RATLS_OK)
        fail_msg("%s", e->e.text);
}

static void talk(session_end *from, session_end *to)
{
    size_t before = to->got.n;
    assert_int_equal(session_give(to, session_data(from, "data")), RATLS_OK);
    assert_int_equal(to->got.n, before + 4);
}

/* Data goes between question, answer and verdict, and the level stands meanwhile. */
static void ask_and_talk(session_pair *p, session_end *asks, session_end *is_asked)
{
    ask(asks);
    assert_true(ratls_session_due(asks->s) <= asks->now.ms + 60000);
    assert_int_equal(session_give(is_asked, session_take(asks)), RATLS_OK);
    assert_true(ratls_session_is_making(is_asked->s));
    talk(asks, is_asked);
    talk(is_asked, asks);
    assert_int_equal(ratls_session_level(asks->s), asks->o.level);
    assert_int_equal(session_step(is_asked), RATLS_OK);
    assert_false(ratls_session_is_making(is_asked->s));
    talk(asks, is_asked);
    bytes right = session_take(is_asked);
    assert_int_equal(right.p[0], FRAME_ANSWER);
    assert_int_equal(session_give(asks, bytes_of(right.p, 100)), RATLS_OK);
    talk(asks, is_asked);
    assert_int_equal(session_give(asks, bytes_of(right.p + 100, right.n - 100)), RATLS_OK);
    bytes verdict = session_take(asks);
    assert_true(bytes_equal(verdict, session_verdict(0)));
    talk(is_asked, asks);
    assert_int_equal(session_give(is_asked, verdict), RATLS_OK);
    assert_true(session_pair_is_open(p));
    assert_true(ratls_result_accepted(asks->result));
    assert_true(ratls_result_time(asks->result) == asks->now.time);
}

/* Several rounds of each side, whose transcripts are chains of their own. */
static void rounds_of_both_sides(void **state)
{
    (void)state;
    static const char *const orders[] = {"cscscs", "cccsss", "sssccc", "ccscss"};
    for (unsigned k = 0; k < 2; k++)
        EACH(i, orders)
        {
            session_pair p = open_pair(k == 0 ? RATLS_BINDING_SESSION : RATLS_BINDING_NONCE, 5, 0);
            for (const char *who = orders[i]; *who != '\0'; who++) {
                later(&p, 5);
                if (*who == 'c')
                    ask_and_talk(&p, &p.client, &p.server);
                else
                    ask_and_talk(&p, &p.server, &p.client);
            }
            session_pair_free(&p);
        }
}

static void both_at_once(void **state)
{
    (void)state;
    session_pair p = open_pair(RATLS_BINDING_SESSION, 5, 0);
    for (unsigned i = 0; i < 3; i++) {
        later(&p, 5);
        ask(&p.client);
        ask(&p.server);
        session_pair_run(&p);
        assert_true(session_pair_is_open(&p));
        assert_true(ratls_result_time(p.client.result) == p.client.now.time);
        assert_true(ratls_result_time(p.server.result) == p.server.now.time);
        assert_true(ratls_session_due(p.client.s) == UINT64_MAX);
    }
    session_pair_free(&p);
}

/* An error of ratls_session_ask changes nothing. */
static void refused_to_ask(session_end *e, ratls_code code, const char *words)
{
    ratls_session_state before = ratls_session_state_of(e->s);
    uint64_t due = ratls_session_due(e->s);
    assert_int_equal(ratls_session_ask(e->s, e->now, &e->e), code);
    if (strstr(e->e.text, words) == NULL)
        fail_msg("%s", e->e.text);
    assert_int_equal(ratls_session_state_of(e->s), before);
    assert_int_equal(ratls_session_pending(e->s).n, 0);
    assert_true(ratls_session_due(e->s) == due);
}

static void who_may_not_ask(void **state)
{
    (void)state;
    session_pair p = open_pair(RATLS_BINDING_SESSION, 5, 0);
    session_pair_later(&p, 4999);
    refused_to_ask(&p.client, RATLS_E_LIMIT,
                   "the peer wants 5 s between two answers, its last one was 4 s ago");
    session_pair_later(&p, 1);
    ask(&p.client);
    (void)session_take(&p.client);
    refused_to_ask(&p.client, RATLS_E_LIMIT, "the last question to the peer is not answered yet");
    assert_int_equal(session_hang_up(&p.client), RATLS_OK);
    refused_to_ask(&p.client, RATLS_E_MALFORMED, "has ended");
    session_pair_free(&p);

    p = session_pair_of();
    session_pair_begin(&p);
    session_pair_run(&p);
    refused_to_ask(&p.client, RATLS_E_UNSUPPORTED, "there is no verifier");
    session_pair_free(&p);

    p = session_pair_of();
    session_ask_for(&p.client, accepts[RATLS_TEE_SGX], RATLS_BINDING_SESSION);
    p.server.o.attester = answers[RATLS_TEE_SGX];
    p.server.o.unframed = true;
    session_pair_begin(&p);
    (void)session_give(&p.server, session_take(&p.client));
    (void)session_give(&p.client, session_take(&p.server));
    refused_to_ask(&p.client, RATLS_E_UNSUPPORTED, "the stream has no frames");
    session_pair_run(&p);
    session_pair_later(&p, 86400000);
    refused_to_ask(&p.client, RATLS_E_UNSUPPORTED, "the stream has no frames");
    session_pair_free(&p);
}

/* Not open yet: the first question is on its way. */
static void not_before_it_is_open(void **state)
{
    (void)state;
    session_end e = session_end_of(false);
    session_ask_for(&e, accepts[RATLS_TEE_SGX], RATLS_BINDING_SESSION);
    session_begin(&e);
    (void)session_take(&e);
    refused_to_ask(&e, RATLS_E_LIMIT, "not answered yet");
    session_end_free(&e);
}

static void the_interval_in_the_hello(void **state)
{
    (void)state;
    static const uint32_t wants[][2] = {{0, 60}, {1, 1}, {60, 60}, {86400, 86400}};
    EACH(i, wants)
    {
        hello h;
        ratls_error e;
        session_end c = session_end_of(false);
        c.o.interval_seconds = wants[i][0];
        session_begin(&c);
        bytes frame = session_take(&c);
        assert_int_equal(hello_parse(bytes_of(frame.p + 4, frame.n - 4), &h, &e), RATLS_OK);
        assert_int_equal(h.interval, wants[i][1]);
        session_end_free(&c);
    }
}

/* Both measure it; a second is granted to who asks. */
static void who_asks_too_soon(void **state)
{
    (void)state;
    for (uint32_t ms = 3999; ms <= 4001; ms++) {
        session_talk t;
        session_end e = session_end_of(true);
        const hello h = {
            .framing = true, .asks = true, .challenge = session_question(1, RATLS_BINDING_NONCE)};
        e.o.attester = answers[RATLS_TEE_SGX];
        e.o.interval_seconds = 5;
        t = session_talk_of(e, RATLS_TEE_SGX, &h);
        assert_int_equal(session_step(&t.v), RATLS_OK);
        (void)session_take(&t.v);
        /* The verdict is slow, and that counts. */
        t.v.now.ms += 3000;
        assert_int_equal(session_give(&t.v, session_verdict(0)), RATLS_OK);
        t.v.now.ms += ms - 3000;
        const challenge c = session_question(2, RATLS_BINDING_NONCE);
        ratls_code code = session_give(&t.v, session_challenge(&c));
        assert_int_equal(code, ms < 4000 ? RATLS_E_LIMIT : RATLS_OK);
        if (code != RATLS_OK)
            session_must_refuse(&t.v, "too soon", RATLS_E_LIMIT,
                                "asked again too soon, expected 5 s between two answers",
                                session_close_frame(13));
        session_talk_free(&t);
    }
}

/* Who was not asked in the hello may be asked at once. */
static void the_first_answer_needs_no_interval(void **state)
{
    (void)state;
    session_end e = session_end_of(true);
    e.o.attester = answers[RATLS_TEE_SGX];
    session_talk t = session_talk_of(e, RATLS_TEE_SGX, NULL);
    const challenge c = session_question(2, RATLS_BINDING_NONCE);
    assert_int_equal(session_give(&t.v, session_challenge(&c)), RATLS_OK);
    assert_int_equal(session_step(&t.v), RATLS_OK);
    (void)session_find(session_take(&t.v), FRAME_ANSWER);
    session_talk_free(&t);
}

/* Asked by the session itself, when both sides' intervals allow it. */
static void asked_at_intervals(void **state)
{
    (void)state;
    static const struct {
        uint32_t again, interval, due;
    } cases[] = {{10, 5, 10}, {5, 10, 10}, {10, 10, 10}, {1, 1, 1}, {86400, 1, 86400}};
    EACH(i, cases)
    {
        session_pair p = open_pair(RATLS_BINDING_SESSION, cases[i].interval, cases[i].again);
        for (unsigned round = 0; round < 3; round++) {
            uint64_t due = p.client.now.ms + (uint64_t)cases[i].due * 1000;
            assert_true(ratls_session_due(p.client.s) == due);
            assert_true(ratls_session_due(p.server.s) == UINT64_MAX);
            p.client.now.ms = p.server.now.ms = due - 1;
            assert_int_equal(session_step(&p.client), RATLS_OK);
            assert_int_equal(ratls_session_pending(p.client.s).n, 0);
            session_pair_later(&p, 1);
            p.client.now.time++;
            assert_int_equal(session_step(&p.client), RATLS_OK);
            assert_int_equal(ratls_session_pending(p.client.s).p[0], FRAME_CHALLENGE);
            assert_true(ratls_session_due(p.client.s) == due + 60000);
            session_pair_run(&p);
            assert_true(session_pair_is_open(&p));
            assert_true(ratls_result_time(p.client.result) == p.client.now.time);
        }
        session_pair_free(&p);
    }
}

/* Who has to ask again does not take a peer without frames. */
static void intervals_need_frames(void **state)
{
    (void)state;
    for (unsigned server = 0; server < 2; server++)
        for (unsigned asks = 0; asks < 2; asks++) {
            session_end e = session_end_of(server != 0);
            const hello unframed = {.server = server == 0};
            e.o.again_seconds = 60;
            if (asks != 0)
                session_ask_for(&e, accepts[RATLS_TEE_SGX], RATLS_BINDING_SESSION);
            session_begin(&e);
            (void)session_take(&e);
            ratls_code code = session_give(&e, session_hello(&unframed));
            /* Who has no verifier asks nothing, however often. */
            assert_int_equal(code, asks != 0 ? RATLS_E_UNSUPPORTED : RATLS_OK);
            if (asks != 0)
                session_must_refuse(&e, "no frames", RATLS_E_UNSUPPORTED,
                                    "the peer wants no frames after the opening",
                                    session_close_frame(2));
            session_end_free(&e);
        }
    session_end e = session_end_of(false);
    session_ask_for(&e, accepts[RATLS_TEE_SGX], RATLS_BINDING_SESSION);
    e.o.again_seconds = 60;
    e.o.unframed = true;
    assert_int_equal(session_try_begin(&e), RATLS_E_UNSUPPORTED);
    assert_non_null(strstr(e.e.text, "asked again every 60 s"));
    session_end_free(&e);
}

/* Nor one that wants to be asked less often than that, but for the usual 60 s. */
static void intervals_that_evade_the_next_question(void **state)
{
    (void)state;
    static const struct {
        uint32_t again, interval; /* s */
        bool refused;
    } cases[] = {{5, 60, false},    {5, 61, true},    {5, 86400, true},      {100, 61, false},
                 {100, 100, false}, {100, 101, true}, {86400, 86400, false}, {0, 86400, false}};
    EACH(i, cases)
    for (unsigned server = 0; server < 2; server++)
        for (unsigned judges = 0; judges < 2; judges++) {
            bool refused = cases[i].refused && judges != 0;
            char words[96];
            session_end e = session_end_of(server != 0);
            const hello h = {.server = server == 0, .framing = true, .interval = cases[i].interval};
            if (judges != 0)
                session_ask_for(&e, accepts[RATLS_TEE_SGX], RATLS_BINDING_SESSION);
            e.o.again_seconds = cases[i].again;
            session_begin(&e);
            (void)session_take(&e);
            ratls_code code = session_give(&e, session_hello(&h));
            (void)snprintf(words, sizeof words,
                           "the peer wants %u s between two answers, and is to be asked every %u s",
                           (unsigned)cases[i].interval, (unsigned)cases[i].again);
            assert_int_equal(code, refused ? RATLS_E_UNSUPPORTED : RATLS_OK);
            if (refused)
                session_must_refuse(&e, "interval", RATLS_E_UNSUPPORTED, words,
                                    session_close_frame(2));
            session_end_free(&e);
        }
}

/* F85: the next answer is judged by the policy that is in force then. */
static void a_stricter_policy_comes(void **state)
{
    (void)state;
    session_pair p = open_pair(RATLS_BINDING_NONCE, 5, 0);
    later(&p, 5);
    ask(&p.client);
    ratls_session_use_verifier(
        p.client.s, session_verifier(RATLS_TEE_SGX, "\"binding\": {\"minimum\": \"session\"}"),
        NULL);
    assert_int_equal(session_give(&p.server, session_take(&p.client)), RATLS_OK);
    assert_int_equal(session_step(&p.server), RATLS_OK);
    bytes right = session_take(&p.server);
    bytes data = session_data(&p.server, "too late");
    assert_int_equal(session_give(&p.client, join(right, data)), RATLS_E_BINDING);
    session_must_refuse(&p.client, "stricter", RATLS_E_BINDING, "expected at least \"session\"",
                        session_verdict(RATLS_E_BINDING));
    assert_int_equal(p.client.left, data.n);
    assert_false(ratls_result_accepted(p.client.result));
    assert_int_equal(session_give(&p.server, session_verdict(RATLS_E_BINDING)), RATLS_E_BINDING);
    session_must_refuse(&p.server, "stricter", RATLS_E_BINDING, "the peer refused our evidence",
                        BYTES_NONE);
    session_pair_free(&p);
}

/* A verifier with a CA, and nothing that it said of the certificate: then no answer will do. */
static void a_ca_comes_that_has_not_judged(void **state)
{
    (void)state;
    for (unsigned k = 0; k < 2; k++) {
        session_pair p = open_pair(RATLS_BINDING_SESSION, 5, 0);
        session_end *asks = k == 0 ? &p.client : &p.server;
        session_end *is_asked = k == 0 ? &p.server : &p.client;
        EVP_PKEY *key = key_named(KEY_TYPE_P256, "later CA");
        cert_spec ca = cert_spec_of("CN=later CA", key, SIM_NOW - SIM_DAY, SIM_NOW + SIM_DAY);
        (void)ext_add(&ca.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(true, 0));
        ratls_verifier *v = session_verifier(k == 0 ? RATLS_TEE_SGX : RATLS_TEE_TDX, "");
        if (ratls_verifier_set_ca(v, cert_make(&ca), &asks->e) != RATLS_OK)
            fail_msg("%s", asks->e.text);
        later(&p, 5);
        ask(asks);
        ratls_session_use_verifier(asks->s, v, NULL);
        assert_int_equal(session_give(is_asked, session_take(asks)), RATLS_OK);
        assert_int_equal(session_step(is_asked), RATLS_OK);
        assert_int_equal(session_give(asks, session_take(is_asked)), RATLS_E_UNTRUSTED);
        session_must_refuse(asks, "CA", RATLS_E_UNTRUSTED, "a CA is demanded",
                            session_verdict(RATLS_E_UNTRUSTED));
        assert_false(ratls_result_accepted(asks->result));
        session_pair_free(&p);
    }
}

/* A peer written by hand: the chain is T(k), of every challenge that was sent. */
static void answers_follow_the_chain(void **state)
{
    (void)state;
    for (unsigned k = 0; k < 8; k++) {
        bool stale = k / 2 == 3; /* bound to the transcript of the round before */
        session_end e = session_end_of((k & 1) != 0);
        session_ask_for(&e, accepts[RATLS_TEE_SGX], RATLS_BINDING_SESSION);
        session_talk t = session_talk_of(e, RATLS_TEE_SGX, NULL);
        uint8_t before[BINDER_HASH];
        for (unsigned round = 1; round <= 1 + k / 2; round++) {
            assert_int_equal(session_give(&t.v, session_talk_answer(&t)), RATLS_OK);
            (void)session_take(&t.v);
            t.v.now.ms += 60000;
            memcpy(before, t.transcript, sizeof before);
            session_talk_again(&t);
        }
        if (stale)
            memcpy(t.transcript, before, sizeof before);
        ratls_code code = session_give(&t.v, session_talk_answer(&t));
        assert_int_equal(code, stale ? RATLS_E_BINDING : RATLS_OK);
        if (stale)
            session_must_refuse(&t.v, "T(k-1)", RATLS_E_BINDING, "other hellos or challenges",
                                session_verdict(RATLS_E_BINDING));
        session_talk_free(&t);
    }
}

static void must_answer_for(session_end *e, const challenge *c, const uint8_t transcript[32])
{
    uint8_t key[BINDER_HASH];
    assert_int_equal(session_step(e), RATLS_OK);
    assert_true(crypto_digest(CRYPTO_SHA256, &e->o.own_key, 1, key));
    const binder b = {.key_hash = key,
                      .nonce = c->nonce,
                      .server = e->o.server,
                      .exporter = c->level == RATLS_BINDING_SESSION ? e->o.exporter.p : NULL,
                      .transcript = transcript};
    bytes expected = session_claims(&b), sent = session_find(session_take(e), FRAME_ANSWER);
    assert_true(bytes_equal(bytes_of(sent.p + sent.n - expected.n, expected.n), expected));
    assert_int_equal(session_give(e, session_verdict(0)), RATLS_OK);
}

/* Who asks nothing in its hello begins with T2 all the same; levels may change from one question to
 * the next. */
static void its_own_answers_follow_the_chain(void **state)
{
    (void)state;
    for (unsigned k = 0; k < 4; k++) {
        session_end e = session_end_of((k & 1) != 0);
        bool first = (k & 2) != 0;
        const hello h = {.framing = true,
                         .asks = first,
                         .challenge = session_question(9, RATLS_BINDING_SESSION)};
        e.o.attester = answers[RATLS_TEE_SGX];
        session_talk t = session_talk_of(e, RATLS_TEE_SGX, &h);
        (void)session_take(&t.v);
        if (first)
            must_answer_for(&t.v, &h.challenge, t.transcript);
        for (uint8_t round = 0; round < 4; round++) {
            const challenge c = session_question(round, round % 2 == 0 ? RATLS_BINDING_SESSION
                                                                       : RATLS_BINDING_NONCE);
            bytes frame = session_challenge(&c);
            t.v.now.ms += 60000;
            assert_int_equal(session_give(&t.v, frame), RATLS_OK);
            assert_true(binder_go_on(frame, t.transcript));
            must_answer_for(&t.v, &c, t.transcript);
        }
        session_talk_free(&t);
    }
}

/* What cannot be answered later closes an open session, too. */
static void later_questions_that_cannot_be_served(void **state)
{
    (void)state;
    for (unsigned k = 0; k < 3; k++) {
        session_end e = session_end_of(true);
        challenge c = session_question(2, RATLS_BINDING_SESSION);
        e.o.attester = k == 0 ? NULL : answers[RATLS_TEE_SGX];
        e.o.exporter = k == 1 ? BYTES_NONE : e.o.exporter;
        c.sgx = k != 2;
        session_talk t = session_talk_of(e, RATLS_TEE_SGX, NULL);
        (void)session_take(&t.v);
        ratls_code code = session_give(&t.v, session_challenge(&c));
        /* Of which TEE it is may be known only by the quote. */
        if (code == RATLS_OK)
            code = session_step(&t.v);
        assert_int_equal(code, k == 0 ? RATLS_E_SYSTEM : RATLS_E_UNSUPPORTED);
        session_must_refuse(&t.v, "later", code, "the peer asks for",
                            session_close_frame((unsigned)code));
        session_talk_free(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rounds_of_both_sides),
        cmocka_unit_test(both_at_once),
        cmocka_unit_test(who_may_not_ask),
        cmocka_unit_test(not_before_it_is_open),
        cmocka_unit_test(the_interval_in_the_hello),
        cmocka_unit_test(who_asks_too_soon),
        cmocka_unit_test(the_first_answer_needs_no_interval),
        cmocka_unit_test(asked_at_intervals),
        cmocka_unit_test(intervals_need_frames),
        cmocka_unit_test(intervals_that_evade_the_next_question),
        cmocka_unit_test(a_stricter_policy_comes),
        cmocka_unit_test(a_ca_comes_that_has_not_judged),
        cmocka_unit_test(answers_follow_the_chain),
        cmocka_unit_test(its_own_answers_follow_the_chain),
        cmocka_unit_test(later_questions_that_cannot_be_served),
    };
    return cmocka_run_group_tests(tests, setup, session_teardown);
}
