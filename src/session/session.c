/*
 * The session as an object: frames in and out, deadlines. What a message means is in opening.c.
 * [doc/BINDING.md]
 */
#include "session/session.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/crypto.h"
#include "crypto/private.h"

enum { DEFAULT_INTERVAL = 60, MS = 1000 };

ratls_code ratls_session_check(const ratls_session_options *o, ratls_error *e)
{
    if (o->protocols_n > RATLS_SESSION_PROTOCOLS_MAX)
        return refuse(e, RATLS_E_LIMIT, 0, "ratls/1: %zu application protocols, at most %d",
                      o->protocols_n, RATLS_SESSION_PROTOCOLS_MAX);
    for (size_t i = 0; i < o->protocols_n; i++) {
        size_t n = strlen(o->protocols[i]);
        if (n == 0 || n > MESSAGE_PROTOCOL_MAX)
            return refuse(e, RATLS_E_LIMIT, 0,
                          "ratls/1: the application protocol '%s' has %zu bytes, expected 1 to %d",
                          o->protocols[i], n, MESSAGE_PROTOCOL_MAX);
    }
    if (o->interval_seconds > MESSAGE_INTERVAL_MAX)
        return refuse(e, RATLS_E_LIMIT, 0, "ratls/1: an interval of %u seconds, at most %d",
                      (unsigned)o->interval_seconds, MESSAGE_INTERVAL_MAX);
    if (o->unframed && o->again_seconds > 0)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "ratls/1: the peer is to be asked again every %u s, and this side wants no "
                      "frames after the opening",
                      (unsigned)o->again_seconds);
    return RATLS_OK;
}

static ratls_code check_connection(const ratls_session_options *o, ratls_error *e)
{
    if (o->verifier == NULL)
        return RATLS_OK;
    assert(o->result != NULL && o->level != RATLS_BINDING_KEY);
    if (o->peer_key.n == 0)
        return refuse(
            e, RATLS_E_MISSING, 0,
            "ratls/1: the peer showed no certificate, so it cannot be asked for evidence");
    if (o->level != RATLS_BINDING_NONCE && o->exporter.n == 0)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "ratls/1: level \"session\" is to be asked for, and this connection has no "
                      "exporter value");
    return RATLS_OK;
}

static bool take_secrets(ratls_session *s, const ratls_session_options *o)
{
    assert(o->exporter.n == 0 || o->exporter.n == BINDER_EXPORTER);
    if (o->exporter.n > 0)
        memcpy(s->exporter, o->exporter.p, BINDER_EXPORTER);
    return crypto_digest(CRYPTO_SHA256, &o->own_key, 1, s->own_key) &&
           crypto_digest(CRYPTO_SHA256, &o->peer_key, 1, s->peer_key) &&
           crypto_random(s->secret, sizeof s->secret);
}

/* The client speaks first. */
static ratls_code begin(ratls_session *s, ratls_moment now, ratls_error *e)
{
    s->hello_due = now.ms + DEADLINE_HELLO;
    s->open_due = now.ms + DEADLINE_OPEN;
    s->answer_due = s->verdict_due = SESSION_NEVER;
    if (s->o.server || session_send_hello(s, BYTES_NONE, now) == RATLS_OK)
        return RATLS_OK;
    return refuse(e, s->error.code, 0, "%s", s->error.text);
}

ratls_code ratls_session_new(ratls_session **session, const ratls_session_options *options,
                             ratls_moment now, ratls_error *error)
{
    *session = NULL;
    ratls_code code = ratls_session_check(options, error);
    if (code == RATLS_OK)
        code = check_connection(options, error);
    if (code != RATLS_OK)
        return code;
    ratls_session *s = calloc(1, sizeof *s);
    if (s == NULL)
        return refuse(error, RATLS_E_SYSTEM, 0, "out of memory");
    s->o = *options;
    if (s->o.interval_seconds == 0)
        s->o.interval_seconds = DEFAULT_INTERVAL;
    if (s->o.level == RATLS_BINDING_NONE)
        s->o.level = RATLS_BINDING_SESSION;
    if (take_secrets(s, options))
        code = begin(s, now, error);
    else
        code = refuse(error, RATLS_E_SYSTEM, 0, "ratls/1: the crypto library failed");
    if (code != RATLS_OK)
        ratls_session_free(&s);
    *session = s;
    return code;
}

/* What is being made, received, or sent but not begun. */
static void drop_buffers(ratls_session *s)
{
    quote_job_drop(&s->job);
    free(s->in.big);
    s->in.big = NULL;
    if (s->answer != NULL && !s->answer_begun) {
        free(s->answer);
        s->answer = NULL;
    }
}

void ratls_session_free(ratls_session **session)
{
    ratls_session *s = *session;
    *session = NULL;
    if (s == NULL)
        return;
    drop_buffers(s);
    free(s->answer);
    crypto_wipe(s, sizeof *s);
    free(s);
}

ratls_session_state ratls_session_state_of(const ratls_session *s)
{
    return s->state == STATE_CLOSED ? RATLS_SESSION_CLOSED
           : s->state == STATE_OPEN ? RATLS_SESSION_OPEN
                                    : RATLS_SESSION_OPENING;
}

ratls_binding ratls_session_level(const ratls_session *s)
{
    return s->state == STATE_CLOSED ? RATLS_BINDING_NONE : s->reached;
}

const char *ratls_session_protocol(const ratls_session *s)
{
    return s->protocol[0] != '\0' ? s->protocol : NULL;
}

bool ratls_session_is_framed(const ratls_session *s)
{
    return s->framed;
}

const ratls_error *ratls_session_error(const ratls_session *s)
{
    return s->error.code != RATLS_OK ? &s->error : NULL;
}

void ratls_session_use_verifier(ratls_session *s, const ratls_verifier *verifier,
                                const ratls_result *handshake)
{
    assert(s->o.verifier != NULL && verifier != NULL);
    s->o.verifier = verifier;
    s->o.handshake = handshake;
}

__attribute__((format(printf, 3, 0))) static void fill_error(ratls_session *s, ratls_code code,
                                                             const char *format, va_list args)
{
    char text[RATLS_TEXT_SIZE];
    (void)vsnprintf(text, sizeof text, format, args);
    (void)refuse(&s->error, code, 0, "%s", text);
}

static void put_close(ratls_session *s, unsigned wire)
{
    uint8_t frame[FRAME_HEAD + 16];
    writer w = wr_of(frame, sizeof frame);
    close_write(&w, wire);
    session_put(s, wr_bytes(&w));
}

static void close_now(ratls_session *s, unsigned wire)
{
    s->state = STATE_CLOSED;
    drop_buffers(s);
    if (wire != 0)
        put_close(s, wire);
}

ratls_code session_code_of(unsigned wire)
{
    if (wire == CLOSE_TURN)
        return RATLS_E_MALFORMED;
    return wire > RATLS_E_SYSTEM ? RATLS_E_LIMIT : (ratls_code)wire;
}

ratls_code session_refuse(ratls_session *s, unsigned wire, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill_error(s, session_code_of(wire), format, args);
    va_end(args);
    close_now(s, wire);
    return s->error.code;
}

ratls_code session_close(ratls_session *s, ratls_code code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill_error(s, code, format, args);
    va_end(args);
    close_now(s, 0);
    return code;
}

/* What every call says once the session is closed. */
static ratls_code say_closed(const ratls_session *s, ratls_error *e)
{
    if (s->error.code == RATLS_OK)
        return refuse(e, RATLS_E_MALFORMED, 0, "ratls/1: the session has ended");
    if (e != NULL)
        *e = s->error;
    return s->error.code;
}

/* Of a call within which the session may have been closed. */
static ratls_code told(const ratls_session *s, ratls_code code, ratls_error *e)
{
    return code == RATLS_OK ? RATLS_OK : say_closed(s, e);
}

static ratls_code check_deadlines(ratls_session *s, ratls_moment now)
{
    const struct {
        uint64_t due;
        const char *what;
    } all[] = {
        {s->hello_due, "its hello"},
        {s->answer_due, "its answer to our question"},
        {s->verdict_due, "its verdict on our evidence"},
        {s->open_due, "the end of the opening"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (now.ms >= all[i].due)
            return session_refuse(s, CLOSE_LATE,
                                  "ratls/1: the peer was too slow: %s did not come in time",
                                  all[i].what);
    return RATLS_OK;
}

size_t ratls_session_wants(const ratls_session *s)
{
    if (s->state == STATE_CLOSED || (s->state == STATE_OPEN && !s->framed))
        return 0;
    return s->in.left > 0 ? s->in.left : FRAME_HEAD - s->in.n;
}

static size_t payload_length(const uint8_t head[FRAME_HEAD])
{
    return (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
}

/* A `close` that cannot be read closes all the same, and is not answered. */
static ratls_code check_length(ratls_session *s, frame_type type, size_t n)
{
    const char *name = frame_name(type);
    bool fits = n <= frame_max(type);
    if (type == FRAME_CLOSE && (!fits || n == 0))
        return session_close(s, RATLS_E_MALFORMED,
                             "ratls/1: the peer closed, by a \"%s\" of %zu bytes", name, n);
    if (!fits)
        return session_refuse(s, RATLS_E_LIMIT, "ratls/1: a \"%s\" of %zu bytes, at most %zu", name,
                              n, frame_max(type));
    if (n == 0)
        return session_refuse(s, RATLS_E_MALFORMED, "ratls/1: a \"%s\" of no byte", name);
    return RATLS_OK;
}

/* Type, turn, length: in this order, and before anything is taken in or made room for. */
static ratls_code on_head(ratls_session *s, ratls_moment now)
{
    unsigned type = s->in.small[0];
    size_t n = payload_length(s->in.small);
    const char *name = frame_name(type);
    if (name == NULL)
        return session_refuse(s, RATLS_E_MALFORMED,
                              "ratls/1: a frame of type %u, expected 1 to 6: does the peer speak "
                              "ratls/1?",
                              type);
    unsigned wire = session_turn(s, (frame_type)type, now);
    if (wire == CLOSE_BUSY)
        return session_refuse(s, wire,
                              "ratls/1: the peer asked again too soon, expected %u s between two "
                              "answers",
                              (unsigned)s->o.interval_seconds);
    if (wire != 0)
        return session_refuse(s, wire, "ratls/1: the peer sent %s \"%s\" when it had no turn",
                              type == FRAME_ANSWER ? "an" : "a", name);
    ratls_code code = check_length(s, (frame_type)type, n);
    if (code != RATLS_OK)
        return code;
    s->in.left = n;
    if (type != FRAME_ANSWER)
        return RATLS_OK;
    s->in.big = malloc(n);
    s->in.big_n = 0;
    return s->in.big != NULL ? RATLS_OK
                             : session_refuse(s, RATLS_E_SYSTEM, "ratls/1: out of memory");
}

static ratls_code on_whole(ratls_session *s, ratls_moment now)
{
    frame_in *in = &s->in;
    frame_type type = (frame_type)in->small[0];
    uint8_t *big = in->big;
    bytes frame = bytes_of(in->small, in->n);
    bytes payload = type == FRAME_ANSWER ? bytes_of(big, in->big_n)
                                         : bytes_of(in->small + FRAME_HEAD, in->n - FRAME_HEAD);
    in->big = NULL;
    in->n = 0;
    ratls_code code =
        type == FRAME_DATA ? RATLS_OK : session_on_frame(s, type, frame, payload, now);
    free(big);
    return code;
}

/* Bytes of one frame. */
static ratls_code take(ratls_session *s, bytes in, ratls_moment now, bytes *data)
{
    frame_in *f = &s->in;
    if (f->left == 0) {
        memcpy(f->small + f->n, in.p, in.n);
        f->n += in.n;
        return f->n == FRAME_HEAD ? on_head(s, now) : RATLS_OK;
    }
    f->left -= in.n;
    if (f->small[0] == FRAME_DATA) {
        *data = in;
    } else if (f->small[0] == FRAME_ANSWER) {
        memcpy(f->big + f->big_n, in.p, in.n);
        f->big_n += in.n;
    } else {
        memcpy(f->small + f->n, in.p, in.n);
        f->n += in.n;
    }
    return f->left == 0 ? on_whole(s, now) : RATLS_OK;
}

ratls_code ratls_session_receive(ratls_session *s, ratls_bytes in, ratls_moment now,
                                 ratls_bytes *data, ratls_error *error)
{
    *data = BYTES_NONE;
    if (s->state == STATE_CLOSED)
        return say_closed(s, error);
    assert(in.n <= ratls_session_wants(s));
    ratls_code code = check_deadlines(s, now);
    if (code == RATLS_OK && in.n > 0)
        code = take(s, in, now, data);
    return told(s, code, error);
}

ratls_code ratls_session_ended(ratls_session *s, ratls_error *error)
{
    if (s->state == STATE_CLOSED)
        return s->error.code == RATLS_OK ? RATLS_OK : say_closed(s, error);
    if (s->state == STATE_OPEN && s->in.n == 0) {
        s->state = STATE_CLOSED;
        drop_buffers(s);
        return RATLS_OK;
    }
    return told(
        s,
        session_close(s, RATLS_E_MALFORMED, "ratls/1: the peer ended the connection %s",
                      s->state == STATE_OPEN ? "within a frame" : "before the session was open"),
        error);
}

ratls_bytes ratls_session_pending(const ratls_session *s)
{
    bool half = s->answer != NULL && s->answer_begun;
    if (s->data_left > 0) /* half a frame can't be followed by another */
        return BYTES_NONE;
    if (!half && s->out_n > s->out_sent)
        return bytes_of(s->out + s->out_sent, s->out_n - s->out_sent);
    return s->answer != NULL ? bytes_of(s->answer + s->answer_sent, s->answer_n - s->answer_sent)
                             : BYTES_NONE;
}

void ratls_session_sent(ratls_session *s, size_t n)
{
    if (s->data_left > 0) {
        assert(n <= s->data_left);
        s->data_left -= n;
        return;
    }
    bool from_answer = s->answer != NULL && (s->answer_begun || s->out_n == s->out_sent);
    assert(n <= ratls_session_pending(s).n);
    if (!from_answer) {
        s->out_sent += n;
        return;
    }
    s->answer_begun = true;
    s->answer_sent += n;
    if (s->answer_sent == s->answer_n) {
        free(s->answer);
        s->answer = NULL;
    }
}

void session_put(ratls_session *s, bytes frame)
{
    /* The hello stays until the transcript is made of it. */
    if (s->out_n == s->out_sent && s->state != STATE_HELLO)
        s->out_n = s->out_sent = 0;
    writer w = wr_of(s->out + s->out_n, sizeof s->out - s->out_n);
    wr_put(&w, frame);
    assert(wr_ok(&w));
    s->out_n += w.n;
}

void ratls_session_data_head(ratls_session *s, size_t n, uint8_t head[RATLS_SESSION_DATA_HEAD])
{
    assert(s->state == STATE_OPEN && s->framed && ratls_session_pending(s).n == 0 &&
           s->data_left == 0 && n > 0 && n <= FRAME_DATA_MAX);
    frame_put_head(head, FRAME_DATA, n);
    s->data_left = FRAME_HEAD + n;
}

bool ratls_session_expects_data(const ratls_session *s)
{
    return s->state == STATE_OPEN && s->in.left > 0 && s->in.small[0] == FRAME_DATA;
}

bool ratls_session_is_making(const ratls_session *s)
{
    return s->job != NULL;
}

bool ratls_session_wait(const ratls_session *s, uint32_t ms)
{
    return s->job == NULL || quote_job_wait(s->job, ms);
}

/* When a peer that is asked at intervals is to be asked next; it must want it by then. */
static uint64_t again_due(const ratls_session *s)
{
    if (s->o.verifier == NULL || s->o.again_seconds == 0 || s->state != STATE_OPEN || s->asked)
        return SESSION_NEVER;
    uint64_t wait = s->o.again_seconds > s->peer_interval ? s->o.again_seconds : s->peer_interval;
    return s->peer_answered + wait * MS;
}

ratls_code ratls_session_step(ratls_session *s, ratls_moment now, ratls_error *error)
{
    if (s->state == STATE_CLOSED)
        return say_closed(s, error);
    ratls_code code = check_deadlines(s, now);
    if (code == RATLS_OK && s->job != NULL && quote_job_done(s->job))
        code = session_send_answer(s, now);
    if (code == RATLS_OK && now.ms >= again_due(s))
        code = session_send_challenge(s, now);
    return told(s, code, error);
}

uint64_t ratls_session_due(const ratls_session *s)
{
    if (s->state == STATE_CLOSED)
        return SESSION_NEVER;
    const uint64_t all[] = {s->hello_due, s->answer_due, s->verdict_due, s->open_due, again_due(s)};
    uint64_t first = SESSION_NEVER;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i] < first)
            first = all[i];
    return first;
}

ratls_code ratls_session_ask(ratls_session *s, ratls_moment now, ratls_error *error)
{
    if (s->state == STATE_CLOSED)
        return say_closed(s, error);
    bool unframed = s->state != STATE_HELLO && !s->framed; /* before that nobody knows */
    if (s->o.verifier == NULL || unframed)
        return refuse(error, RATLS_E_UNSUPPORTED, 0, "ratls/1: the peer can't be asked again, %s",
                      unframed ? "the stream has no frames" : "there is no verifier");
    if (s->state != STATE_OPEN || s->asked)
        return refuse(error, RATLS_E_LIMIT, 0,
                      "ratls/1: the last question to the peer is not answered yet");
    if (now.ms - s->peer_answered < (uint64_t)s->peer_interval * MS)
        return refuse(error, RATLS_E_LIMIT, 0,
                      "ratls/1: the peer wants %u s between two answers, its last one was %llu s "
                      "ago",
                      (unsigned)s->peer_interval,
                      (unsigned long long)(now.ms - s->peer_answered) / MS);
    return told(s, session_send_challenge(s, now), error);
}
