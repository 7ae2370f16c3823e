/* What a session has to send: in which order, in how many pieces, and what becomes of it. */
#include "testing.h"

#include "session/session.h"
#include "session_pair.h"

#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)

static ratls_verifier *accepts;
static ratls_attester *answers;

static int setup(void **state)
{
    int status = session_setup(state);
    accepts = session_verifier(RATLS_TEE_SGX, "");
    answers = session_attester(RATLS_TEE_TDX, false);
    return status;
}

static void give(session_end *e, bytes frame)
{
    if (session_give(e, frame) != RATLS_OK)
        fail_msg("%s", e->e.text);
}

static const hello asks = {.framing = true, .asks = true};

static hello question(ratls_binding level)
{
    hello h = asks;
    h.challenge = session_question(1, level);
    return h;
}

static session_end end_of(bool server, bool verifies)
{
    session_end e = session_end_of(server);
    e.o.attester = answers;
    e.o.interval_seconds = 1;
    if (verifies)
        session_ask_for(&e, accepts, RATLS_BINDING_SESSION);
    return e;
}

/* After the hellos; its answer, if it is asked, is pending and not begun. */
static session_talk talk_of(bool server, bool verifies, bool asked)
{
    const hello h = question(RATLS_BINDING_SESSION);
    session_talk t = session_talk_of(end_of(server, verifies), RATLS_TEE_SGX, asked ? &h : NULL);
    (void)session_take(&t.v);
    if (asked)
        assert_int_equal(session_step(&t.v), RATLS_OK);
    return t;
}

/* Nobody can judge what has not left yet; such a peer could have itself asked for more and more
 * without ever reading. */
static void verdicts_on_an_answer_that_is_not_sent(void **state)
{
    (void)state;
    for (unsigned sent = 0; sent < 3; sent++) {
        session_talk t = talk_of(true, false, true);
        bytes whole = arena_copy(ratls_session_pending(t.v.s));
        assert_int_equal(whole.p[0], FRAME_ANSWER);
        if (sent > 0)
            ratls_session_sent(t.v.s, sent == 1 ? 0 : whole.n - 1);
        assert_int_equal(session_give(&t.v, session_verdict(0)), RATLS_E_MALFORMED);
        bytes rest = sent == 0   ? BYTES_EMPTY
                     : sent == 1 ? whole
                                 : bytes_of(whole.p + whole.n - 1, 1);
        session_must_refuse(&t.v, "not sent", RATLS_E_MALFORMED,
                            "a \"verdict\" when it had no turn",
                            join(rest, session_close_frame(11)));
        session_talk_free(&t);
    }
}

/* Both ask, and a pair is carried with `n` bytes sent at a time; each is offered again first. */
static void carry_in_pieces(session_pair *p, size_t n)
{
    session_end *ends[] = {&p->client, &p->server};
    for (bool moved = true; moved;) {
        moved = false;
        for (unsigned i = 0; i < 2; i++) {
            session_end *from = ends[i], *to = ends[1 - i];
            assert_int_equal(session_step(from), RATLS_OK);
            bytes next = ratls_session_pending(from->s);
            if (next.n == 0)
                continue;
            ratls_session_sent(from->s, 0);
            bytes same = ratls_session_pending(from->s);
            assert_true(same.p == next.p && same.n == next.n);
            bytes piece = arena_copy(bytes_of(next.p, next.n < n ? next.n : n));
            ratls_session_sent(from->s, piece.n);
            buf_put(&from->said, piece);
            give(to, piece);
            moved = true;
        }
    }
}

static void sent_in_pieces(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 3, 100, 5000};
    EACH(i, sizes)
    {
        session_pair p = {end_of(false, true), end_of(true, false)};
        p.client.o.verifier = session_verifier(RATLS_TEE_TDX, "");
        session_ask_for(&p.server, p.client.o.verifier, RATLS_BINDING_SESSION);
        session_pair_begin(&p);
        carry_in_pieces(&p, sizes[i]);
        assert_true(session_pair_is_open(&p));
        for (unsigned round = 0; round < 2; round++) {
            session_pair_later(&p, 1000);
            assert_int_equal(ratls_session_ask(p.client.s, p.client.now, &p.client.e), RATLS_OK);
            assert_int_equal(ratls_session_ask(p.server.s, p.server.now, &p.server.e), RATLS_OK);
            carry_in_pieces(&p, sizes[i]);
            assert_true(session_pair_is_open(&p));
        }
        session_pair_free(&p);
    }
}

static bytes pending(const session_talk *t)
{
    return arena_copy(ratls_session_pending(t->v.s));
}

/* A verdict goes before an answer that has not begun, and never into one that has. */
static void a_verdict_beside_an_answer(void **state)
{
    (void)state;
    enum { NOT_BEGUN, OFFERED, ONE_BYTE, ALL_BUT_ONE, WAYS };
    for (unsigned way = NOT_BEGUN; way < WAYS; way++) {
        session_talk t = talk_of(way % 2 == 0, true, true);
        bytes own = pending(&t), accepted = session_verdict(0);
        size_t sent = way == ONE_BYTE ? 1 : way == ALL_BUT_ONE ? own.n - 1 : 0;
        assert_int_equal(own.p[0], FRAME_ANSWER);
        if (way != NOT_BEGUN)
            ratls_session_sent(t.v.s, sent);
        bytes rest = bytes_of(own.p + sent, own.n - sent);
        give(&t.v, session_talk_answer(&t));
        assert_true(bytes_equal(pending(&t), way == NOT_BEGUN ? accepted : rest));
        assert_true(bytes_equal(session_take(&t.v),
                                way == NOT_BEGUN ? join(accepted, rest) : join(rest, accepted)));
        give(&t.v, session_verdict(0));
        assert_true(session_is(&t.v, RATLS_SESSION_OPEN));
        session_talk_free(&t);
    }
}

/* A small message that has begun stays what is sent next, whatever is put behind it. */
static void an_answer_beside_a_verdict(void **state)
{
    (void)state;
    const hello h = question(RATLS_BINDING_SESSION);
    for (size_t sent = 0; sent < 7; sent++) {
        session_talk t = session_talk_of(end_of(false, true), RATLS_TEE_SGX, &h);
        give(&t.v, session_talk_answer(&t));
        ratls_session_sent(t.v.s, sent);
        assert_int_equal(session_step(&t.v), RATLS_OK);
        bytes verdict = session_verdict(0);
        assert_true(bytes_equal(pending(&t), bytes_of(verdict.p + sent, verdict.n - sent)));
        bytes all = session_take(&t.v);
        assert_int_equal(all.p[verdict.n - sent], FRAME_ANSWER);
        session_talk_free(&t);
    }
}

/* What has begun is ended before the last word; what has not is not sent any more. */
static void a_close_beside_an_answer(void **state)
{
    (void)state;
    enum { NOT_BEGUN, OFFERED, ONE_BYTE, ALL_BUT_ONE, WAYS };
    for (unsigned way = NOT_BEGUN; way < WAYS; way++)
        for (unsigned refused = 0; refused < 2; refused++) {
            session_talk t = talk_of(way % 2 == 0, true, true);
            bytes own = pending(&t);
            size_t sent = way == ONE_BYTE ? 1 : way == ALL_BUT_ONE ? own.n - 1 : 0;
            if (way != NOT_BEGUN)
                ratls_session_sent(t.v.s, sent);
            bytes rest = way == NOT_BEGUN ? BYTES_EMPTY : bytes_of(own.p + sent, own.n - sent);
            bytes bad = session_answer(bytes_text("x"), BYTES_NONE);
            ratls_code code =
                session_give(&t.v, refused != 0 ? bad : session_frame(FRAME_DATA, bytes_text("x")));
            bytes last = refused != 0 ? session_verdict((unsigned)code) : session_close_frame(11);
            session_must_refuse(&t.v, "half an answer", code, "", join(rest, last));
            assert_null(t.v.s->answer);
            session_talk_free(&t);
        }
}

/* Half a data frame is the caller's: nothing can follow before it is whole. */
static void a_close_beside_data(void **state)
{
    (void)state;
    for (size_t sent = 0; sent <= FRAME_HEAD + 5; sent++) {
        session_talk t = talk_of(true, false, false);
        uint8_t head[RATLS_SESSION_DATA_HEAD];
        ratls_session_data_head(t.v.s, 5, head);
        assert_true(bytes_equal(bytes_of(head, 4), bytes_from_hex("05000005")));
        ratls_session_sent(t.v.s, sent);
        assert_int_equal(session_give(&t.v, bytes_from_hex("00000000")), RATLS_E_MALFORMED);
        size_t rest = FRAME_HEAD + 5 - sent;
        if (rest > 0) {
            assert_int_equal(ratls_session_pending(t.v.s).n, 0);
            ratls_session_sent(t.v.s, rest);
        }
        session_must_refuse(&t.v, "half a data frame", RATLS_E_MALFORMED, "expected 1 to 6",
                            session_close_frame(1));
        session_talk_free(&t);
    }
}

/* An answer that gets ready meanwhile waits, too. */
static void an_answer_beside_data(void **state)
{
    (void)state;
    session_talk t = talk_of(true, false, false);
    uint8_t head[RATLS_SESSION_DATA_HEAD];
    const challenge c = session_question(3, RATLS_BINDING_NONCE);
    ratls_session_data_head(t.v.s, 5, head);
    ratls_session_sent(t.v.s, 3);
    give(&t.v, session_challenge(&c));
    assert_int_equal(session_step(&t.v), RATLS_OK);
    assert_int_equal(ratls_session_pending(t.v.s).n, 0);
    ratls_session_sent(t.v.s, 0);
    ratls_session_sent(t.v.s, 6);
    assert_int_equal(pending(&t).p[0], FRAME_ANSWER);
    session_talk_free(&t);
}

/* A close goes behind a hello, or behind what is left of it. */
static void a_close_beside_a_hello(void **state)
{
    (void)state;
    session_end e = end_of(false, true);
    session_begin(&e);
    size_t n = ratls_session_pending(e.s).n;
    session_end_free(&e);
    for (size_t sent = 0; sent <= n; sent++) {
        e = end_of(false, true);
        session_begin(&e);
        bytes own = arena_copy(ratls_session_pending(e.s));
        ratls_session_sent(e.s, sent);
        assert_int_equal(session_give(&e, bytes_from_hex("00000000")), RATLS_E_MALFORMED);
        session_must_refuse(&e, "half a hello", RATLS_E_MALFORMED, "expected 1 to 6",
                            join(bytes_of(own.p + sent, own.n - sent), session_close_frame(1)));
        session_end_free(&e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_on_an_answer_that_is_not_sent),
        cmocka_unit_test(sent_in_pieces),
        cmocka_unit_test(a_verdict_beside_an_answer),
        cmocka_unit_test(an_answer_beside_a_verdict),
        cmocka_unit_test(a_close_beside_an_answer),
        cmocka_unit_test(a_close_beside_data),
        cmocka_unit_test(an_answer_beside_data),
        cmocka_unit_test(a_close_beside_a_hello),
    };
    return cmocka_run_group_tests(tests, setup, session_teardown);
}
