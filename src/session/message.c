#include "session/message.h"

#include <assert.h>

#include "codec/cbor.h"
#include "evidence/dice.h"
#include "session/frame.h"

enum { VERSION = 1, LIST_MAX = 8, TEE_MAX = 16 };

static const char *const level_names[] = {
    [RATLS_BINDING_NONCE] = "nonce", [RATLS_BINDING_SESSION] = "session"};

const char *close_reason(unsigned code)
{
    static const char *const reasons[CLOSE_LAST + 1] = {
        [RATLS_OK] = "accepted",
        [RATLS_E_MALFORMED] = "malformed",
        [RATLS_E_UNSUPPORTED] = "unsupported version, TEE, format, level, protocol or framing",
        [RATLS_E_BINDING] = "the evidence does not speak for this key, nonce or session",
        [RATLS_E_UNTRUSTED] = "a signature, an issuer or a root is wrong",
        [RATLS_E_REVOKED] = "revoked",
        [RATLS_E_STALE] = "expired, or not yet valid",
        [RATLS_E_POLICY] = "genuine, but not accepted by its policy",
        [RATLS_E_MISSING] = "something needed is missing",
        [RATLS_E_LIMIT] = "longer than a limit",
        [RATLS_E_SYSTEM] = "its system failed, or it can make no evidence",
        [CLOSE_TURN] = "not this message's turn",
        [CLOSE_LATE] = "too late",
        [CLOSE_BUSY] = "busy, ask again later",
    };
    assert(code <= CLOSE_LAST);
    return reasons[code];
}

static ratls_code malformed(const reader *r, const char *what, ratls_error *e)
{
    return refuse(e, RATLS_E_MALFORMED, r->pos,
                  "%s: what stands at offset %zu is not what ratls/1 has there", what, r->pos);
}

/* The next key, which has to be this one. */
static void key(reader *r, unsigned number)
{
    if (cbor_uint(r, CBOR_SHORTEST) != number)
        rd_fail(r);
}

static uint64_t uint_up_to(reader *r, uint64_t max)
{
    uint64_t n = cbor_uint(r, CBOR_SHORTEST);
    if (n > max)
        rd_fail(r);
    return rd_ok(r) ? n : 0;
}

static bytes text_up_to(reader *r, size_t max)
{
    bytes text = cbor_text(r);
    if (text.n == 0 || text.n > max)
        rd_fail(r);
    return text;
}

static void read_challenge(reader *r, challenge *out)
{
    *out = (challenge){.level = RATLS_BINDING_NONE};
    (void)cbor_map(r, 4, 4);
    key(r, 0);
    out->nonce = cbor_bytes(r);
    if (out->nonce.n != MESSAGE_NONCE)
        rd_fail(r);
    key(r, 1);
    bytes level = cbor_text(r);
    if (bytes_is(level, level_names[RATLS_BINDING_SESSION]))
        out->level = RATLS_BINDING_SESSION;
    else if (bytes_is(level, level_names[RATLS_BINDING_NONCE]))
        out->level = RATLS_BINDING_NONCE;
    else
        rd_fail(r);
    key(r, 2);
    for (size_t n = cbor_array(r, 1, LIST_MAX); n > 0; n--) {
        bytes tee = text_up_to(r, TEE_MAX);
        out->sgx |= bytes_is(tee, "sgx");
        out->tdx |= bytes_is(tee, "tdx");
    }
    key(r, 3);
    for (size_t n = cbor_array(r, 1, LIST_MAX); n > 0; n--)
        out->common |= cbor_uint(r, CBOR_SHORTEST) == DICE_TAG_QUOTE;
}

ratls_code challenge_parse(bytes payload, challenge *out, ratls_error *e)
{
    reader r = rd_of(payload);
    read_challenge(&r, out);
    return rd_done(&r) ? RATLS_OK : malformed(&r, "challenge", e);
}

static bool read_role(reader *r)
{
    bytes role = cbor_text(r);
    bool server = bytes_is(role, "server");
    if (!server && !bytes_is(role, "client"))
        rd_fail(r);
    return server;
}

ratls_code hello_parse(bytes payload, hello *out, ratls_error *e)
{
    reader r = rd_of(payload);
    *out = (hello){.version = 0};
    /* Another version may have other keys. */
    size_t keys = cbor_map(&r, 1, FRAME_SMALL_MAX);
    key(&r, 0);
    out->version = cbor_uint(&r, CBOR_SHORTEST);
    if (rd_ok(&r) && out->version != VERSION)
        return refuse(e, RATLS_E_UNSUPPORTED, 0, "hello: version %llu, expected %d",
                      (unsigned long long)out->version, VERSION);
    key(&r, 1);
    out->server = read_role(&r);
    key(&r, 2);
    out->framing = uint_up_to(&r, 1) == 1;
    key(&r, 3);
    size_t n = cbor_array(&r, 0, MESSAGE_PROTOCOLS_MAX);
    for (; out->protocols_n < n; out->protocols_n++)
        out->protocols[out->protocols_n] = text_up_to(&r, MESSAGE_PROTOCOL_MAX);
    key(&r, 4);
    out->interval = (uint32_t)uint_up_to(&r, MESSAGE_INTERVAL_MAX);
    out->asks = rd_ok(&r) && keys == 6;
    if (keys != 5 && keys != 6)
        rd_fail(&r);
    if (out->asks) {
        key(&r, 5);
        read_challenge(&r, &out->challenge);
    }
    return rd_done(&r) ? RATLS_OK : malformed(&r, "hello", e);
}

ratls_code answer_parse(bytes payload, answer *out, ratls_error *e)
{
    reader r = rd_of(payload);
    size_t keys = cbor_map(&r, 1, 2);
    *out = (answer){.evidence = BYTES_NONE};
    key(&r, 0);
    out->evidence = cbor_bytes(&r);
    if (out->evidence.n == 0 || out->evidence.n > MESSAGE_EVIDENCE_MAX)
        rd_fail(&r);
    if (rd_ok(&r) && keys == 2) {
        key(&r, 1);
        out->endorsements = cbor_bytes(&r);
        if (out->endorsements.n == 0)
            rd_fail(&r);
    }
    return rd_done(&r) ? RATLS_OK : malformed(&r, "answer", e);
}

static ratls_code code_parse(bytes payload, unsigned min, unsigned max, const char *what,
                             unsigned *code, ratls_error *e)
{
    reader r = rd_of(payload);
    (void)cbor_map(&r, 1, 1);
    key(&r, 0);
    uint64_t n = uint_up_to(&r, max);
    if (n < min)
        rd_fail(&r);
    *code = (unsigned)n;
    return rd_done(&r) ? RATLS_OK : malformed(&r, what, e);
}

ratls_code verdict_parse(bytes payload, unsigned *code, ratls_error *e)
{
    return code_parse(payload, RATLS_OK, RATLS_E_SYSTEM, "verdict", code, e);
}

ratls_code close_parse(bytes payload, unsigned *code, ratls_error *e)
{
    return code_parse(payload, 1, CLOSE_LAST, "close", code, e);
}

static void put_uint(writer *w, unsigned number, uint64_t value)
{
    cbor_put_head(w, CBOR_UINT, number);
    cbor_put_head(w, CBOR_UINT, value);
}

static void put_challenge(writer *w, const challenge *c)
{
    cbor_put_head(w, CBOR_MAP, 4);
    cbor_put_head(w, CBOR_UINT, 0);
    cbor_put_bytes(w, c->nonce);
    cbor_put_head(w, CBOR_UINT, 1);
    cbor_put_text(w, level_names[c->level]);
    cbor_put_head(w, CBOR_UINT, 2);
    cbor_put_head(w, CBOR_ARRAY, (c->sgx ? 1U : 0) + (c->tdx ? 1U : 0));
    if (c->sgx)
        cbor_put_text(w, "sgx");
    if (c->tdx)
        cbor_put_text(w, "tdx");
    cbor_put_head(w, CBOR_UINT, 3);
    cbor_put_head(w, CBOR_ARRAY, 1);
    cbor_put_head(w, CBOR_UINT, DICE_TAG_QUOTE);
}

static void put_hello(writer *w, const hello *h)
{
    cbor_put_head(w, CBOR_MAP, h->asks ? 6 : 5);
    put_uint(w, 0, VERSION);
    cbor_put_head(w, CBOR_UINT, 1);
    cbor_put_text(w, h->server ? "server" : "client");
    put_uint(w, 2, h->framing ? 1 : 0);
    cbor_put_head(w, CBOR_UINT, 3);
    cbor_put_head(w, CBOR_ARRAY, h->protocols_n);
    for (size_t i = 0; i < h->protocols_n; i++) {
        cbor_put_head(w, CBOR_TEXT, h->protocols[i].n);
        wr_put(w, h->protocols[i]);
    }
    put_uint(w, 4, h->interval);
    if (h->asks) {
        cbor_put_head(w, CBOR_UINT, 5);
        put_challenge(w, &h->challenge);
    }
}

static void put_answer(writer *w, const answer *a)
{
    cbor_put_head(w, CBOR_MAP, a->endorsements.n > 0 ? 2 : 1);
    cbor_put_head(w, CBOR_UINT, 0);
    cbor_put_bytes(w, a->evidence);
    if (a->endorsements.n > 0) {
        cbor_put_head(w, CBOR_UINT, 1);
        cbor_put_bytes(w, a->endorsements);
    }
}

static void put_head(writer *w, frame_type type, size_t n)
{
    uint8_t head[FRAME_HEAD];
    frame_put_head(head, type, n);
    wr_put(w, bytes_of(head, sizeof head));
}

void hello_write(writer *w, const hello *h)
{
    writer payload = wr_of(NULL, 0);
    put_hello(&payload, h);
    put_head(w, FRAME_HELLO, payload.n);
    put_hello(w, h);
}

void challenge_write(writer *w, const challenge *c)
{
    writer payload = wr_of(NULL, 0);
    put_challenge(&payload, c);
    put_head(w, FRAME_CHALLENGE, payload.n);
    put_challenge(w, c);
}

void answer_write(writer *w, const answer *a)
{
    writer payload = wr_of(NULL, 0);
    put_answer(&payload, a);
    put_head(w, FRAME_ANSWER, payload.n);
    put_answer(w, a);
}

static void write_code(writer *w, frame_type type, unsigned code)
{
    enum { PAYLOAD = 3 }; /* a map with one pair of small numbers */
    put_head(w, type, PAYLOAD);
    cbor_put_head(w, CBOR_MAP, 1);
    put_uint(w, 0, code);
}

void verdict_write(writer *w, unsigned code)
{
    write_code(w, FRAME_VERDICT, code);
}

void close_write(writer *w, unsigned code)
{
    write_code(w, FRAME_CLOSE, code);
}
