/*
 * A session of ratls/1 of either role, driven by the input: the first byte says what it is, then
 * each byte says what happens next. Its verifier has no policy, so where it asks it never opens;
 * its attester has one quote, whose report data is replaced.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/reader.h"
#include "base/writer.h"
#include "ratls/session.h"
#include "session/frame.h"

enum {
    SERVER = 1,
    ASKS = 2,
    ANSWERS = 4,
    UNFRAMED = 8,
    NONCE = 16,
    EXPORTER = 32,
    PROTOCOLS = 64,
    AGAIN = 128
};

typedef struct run {
    ratls_session *s;
    ratls_session_options o;
    ratls_moment now;
    size_t left;   /* of the frame that is being sent */
    size_t head_n; /* of its head, bytes so far */
    uint8_t head[FRAME_HEAD];
    size_t data;    /* of a data frame of the caller's, still to be sent */
    bool said_last; /* a `close`, or a verdict that refuses, was sent whole */
    bool opened, ended;
} run;

/* The least that is a whole quote: SGX, version 3 [DCAP 1.1]. */
static ratls_code quote(void *state, const uint8_t report_data[64], uint8_t *out, size_t cap,
                        size_t *n, ratls_error *e)
{
    static const uint8_t vendor[] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                     0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
    enum { HEADER = 48, BODY = 384, SIGNED = HEADER + BODY, QE = 64 + 64 + BODY + 64, CHAIN = 500 };
    writer w = wr_of(out, cap);
    (void)state;
    (void)e;
    wr_le(&w, 3, 2);
    wr_le(&w, 2, 2);
    wr_fill(&w, 0, 8);
    wr_put(&w, bytes_of(vendor, sizeof vendor));
    wr_fill(&w, 0, SIGNED - 64 - w.n);
    wr_put(&w, bytes_of(report_data, 64));
    wr_le(&w, QE + 2 + 6 + CHAIN, 4);
    wr_fill(&w, 1, QE);
    wr_le(&w, 0, 2);
    wr_le(&w, 5, 2);
    wr_le(&w, CHAIN, 4);
    wr_fill(&w, 'x', CHAIN);
    assert(wr_ok(&w));
    *n = w.n;
    return RATLS_OK;
}

static ratls_attester *attester(void)
{
    static ratls_attester *a;
    ratls_error e;
    const ratls_attester_options o = {.source = {.name = "fuzz", .quote = quote}};
    if (a == NULL && ratls_attester_new(&a, &o, &e) != RATLS_OK)
        abort();
    return a;
}

static const ratls_verifier *verifier(void)
{
    static ratls_verifier *v;
    if (v == NULL && (v = ratls_verifier_new()) == NULL)
        abort();
    return v;
}

static ratls_result *result(void)
{
    static ratls_result *r;
    if (r == NULL && (r = ratls_result_new()) == NULL)
        abort();
    return r;
}

static bool begin(run *r, unsigned kind)
{
    static const char *const protocols[] = {"h2", "http/1.1"};
    static const uint8_t exporter[RATLS_SESSION_EXPORTER_SIZE] = {7};
    ratls_error e;
    r->o = (ratls_session_options){
        .server = (kind & SERVER) != 0,
        .own_key = bytes_text("one key"),
        .peer_key = bytes_text("another key"),
        .exporter = (kind & EXPORTER) != 0 ? bytes_of(exporter, sizeof exporter) : BYTES_NONE,
        .verifier = (kind & ASKS) != 0 ? verifier() : NULL,
        .level = (kind & NONCE) != 0 ? RATLS_BINDING_NONCE : RATLS_BINDING_SESSION,
        .time_is_explicit = true,
        .result = result(),
        .again_seconds = (kind & AGAIN) != 0 ? 2 : 0,
        .attester = (kind & ANSWERS) != 0 ? attester() : NULL,
        .interval_seconds = 1,
        .protocols = protocols,
        .protocols_n = (kind & PROTOCOLS) != 0 ? 2 : 0,
        .unframed = (kind & UNFRAMED) != 0};
    r->now = (ratls_moment){.time = 1767225600, .ms = 1000};
    ratls_code code = ratls_session_new(&r->s, &r->o, r->now, &e);
    assert((code == RATLS_OK) == (r->s != NULL));
    assert(code == RATLS_OK || (code == RATLS_E_UNSUPPORTED && e.text[0] != '\0'));
    return code == RATLS_OK;
}

static bool is_closed(const run *r)
{
    return ratls_session_state_of(r->s) == RATLS_SESSION_CLOSED;
}

static void check(run *r)
{
    ratls_session_state state = ratls_session_state_of(r->s);
    /* Without a policy nobody is accepted, so a session that asks never opens. */
    assert(r->o.verifier == NULL || state != RATLS_SESSION_OPEN);
    assert(ratls_session_level(r->s) == RATLS_BINDING_NONE);
    assert(!r->ended || state == RATLS_SESSION_CLOSED);
    assert(!r->opened || state != RATLS_SESSION_OPENING);
    r->opened |= state == RATLS_SESSION_OPEN;
    r->ended |= state == RATLS_SESSION_CLOSED;
    const ratls_error *why = ratls_session_error(r->s);
    assert(why == NULL || (r->ended && why->code != RATLS_OK && why->text[0] != '\0'));
    assert(ratls_session_wants(r->s) <= FRAME_ANSWER_MAX);
    assert(!r->ended || (ratls_session_wants(r->s) == 0 && !ratls_session_is_making(r->s)));
    assert(!ratls_session_expects_data(r->s) || state == RATLS_SESSION_OPEN);
}

static void must_say_why(const run *r, ratls_code code, const ratls_error *e)
{
    assert(code == RATLS_OK || (e->code == code && e->text[0] != '\0' && is_closed(r)));
}

static void receive(run *r, bytes in)
{
    ratls_error e = {.text = ""};
    while (in.n > 0 && ratls_session_wants(r->s) > 0) {
        bytes data;
        bool open = ratls_session_state_of(r->s) == RATLS_SESSION_OPEN;
        bool all_data = ratls_session_expects_data(r->s);
        size_t wants = ratls_session_wants(r->s), n = in.n < wants ? in.n : wants;
        ratls_code code = ratls_session_receive(r->s, bytes_of(in.p, n), r->now, &data, &e);
        must_say_why(r, code, &e);
        assert(data.n == 0 || (code == RATLS_OK && open && all_data && data.n == n));
        in = bytes_of(in.p + n, in.n - n);
        check(r);
    }
}

/* What goes out is a sequence of whole frames, and nothing after the last word. */
static void note_sent(run *r, bytes out)
{
    for (size_t i = 0; i < out.n; i++) {
        assert(!r->said_last);
        if (r->left > 0) {
            r->left--;
        } else {
            r->head[r->head_n++] = out.p[i];
            if (r->head_n < FRAME_HEAD)
                continue;
            r->head_n = 0;
            r->left = (size_t)r->head[1] << 16 | (size_t)r->head[2] << 8 | r->head[3];
            assert(frame_name(r->head[0]) != NULL && r->head[0] != FRAME_DATA && r->left > 0 &&
                   r->left <= frame_max((frame_type)r->head[0]));
        }
        if (r->left == 0)
            r->said_last =
                r->head[0] == FRAME_CLOSE || (r->head[0] == FRAME_VERDICT && out.p[i] != RATLS_OK);
    }
}

static void send_some(run *r, size_t most)
{
    bytes next = ratls_session_pending(r->s);
    if (r->data > 0) {
        assert(next.n == 0);
        size_t n = r->data < most ? r->data : most;
        r->data -= n;
        ratls_session_sent(r->s, n);
        return;
    }
    assert(next.n <= FRAME_HEAD + FRAME_ANSWER_MAX);
    bytes part = bytes_of(next.p, next.n < most ? next.n : most);
    note_sent(r, part);
    ratls_session_sent(r->s, part.n);
    if (part.n == 0) {
        bytes same = ratls_session_pending(r->s);
        assert(same.p == next.p && same.n == next.n);
    }
}

static void send_data(run *r, size_t n)
{
    uint8_t head[RATLS_SESSION_DATA_HEAD];
    if (n == 0 || r->data > 0 || ratls_session_state_of(r->s) != RATLS_SESSION_OPEN ||
        !ratls_session_is_framed(r->s) || ratls_session_pending(r->s).n > 0)
        return;
    ratls_session_data_head(r->s, n, head);
    assert(head[0] == FRAME_DATA);
    r->data = sizeof head + n;
}

static void step(run *r)
{
    ratls_error e = {.text = ""};
    (void)ratls_session_wait(r->s, 60000);
    ratls_code code = ratls_session_step(r->s, r->now, &e);
    must_say_why(r, code, &e);
    assert(is_closed(r) || ratls_session_due(r->s) > r->now.ms);
}

static void ask(run *r)
{
    ratls_error e = {.text = ""};
    bool closed = is_closed(r);
    ratls_code code = ratls_session_ask(r->s, r->now, &e);
    /* A session that asks does not get as far as that here. */
    assert(code != RATLS_OK && e.code == code && e.text[0] != '\0' && is_closed(r) == closed);
}

static void end(run *r)
{
    ratls_error e = {.text = ""};
    must_say_why(r, ratls_session_ended(r->s, &e), &e);
    assert(is_closed(r));
}

static void happen(run *r, reader *in)
{
    unsigned what = rd_u8(in), n;
    switch (what % 8) {
    case 0:
    case 1: /* bytes come: up to 32, or as many as the next two say */
        n = what % 8 == 0 ? what / 8 + 1 : (unsigned)rd_be(in, 2);
        receive(r, rd_take(in, n < rd_left(in) ? n : rd_left(in)));
        break;
    case 2: /* time passes: up to 16 seconds, in halves */
        r->now.ms += (uint64_t)(what / 8 + 1) * 500;
        break;
    case 3:
        step(r);
        break;
    case 4: /* some is sent, or all */
        send_some(r, what / 8 == 31 ? SIZE_MAX : what / 8);
        break;
    case 5:
        send_data(r, what / 8 == 31 ? RATLS_SESSION_DATA_MAX : what / 8);
        break;
    case 6:
        ask(r);
        break;
    default:
        if (what / 8 == 0)
            end(r);
        break;
    }
    check(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    reader in = rd_of(bytes_of(data, size));
    run r = {.left = 0};
    if (!begin(&r, rd_u8(&in)))
        return 0;
    while (rd_left(&in) > 0)
        happen(&r, &in);
    /* What is left to be said ends in a whole frame. */
    while (r.data > 0 || ratls_session_pending(r.s).n > 0)
        send_some(&r, SIZE_MAX);
    assert(r.left == 0 && r.head_n == 0);
    ratls_session_free(&r.s);
    assert(r.s == NULL);
    return 0;
}
