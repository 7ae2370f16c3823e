/* A session's own evidence: who cannot make it, who has to wait, who gives up. */
#include "testing.h"

#include <stdatomic.h>

#include "session/session.h"
#include "session_pair.h"

#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)

static ratls_verifier *accepts;
static ratls_attester *answers;

static int setup(void **state)
{
    int status = session_setup(state);
    accepts = session_verifier(RATLS_TEE_SGX, "");
    answers = session_attester(RATLS_TEE_SGX, false);
    return status;
}

static session_end end_of(bool server, ratls_attester *a)
{
    session_end e = session_end_of(server);
    e.o.attester = a;
    return e;
}

static hello question(ratls_binding level)
{
    return (hello){.framing = true, .asks = true, .challenge = session_question(1, level)};
}

/* After the hellos, asked by its peer; not stepped. */
static ratls_code be_asked(session_end *e, hello h)
{
    h.server = !e->o.server;
    session_begin(e);
    (void)session_take(e);
    ratls_code code = session_give(e, session_hello(&h));
    if (e->o.server) {
        /* Its hello goes first, also where the question is refused. */
        bytes own = session_find(arena_copy(ratls_session_pending(e->s)), FRAME_HELLO);
        ratls_session_sent(e->s, own.n);
    }
    return code;
}

typedef struct misfit {
    const char *what;
    bool no_attester, no_key, no_exporter, no_sgx, no_format;
    ratls_binding level;
    ratls_code code;
    const char *words;
} misfit;

static const misfit misfits[] = {
    {"fits", .level = RATLS_BINDING_SESSION, .code = RATLS_OK},
    {"no attester", .no_attester = true, .level = RATLS_BINDING_NONCE, .code = RATLS_E_SYSTEM,
     .words = "this side has no attester"},
    {"no certificate shown", .no_key = true, .level = RATLS_BINDING_SESSION, .code = RATLS_E_SYSTEM,
     .words = "this side showed no certificate"},
    {"no exporter value", .no_exporter = true, .level = RATLS_BINDING_SESSION,
     .code = RATLS_E_UNSUPPORTED, .words = "this connection has no exporter value"},
    {"no exporter value needed", .no_exporter = true, .level = RATLS_BINDING_NONCE,
     .code = RATLS_OK},
    {"another TEE", .no_sgx = true, .level = RATLS_BINDING_SESSION, .code = RATLS_E_UNSUPPORTED,
     .words = "evidence of another TEE"},
    {"another format", .no_format = true, .level = RATLS_BINDING_SESSION,
     .code = RATLS_E_UNSUPPORTED, .words = "evidence in the common format"},
};

static ratls_code ask_misfit(session_end *e, const misfit *c)
{
    hello h = question(c->level);
    h.challenge.sgx = !c->no_sgx;
    h.server = !e->o.server;
    bytes frame = session_hello(&h);
    if (c->no_format)
        frame = bytes_replaced(frame, bytes_from_hex("8119ea60"), bytes_from_hex("8119ea61"));
    session_begin(e);
    (void)session_take(e);
    ratls_code code = session_give(e, frame);
    if (e->o.server)
        ratls_session_sent(e->s,
                           session_find(arena_copy(ratls_session_pending(e->s)), FRAME_HELLO).n);
    return code == RATLS_OK ? session_step(e) : code;
}

static void what_cannot_be_served(void **state)
{
    (void)state;
    EACH(i, misfits)
    for (unsigned k = 0; k < 4; k++) {
        const misfit *c = &misfits[i];
        /* An attester tells its TEE from its first quote on; before, the quote has to come. */
        ratls_attester *a = (k & 2) != 0 ? answers : session_attester(RATLS_TEE_SGX, false);
        session_end e = end_of((k & 1) != 0, c->no_attester ? NULL : a);
        if (c->no_key)
            e.o.own_key = BYTES_NONE;
        if (c->no_exporter)
            e.o.exporter = BYTES_NONE;
        ratls_code code = ask_misfit(&e, c);
        if (code != c->code)
            fail_msg("%s: %s: %s", c->what, ratls_code_name(code), e.e.text);
        if (code == RATLS_OK)
            assert_int_equal(session_take(&e).p[0], FRAME_ANSWER);
        else
            session_must_refuse(&e, c->what, code, c->words, session_close_frame((unsigned)code));
        session_end_free(&e);
    }
}

/* Neither of the TEEs that are known here: refused without asking for a quote. */
static void only_unknown_tees(void **state)
{
    (void)state;
    static session_gate g; /* its attester lives longer than the case */
    session_end e = end_of(true, session_gated(&g, RATLS_TEE_SGX, 0));
    hello h = question(RATLS_BINDING_NONCE);
    bytes frame = session_hello(&h);
    frame = bytes_replaced(frame, bytes_from_hex("826373677863746478"),
                           bytes_from_hex("826373676863746468"));
    session_begin(&e);
    assert_int_equal(session_give(&e, frame), RATLS_E_UNSUPPORTED);
    (void)session_take(&e);
    session_must_refuse(&e, "unknown", RATLS_E_UNSUPPORTED, "evidence of another TEE", BYTES_NONE);
    assert_int_equal(g.asked, 0);
    session_end_free(&e);
}

/* What goes wrong on this side is no more to the peer than "system". */
static void a_source_that_fails(void **state)
{
    (void)state;
    static const ratls_code codes[] = {RATLS_E_SYSTEM, RATLS_E_MISSING, RATLS_E_UNSUPPORTED,
                                       RATLS_E_LIMIT, RATLS_E_MALFORMED};
    static session_gate g; /* its attester lives longer than the case */
    ratls_attester *a = session_gated(&g, RATLS_TEE_SGX, 0);
    EACH(i, codes)
    {
        session_end e = end_of(i % 2 == 0, a);
        session_gate_set(&g, false, codes[i]);
        assert_int_equal(be_asked(&e, question(RATLS_BINDING_SESSION)), RATLS_OK);
        assert_int_equal(session_step(&e), RATLS_E_SYSTEM);
        session_must_refuse(&e, "fails", RATLS_E_SYSTEM,
                            "our own evidence: gate: the device is gone", session_close_frame(10));
        session_end_free(&e);
    }
    session_gate_set(&g, false, RATLS_OK);
    session_end e = end_of(true, a);
    assert_int_equal(be_asked(&e, question(RATLS_BINDING_SESSION)), RATLS_OK);
    assert_int_equal(session_step(&e), RATLS_OK);
    assert_int_equal(session_take(&e).p[0], FRAME_ANSWER);
    session_end_free(&e);
}

/* As many as may wait, and one more. */
static void a_queue_that_is_full(void **state)
{
    (void)state;
    enum { MAX = 3 };
    static session_gate g; /* its attester lives longer than the case */
    session_end e[MAX + 1];
    ratls_attester *a = session_gated(&g, RATLS_TEE_SGX, MAX);
    session_gate_set(&g, true, RATLS_OK);
    for (unsigned i = 0; i <= MAX; i++) {
        e[i] = end_of(i % 2 == 0, a);
        assert_int_equal(be_asked(&e[i], question(RATLS_BINDING_SESSION)),
                         i < MAX ? RATLS_OK : RATLS_E_LIMIT);
    }
    session_must_refuse(&e[MAX], "full", RATLS_E_LIMIT, "our own evidence: attester: busy",
                        session_close_frame(13));
    assert_int_equal(ratls_attester_waiting(a), MAX);
    /* One that is being made has its place until the source is done; who waits gives it up. */
    session_gate_wait(&g, 1);
    session_end_free(&e[MAX]);
    session_end_free(&e[1]);
    assert_int_equal(ratls_attester_waiting(a), MAX - 1);
    e[1] = end_of(true, a);
    assert_int_equal(be_asked(&e[1], question(RATLS_BINDING_SESSION)), RATLS_OK);
    for (unsigned i = 0; i < MAX; i++) {
        assert_true(ratls_session_is_making(e[i].s));
        assert_false(ratls_session_wait(e[i].s, 0));
        assert_int_equal(ratls_session_step(e[i].s, e[i].now, &e[i].e), RATLS_OK);
        assert_int_equal(ratls_session_pending(e[i].s).n, 0);
    }
    session_gate_set(&g, false, RATLS_OK);
    for (unsigned i = 0; i < MAX; i++) {
        assert_int_equal(session_step(&e[i]), RATLS_OK);
        assert_int_equal(session_take(&e[i]).p[0], FRAME_ANSWER);
        session_end_free(&e[i]);
    }
}

static void count(void *context)
{
    (void)atomic_fetch_add((atomic_int *)context, 1);
}

/* Who waits is told once; who has gone is not. */
static void ready_is_called(void **state)
{
    (void)state;
    static session_gate g; /* its attester lives longer than the case */
    atomic_int told = 0, gone = 0;
    ratls_attester *a = session_gated(&g, RATLS_TEE_SGX, 0);
    session_gate_set(&g, true, RATLS_OK);
    session_end waits = end_of(true, a), leaves = end_of(false, a);
    waits.o.ready = leaves.o.ready = count;
    waits.o.context = &told;
    leaves.o.context = &gone;
    assert_int_equal(be_asked(&leaves, question(RATLS_BINDING_SESSION)), RATLS_OK);
    session_gate_wait(&g, 1);
    assert_int_equal(be_asked(&waits, question(RATLS_BINDING_SESSION)), RATLS_OK);
    assert_int_equal(atomic_load(&told), 0);
    session_end_free(&leaves);
    session_gate_set(&g, false, RATLS_OK);
    assert_int_equal(session_step(&waits), RATLS_OK);
    assert_int_equal(session_take(&waits).p[0], FRAME_ANSWER);
    session_end_free(&waits);
    assert_int_equal(atomic_load(&told), 1);
    assert_int_equal(atomic_load(&gone), 0);
}

static void *free_it(void *attester)
{
    ratls_attester *a = attester;
    ratls_attester_free(&a);
    return NULL;
}

/* Its attester is freed while it waits. */
static void an_attester_that_goes(void **state)
{
    (void)state;
    static session_gate g; /* its attester lives longer than the case */
    pthread_t thread;
    ratls_attester *a = session_gated(&g, RATLS_TEE_SGX, 0);
    session_gate_set(&g, true, RATLS_OK);
    session_end made = end_of(true, a), waits = end_of(false, a);
    assert_int_equal(be_asked(&made, question(RATLS_BINDING_SESSION)), RATLS_OK);
    session_gate_wait(&g, 1);
    assert_int_equal(be_asked(&waits, question(RATLS_BINDING_SESSION)), RATLS_OK);
    session_forget(a);
    assert_int_equal(pthread_create(&thread, NULL, free_it, a), 0);
    session_gate_set(&g, false, RATLS_OK);
    assert_int_equal(pthread_join(thread, NULL), 0);
    /* The one that was being made was ended; the other may have had its turn before the end. */
    assert_int_equal(session_step(&made), RATLS_OK);
    assert_int_equal(session_take(&made).p[0], FRAME_ANSWER);
    ratls_code code = session_step(&waits);
    assert_true(code == RATLS_OK || code == RATLS_E_SYSTEM);
    if (code != RATLS_OK)
        session_must_refuse(&waits, "freed", RATLS_E_SYSTEM, "attester: it was freed",
                            session_close_frame(10));
    session_end_free(&made);
    session_end_free(&waits);
}

/* At every step of a mutual opening and of later questions, with the quote waiting, being made,
 * made, and half sent. */
static void freed_at_every_step(void **state)
{
    (void)state;
    bool done = false;
    for (unsigned steps = 0; !done; steps++) {
        session_pair p = {end_of(false, answers), end_of(true, answers)};
        p.client.o.interval_seconds = p.server.o.interval_seconds = 1;
        session_ask_for(&p.client, accepts, RATLS_BINDING_SESSION);
        session_ask_for(&p.server, accepts, RATLS_BINDING_SESSION);
        session_pair_begin(&p);
        session_end *ends[] = {&p.client, &p.server};
        unsigned asked = 0;
        for (unsigned i = 0; i < steps && !done; i++) {
            session_end *from = ends[i % 2], *to = ends[1 - i % 2];
            bytes next = ratls_session_pending(from->s);
            size_t half = next.n > 1 ? next.n / 2 : next.n;
            if (half > 0) {
                bytes piece = arena_copy(bytes_of(next.p, half));
                ratls_session_sent(from->s, half);
                assert_int_equal(session_give(to, piece), RATLS_OK);
            }
            assert_int_equal(session_step(from), RATLS_OK);
            if (session_pair_is_open(&p) && ratls_session_pending(p.client.s).n == 0 &&
                ratls_session_pending(p.server.s).n == 0 && !p.client.s->asked) {
                done = asked == 2;
                session_pair_later(&p, 1000);
                if (!done)
                    assert_int_equal(ratls_session_ask(p.client.s, p.client.now, &p.client.e),
                                     RATLS_OK);
                asked++;
            }
        }
        session_pair_free(&p);
    }
}

static void freed_while_a_quote_is_made(void **state)
{
    (void)state;
    static session_gate gates[2];
    for (unsigned k = 0; k < 2; k++) {
        session_gate *g = &gates[k];
        ratls_attester *a = session_gated(g, RATLS_TEE_SGX, 0);
        session_gate_set(g, true, RATLS_OK);
        session_end first = end_of(true, a), second = end_of(false, a);
        assert_int_equal(be_asked(&first, question(RATLS_BINDING_SESSION)), RATLS_OK);
        session_gate_wait(g, 1);
        assert_int_equal(be_asked(&second, question(RATLS_BINDING_SESSION)), RATLS_OK);
        if (k == 0) {
            /* Closed by its peer, it gives up as well. */
            assert_int_equal(session_give(&first, session_close_frame(10)), RATLS_E_SYSTEM);
            assert_int_equal(session_hang_up(&second), RATLS_E_MALFORMED);
            assert_true(first.s->job == NULL && second.s->job == NULL);
        }
        session_end_free(&first);
        session_end_free(&second);
        session_gate_set(g, false, RATLS_OK);
    }
    ratls_session *none = NULL;
    ratls_session_free(&none);
    assert_null(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_served), cmocka_unit_test(only_unknown_tees),
        cmocka_unit_test(a_source_that_fails),   cmocka_unit_test(a_queue_that_is_full),
        cmocka_unit_test(ready_is_called),       cmocka_unit_test(an_attester_that_goes),
        cmocka_unit_test(freed_at_every_step),   cmocka_unit_test(freed_while_a_quote_is_made),
    };
    return cmocka_run_group_tests(tests, setup, session_teardown);
}
