/*
 * The first byte says which message of ratls/1 the rest is. What is read is written again: of
 * hello and challenge, whose lists may hold more than is known here, this has the same meaning; of
 * the others it is the input.
 */
#include <assert.h>
#include <stdlib.h>

#include "session/frame.h"
#include "session/message.h"

static uint8_t space[FRAME_HEAD + FRAME_ANSWER_MAX + 1];

static void must_say_why(ratls_code code, const ratls_error *e, bytes in)
{
    assert(code == RATLS_OK || (e->code == code && e->text[0] != '\0' && e->offset <= in.n));
    assert(code == RATLS_OK || code == RATLS_E_MALFORMED || code == RATLS_E_UNSUPPORTED);
}

/* The payload of the frame that was written. */
static bytes written(const writer *w, frame_type type)
{
    bytes all = wr_bytes(w);
    uint8_t head[FRAME_HEAD];
    assert(wr_ok(w) && all.n > FRAME_HEAD);
    frame_put_head(head, type, all.n - FRAME_HEAD);
    assert(bytes_equal(bytes_of(all.p, FRAME_HEAD), bytes_of(head, sizeof head)));
    assert(all.n - FRAME_HEAD <= frame_max(type));
    return bytes_of(all.p + FRAME_HEAD, all.n - FRAME_HEAD);
}

static bool is_known(const challenge *c)
{
    return (c->sgx || c->tdx) && c->common;
}

static void must_ask_the_same(const challenge *a, const challenge *b)
{
    assert(a->nonce.n == MESSAGE_NONCE && bytes_equal(a->nonce, b->nonce));
    assert(a->level == b->level && a->sgx == b->sgx && a->tdx == b->tdx);
    assert(a->level == RATLS_BINDING_NONCE || a->level == RATLS_BINDING_SESSION);
}

static void as_challenge(bytes in)
{
    challenge c, again;
    ratls_error e = {.text = ""};
    ratls_code code = challenge_parse(in, &c, &e);
    must_say_why(code, &e, in);
    if (code != RATLS_OK || !is_known(&c))
        return;
    writer w = wr_of(space, sizeof space);
    challenge_write(&w, &c);
    assert(challenge_parse(written(&w, FRAME_CHALLENGE), &again, &e) == RATLS_OK);
    must_ask_the_same(&c, &again);
}

static void as_hello(bytes in)
{
    hello h, again;
    ratls_error e = {.text = ""};
    ratls_code code = hello_parse(in, &h, &e);
    must_say_why(code, &e, in);
    if (code != RATLS_OK || (h.asks && !is_known(&h.challenge)))
        return;
    writer w = wr_of(space, sizeof space);
    hello_write(&w, &h);
    bytes out = written(&w, FRAME_HELLO);
    assert(hello_parse(out, &again, &e) == RATLS_OK);
    assert(h.version == 1 && h.server == again.server && h.framing == again.framing);
    assert(h.interval == again.interval && h.asks == again.asks);
    assert(h.protocols_n == again.protocols_n && h.protocols_n <= MESSAGE_PROTOCOLS_MAX);
    for (size_t i = 0; i < h.protocols_n; i++)
        assert(bytes_equal(h.protocols[i], again.protocols[i]));
    if (h.asks)
        must_ask_the_same(&h.challenge, &again.challenge);
    else
        assert(bytes_equal(in, out));
}

static void as_answer(bytes in)
{
    answer a;
    ratls_error e = {.text = ""};
    ratls_code code = answer_parse(in, &a, &e);
    must_say_why(code, &e, in);
    if (code != RATLS_OK || in.n > FRAME_ANSWER_MAX)
        return;
    writer w = wr_of(space, sizeof space);
    answer_write(&w, &a);
    assert(bytes_equal(written(&w, FRAME_ANSWER), in));
}

static void as_code(bytes in, frame_type type)
{
    unsigned n = 0;
    ratls_error e = {.text = ""};
    bool verdict = type == FRAME_VERDICT;
    ratls_code code = verdict ? verdict_parse(in, &n, &e) : close_parse(in, &n, &e);
    must_say_why(code, &e, in);
    if (code != RATLS_OK)
        return;
    writer w = wr_of(space, sizeof space);
    if (verdict)
        verdict_write(&w, n);
    else
        close_write(&w, n);
    assert(bytes_equal(written(&w, type), in) && close_reason(n)[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    bytes in = bytes_of(data + 1, size - 1);
    if (data[0] == FRAME_HELLO)
        as_hello(in);
    else if (data[0] == FRAME_CHALLENGE)
        as_challenge(in);
    else if (data[0] == FRAME_ANSWER)
        as_answer(in);
    else if (data[0] == FRAME_VERDICT || data[0] == FRAME_CLOSE)
        as_code(in, (frame_type)data[0]);
    return 0;
}
