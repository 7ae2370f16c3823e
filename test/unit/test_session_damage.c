/* A good exchange, with one bit changed, cut, or in other pieces: the side that asks does not open.
 */
#include "testing.h"

#include <stdlib.h>

#include "session/session.h"
#include "session_pair.h"

static ratls_verifier *accepts;
static ratls_attester *answers;

static int setup(void **state)
{
    int status = session_setup(state);
    accepts = session_verifier(RATLS_TEE_SGX, "");
    answers = session_attester(RATLS_TEE_SGX, false);
    return status;
}

/*
 * A session before its peer's first byte, which can begin again and again with the same nonce, and
 * all that a good peer says to it.
 */
typedef struct record {
    session_end v;
    ratls_session *before; /* holds no memory of its own yet */
    bytes said;            /* by the peer: hello and answer, or hello and verdict */
    size_t hello_n;
} record;

static ratls_session *copy_of(const ratls_session *s)
{
    ratls_session *copy = malloc(sizeof *copy);
    assert_non_null(copy);
    *copy = *s;
    return copy;
}

static record record_of(bool server, ratls_binding level)
{
    record r = {.v = session_end_of(server)};
    session_ask_for(&r.v, accepts, level);
    session_begin(&r.v);
    r.before = copy_of(r.v.s);
    session_end peer = session_end_of(!server);
    peer.o.attester = answers;
    session_begin(&peer);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(session_give(&peer, session_take(&r.v)), RATLS_OK);
        assert_int_equal(session_step(&peer), RATLS_OK);
        assert_int_equal(session_give(&r.v, session_take(&peer)), RATLS_OK);
    }
    assert_true(session_is(&r.v, RATLS_SESSION_OPEN));
    r.said = buf_bytes(&peer.said);
    r.hello_n = session_find(r.said, FRAME_HELLO).n;
    assert_int_equal(r.said.n, r.hello_n + session_find(r.said, FRAME_ANSWER).n);
    session_end_free(&peer);
    return r;
}

static void again(record *r, size_t chunk)
{
    ratls_session_free(&r->v.s);
    r->v.s = copy_of(r->before);
    r->v.said = r->v.got = (buf){.n = 0};
    r->v.chunk = chunk;
}

static void record_free(record *r)
{
    session_end_free(&r->v);
    free(r->before);
}

#define EACH_RECORD(r, k)                                                                          \
    for (unsigned k = 0; k < 4; k++)                                                               \
        for (record r = record_of((k & 1) != 0,                                                    \
                                  (k & 2) != 0 ? RATLS_BINDING_NONCE : RATLS_BINDING_SESSION),     \
                    *once = &r;                                                                    \
             once != NULL; record_free(&r), once = NULL)

/* Whole, byte by byte, and in odd pieces: the same is sent, and it opens. */
static void pieces_do_not_matter(void **state)
{
    (void)state;
    static const size_t chunks[] = {SIZE_MAX, 1, 2, 3, 7, 1000};
    EACH_RECORD(r, k)
    {
        bytes first = BYTES_NONE;
        for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
            again(&r, chunks[i]);
            assert_int_equal(session_give(&r.v, r.said), RATLS_OK);
            assert_true(session_is(&r.v, RATLS_SESSION_OPEN) && r.v.left == 0);
            bytes sent = session_take(&r.v);
            if (i == 0)
                first = sent;
            assert_true(bytes_equal(sent, first));
        }
    }
}

/* Where the peer ends before its last byte nothing has opened. */
static void truncated_at_every_byte(void **state)
{
    (void)state;
    EACH_RECORD(r, k)
    for (size_t n = 0; n < r.said.n; n++) {
        arena_mark mark = arena_here();
        again(&r, SIZE_MAX);
        assert_int_equal(session_give(&r.v, bytes_of(r.said.p, n)), RATLS_OK);
        assert_true(session_is(&r.v, RATLS_SESSION_OPENING));
        assert_int_equal(ratls_session_level(r.v.s), RATLS_BINDING_NONE);
        assert_int_equal(session_hang_up(&r.v), RATLS_E_MALFORMED);
        (void)session_take(&r.v);
        r.v.said.n = 0;
        session_must_refuse(&r.v, "cut", RATLS_E_MALFORMED, "before the session was open",
                            BYTES_NONE);
        arena_back(mark);
    }
}

/* Where the PEM text of the quote's chain is: at its end, before the claims-buffer. */
static void find_chain(const record *r, ratls_binding level, size_t *from, size_t *to)
{
    *from = bytes_find(r->said, bytes_text("-----BEGIN CERTIFICATE-----"));
    *to = r->said.n - (level == RATLS_BINDING_SESSION ? 209 : 160) - 2;
    assert_true(*from < *to && r->said.p[*to] == 0x58);
}

/* White space and the NUL around certificates: all that does not matter in an answer. */
static bool is_space(uint8_t c)
{
    return c == '\n' || c == '\r' || c == ' ' || c == '\t' || c == '\0';
}

static void feed_flipped(record *r, size_t at, unsigned bit, bool in_chain)
{
    bytes flipped = bytes_flipped(r->said, at, bit);
    ratls_code code = session_give(&r->v, flipped);
    if (session_is(&r->v, RATLS_SESSION_OPEN)) {
        if (!in_chain || !is_space(r->said.p[at]) || !is_space(flipped.p[at]))
            fail_msg("opens with bit %u of byte %zu of %zu changed (hello %zu)", bit, at, r->said.n,
                     r->hello_n);
        return;
    }
    assert_int_equal(ratls_session_level(r->v.s), RATLS_BINDING_NONE);
    if (code != RATLS_OK)
        assert_true(session_is(&r->v, RATLS_SESSION_CLOSED));
    else /* a length that says more than there is */
        assert_int_equal(session_hang_up(&r->v), RATLS_E_MALFORMED);
    assert_non_null(ratls_session_error(r->v.s));
}

/*
 * All bits of both frames. A changed hello changes the transcript, a changed head the length or the
 * turn, a changed answer its claims, report data or signatures. Of the chain, which has tests of
 * its own elsewhere, one bit of each byte.
 */
static void every_flipped_bit(void **state)
{
    (void)state;
    EACH_RECORD(r, k)
    {
        size_t from, to;
        find_chain(&r, r.v.o.level, &from, &to);
        for (size_t at = 0; at < r.said.n; at++)
            for (unsigned bit = 0; bit < 8; bit++) {
                bool in_chain = at >= from && at < to;
                if (in_chain && bit != at % 8)
                    continue;
                arena_mark mark = arena_here();
                again(&r, SIZE_MAX);
                feed_flipped(&r, at, bit, in_chain);
                arena_back(mark);
            }
    }
}

/* And who only answers does not open by a verdict that is not 0, whole and in its turn. */
static void every_flipped_bit_of_a_verdict(void **state)
{
    (void)state;
    const hello asks = {
        .framing = true, .asks = true, .challenge = session_question(1, RATLS_BINDING_SESSION)};
    bytes verdict = session_verdict(0);
    for (unsigned server = 0; server < 2; server++)
        for (size_t i = 0; i <= 8 * verdict.n; i++) {
            session_end e = session_end_of(server != 0);
            e.o.attester = answers;
            session_talk t = session_talk_of(e, RATLS_TEE_SGX, &asks);
            assert_int_equal(session_step(&t.v), RATLS_OK);
            (void)session_take(&t.v);
            bool flipped = i < 8 * verdict.n;
            bytes given = flipped ? bytes_flipped(verdict, i / 8, (unsigned)(i % 8)) : verdict;
            ratls_code code = session_give(&t.v, given);
            assert_int_equal(session_is(&t.v, RATLS_SESSION_OPEN), !flipped);
            assert_int_equal(session_is(&t.v, RATLS_SESSION_CLOSED), code != RATLS_OK);
            session_talk_free(&t);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_do_not_matter),
        cmocka_unit_test(truncated_at_every_byte),
        cmocka_unit_test(every_flipped_bit),
        cmocka_unit_test(every_flipped_bit_of_a_verdict),
    };
    return cmocka_run_group_tests(tests, setup, session_teardown);
}
