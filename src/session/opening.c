/* What each message means, and what follows: the tables of doc/BINDING.md, The opening. */
#include <assert.h>
#include <stdlib.h>

#include "crypto/crypto.h"
#include "session/session.h"
#include "verify/answer.h"
#include "verify/verifier.h"

enum { INTERVAL_USUAL = 60 /* s; a peer may always want that much [hello: 4] */ };
enum { MS = 1000, INTERVAL_GRACE = 1000 /* ms; two clocks measure the same time [hello: 4] */ };

static const char *role_name(bool server)
{
    return server ? "server" : "client";
}

/* Its k-th own nonce. They follow from a secret, so that each can be known again [all: a challenge
 * whose nonce is the receiver's own]. */
static bool own_nonce(const ratls_session *s, uint64_t k, uint8_t out[MESSAGE_NONCE])
{
    uint8_t number[8];
    writer w = wr_of(number, sizeof number);
    wr_be(&w, k, sizeof number);
    const bytes pieces[] = {bytes_of(s->secret, sizeof s->secret), wr_bytes(&w)};
    return crypto_digest(CRYPTO_SHA256, pieces, 2, out);
}

static bool is_own_nonce(const ratls_session *s, bytes nonce)
{
    uint8_t own[MESSAGE_NONCE];
    for (uint64_t k = 1; k <= s->questions; k++)
        if (!own_nonce(s, k, own) || bytes_equal_ct(nonce, bytes_of(own, sizeof own)))
            return true;
    return false;
}

/* The next question: for the TEEs that the policy names, at least one. */
static bool new_challenge(ratls_session *s, challenge *out)
{
    if (!own_nonce(s, s->questions + 1, s->nonce))
        return false;
    s->questions++;
    *out = (challenge){.nonce = bytes_of(s->nonce, sizeof s->nonce),
                       .level = s->o.level,
                       .sgx = policy_names_tee(s->o.verifier->policy, RATLS_TEE_SGX),
                       .tdx = policy_names_tee(s->o.verifier->policy, RATLS_TEE_TDX),
                       .common = true};
    s->wanted = out->sgx && out->tdx ? RATLS_TEE_NONE : out->sgx ? RATLS_TEE_SGX : RATLS_TEE_TDX;
    return true;
}

static void note_asked(ratls_session *s, ratls_moment now)
{
    s->asked = true;
    s->answer_due = now.ms + DEADLINE_ANSWER;
}

ratls_code session_send_hello(ratls_session *s, bytes protocol, ratls_moment now)
{
    uint8_t frame[SESSION_OUT_MAX];
    writer w = wr_of(frame, sizeof frame);
    hello h = {.server = s->o.server,
               .framing = !s->o.unframed,
               .interval = s->o.interval_seconds,
               .asks = s->o.verifier != NULL};
    if (h.asks && !new_challenge(s, &h.challenge))
        return session_refuse(s, RATLS_E_SYSTEM, "ratls/1: the crypto library failed");
    if (s->o.server && protocol.n > 0)
        h.protocols[h.protocols_n++] = protocol;
    for (size_t i = 0; !s->o.server && i < s->o.protocols_n; i++)
        h.protocols[h.protocols_n++] = bytes_text(s->o.protocols[i]);
    hello_write(&w, &h);
    assert(wr_ok(&w));
    session_put(s, wr_bytes(&w));
    if (h.asks)
        note_asked(s, now);
    return RATLS_OK;
}

ratls_code session_send_challenge(ratls_session *s, ratls_moment now)
{
    uint8_t frame[FRAME_HEAD + 128];
    writer w = wr_of(frame, sizeof frame);
    challenge c;
    if (!new_challenge(s, &c))
        return session_refuse(s, RATLS_E_SYSTEM, "ratls/1: the crypto library failed");
    challenge_write(&w, &c);
    assert(wr_ok(&w));
    if (!binder_go_on(wr_bytes(&w), s->transcript))
        return session_refuse(s, RATLS_E_SYSTEM, "ratls/1: the crypto library failed");
    session_put(s, wr_bytes(&w));
    note_asked(s, now);
    return RATLS_OK;
}

static unsigned challenge_turn(const ratls_session *s, ratls_moment now)
{
    if (s->state != STATE_OPEN || s->owes || s->awaits)
        return CLOSE_TURN;
    uint64_t since = now.ms - s->answered + INTERVAL_GRACE;
    bool early = s->has_answered && since < (uint64_t)s->o.interval_seconds * MS;
    return early ? CLOSE_BUSY : 0;
}

unsigned session_turn(const ratls_session *s, frame_type type, ratls_moment now)
{
    bool ok = false;
    switch (type) {
    case FRAME_HELLO:
        ok = s->state == STATE_HELLO;
        break;
    case FRAME_CHALLENGE:
        return challenge_turn(s, now);
    case FRAME_ANSWER:
        ok = s->state != STATE_HELLO && s->asked;
        break;
    case FRAME_VERDICT:
        /* What has not left as a whole nobody can have judged. */
        ok = s->state != STATE_HELLO && s->awaits && s->answer == NULL;
        break;
    case FRAME_DATA:
        ok = s->state == STATE_OPEN;
        break;
    case FRAME_CLOSE:
        ok = true;
        break;
    }
    return ok ? 0 : CLOSE_TURN;
}

static void open_if_done(ratls_session *s)
{
    if (s->state != STATE_OPENING || s->asked || s->owes || s->awaits)
        return;
    s->state = STATE_OPEN;
    s->open_due = SESSION_NEVER;
}

static bool accepts(const challenge *c, ratls_tee tee)
{
    return (tee == RATLS_TEE_SGX && c->sgx) || (tee == RATLS_TEE_TDX && c->tdx);
}

static ratls_code refuse_tee(ratls_session *s)
{
    return session_refuse(s, RATLS_E_UNSUPPORTED,
                          "ratls/1: the peer asks for evidence of another TEE than this one's");
}

/* Puts the quote for the peer's question into the queue. */
static ratls_code begin_answer(ratls_session *s)
{
    uint8_t buffer[BINDER_CLAIMS_MAX];
    ratls_error e = {.text = ""};
    const challenge *c = &s->question;
    writer w = wr_of(buffer, sizeof buffer);
    bool bound = c->level == RATLS_BINDING_SESSION;
    const binder b = {.key_hash = s->own_key,
                      .nonce = bytes_of(s->peer_nonce, sizeof s->peer_nonce),
                      .server = s->o.server,
                      .exporter = bound ? s->exporter : NULL,
                      .transcript = s->peer_transcript};
    binder_claims(&w, &b);
    assert(wr_ok(&w));
    ratls_code code =
        quote_job_begin(s->o.attester, wr_bytes(&w), s->o.ready, s->o.context, &s->job, &e);
    if (code == RATLS_E_LIMIT)
        return session_refuse(s, CLOSE_BUSY, "ratls/1: our own evidence: %s", e.text);
    if (code != RATLS_OK)
        return session_refuse(s, RATLS_E_SYSTEM, "ratls/1: our own evidence: %s", e.text);
    s->owes = true;
    return RATLS_OK;
}

static ratls_code on_question(ratls_session *s, const challenge *c)
{
    if (is_own_nonce(s, c->nonce))
        return session_refuse(s, RATLS_E_MALFORMED,
                              "ratls/1: the peer sent our own nonce back as its question");
    memcpy(s->peer_nonce, c->nonce.p, sizeof s->peer_nonce);
    s->question = *c;
    s->question.nonce = BYTES_NONE;
    if (s->o.attester == NULL || s->o.own_key.n == 0)
        return session_refuse(s, RATLS_E_SYSTEM,
                              "ratls/1: the peer asks for evidence, and this side %s",
                              s->o.attester == NULL ? "has no attester" : "showed no certificate");
    ratls_tee tee = attester_tee(s->o.attester);
    if (tee != RATLS_TEE_NONE ? !accepts(c, tee) : !c->sgx && !c->tdx)
        return refuse_tee(s);
    if (!c->common)
        return session_refuse(s, RATLS_E_UNSUPPORTED,
                              "ratls/1: the peer does not take evidence in the common format");
    if (c->level == RATLS_BINDING_SESSION && s->o.exporter.n == 0)
        return session_refuse(s, RATLS_E_UNSUPPORTED,
                              "ratls/1: the peer asks for level \"session\", and this connection "
                              "has no exporter value");
    return begin_answer(s);
}

ratls_code session_send_answer(ratls_session *s, ratls_moment now)
{
    ratls_error e = {.text = ""};
    answer a;
    ratls_tee tee;
    ratls_code code = quote_job_take(s->job, &a.evidence, &a.endorsements, &tee, &e);
    if (code != RATLS_OK)
        return session_refuse(s, RATLS_E_SYSTEM, "ratls/1: our own evidence: %s", e.text);
    if (!accepts(&s->question, tee))
        return refuse_tee(s);
    writer measure = wr_of(NULL, 0);
    answer_write(&measure, &a);
    assert(measure.n <= FRAME_HEAD + FRAME_ANSWER_MAX && s->answer == NULL);
    s->answer = malloc(measure.n);
    if (s->answer == NULL)
        return session_refuse(s, RATLS_E_SYSTEM, "ratls/1: out of memory");
    writer w = wr_of(s->answer, measure.n);
    answer_write(&w, &a);
    s->answer_n = w.n;
    s->answer_sent = 0;
    s->answer_begun = false;
    quote_job_drop(&s->job);
    s->owes = false;
    s->awaits = true;
    s->has_answered = true;
    s->answered = now.ms;
    s->verdict_due = now.ms + DEADLINE_VERDICT;
    return RATLS_OK;
}

/* The first of the client's that is the server's too. */
static bytes choose_protocol(const ratls_session *s, const hello *client)
{
    for (size_t i = 0; i < client->protocols_n; i++)
        for (size_t k = 0; k < s->o.protocols_n; k++)
            if (bytes_is(client->protocols[i], s->o.protocols[k]))
                return client->protocols[i];
    return BYTES_NONE;
}

static bool was_offered(const ratls_session *s, bytes protocol)
{
    for (size_t i = 0; i < s->o.protocols_n; i++)
        if (bytes_is(protocol, s->o.protocols[i]))
            return true;
    return false;
}

static void note_protocol(ratls_session *s, bytes protocol)
{
    if (protocol.n > 0)
        memcpy(s->protocol, protocol.p, protocol.n);
    s->protocol[protocol.n] = '\0';
}

static ratls_code on_client_hello(ratls_session *s, const hello *h, ratls_moment now)
{
    bytes chosen = choose_protocol(s, h);
    if (h->protocols_n > 0 && chosen.n == 0)
        return session_refuse(s, RATLS_E_UNSUPPORTED,
                              "ratls/1: none of the %zu application protocols of the client is "
                              "known here",
                              h->protocols_n);
    note_protocol(s, chosen);
    return session_send_hello(s, chosen, now);
}

static ratls_code on_server_hello(ratls_session *s, const hello *h)
{
    size_t expected = s->o.protocols_n > 0 ? 1 : 0;
    if (h->protocols_n != expected || (expected == 1 && !was_offered(s, h->protocols[0])))
        return session_refuse(s, RATLS_E_MALFORMED,
                              "ratls/1: the server chose %zu application protocols, expected %s",
                              h->protocols_n, expected == 1 ? "one that was offered" : "none");
    note_protocol(s, expected == 1 ? h->protocols[0] : BYTES_NONE);
    return RATLS_OK;
}

/* T1, of which both chains begin. The own hello is all that was put into `out` so far. */
static bool begin_transcripts(ratls_session *s, bytes peer_hello)
{
    bytes own = bytes_of(s->out, s->out_n);
    if (!binder_begin(s->o.server ? peer_hello : own, s->o.server ? own : peer_hello,
                      s->transcript))
        return false;
    memcpy(s->peer_transcript, s->transcript, sizeof s->peer_transcript);
    return true;
}

static ratls_code on_hello(ratls_session *s, bytes frame, bytes payload, ratls_moment now)
{
    hello h;
    ratls_error e;
    ratls_code code = hello_parse(payload, &h, &e);
    if (code != RATLS_OK)
        return session_refuse(s, (unsigned)code, "ratls/1: %s", e.text);
    if (h.server == s->o.server)
        return session_refuse(s, RATLS_E_MALFORMED,
                              "ratls/1: the peer says that it is the %s, and so is this side",
                              role_name(h.server));
    s->framed = h.framing && !s->o.unframed;
    if (!s->framed && s->o.verifier != NULL && s->o.again_seconds > 0)
        return session_refuse(s, RATLS_E_UNSUPPORTED,
                              "ratls/1: the peer wants no frames after the opening, so it cannot "
                              "be asked again every %u s",
                              (unsigned)s->o.again_seconds);
    if (s->o.verifier != NULL && s->o.again_seconds > 0 && h.interval > INTERVAL_USUAL &&
        h.interval > s->o.again_seconds)
        return session_refuse(
            s, RATLS_E_UNSUPPORTED,
            "ratls/1: the peer wants %u s between two answers, and is to be asked "
            "every %u s",
            (unsigned)h.interval, (unsigned)s->o.again_seconds);
    code = s->o.server ? on_client_hello(s, &h, now) : on_server_hello(s, &h);
    if (code != RATLS_OK)
        return code;
    if (!begin_transcripts(s, frame))
        return session_refuse(s, RATLS_E_SYSTEM, "ratls/1: the crypto library failed");
    s->peer_interval = h.interval;
    s->hello_due = SESSION_NEVER;
    s->state = STATE_OPENING;
    code = h.asks ? on_question(s, &h.challenge) : RATLS_OK;
    open_if_done(s);
    return code;
}

static ratls_code on_challenge(ratls_session *s, bytes frame, bytes payload)
{
    challenge c;
    ratls_error e;
    ratls_code code = challenge_parse(payload, &c, &e);
    if (code != RATLS_OK)
        return session_refuse(s, (unsigned)code, "ratls/1: %s", e.text);
    if (!binder_go_on(frame, s->peer_transcript))
        return session_refuse(s, RATLS_E_SYSTEM, "ratls/1: the crypto library failed");
    return on_question(s, &c);
}

static ratls_code judge(ratls_session *s, const answer *a, ratls_moment now, ratls_error *e)
{
    uint8_t buffer[BINDER_CLAIMS_MAX];
    writer w = wr_of(buffer, sizeof buffer);
    bool bound = s->o.level == RATLS_BINDING_SESSION;
    const binder b = {.key_hash = s->peer_key,
                      .nonce = bytes_of(s->nonce, sizeof s->nonce),
                      .server = !s->o.server,
                      .exporter = bound ? s->exporter : NULL,
                      .transcript = s->transcript};
    const ratls_verify_options when = {.time = now.time,
                                       .time_is_explicit = s->o.time_is_explicit,
                                       .skew_seconds = s->o.skew_seconds};
    binder_claims(&w, &b);
    assert(wr_ok(&w));
    const answer_wanted wanted = {
        .claims = wr_bytes(&w), .level = s->o.level, .tee = s->wanted, .handshake = s->o.handshake};
    const peer_answer given = {.evidence = a->evidence, .endorsements = a->endorsements};
    return verify_answer(s->o.verifier, &given, &wanted, &when, s->o.result, e);
}

static ratls_code on_answer(ratls_session *s, bytes payload, ratls_moment now)
{
    uint8_t frame[FRAME_HEAD + 16];
    writer w = wr_of(frame, sizeof frame);
    answer a;
    ratls_error e;
    ratls_code code = answer_parse(payload, &a, &e);
    if (code != RATLS_OK)
        return session_refuse(s, (unsigned)code, "ratls/1: %s", e.text);
    code = judge(s, &a, now, &e);
    verdict_write(&w, (unsigned)code);
    session_put(s, wr_bytes(&w));
    if (code != RATLS_OK)
        return session_close(s, code, "%s", e.text);
    s->asked = false;
    s->answer_due = SESSION_NEVER;
    s->peer_answered = now.ms;
    s->reached = s->o.level;
    open_if_done(s);
    return RATLS_OK;
}

static ratls_code on_verdict(ratls_session *s, bytes payload)
{
    unsigned verdict;
    ratls_error e;
    ratls_code code = verdict_parse(payload, &verdict, &e);
    if (code != RATLS_OK)
        return session_refuse(s, (unsigned)code, "ratls/1: %s", e.text);
    if (verdict != RATLS_OK)
        return session_close(s, (ratls_code)verdict,
                             "ratls/1: the peer refused our evidence: %s (code %u)",
                             close_reason(verdict), verdict);
    s->awaits = false;
    s->verdict_due = SESSION_NEVER;
    open_if_done(s);
    return RATLS_OK;
}

static ratls_code on_close(ratls_session *s, bytes payload)
{
    unsigned wire;
    ratls_error e;
    bool open = s->state == STATE_OPEN;
    if (close_parse(payload, &wire, &e) != RATLS_OK)
        return session_close(s, e.code, "ratls/1: %s", e.text);
    return session_close(s, session_code_of(wire),
                         "ratls/1: the peer closed the session%s: %s "
                         "(code %u)",
                         open ? "" : " before it was open", close_reason(wire), wire);
}

ratls_code session_on_frame(ratls_session *s, frame_type type, bytes frame, bytes payload,
                            ratls_moment now)
{
    switch (type) {
    case FRAME_HELLO:
        return on_hello(s, frame, payload, now);
    case FRAME_CHALLENGE:
        return on_challenge(s, frame, payload);
    case FRAME_ANSWER:
        return on_answer(s, payload, now);
    case FRAME_VERDICT:
        return on_verdict(s, payload);
    case FRAME_CLOSE:
        return on_close(s, payload);
    case FRAME_DATA:
        break;
    }
    return RATLS_OK;
}
