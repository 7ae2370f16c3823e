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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verdicts_on_an_answer_that_is_not_sent),
    };
    return cmocka_run_group_tests(tests, setup, session_teardown);
}
